"""Differential item functioning: do equally able persons of two groups do equally well on an item?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtri

from irt.diagnostics.adjustment import benjamini_hochberg
from irt.items import Floats
from irt.responses import ResponseMatrix

#: Turns after which purification ends in any case.
MOST_TURNS = 10
#: Log-odds to the delta metric of the Educational Testing Service.
DELTA = -2.35


@dataclass(frozen=True, slots=True)
class MantelHaenszel:
    """Mantel-Haenszel statistics of each item, arrays of shape (n_items,); nan where an item cannot be compared.

    Parameters
    ----------
    n_reference, n_focal : ndarray
        Persons with an answer to the item, and with equals in the other group.
    chi2, p_value : ndarray
        One degree of freedom, continuity correction 0.5.
    alpha : ndarray
        Common odds ratio, reference to focal: above 1 the item favours the reference group.
    delta : ndarray
        -2.35 ln(alpha): negative where the item favours the reference group; infinite where, at every level, all of
        one group or none of the other got it right.
    delta_se : ndarray
        From the variance of Robins, Breslow and Greenland; nan with an infinite delta.
    p_adjusted : ndarray
        Benjamini and Hochberg's, over the items.
    """

    n_reference: Floats
    n_focal: Floats
    chi2: Floats
    p_value: Floats
    alpha: Floats
    delta: Floats
    delta_se: Floats
    p_adjusted: Floats

    @property
    def ets_class(self) -> tuple[str, ...]:
        """A, B or C by the size of delta alone (limits 1 and 1.5), as difR has it; "" where there is none."""
        size = np.abs(self.delta)
        return tuple("" if np.isnan(d) else "ABC"[int(d >= 1) + int(d >= 1.5)] for d in size)

    def surely_large(self, limit: float = 1.5, above: float = 1.0, level: float = 0.95) -> NDArray[np.bool_]:
        """ETS's full rule for class C: delta at least 1.5 and significantly above 1 (one-sided), either direction.

        An infinite delta has no standard error; it counts as large, and the test of its being 0 has to do.
        """
        size = np.abs(self.delta)
        return np.isinf(size) | ((size >= limit) & (size - above > float(ndtri(level)) * self.delta_se))


def mantel_haenszel(
    matrix: ResponseMatrix,
    focal: NDArray[np.bool_],
    keep: NDArray[np.bool_],
    anchors: NDArray[np.bool_] | None = None,
) -> MantelHaenszel:
    """Mantel-Haenszel comparison of a focal with a reference group, item by item.

    Persons are matched on the number right, the studied item included. With missing answers they are matched on the
    share right of the items answered, in as many steps as there are items.

    Parameters
    ----------
    matrix : ResponseMatrix
    focal : ndarray of bool, shape (n_persons,)
        The focal group; the others are the reference group.
    keep : ndarray of bool, shape (n_persons,)
        Who is in either group.
    anchors : ndarray of bool, shape (n_items,), optional
        Items that persons are matched on, besides the studied one; default: all.

    Notes
    -----
    Agrees with difR 5.1 (``difMH(correct = TRUE)``) on complete answers; like there, a gap below 0.5 is squared too.
    :func:`purified` agrees with ``difMH(purify = TRUE)`` when items with p < .05 leave the matching score.

    References
    ----------
    Mantel, N., & Haenszel, W. (1959). *JNCI*, 22, 719-748. doi:10.1093/jnci/22.4.719

    Holland, P. W., & Thayer, D. T. (1988), in Wainer & Braun (Eds.), *Test Validity*, 129-145.

    Robins, J., Breslow, N., & Greenland, S. (1986). *Biometrics*, 42, 311-323. doi:10.2307/2531052
    """
    scores, group = matrix.scores[keep], focal[keep]
    tables = np.zeros((4, matrix.n_items + 1, matrix.n_items))
    for columns, level in _matching_levels(scores, np.ones(matrix.n_items, dtype=bool) if anchors is None else anchors):
        for i, (who, value) in enumerate(((~group, 1), (~group, 0), (group, 1), (group, 0))):
            cells = scores[np.ix_(who, columns)] == value
            tables[i][:, columns] = _counts(cells, level[who], matrix.n_items + 1)
    return compare_tables(*tables)


def purified(
    matrix: ResponseMatrix,
    focal: NDArray[np.bool_],
    keep: NDArray[np.bool_],
    large: Callable[[MantelHaenszel], NDArray[np.bool_]],
) -> MantelHaenszel:
    """Mantel-Haenszel statistics with persons matched on the items that show no large difference, found in turns.

    Several unfair items would otherwise make fair ones look unfair the other way round.

    Parameters
    ----------
    matrix, focal, keep
        As for :func:`mantel_haenszel`.
    large : callable
        Which items show a large difference: they leave the matching score. Ends when they stay the same, at most
        after ten turns.

    References
    ----------
    Candell, G. L., & Drasgow, F. (1988). *Applied Psychological Measurement*, 12, 253-260.
    doi:10.1177/014662168801200304
    """
    anchors = np.ones(matrix.n_items, dtype=bool)
    result = mantel_haenszel(matrix, focal, keep)
    for _ in range(MOST_TURNS):
        fair = ~large(result)
        if (fair == anchors).all() or not fair.any():
            break
        anchors = fair
        result = mantel_haenszel(matrix, focal, keep, anchors)
    return result


def compare_tables(a: Floats, b: Floats, c: Floats, d: Floats) -> MantelHaenszel:
    """Mantel-Haenszel statistics from counts in each stratum, each of shape (n_strata, n_items).

    Parameters
    ----------
    a, b : ndarray
        Right and wrong answers of the reference group.
    c, d : ndarray
        Right and wrong answers of the focal group.
    """
    reference, focal, right, wrong = a + b, c + d, a + c, b + d
    n = reference + focal
    usable = (reference > 0) & (focal > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = _over(reference * right, n, usable)
        variance = _over(reference * focal * right * wrong, n**2 * (n - 1), usable & (n > 1))
        gap = np.abs(_total(a, usable) - expected.sum(axis=0))
        chi2 = (gap - 0.5) ** 2 / _positive(variance.sum(axis=0))
        r, s = _over(a * d, n, usable), _over(b * c, n, usable)
        alpha = r.sum(axis=0) / s.sum(axis=0)
        delta = DELTA * np.log(alpha)
        delta_se = -DELTA * np.sqrt(_log_odds_variance(r, s, _over(a + d, n, usable), _over(b + c, n, usable)))
    p_value = np.where(np.isfinite(chi2), chdtrc(1, chi2), np.nan)
    return MantelHaenszel(
        n_reference=_total(reference, usable),
        n_focal=_total(focal, usable),
        chi2=chi2,
        p_value=p_value,
        alpha=alpha,
        delta=delta,
        delta_se=np.where(np.isfinite(delta), delta_se, np.nan),
        p_adjusted=benjamini_hochberg(p_value),
    )


def _matching_levels(
    scores: NDArray[np.int8], anchors: NDArray[np.bool_]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.int64]]]:
    """Items that share a matching score, and the level of each person: the anchors, then each other item with them."""
    answered, right = scores >= 0, scores == 1
    n_answered, n_right = answered[:, anchors].sum(axis=1), right[:, anchors].sum(axis=1)
    n_anchors = int(anchors.sum())
    if n_anchors:
        yield np.flatnonzero(anchors), _level(n_right, n_answered, n_anchors)
    for j in np.flatnonzero(~anchors):
        yield np.array([j]), _level(n_right + right[:, j], n_answered + answered[:, j], n_anchors + 1)


def _level(n_right: NDArray[np.int64], n_answered: NDArray[np.int64], n_items: int) -> NDArray[np.int64]:
    """Number right; with missing answers, the share right in as many steps as there are items."""
    level: NDArray[np.int64] = np.rint(n_right / np.maximum(n_answered, 1) * n_items).astype(np.int64)
    return level


def _counts(cells: NDArray[np.bool_], level: NDArray[np.int64], n_levels: int) -> Floats:
    """True cells in each matching level, shape (n_levels, n_columns)."""
    order = np.argsort(level, kind="stable")
    starts = np.searchsorted(level[order], np.arange(n_levels + 1))
    sums = np.vstack([np.zeros((1, cells.shape[1])), np.cumsum(cells[order], axis=0)])
    counts: Floats = np.diff(sums[starts], axis=0)
    return counts


def _log_odds_variance(r: Floats, s: Floats, p: Floats, q: Floats) -> Floats:
    """Robins, Breslow and Greenland's variance of the log of the common odds ratio."""
    total_r, total_s = r.sum(axis=0), s.sum(axis=0)
    variance: Floats = (
        (p * r).sum(axis=0) / (2 * total_r**2)
        + (p * s + q * r).sum(axis=0) / (2 * total_r * total_s)
        + (q * s).sum(axis=0) / (2 * total_s**2)
    )
    return variance


def _over(numerator: Floats, denominator: Floats, where: NDArray[np.bool_]) -> Floats:
    """Numerator / denominator where usable, else 0."""
    out: Floats = np.zeros(numerator.shape)
    np.divide(numerator, denominator, out=out, where=where)
    return out


def _total(counts: Floats, usable: NDArray[np.bool_]) -> Floats:
    """Sum over the usable levels."""
    total: Floats = np.where(usable, counts, 0.0).sum(axis=0)
    return total


def _positive(values: Floats) -> Floats:
    """Values above 0; nan for the others."""
    return np.where(values > 0, values, np.nan)
