"""The observed information for curves of which the answers enter one by one (3PL, 4PL, items held fixed)."""

from __future__ import annotations

from typing import cast

import numpy as np
from scipy.special import expit

from irt.calibration.asymptotes import Curves, CurveState, Tally, layout_of, posteriors
from irt.calibration.expectation import State
from irt.calibration.general import GUESSING, INTERCEPT, SLOPE, UPPER
from irt.calibration.patterns import Problem
from irt.items import Floats


def observed_information(problem: Problem, state: State) -> Floats:
    r"""Negative second derivative of the objective by the free parameters, exactly.

    .. math:: I = - \sum_i w_i \left( E_i[\ddot l] + E_i[s s^T] - E_i[s] E_i[s]^T \right)

    (Louis), with the expectation over the posterior of person i and s the complete-data score. Within an item
    :math:`\ddot l + s s^T = \ddot P / P` for a right answer and :math:`\ddot Q / Q` for a wrong one; between items
    :math:`\ddot l` vanishes.

    References
    ----------
    Louis (1982), Finding the observed information matrix when using the EM algorithm.
    doi:10.1111/j.2517-6161.1982.tb01203.x
    """
    found = cast(CurveState, state)
    layout, k, n = layout_of(problem), layout_of(problem).n_kinds, problem.patterns.n_items
    products, means = _products(problem, found.detail)
    index = np.arange(n)
    products[:, index, :, index] = _within(problem, found).transpose(2, 0, 1)
    information = means - products.reshape(k * n, k * n)
    matrix = layout.contract_all(information, found.by_curves, state.parameters)
    matrix[np.diag_indices_from(matrix)] += problem.prior.precision(layout)
    return (matrix + matrix.T) / 2


def _within(problem: Problem, state: CurveState) -> Floats:
    """Expected second derivatives of the curves over the probability of the answers, shape (k, k, n_items)."""
    layout = layout_of(problem)
    table, points, k = layout.standardised(state.parameters), problem.grid.points, layout.n_kinds
    up = state.detail.up
    wrong = state.expected_answers - state.expected_right
    first = state.expected_right * state.detail.by_right + wrong * state.detail.by_wrong
    result = np.zeros((k, k, problem.patterns.n_items))
    by_logit = {INTERCEPT: first[INTERCEPT] * (1 - 2 * up)}
    if k > GUESSING:
        by_logit[GUESSING] = -first[GUESSING] * up
        result[GUESSING, GUESSING] = first[GUESSING].sum(axis=1) * (1 - 2 * expit(table[GUESSING]))
    if k > UPPER:
        by_logit[UPPER] = first[UPPER] * (1 - up)
        result[UPPER, UPPER] = first[UPPER].sum(axis=1) * (1 - 2 * expit(table[UPPER]))
    for kind, twice in by_logit.items():
        result[INTERCEPT, kind] = result[kind, INTERCEPT] = twice.sum(axis=1)
        result[SLOPE, kind] = result[kind, SLOPE] = twice @ points
    result[SLOPE, SLOPE] = by_logit[INTERCEPT] @ points**2
    return result


def _products(problem: Problem, curves: Curves) -> tuple[Floats, Floats]:
    r"""Expected products of the scores of two items, and products of their expectations, summed over persons.

    The score of an answer is :math:`x h + B` where the item was answered, with h and B by item and point only: so the
    products follow from how many persons, by posterior, answered both items, and both right.
    """
    patterns = problem.patterns
    k, n, n_points = curves.by_right.shape
    products, means = np.zeros((k, n, k, n)), np.zeros((k * n, k * n))
    right_at, tally = np.zeros((n, n_points)), Tally.of(patterns, n_points)
    for rows, right, table, _ in posteriors(problem, curves):
        weights = patterns.weights[rows]
        answered = None if patterns.complete else patterns.answered_by(rows)
        expected = _expected_scores(curves, right, answered, table)
        expected *= np.sqrt(weights)[:, None]
        means += expected.T @ expected
        shares = table * weights[:, None]
        right_at += right.T @ shares
        tally.add(rows, shares)
        _add_products(products, right, answered, shares, curves)
        if answered is not None and patterns.own_sets:
            _add_answered(products, answered, shares, curves)
    if patterns.complete:
        _add_complete(products, curves, right_at, tally.total[0])
    elif not patterns.own_sets:
        _add_answered(products, patterns.answered, tally.total, curves)
    return products, means


def _expected_scores(curves: Curves, right: Floats, answered: Floats | None, table: Floats) -> Floats:
    """Score of each pattern averaged over its posterior, shape (n_patterns, n_kinds * n_items)."""
    k, n, n_points = curves.by_right.shape
    wrong = table @ curves.by_wrong.reshape(k * n, n_points).T
    pull = table @ (curves.by_right - curves.by_wrong).reshape(k * n, n_points).T
    if answered is not None:
        wrong *= np.tile(answered, k)
    pull *= np.tile(right, k)
    pull += wrong
    return pull


def _add_products(products: Floats, right: Floats, answered: Floats | None, shares: Floats, curves: Curves) -> None:
    """Add the parts of the expected products that need to know which two items a person had right."""
    pull = curves.by_right - curves.by_wrong
    for q in range(shares.shape[1]):
        weighted = right * np.sqrt(shares[:, q])[:, None]
        both = weighted.T @ weighted
        at = pull[:, :, q]
        products += at[:, :, None, None] * (both[:, None, :] * at)
        if answered is not None:
            one = (right * shares[:, q, None]).T @ answered
            cross = at[:, :, None, None] * (one[:, None, :] * curves.by_wrong[:, :, q])
            products += cross
            products += cross.transpose(2, 3, 0, 1)


def _add_complete(products: Floats, curves: Curves, right_at: Floats, at_points: Floats) -> None:
    """Add the parts that only need to know who answered which items, if all answered all."""
    k, n, n_points = curves.by_right.shape
    wrong = curves.by_wrong.reshape(k * n, n_points)
    cross = ((curves.by_right - curves.by_wrong) * right_at).reshape(k * n, n_points) @ wrong.T
    products += (cross + cross.T + (wrong * at_points) @ wrong.T).reshape(k, n, k, n)


def _add_answered(products: Floats, answered: Floats, shares: Floats, curves: Curves) -> None:
    """Add the part that only needs to know who answered both items, of rows with these shares at each point."""
    for q in range(shares.shape[1]):
        weighted = answered * np.sqrt(shares[:, q])[:, None]
        both = weighted.T @ weighted
        at = curves.by_wrong[:, :, q]
        products += at[:, :, None, None] * (both[:, None, :] * at)
