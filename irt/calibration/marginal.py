"""Marginal maximum likelihood: checks, fit, result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from irt.calibration.checks import Usable, called, check_enough, check_options, person_weights, usable
from irt.calibration.layout import PRIORS, Layout, as_items
from irt.calibration.loop import Fitted, maximise
from irt.calibration.patterns import Problem, distinct_patterns
from irt.calibration.result import Calibration, CalibrationOptions, FitStatus
from irt.calibration.start import starting_values
from irt.calibration.uncertainty import covariance_of, standard_errors
from irt.errors import FitError, ResponsesError
from irt.items import ItemParameters, frozen
from irt.quadrature import grid_for
from irt.responses.matrix import ResponseMatrix


def calibrate(
    matrix: ResponseMatrix,
    model: str = "2PL",
    *,
    options: CalibrationOptions | None = None,
    item_names: Sequence[str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Calibration:
    r"""Estimate discrimination and difficulty of each item by marginal maximum likelihood.

    .. math:: P_j(\theta) = \frac{1}{1 + e^{-a_j (\theta - b_j)}}, \quad \theta \sim N(0, 1)

    on the logistic metric (D = 1). In the 1PL all items share one slope.

    Parameters
    ----------
    matrix : ResponseMatrix
        Scored answers; missing cells take no part. Weights count as so many persons.
    model : {"2PL", "1PL"}
        Used where no options are given.
    options : CalibrationOptions, optional
        Model, prior, quadrature, tolerance, iteration limit.
    item_names : sequence of str, optional
        Names for reading, in the order of the matrix; default: the item ids.
    provenance : mapping, optional
        Carried along: where the answers come from.

    Returns
    -------
    Calibration
        Items that cannot be calibrated are in ``excluded_items`` with the reason: answered alike by everybody, or
        with a slope that grows without limit. ``status`` tells whether the fit converged.

    Raises
    ------
    FitError
        For a model, prior or option that cannot be had, or answers in the same perfect order for all (1PL).
    TooFewAnswersError
        If fewer than 2 (1PL) or 3 (2PL) items are left; one, with a prior.

    Notes
    -----
    EM accelerated by limited-memory BFGS, finished by Newton steps on the exact observed information, whose inverse
    gives the standard errors. Agrees with mirt's 2PL on LSAT6, LSAT7 and a 32-item exam to 1e-6 in parameters. One
    pass costs persons x (items + grid points).

    References
    ----------
    Bock & Aitkin (1981). doi:10.1007/BF02293801; Louis (1982). doi:10.1111/j.2517-6161.1982.tb01203.x

    Examples
    --------
    >>> patterns = [[1, 1, 0], [1, 0, 0], [0, 1, 1], [1, 1, 1], [0, 0, 0]]
    >>> matrix = ResponseMatrix.from_array(patterns, weights=[40, 30, 15, 50, 25])
    >>> calibrate(matrix, "1PL").status.code
    'converged'
    """
    options = CalibrationOptions(model=model) if options is None else options
    check_options(options)
    names = matrix.item_ids if item_names is None else tuple(str(name) for name in item_names)
    if len(names) != matrix.n_items:
        raise ResponsesError(f"There are {matrix.n_items} items in the matrix, but {len(names)} item names.")
    left_out: dict[int, str] = {}
    while True:
        part = usable(matrix, names, left_out)
        check_enough(int(part.items.sum()), int(part.persons.sum()), options, part.excluded_items)
        fit = _fit(matrix, part, options)
        if fit.fitted.runaway is None:
            return _result(matrix, names, part, fit, options, provenance)
        position = int(np.flatnonzero(part.items)[fit.fitted.runaway])
        left_out[position] = _runaway_reason(names[position], options)


@dataclass(frozen=True, slots=True)
class _Fit:
    """The end of the loop, with the problem it belongs to."""

    problem: Problem
    fitted: Fitted


def _fit(matrix: ResponseMatrix, part: Usable, options: CalibrationOptions) -> _Fit:
    """Fit the usable part of a matrix."""
    scores = matrix.scores[np.ix_(part.persons, part.items)]
    patterns = distinct_patterns(scores, person_weights(matrix)[part.persons])
    layout = Layout(patterns.n_items, common_slope=options.model == "1PL")
    start = starting_values(patterns, layout)
    grid = grid_for(as_items(layout, start), options.n_quadrature)
    problem = Problem(patterns, grid, layout, PRIORS[options.prior])
    return _Fit(problem, maximise(problem, start, options.tolerance, options.max_iterations))


def _runaway_reason(name: str, options: CalibrationOptions) -> str:
    """Why an item with an unlimited slope is left out; the common slope of the 1PL leaves nothing to fit."""
    if options.model == "1PL":
        raise FitError(
            "The students' answers put all items in one perfect order, so the common slope grows without limit and no "
            "finite estimate exists. Calibrate with prior='weak', or collect more answers."
        )
    return (
        f"{called(name)} follows ability (or another item) so perfectly in these answers that its slope grows without "
        "limit. It is left out of the calibration; check for a doubled item, or calibrate with a prior."
    )


def _result(
    matrix: ResponseMatrix,
    names: tuple[str, ...],
    part: Usable,
    fit: _Fit,
    options: CalibrationOptions,
    provenance: Mapping[str, Any] | None,
) -> Calibration:
    """The calibration from the end of the loop."""
    layout, fitted = fit.problem.layout, fit.fitted
    position = np.flatnonzero(part.items)
    parameters = fitted.state.parameters
    # A slope that cannot be told from 0 is 0: its difficulty is nan then, not a number of many digits.
    slopes = layout.slopes(parameters)
    slopes = np.where(np.abs(slopes) <= 10 * options.tolerance, 0.0, slopes)
    items = ItemParameters.from_arrays(
        [matrix.item_ids[j] for j in position], slopes, intercept=layout.intercepts(parameters)
    )
    covariance = covariance_of(layout, fitted.information)
    unknown = fitted.status is FitStatus.CONVERGED and bool(np.isnan(covariance).any())
    return Calibration(
        items=items,
        item_names=tuple(names[j] for j in position),
        standard_errors=standard_errors(items, covariance),
        covariance=frozen(covariance),
        n_answers=frozen(fit.problem.patterns.answers()),
        log_likelihood=fitted.state.log_likelihood,
        n_persons=round(float(fit.problem.patterns.weights.sum())),
        n_parameters=layout.n_parameters,
        history=fitted.history,
        status=FitStatus.NOT_IDENTIFIED if unknown else fitted.status,
        options=options,
        excluded_items=part.excluded_items,
        excluded_persons=part.excluded_persons,
        provenance=dict(provenance or {}),
    )
