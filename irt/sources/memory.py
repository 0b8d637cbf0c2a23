"""Answers in memory: sent with a request, stored nowhere, so that no scope limits them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from irt.natural import natural_key
from irt.responses import AnswerRows, ItemTable, PersonTable


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
        option=np.full(len(order), -1, dtype=np.int32),
        options=(),
    )
