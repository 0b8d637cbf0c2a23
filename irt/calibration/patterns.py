"""What is fixed during a fit: the distinct response patterns, the grid over ability, the layout and the prior."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irt.calibration.layout import Layout, Prior
from irt.items import Floats
from irt.quadrature import NormalGrid
from irt.threads import row_blocks

#: Cells of the persons x grid table that are held at a time: 2 MB, so that a block stays in the processor's cache.
BLOCK_CELLS = 262_144

#: Cells of answered sets up to which they are kept as floats: 80 MB.
MOST_WIDE_CELLS = 10_000_000
#: Rows that share a set of answered items, on the average, from which it pays to go by sets; of few rows, 2.
SHARED_BY = 32
#: Rows from which it is judged whether many are alike.
SAMPLE_OF_ROWS = 4096

Integers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Patterns:
    """Rows of a response matrix, merged where many are alike, sorted by which items were answered.

    Persons who answered the same items share the part of the likelihood that does not depend on their answers, so the
    rows come in groups of equal *answered* sets; a complete matrix is one group.

    Parameters
    ----------
    right : ndarray of bool, shape (n_patterns, n_items)
        True where the answer was right; missing answers are False.
    weights : ndarray, shape (n_patterns,)
        Persons with each pattern.
    group : ndarray of int, shape (n_patterns,)
        Row of ``answered``; never falls from one pattern to the next.
    answered : ndarray, shape (n_groups, n_items)
        1.0 where the item was answered; bool where these are too many for 8 bytes each.
    n_right : ndarray, shape (n_items,)
        Right answers of each item.
    """

    right: NDArray[np.bool_]
    weights: Floats
    group: Integers
    answered: NDArray[Any]
    n_right: Floats

    @property
    def n_items(self) -> int:
        """Number of columns."""
        return int(self.right.shape[1])

    @property
    def complete(self) -> bool:
        """Whether every person answered every item."""
        return len(self.answered) == 1 and bool(self.answered.all())

    @property
    def own_sets(self) -> bool:
        """Whether so few rows have the same items answered that little can be shared among them."""
        return _own_sets(len(self.answered), len(self.right))

    def answered_by(self, rows: slice) -> Floats:
        """1.0 where these rows have an answer, shape (n_rows, n_items)."""
        return self.answered[self.group[rows]].astype(np.float64, copy=False)

    def answers(self) -> Floats:
        """Answers of each item, shape (n_items,)."""
        return _sums(self.answered, _totals(self.group, self.weights, len(self.answered)))

    def sample(self, n: int) -> Patterns:
        """Some of the rows, drawn at random; the same ones each time."""
        chosen = np.random.default_rng(0).choice(len(self.right), n, replace=False, shuffle=False)
        chosen.sort()
        rows, weights = self.right[chosen], self.weights[chosen]
        sets, group = np.unique(self.group[chosen], return_inverse=True)
        return Patterns(rows, weights, group, self.answered[sets], _sums(rows, weights))

    def blocks(self, n_points: int) -> Iterator[slice]:
        """Consecutive rows, few enough for a table with n_points columns."""
        yield from row_blocks(len(self.right), BLOCK_CELLS // max(n_points, 1))


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything that stays the same from one pass to the next."""

    patterns: Patterns
    grid: NormalGrid
    layout: Layout
    prior: Prior


