"""The observed information: how sharply the answers determine the parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from irt.calibration.expectation import State, add_by_group, posterior
from irt.calibration.own_sets import SINGLE_CELLS, each_own_set
from irt.calibration.patterns import Integers, Problem
from irt.calibration.weighted_score import Nodes, nodes_for
from irt.items import Floats

#: Persons in the order of their weighted score that are taken together: few enough to share a few nodes.
SORTED_ROWS = 1024


def complete_information(problem: Problem, state: State) -> tuple[Floats, Floats, Floats]:
    """Information that known abilities would give: (slope, slope-intercept, intercept) of each item."""
    points = problem.grid.points
    weight = state.expected_answers * state.curves * (1 - state.curves)
    return weight @ points**2, weight @ points, weight.sum(axis=1)


def observed_information(problem: Problem, state: State) -> Floats:
    r"""Negative second derivative of the objective by the free parameters, exactly.

    .. math:: I = I_{complete} - \sum_i w_i \, Cov_i(s_i)

    (Louis), where the covariance is over the posterior of person i of the complete-data score with elements
    :math:`(x_{ij} - P_j(\theta)) (\theta, 1)` for each answered item. Priors add their precision.

    References
    ----------
    Louis (1982), Finding the observed information matrix when using the EM algorithm.
    doi:10.1111/j.2517-6161.1982.tb01203.x
    """
    n = problem.patterns.n_items
    slope, cross, intercept = complete_information(problem, state)
    complete = np.zeros((2 * n, 2 * n))
    index = np.arange(n)
    complete[index, index] = slope
    complete[index + n, index + n] = intercept
    complete[index, index + n] = complete[index + n, index] = cross
    matrix = problem.layout.contract(complete - _lost(problem, state))
    matrix[np.diag_indices_from(matrix)] += problem.prior.precision(problem.layout)
    return (matrix + matrix.T) / 2


def _lost(problem: Problem, state: State) -> Floats:
    """Information lost because abilities are not known: summed posterior covariance of the scores."""
    patterns, points = problem.patterns, problem.grid.points
    slopes = problem.layout.slopes(state.parameters)
    logits = np.multiply.outer(slopes, points) + problem.layout.intercepts(state.parameters)[:, None]
    log_wrong = np.logaddexp(0.0, logits)
    if patterns.own_sets:
        return each_own_set(problem, slopes, state.curves, log_wrong)
    shared = problem.grid.log_weights - patterns.answered @ log_wrong
    nodes = nodes_for(patterns, slopes, len(points))
    sums = _by_person(problem, state, shared) if nodes is None else _by_nodes(problem, state, shared, nodes)
    n = patterns.n_items
    lost = _within(problem, state, sums.at_points) - sums.curves
    lost[:n] -= sums.cross
    lost[:, :n] -= sums.cross.T
    lost[:n, :n] += sums.ability
    return lost


@dataclass(frozen=True, slots=True)
class _Sums:
    r"""The parts of the covariance that involve single persons, summed; :math:`F = (\theta P, P)`.

    ``ability`` (n, n): variance of ability, of persons right on both items; ``cross`` (n, 2n): covariance of ability
    with F, of persons right on the item of the row; ``curves`` (2n, 2n): :math:`E[F] E[F]^T`; ``at_points``
    (n_groups, n_points): persons at each point.
    """

    ability: Floats
    cross: Floats
    curves: Floats
    at_points: Floats

    @classmethod
    def empty(cls, problem: Problem) -> _Sums:
        """Nothing yet."""
        n, at_points = problem.patterns.n_items, (len(problem.patterns.answered), len(problem.grid.points))
        return cls(np.zeros((n, n)), np.zeros((n, 2 * n)), np.zeros((2 * n, 2 * n)), np.zeros(at_points))


def _by_person(problem: Problem, state: State, shared: Floats) -> _Sums:
    """The sums over persons from the posterior of each."""
    patterns, points, sums = problem.patterns, problem.grid.points, _Sums.empty(problem)
    slopes = problem.layout.slopes(state.parameters)
    for rows in patterns.blocks(len(points)):
        right, weights, group = patterns.right[rows].astype(np.float64), patterns.weights[rows], patterns.group[rows]
        table, total, _ = posterior(right @ slopes, shared, group, points)
        table /= total[:, None]
        covariance, variance = _add_moments(sums, problem, state, table, group, weights)
        sums.cross[:] += (right * weights[:, None]).T @ covariance
        scaled = right * np.sqrt(weights * variance)[:, None]
        sums.ability[:] += scaled.T @ scaled
    return sums


def _by_nodes(problem: Problem, state: State, shared: Floats, nodes: Nodes) -> _Sums:
    """The same sums from the posterior at the nodes of the weighted score.

    Persons are taken in the order of their nodes: the few hundred of a block then share a few nodes, so that the
    spreading of right answers over the nodes is a product of small matrices too.
    """
    patterns, points, sums = problem.patterns, problem.grid.points, _Sums.empty(problem)
    slopes, n_nodes = problem.layout.slopes(state.parameters), len(nodes.scores)
    kind: type[np.floating[Any]] = np.float32 if patterns.right.size > SINGLE_CELLS else np.float64
    table, total, _ = posterior(nodes.scores, shared, nodes.group, points)
    table /= total[:, None]
    mean = table @ points
    spread = table @ points**2 - mean**2
    scores = np.concatenate(
        [patterns.right[rows].astype(np.float64) @ slopes for rows in patterns.blocks(patterns.n_items)]
    )
    placed = nodes.place(scores, patterns.group)
    at_nodes = placed.spread(patterns.weights, n_nodes)
    right_at_nodes = np.zeros((patterns.n_items, n_nodes))
    order = np.argsort(placed.left.astype(np.uint16 if n_nodes < 65_536 else np.intp), kind="stable")
    for start in range(0, len(order), SORTED_ROWS):
        rows = order[start : start + SORTED_ROWS]
        near, weights = placed.take(rows), patterns.weights[rows]
        right = patterns.right[rows].astype(kind)
        columns, local = near.matrix(weights)
        right_at_nodes[:, columns] += (local.astype(kind) @ right).T
        right *= np.sqrt(weights * np.maximum(near.read(spread), 0.0)).astype(kind)[:, None]
        sums.ability[:] += right.T @ right
    covariance, _ = _add_moments(sums, problem, state, table, nodes.group, at_nodes)
    sums.cross[:] = right_at_nodes @ covariance
    return sums


def _add_moments(
    sums: _Sums, problem: Problem, state: State, table: Floats, group: Integers, weights: Floats
) -> tuple[Floats, Floats]:
    """Add the parts that need no answers; the covariance of ability with F and its variance, for each posterior."""
    patterns, points, n = problem.patterns, problem.grid.points, problem.patterns.n_items
    by_ability = np.hstack([(points**2 * state.curves).T, (points * state.curves).T, state.curves.T])
    means = table @ by_ability
    if not patterns.complete:
        means *= np.tile(patterns.answered[group], 3)
    add_by_group(sums.at_points, group, table, weights)
    mean = table @ points
    curve_means = means[:, n:]
    sums.curves[:] += curve_means.T @ (curve_means * weights[:, None])
    return means[:, : 2 * n] - mean[:, None] * curve_means, table @ points**2 - mean**2


def _within(problem: Problem, state: State, at_points: Floats) -> Floats:
    """Expected products of the curves, :math:`E[F F^T]`, over persons who answered both items."""
    points, answered, n = problem.grid.points, problem.patterns.answered, problem.patterns.n_items
    if problem.patterns.complete:
        features = np.vstack([state.curves * points, state.curves])
        total: Floats = (features * at_points[0]) @ features.T
        return total
    products = np.zeros((3, n, n))
    for q, point in enumerate(points):
        seen = answered * np.sqrt(at_points[:, q])[:, None] * state.curves[:, q]
        both = seen.T @ seen
        products += np.array([point**2, point, 1.0])[:, None, None] * both
    return np.block([[products[0], products[1]], [products[1], products[2]]])
