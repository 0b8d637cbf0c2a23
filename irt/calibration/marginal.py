"""Marginal maximum likelihood: checks, fit, result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irt.calibration.checks import Usable, called, check_enough, check_options, person_weights, usable
from irt.calibration.fitting import Fit, fit
from irt.calibration.fixed import held_of
from irt.calibration.general import GUESSING, UPPER, GeneralLayout
from irt.calibration.layout import Layout
from irt.calibration.loop import STEEPEST
from irt.calibration.result import Calibration, CalibrationOptions, Excluded, FitStatus, Population
from irt.calibration.uncertainty import covariance_of, standard_errors
from irt.errors import FitError, ResponsesError, TooFewAnswersError
from irt.items import Floats, ItemParameters, frozen
from irt.responses.matrix import ResponseMatrix
from irt.threads import one_thread

#: Items with unlimited slopes that are left out one by one before the model is refused; or a part of all items.
MOST_UNLIMITED, PART_UNLIMITED = 3, {"1PL": 0.0, "2PL": 0.5, "3PL": 0.1, "4PL": 0.1}
#: A free population narrower than this (logits) has its best standard deviation at 0.
LEAST_SD = 1e-3


@one_thread
def calibrate(
    matrix: ResponseMatrix,
    model: str = "2PL",
    *,
    options: CalibrationOptions | None = None,
    item_names: Sequence[str] | None = None,
    fixed_items: ItemParameters | None = None,
    free_population: bool = False,
    provenance: Mapping[str, Any] | None = None,
) -> Calibration:
    r"""Estimate discrimination and difficulty of each item by marginal maximum likelihood.

    .. math:: P_j(\theta) = g_j + (u_j - g_j) \frac{1}{1 + e^{-a_j (\theta - b_j)}}, \quad \theta \sim N(0, 1)

    on the logistic metric (D = 1). In the 1PL and 2PL guessing g is 0 and the upper asymptote u is 1; in the 1PL all
    items share one slope. The 3PL estimates g, the 4PL g and u of each item.

    Parameters
    ----------
    matrix : ResponseMatrix
        Scored answers; missing cells take no part. Weights count as so many persons.
    model : {"2PL", "1PL", "3PL", "4PL"}
        Used where no options are given.
    options : CalibrationOptions, optional
        Model, priors, quadrature, tolerance, iteration limit.
    item_names : sequence of str, optional
        Names for reading, in the order of the matrix; default: the item ids.
    fixed_items : ItemParameters, optional
        Items to hold at these values (fixed anchors): they take part and do not move, so the others come out on their
        scale. Their standard errors are 0: here they count as known. Those that are not in the matrix play no part.
        They may have asymptotes that the model does not estimate. In the 1PL their slope is that of all items.
    free_population : bool
        With fixed items: estimate mean and standard deviation of ability too (``Calibration.population``).
    provenance : mapping, optional
        Carried along: where the answers come from.

    Returns
    -------
    Calibration
        Items that cannot be calibrated are in ``excluded_items`` with the reason: answered alike by everybody, or
        with a slope that grows without limit (or past 40). Items whose guessing is best at 0, or upper asymptote at 1,
        are in ``at_limit`` (only where no prior keeps them from it). ``status`` tells whether the fit converged.

    Raises
    ------
    FitError
        For a model, prior or option that cannot be had, fixed items that hold nothing, or answers in the same perfect
        order for all (1PL).
    TooFewAnswersError
        If fewer than 2 (1PL), 3 (2PL, 3PL, 4PL), 4 (3PL without a prior on guessing) or 5 (4PL without priors) items
        are left; one, with a prior or fixed items. Also where the slopes of many items grow without
        limit, or the spread of a free population comes out as 0.

    Notes
    -----
    EM accelerated by limited-memory BFGS, finished by Newton steps on the exact observed information, whose inverse
    gives the standard errors. Agrees with mirt's 2PL on LSAT6, LSAT7 and a 32-item exam to 1e-6 in parameters. One
    pass costs persons x (items + grid points); of the 3PL and 4PL, persons x items x grid points.

    Asymptotes are estimated on the logit scale, where the default priors are normal. No bound keeps a parameter from
    its maximum: a slope past 40 (from 10 % to 90 % correct within 0.11 logits) is reported, not held there.

    References
    ----------
    Bock & Aitkin (1981). doi:10.1007/BF02293801; Louis (1982). doi:10.1111/j.2517-6161.1982.tb01203.x;
    Mislevy (1986), Bayes modal estimation in item response models. doi:10.1007/BF02293979

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
    held = held_of(matrix, options.model, fixed_items, free_population)
    left_out: dict[int, str] = {}
    while True:
        part = usable(matrix, names, left_out, held.items)
        check_enough(part, options, held)
        whole = part.persons.all() and part.items.all()
        scores = matrix.scores if whole else matrix.scores[np.ix_(part.persons, part.items)]
        found = fit(scores, person_weights(matrix)[part.persons], options, held.take(part.items))
        if found.fitted.runaway is None:
            return _result(matrix, names, part, found, options, provenance)
        position = int(np.flatnonzero(part.items)[found.fitted.runaway])
        left_out[position] = _runaway_reason(names[position], options)
        _check_left(matrix.n_items, left_out, options)


