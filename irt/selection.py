"""What a reader asked for (:class:`Selection`) and what they may see (:class:`Scope`)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TypeVar

from irt.errors import SelectionError

_E = TypeVar("_E", bound=StrEnum)


class MissingPolicy(StrEnum):
    """What a missing answer of a student who sat the exam counts as. Never-administered stays missing."""

    IGNORE = "ignore"
    OMITTED_WRONG = "omitted-wrong"
    WRONG = "wrong"


class AttemptPolicy(StrEnum):
    """Which row counts where a student answered an item more than once."""

    FIRST = "first"
    LAST = "last"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class Selection:
    """What the reader filtered.

    Items are always calibrated on everybody who sat the exam (and whom the caller may see):
    :meth:`population` drops the class, which only chooses whose results are shown.

    Parameters
    ----------
    subject : str, optional
        Value of ``subject_name``; the empty string is the subject shown as "(none)". None: any subject.
    exams : tuple of str
        Values of ``exam_name``; empty: any exam of the subject.
    class_name : str, optional
        The class in focus; None: all classes.
    missing : MissingPolicy
        Default: a missing answer is missing, not wrong.
    attempts : AttemptPolicy
        Default: the first attempt counts.
    share : float, optional
        Share of the students who are drawn for the calibration, by a hash of their ids, so that it is always the same
        ones; 1: everybody. None: chosen by how many students there are.
    """

    subject: str | None = None
    exams: tuple[str, ...] = ()
    class_name: str | None = None
    missing: MissingPolicy = MissingPolicy.IGNORE
    attempts: AttemptPolicy = AttemptPolicy.FIRST
    share: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "exams", tuple(sorted(set(self.exams))))
        object.__setattr__(self, "missing", _member(MissingPolicy, self.missing, "missing"))
        object.__setattr__(self, "attempts", _member(AttemptPolicy, self.attempts, "attempts"))
        if self.share is not None and not 0 < self.share <= 1:
            raise SelectionError(f"share must be above 0 and at most 1, not {self.share!r}.", setting="share")

    def population(self) -> Selection:
        """The same selection for all classes: whose answers the items are calibrated on."""
        return replace(self, class_name=None)

    def canonical(self) -> str:
        """The selection as JSON with sorted keys: equal selections give equal text."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    def describe(self) -> str:
        """The selection in words, as on screen and in exports."""
        parts = [
            "all subjects" if self.subject is None else (self.subject or "(none)"),
            ", ".join(self.exams) or "all exams",
            f"class {self.class_name}" if self.class_name else "all classes",
        ]
        if self.share is not None and self.share < 1:
            parts.append(f"a sample of {100 * self.share:.4g} % of the students")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a caller may see. None means no limit; a source turns the rest into WHERE.

    Parameters
    ----------
    subjects, exams, classes : frozenset of str, optional
        The only values that the caller may see.
    names : bool
        Whether students' names are shown.
    """

    subjects: frozenset[str] | None = None
    exams: frozenset[str] | None = None
    classes: frozenset[str] | None = None
    names: bool = True

    @property
    def is_limited(self) -> bool:
        """Whether there may be answers that the caller does not see."""
        return (self.subjects, self.exams, self.classes) != (None, None, None)

    def canonical(self) -> str:
        """The scope as JSON, for cache keys."""
        limits = {
            name: None if (v := getattr(self, name)) is None else sorted(v) for name in ("subjects", "exams", "classes")
        }
        return json.dumps({**limits, "names": self.names}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


#: Everything: the command line, and the dashboard on a reader's own machine.
FULL_SCOPE = Scope()


def _member(kind: type[_E], value: str, name: str) -> _E:
    """The enum member for a value, or a sentence that lists the admissible ones."""
    try:
        return kind(value)
    except ValueError:
        allowed = ", ".join(member.value for member in kind)
        raise SelectionError(f"{name} must be one of {allowed}, not {value!r}.", setting=name) from None
