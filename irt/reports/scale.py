"""Places that all reports share: the drawn range of abilities, the exam's score scale, the class in focus."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from irt.analysis import Analysis
from irt.functions import expected_score, irf
from irt.items import Floats, frozen
from irt.responses import Cell, PreparedResponses

#: Abilities at which curves are drawn: one grid for all items, so that a front can send start and step only.
THETA_GRID = frozen(np.linspace(-4.0, 4.0, 121))
#: Students whose chances are held at a time.
BLOCK = 4096


def exam_score(theta: Floats, analysis: Analysis) -> Floats:
    """Expected number right on the whole exam at each ability; nan without a calibration.

    Items that could not be calibrated (everybody right, nobody right) add their observed share.
    """
    if analysis.calibration is None:
        return np.full(np.shape(theta), np.nan)
    calibrated = set(analysis.calibration.items.item_ids)
    shares = analysis.statistics.proportion_correct
    others = [shares[j] for j, item in enumerate(analysis.prepared.matrix.item_ids) if item not in calibrated]
    return expected_score(theta, analysis.calibration.items) + float(np.nansum(others))


def items_given(prepared: PreparedResponses) -> NDArray[np.int64]:
    """How many items each student was given: the most that they could get right, shape (n_persons,)."""
    given: NDArray[np.int64] = (prepared.cells != Cell.NOT_ADMINISTERED).sum(axis=1).astype(np.int64)
    return given


def given_score(theta: Floats, analysis: Analysis, rows: NDArray[np.intp]) -> Floats:
    """Expected number right of the students in these rows at these abilities, over the items that each was given."""
    given = analysis.prepared.cells[rows] != Cell.NOT_ADMINISTERED
    if analysis.calibration is None or given.all():
        return exam_score(theta, analysis)
    items = analysis.calibration.items
    where = {item_id: j for j, item_id in enumerate(analysis.prepared.matrix.item_ids)}
    calibrated = np.array([where[item_id] for item_id in items.item_ids], dtype=np.intp)
    shares = np.nan_to_num(analysis.statistics.proportion_correct)
    shares[calibrated] = 0.0
    scores: Floats = given @ shares
    for start in range(0, len(rows), BLOCK):
        block = slice(start, start + BLOCK)
        scores[block] += (irf(theta[block], items) * given[block][:, calibrated]).sum(axis=1)
    return scores


def in_class(prepared: PreparedResponses, class_name: str | None) -> NDArray[np.bool_]:
    """Which rows belong to the class in focus (all of them without one)."""
    if class_name is None:
        return np.ones(prepared.matrix.n_persons, dtype=bool)
    return np.array([name == class_name for name in prepared.persons.classes], dtype=bool)
