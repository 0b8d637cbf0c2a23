"""S-X2: mirt's numbers, the chance of a right answer given the score, and that the test keeps its level."""

from __future__ import annotations

import numpy as np
import pytest

from irt import CalibrationOptions, ItemParameters, ResponseMatrix, ResponsesError, calibrate
from irt.diagnostics import s_x2
from irt.diagnostics.free_parameters import free_parameters
from irt.diagnostics.given_score import right_given_score, score_groups
from irt.diagnostics.item_fit import collapse
from irt.quadrature import normal_grid
from irt.scoring import score_distribution

# R> m <- mirt(expand.table(LSAT7), 1, "2PL", quadpts = 61, TOL = 1e-8); itemfit(m, "S_X2")       # mirt 1.45.1
# "1PL": mirt(..., "Rasch"), a variance to be estimated in place of the common slope.
REFERENCE = {
    ("lsat6", "2PL"): (
        [0.45037598, 1.6910392, 0.66627987, 0.17530745, 0.11105029],
        [2, 2, 1, 2, 2],
        [0, 0, 0, 0, 0],
        [0.79836612, 0.42933421, 0.41435163, 0.91607804, 0.94598823],
    ),
    ("lsat7", "2PL"): (
        [4.7505402, 14.453453, 1.2726599, 5.2364824, 0.94094199],
        [2, 2, 2, 2, 2],
        [0.037103191, 0.078949093, 0, 0.040247497, 0],
        [0.092989369, 0.00072689654, 0.52923117, 0.072931023, 0.62470796],
    ),
    ("lsat6", "1PL"): (
        [0.43632408, 1.5760508, 0.87182778, 0.18952245, 0.18980201],
        [2, 2, 1, 2, 2],
        [0, 0, 0, 0, 0],
        [0.80399515, 0.45474185, 0.3504498, 0.90959009, 0.90946296],
    ),
    ("lsat7", "1PL"): (
        [5.5927131, 12.18855, 8.5880794, 8.9872538, 4.8772956],
        [2, 2, 2, 2, 2],
        [0.042404654, 0.071409905, 0.057422444, 0.059136486, 0.03794849],
        [0.061032025, 0.0022557446, 0.013649673, 0.011180021, 0.087278789],
    ),
}
#: The fits agree to about 1e-5 in parameters, the statistics follow.
FITTED = 1e-4

CURVES = ItemParameters.from_arrays(
    [f"q{j}" for j in range(7)],
    [0.4, 0.8, 1.2, 1.6, 2.0, 0.9, -0.5],
    difficulty=np.linspace(-1.5, 1.5, 7),
    guessing=[0.2, 0, 0.1, 0, 0.3, 0, 0],
    upper_asymptote=[1, 1, 0.9, 1, 1, 0.95, 1],
)


@pytest.mark.parametrize(("name", "model"), REFERENCE)
def test_reference_s_x2(name, model, request):
    matrix = request.getfixturevalue(name)
    found = s_x2(matrix, calibrate(matrix, model))
    statistic, df, rmsea, p_value = REFERENCE[name, model]
    np.testing.assert_allclose(found.s_x2, statistic, atol=FITTED)
    np.testing.assert_array_equal(found.df, df)
    np.testing.assert_allclose(found.rmsea, rmsea, atol=FITTED)
    np.testing.assert_allclose(found.p_value, p_value, atol=FITTED)
    assert found.method == "complete"
    assert found.reasons == ("",) * 5
    assert (found.n == 1000).all()


@pytest.mark.parametrize("population", [(0.0, 1.0), (0.4, 1.3)])
def test_identity_chances_given_the_score_are_those_of_lord_and_wingersky(population):
    answered = np.array([[1] * 7, [1, 1, 0, 1, 0, 1, 1], [0, 1, 1, 0, 0, 0, 1]], dtype=bool)
    scores = np.array([np.where(row, np.arange(7) % 2, -1) for row in answered], dtype=np.int8)
    groups, grid = score_groups(scores), normal_grid(61)
    found = right_given_score(groups, CURVES, grid, population)[groups.of_person]
    theta, weight = population[0] + population[1] * grid.points, np.exp(grid.log_weights)
    for row, person in zip(found, scores, strict=True):
        there, right = np.flatnonzero(person >= 0), int((person == 1).sum())
        total = weight @ score_distribution(theta, CURVES.take(there))[:, right]
        for j in range(7):
            rest = score_distribution(theta, CURVES.take(there[there != j]))
            p = score_distribution(theta, CURVES.take([j]))[:, 1]
            wanted = weight @ (p * rest[:, right - (j in there)]) / total
            assert row[j] == pytest.approx(wanted, abs=1e-12)  # both are sums of some hundred products


