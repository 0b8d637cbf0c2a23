"""The observed information: how sharply the answers determine the parameters."""

from __future__ import annotations

import numpy as np

from irt.calibration.expectation import State, add_by_group, posterior
from irt.calibration.patterns import Problem
from irt.items import Floats


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
    n, slopes = patterns.n_items, problem.layout.slopes(state.parameters)
    logits = np.multiply.outer(slopes, points) + problem.layout.intercepts(state.parameters)[:, None]
    shared = problem.grid.log_weights - patterns.answered @ np.logaddexp(0.0, logits)
    by_ability = np.hstack([(points**2 * state.curves).T, (points * state.curves).T, state.curves.T])
    at_points = np.zeros((len(patterns.answered), len(points)))
    lost = np.zeros((2 * n, 2 * n))
    for rows in patterns.blocks(len(points)):
        right = patterns.right[rows].astype(np.float64)
        table, total, _ = posterior(right @ slopes, shared, patterns.group[rows], points)
        table /= total[:, None]
        weights = patterns.weights[rows]
        add_by_group(at_points, patterns, rows, table, weights)
        means = table @ by_ability
        if not patterns.complete:
            means *= np.tile(patterns.answered[patterns.group[rows]], 3)
        mean = table @ points
        lost -= _between(right, means, mean, table @ points**2 - mean**2, weights)
    return lost + _within(problem, state, at_points)


def _between(right: Floats, means: Floats, mean: Floats, variance: Floats, weights: Floats) -> Floats:
    r"""The parts of the covariance that involve single persons, with the opposite sign.

    With :math:`F = (\theta P, P)`: :math:`E[F] E[F]^T` plus, in rows and columns of slopes, the covariance of
    :math:`x\theta` with F, minus the variance of :math:`x\theta`.
    """
    n = right.shape[1]
    curve_means = means[:, n:]
    minus = curve_means.T @ (curve_means * weights[:, None])
    with_ability = means[:, : 2 * n] - mean[:, None] * curve_means
    cross = (right * weights[:, None]).T @ with_ability
    minus[:n] += cross
    minus[:, :n] += cross.T
    minus[:n, :n] -= right.T @ (right * (weights * variance)[:, None])
    return minus


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
