"""Infit and outfit: do answers vary as much as the model says?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from irt.calibration import Calibration
from irt.diagnostics.residuals import Block, by_block
from irt.items import Floats, frozen
from irt.responses import ResponseMatrix
from irt.scoring import AbilityEstimates
from irt.scoring.align import align

#: Largest standard deviation that the standardised form takes a mean square to have (mirt's, after Winsteps).
LARGEST_SPREAD = 1.4142
#: Least variance that an answer is taken to have (mirt's): an answer against odds of more than about 315 to 1 counts as
#: one against such odds, so that no single answer decides.
LEAST_VARIANCE = 1e-5**0.5


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """Mean squares of items or of persons: 1 where answers vary as the model says, more with noise, less without any.

    Parameters
    ----------
    infit : ndarray
        Weighted by information, so that it tells of answers near a person's ability.
    outfit : ndarray
        Not weighted, so that a single unlikely answer shows.
    z_infit, z_outfit : ndarray
        The same, about standard normal under the model.
    n : ndarray
        Answers that entered (for items: sum of weights). Where there are none the others are nan.
    """

    infit: Floats
    outfit: Floats
    z_infit: Floats
    z_outfit: Floats
    n: Floats


def item_mean_squares(matrix: ResponseMatrix, calibration: Calibration, abilities: AbilityEstimates) -> MeanSquares:
    r"""Infit and outfit of each item, shape (n_items,) in the order of the matrix.

    .. math:: \mathrm{outfit} = \frac1n \sum_i \frac{(x_i - P_i)^2}{P_i Q_i}, \qquad
        \mathrm{infit} = \frac{\sum_i (x_i - P_i)^2}{\sum_i P_i Q_i}

    over the persons who answered the item, with :math:`P_i` at their estimated abilities. The standardised forms are

    .. math:: z = (m^{1/3} - 1)\, \frac{3}{s} + \frac{s}{3}

    (Wilson and Hilferty), with s the standard deviation of the mean square m under the model:
    :math:`s^2 = \sum_i C_i / (P_i Q_i)^2 / n^2 - 1/n` for outfit and :math:`\sum_i (C_i - (P_i Q_i)^2) / (\sum_i P_i
    Q_i)^2` for infit, where :math:`C = P Q (P^3 + Q^3)`.

    Parameters
    ----------
    matrix : ResponseMatrix
        Missing answers take no part; weights count persons.
    calibration : Calibration
    abilities : AbilityEstimates
        Of the persons of the matrix, in its order. Persons whose ability is nan take no part.

    Returns
    -------
    MeanSquares
        nan for items that were not calibrated or that nobody answered.

    Raises
    ------
    ResponsesError
        If the abilities are not one for each person, or matrix and calibration share no item.

    Notes
    -----
    The abilities come from the same answers, so that mean squares lie below 1 on average (with EAP and few items
    clearly so), and z below 0: compare items with one another. :math:`P Q` is taken to be at least 0.0032, as in mirt.
    Agrees with mirt's ``itemfit(fit_stats = "infit")``, which takes EAP, to 1e-4.

    References
    ----------
    Wright & Masters (1982), *Rating Scale Analysis*, ch. 5;
    Wilson & Hilferty (1931), The distribution of chi-square. doi:10.1073/pnas.17.12.684
    """
    columns = align(matrix, calibration).columns
    weights = np.ones(matrix.n_persons) if matrix.weights is None else matrix.weights

    def add(block: Block) -> Floats:
        return np.stack([weights[block.rows] @ part for part in _parts(block)])

    sums = np.zeros((6, len(columns)))
    for found in by_block(add, matrix, calibration, abilities):
        sums += found
    placed = np.full((6, matrix.n_items), np.nan)
    placed[:, columns] = sums
    placed[0] = np.nan_to_num(placed[0])
    return _mean_squares(placed)


def person_mean_squares(matrix: ResponseMatrix, calibration: Calibration, abilities: AbilityEstimates) -> MeanSquares:
    """Infit and outfit of each person over the items that they answered, shape (n_persons,).

    As :func:`item_mean_squares`, with sums over items. nan for persons without calibrated answers or ability. Agrees
    with mirt's ``personfit`` to 1e-4.
    """

    def add(block: Block) -> tuple[slice, Floats]:
        return block.rows, np.stack([part.sum(axis=1) for part in _parts(block)])

    sums = np.zeros((6, matrix.n_persons))
    for rows, found in by_block(add, matrix, calibration, abilities):
        sums[:, rows] = found
    return _mean_squares(sums)


def _parts(block: Block) -> tuple[Floats, ...]:
    """What mean squares are sums of, each of shape (n_persons, n_items), 0 where not seen.

    Count, squared residual, variance, squared standardised residual, and the variances of the second and the fourth.
    """
    product = block.p * block.q
    squares = np.where(block.right, block.q, block.p) ** 2
    fourth = product * (1 - 3 * product)
    variance = np.maximum(product, LEAST_VARIANCE)
    seen = block.seen.astype(np.float64)
    inverse = seen / variance
    return (
        seen,
        squares * seen,
        variance * seen,
        squares * inverse,
        (fourth - variance**2) * seen,
        fourth * inverse / variance,
    )


def _mean_squares(sums: Floats) -> MeanSquares:
    """The statistics from their sums."""
    n, squares, variance, odds, infit_variance, outfit_variance = sums
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        infit, outfit = squares / variance, odds / n
        z_infit = _standardised(infit, np.sqrt(np.maximum(infit_variance, 0.0)) / variance)
        z_outfit = _standardised(outfit, np.sqrt(np.maximum(outfit_variance / n**2 - 1 / n, 0.0)))
    return MeanSquares(frozen(infit), frozen(outfit), frozen(z_infit), frozen(z_outfit), frozen(n))


def _standardised(mean_square: Floats, spread: Floats) -> Floats:
    """Wilson and Hilferty's cube root; nan where the mean square cannot vary."""
    s = np.minimum(np.where(spread > 0, spread, np.nan), LARGEST_SPREAD)
    result: Floats = (np.cbrt(mean_square) - 1) * 3 / s + s / 3
    return result