def test_scores_that_hardly_can_be_have_no_chances():
    n, grid = 100, normal_grid(61)
    items = ItemParameters.from_arrays([str(j) for j in range(n)], np.ones(n), intercept=np.zeros(n), guessing=0.25)
    scores = np.tri(n + 1, n, -1).astype(np.int8)  # 0, 1, ..., 100 right
    groups = score_groups(scores)
    found = right_given_score(groups, items, grid)[groups.of_person]
    probability = np.exp(grid.log_weights) @ score_distribution(grid.points, items)
    there = probability > 1e-14
    assert there.tolist() == [False] * 2 + [True] * (n - 1)
    assert np.isnan(found[~there]).all()
    # Items that are alike share the score; rounding of 1e-17 beside a probability of 1e-14.
    np.testing.assert_allclose(found[there], np.repeat(np.arange(n + 1)[there, None] / n, n, axis=1), atol=2e-3)


def test_identity_chances_of_the_answered_items_add_up_to_the_score():
    rng = np.random.default_rng(3)
    scores = rng.integers(-1, 2, (50, 7)).astype(np.int8)
    groups = score_groups(scores)
    found = right_given_score(groups, CURVES, normal_grid(61))
    np.testing.assert_allclose((found * groups.answered).sum(axis=1), groups.score, atol=1e-12)
    np.testing.assert_array_equal(groups.score[groups.of_person], (scores == 1).sum(axis=1))
    np.testing.assert_array_equal(groups.answered[groups.of_person], scores >= 0)


def test_identity_weights_count_persons_and_persons_without_answers_do_not(simulate):
    matrix = simulate(1, 300, np.full(8, 1.2), np.linspace(-1, 1, 8), missing=0.1)
    calibration = calibrate(matrix)
    rng = np.random.default_rng(2)
    times = rng.integers(0, 4, 300)
    weighted = ResponseMatrix.from_array(matrix.scores, weights=times)
    repeated = ResponseMatrix.from_array(np.vstack([np.repeat(matrix.scores, times, axis=0), np.full((5, 8), -1)]))
    one, other = s_x2(weighted, calibration), s_x2(repeated, calibration)
    np.testing.assert_allclose(one.s_x2, other.s_x2, rtol=1e-9)
    np.testing.assert_array_equal(one.n, other.n)
    assert one.method == "missing by design"


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        # The first group has no neighbour but the next one, the last none but the one before.
        ([[0, 2, 0.5, 1.5], [3, 3, 3, 3], [2, 0, 1.5, 0.5]], [[5, 5, 5, 5]]),
        ([[3, 3, 3, 3], [9, 9, 9, 9], [2, 0, 1.5, 0.5]], [[3, 3, 3, 3], [11, 9, 10.5, 9.5]]),
        # In the middle: the neighbour with fewer persons, the lower of two that have as many.
        ([[5, 5, 5, 5], [1, 0, 0.5, 0.5], [2, 2, 2, 2]], [[5, 5, 5, 5], [3, 2, 2.5, 2.5]]),
        ([[2, 2, 2, 2], [1, 0, 0.5, 0.5], [2, 2, 2, 2]], [[3, 2, 2.5, 2.5], [2, 2, 2, 2]]),
        ([[1, 0, 0.4, 0.4]], np.empty((0, 4))),
    ],
)
def test_identity_sparse_groups_are_joined_as_in_mirt(cells, wanted):
    np.testing.assert_allclose(collapse(np.array(cells, dtype=float)), wanted)


def with_missing(matrix, kind, rng):
    """Answers taken away: one of three blocks of items from each person, or 30 % anywhere."""
    shape = matrix.scores.shape
    block = np.arange(shape[1]) * 3 // shape[1]
    gone = rng.random(shape) < 0.3 if kind == "random" else block == rng.integers(0, 3, shape[0])[:, None]
    return ResponseMatrix.from_array(np.where(gone, -1, matrix.scores))


