"""The normal distribution of ability: points to integrate over it, whether they are close enough, its 95 % point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from irt.functions import test_information
from irt.items import Floats, ItemParameters, frozen

#: How far the grid reaches on both sides: outside lies 2e-9 of a standard normal population.
REACH = 6.0
#: Standard normal quantile of a two-sided 95 % interval.
Z95 = 1.959963984540054
#: Most points that refinement goes to.
MOST_POINTS = 961
#: Fewest points of a grid that follows the items.
FEWEST_POINTS = 31


@dataclass(frozen=True, slots=True)
class NormalGrid:
    """Points and log-weights of a rule that integrates against the standard normal density; weights sum to 1."""

    points: Floats
    log_weights: Floats

    @property
    def spacing(self) -> float:
        """Distance between neighbours in logits."""
        return float(self.points[1] - self.points[0])

    @property
    def reach(self) -> float:
        """The last point."""
        return float(self.points[-1])


def normal_grid(n_points: int = 61, reach: float = REACH) -> NormalGrid:
    """Equally spaced points on [-reach, reach] with weights proportional to the normal density.

    Notes
    -----
    For smooth integrands that vanish at both ends the trapezoidal rule converges geometrically: more simply placed
    points beat Gauss-Hermite points here, because posterior densities are much narrower than the population.

    References
    ----------
    Trefethen & Weideman (2014), The exponentially convergent trapezoidal rule. doi:10.1137/130932132
    """
    points = np.linspace(-reach, reach, n_points)
    log_density = -0.5 * points**2
    log_weights = log_density - np.log(np.exp(log_density).sum())
    return NormalGrid(frozen(points), frozen(log_weights))


def grid_for(items: ItemParameters, n_points: int = 61) -> NormalGrid:
    """The coarsest of n_points, 2 n_points - 1, ... that :func:`resolves` these items (up to ``MOST_POINTS``)."""
    grid = normal_grid(n_points)
    while not resolves(grid, items) and 2 * len(grid.points) - 1 <= MOST_POINTS:
        grid = normal_grid(2 * len(grid.points) - 1)
    return grid


def resolves(grid: NormalGrid, items: ItemParameters) -> bool:
    """Whether the points are close enough together for these items: no further apart than :func:`widest_spacing`."""
    return bool(grid.spacing <= widest_spacing(items, grid) * (1 + 1e-9))


def widest_spacing(items: ItemParameters, grid: NormalGrid) -> float:
    r"""The distance of points below which sums stand for integrals; the grid is where information is looked at.

    With spacing h the rule errs by about :math:`e^{-2\pi^2 \sigma^2 / h^2}` for a posterior with standard deviation
    :math:`\sigma`, and by :math:`e^{-2\pi^2 / (a h)}` for a single curve with slope a (its poles lie
    :math:`\pi / a` off the axis). Required: :math:`h \le \sigma`, with :math:`\sigma^{-2}` the largest test
    information plus 1, and :math:`h \le 1 / a`: errors below 3e-9.
    """
    if len(items) == 0:
        return float("inf")
    sharpest = float(test_information(grid.points, items).max()) + 1.0
    steepest = float(np.nanmax(np.abs(items.discrimination)))
    return float(min(sharpest**-0.5, 1 / max(steepest, 1e-9)))


def grid_with_spacing(spacing: float, reach: float = REACH) -> NormalGrid:
    """The fewest points on [-reach, reach] that are no further apart; between ``FEWEST_POINTS`` and ``MOST_POINTS``."""
    n_points = 2 * int(np.ceil(reach / max(spacing, 2 * reach / MOST_POINTS))) + 1
    return normal_grid(min(max(n_points, FEWEST_POINTS), MOST_POINTS), reach)


def normal_cell_weights(grid: NormalGrid, mean: Floats, sd: Floats) -> Floats:
    """Share of Normal(mean, sd) that falls to each point (its cell; the end cells are open), shape (n, n_points).

    Cells rather than densities, so that a standard deviation of 0 or far below the spacing still sums to 1.
    """
    edges = (grid.points[1:] + grid.points[:-1]) / 2
    distance = edges - mean[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(sd[:, None] > 0, distance / sd[:, None], np.where(distance >= 0, np.inf, -np.inf))
    below = ndtr(scaled)
    return np.diff(below, axis=1, prepend=0.0, append=1.0)
