"""Lists of students, of whom there may be a million: one field of all of them, without a summary of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from irt.reports import StudentSummary


def column(students: Sequence[StudentSummary], name: str) -> Sequence[Any]:
    """One field of all students, in their order."""
    kept = getattr(students, "column", None)
    if kept is None:
        return [getattr(student, name) for student in students]
    values: Any = kept(name)
    # Numbers of Python's own: an array's are slow to take one by one.
    plain: Sequence[Any] = values.tolist() if hasattr(values, "tolist") else values
    return plain


def place_of(students: Sequence[StudentSummary], handle: str | None) -> int | None:
    """Where a student is in the list; None where they are not."""
    if handle is None:
        return None
    kept = getattr(students, "place", None)
    if kept is not None:
        found: int | None = kept(handle)
        return found
    return next((place for place, student in enumerate(students) if student.handle == handle), None)
