"""Answers that are in memory: sent with a request, not stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from irt.errors import NotFoundError
from irt.responses import AnswerRows, ItemTable, PersonTable
from irt.selection import Scope, Selection
from irt.sources.natural import natural_key
from irt.sources.protocol import Catalogue, CatalogueEntry, Stamp


class MemorySource:
    """One exam in memory. It belongs to whoever sent it, so no scope limits it.

    Parameters
    ----------
    rows : AnswerRows
    subject, exam : str
    """

    def __init__(self, rows: AnswerRows, subject: str = "", exam: str = "answers") -> None:
        self._rows = rows
        self._subject, self._exam = subject, exam
        self._stamp = Stamp(fingerprint="memory", as_of=datetime.now(UTC))

    def stamp(self) -> Stamp:
        """Always the same: the answers do not change."""
        return self._stamp

    def catalogue(self, scope: Scope) -> Catalogue:
        """One exam."""
        sizes = (
            len(self._rows.persons.person_ids),
            len(self._rows.items.item_ids),
            int((self._rows.correct >= 0).sum()),
        )
        entry = CatalogueEntry(self._subject, self._exam, None, None, *sizes, None)
        return Catalogue((entry,), {(self._subject, self._exam): sizes})

    def answers(self, selection: Selection, scope: Scope) -> AnswerRows:
        """All rows. Raises NotFoundError for another subject or exam."""
        if selection.subject not in (None, self._subject) or set(selection.exams) - {self._exam}:
            raise NotFoundError(f"There is no {selection.describe()} here.")
        return self._rows


def scored_rows(
    persons: Sequence[str], items: Sequence[str], correct: Sequence[int | None], more_items: Sequence[str] = ()
) -> AnswerRows:
    """Rows from three columns of equal length: who, which item, and 1, 0 or None for not scored.

    Parameters
    ----------
    persons, items : sequence of str
    correct : sequence of 1, 0 or None
    more_items : sequence of str
        Items that are asked about although nobody may have answered them.
    """
    person_ids = sorted(set(persons), key=natural_key)
    item_ids = sorted({*items, *more_items}, key=natural_key)
    person_at = {person: k for k, person in enumerate(person_ids)}
    item_at = {item: k for k, item in enumerate(item_ids)}
    person = np.array([person_at[name] for name in persons], dtype=np.int32)
    item = np.array([item_at[name] for name in items], dtype=np.int32)
    order = np.lexsort((item, person))
    nothing = (None,) * len(person_ids)
    unknown = (None,) * len(item_ids)
    scores = np.array([-1 if value is None else value for value in correct], dtype=np.int8)
    return AnswerRows(
        persons=PersonTable(tuple(person_ids), nothing, nothing, nothing),
        items=ItemTable(tuple(item_ids), tuple(item_ids), unknown, unknown),
        person=person[order],
        item=item[order],
        correct=scores[order],
        option=np.full(len(order), -1, dtype=np.int16),
        options=(),
    )
