"""Information lost where each person answered a set of items of their own, as with answers missing at random."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irt.calibration.expectation import own_posterior, own_terms
from irt.calibration.patterns import Integers, Problem
from irt.items import Floats
from irt.threads import row_blocks, side_by_side

#: Rows of a block: sorted by ability, few enough to have their posteriors on a part of the grid.
ROWS = 1024
#: Share of missing answers up to which it is cheaper to look at what is missing than at what was answered.
FEW_MISSING = 0.2
#: Cells up to which, with more missing, every person enters. From a sample of so many, standard errors agree with those
#: from all to 0.5 %.
EXACT_CELLS = 10_000_000
#: Cells from which the largest products are in single precision: twice as fast. With sums of a block in single, of all
#: blocks in double precision standard errors agree with double precision throughout to 2e-7.
SINGLE_CELLS = 10_000_000
#: Shares of a posterior below this take no part: what is left out is below 1e-8 of any sum.
NEGLIGIBLE = 1e-10


def each_own_set(problem: Problem, slopes: Floats, curves: Floats, log_wrong: Floats) -> Floats:
    r"""Summed posterior covariance of the scores :math:`x_j\theta - \theta P_j, x_j - P_j` of answered items.

    The costly part is :math:`\sum_i E_i[P_j P_k \theta^p]` over persons who answered both j and k. Where few answers
    are missing it is that of all persons less those who miss j or k, told from the items that each misses. Otherwise it
    is one symmetric product of a block of answers for each point; past ``EXACT_CELLS``, of a sample, scaled up.
    """
    patterns = problem.patterns
    few_missing = float(patterns.answers().sum()) > (1 - FEW_MISSING) * float(patterns.weights.sum()) * patterns.n_items
    if not few_missing and patterns.right.size > EXACT_CELLS:
        part = patterns.sample(EXACT_CELLS // patterns.n_items)
        share = float(part.weights.sum() / patterns.weights.sum())
        return each_own_set(replace(problem, patterns=part), slopes, curves, log_wrong) / share
    points, n = problem.grid.points, patterns.n_items
    kind: type[np.floating[Any]] = np.float32 if patterns.right.size > SINGLE_CELLS else np.float64
    terms = own_terms(problem.grid, log_wrong)
    features = np.hstack([(points * curves).T, curves.T])
    count = _by_missing if few_missing else _by_point

    def add(rows: slice) -> tuple[slice, Floats, Floats]:
        right, answered, weights = patterns.right[rows].astype(np.float64), patterns.answered_by(rows), patterns.weights
        near, table, total, _ = own_posterior(right @ slopes, answered, terms)
        table *= (weights[rows] / total)[:, None]
        block = _of_persons(right.astype(kind), answered.astype(kind), table, points[near], features[near])
        return near, block, count(answered, table)

    lost, both = np.zeros((2 * n, 2 * n)), np.zeros((len(points), n, n))
    for near, block, counted in side_by_side(add, row_blocks(len(patterns.right), ROWS)):
        lost += block
        both[near] += counted
    return lost + expected_products(both, curves, points)


def _of_persons(
    right: NDArray[Any], answered: NDArray[Any], table: Floats, points: Floats, features: NDArray[Any]
) -> Floats:
    r"""What single posteriors add to the covariance: all but the products of curves.

    With ``features`` :math:`F = (\theta P, P)`, minus :math:`E[F] E[F]^T`, minus covariances of ability with F for
    right answers, plus variances of ability for pairs of right answers; ``table`` holds weighted posteriors.
    """
    n, weights = right.shape[1], table.sum(axis=1)
    share = np.divide(1.0, weights, out=np.zeros_like(weights), where=weights > 0)
    away = points - (table @ points * share)[:, None]
    spread = table * away
    variance = (spread * away).sum(axis=1)
    mask = np.hstack([answered, answered])
    cross = right.T @ (mask * (spread @ features).astype(right.dtype))
    means = mask * ((table * np.sqrt(share)[:, None]) @ features).astype(right.dtype)
    right = right * np.sqrt(variance).astype(right.dtype)[:, None]
    block: Floats = -(means.T @ means).astype(np.float64)
    block[:n] -= cross
    block[:, :n] -= cross.T
    block[:n, :n] += right.T @ right
    return block


def _by_point(answered: Floats, table: Floats) -> Floats:
    """Persons at each point who answered both items, shape (n_points, n_items, n_items): a product for each point."""
    both = np.zeros((table.shape[1], answered.shape[1], answered.shape[1]))
    for q in np.flatnonzero(table.max(axis=0) > NEGLIGIBLE):
        seen = answered * np.sqrt(table[:, q])[:, None]
        both[q] = seen.T @ seen
    return both


def _by_missing(answered: Floats, table: Floats) -> Floats:
    """The same from the persons who miss one item, and those who miss both."""
    missing = answered == 0
    miss_one = table.T @ missing.astype(np.float64)
    both: Floats = table.sum(axis=0)[:, None, None] - miss_one[:, :, None] - miss_one[:, None, :]
    person, first, second = _pairs_of(missing)
    order = np.argsort(first * missing.shape[1] + second, kind="stable")
    person, first, second = person[order], first[order], second[order]
    starts = np.flatnonzero((np.diff(first, prepend=-1) != 0) | (np.diff(second, prepend=-1) != 0))
    if len(starts):
        miss_both = np.add.reduceat(table[person], starts, axis=0).T
        both[:, first[starts], second[starts]] += miss_both
        both[:, second[starts], first[starts]] += miss_both
    items = np.arange(missing.shape[1])
    both[:, items, items] += miss_one
    return both


def _pairs_of(there: NDArray[np.bool_]) -> tuple[Integers, Integers, Integers]:
    """Row, first and second column (first < second) of every pair of cells of a row that are both there."""
    row, column = np.nonzero(there)
    after = np.cumsum(there.sum(axis=1))[row] - np.arange(len(row)) - 1
    first = np.repeat(np.arange(len(row)), after)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(after) - after, after)
    return row[first], column[first], column[second]


def expected_products(both: Floats, curves: Floats, points: Floats) -> Floats:
    r"""Products of the curves :math:`F = (\theta P, P)`, summed over persons.

    ``both`` (n_points, n_items, n_items) holds the persons at each point who answered both items.
    """
    products = np.zeros((3, *both.shape[1:]))
    for q, point in enumerate(points):
        product = both[q] * np.multiply.outer(curves[:, q], curves[:, q])
        products += np.array([point**2, point, 1.0])[:, None, None] * product
    return np.block([[products[0], products[1]], [products[1], products[2]]])
