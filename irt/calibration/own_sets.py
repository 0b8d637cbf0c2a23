"""Information lost where each person answered a set of items of their own, as with answers missing at random."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from irt.calibration.expectation import own_posterior
from irt.calibration.patterns import Problem
from irt.items import Floats

#: Rows of a block: sorted by ability, few enough to have their posteriors on a part of the grid.
ROWS = 512
#: Cells up to which every person enters. From a sample of so many, standard errors agree with those from all to 0.5 %.
EXACT_CELLS = 10_000_000
#: Shares of a posterior below this take no part: what is left out is below 1e-8 of any sum.
NEGLIGIBLE = 1e-10


def each_own_set(problem: Problem, slopes: Floats, curves: Floats, log_wrong: Floats) -> Floats:
    r"""Summed posterior covariance of the scores :math:`x_j\theta - \theta P_j, x_j - P_j` of answered items.

    The costly part is :math:`\sum_i E_i[P_j P_k \theta^p]` over persons who answered both j and k: one symmetric
    product of a block of answers for each point. Rows come sorted by ability, so that a block needs only the points
    near it. Past ``EXACT_CELLS`` the sum is that of a sample, scaled up.
    """
    if problem.patterns.right.size > EXACT_CELLS:
        everybody = problem.patterns
        part = everybody.sample(EXACT_CELLS // everybody.n_items)
        share = float(part.weights.sum() / everybody.weights.sum())
        return each_own_set(replace(problem, patterns=part), slopes, curves, log_wrong) / share
    patterns, grid, n = problem.patterns, problem.grid, problem.patterns.n_items
    by_ability = np.hstack([(grid.points**2 * curves).T, (grid.points * curves).T, curves.T])
    lost, both = np.zeros((2 * n, 2 * n)), np.zeros((len(grid.points), n, n))
    for start in range(0, len(patterns.right), ROWS):
        rows = slice(start, start + ROWS)
        right, answered = patterns.right[rows].astype(np.float64), patterns.answered_by(rows)
        table, total, _ = own_posterior(right @ slopes, answered, grid, log_wrong)
        table /= total[:, None]
        weights = patterns.weights[rows]
        means = (table @ by_ability).reshape(-1, 3, n) * answered[:, None]
        mean = table @ grid.points
        curve_means = means[:, 1:].reshape(-1, 2 * n)
        cross = (right * weights[:, None]).T @ (means[:, :2].reshape(-1, 2 * n) - mean[:, None] * curve_means)
        lost[:n] -= cross
        lost[:, :n] -= cross.T
        right *= np.sqrt(weights * np.maximum(table @ grid.points**2 - mean**2, 0.0))[:, None]
        lost[:n, :n] += right.T @ right
        curve_means *= np.sqrt(weights)[:, None]
        lost -= curve_means.T @ curve_means
        for q in np.flatnonzero(table.max(axis=0) > NEGLIGIBLE):
            seen = answered * np.sqrt(weights * table[:, q])[:, None]
            both[q] += seen.T @ seen
    return lost + expected_products(both, curves, grid.points)


def expected_products(both: Floats, curves: Floats, points: Floats) -> Floats:
    r"""Products of the curves :math:`F = (\theta P, P)`, summed over persons.

    ``both`` (n_points, n_items, n_items) holds the persons at each point who answered both items.
    """
    products = np.zeros((3, *both.shape[1:]))
    for q, point in enumerate(points):
        product = both[q] * np.multiply.outer(curves[:, q], curves[:, q])
        products += np.array([point**2, point, 1.0])[:, None, None] * product
    return np.block([[products[0], products[1]], [products[1], products[2]]])
