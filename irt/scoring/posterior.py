"""The posterior of each person's ability: its mean and standard deviation, and the curves averaged over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.functions import irf, log_irf
from irt.items import Floats, ItemParameters
from irt.quadrature import NormalGrid, grid_for
from irt.scoring.logits import without_asymptotes
from irt.scoring.population import standardised
from irt.scoring.weighted_scores import cubic, ends_of, weighted_scores
from irt.threads import row_blocks, side_by_side

Scores = NDArray[np.int8]
#: Persons whose posteriors are held at a time: such a block stays in the cache of a processor.
BLOCK = 2048
#: Distance between the weighted scores at which posteriors are tabulated, in units of 1 / sd of the population.
SPACING = 0.02
#: Persons for each tabulated score from which a table is cheaper than they are one by one.
WORTH = 4
#: Log-probabilities below this are as good as impossible; keeps 0 times infinity out of the products.
LEAST = -1e4


def posterior_moments(scores: Scores, items: ItemParameters, population: tuple[float, float]) -> tuple[Floats, Floats]:
    r"""Posterior mean and standard deviation of each person's ability, each of shape (n_persons,).

    For a person who answered all items of a 1PL or 2PL they depend on :math:`s = \sum_j a_j x_j` alone, smoothly: where
    there are many such persons they are computed at tabulated s and interpolated by a cubic that has the right slopes
    (of the mean the variance, of the variance the third cumulant), to about 1e-9.
    """
    mean, sd = population
    standard = standardised(items, population)
    grid = grid_for(standard)
    complete = np.zeros(len(scores), dtype=bool)
    if without_asymptotes(items):
        np.all(scores >= 0, axis=1, out=complete)
    reach = float(np.ptp(ends_of(standard)))
    n_nodes = int(reach / SPACING) + 2
    if reach == 0 or complete.sum() <= WORTH * n_nodes:
        complete[:] = False
    place, spread = np.empty(len(scores)), np.empty(len(scores))
    if complete.any():
        weighted = weighted_scores(scores, standard.discrimination)
        place[complete], spread[complete] = _interpolated(weighted[complete], standard, grid, n_nodes)
    others = np.flatnonzero(~complete)
    moments = np.stack([np.ones_like(grid.points), grid.points, grid.points**2], axis=1)

    def score(rows: NDArray[np.intp], table: Floats) -> None:
        total, first, second = (table @ moments).T
        place[rows] = first / total
        spread[rows] = np.sqrt(np.maximum(second / total - place[rows] ** 2, 0.0))

    _each_posterior(score, scores, others, standard, grid)
    return mean + sd * place, sd * spread


def posterior_irf(scores: Scores, items: ItemParameters, population: tuple[float, float]) -> Floats:
    """Each curve averaged over each person's posterior, shape (n_persons, n_items)."""
    standard = standardised(items, population)
    grid = grid_for(standard)
    curves = irf(grid.points, standard)
    average = np.empty(scores.shape)

    def score(rows: NDArray[np.intp], table: Floats) -> None:
        average[rows] = table @ curves / table.sum(axis=1, keepdims=True)

    _each_posterior(score, scores, np.arange(len(scores)), standard, grid)
    return average


@dataclass(frozen=True, slots=True)
class LogLikelihood:
    """What the log-likelihood of answers at some abilities is made of: tables of shape (n_items, n_points)."""

    gain: Floats
    wrong: Floats

    @classmethod
    def at(cls, theta: Floats, items: ItemParameters) -> LogLikelihood:
        """The tables at these abilities."""
        right, wrong = (np.maximum(table, LEAST).T for table in log_irf(theta, items))
        return cls(np.ascontiguousarray(right - wrong), np.ascontiguousarray(wrong))

    def of(self, block: Scores) -> Floats:
        """Log-likelihood of each person at each ability, shape (n_persons, n_points)."""
        total: Floats = (block == 1).astype(np.float64) @ self.gain
        seen = block >= 0
        total += self.wrong.sum(axis=0) if seen.all() else seen.astype(np.float64) @ self.wrong
        return total


def _each_posterior(
    score: Callable[[NDArray[np.intp], Floats], None],
    scores: Scores,
    rows: NDArray[np.intp],
    items: ItemParameters,
    grid: NormalGrid,
) -> None:
    """Call for these rows of persons, a block at a time, with their posteriors on the grid, up to a factor for each."""
    parts = LogLikelihood.at(grid.points, items)

    def work(block: slice) -> None:
        chosen = rows[block]
        table = parts.of(scores[chosen])
        table += grid.log_weights
        table -= table.max(axis=1, keepdims=True)
        score(chosen, np.exp(table, out=table))

    for _ in side_by_side(work, row_blocks(len(rows), BLOCK)):
        pass


def _interpolated(weighted: Floats, items: ItemParameters, grid: NormalGrid, n_nodes: int) -> tuple[Floats, Floats]:
    """Posterior mean and standard deviation at weighted scores, from a table of them."""
    nodes = np.linspace(*ends_of(items), n_nodes)
    base = LogLikelihood.at(grid.points, items).wrong.sum(axis=0)
    # Of a person with this weighted score: the intercepts of the right answers cancel in the posterior.
    table = np.multiply.outer(nodes, grid.points) + base + grid.log_weights
    table -= table.max(axis=1, keepdims=True)
    np.exp(table, out=table)
    table /= table.sum(axis=1, keepdims=True)
    mean = table @ grid.points
    away = grid.points - mean[:, None]
    second, third = (table * away**2).sum(axis=1), (table * away**3).sum(axis=1)
    step = nodes[1] - nodes[0]
    cell = np.clip(((weighted - nodes[0]) / step).astype(np.intp), 0, n_nodes - 2)
    at = (weighted - nodes[cell]) / step
    variance = cubic(at, cell, second, third * step)
    return cubic(at, cell, mean, second * step), np.sqrt(np.maximum(variance, 0.0))
