"""Identity: persons who each answered a set of items of their own, against plain sums and against larger grids."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from irt import ResponseMatrix, calibrate
from irt.calibration import expectation, loop, own_sets, patterns
from irt.calibration.expectation import e_step
from irt.calibration.information import observed_information
from irt.calibration.layout import NO_PRIOR, Layout
from irt.calibration.patterns import Patterns, Problem, distinct_patterns
from irt.quadrature import normal_grid

N_PERSONS, N_ITEMS = 400, 12


@pytest.fixture(scope="module")
def answers():
    """Scores with a third missing, weights and parameters."""
    rng = np.random.default_rng(3)
    slopes, intercepts = rng.normal(1, 0.6, N_ITEMS), rng.normal(0, 1, N_ITEMS)
    p = expit(np.outer(rng.normal(size=N_PERSONS), slopes) + intercepts)
    scores = (rng.random(p.shape) < p).astype(np.int8)
    scores[rng.random(p.shape) < 1 / 3] = -1
    return scores, rng.random(N_PERSONS) * 2, np.concatenate([slopes, intercepts])


def problem_of(scores, weights):
    problem = Problem(distinct_patterns(scores, weights), normal_grid(61), Layout(N_ITEMS, False), NO_PRIOR)
    assert problem.patterns.own_sets
    return problem


def test_likelihood_and_expected_answers_against_a_plain_sum(answers):
    scores, weights, parameters = answers
    state = e_step(problem_of(scores, weights), parameters)
    grid = normal_grid(61)
    curves = expit(np.outer(parameters[:N_ITEMS], grid.points) + parameters[N_ITEMS:, None])
    log_likelihood, expected = 0.0, np.zeros_like(curves)
    for row, weight in zip(scores, weights, strict=True):
        joint = np.exp(grid.log_weights)
        for x, curve in zip(row, curves, strict=True):
            joint = joint * (curve if x == 1 else 1 - curve if x == 0 else 1.0)
        log_likelihood += weight * np.log(joint.sum())
        expected[row >= 0] += weight * joint / joint.sum()
    # Sums of 400 terms in double precision.
    assert state.log_likelihood == pytest.approx(log_likelihood, rel=1e-12)
    np.testing.assert_allclose(state.expected_answers, expected, atol=1e-10)


def test_information_is_that_of_the_path_for_shared_sets(answers, monkeypatch):
    scores, weights, parameters = answers
    problem = problem_of(scores, weights)
    state = e_step(problem, parameters)
    own = observed_information(problem, state)
    monkeypatch.setattr(Patterns, "own_sets", property(lambda patterns: False))
    shared = observed_information(problem, e_step(problem, parameters))
    # Points with less than 1e-10 of every posterior of a block are left out.
    np.testing.assert_allclose(own, shared, atol=1e-8 * np.abs(shared).max())


@pytest.mark.parametrize("missing", [0.03, 0.15, 0.3])
def test_information_from_what_is_missing_is_that_from_what_was_answered(answers, monkeypatch, missing):
    scores, weights, parameters = answers
    rng = np.random.default_rng(8)
    scores = np.where(rng.random(scores.shape) < missing, -1, np.abs(scores)).astype(np.int8)
    monkeypatch.setattr(patterns, "_own_sets", lambda n_sets, n_rows: True)
    problem = problem_of(scores, weights)
    state = e_step(problem, parameters)
    monkeypatch.setattr(own_sets, "FEW_MISSING", 1.0)
    by_missing = observed_information(problem, state)
    monkeypatch.setattr(own_sets, "FEW_MISSING", 0.0)
    by_point = observed_information(problem, state)
    # Points with less than 1e-10 of every posterior of a block are left out of the latter.
    np.testing.assert_allclose(by_missing, by_point, atol=1e-8 * np.abs(by_point).max())


def test_information_in_single_precision_is_that_in_double_precision(answers, monkeypatch):
    scores, weights, parameters = answers
    problem = problem_of(scores, weights)
    state = e_step(problem, parameters)
    double = observed_information(problem, state)
    monkeypatch.setattr(own_sets, "SINGLE_CELLS", 0)
    single = observed_information(problem, state)
    assert not np.array_equal(single, double)
    # Of 400 persons; rounding averages out among more.
    np.testing.assert_allclose(single, double, atol=1e-6 * np.abs(double).max())


def test_the_part_of_the_grid_that_is_looked_at_is_all_that_matters(answers, monkeypatch):
    scores, weights, parameters = answers
    problem = problem_of(scores, weights)
    part, looked = e_step(problem, parameters), []
    monkeypatch.setattr(expectation, "_near", lambda known, terms: looked.append(1) or slice(0, terms.shape[1]))
    whole = e_step(problem, parameters)
    assert looked
    assert part.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(part.expected_answers, whole.expected_answers, atol=1e-10)
    np.testing.assert_allclose(part.gradient, whole.gradient, atol=1e-10)


def test_a_part_of_the_grid_that_is_too_small_is_not_trusted(answers, monkeypatch):
    scores, weights, parameters = answers
    problem = problem_of(scores, weights)
    right = e_step(problem, parameters)
    monkeypatch.setattr(expectation, "_near", lambda known, terms: slice(28, 33))
    again = e_step(problem, parameters)
    assert again.log_likelihood == pytest.approx(right.log_likelihood, rel=1e-13)


def test_the_size_of_blocks_changes_nothing(answers, monkeypatch):
    scores, weights, parameters = answers
    problem = problem_of(scores, weights)
    state = e_step(problem, parameters)
    whole = observed_information(problem, state)
    monkeypatch.setattr(own_sets, "ROWS", 7)
    monkeypatch.setattr(patterns, "BLOCK_CELLS", 500)
    assert e_step(problem, parameters).log_likelihood == pytest.approx(state.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(observed_information(problem, state), whole, atol=1e-8 * np.abs(whole).max())


def test_just_enough_points_give_the_result_of_many(simulate, monkeypatch):
    rng = np.random.default_rng(5)
    matrix = simulate(6, 1_500, rng.lognormal(0, 0.3, 30), rng.normal(0, 1, 30), missing=0.3)
    many = calibrate(matrix)
    monkeypatch.setattr(loop, "OWN_SAMPLE_FROM", 1_000)
    monkeypatch.setattr(loop, "OWN_SAMPLE", 500)
    enough = calibrate(matrix)
    assert enough.log_likelihood != many.log_likelihood, "the same points were used"
    # Both within 1e-6 of their maxima; the coarser rule errs by 3e-9 for each person, the ends of both by about 1e-9.
    assert enough.log_likelihood == pytest.approx(many.log_likelihood, abs=1e-5)
    np.testing.assert_allclose(enough.items.discrimination, many.items.discrimination, atol=1e-5)
    np.testing.assert_allclose(enough.standard_errors.intercept, many.standard_errors.intercept, rtol=1e-5)


def test_information_of_a_sample_stands_for_all(simulate, monkeypatch):
    rng = np.random.default_rng(5)
    matrix = simulate(8, 4_000, rng.lognormal(0, 0.2, 15), rng.normal(0, 0.7, 15), missing=0.4)
    exact = calibrate(matrix)
    monkeypatch.setattr(own_sets, "EXACT_CELLS", matrix.scores.size // 2)
    sampled = calibrate(matrix)
    assert sampled.status.code == "converged"
    np.testing.assert_allclose(sampled.items.discrimination, exact.items.discrimination, atol=2e-5)
    ratio = sampled.standard_errors.discrimination / exact.standard_errors.discrimination
    assert (ratio != 1).all()
    # Half of 4,000 persons: about 1 % of sampling error; a missing scale factor would be 20 % and more.
    np.testing.assert_allclose(ratio, 1, atol=0.05)


def test_every_person_takes_part_whatever_the_order():
    rng = np.random.default_rng(9)
    scores = rng.integers(-1, 2, (300, 20)).astype(np.int8)
    matrix = ResponseMatrix.from_array(scores)
    found = distinct_patterns(matrix.scores, np.arange(300.0))
    np.testing.assert_allclose(found.answers(), np.arange(300.0) @ (scores >= 0))
    np.testing.assert_allclose(found.n_right, np.arange(300.0) @ (scores == 1))
    np.testing.assert_allclose(found.weights @ found.right, found.n_right)
