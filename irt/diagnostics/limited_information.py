r"""Limited-information tests: observed margins, and their squared distance from the model.

.. math:: e^T \left( \Xi^{-1} - \Xi^{-1} \Delta (\Delta^T \Xi^{-1} \Delta)^{-1} \Delta^T \Xi^{-1} \right) e
    = e^T \Delta_c (\Delta_c^T \Xi \Delta_c)^{-1} \Delta_c^T e

with :math:`\Delta_c` any basis of what is at right angles to :math:`\Delta`. With J items :math:`\Xi` has J (J + 1) / 2
rows: 5,050 for 100 items, 20,100 for 200, and programs that make it run out of memory there. Here the system on the
right is solved by conjugate gradients in the space beside :math:`\Delta`. A product with :math:`\Xi` costs J² times
the points of the quadrature (:func:`irt.diagnostics.margins.covariance_times`). With the answers centred and scaled
nearly all eigenvalues of the system are close to 1 (ability moves the margins most where the parameters do too), so
that some 10 to 40 products do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.diagnostics.margins import AnswerSet, Curves, answer_sets, covariance_times, restricted, variances
from irt.diagnostics.tangent import Tangent, inner
from irt.items import Floats

#: Rows that are turned into floats at a time.
BLOCK_CELLS = 1_048_576
#: Share of the sum of squares that is left by rounding where all answers to an item are alike.
NO_SPREAD = 1e-10
#: Products of two items' scaled answers (variance about 1) that vary less than this do not vary: where nobody can fail.
LEAST_VARIANCE = 1e-8
#: Conjugate gradients: distance at which the system is solved (its square is the error of the statistic), most steps.
PRECISION, MOST_STEPS = 1e-9, 1000
#: Seconds that one product with the covariance may take before a sample of the answered sets stands for all of them;
#: what a set costs, and what a term (two items, one point) of it does.
LONGEST_PRODUCT, SECONDS_PER_SET, SECONDS_PER_TERM = 0.1, 1e-4, 1e-9
#: Least sets in such a sample. On 60 simulated exams M2 / df was 1.019 with 200 of 2,000 sets, 1.018 with 1,000.
FEWEST_SETS = 200


class NotSettledError(ArithmeticError):
    """The system behind the statistic could not be solved."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Observed margins; tables of shape (n_items, n_items) with first-order margins on the diagonal.

    Parameters
    ----------
    residual : ndarray
        Mean of :math:`t_i` (diagonal) and of :math:`t_i t_j`, less the model's expectation; 0 where not counted.
    n : ndarray
        Persons (sum of weights) behind each margin.
    correlation : ndarray
        Of the two items' answers, over the persons who answered both; nan where one does not vary.
    pairs : ndarray of bool
        Pairs that count.
    sets : tuple of AnswerSet
        Items that persons answered, or a sample of them.
    in_sets : ndarray
        Persons of these sets behind each margin: ``n``, unless they are a sample.
    n_persons : float
    """

    residual: Floats
    n: Floats
    correlation: Floats
    pairs: NDArray[np.bool_]
    sets: tuple[AnswerSet, ...]
    in_sets: Floats
    n_persons: float

    def factor(self, curves: Curves) -> Floats:
        """What makes each margin's residual have variance 1; 0 where a margin does not count or cannot vary."""
        variance = variances(curves)
        counts = (self.pairs | np.diag(np.diag(self.in_sets) > 0)) & (variance > LEAST_VARIANCE)
        return np.sqrt(np.divide(self.n, variance, out=np.zeros_like(variance), where=counts))


