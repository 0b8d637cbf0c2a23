"""Derivative: gradient and observed information against finite differences of the likelihood."""

from __future__ import annotations

import numpy as np
import pytest

from irt.calibration.expectation import e_step
from irt.calibration.information import observed_information
from irt.calibration.layout import NO_PRIOR, WEAK_PRIOR, Layout
from irt.calibration.patterns import Problem, distinct_patterns
from irt.quadrature import normal_grid


@pytest.fixture(params=[0.0, 0.3], ids=["complete", "missing"])
def patterns(request, simulate):
    matrix = simulate(51, 200, np.array([0.5, 1.0, 1.5, -0.7]), np.array([-1.0, 0.0, 1.0, 0.3]), missing=request.param)
    return distinct_patterns(matrix.scores, np.random.default_rng(2).integers(1, 4, 200).astype(float))


@pytest.fixture(params=["1PL", "2PL"])
def layout(request):
    return Layout(4, common_slope=request.param == "1PL")


@pytest.fixture(params=[NO_PRIOR, WEAK_PRIOR], ids=["no prior", "weak"])
def problem(request, patterns, layout):
    return Problem(patterns, normal_grid(61), layout, request.param)


@pytest.fixture
def parameters(layout):
    return np.random.default_rng(3).normal(0.5, 0.5, layout.n_parameters)


STEP = 1e-5


def moved(parameters, k, by):
    return parameters + by * (np.arange(len(parameters)) == k)


def test_gradient(problem, parameters):
    numerical = [
        (e_step(problem, moved(parameters, k, STEP)).objective - e_step(problem, moved(parameters, k, -STEP)).objective)
        / (2 * STEP)
        for k in range(len(parameters))
    ]
    # Central differences: rounding 1e-13 * 1000 / 1e-5 = 1e-5.
    np.testing.assert_allclose(e_step(problem, parameters).gradient, numerical, atol=1e-4)


def test_information(problem, parameters):
    numerical = [
        (e_step(problem, moved(parameters, k, -STEP)).gradient - e_step(problem, moved(parameters, k, STEP)).gradient)
        / (2 * STEP)
        for k in range(len(parameters))
    ]
    information = observed_information(problem, e_step(problem, parameters))
    np.testing.assert_allclose(information, numerical, rtol=1e-6, atol=1e-5)
    np.testing.assert_array_equal(information, information.T)


def test_blocks_of_persons_make_no_difference(monkeypatch, problem, parameters):
    whole = e_step(problem, parameters)
    information = observed_information(problem, whole)
    monkeypatch.setattr("irt.calibration.patterns.BLOCK_CELLS", 61 * 7)
    parts = e_step(problem, parameters)
    assert parts.objective == pytest.approx(whole.objective, rel=1e-13)
    np.testing.assert_allclose(parts.gradient, whole.gradient, atol=1e-10)
    np.testing.assert_allclose(observed_information(problem, parts), information, atol=1e-9)


def test_distinct_patterns_keep_every_person():
    rng = np.random.default_rng(5)
    scores = rng.integers(-1, 2, (300, 3)).astype(np.int8)
    weights = rng.random(300)
    found = distinct_patterns(scores, weights)
    rows = np.where(found.answered[found.group] > 0, found.right, -1)
    expected = {}
    for row, weight in zip(scores.tolist(), weights, strict=True):
        expected[tuple(row)] = expected.get(tuple(row), 0.0) + weight
    assert {tuple(row): pytest.approx(w) for row, w in zip(rows.tolist(), found.weights, strict=True)} == expected
    assert (np.diff(found.group) >= 0).all()


@pytest.mark.parametrize("n_items", [1, 8, 63, 64, 65, 130])
def test_distinct_patterns_of_many_items(n_items):
    rng = np.random.default_rng(6)
    base = rng.integers(0, 2, (5, n_items)).astype(np.int8)
    found = distinct_patterns(base[rng.integers(0, 5, 100)], np.ones(100))
    assert len(found.right) == len(np.unique(base, axis=0))
    assert found.weights.sum() == 100
