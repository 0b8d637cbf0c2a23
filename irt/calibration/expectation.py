"""E-step: what the answers say of each ability on the grid, given item parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from irt.calibration.patterns import Integers, Problem
from irt.calibration.weighted_score import Nodes, nodes_for
from irt.items import Floats
from irt.quadrature import NormalGrid
from irt.threads import side_by_side

#: Share of the highest point of a posterior that is as good as nothing: e^-32.
NOTHING = float(np.exp(-32.0))
#: Persons of a block from whom it is told which part of the grid matters.
LOOKED_AT = 24


@dataclass(frozen=True, slots=True)
class State:
    """What moves during a fit: the parameters, and the E-step at exactly these parameters.

    Parameters
    ----------
    parameters : ndarray, shape (n_parameters,)
    log_likelihood : float
        Marginal log-likelihood of all persons.
    objective : float
        The same plus the log-prior: what is maximised.
    gradient : ndarray, shape (n_parameters,)
        Derivative of the objective.
    curves : ndarray, shape (n_items, n_points)
        P(right answer) of each item on the grid.
    expected_answers : ndarray, shape (n_items, n_points)
        Expected number of answers that each item got from persons at each point.
    """

    parameters: Floats
    log_likelihood: float
    objective: float
    gradient: Floats
    curves: Floats
    expected_answers: Floats


def e_step(problem: Problem, parameters: Floats) -> State:
    r"""Posterior over the grid for every pattern, summed to what the gradient needs.

    In the 2PL, :math:`\log P(x \mid \theta) = \theta \sum_j a_j x_j + \sum_j d_j x_j - \sum_{j\,answered}
    \log(1 + e^{a_j\theta + d_j})`: the answers enter through two weighted sums, and the last term is the same for all
    who answered the same items. A pass therefore costs one persons x points table, not persons x items x points. By
    Fisher's identity the gradient is that of the complete-data log-likelihood, averaged over the posterior.

    References
    ----------
    Bock & Aitkin (1981), Marginal maximum likelihood estimation of item parameters. doi:10.1007/BF02293801
    """
    patterns, grid, layout = problem.patterns, problem.grid, problem.layout
    slopes, intercepts = layout.slopes(parameters), layout.intercepts(parameters)
    logits = np.multiply.outer(slopes, grid.points) + intercepts[:, None]
    curves = expit(logits)
    people = _people(problem, slopes, np.logaddexp(0.0, logits))
    wrong_by = people.expected_answers * curves
    by_slope = people.ability_of_right - wrong_by @ grid.points
    by_intercept = patterns.n_right - wrong_by.sum(axis=1)
    gradient = layout.pull(by_slope, by_intercept) + problem.prior.gradient(layout, parameters)
    log_likelihood = float(patterns.n_right @ intercepts) + people.log_likelihood
    objective = log_likelihood + problem.prior.log_density(layout, parameters)
    return State(parameters, log_likelihood, objective, gradient, curves, people.expected_answers)


@dataclass(frozen=True, slots=True)
class _People:
    """What all persons add up to.

    ``log_likelihood`` is without the intercepts of right answers; ``ability_of_right`` (n_items,) the expected ability
    of those who were right, summed; ``expected_answers`` as in State.
    """

    log_likelihood: float
    ability_of_right: Floats
    expected_answers: Floats


def _people(problem: Problem, slopes: Floats, log_wrong: Floats) -> _People:
    """The sums over persons; ``log_wrong`` (n_items, n_points) is minus the log-probability of a wrong answer."""
    patterns, grid = problem.patterns, problem.grid
    if patterns.own_sets:
        return _each_own_set(problem, slopes, log_wrong)
    shared = grid.log_weights - patterns.answered @ log_wrong
    nodes = nodes_for(patterns, slopes, len(grid.points))
    return _by_person(problem, slopes, shared) if nodes is None else _by_nodes(problem, slopes, shared, nodes)


def _by_person(problem: Problem, slopes: Floats, shared: Floats) -> _People:
    """From the posterior of each person."""
    patterns, points = problem.patterns, problem.grid.points
    log_likelihood = 0.0
    at_points = np.zeros((len(patterns.answered), len(points)))
    ability_of_right = np.zeros(patterns.n_items)
    for rows in patterns.blocks(len(points)):
        right = patterns.right[rows].astype(np.float64)
        table, total, log_scale = posterior(right @ slopes, shared, patterns.group[rows], points)
        share = patterns.weights[rows] / total
        log_likelihood += float(patterns.weights[rows] @ (np.log(total) + log_scale))
        ability_of_right += ((table @ points) * share) @ right
        add_by_group(at_points, patterns.group[rows], table, share)
    return _People(log_likelihood, ability_of_right, patterns.answered.T @ at_points)


def _by_nodes(problem: Problem, slopes: Floats, shared: Floats, nodes: Nodes) -> _People:
    """From the posterior at the nodes of the weighted score; persons cost a few operations each."""
    patterns, points = problem.patterns, problem.grid.points
    table, total, log_scale = posterior(nodes.scores, shared, nodes.group, points)
    mean = table @ points / total
    at_nodes = np.zeros(len(nodes.scores))
    ability_of_right = np.zeros(patterns.n_items)
    for rows in patterns.blocks(patterns.n_items):
        right = patterns.right[rows].astype(np.float64)
        placed = nodes.place(right @ slopes, patterns.group[rows])
        weights = patterns.weights[rows]
        at_nodes += placed.spread(weights, len(at_nodes))
        ability_of_right += (placed.read(mean) * weights) @ right
    at_points = np.zeros((len(patterns.answered), len(points)))
    add_by_group(at_points, nodes.group, table, at_nodes / total)
    log_likelihood = float(at_nodes @ (np.log(total) + log_scale))
    return _People(log_likelihood, ability_of_right, patterns.answered.T @ at_points)


def _each_own_set(problem: Problem, slopes: Floats, log_wrong: Floats) -> _People:
    """From the posterior of each person, where hardly two answered the same items: matrix products of small blocks."""
    patterns, grid = problem.patterns, problem.grid
    terms = own_terms(grid, log_wrong)

    def add(rows: slice) -> tuple[float, Floats, slice, Floats]:
        right, answered = patterns.right[rows].astype(np.float64), patterns.answered_by(rows)
        weights = patterns.weights[rows]
        near, table, total, log_scale = own_posterior(right @ slopes, answered, terms)
        table *= (weights / total)[:, None]
        ability = table @ grid.points[near]
        return float(weights @ (np.log(total) + log_scale)), ability @ right, near, answered.T @ table

    log_likelihood, ability_of_right = 0.0, np.zeros(patterns.n_items)
    expected_answers = np.zeros((patterns.n_items, len(grid.points)))
    blocks = list(patterns.blocks(patterns.n_items + len(grid.points)))
    for likelihood, ability, near, expected in side_by_side(add, blocks):
        log_likelihood += likelihood
        ability_of_right += ability
        expected_answers[:, near] += expected
    return _People(log_likelihood, ability_of_right, expected_answers)


def posterior(weighted_score: Floats, shared: Floats, group: Integers, points: Floats) -> tuple[Floats, Floats, Floats]:
    """Unnormalised posterior of each pattern on the grid, its row sums, and the log of the factor taken out."""
    table = np.multiply.outer(weighted_score, points)
    table += shared[0] if len(shared) == 1 else shared[group]
    return _exponentiated(table)


def own_terms(grid: NormalGrid, log_wrong: Floats) -> Floats:
    """What a posterior is made of, by grid point: rows for the weighted score, for one, and for each item answered."""
    return np.vstack([grid.points, grid.log_weights, -log_wrong])


def own_posterior(weighted_score: Floats, answered: Floats, terms: Floats) -> tuple[slice, Floats, Floats, Floats]:
    """The same for persons with an answered set (row of ``answered``) each, as one matrix product.

    Of a block of persons of similar ability only the part of the grid near them is looked at, which comes first. The
    logarithm of a posterior is concave in ability. So where the last points of the part are below
    :math:`e^{-32}` of the highest, for every person, what lies outside falls even faster and adds less than 1e-13.
    """
    known = np.empty((len(answered), len(terms)))
    known[:, 0], known[:, 1], known[:, 2:] = weighted_score, 1.0, answered
    near = _near(known, terms)
    table, total, log_scale = _exponentiated(known @ terms[:, near])
    low = near.start > 0 and bool(table[:, 0].max() > NOTHING)
    high = near.stop < terms.shape[1] and bool(table[:, -1].max() > NOTHING)
    if low or high:
        near = slice(0, terms.shape[1])
        table, total, log_scale = _exponentiated(known @ terms)
    return near, table, total, log_scale


def _near(known: Floats, terms: Floats) -> slice:
    """The part of the grid where some of these persons have their posteriors, and a little more."""
    some = known[:: max(1, len(known) // LOOKED_AT)] @ terms
    some -= some.max(axis=1, keepdims=True)
    there = np.flatnonzero((some > np.log(NOTHING)).any(axis=0))
    spare = max(2, len(there) // 10)
    return slice(max(int(there[0]) - spare, 0), min(int(there[-1]) + 1 + spare, terms.shape[1]))


def _exponentiated(table: Floats) -> tuple[Floats, Floats, Floats]:
    """Exponentials of a table of logarithms, in its place, with the sums and the largest logarithms of its rows."""
    log_scale = table.max(axis=1)
    table -= log_scale[:, None]
    np.exp(table, out=table)
    return table, table.sum(axis=1), log_scale


def add_by_group(at_points: Floats, group: Integers, table: Floats, share: Floats) -> None:
    """Add posteriors, times their share, to the row of the items that were answered."""
    if len(at_points) == 1:
        at_points[0] += share @ table
        return
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    if len(starts) == len(group):
        at_points[group] += table * share[:, None]
        return
    at_points[group[starts]] += np.add.reduceat(table * share[:, None], starts, axis=0)