def distinct_patterns(scores: NDArray[np.int8], weights: Floats) -> Patterns:
    """The distinct rows of a table of 0, 1 and -1 with the sum of their weights.

    Where hardly any two rows are alike the rows are taken as they are: the same sums, without the sorting.
    """
    if scores.min() >= 0:
        right = scores.view(np.bool_) if scores.flags.c_contiguous else scores.astype(np.bool_)
        if not _merging_pays(right):
            group = np.zeros(len(right), dtype=np.intp)
            return Patterns(right, weights, group, np.ones((1, scores.shape[1])), _sums(right, weights))
        first, inverse = _distinct(right)
        group = np.zeros(len(first), dtype=np.intp)
        rows, counts = right[first], _totals(inverse, weights, len(first))
        return Patterns(rows, counts, group, np.ones((1, scores.shape[1])), _sums(rows, counts))
    if _merging_pays(scores):
        first, inverse = _distinct(np.hstack([scores >= 0, scores == 1]))
        scores, weights = scores[first], _totals(inverse, weights, len(first))
    seen = scores >= 0
    if _merging_pays(seen):
        first_set, group = _distinct(seen)
        if not _own_sets(len(first_set), len(seen)):
            order = np.argsort(group, kind="stable")
            rows, counts = scores[order] == 1, weights[order]
            return Patterns(rows, counts, group[order], seen[first_set].astype(np.float64), _sums(rows, counts))
    order = _by_ability(scores, _sums(scores == 1, weights) / np.maximum(_sums(seen, weights), 1e-300))
    del seen
    scores, counts = scores[order], weights[order]
    rows, own = scores == 1, scores >= 0
    sets: NDArray[Any] = own if own.size > MOST_WIDE_CELLS else own.astype(np.float64)
    return Patterns(rows, counts, np.arange(len(rows)), sets, _sums(rows, counts))


def _own_sets(n_sets: int, n_rows: int) -> bool:
    """Whether rows are better taken one by one than by the set of items that they have answered."""
    return 2 * n_sets > n_rows or (n_sets * SHARED_BY > n_rows > SAMPLE_OF_ROWS)


def _by_ability(scores: NDArray[np.int8], shares: Floats) -> Integers:
    """The rows from the least to the most able, roughly: persons in one block then have similar posteriors."""
    standing = np.empty(len(scores))
    moments = np.stack([shares, shares * (1 - shares)], axis=1)
    for rows in row_blocks(len(scores), BLOCK_CELLS // max(len(shares), 1)):
        expected, variance = ((scores[rows] >= 0).astype(np.float64) @ moments).T
        standing[rows] = ((scores[rows] == 1).sum(axis=1) - expected) / np.sqrt(np.maximum(variance, 1e-9))
    return np.argsort(standing, kind="stable")


def _merging_pays(rows: NDArray[np.generic]) -> bool:
    """Whether, judged by a sample, there are at most about half as many distinct rows as rows.

    Among m rows drawn from n that take k equally frequent values, about m^2 / 2k repeat another one.
    """
    n = len(rows)
    if n <= SAMPLE_OF_ROWS:
        return True
    chosen = np.random.default_rng(0).choice(n, SAMPLE_OF_ROWS, replace=False, shuffle=False)
    distinct = len({row.tobytes() for row in rows[chosen]})
    return SAMPLE_OF_ROWS - distinct > SAMPLE_OF_ROWS**2 / n


def _sums(rows: NDArray[Any], weights: Floats) -> Floats:
    """Weight of the rows that are True (or 1), for each column."""
    total = np.zeros(rows.shape[1])
    for block in row_blocks(len(rows), BLOCK_CELLS // max(rows.shape[1], 1)):
        total += weights[block] @ rows[block]
    return total


def _totals(number: Integers, weights: Floats, n: int) -> Floats:
    """Sum of the weights under each number."""
    return np.bincount(number, weights, n).astype(np.float64)


def _distinct(rows: NDArray[np.bool_]) -> tuple[Integers, Integers]:
    """Positions of the first of each distinct row, and for each row the number of its distinct row."""
    n_rows = len(rows)
    packed = np.packbits(rows, axis=1)
    width = -(-packed.shape[1] // 8) * 8
    words = np.zeros((n_rows, width), dtype=np.uint8)
    words[:, : packed.shape[1]] = packed
    keys = words.view(np.uint64)
    order = np.lexsort(keys.T) if keys.shape[1] > 1 else np.argsort(keys[:, 0], kind="stable")
    new = np.ones(n_rows, dtype=bool)
    new[1:] = (keys[order][1:] != keys[order][:-1]).any(axis=1)
    inverse = np.empty(n_rows, dtype=np.intp)
    inverse[order] = np.cumsum(new) - 1
    return order[new], inverse
