"""First- and second-order margins of the answers: what the model expects of them, and how they vary together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.functions import irf, irf_derivatives
from irt.items import Floats, ItemParameters
from irt.quadrature import NormalGrid, normal_grid

#: Points of the first grid; margins are smooth, so that few do (a margin has the curves of at most four items in it).
FIRST_POINTS, MOST_POINTS = 41, 641
#: Least variance of an item's answers that they are scaled by: items held at values where nobody can fail have none.
LEAST_VARIANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Curves:
    r"""The model of the margins, with answers centred and scaled: :math:`t_i = (x_i - \pi_i) / \sigma_i`.

    Parameters
    ----------
    weights : ndarray, shape (n_points,)
        Of the points of the population; sum to 1.
    mean, variance : ndarray, shape (n_items, n_points)
        Of t given ability: :math:`m_i(\theta)`, :math:`s_i(\theta)`.
    share, scale : ndarray, shape (n_items,)
        :math:`\pi_i` and :math:`\sigma_i`: expected share of right answers, and its standard deviation.
    correlation : ndarray, shape (n_items, n_items)
        Expected :math:`t_i t_j`; 0 on the diagonal.
    slopes : ndarray, shape (4, n_items, n_points)
        Derivatives of the means by the parameters of the item.
    moves : ndarray, shape (2, n_items, n_points)
        Derivatives of the means by mean and standard deviation of the population.
    """

    weights: Floats
    mean: Floats
    variance: Floats
    share: Floats
    scale: Floats
    correlation: Floats
    slopes: Floats
    moves: Floats

    @classmethod
    def of(cls, items: ItemParameters, population: tuple[float, float] = (0.0, 1.0)) -> Curves:
        """The curves of these items over a normal population."""
        grid = _grid(items, population[1])
        theta = population[0] + population[1] * grid.points
        weights = np.exp(grid.log_weights)
        curves = irf(theta, items).T
        share = curves @ weights
        scale = np.sqrt(np.maximum(share * (1 - share), LEAST_VARIANCE))
        mean = (curves - share[:, None]) / scale[:, None]
        correlation = (mean * weights) @ mean.T
        np.fill_diagonal(correlation, 0.0)
        slopes = np.ascontiguousarray(irf_derivatives(theta, items).transpose(0, 2, 1)) / scale[:, None]
        along = items.discrimination[:, None] * slopes[1]
        variance = curves * (1 - curves) / scale[:, None] ** 2
        moves = np.stack([along, along * grid.points])
        return cls(weights, mean, variance, share, scale, correlation, slopes, moves)


def _grid(items: ItemParameters, sd: float) -> NormalGrid:
    """Points no farther apart than 1 / slope: the rule then errs by less than 3e-9 (see :mod:`irt.quadrature`)."""
    steepest = float(np.abs(items.discrimination).max(initial=0.0)) * sd
    grid = normal_grid(FIRST_POINTS)
    while grid.spacing * steepest > 1 and 2 * len(grid.points) - 1 <= MOST_POINTS:
        grid = normal_grid(2 * len(grid.points) - 1)
    return grid


def derivatives(curves: Curves) -> tuple[Floats, Floats]:
    """Derivatives of the margins by the parameters of items.

    Returns
    -------
    first : ndarray, shape (4, n_items)
        Of the expected t by the item's own parameters.
    second : ndarray, shape (4, n_items, n_items)
        [k, i, j]: of the expected product of t_i and t_j by parameter k of item i.
    """
    weighted = curves.slopes * curves.weights
    return weighted.sum(axis=2), weighted @ curves.mean.T


def covariance_times(curves: Curves, vector: Floats) -> Floats:
    r"""The covariance matrix of one person's margins times a vector, without the matrix.

    Margins are written as symmetric tables of shape (n_items, n_items): t on the diagonal, products beside it.

    Notes
    -----
    Given ability, answers are independent: with :math:`d_i = t_i - m_i`

    .. math:: t_i t_j - m_i m_j = m_j d_i + m_i d_j + d_i d_j,

    and all :math:`d_i`, :math:`d_i d_j` are uncorrelated, with variances :math:`s_i` and :math:`s_i s_j`. So the
    covariance of the margins given ability is one of few terms, and the covariance of their expectations is added as in
    any mixture. Three- and four-way margins never appear; a product costs n_items² x n_points.
    """
    w, m, s = curves.weights, curves.mean, curves.variance
    own = np.diag(vector).copy()
    between = vector.copy()
    np.fill_diagonal(between, 0.0)
    reach = between @ m
    expected = own @ m + 0.5 * (m * reach).sum(axis=0)
    centred = w * (expected - w @ expected)
    pull = w * s * (reach + own[:, None])
    half = (0.5 * centred * m + pull) @ m.T
    out: Floats = half + half.T + between * ((s * w) @ s.T)
    np.fill_diagonal(out, m @ centred + pull.sum(axis=1))
    return out


def variances(curves: Curves) -> Floats:
    """Variance of each margin of one person, as a table: what the covariance matrix has on its diagonal."""
    second = curves.variance + curves.mean**2
    out: Floats = (second * curves.weights) @ second.T - curves.correlation**2
    np.fill_diagonal(out, 1.0)
    return out


@dataclass(frozen=True, slots=True)
class AnswerSet:
    """Persons who answered the same items: which (None = all), and how many persons (sum of weights)."""

    items: NDArray[np.intp] | None
    n: float


def answer_sets(answered: NDArray[np.bool_], weights: Floats) -> Iterator[AnswerSet]:
    """The sets of items that persons answered."""
    rows, which = np.unique(answered, axis=0, return_inverse=True)
    counts = np.bincount(which.ravel(), weights=weights, minlength=len(rows))
    for row, n in zip(rows, counts, strict=True):
        yield AnswerSet(None if row.all() else np.flatnonzero(row), float(n))


def restricted(curves: Curves, items: NDArray[np.intp]) -> Curves:
    """The same for some of the items."""
    return Curves(
        curves.weights,
        curves.mean[items],
        curves.variance[items],
        curves.share[items],
        curves.scale[items],
        curves.correlation[np.ix_(items, items)],
        curves.slopes[:, items],
        curves.moves[:, items],
    )
