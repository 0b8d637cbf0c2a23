"""Mantel and Haenszel: do equally able persons of two groups do equally well on an item?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtri

from irt.comparing.strata import Strata, matched
from irt.diagnostics.adjustment import benjamini_hochberg
from irt.items import Floats, closed
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
    return compare_tables(matched(matrix, focal, keep, anchors))


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
    return mantel_haenszel(matrix, focal, keep, fair_items(matrix, focal, keep, large))


def fair_items(
    matrix: ResponseMatrix,
    focal: NDArray[np.bool_],
    keep: NDArray[np.bool_],
    large: Callable[[MantelHaenszel], NDArray[np.bool_]],
) -> NDArray[np.bool_]:
    """Which items persons are matched on after purification, as in :func:`purified`, shape (n_items,)."""
    anchors = np.ones(matrix.n_items, dtype=bool)
    for _ in range(MOST_TURNS):
        fair = ~large(mantel_haenszel(matrix, focal, keep, anchors))
        if (fair == anchors).all() or not fair.any():
            break
        anchors = fair
    return anchors


def compare_tables(strata: Strata) -> MantelHaenszel:
    """Mantel-Haenszel statistics from the answers at each matching level."""
    a, b, c, d = strata.reference_right, strata.reference_wrong, strata.focal_right, strata.focal_wrong
    reference, focal, right, wrong = strata.reference, strata.focal, strata.right, strata.wrong
    n = reference + focal
    usable = strata.comparable
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
        n_reference=closed(_total(reference, usable)),
        n_focal=closed(_total(focal, usable)),
        chi2=closed(chi2),
        p_value=closed(p_value),
        alpha=closed(alpha),
        delta=closed(delta),
        delta_se=closed(np.where(np.isfinite(delta), delta_se, np.nan)),
        p_adjusted=closed(benjamini_hochberg(p_value)),
    )


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
