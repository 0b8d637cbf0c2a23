"""Identity: sums over the nodes of the weighted score are the sums over persons."""

from __future__ import annotations

import numpy as np
import pytest

from irt.calibration import information, weighted_score
from irt.calibration.expectation import e_step
from irt.calibration.information import observed_information
from irt.calibration.layout import NO_PRIOR, Layout
from irt.calibration.patterns import Problem, distinct_patterns
from irt.calibration.weighted_score import nodes_for
from irt.quadrature import normal_grid

N_PERSONS, N_ITEMS = 3_000, 12


def problem_of(kind: str) -> tuple[Problem, np.ndarray]:
    """A problem and parameters: complete, booklets with weights, steep or reversed items, one common slope."""
    rng = np.random.default_rng(7)
    slopes, intercepts = rng.lognormal(0, 0.3, N_ITEMS), rng.normal(0, 1, N_ITEMS)
    weights = np.ones(N_PERSONS)
    if kind == "steep":
        slopes[:4] = 12.0
    if kind == "reversed":
        slopes[::2] *= -1
    if kind == "common slope":
        slopes[:] = 5.0
    p = 1 / (1 + np.exp(-(np.outer(rng.normal(size=N_PERSONS), slopes) + intercepts)))
    scores = (rng.random(p.shape) < p).astype(np.int8)
    if kind == "booklets":
        scores[::3, :4] = scores[1::3, 8:] = -1
        weights = rng.random(N_PERSONS) * 2
    common = kind == "common slope"
    layout = Layout(N_ITEMS, common_slope=common)
    parameters = np.concatenate([slopes[:1] if common else slopes, intercepts])
    problem = Problem(distinct_patterns(scores, weights), normal_grid(241), layout, NO_PRIOR)
    return problem, parameters


@pytest.fixture(params=["complete", "booklets", "steep", "reversed", "common slope"])
def case(request):
    return problem_of(request.param)


def by_nodes(monkeypatch, wanted):
    """Make nodes pay always or never."""
    monkeypatch.setattr(weighted_score, "FEWER", 0 if wanted else 10**9)


def test_nodes_give_the_likelihood_and_gradient_of_the_persons(case, monkeypatch):
    problem, parameters = case
    by_nodes(monkeypatch, False)
    direct = e_step(problem, parameters)
    by_nodes(monkeypatch, True)
    through = e_step(problem, parameters)
    # Interpolation errs by up to 2e-10 for each of 3,000 persons, with either sign; slopes of 12 multiply nothing.
    assert through.log_likelihood == pytest.approx(direct.log_likelihood, rel=2e-11)
    np.testing.assert_allclose(through.gradient, direct.gradient, atol=1e-6)
    np.testing.assert_allclose(through.expected_answers, direct.expected_answers, atol=1e-6)


@pytest.mark.parametrize("rows", [1024, 100])
def test_nodes_give_the_information_of_the_persons(case, rows, monkeypatch):
    problem, parameters = case
    state = e_step(problem, parameters)
    by_nodes(monkeypatch, False)
    direct = observed_information(problem, state)
    by_nodes(monkeypatch, True)
    monkeypatch.setattr(information, "SORTED_ROWS", rows)
    # As above; elements of the information are of the order of the number of persons.
    np.testing.assert_allclose(observed_information(problem, state), direct, atol=1e-9 * np.abs(direct).max())


def test_single_precision_products_keep_six_digits_of_standard_errors(monkeypatch):
    problem, parameters = problem_of("complete")
    by_nodes(monkeypatch, True)
    state = e_step(problem, parameters)
    double = np.linalg.inv(observed_information(problem, state))
    monkeypatch.setattr(information, "SINGLE_CELLS", 0)
    single = np.linalg.inv(observed_information(problem, state))
    assert (double != single).any(), "nothing was computed in single precision"
    # 1,024 terms with 24 bits each; with more persons the errors of the blocks cancel.
    np.testing.assert_allclose(np.diag(single), np.diag(double), rtol=2e-6)


@pytest.mark.parametrize("kind", ["complete", "booklets", "reversed"])
def test_reading_reproduces_polynomials_of_degree_five(kind, monkeypatch):
    by_nodes(monkeypatch, True)
    problem, parameters = problem_of(kind)
    patterns, slopes = problem.patterns, problem.layout.slopes(parameters)
    nodes = nodes_for(patterns, slopes, 61)
    scores = patterns.right @ slopes
    placed = nodes.place(scores, patterns.group)
    expected = (scores / 10) ** 5 - scores**2
    np.testing.assert_allclose(placed.read((nodes.scores / 10) ** 5 - nodes.scores**2), expected, atol=1e-9)


def test_spreading_is_the_transpose_of_reading(monkeypatch):
    by_nodes(monkeypatch, True)
    problem, parameters = problem_of("booklets")
    patterns, slopes = problem.patterns, problem.layout.slopes(parameters)
    nodes = nodes_for(patterns, slopes, 61)
    placed = nodes.place(patterns.right @ slopes, patterns.group)
    values = np.random.default_rng(1).random(len(nodes.scores))
    spread = placed.spread(patterns.weights, len(values))
    assert spread @ values == pytest.approx(patterns.weights @ placed.read(values), rel=1e-12)
    columns, local = placed.matrix(patterns.weights)
    np.testing.assert_allclose(local.sum(axis=1), spread[columns], atol=1e-9)


def test_the_lowest_and_the_highest_score_have_nodes_around_them(monkeypatch):
    by_nodes(monkeypatch, True)
    slopes = np.array([0.1, -0.7, 0.3, 1.1])
    scores = np.array([[0, 1, 0, 0], [1, 0, 1, 1], [0, 0, 0, 0]], dtype=np.int8)
    patterns = distinct_patterns(np.repeat(scores, 10, axis=0), np.ones(30))
    nodes = nodes_for(patterns, slopes, 61)
    placed = nodes.place(patterns.right @ slopes, patterns.group)
    assert placed.left.min() >= 0
    assert placed.left.max() + weighted_score.NEIGHBOURS <= len(nodes.scores)
    np.testing.assert_allclose(np.sort(placed.read(nodes.scores)), [-0.7, 0.0, 1.5], atol=1e-12)


def test_few_persons_have_no_nodes():
    patterns = distinct_patterns(np.eye(20, dtype=np.int8), np.ones(20))
    assert nodes_for(patterns, np.ones(20), 61) is None
