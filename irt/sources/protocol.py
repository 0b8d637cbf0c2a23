"""What every source of answers promises. One contract test runs over every implementation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from irt.responses import Sittings
from irt.selection import Scope, Selection
from irt.sources.absence import Absence
from irt.sources.spending import Spending

if TYPE_CHECKING:
    from irt.sources.counting import Counts


@dataclass(frozen=True, slots=True)
class Stamp:
    """The state of a source: ``fingerprint`` changes exactly when the answers may have changed.

    ``absence`` says why the source cannot be asked, where this is its last known state, which stands in.
    """

    fingerprint: str
    as_of: datetime
    absence: Absence | None = None


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One class in one exam of a subject, with counts: students with a scored answer, items, scored answers.

    ``class_name`` is None for students without a class. ``last_answered`` is None where times are not recorded.
    """

    subject: str
    exam: str
    class_name: str | None
    grade: str | None
    n_students: int
    n_items: int
    n_answers: int
    last_answered: datetime | None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Subjects, exams and classes that a caller may see.

    ``exam_sizes`` maps (subject, exam) to (students, items, answers): students of several classes count once. For
    callers without names (:mod:`irt.disclosure`) groups of fewer than ``smallest_group`` students are not shown apart
    (0: all are shown); ``merged`` are the exams in which some classes are not.
    """

    entries: tuple[CatalogueEntry, ...]
    exam_sizes: dict[tuple[str, str], tuple[int, int, int]]
    groupings: tuple[str, ...] = ()
    smallest_group: int = 0
    merged: frozenset[tuple[str, str]] = frozenset()

    def subjects(self) -> tuple[str, ...]:
        """Subject names in natural order of first appearance."""
        return tuple(dict.fromkeys(entry.subject for entry in self.entries))

    def exams(self, subject: str) -> tuple[str, ...]:
        """Exams of a subject in natural order."""
        return tuple(dict.fromkeys(entry.exam for entry in self.entries if entry.subject == subject))

    def classes(self, subject: str, exam: str) -> tuple[str, ...]:
        """Classes that sat an exam, in natural order."""
        return tuple(
            dict.fromkeys(
                entry.class_name
                for entry in self.entries
                if entry.subject == subject and entry.exam == exam and entry.class_name is not None
            )
        )


class ResponseSource(Protocol):
    """Where answers live. Every method takes the caller's scope and turns it into WHERE."""

    def stamp(self) -> Stamp:
        """The state of the source, or its last known one while it is away; cheap. Raises SourceError for neither."""
        ...

    def catalogue(self, scope: Scope) -> Catalogue:
        """What there is, in natural order of subject, exam, class. Empty if there is nothing."""
        ...

    def answers(self, selection: Selection, scope: Scope) -> Sittings:
        """The answers of a selection: everything in it is applied but what a missing answer counts as.

        Raises NotFoundError if the selection names what is not there or not in scope, SourceError if the source fails.
        """
        ...

    def counts(self, selection: Selection, scope: Scope) -> Counts:
        """What the answers of a selection add up to; raises as :meth:`answers` does."""
        ...

    def spending(self) -> Spending | None:
        """What reading this source has cost today; None where it costs nothing. Raises SourceError."""
        ...

    def stop(self) -> int:
        """Stop the questions of this source that are being answered; how many they were. Raises SourceError."""
        ...
