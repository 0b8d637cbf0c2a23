"""Probability of each right answer, with an interval that carries what is not known of person and item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from irt.calibration.result import Calibration
from irt.errors import ResponsesError
from irt.items import Floats, ItemParameters, frozen
from irt.quadrature import Z95
from irt.responses.matrix import ResponseMatrix
from irt.scoring.ability import estimate_abilities
from irt.scoring.align import align
from irt.scoring.result import AbilityEstimates, Probabilities


@dataclass(frozen=True, slots=True)
class CurveBand:
    """Item characteristic curves with a pointwise 95 % band, each of shape (n, n_items)."""

    probability: Floats
    lower: Floats
    upper: Floats


def probabilities(
    matrix: ResponseMatrix, calibration: Calibration, abilities: AbilityEstimates | None = None
) -> Probabilities:
    r"""P(right answer) of each person on each item, with a 95 % interval.

    The estimate is the item's curve at the person's estimated ability, so that it can be checked by hand and read off
    the curve. The interval is symmetric on the logit scale, :math:`z \pm 1.96 \sqrt{Var(z)}` with
    :math:`z = a\theta + d` and

    .. math:: Var(z) = a^2 s^2 + (\theta, 1)\, \Sigma\, (\theta, 1)^T + s^2\, Var(a)

    where s is the standard error of the ability and :math:`\Sigma` the covariance of (a, d): the variance of the
    product of independent estimates, exactly.

    Parameters
    ----------
    matrix : ResponseMatrix
    calibration : Calibration
    abilities : AbilityEstimates, optional
        Of these persons, in this order; default: EAP from these answers.

    Returns
    -------
    Probabilities
        nan for items that are not in the calibration and persons without an ability; the interval also where the
        item's standard errors cannot be had.

    Raises
    ------
    ResponsesError
        If answers and calibration share no item, or the abilities are of other persons.

    Notes
    -----
    Covers the true probability in about 95 % of all person-item pairs (tested by simulation). With few items the curve
    at the estimated ability is somewhat bolder than the average over the ability's posterior: for P = 0.88, a = 1 and
    a standard error of 0.8 the average is 0.86.
    """
    if abilities is None:
        abilities = estimate_abilities(matrix, calibration)
    if abilities.person_ids != matrix.person_ids:
        raise ResponsesError("The abilities must be those of the persons in the matrix, in the same order.")
    shared = align(matrix, calibration)
    covariance = calibration.item_covariance()[shared.places]
    band = _band(abilities.theta, abilities.se, shared.items, covariance)
    tables = []
    for values in (band.probability, band.lower, band.upper):
        table = np.full(matrix.scores.shape, np.nan)
        table[:, shared.columns] = values
        tables.append(frozen(table))
    return Probabilities(matrix.person_ids, matrix.item_ids, tables[0], tables[1], tables[2], matrix.scores)


def curve_band(theta: ArrayLike, calibration: Calibration) -> CurveBand:
    r"""Item characteristic curves with a pointwise 95 % band that carries the uncertainty of the item parameters.

    Parameters
    ----------
    theta : array_like, shape (n,)
        Abilities in logits, taken as known.
    calibration : Calibration

    Returns
    -------
    CurveBand
        Arrays of shape (n, n_items), in the order of ``calibration.items``.
    """
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    return _band(points, np.zeros_like(points), calibration.items, calibration.item_covariance())


def _band(theta: Floats, se: Floats, items: ItemParameters, covariance: Floats) -> CurveBand:
    """Curves and limits at abilities with these standard errors, each of shape (n, n_items)."""
    slope, cross, intercept = covariance[:, 0, 0], covariance[:, 0, 1], covariance[:, 1, 1]
    z = np.multiply.outer(theta, items.discrimination) + items.intercept
    variance = np.multiply.outer(theta**2 + se**2, slope) + np.multiply.outer(2 * theta, cross) + intercept
    variance += np.multiply.outer(se**2, items.discrimination**2)
    half = Z95 * np.sqrt(np.maximum(variance, 0.0))
    span = items.upper_asymptote - items.guessing
    return CurveBand(
        items.guessing + span * expit(z),
        items.guessing + span * expit(z - half),
        items.guessing + span * expit(z + half),
    )
