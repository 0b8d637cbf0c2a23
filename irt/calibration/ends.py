"""Asymptotes at the end of their range: which are on their way there, and which should not be held there."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from irt.calibration.asymptotes import CurveState, layout_of
from irt.calibration.expectation import State
from irt.calibration.general import FARTHEST_LOGIT, GUESSING, NEAR_LOGIT, UPPER
from irt.calibration.patterns import Problem
from irt.items import Floats


def outward(problem: Problem, state: State) -> NDArray[np.bool_]:
    """Free asymptotes that are near 0 or 1 and would go on towards it, shape (4, n_items)."""
    layout = layout_of(problem)
    by_guessing, by_upper = _by_asymptotes(cast(CurveState, state))
    outside = np.zeros_like(layout.free)
    outside[GUESSING], outside[UPPER] = by_guessing <= 0, by_upper >= 0
    near = layout.past(state.parameters, NEAR_LOGIT) & outside
    return near | layout.past(state.parameters, FARTHEST_LOGIT)


def rises_inward(problem: Problem, state: State, held: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the asymptotes held at 0 or 1 would raise the likelihood by moving inside, shape (4, n_items)."""
    rises = np.zeros_like(held)
    if held.any():
        by_guessing, by_upper = _by_asymptotes(cast(CurveState, state))
        rises[GUESSING], rises[UPPER] = by_guessing > 0, by_upper < 0
    return rises & held


def _by_asymptotes(state: CurveState) -> tuple[Floats, Floats]:
    """Derivatives of the log-likelihood by guessing and by upper asymptote themselves, shape (n_items,) each."""
    curves, right = state.detail, state.expected_right
    wrong = state.expected_answers - right
    with np.errstate(divide="ignore", over="ignore"):
        down, up = np.log1p(-curves.up), np.log(curves.up)
        by_guessing = right * np.exp(down - curves.log_right) - wrong * np.exp(down - curves.log_wrong)
        by_upper = right * np.exp(up - curves.log_right) - wrong * np.exp(up - curves.log_wrong)
    return by_guessing.sum(axis=1), by_upper.sum(axis=1)
