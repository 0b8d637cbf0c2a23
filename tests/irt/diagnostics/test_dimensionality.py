"""Recovery: how many dimensions stand out of simulated exams; what is said where it cannot be told."""

from __future__ import annotations

import numpy as np
import pytest

from irt import FitError, ResponseMatrix
from irt.diagnostics import dimensionality
from irt.diagnostics.draws import one_row_a_person, shuffled

DRAWS = 20


def exam(seed: int, n_persons: int, n_items: int, n_dimensions: int, missing: float = 0.0) -> ResponseMatrix:
    """Items that load on one of so many independent abilities in turn; 0: on none."""
    rng = np.random.default_rng(seed)
    slopes, intercepts = rng.lognormal(0.1, 0.3, n_items), rng.normal(0, 1, n_items)
    theta = rng.normal(size=(n_persons, max(n_dimensions, 1)))
    own = theta[:, np.arange(n_items) % max(n_dimensions, 1)]
    p = 1 / (1 + np.exp(-(slopes * own * (n_dimensions > 0) + intercepts)))
    scores = (rng.random(p.shape) < p).astype(int)
    scores[rng.random(p.shape) < missing] = -1
    return ResponseMatrix.from_array(scores)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("n_dimensions", [1, 2])
def test_recovery_of_the_number_of_dimensions(seed, missing, n_dimensions):
    found = dimensionality(exam(seed, 600, 14, n_dimensions, missing), n_draws=DRAWS)
    assert found.n_dimensions == n_dimensions
    assert found.matrix == "tetrachoric"
    assert found.reason == ""
    assert (np.diff(found.eigenvalues) <= 0).all()
    # The trace of a correlation matrix; a sum of 14 rounded numbers.
    assert found.eigenvalues.sum() == pytest.approx(14, abs=1e-10)


def test_recovery_three_and_none():
    assert dimensionality(exam(1, 1500, 18, 3), n_draws=DRAWS).n_dimensions == 3
    assert dimensionality(exam(2, 600, 14, 0), n_draws=DRAWS).n_dimensions == 0


def test_the_ratio_of_the_first_two():
    found = dimensionality(exam(3, 600, 14, 1), n_draws=2)
    assert found.ratio == found.eigenvalues[0] / found.eigenvalues[1] > 2


def test_the_same_seed_gives_the_same_reference():
    one, two, other = (dimensionality(exam(4, 200, 8, 1), n_draws=5, seed=seed).reference for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_weights_are_persons(lsat7):
    weighted = dimensionality(lsat7, n_draws=DRAWS)
    rows = np.repeat(lsat7.scores, lsat7.weights.astype(int), axis=0)
    repeated = dimensionality(ResponseMatrix.from_array(rows), n_draws=DRAWS)
    assert weighted.n_persons == 1000
    np.testing.assert_allclose(weighted.eigenvalues, repeated.eigenvalues, atol=1e-12)
    np.testing.assert_allclose(weighted.reference, repeated.reference, atol=1e-12)


@pytest.mark.parametrize(("n_dimensions", "expected"), [(1, 1), (2, 2)])
def test_booklets_without_common_persons_are_looked_at_through_residuals(n_dimensions, expected):
    scores = exam(5, 1200, 15, n_dimensions).scores.copy()
    # Items 1-10 for one half, 6-15 for the other: the first five and the last five meet nowhere.
    scores[:600, 10:] = -1
    scores[600:, :5] = -1
    found = dimensionality(ResponseMatrix.from_array(scores), n_draws=15)
    assert found.matrix == "residual"
    assert found.n_dimensions == expected
    assert "too few students in common" in found.reason
    assert np.isnan(found.ratio)


def test_many_persons_are_sampled_and_constant_items_left_out():
    scores = exam(6, 6000, 5, 1).scores.copy()
    scores[:, 4] = 1
    found = dimensionality(ResponseMatrix.from_array(scores), n_draws=2)
    assert found.n_persons == 5000
    assert len(found.eigenvalues) == 4


@pytest.mark.parametrize("scores", [np.empty((0, 4)), np.ones((5, 4)), [[1, 0], [0, 1]], np.full((3, 3), -1)])
def test_message_too_few_items(scores):
    found = dimensionality(ResponseMatrix.from_array(scores), n_draws=2)
    assert found.n_dimensions is None
    assert found.reason.startswith("Dimensions can be told from 3 items")
    assert len(found.eigenvalues) == len(found.reference) == 0
    assert np.isnan(found.ratio)


def test_message_one_draw_is_not_enough(lsat6):
    with pytest.raises(FitError, match="at least 2 draws, not 1"):
        dimensionality(lsat6, n_draws=1)


def test_invariant_shuffling_keeps_margins_and_missing_answers(simulate):
    scores = simulate(7, 100, np.ones(6), np.linspace(-1, 1, 6), missing=0.2).scores.copy()
    scores[:, 0] = np.arange(100) % 2
    after = shuffled(scores, np.random.default_rng(1))
    np.testing.assert_array_equal(after < 0, scores < 0)
    np.testing.assert_array_equal((after == 1).sum(axis=0), (scores == 1).sum(axis=0))
    assert ((after != scores).sum(axis=0) > 10).all()


def test_rows_of_weights_that_are_no_whole_numbers():
    scores = np.arange(5)[:, None] % 2
    matrix = ResponseMatrix.from_array(scores, weights=[0.5, 0.5, 2.0, 0.0, 1.0])
    assert len(one_row_a_person(matrix, 100, np.random.default_rng(1))) == 4
    assert len(one_row_a_person(matrix, 3, np.random.default_rng(1))) == 3
