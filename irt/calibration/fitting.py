"""From scores to the maximum: which layout, from where, and what is done about parameters at the end of their range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.calibration.ends import outward, rises_inward
from irt.calibration.fixed import Held
from irt.calibration.general import general_layout
from irt.calibration.layout import PRIORS, Layout, as_items, with_asymptotes
from irt.calibration.loop import Fitted, maximise
from irt.calibration.patterns import Patterns, Problem, distinct_patterns
from irt.calibration.result import CalibrationOptions, FitStatus
from irt.calibration.start import general_start, starting_values
from irt.items import Floats
from irt.quadrature import grid_for


@dataclass(frozen=True, slots=True)
class Fit:
    """The end of the loop, with the problem it belongs to and the asymptotes held at the end of their range."""

    problem: Problem
    fitted: Fitted
    at_limit: NDArray[np.bool_]


def fit(scores: NDArray[np.int8], weights: Floats, options: CalibrationOptions, held: Held) -> Fit:
    """The maximum of the objective for scores in which no item that is free is constant."""
    patterns = distinct_patterns(scores, weights)
    if not held.any and options.model in ("1PL", "2PL"):
        return _fit_plain(patterns, options)
    return _fit_general(patterns, options, held)


def _fit_plain(patterns: Patterns, options: CalibrationOptions) -> Fit:
    """A 1PL or 2PL of which everything is free."""
    layout = Layout(patterns.n_items, common_slope=options.model == "1PL")
    start = starting_values(patterns, layout)
    problem = Problem(patterns, grid_for(as_items(layout, start), options.n_quadrature), layout, PRIORS[options.prior])
    fitted = maximise(problem, start, options.tolerance, options.max_iterations)
    return Fit(problem, fitted, np.zeros((4, patterns.n_items), dtype=bool))


def _fit_general(patterns: Patterns, options: CalibrationOptions, held: Held) -> Fit:
    """Any other model: climb; hold what runs to its end, let go what should not be held; again."""
    layout = general_layout(options, held.table, held.free_population)
    prior = with_asymptotes(PRIORS[options.prior], options.guessing_prior, options.upper_prior)
    start = general_start(patterns, layout, prior)
    at_limit, released = np.zeros_like(layout.free), np.zeros_like(layout.free)
    while True:
        problem = Problem(patterns, grid_for(layout.items(start), options.n_quadrature), layout, prior)
        fitted = maximise(problem, start, options.tolerance, options.max_iterations)
        place = fitted.state.parameters
        past = outward(problem, fitted.state) if layout.at_bound(place) else np.zeros_like(at_limit)
        if fitted.runaway is None and past.any():
            at_limit |= past
            layout, start = layout.with_held(past, place)
            continue
        if fitted.runaway is not None or fitted.status is FitStatus.ITERATION_LIMIT:
            return Fit(problem, fitted, at_limit)
        inward = rises_inward(problem, fitted.state, at_limit & ~released)
        if not inward.any():
            return Fit(problem, fitted, at_limit)
        released |= inward
        at_limit &= ~inward
        layout, start = layout.with_free(inward, place)
