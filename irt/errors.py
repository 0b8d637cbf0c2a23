"""What can go wrong, as one tree: each message says what was expected, what came and what to do.

Facts travel as attributes (:attr:`IrtError.facts`), so that a front can list item ids or counts
without reading them out of the sentence. A fit that does not converge is *not* here: it is a result
(:class:`irt.calibration.FitStatus`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

#: How many faults a message spells out; the rest are counted.
FAULTS_SHOWN = 10


class IrtError(Exception):
    """Anything that Itemwise refuses, with a sentence for the reader and facts for the program."""

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class ResponsesError(IrtError):
    """Answers that cannot be used: wrong values, shapes or columns."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in a file or request: where it is and what is wrong there."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class ImportFault(ResponsesError):
    """A file that cannot be imported, with the first faults and how many there are in all."""

    def __init__(self, message: str, faults: Sequence[Fault] = (), n_faults: int | None = None, **facts: Any) -> None:
        self.faults = tuple(faults[:FAULTS_SHOWN])
        self.n_faults = len(faults) if n_faults is None else n_faults
        super().__init__(message, faults=self.faults, n_faults=self.n_faults, **facts)

    def __str__(self) -> str:
        lines = [self.message, *(f"  {fault}" for fault in self.faults)]
        if self.n_faults > len(self.faults):
            lines.append(f"  ... and {self.n_faults - len(self.faults)} more.")
        return "\n".join(lines)


class FitError(IrtError):
    """A model that cannot be fitted to these answers at all."""


class TooFewAnswersError(FitError):
    """A selection that is there, but with too few answers for what was asked."""


class SelectionError(IrtError):
    """A selection that contradicts itself or names an unknown option."""


class NotFoundError(IrtError):
    """A subject, exam, class, item or student that is not in the data (or not in the caller's scope)."""


class SourceError(IrtError):
    """The place where answers live cannot be reached or read.

    ``facts["reason"]`` of a warehouse: access, credentials, quota, byte_limit, day_budget, not_found, table (it breaks
    the contract), timeout, cancelled, unavailable or query; ``facts["again"]``: whether trying again may help.
    """


class ConfirmationNeeded(SourceError):
    """Reading costs more than goes without asking: ``facts`` hold ``bytes`` and ``cost`` (US dollars), as estimated."""


class AccessError(IrtError):
    """The caller may not see what was asked for."""


class SettingsError(IrtError):
    """A setting with a value that cannot be used; stops the start."""