@pytest.mark.parametrize("kind", ["booklets", "random"])
def test_recovery_the_test_keeps_its_level_with_missing_answers(simulate, kind):
    rng = np.random.default_rng(5)
    p_values, ratio = [], []
    for seed in range(12):
        matrix = simulate(seed, 500, rng.lognormal(0.1, 0.3, 20), rng.normal(0, 1, 20))
        partly = with_missing(matrix, kind, rng)
        found = s_x2(partly, calibrate(partly))
        p_values.append(found.p_value)
        ratio.append(np.mean(found.s_x2 / found.df))
    # 240 tests at 5 %: the share has a standard error of 0.014, so that three of them are 0.008 to 0.092.
    assert 0.01 < np.mean(np.array(p_values) < 0.05) < 0.09
    # The mean of S-X2 / df has a standard error of about 0.02.
    assert np.mean(ratio) == pytest.approx(1.0, abs=0.07)


@pytest.mark.parametrize("kind", ["complete", "booklets", "random"])
def test_recovery_an_item_that_strong_students_get_wrong_is_found(simulate, kind):
    rng = np.random.default_rng(8)
    theta = rng.normal(size=1000)
    scores = simulate(4, 1000, np.full(20, 1.2), np.linspace(-1.5, 1.5, 20), theta=theta).scores.copy()
    scores[:, 6] = rng.random(1000) < 0.25 + 0.5 * np.exp(-(theta**2))
    matrix = ResponseMatrix.from_array(scores)
    matrix = matrix if kind == "complete" else with_missing(matrix, kind, rng)
    found = s_x2(matrix, calibrate(matrix))
    assert found.p_value[6] < 0.01
    assert np.argmin(found.p_value) == 6


def test_identity_degrees_of_freedom_are_groups_less_estimated_parameters(simulate):
    matrix = simulate(6, 800, np.full(10, 1.3), np.linspace(-1, 1, 10))
    two, three, one = (s_x2(matrix, calibrate(matrix, model)) for model in ("2PL", "3PL", "1PL"))
    assert (two.df <= 7).all()
    np.testing.assert_array_equal(two.df, one.df)
    assert (three.df <= two.df).all()
    assert three.df.sum() < two.df.sum()
    fixed = calibrate(matrix).items
    held = calibrate(matrix, fixed_items=fixed.take(range(4)), free_population=True)
    np.testing.assert_array_equal(free_parameters(held).sum(axis=0), [0] * 4 + [2] * 6)
    np.testing.assert_array_equal((s_x2(matrix, held).df - two.df)[:4], 2)


def test_message_items_without_a_test_say_why(simulate):
    scores = simulate(7, 200, np.full(6, 1.2), np.zeros(6)).scores.copy()
    scores[:, 2] = 1
    matrix = ResponseMatrix.from_array(scores, item_ids=list("abcdef"))
    calibration = calibrate(matrix)
    found = s_x2(matrix, calibration)
    assert "answered correctly by all 200 students" in found.reasons[2]
    assert np.isnan(found.s_x2[2])
    assert found.n[2] == 0
    assert np.isfinite(np.delete(found.s_x2, 2)).all()
    other = ResponseMatrix.from_array(scores[:, :4], item_ids=["a", "b", "z", "d"])
    assert "not in the calibration" in s_x2(other, calibration).reasons[2]
    with pytest.raises(ResponsesError, match="None of the 6 items"):
        s_x2(ResponseMatrix.from_array(scores), calibration)


def test_message_too_few_groups(simulate):
    matrix = simulate(9, 100, np.full(3, 1.0), np.zeros(3))
    found = s_x2(matrix, calibrate(matrix, options=CalibrationOptions("2PL", prior="weak")))
    assert all("too few groups" in reason for reason in found.reasons)  # three items: two groups, two parameters
    assert np.isnan(found.p_value).all()
    assert (found.df == 0).all()
    assert (found.n == 100).all()


def test_invariant_a_single_person_has_no_test_and_no_warning(simulate):
    calibration = calibrate(simulate(1, 300, np.full(5, 1.0), np.zeros(5)))
    with np.errstate(all="raise"):
        for scores in ([[1, 0, 1, 1, 0]], [[1, -1, -1, -1, -1]], [[-1] * 5]):
            found = s_x2(ResponseMatrix.from_array(scores), calibration)
            assert np.isnan(found.p_value).all()
            assert all(found.reasons)
