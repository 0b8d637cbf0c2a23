"""E-step and M-step direction for curves of which the answers enter one by one (3PL, 4PL, items held fixed)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy.special import expit, log_expit

from irt.calibration.expectation import State
from irt.calibration.general import GUESSING, INTERCEPT, SLOPE, UPPER, GeneralLayout
from irt.calibration.patterns import Patterns, Problem
from irt.items import Floats

#: Added to the information of the M-step, as a share of its diagonal, so that a flat item can be solved for.
RIDGE = 1e-8
#: Least information of the M-step: a parameter that nothing is known of moves by its gradient and no further.
SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class Curves:
    """The curves on the grid, and how each answer pulls at the parameters.

    Parameters
    ----------
    log_right, log_wrong : ndarray, shape (n_items, n_points)
    by_right, by_wrong : ndarray, shape (n_kinds, n_items, n_points)
        Derivatives of ``log_right`` and ``log_wrong`` by slope, intercept, logit(guessing) and logit(upper asymptote).
    up : ndarray, shape (n_items, n_points)
        The logistic function within each curve.
    """

    log_right: Floats
    log_wrong: Floats
    by_right: Floats
    by_wrong: Floats
    up: Floats


@dataclass(frozen=True, slots=True)
class CurveState(State):
    """A state with the curves at its parameters and the expected answers of each item at each point.

    Parameters
    ----------
    detail : Curves
    expected_right : ndarray, shape (n_items, n_points)
        Expected number of right answers among ``expected_answers``.
    by_curves : ndarray, shape (n_kinds, n_items)
        Derivative of the log-likelihood by the standardised working parameters.
    """

    detail: Curves
    expected_right: Floats
    by_curves: Floats


def layout_of(problem: Problem) -> GeneralLayout:
    """The problem's layout, which must be a general one."""
    return cast(GeneralLayout, problem.layout)


def curves_of(table: Floats, points: Floats, n_kinds: int) -> Curves:
    r"""The curves :math:`P = g + (u - g) L(a\theta + d)` and the derivatives of log P and log(1 - P).

    Every ratio is a difference of logarithms, so that no tail under- or overflows.
    """
    slope, intercept, guessing, upper = table[:, :, None]
    z = slope * points + intercept
    log_up, log_down = log_expit(z), log_expit(-z)
    span = expit(-guessing) - expit(-upper)
    with np.errstate(divide="ignore"):
        log_span = np.log(span)
    log_right = np.logaddexp(log_expit(guessing), log_span + log_up)
    log_wrong = np.logaddexp(log_expit(-upper), log_span + log_down)
    steep = log_span + log_up + log_down
    pull = [(steep, 1.0), (log_down, expit(guessing) * expit(-guessing)), (log_up, expit(upper) * expit(-upper))]
    by_right, by_wrong = [], []
    for logarithm, factor in pull[: n_kinds - 1]:
        by_right.append(factor * np.exp(logarithm - log_right))
        by_wrong.append(-factor * np.exp(logarithm - log_wrong))
    return Curves(
        log_right,
        log_wrong,
        np.stack([points * by_right[0], *by_right]),
        np.stack([points * by_wrong[0], *by_wrong]),
        np.exp(log_up),
    )


