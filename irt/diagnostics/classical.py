"""Classical item statistics and reliability, from whatever answers there are. A missing answer is not a wrong one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import fdtri

from irt.diagnostics.intervals import fisher_z, wilson
from irt.items import Floats, closed, frozen
from irt.responses import ResponseMatrix


@dataclass(frozen=True, slots=True)
class ClassicalStatistics:
    """Classical statistics of a test. Arrays over items have shape (n_items,); limits are 95 %; nan = cannot be had.

    Parameters
    ----------
    n : ndarray
        Scored answers of each item (sum of weights).
    proportion_correct, proportion_lower, proportion_upper : ndarray
        Share of right answers among the scored ones; Wilson's limits.
    item_total_r : ndarray
        Correlation of the item with the person's share of right answers.
    item_rest_r, item_rest_lower, item_rest_upper : ndarray
        The same without the item itself; Fisher's limits. Both correlations are over the persons who answered the
        item; nan where all or none of them got it right.
    n_rest : ndarray
        Persons behind ``item_rest_r``: those with an answer to the item and to another one.
    alpha, alpha_lower, alpha_upper : float
        Cronbach's alpha (KR-20); Feldt's limits. nan where two items have on average at most two persons in common.
    alpha_if_dropped : ndarray
    sem_classical : float
        Standard error of a person's number right, in points.
    total_score : ndarray of int, shape (n_persons,)
        Number right.
    items_answered : ndarray of int, shape (n_persons,)
    """

    n: Floats
    proportion_correct: Floats
    proportion_lower: Floats
    proportion_upper: Floats
    item_total_r: Floats
    item_rest_r: Floats
    item_rest_lower: Floats
    item_rest_upper: Floats
    n_rest: Floats
    alpha: float
    alpha_lower: float
    alpha_upper: float
    alpha_if_dropped: Floats
    sem_classical: float
    total_score: NDArray[np.int64]
    items_answered: NDArray[np.int64]


def classical(matrix: ResponseMatrix) -> ClassicalStatistics:
    """Classical statistics of each item, and the reliability of the number right.

    Parameters
    ----------
    matrix : ResponseMatrix
        Weights count persons.

    Notes
    -----
    Without missing answers these are the textbook statistics (the total score is then the share right times the
    number of items, which changes no correlation). With missing answers, each statistic uses the answers there are:
    an item's share right, the persons who answered it; correlations, each person's share right of the items answered;
    alpha, the covariances of the pairs of items over the persons who answered both.

    Examples
    --------
    >>> from irt.responses import ResponseMatrix
    >>> exam = ResponseMatrix.from_array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]])
    >>> statistics = classical(exam)
    >>> statistics.proportion_correct.tolist(), round(statistics.alpha, 3)
    ([0.75, 0.5, 0.25], 0.75)
    """
    answered = (matrix.scores >= 0).astype(np.float64)
    right = (matrix.scores == 1).astype(np.float64)
    weights = np.ones(matrix.n_persons) if matrix.weights is None else matrix.weights
    n = weights @ answered
    proportion = _ratio(weights @ right, n)
    lower, upper = wilson(proportion, n)
    n_answered, n_right = answered.sum(axis=1, keepdims=True), right.sum(axis=1, keepdims=True)
    share = _ratio(n_right, n_answered)
    total_r, _ = _correlation(right, np.broadcast_to(share, right.shape), answered * weights[:, None])
    rest = _ratio(n_right - right, n_answered - answered)
    rest_r, n_rest = _correlation(right, rest, answered * weights[:, None])
    rest_lower, rest_upper = fisher_z(rest_r, n_rest)
    covariance, pairs = pairwise_covariance(right, answered, weights)
    n_pair = _mean_count(pairs)
    if n_pair <= 2:  # covariances of so few persons are chance alone: sparse answers would show any reliability
        covariance = np.full_like(covariance, np.nan)
    alpha = cronbach_alpha(covariance)
    alpha_lower, alpha_upper = feldt(alpha, n_pair, matrix.n_items)
    return ClassicalStatistics(
        n=frozen(n),
        proportion_correct=frozen(proportion),
        proportion_lower=frozen(lower),
        proportion_upper=frozen(upper),
        item_total_r=frozen(total_r),
        item_rest_r=frozen(rest_r),
        item_rest_lower=frozen(rest_lower),
        item_rest_upper=frozen(rest_upper),
        n_rest=frozen(n_rest),
        alpha=alpha,
        alpha_lower=alpha_lower,
        alpha_upper=alpha_upper,
        alpha_if_dropped=frozen(_alpha_if_dropped(covariance)),
        sem_classical=_classical_sem(covariance, alpha),
        total_score=_counts(n_right),
        items_answered=_counts(n_answered),
    )


def pairwise_covariance(right: Floats, answered: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Covariance of each pair of items over the persons who answered both, and how many they are.

    Parameters
    ----------
    right, answered : ndarray of 0 and 1, shape (n_persons, n_items)
        ``right`` is 0 where there is no answer.
    weights : ndarray, shape (n_persons,)

    Returns
    -------
    covariance, n : ndarray, shape (n_items, n_items)
        Covariance is nan for pairs that fewer than two persons answered.
    """
    weighted = right * weights[:, None]
    n = answered.T @ (answered * weights[:, None])
    both_right = right.T @ weighted
    sums = weighted.T @ answered
    return _ratio(both_right - _ratio(sums * sums.T, n), np.maximum(n - 1, 0)), n


