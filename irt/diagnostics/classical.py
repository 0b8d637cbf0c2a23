"""Classical item statistics and reliability, from whatever answers there are. A missing answer is not a wrong one."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import fdtri

from irt.diagnostics.intervals import fisher_z, wilson
from irt.items import Floats, closed, frozen
from irt.responses import ResponseMatrix
from irt.threads import one_thread, row_blocks, side_by_side

#: Cells that are looked at together.
BLOCK_CELLS = 524_288


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
    sums = _gather(matrix)
    n, n_rest = sums.total.weight, sums.rest.weight
    proportion = _ratio(sums.total.right, n)
    lower, upper = wilson(proportion, n)
    rest_r = sums.rest.correlation()
    rest_lower, rest_upper = fisher_z(rest_r, n_rest)
    covariance, pairs = sums.pairs.covariance()
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
        item_total_r=frozen(sums.total.correlation()),
        item_rest_r=frozen(rest_r),
        item_rest_lower=frozen(rest_lower),
        item_rest_upper=frozen(rest_upper),
        n_rest=frozen(n_rest),
        alpha=alpha,
        alpha_lower=alpha_lower,
        alpha_upper=alpha_upper,
        alpha_if_dropped=frozen(_alpha_if_dropped(covariance)),
        sem_classical=_classical_sem(covariance, alpha),
        total_score=closed(sums.n_right),
        items_answered=closed(sums.n_answered),
    )


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Sums over persons for each pair of items (row, column), shape (n_items, n_items).

    ``both``: weight of those who answered both; ``both_right``: were right on both; ``right``: were right on the item
    of the row and answered that of the column.
    """

    both: Floats
    both_right: Floats
    right: Floats

    def __add__(self, other: _Pairs) -> _Pairs:
        return _Pairs(self.both + other.both, self.both_right + other.both_right, self.right + other.right)

    def covariance(self) -> tuple[Floats, Floats]:
        """Covariance of each pair over the persons who answered both (nan for fewer than two), and how many they are.

        Each of shape (n_items, n_items).
        """
        expected = _ratio(self.right * self.right.T, self.both)
        return _ratio(self.both_right - expected, np.maximum(self.both - 1, 0)), self.both


@dataclass(frozen=True, slots=True)
class _Moments:
    """Sums over the answers to each item, shape (n_items,): of weights and, weighted, of the item's score x and a y.

    x is 1 or 0, so that its square is x. Sums of squares of y are taken from a place near its mean.
    """

    weight: Floats
    right: Floats
    y: Floats
    y_squared: Floats
    right_y: Floats

    def __add__(self, other: _Moments) -> _Moments:
        return _Moments(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    def correlation(self) -> Floats:
        """Correlation of x and y; nan where either does not vary."""
        n = self.weight
        xx = self.right - _ratio(self.right**2, n)
        yy = self.y_squared - _ratio(self.y**2, n)
        xy = self.right_y - _ratio(self.right * self.y, n)
        flat = ~((xx > 1e-12 * n) & (yy > 1e-12 * n))  # rounding leaves dust where nothing varies
        return np.clip(_ratio(xy, np.where(flat, 0.0, np.sqrt(np.where(flat, 0.0, xx * yy)))), -1, 1)


@dataclass(frozen=True, slots=True)
class _Sums:
    """All that the statistics are made from: ``total`` with y the share right, ``rest`` without the item itself."""

    pairs: _Pairs
    total: _Moments
    rest: _Moments
    n_right: NDArray[np.int64]
    n_answered: NDArray[np.int64]


@one_thread
def _gather(matrix: ResponseMatrix) -> _Sums:
    """One pass over the answers, a block of persons at a time."""
    n_right, n_answered = np.zeros((2, matrix.n_persons), dtype=np.int64)
    blocks = row_blocks(matrix.n_persons, BLOCK_CELLS // max(matrix.n_items, 1)) or [slice(0, 0)]
    place = _usual_share(matrix.scores[blocks[0]])

    def gather(rows: slice) -> tuple[_Pairs, _Moments, _Moments]:
        scores = matrix.scores[rows]
        right, answered = scores == 1, scores >= 0
        n_right[rows], n_answered[rows] = right.sum(axis=1), answered.sum(axis=1)
        weights = None if matrix.weights is None else matrix.weights[rows]
        both = _pairs(right, answered, weights)
        return (both, *_moments(right, answered, (n_right[rows], n_answered[rows]), weights, place))

    pairs, total, rest = (functools.reduce(operator.add, of) for of in zip(*side_by_side(gather, blocks), strict=True))
    return _Sums(pairs, total, rest, n_right, n_answered)


def _usual_share(scores: NDArray[np.int8]) -> float:
    """A number near the share right, exact in few digits."""
    n = int((scores >= 0).sum())
    return round(64 * int((scores == 1).sum()) / n) / 64 if n else 0.5


def _pairs(right: NDArray[np.bool_], answered: NDArray[np.bool_], weights: Floats | None) -> _Pairs:
    """The sums over pairs of some persons; counts of less than 2**24 persons are exact in single precision."""
    if weights is None:
        x, seen = right.astype(np.float32), answered.astype(np.float32)
        return _Pairs(*(product.astype(np.float64) for product in (seen.T @ seen, x.T @ x, x.T @ seen)))
    weighted = right * weights[:, None]
    return _Pairs(answered.T @ (answered * weights[:, None]), right.T @ weighted, weighted.T @ answered)


def _moments(
    right: NDArray[np.bool_],
    answered: NDArray[np.bool_],
    counts: tuple[NDArray[np.int64], NDArray[np.int64]],
    weights: Floats | None,
    place: float,
) -> tuple[_Moments, _Moments]:
    r"""Sums with the share right of all items, and of the other ones, from which ``place`` is taken.

    The latter is :math:`y = u - x v` with :math:`u = R / (A - 1), v = 1 / (A - 1)` of a person who was right on R of
    A items: with :math:`x^2 = x` all sums are products of the answers with columns of persons.
    """
    n_right, n_answered = counts
    w = np.ones(len(right)) if weights is None else weights
    share = n_right / np.maximum(n_answered, 1) - place
    others = w * (n_answered > 1)
    v = 1 / np.maximum(n_answered - 1, 1)
    u = n_right * v - place
    all_of = np.stack([w, w * share, w * share**2, others, others * u, others * u**2], axis=1)
    right_of = np.stack([w, w * share, others, others * u, others * v, others * u * v, others * v**2], axis=1)
    n, y, yy, n_rest, u_all, uu_all = (answered.T.astype(np.float64) @ all_of).T
    x, xy, x_rest, xu, xv, xuv, xvv = (right.T.astype(np.float64) @ right_of).T
    total = _Moments(n, x, y, yy, xy)
    return total, _Moments(n_rest, x_rest, u_all - xv, uu_all - 2 * xuv + xvv, xu - xv)


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


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Numerator / denominator; nan where the denominator is 0."""
    shape = np.broadcast_shapes(np.shape(numerator), np.shape(denominator))
    out: Floats = np.full(shape, np.nan)
    np.divide(numerator, denominator, out=out, where=np.asarray(denominator) != 0)
    return out
