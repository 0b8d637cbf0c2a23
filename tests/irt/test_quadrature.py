"""Quadrature: moments of the normal, and refinement."""

from __future__ import annotations

import numpy as np
import pytest

from irt import ItemParameters
from irt.quadrature import grid_for, normal_cell_weights, normal_grid, resolves


def test_moments_of_the_standard_normal():
    grid = normal_grid(61)
    weights = np.exp(grid.log_weights)
    # What lies beyond 6 standard deviations: 2e-9, times 6^4 for the fourth moment.
    for power, moment in ((0, 1.0), (1, 0.0), (2, 1.0), (3, 0.0), (4, 3.0)):
        assert weights @ grid.points**power == pytest.approx(moment, abs=5e-6)


def test_refined_for_steep_items_and_long_exams():
    easy = ItemParameters.from_arrays(["q"], [1.0], difficulty=[0.0])
    steep = ItemParameters.from_arrays(["q"], [12.0], difficulty=[0.0])
    long = ItemParameters.from_arrays([str(k) for k in range(200)], np.ones(200), difficulty=np.zeros(200))
    assert len(grid_for(easy).points) == 61
    assert not resolves(normal_grid(61), steep)
    assert not resolves(normal_grid(61), long)
    for items in (steep, long):
        assert resolves(grid_for(items), items)


def test_cells_hold_all_of_a_normal():
    grid = normal_grid(161, 8.0)
    mean, sd = np.array([0.0, -1.3, 2.0, 7.9, 0.05]), np.array([1.0, 0.4, 0.01, 3.0, 0.0])
    weights = normal_cell_weights(grid, mean, sd)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-14)
    # A grid 0.1 apart: half a cell.
    np.testing.assert_allclose((weights @ grid.points)[[0, 1, 2, 4]], mean[[0, 1, 2, 4]], atol=0.051)
    assert weights[4].max() == 1.0
