"""The chance of a right answer given the number right, whatever items a person answered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.functions import irf
from irt.items import Floats, ItemParameters
from irt.quadrature import NormalGrid

Complexes = NDArray[np.complex128]
#: Complex numbers that are held at a time (16 MB).
BLOCK_NUMBERS = 1_000_000


@dataclass(frozen=True, slots=True)
class ScoreGroups:
    """Persons who answered the same items and have the same number right: all that their score says of them.

    Parameters
    ----------
    answered : ndarray of bool, shape (n_groups, n_items)
    score : ndarray of int, shape (n_groups,)
        Number right among them.
    of_person : ndarray of int, shape (n_persons,)
        Group of each person.
    """

    answered: NDArray[np.bool_]
    score: NDArray[np.int64]
    of_person: NDArray[np.intp]


def score_groups(scores: NDArray[np.int8]) -> ScoreGroups:
    """Groups of the persons in a table of scores (1, 0, -1 missing)."""
    answered = scores >= 0
    right = (scores == 1).sum(axis=1, dtype=np.int64)
    packed = np.packbits(answered, axis=1)
    key = np.concatenate([packed, right.astype(">u4").view(np.uint8).reshape(len(scores), 4)], axis=1)
    rows = np.ascontiguousarray(key).view(np.dtype((np.void, key.shape[1]))).ravel()
    _, first, group = np.unique(rows, return_index=True, return_inverse=True)
    return ScoreGroups(answered[first], right[first], group.reshape(-1))


def right_given_score(
    groups: ScoreGroups, items: ItemParameters, grid: NormalGrid, population: tuple[float, float] = (0.0, 1.0)
) -> Floats:
    r"""P(right answer to item j | number right s of the answered set A), shape (n_groups, n_items).

    .. math:: P(x_j = 1 \mid s, A) = \frac{\int P_j(\theta)\, f_{s-1}(\theta; A \setminus j)\, \phi(\theta)\, d\theta}
        {\int f_s(\theta; A)\, \phi(\theta)\, d\theta} \quad (j \in A), \qquad
        \frac{\int P_j(\theta)\, f_s(\theta; A)\, \phi(\theta)\, d\theta}{\int f_s(\theta; A)\, \phi(\theta)\, d\theta}
        \quad (j \notin A)

    with :math:`f_s(\theta; A)` the probability of s right answers to the items of A. nan where the score cannot be.

    Notes
    -----
    Lord and Wingersky's recursion gives f for one set at a time. Here its Fourier transform is used, which is a product
    over items: with :math:`z = e^{2 \pi i l / m}`,

    .. math:: f_s(\theta; A) = \frac{1}{m} \sum_l z^{-s} \prod_{j \in A} (1 - P_j(\theta) + P_j(\theta) z)

    so that leaving out an item is a division, and all groups and items are two matrix products: sets may differ from
    person to person. m is odd, so that no factor is 0. Agrees with the recursion to 1e-12 where scores are not so rare
    that none of a million persons has them.

    References
    ----------
    Lord & Wingersky (1984), Comparison of IRT true-score and equipercentile observed-score "equatings".
    doi:10.1177/014662168400800409;
    Hong (2013), On computing the distribution function for the Poisson binomial distribution.
    doi:10.1016/j.csda.2012.10.006
    """
    mean, sd = population
    n_items = len(items)
    curves = irf(mean + sd * grid.points, items).T  # (n_items, n_points)
    length = n_items + 1 + n_items % 2  # odd, and longer than the largest score
    step = np.exp(2j * np.pi * np.arange(length // 2 + 1) / length)
    factor = (1 - curves)[:, :, None] + curves[:, :, None] * step
    # A sum over all l is the real part of one over half of them, each but the first counted twice.
    twice = np.where(np.arange(len(step)) == 0, 1.0, 2.0) / length
    prior = np.exp(grid.log_weights)[:, None] * twice
    among = (curves[:, :, None] * step / factor).reshape(n_items, -1).T
    beside = curves.T[:, None, :].repeat(len(step), axis=1).reshape(-1, n_items)
    logs = np.log(factor).reshape(n_items, -1)
    out = np.empty(groups.answered.shape)
    size = max(1, BLOCK_NUMBERS // logs.shape[1])
    for start in range(0, len(out), size):
        rows = slice(start, start + size)
        answered = groups.answered[rows]
        table = _joint(answered, groups.score[rows], logs, prior, step)
        total = table.real.sum(axis=1, keepdims=True)
        found = (table @ among).real
        if not answered.all():
            found = np.where(answered, found, table.real @ beside)
        with np.errstate(divide="ignore", invalid="ignore"):
            out[rows] = found / np.where(total > 0, total, np.nan)
    return np.clip(out, 0.0, 1.0)


def _joint(
    answered: NDArray[np.bool_], score: NDArray[np.int64], logs: Complexes, prior: Floats, step: Complexes
) -> Complexes:
    """Terms of the score's probability, (n_groups, n_points * n_frequencies); their real parts sum to it."""
    complete = answered.all()
    table = np.exp(logs.sum(axis=0)[None]) if complete else np.exp(_product(answered, logs))
    shape = (len(answered), *prior.shape)
    shift = prior * step ** -score[:, None, None].astype(np.float64)
    return (np.broadcast_to(table, (len(answered), table.shape[1])).reshape(shape) * shift).reshape(len(answered), -1)


def _product(answered: NDArray[np.bool_], logs: Complexes) -> Complexes:
    """Sum of the logarithms of the answered items' factors."""
    chosen = answered.astype(np.float64)
    out = np.empty((len(answered), logs.shape[1]), dtype=np.complex128)
    out.real = chosen @ np.ascontiguousarray(logs.real)
    out.imag = chosen @ np.ascontiguousarray(logs.imag)
    return out
