"""Number of right answers: what to expect on a repeat, and which ability it stands for."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from irt.functions import expected_score, irf
from irt.items import Floats, ItemParameters, frozen
from irt.quadrature import normal_cell_weights, normal_grid

#: Persons whose score distributions are held at a time.
BLOCK = 4096
#: Grid over ability for score distributions: points 0.1 logits apart, to 8 logits or past the farthest ability.
SPACING, REACH = 0.1, 8.0


def score_distribution(theta: ArrayLike, items: ItemParameters) -> Floats:
    """P(number right = 0, 1, ..., n_items) at each ability, shape (n, n_items + 1), by Lord and Wingersky's recursion.

    References
    ----------
    Lord & Wingersky (1984), Comparison of IRT true-score and equipercentile observed-score "equatings".
    doi:10.1177/014662168400800409
    """
    p = irf(theta, items)
    scores = np.zeros((len(p), len(items) + 1))
    scores[:, 0] = 1.0
    for j in range(len(items)):
        right = p[:, j, None]
        scores[:, 1 : j + 2] = scores[:, 1 : j + 2] * (1 - right) + scores[:, : j + 1] * right
        scores[:, 0] *= 1 - p[:, j]
    return scores


def score_range(
    theta: ArrayLike, se: ArrayLike, items: ItemParameters, level: float = 0.95
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number right that a person can be expected to reach on a repeat: a predictive interval.

    The distribution of the number right at each ability, averaged over Normal(theta, se): it carries both the chance
    in the answers and the uncertainty of the ability.

    Parameters
    ----------
    theta, se : array_like, shape (n,)
        Abilities and their standard errors in logits.
    items : ItemParameters
        The items of the repeat.
    level : float
        Least probability of the range; whole numbers make it a little more.

    Returns
    -------
    lower, upper : ndarray of int, shape (n,)
        Where the ability cannot be had (nan), 0 and the number of items: nothing is ruled out.
    """
    mean = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    sd = np.broadcast_to(np.asarray(se, dtype=np.float64), mean.shape)
    known = np.flatnonzero(np.isfinite(mean) & np.isfinite(sd))
    half = int(np.ceil(max(REACH, np.abs(mean[known]).max(initial=0.0) + 1) / SPACING))
    grid = normal_grid(2 * half + 1, half * SPACING)
    cumulative = np.cumsum(score_distribution(grid.points, items), axis=1)
    lower = np.zeros(len(mean), dtype=np.int64)
    upper = np.full(len(mean), len(items), dtype=np.int64)
    tail = (1 - level) / 2
    for start in range(0, len(known), BLOCK):
        rows = known[start : start + BLOCK]
        below = normal_cell_weights(grid, mean[rows], sd[rows]) @ cumulative
        lower[rows] = (below < tail).sum(axis=1)
        upper[rows] = np.minimum((below < 1 - tail).sum(axis=1), len(items))
    return lower, upper


def theta_at_score(score: ArrayLike, items: ItemParameters, reach: float = 12.0) -> Floats:
    """Ability at which the expected number right is this score, shape (n,).

    nan for scores that are not reached between -reach and reach (0 and full marks never are).
    """
    wanted = np.atleast_1d(np.asarray(score, dtype=np.float64))
    low, high = np.full(wanted.shape, -reach), np.full(wanted.shape, reach)
    ends = expected_score(np.array([-reach, reach]), items)
    possible = (wanted > ends.min()) & (wanted < ends.max())
    rising = ends[1] > ends[0]
    for _ in range(60):
        middle = (low + high) / 2
        up = (expected_score(middle, items) < wanted) == rising
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    return frozen(np.where(possible, (low + high) / 2, np.nan))