def observed_margins(scores: NDArray[np.int8], weights: Floats, curves: Curves, least: float) -> Observed:
    """Margins of a table of scores; pairs that fewer than ``least`` persons answered do not count.

    Where nearly every person answered a set of their own (answers missing at random), the persons behind two margins
    are counted in a sample of the sets: this enters the covariances of different margins only.
    """
    answered = scores >= 0
    present = (weights > 0) & answered.any(axis=1)
    scores, weights, answered = scores[present], weights[present], answered[present]
    complete = answered.all()
    sets = (AnswerSet(None, float(weights.sum())),) if complete else tuple(answer_sets(answered, weights))
    sums, squares, both, n = _sums(scores, weights, curves)
    fewer = _sample(sets, _most_sets(sets, curves))
    in_sets = n if fewer is sets else _counted(fewer, len(n))
    pairs = (n >= max(least, 1)) & (in_sets > 0) & ~np.eye(len(n), dtype=bool)
    residual = np.divide(both, n, out=np.zeros_like(n), where=n > 0) - curves.correlation
    np.fill_diagonal(residual, np.divide(np.diag(sums), np.diag(n), out=np.zeros(len(n)), where=np.diag(n) > 0))
    residual = np.where(pairs | np.eye(len(n), dtype=bool), residual, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = squares - sums**2 / n
        spread = np.where(spread > NO_SPREAD * squares, spread, np.nan)
        correlation = (both - sums * sums.T / n) / np.sqrt(spread * spread.T)
    return Observed(residual, n, correlation, pairs, fewer, in_sets, float(weights.sum()))


def _sums(scores: NDArray[np.int8], weights: Floats, curves: Curves) -> tuple[Floats, Floats, Floats, Floats]:
    """Over the persons who answered items i and j: sums of t_i, of t_i squared, of t_i t_j, and of 1."""
    n_items = scores.shape[1]
    total = np.zeros((4, n_items, n_items))
    low, high = -curves.share / curves.scale, (1 - curves.share) / curves.scale
    size = max(1, BLOCK_CELLS // n_items)
    for start in range(0, len(scores), size):
        block, weight = scores[start : start + size], weights[start : start + size, None]
        seen = (block >= 0).astype(np.float64)
        t = np.where(block == 1, high, low) * seen
        weighted = t * weight
        total += np.stack([weighted.T @ seen, (weighted * t).T @ seen, weighted.T @ t, (seen * weight).T @ seen])
    return total[0], total[1], total[2], total[3]


def _most_sets(sets: tuple[AnswerSet, ...], curves: Curves) -> int:
    """How many sets a product with the covariance matrix has time for."""
    sizes = np.array([len(curves.share) if one.items is None else len(one.items) for one in sets], dtype=np.float64)
    seconds = SECONDS_PER_SET + float((sizes**2).mean()) * len(curves.weights) * SECONDS_PER_TERM
    return max(FEWEST_SETS, int(LONGEST_PRODUCT / seconds))


def _sample(sets: tuple[AnswerSet, ...], most: int) -> tuple[AnswerSet, ...]:
    """Sets drawn with equal steps through the persons, each for as many of them; all sets if they are not too many."""
    if len(sets) <= most:
        return sets
    upto = np.cumsum([one.n for one in sets])
    drawn = np.searchsorted(upto, (np.arange(most) + 0.5) / most * upto[-1])
    places, times = np.unique(drawn, return_counts=True)
    return tuple(AnswerSet(sets[k].items, float(n) * upto[-1] / most) for k, n in zip(places, times, strict=True))


def _counted(sets: tuple[AnswerSet, ...], n_items: int) -> Floats:
    """Persons of these sets who answered each pair of items."""
    answered = np.zeros((len(sets), n_items))
    for row, one in zip(answered, sets, strict=True):
        row[slice(None) if one.items is None else one.items] = 1.0
    total: Floats = (answered * np.array([one.n for one in sets])[:, None]).T @ answered
    return total


def quadratic_form(observed: Observed, curves: Curves, tangent: Tangent, factor: Floats) -> float:
    """The squared distance of the observed margins from all that the parameters reach.

    Raises
    ------
    NotSettledError
        If conjugate gradients do not get there.
    """
    target = tangent.beside(observed.residual * factor)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(factor > 0, factor / np.sqrt(observed.n * observed.in_sets), 0.0)
    parts = [(one, curves if one.items is None else restricted(curves, one.items)) for one in observed.sets]

    def product(table: Floats) -> Floats:
        vector, total = table * scale, np.zeros_like(table)
        for one, part in parts:
            if one.items is None:
                total += one.n * covariance_times(part, vector)
            else:
                where = np.ix_(one.items, one.items)
                total[where] += one.n * covariance_times(part, vector[where])
        return tangent.beside(total * scale)

    solution, left = np.zeros_like(target), target.copy()
    direction, size = left.copy(), inner(left, left)
    goal = PRECISION**2 * size
    for _ in range(MOST_STEPS):
        if size <= goal or size == 0:
            return inner(target, solution)
        image = product(direction)
        curvature = inner(direction, image)
        if not curvature > 0:
            break
        step = size / curvature
        solution += step * direction
        left -= step * image
        size, before = inner(left, left), size
        direction = left + (size / before) * direction
    raise NotSettledError("The margins of these items depend on each other so closely that M2 cannot be computed.")