def _runaway_reason(name: str, options: CalibrationOptions) -> str:
    """Why an item with an unlimited slope is left out; the common slope of the 1PL leaves nothing to fit."""
    if options.model == "1PL":
        raise FitError(
            "The students' answers put all items in one perfect order, so the common slope grows without limit and no "
            "finite estimate exists. Calibrate with weak priors, or collect more answers."
        )
    if options.model in ("3PL", "4PL"):
        return (
            f"{called(name)} turns from its lower to its upper share correct so suddenly in these answers that its "
            f"slope grows without limit (or past {STEEPEST:g}). It is left out of the calibration; calibrate the 2PL, "
            "or with weak priors."
        )
    return (
        f"{called(name)} follows ability (or another item) so perfectly in these answers that its slope grows without "
        f"limit (or past {STEEPEST:g}). It is left out of the calibration; check for a doubled item, or calibrate with "
        "a prior."
    )


def _check_left(n_items: int, left_out: Mapping[int, str], options: CalibrationOptions) -> None:
    """Raise TooFewAnswersError where the curves of so many items are unlimited that the model itself is too much."""
    if len(left_out) > max(MOST_UNLIMITED, int(n_items * PART_UNLIMITED[options.model])):
        simpler = "1PL" if options.model == "2PL" else "2PL"
        raise TooFewAnswersError(
            f"These answers are too few for the {options.model}: the slopes of more than {len(left_out) - 1} items "
            f"grow without limit. Calibrate the {simpler}, or with weak priors.",
            model=options.model,
            n_items=n_items,
        )


def _result(
    matrix: ResponseMatrix,
    names: tuple[str, ...],
    part: Usable,
    found: Fit,
    options: CalibrationOptions,
    provenance: Mapping[str, Any] | None,
) -> Calibration:
    """The calibration from the end of the loop."""
    layout, fitted = found.problem.layout, found.fitted
    position = np.flatnonzero(part.items)
    parameters = fitted.state.parameters
    items = _items([matrix.item_ids[j] for j in position], layout, parameters, 10 * options.tolerance)
    free = covariance_of(fitted.information)
    covariance = layout.spread(free, parameters)
    unknown = fitted.status is FitStatus.CONVERGED and bool(np.isnan(free).any())
    return Calibration(
        items=items,
        item_names=tuple(names[j] for j in position),
        standard_errors=standard_errors(items, covariance, found.at_limit),
        covariance=frozen(covariance),
        n_answers=frozen(found.problem.patterns.answers()),
        log_likelihood=fitted.state.log_likelihood,
        n_persons=round(float(found.problem.patterns.weights.sum())),
        n_parameters=layout.n_parameters,
        history=fitted.history,
        status=FitStatus.NOT_IDENTIFIED if unknown else fitted.status,
        options=options,
        excluded_items=part.excluded_items,
        excluded_persons=part.excluded_persons,
        at_limit=tuple(_at_limit(matrix, names, position, found.at_limit)),
        population=_population(layout, parameters, free),
        provenance=dict(provenance or {}),
    )


def _items(item_ids: Sequence[str], layout: Layout, parameters: Floats, nothing: float) -> ItemParameters:
    """The items under their ids.

    A slope that cannot be told from 0 is 0: its difficulty is nan then, not a number of many digits.
    """
    slopes = layout.slopes(parameters)
    slopes = np.where(np.abs(slopes) <= nothing, 0.0, slopes)
    guessing, upper = layout.asymptotes(parameters)
    return ItemParameters.from_arrays(
        item_ids, slopes, intercept=layout.intercepts(parameters), guessing=guessing, upper_asymptote=upper
    )


def _population(layout: Layout, parameters: Floats, covariance: Floats) -> Population:
    """The distribution of ability, with standard errors where it was estimated."""
    if not (isinstance(layout, GeneralLayout) and layout.free_population):
        return Population()
    mean, sd = layout.population(parameters)
    if sd < LEAST_SD:
        raise TooFewAnswersError(
            "These students' answers differ no more than chance makes them, so the spread of their abilities cannot be "
            "estimated (it came out as 0). Collect more answers, or calibrate without a free population."
        )
    errors = np.sqrt(np.diag(covariance)[-2:])
    return Population(mean, sd, float(errors[0]), float(errors[1] * sd))


def _at_limit(
    matrix: ResponseMatrix, names: tuple[str, ...], position: NDArray[np.intp], held: NDArray[np.bool_]
) -> Iterator[Excluded]:
    """What to say of asymptotes that were held at the end of their range."""
    for k, j in enumerate(position):
        for kind, what in ((GUESSING, "a guessing of 0"), (UPPER, "an upper asymptote of 1")):
            if held[kind, k]:
                yield Excluded(
                    matrix.item_ids[j],
                    f"{called(names[j])} fits best with {what}, the end of its range. It was held there and has "
                    "no standard error.",
                )
