"""Beside a maximum: is there a higher mode, and do asymptotes held at their end want to leave it?"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from irt.calibration.asymptotes import CurveState
from irt.calibration.expectation import State
from irt.calibration.general import GUESSING, UPPER
from irt.calibration.patterns import Problem
from irt.items import Floats


def rises_inward(problem: Problem, state: State, held: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the asymptotes held at 0 or 1 would raise the likelihood by moving inside, shape (4, n_items)."""
    rises = np.zeros_like(held)
    if not held.any():
        return rises
    found = cast(CurveState, state)
    curves, right = found.detail, found.expected_right
    wrong = found.expected_answers - right
    with np.errstate(divide="ignore", over="ignore"):
        down, up = np.log1p(-curves.up), np.log(curves.up)
        by_guessing = right * np.exp(down - curves.log_right) - wrong * np.exp(down - curves.log_wrong)
        by_upper = right * np.exp(up - curves.log_right) - wrong * np.exp(up - curves.log_wrong)
    rises[GUESSING] = by_guessing.sum(axis=1) > 0
    rises[UPPER] = by_upper.sum(axis=1) < 0
    return rises & held


def higher_mode(problem: Problem, state: State) -> Floats | None:
    """Parameters with a higher objective beside a maximum, or None where none was found."""
    return None