def cronbach_alpha(covariance: Floats) -> float:
    r"""Cronbach's alpha from a covariance matrix, :math:`k \bar c / (\bar v + (k - 1) \bar c)`.

    With k items, mean variance v and mean covariance c over the pairs that were observed; without missing answers
    this is KR-20. nan for fewer than two items, or where the number right does not vary.

    References
    ----------
    Cronbach, L. J. (1951). *Psychometrika*, 16, 297-334. doi:10.1007/BF02310555
    """
    return float(_alpha(len(covariance), *_mean_variance_and_covariance(covariance)))


def feldt(alpha: float, n_persons: float, n_items: int, level: float = 0.95) -> tuple[float, float]:
    """Limits of alpha: (1 - true alpha) / (1 - alpha) has an F distribution with n - 1 and (n - 1)(k - 1) df.

    References
    ----------
    Feldt, L. S., Woodruff, D. J., & Salih, F. A. (1987). *Applied Psychological Measurement*, 11, 93-103.
    doi:10.1177/014662168701100107

    Examples
    --------
    >>> [round(limit, 3) for limit in feldt(0.790, 41, 26)]
    [0.685, 0.873]
    """
    if not n_persons > 2 or n_items < 2:
        return float("nan"), float("nan")
    df1, df2 = n_persons - 1, (n_persons - 1) * (n_items - 1)
    tail = (1 - level) / 2
    return (
        float(1 - (1 - alpha) * fdtri(df1, df2, 1 - tail)),
        float(1 - (1 - alpha) * fdtri(df1, df2, tail)),
    )


def _alpha(k: int, variance: ArrayLike, between: ArrayLike) -> Floats:
    """Alpha from mean variances and covariances of k items; nan where rounding is all that is left of the spread."""
    v, c = np.asarray(variance), np.asarray(between)
    spread = v + (k - 1) * c
    varies = spread > 1e-9 * (v + (k - 1) * np.abs(c))
    return _ratio(k * c, np.where(varies, spread, 0.0))


def _alpha_if_dropped(covariance: Floats) -> Floats:
    """Alpha of the other items, for each item: the sums over all less its own row and column."""
    known = ~np.isnan(covariance)
    values = np.where(known, covariance, 0.0)
    own, n_own = np.diag(values), np.diag(known)
    shared, n_shared = values.sum(axis=1) - own, known.sum(axis=1) - n_own
    variance = _ratio(own.sum() - own, n_own.sum() - n_own)
    between = _ratio(shared.sum() - 2 * shared, n_shared.sum() - 2 * n_shared)
    return _alpha(len(covariance) - 1, variance, between)


def _classical_sem(covariance: Floats, alpha: float) -> float:
    """Standard deviation of the number right times the root of (1 - alpha)."""
    k = len(covariance)
    variance, between = _mean_variance_and_covariance(covariance)
    return float(np.sqrt(max(k * (variance + (k - 1) * between) * (1 - alpha), 0.0))) if k > 1 else float("nan")


def _mean_variance_and_covariance(covariance: Floats) -> tuple[float, float]:
    """Means of the diagonal and of the rest, over what was observed; nan where nothing was."""
    diagonal = np.eye(len(covariance), dtype=bool)
    parts = (covariance[mask & ~np.isnan(covariance)] for mask in (diagonal, ~diagonal))
    variance, between = (float(part.mean()) if part.size else float("nan") for part in parts)
    return variance, between


def _mean_count(pairs: Floats) -> float:
    """Mean number of persons behind a pair of items."""
    between = pairs[~np.eye(len(pairs), dtype=bool)]
    return float(between.mean()) if between.size else 0.0


def _correlation(x: Floats, y: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Correlation of the columns of x and y over cells with weight where y is known, and the weight there."""
    weights = np.where(np.isnan(y), 0.0, weights)
    y = np.where(np.isnan(y), 0.0, y)
    n = weights.sum(axis=0)
    dx = x - _ratio((weights * x).sum(axis=0), n)
    dy = y - _ratio((weights * y).sum(axis=0), n)
    xx, yy, xy = ((weights * product).sum(axis=0) for product in (dx * dx, dy * dy, dx * dy))
    flat = (xx <= 1e-12 * n) | (yy <= 1e-12 * n)  # rounding leaves dust where nothing varies
    return np.clip(_ratio(xy, np.where(flat, 0.0, np.sqrt(xx * yy))), -1, 1), n


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Numerator / denominator; nan where the denominator is 0."""
    shape = np.broadcast_shapes(np.shape(numerator), np.shape(denominator))
    out: Floats = np.full(shape, np.nan)
    np.divide(numerator, denominator, out=out, where=np.asarray(denominator) != 0)
    return out


def _counts(column: Floats) -> NDArray[np.int64]:
    """A column of whole numbers as a read-only vector."""
    return closed(column[:, 0].astype(np.int64))
