"""The chance of a right answer given the number right, whatever items a person answered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.functions import irf
from irt.items import Floats, ItemParameters
from irt.quadrature import NormalGrid

#: Scores of less probability are out of reach: sums over frequencies are exact to about 1e-17.
LEAST_PROBABILITY = 1e-14
#: Numbers that are held at a time in each of four tables (8 MB).
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

    with :math:`f_s(\theta; A)` the probability of s right answers to the items of A. nan where the score cannot be, or
    so hardly that its probability drowns in rounding (below 1e-14: nearly all of a long exam's items wrong in spite of
    guessing).

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
    curves = irf(mean + sd * grid.points, items).T
    terms = _Terms.of(curves, grid)
    out = np.empty(groups.answered.shape)
    size = max(1, BLOCK_NUMBERS // terms.log_size.shape[1])
    for start in range(0, len(out), size):
        rows = slice(start, start + size)
        answered = groups.answered[rows]
        real, imaginary = terms.joint(answered, groups.score[rows])
        at_points = real.reshape(len(answered), len(grid.points), -1).sum(axis=2)
        found = real @ terms.right_real - imaginary @ terms.right_imaginary
        if not answered.all():
            found = np.where(answered, found, at_points @ curves.T)
        total = at_points.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            out[rows] = found / np.where(total > LEAST_PROBABILITY, total, np.nan)
    return np.clip(out, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What the products are made of, one column for each point and frequency.

    Parameters
    ----------
    log_size, angle : ndarray, shape (n_items, n_points * n_frequencies)
        Logarithm of the modulus, and argument, of each item's factor.
    right_real, right_imaginary : ndarray, shape (n_points * n_frequencies, n_items)
        A right answer's part of the factor, divided by the factor.
    log_weight, turn : ndarray, shape (n_points * n_frequencies,)
        Logarithm of the weight of the term, and by what angle a right answer turns it back.
    """

    log_size: Floats
    angle: Floats
    right_real: Floats
    right_imaginary: Floats
    log_weight: Floats
    turn: Floats

    @classmethod
    def of(cls, curves: Floats, grid: NormalGrid) -> _Terms:
        """The terms of curves of shape (n_items, n_points) at the points of a grid."""
        n_items, n_points = curves.shape
        length = n_items + 1 + n_items % 2  # odd, and longer than the largest score
        turn = 2 * np.pi * np.arange(length // 2 + 1) / length
        p, cosine, sine = curves[:, :, None], np.cos(turn), np.sin(turn)
        real, imaginary = (1 - p) + p * cosine, p * sine
        square = real**2 + imaginary**2
        # A sum over all frequencies is the real part of one over half of them, each but the first counted twice.
        weight = np.log(np.where(turn > 0, 2.0, 1.0) / length)
        return cls(
            log_size=(0.5 * np.log(square)).reshape(n_items, -1),
            angle=np.arctan2(imaginary, real).reshape(n_items, -1),
            right_real=(p * (cosine * real + sine * imaginary) / square).reshape(n_items, -1).T,
            right_imaginary=(p * (sine * real - cosine * imaginary) / square).reshape(n_items, -1).T,
            log_weight=(grid.log_weights[:, None] + weight).ravel(),
            turn=np.tile(turn, n_points),
        )

    def joint(self, answered: NDArray[np.bool_], score: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Real and imaginary parts of the terms that sum to the score's probability, one row for each group."""
        if answered.all():
            size, angle = (np.tile(table.sum(axis=0), (len(score), 1)) for table in (self.log_size, self.angle))
        else:
            chosen = answered.astype(np.float64)
            size, angle = chosen @ self.log_size, chosen @ self.angle
        size += self.log_weight
        angle -= np.multiply.outer(score.astype(np.float64), self.turn)
        np.exp(size, out=size)
        return size * np.cos(angle), size * np.sin(angle)
