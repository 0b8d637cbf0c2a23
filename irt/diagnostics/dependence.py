"""Local dependence: do two items go together more than ability explains?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from irt.calibration import Calibration, calibrate
from irt.diagnostics.draws import drawn, one_row_a_person
from irt.diagnostics.residuals import check_abilities
from irt.errors import FitError, IrtError
from irt.functions import irf
from irt.items import Floats, ItemParameters, frozen
from irt.responses import ResponseMatrix
from irt.scoring import AbilityEstimates, estimate_abilities
from irt.scoring.align import align
from irt.threads import one_thread, row_blocks, side_by_side

#: Persons whose residuals are held at a time.
BLOCK = 8_192
#: Persons who answered both items without whom a correlation says nothing.
FEWEST = 3
#: Most persons of a draw; with more, what chance does is computed for so many and brought to their number.
MOST_PERSONS = 2_000
#: Most answers of a draw, for exams of many items; of 300 persons at least.
MOST_ANSWERS, FEWEST_PERSONS = 100_000, 300
#: Draws are calibrated to this distance from the maximum, far below the standard errors of any exam.
DRAW_TOLERANCE = 1e-3
#: Standard normal quantile below which lie 95 %.
Z_ONE_SIDED = 1.6448536269514722


@one_thread
def q3(matrix: ResponseMatrix, calibration: Calibration, abilities: AbilityEstimates) -> tuple[Floats, Floats]:
    r"""Yen's Q3: the correlation of two items' residuals, answer minus P(right) at the estimated ability.

    .. math:: Q_{3,ij} = \mathrm{corr}(e_i, e_j), \quad e_j = x_j - P_j(\hat\theta)

    Parameters
    ----------
    matrix : ResponseMatrix
        Missing answers take no part; weights count as so many persons.
    calibration : Calibration
    abilities : AbilityEstimates
        Of the persons of the matrix, in its order. Persons whose ability is nan take no part.

    Returns
    -------
    q3, n : ndarray, shape (n_items, n_items)
        In the order of the matrix, over the persons who answered both; nan for items that were not calibrated, on the
        diagonal, and for fewer than three persons, whose correlation could only be -1 or 1.

    Raises
    ------
    ResponsesError
        If the abilities are not one for each person, or matrix and calibration share no item.

    Notes
    -----
    With EAP abilities equal to mirt's ``residuals(type = "Q3")`` to 1e-6 on complete data.

    References
    ----------
    Yen, W. M. (1984). *Applied Psychological Measurement*, 8, 125-145. doi:10.1177/014662168400800201
    """
    check_abilities(matrix, abilities)
    shared = align(matrix, calibration)
    table, theta, k = shared.answers(matrix), abilities.theta, len(shared.columns)
    known = np.isfinite(theta)

    def add(rows: slice) -> Floats:
        answered = ((table[rows] >= 0) & known[rows, None]).astype(np.float64)
        residual = answered * (table[rows] - irf(np.where(known[rows], theta[rows], 0.0), shared.items))
        root = 1.0 if matrix.weights is None else np.sqrt(matrix.weights[rows, None])
        counted, weighted = answered * root, residual * root
        by_pair = counted.T @ counted, weighted.T @ counted, (weighted * residual).T @ counted, weighted.T @ weighted
        return np.stack(by_pair)

    total = np.zeros((4, k, k))
    for part in side_by_side(add, row_blocks(matrix.n_persons, BLOCK)):
        total += part
    n = total[0]
    correlation = _correlation(*total)
    correlation[n < FEWEST] = np.nan
    np.fill_diagonal(correlation, np.nan)
    return _place(correlation, shared.columns, matrix.n_items), _place(n, shared.columns, matrix.n_items)


@dataclass(frozen=True, slots=True)
class Q3Limit:
    """How large Q3 gets by chance where the model holds.

    Parameters
    ----------
    largest : float
        The largest Q3 of the answers minus the mean of all; nan without one.
    limit_largest, limit_largest_99 : float
        What this exceeds in 5 % and in 1 % of exams that follow the model; nan with a reason.
    limit_each : ndarray, shape (n_items, n_items)
        What the Q3 of each pair alone (the mean not taken away) exceeds in 5 % of such exams. Of a hundred pairs five
        do so by chance: to look for pairs that stand out, use ``limit_largest``.
    n_draws : int
        Exams that were drawn and could be calibrated.
    mean : float
        The mean of all Q3, about -1 / (n_items - 1) where the model holds.
    n_persons : int
        Persons of each draw.
    reason : str
        Why there are no limits; empty where there are.
    """

    largest: float
    limit_largest: float
    limit_each: Floats
    n_draws: int
    mean: float
    limit_largest_99: float
    n_persons: int
    reason: str = ""


@one_thread
def q3_limit(matrix: ResponseMatrix, calibration: Calibration, *, n_draws: int = 100, seed: int = 0) -> Q3Limit:
    r"""Reference limits of Q3 by parametric bootstrap.

    Exams are drawn from the calibration, with as many persons and the same answers missing; each is calibrated anew
    with the same options, abilities are estimated (EAP), and the largest Q3 minus the mean of all is noted.

    .. math:: Q_{3*} = \max_{ij} Q_{3,ij} - \bar{Q}_3

    Parameters
    ----------
    matrix : ResponseMatrix
    calibration : Calibration
        Of this matrix.
    n_draws : int
        At least 2. The default, 100, places the 5 % limit to about 3 % of itself.
    seed : int

    Returns
    -------
    Q3Limit

    Raises
    ------
    FitError
        For fewer than 2 draws.
    ResponsesError
        If matrix and calibration share no item.

    Notes
    -----
    No rule of thumb does: with 20 items the limit is about 0.35 for a hundred persons and 0.07 for 5,000. Draws have at
    most 2,000 persons and about 100,000 answers (weights as rows; of more persons as many are taken at random). With N
    persons and M in a draw, each pair's distance from its own mean over the draws is multiplied by
    :math:`\sqrt{M / N}`, as the standard error of a correlation is. ``limit_each`` is the pair's mean plus 1.645
    standard deviations over the draws. A draw that cannot be calibrated is left out.

    References
    ----------
    Christensen, K. B., Makransky, G., & Horton, M. (2017). *Applied Psychological Measurement*, 41, 178-194.
    doi:10.1177/0146621616677520
    """
    if n_draws < 2:
        raise FitError(f"Limits by bootstrap need at least 2 draws, not {n_draws}.", n_draws=n_draws)
    observed, _ = q3(matrix, calibration, estimate_abilities(matrix, calibration))
    largest, mean = _largest(observed[None])[0], _mean(observed[None])[0]
    shared = align(matrix, calibration)
    rng = np.random.default_rng(seed)
    most = min(MOST_PERSONS, max(FEWEST_PERSONS, MOST_ANSWERS // len(shared.columns)))
    part = one_row_a_person(matrix.take(items=shared.columns), most, rng)
    draws = draws_of_q3(part, shared.items, calibration, n_draws, rng)
    everybody = matrix.n_persons if matrix.weights is None else float(matrix.weights.sum())
    brought, each = _brought(draws, len(part) / max(everybody, 1.0))
    tops = _largest(brought)
    tops = tops[np.isfinite(tops)]
    reason = _no_limit(largest, len(tops))
    limits = (np.nan, np.nan) if reason else np.quantile(tops, [0.95, 0.99])
    return Q3Limit(
        largest=float(largest),
        limit_largest=float(limits[0]),
        limit_each=frozen(_place(each, shared.columns, matrix.n_items)),
        n_draws=len(tops),
        mean=float(mean),
        limit_largest_99=float(limits[1]),
        n_persons=len(part),
        reason=reason,
    )


def _no_limit(largest: float, n_draws: int) -> str:
    """Why there are no limits; empty if there are."""
    if np.isnan(largest):
        return "No two items were answered by three of the same students, so no pair can be looked at."
    if n_draws < 2:
        return "Answers drawn from the model could not be calibrated, so there is nothing to compare Q3 with."
    return ""


def draws_of_q3(
    scores: NDArray[np.int8], items: ItemParameters, calibration: Calibration, n_draws: int, rng: np.random.Generator
) -> Floats:
    """Q3 of exams drawn from the model and calibrated anew, shape (n_fitted, n_items, n_items).

    Missing where the scores of shape (n_persons, n_items) are, from the calibration's population, with its options.
    """
    options = replace(calibration.options, tolerance=max(calibration.options.tolerance, DRAW_TOLERANCE))
    found = []
    for _ in range(n_draws):
        exam = drawn(scores, items, calibration.population, rng)
        try:
            fitted = calibrate(exam, options=options)
            found.append(q3(exam, fitted, estimate_abilities(exam, fitted))[0])
        except IrtError:
            continue
    return np.array(found) if found else np.empty((0, scores.shape[1], scores.shape[1]))


def _brought(draws: Floats, share: float) -> tuple[Floats, Floats]:
    """Draws of a share of the persons as draws of all would be, and the limit of each pair."""
    known = np.isfinite(draws)
    count = known.sum(axis=0)
    filled = np.where(known, draws, 0.0)
    centre = np.divide(filled.sum(axis=0), count, out=np.full(count.shape, np.nan), where=count > 1)
    away = (draws - centre) * np.sqrt(min(share, 1.0))
    variance = np.where(known, away, 0.0) ** 2
    spread = np.sqrt(variance.sum(axis=0) / np.maximum(count - 1, 1))
    return centre + away, centre + Z_ONE_SIDED * spread


def _largest(values: Floats) -> Floats:
    """Largest Q3 minus the mean of all, of each matrix in a stack; nan without any."""
    known = np.isfinite(values)
    top = np.where(known, values, -np.inf).max(axis=(1, 2), initial=-np.inf)
    largest: Floats = np.where(np.isfinite(top), top, np.nan) - _mean(values)
    return largest


def _mean(values: Floats) -> Floats:
    """Mean Q3 of each matrix in a stack; nan without any."""
    known = np.isfinite(values)
    count = known.sum(axis=(1, 2))
    total = np.where(known, values, 0.0).sum(axis=(1, 2))
    mean: Floats = np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)
    return mean


def _correlation(n: Floats, sums: Floats, squares: Floats, products: Floats) -> Floats:
    """Correlations of the columns over the rows known in both; nan where there is no spread."""
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = products - sums * sums.T / n
        spread = squares - sums**2 / n
        scale = np.sqrt(spread * spread.T)
        correlation: Floats = np.where(scale > 1e-12 * n, covariance / scale, np.nan)
    return correlation


def _place(values: Floats, positions: NDArray[np.intp], n_items: int) -> Floats:
    """A matrix over the calibrated items as one over all items; nan elsewhere."""
    out: Floats = np.full((n_items, n_items), np.nan)
    out[np.ix_(positions, positions)] = values
    return out