def e_step(problem: Problem, parameters: Floats) -> State:
    r"""Posterior over the grid for every pattern, summed to the expected answers of each item at each point.

    .. math:: \log P(x \mid \theta) = \sum_j x_j \left( \log P_j - \log Q_j \right) + \sum_{j\,answered} \log Q_j

    so that a pass is two matrix products: answers with curves, and answers with posteriors. By Fisher's identity the
    gradient is that of the complete-data log-likelihood, averaged over the posterior.

    References
    ----------
    Bock & Aitkin (1981), Marginal maximum likelihood estimation of item parameters. doi:10.1007/BF02293801
    """
    patterns, grid, layout = problem.patterns, problem.grid, layout_of(problem)
    working = layout.standardised(parameters)
    if (working[GUESSING] >= working[UPPER]).any():
        return _refused(parameters)
    curves = curves_of(working, grid.points, layout.n_kinds)
    log_likelihood = 0.0
    right = np.zeros_like(curves.log_right)
    tally = Tally.of(patterns, len(grid.points))
    for rows, answers, table, log_total in posteriors(problem, curves):
        weights = patterns.weights[rows]
        log_likelihood += float(weights @ log_total)
        shares = table * weights[:, None]
        right += answers.T @ shares
        tally.add(rows, shares)
    answered = tally.answers()
    by_curves = (right * curves.by_right + (answered - right) * curves.by_wrong).sum(axis=2)
    prior = problem.prior
    return CurveState(
        parameters=parameters,
        log_likelihood=log_likelihood,
        objective=log_likelihood + prior.log_density(layout, parameters),
        gradient=layout.pull_all(by_curves, parameters) + prior.gradient(layout, parameters),
        curves=np.exp(curves.log_right),
        expected_answers=answered,
        detail=curves,
        expected_right=right,
        by_curves=by_curves,
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """Expected persons at each point: by set of answered items, or by item where hardly two persons share a set."""

    patterns: Patterns
    total: Floats

    @classmethod
    def of(cls, patterns: Patterns, n_points: int) -> Tally:
        """An empty one."""
        n_rows = patterns.n_items if patterns.own_sets else len(patterns.answered)
        return cls(patterns, np.zeros((n_rows, n_points)))

    def add(self, rows: slice, shares: Floats) -> None:
        """Add the posteriors of these patterns."""
        if self.patterns.own_sets:
            self.total[:] += self.patterns.answered_by(rows).T @ shares
        elif len(self.total) == 1:
            self.total[0] += shares.sum(axis=0)
        else:
            group = self.patterns.group[rows]
            starts = np.flatnonzero(np.diff(group, prepend=-1))
            self.total[group[starts]] += np.add.reduceat(shares, starts, axis=0)

    def answers(self) -> Floats:
        """Expected answers of each item at each point, shape (n_items, n_points)."""
        return self.total if self.patterns.own_sets else np.asarray(self.patterns.answered.T @ self.total)


def posteriors(problem: Problem, curves: Curves) -> Iterator[tuple[slice, Floats, Floats, Floats]]:
    """Rows of a block of patterns, their right answers as numbers, posteriors on the grid and log-likelihoods."""
    patterns = problem.patterns
    odds, log_weights = curves.log_right - curves.log_wrong, problem.grid.log_weights
    shared = None if patterns.own_sets else log_weights + patterns.answered @ curves.log_wrong
    for rows in patterns.blocks(len(problem.grid.points)):
        right = patterns.right[rows].astype(np.float64)
        table = right @ odds
        if shared is None:
            table += patterns.answered_by(rows) @ curves.log_wrong + log_weights
        else:
            table += shared[0] if len(shared) == 1 else shared[patterns.group[rows]]
        top = table.max(axis=1)
        table -= top[:, None]
        np.exp(table, out=table)
        total = table.sum(axis=1)
        table /= total[:, None]
        yield rows, right, table, np.log(total) + top


def em_direction(problem: Problem, state: State, gradient: Floats) -> Floats:
    """One scoring step of the M-step: the gradient over the expected information that known abilities would give."""
    layout, found = layout_of(problem), cast(CurveState, state)
    curves, k = found.detail, layout.n_kinds
    pull = curves.by_right - curves.by_wrong
    weight = found.expected_answers * np.exp(curves.log_right + curves.log_wrong)
    blocks = np.einsum("mjq,njq,jq->jmn", pull, pull, weight, optimize=True)
    if layout.free_population:
        mean, sd = layout.population(state.parameters)
        turn = np.eye(k)
        turn[INTERCEPT, SLOPE], turn[SLOPE, SLOPE] = mean, sd
        blocks = turn.T @ blocks @ turn
    free = layout.free[:k]
    where = np.nonzero(free)
    left = np.zeros((k, layout.n_items))
    left[where] = gradient[: layout.n_item_parameters]
    own = np.zeros((k, layout.n_items))
    own[where] = problem.prior.precision(layout)[: layout.n_item_parameters]
    blocks *= free.T[:, :, None] & free.T[:, None, :]
    diagonal = np.arange(k)
    blocks[:, diagonal, diagonal] = np.where(
        free.T, blocks[:, diagonal, diagonal] * (1 + RIDGE) + own.T + SMALLEST, 1.0
    )
    step = np.linalg.solve(blocks, left.T[:, :, None])[:, :, 0].T[where]
    if not layout.free_population:
        return step
    n_persons = float(problem.patterns.weights.sum())
    return np.concatenate([step, [gradient[-2] * sd**2 / n_persons, gradient[-1] / (2 * n_persons)]])


def _refused(parameters: Floats) -> State:
    """A state that no step is taken to: an item's guessing is not below its upper asymptote."""
    nothing = np.zeros((0, 0))
    return State(parameters, -np.inf, -np.inf, np.zeros_like(parameters), nothing, nothing)
