r"""Persons who answered the same items differ, for the 2PL, in one number: the weighted score.

The likelihood of a person depends on the answers only through :math:`s = \sum_j a_j x_j` (and a factor without
ability): the weighted score is sufficient for ability. So everything that the answers say of ability - log marginal
likelihood, mean, variance, the whole posterior - is a smooth function of s for each set of answered items. With many
persons these functions are tabulated at equally spaced nodes of s, and each person takes part through the six nodes
around it, with six weights that reproduce every polynomial of degree five. *Reading* a function for each person is a
weighted sum over its nodes; *spreading* persons over the nodes is the transpose, after which the nodes stand for the
persons in every sum.

However steep the items are, the functions vary on the scale of 1 / (standard deviation of ability) in s, since the
posterior is log-concave with a variance below 1. Six nodes at a distance of 0.1 err by at most 3e-11 in the
log-likelihood of a person (2e-10 with slopes of 10), with either sign: 1e-12 of the log-likelihood of all.

References
----------
Birnbaum (1968), Some latent trait models, in Lord & Novick, *Statistical Theories of Mental Test Scores*, chapter 18.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from irt.calibration.patterns import Integers, Patterns
from irt.items import Floats

#: Distance of neighbouring nodes.
SPACING = 0.1
#: Nodes that each person is spread over.
NEIGHBOURS = 6
#: Nodes pay where they are this many times fewer than persons (reading and spreading have their price).
FEWER = 3
#: Cells of the nodes x points table that may be held: 32 MB.
MOST_CELLS = 4_194_304


@dataclass(frozen=True, slots=True)
class Nodes:
    """Equally spaced weighted scores for each set of answered items.

    Parameters
    ----------
    scores : ndarray, shape (n_nodes,)
        Weighted score of each node.
    group : ndarray of int, shape (n_nodes,)
        Set of answered items of each node; never falls.
    first : ndarray of int, shape (n_groups,)
        Position of the first node of each set.
    """

    scores: Floats
    group: Integers
    first: Integers

    def place(self, scores: Floats, group: Integers) -> Placed:
        """Where persons with these weighted scores lie among the nodes."""
        first = self.first[group] if len(self.first) > 1 else self.first[0]
        steps = (scores - self.scores[first]) * (1 / SPACING)
        whole = np.floor(steps)
        powers = np.empty((NEIGHBOURS, len(scores)))
        powers[0], powers[1] = 1.0, steps - whole
        for k in range(2, NEIGHBOURS):
            np.multiply(powers[k - 1], powers[1], out=powers[k])
        return Placed(whole.astype(np.intp) + (first - (NEIGHBOURS // 2 - 1)), LAGRANGE @ powers)


@dataclass(frozen=True, slots=True)
class Placed:
    """Persons among nodes.

    Parameters
    ----------
    left : ndarray of int, shape (n_persons,)
        The leftmost of the six nodes around each person.
    weights : ndarray, shape (6, n_persons)
        Weights of that node and the next five.
    """

    left: Integers
    weights: Floats

    def read(self, values: Floats) -> Floats:
        """A function known at the nodes, for each person."""
        result: Floats = values[self.left] * self.weights[0]
        for k in range(1, NEIGHBOURS):
            result += values[self.left + k] * self.weights[k]
        return result

    def spread(self, weights: Floats, n_nodes: int) -> Floats:
        """Total weight of the persons at each node."""
        total = np.zeros(n_nodes)
        for k in range(NEIGHBOURS):
            total[k:] += np.bincount(self.left, self.weights[k] * weights, n_nodes)[: n_nodes - k]
        return total

    def take(self, rows: Integers) -> Placed:
        """Some of the persons."""
        return Placed(self.left[rows], np.take(self.weights, rows, axis=1))

    def matrix(self, weights: Floats) -> tuple[slice, Floats]:
        """The nodes around these persons, and the weight of each person (column) at each of them."""
        first, last = int(self.left.min()), int(self.left.max()) + NEIGHBOURS
        local = np.zeros((last - first, len(self.left)))
        persons = np.arange(len(self.left))
        for k in range(NEIGHBOURS):
            local[self.left - first + k, persons] = self.weights[k] * weights
        return slice(first, last), local


def _lagrange() -> Floats:
    """Coefficients (columns: powers) of the polynomials that are 1 at one of the nodes -2, ..., 3, 0 at the others."""
    at = np.arange(NEIGHBOURS) - (NEIGHBOURS // 2 - 1.0)
    return np.linalg.inv(np.vander(at, NEIGHBOURS, increasing=True)).T.copy()


LAGRANGE = _lagrange()


def nodes_for(patterns: Patterns, slopes: Floats, n_points: int) -> Nodes | None:
    """Nodes that cover every possible weighted score, or None where going through the persons is cheaper."""
    if len(patterns.answered) * NEIGHBOURS * FEWER > len(patterns.right):
        return None
    low = patterns.answered @ np.minimum(slopes, 0.0)
    high = patterns.answered @ np.maximum(slopes, 0.0)
    # One node more on each side than needed: a score at the very end may be rounded past it.
    counts = ((high - low) / SPACING).astype(np.intp) + NEIGHBOURS + 2
    total = int(counts.sum())
    if total * FEWER > len(patterns.right) or total * n_points > MOST_CELLS:
        return None
    ends = np.cumsum(counts)
    group = np.repeat(np.arange(len(counts)), counts)
    position = np.arange(total) - (ends - counts)[group]
    before = NEIGHBOURS // 2
    return Nodes((position - before) * SPACING + low[group], group, ends - counts + before)
