"""Places that all reports share: the drawn range of abilities, the exam's score scale, the class in focus."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from irt.analysis import Analysis
from irt.functions import expected_score
from irt.items import Floats, frozen
from irt.responses import PreparedResponses

#: Abilities at which curves are drawn: one grid for all items, so that a front can send start and step only.
THETA_GRID = frozen(np.linspace(-4.0, 4.0, 121))


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


def in_class(prepared: PreparedResponses, class_name: str | None) -> NDArray[np.bool_]:
    """Which rows belong to the class in focus (all of them without one)."""
    if class_name is None:
        return np.ones(prepared.matrix.n_persons, dtype=bool)
    return np.array([name == class_name for name in prepared.persons.classes], dtype=bool)
