"""A class of a sampled exam: its answers, read by themselves, brought onto the items and the calibration of the sample.

Most of the class are not in the sample, and a teacher looks at real students. The calibration stays that of the sample:
it does not change with the class.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from irt.analysis import Analysis
from irt.items import closed
from irt.reports import in_class
from irt.responses import Cell, PreparedResponses, ResponseMatrix, take_persons
from irt.scoring import estimate_abilities


def only_class(prepared: PreparedResponses, class_name: str | None) -> PreparedResponses:
    """The students of one class, with all items."""
    rows = np.flatnonzero(in_class(prepared, class_name))
    if len(rows) == prepared.matrix.n_persons:
        return prepared
    return replace(
        prepared,
        matrix=prepared.matrix.take(rows),
        cells=closed(prepared.cells[rows]),
        chosen=closed(prepared.chosen[rows]),
        persons=take_persons(prepared.persons, rows),
    )


def on_items_of(prepared: PreparedResponses, other: PreparedResponses) -> PreparedResponses:
    """The same students with the items of other answers, in their order.

    An item that these students were not given is not administered to them; an item that the other answers lack is left
    out.
    """
    if prepared.matrix.item_ids == other.matrix.item_ids:
        return replace(prepared, items=other.items, item_exams=other.item_exams)
    mine = {item_id: j for j, item_id in enumerate(prepared.matrix.item_ids)}
    place = np.array([mine.get(item_id, -1) for item_id in other.matrix.item_ids], dtype=np.intp)
    scores = _columns(prepared.matrix.scores, place, -1)
    return replace(
        prepared,
        matrix=ResponseMatrix.from_array(scores, prepared.matrix.person_ids, other.matrix.item_ids),
        cells=closed(_columns(prepared.cells, place, Cell.NOT_ADMINISTERED)),
        chosen=closed(_columns(prepared.chosen, place, -1)),
        items=other.items,
        item_exams=other.item_exams,
    )


def in_front(analysis: Analysis, prepared: PreparedResponses) -> Analysis:
    """An analysis with other students: their answers, scores and abilities, everything about items as it was.

    Parameters
    ----------
    analysis : Analysis
    prepared : PreparedResponses
        Answers of other students to the same items.
    """
    scores = prepared.matrix.scores
    statistics = replace(
        analysis.statistics,
        total_score=closed((scores == 1).sum(axis=1, dtype=np.int64)),
        items_answered=closed((scores >= 0).sum(axis=1, dtype=np.int64)),
    )
    calibration = analysis.calibration
    abilities = None if calibration is None else estimate_abilities(prepared.matrix, calibration)
    return replace(analysis, prepared=prepared, statistics=statistics, abilities=abilities)


def _columns(table: NDArray[np.signedinteger], place: NDArray[np.intp], absent: int) -> NDArray[np.signedinteger]:
    """The columns at these places; where the place is -1, ``absent`` throughout."""
    found = table[:, place] if table.shape[1] else np.full((len(table), len(place)), absent, dtype=table.dtype)
    found[:, place < 0] = absent
    return found
