"""M2 and its indices: mirt's numbers, the dense textbook formula, and that the test keeps its level."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from irt import ItemParameters, ResponseMatrix, calibrate, irf
from irt.calibration import Population
from irt.diagnostics import limited_information, model_fit
from irt.diagnostics.free_parameters import free_parameters
from irt.diagnostics.limited_information import observed_margins
from irt.diagnostics.margins import Curves, covariance_times, derivatives, variances
from irt.diagnostics.model_fit import rmsea_limits
from irt.functions import irf_derivatives
from irt.quadrature import normal_grid

# R> m <- mirt(expand.table(LSAT7), 1, "2PL", quadpts = 61, TOL = 1e-8); M2(m)                   # mirt 1.45.1
# "1PL": mirt(..., "Rasch"), a variance to be estimated in place of the common slope.
FIELDS = ("m2", "df", "p_value", "rmsea", "rmsea_lower", "rmsea_upper", "srmsr", "tli", "cfi")
REFERENCE = {
    ("lsat6", "2PL"): (4.7383839, 5, 0.44863493, 0, 0, 0.042772447, 0.02132219, 1.0092102, 1),
    ("lsat7", "2PL"): (
        11.938412, 5, 0.035641488, 0.03727025, 0.0089547428, 0.064967418, 0.031962915, 0.93692664, 0.96846332,
    ),
    ("lsat6", "1PL"): (5.2913587, 9, 0.80820619, 0, 0, 0.022536609, 0.022419253, 1.0725345, 1),
    ("lsat7", "1PL"): (
        23.174453, 9, 0.0058161838, 0.039705362, 0.020042321, 0.05998505, 0.047438198, 0.92841539, 0.93557385,
    ),
}  # fmt: skip
#: The fits agree to about 1e-5 in parameters; the statistics follow.
FITTED = 1e-4

CURVES = ItemParameters.from_arrays(
    [f"q{j}" for j in range(5)],
    [0.7, 1.0, 1.4, 2.0, -0.6],
    difficulty=[-1, -0.5, 0, 0.8, 0.3],
    guessing=[0.2, 0, 0.1, 0, 0],
    upper_asymptote=[1, 1, 0.9, 1, 1],
)


@pytest.mark.parametrize(("name", "model"), REFERENCE)
def test_reference_m2(name, model, request):
    matrix = request.getfixturevalue(name)
    found = model_fit(matrix, calibrate(matrix, model))
    for field, wanted in zip(FIELDS, REFERENCE[name, model], strict=True):
        assert getattr(found, field) == pytest.approx(wanted, abs=FITTED), field
    assert (found.n_persons, found.n_dropped, found.reason) == (1000, 0, "")


def margins_of(n_items):
    """Singles and pairs, in the order of the dense matrices below."""
    return [(i,) for i in range(n_items)] + list(itertools.combinations(range(n_items), 2))


def dense(items):
    """Expected raw margins and their covariance, from all joint margins up to the fourth order."""
    grid = normal_grid(241)
    p, w = irf(grid.points, items), np.exp(grid.log_weights)
    sets = margins_of(len(items))
    mean = np.array([w @ p[:, s].prod(axis=1) for s in map(list, sets)])
    joint = np.array([[w @ p[:, sorted({*a, *b})].prod(axis=1) for b in sets] for a in sets])
    return mean, joint - np.outer(mean, mean)


def dense_jacobian(items, free):
    """Derivatives of the raw margins by the free parameters, item by item."""
    grid = normal_grid(241)
    p, w = irf(grid.points, items), np.exp(grid.log_weights)
    slopes = irf_derivatives(grid.points, items)
    columns = []
    for j, k in itertools.product(range(len(items)), range(4)):
        if free[k, j]:
            columns.append(
                [
                    w @ (slopes[k, :, j] * p[:, [i for i in s if i != j]].prod(axis=1)) if j in s else 0.0
                    for s in margins_of(len(items))
                ]
            )
    return np.array(columns).T


@pytest.mark.parametrize("model", ["2PL", "3PL", "4PL"])
def test_identity_m2_is_the_dense_textbook_formula(simulate, model):
    n_items = {"2PL": 6, "3PL": 7, "4PL": 9}[model]
    matrix = simulate(2, 900, np.linspace(0.8, 1.8, n_items), np.linspace(-1, 1, n_items))
    calibration = calibrate(matrix, model)
    found = model_fit(matrix, calibration)
    mean, covariance = dense(calibration.items)
    jacobian = dense_jacobian(calibration.items, free_parameters(calibration))
    observed = np.array([matrix.scores[:, list(s)].prod(axis=1).mean() for s in margins_of(n_items)])
    weight = np.linalg.inv(covariance)
    pulled = weight @ jacobian
    weight -= pulled @ np.linalg.solve(jacobian.T @ pulled, pulled.T)
    # Directions in which the 4PL is hardly determined (1e-6 of the others) cost the dense inverse digits.
    exact = 1e-4 if model == "4PL" else 1e-6
    assert found.m2 == pytest.approx(900 * (observed - mean) @ weight @ (observed - mean), rel=exact)
    assert found.df == n_items * (n_items + 1) / 2 - jacobian.shape[1]


def test_identity_the_covariance_of_centred_margins_without_the_matrix():
    curves = Curves.of(CURVES)
    _, raw = dense(CURVES)
    # Centred and scaled margins are combinations of the raw ones: t_i t_j = (x_i x_j - pi_j x_i - pi_i x_j + ...) / ...
    sets = margins_of(5)
    turn = np.zeros((15, 15))
    for row, s in enumerate(sets):
        scale = curves.scale[list(s)].prod()
        turn[row, row] = 1 / scale
        if len(s) == 2:
            turn[row, s[0]], turn[row, s[1]] = -curves.share[s[1]] / scale, -curves.share[s[0]] / scale
    wanted = turn @ raw @ turn.T
    places = [(s[0], s[-1]) for s in sets]
    found = np.empty((15, 15))
    for column, (i, j) in enumerate(places):
        unit = np.zeros((5, 5))
        unit[i, j] = unit[j, i] = 1.0
        table = covariance_times(curves, unit)
        found[:, column] = [table[place] for place in places]
    np.testing.assert_allclose(found, wanted, atol=1e-7)  # 41 points here, 241 there
    np.testing.assert_allclose([variances(curves)[place] for place in places], np.diag(wanted), atol=1e-7)


def test_derivative_of_the_margins_by_each_parameter():
    curves, step = Curves.of(CURVES), 1e-6
    first, second = derivatives(curves)
    names = ("discrimination", "intercept", "guessing", "upper_asymptote")
    for k, name in enumerate(names):
        for i in range(5):
            moved = []
            for sign in (1, -1):
                values = {other: getattr(CURVES, other).copy() for other in names}
                values[name][i] += sign * step
                grid = normal_grid(41)
                p, w = irf(grid.points, ItemParameters(CURVES.item_ids, **values)), np.exp(grid.log_weights)
                t = (p - curves.share) / curves.scale  # centre and scale stay
                moved.append((w @ t, (t.T * w) @ t))
            slope = (moved[0][0] - moved[1][0]) / (2 * step)
            assert slope[i] == pytest.approx(first[k, i], abs=1e-7)
            product = (moved[0][1] - moved[1][1]) / (2 * step)
            others = np.arange(5) != i
            np.testing.assert_allclose(product[i, others], second[k, i, others], atol=1e-7)


def test_identity_weights_order_and_empty_persons_change_nothing(simulate):
    matrix = simulate(1, 400, np.full(8, 1.2), np.linspace(-1, 1, 8), missing=0.1)
    calibration = calibrate(matrix)
    times = np.random.default_rng(2).integers(1, 4, 400)
    order = np.random.default_rng(3).permutation(8)
    plain = model_fit(ResponseMatrix.from_array(matrix.scores, weights=times), calibration)
    repeated = np.vstack([np.repeat(matrix.scores, times, axis=0), np.full((4, 8), -1)])
    other = model_fit(
        ResponseMatrix.from_array(repeated[:, order], item_ids=[matrix.item_ids[j] for j in order]), calibration
    )
    for field in FIELDS:
        assert getattr(plain, field) == pytest.approx(getattr(other, field), rel=1e-6, abs=1e-9), field
    assert (other.n_persons, other.n_dropped) == (int(times.sum()), 4)


def test_identity_limits_of_rmsea_are_those_of_the_noncentral_distribution():
    # R> uniroot(function(l) pchisq(40, 20, l) - .95, c(0, 40)), the same with .05, c(0, 400); sqrt(root / (20 * 500))
    from scipy.special import chndtr

    lower, upper = rmsea_limits(40.0, 20.0, 500.0)
    assert chndtr(40.0, 20.0, lower**2 * 20 * 500) == pytest.approx(0.95, abs=1e-9)
    assert chndtr(40.0, 20.0, upper**2 * 20 * 500) == pytest.approx(0.05, abs=1e-9)
    assert rmsea_limits(3.0, 20.0, 500.0) == (0.0, 0.0)


def fits(simulate, kind, n_draws=25):
    rng = np.random.default_rng(4)
    for seed in range(n_draws):
        matrix = simulate(seed, 600, rng.lognormal(0.1, 0.3, 15), rng.normal(0, 1, 15))
        gone = np.zeros((600, 15), dtype=bool)
        if kind == "booklets":
            gone = np.arange(15) // 5 == rng.integers(0, 3, 600)[:, None]
        if kind == "random":
            gone = rng.random((600, 15)) < 0.3
        matrix = ResponseMatrix.from_array(np.where(gone, -1, matrix.scores))
        yield model_fit(matrix, calibrate(matrix))


@pytest.mark.parametrize("kind", ["complete", "booklets", "random"])
def test_recovery_m2_is_chi_square_under_the_model(simulate, kind, monkeypatch):
    # Of the 600 sets that are answered at random a sample of 200.
    monkeypatch.setattr(limited_information, "LONGEST_PRODUCT", 0.0)
    found = list(fits(simulate, kind, 8 if kind == "random" else 25))
    # df = 90: M2 / df has a standard deviation of 0.15, the mean of 25 (8) of 0.03 (0.05); three of them.
    ratio = np.mean([fit.m2 / fit.df for fit in found])
    assert ratio == pytest.approx(1.0, abs=0.16 if kind == "random" else 0.09)
    assert all(fit.df == 90 and fit.n_dropped == 0 for fit in found)
    assert np.mean([fit.p_value < 0.05 for fit in found]) <= 0.24  # binomial(25, 0.05): 7 and more have 0.02 %
    assert np.median([fit.rmsea for fit in found]) < 0.02


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_recovery_two_items_that_depend_on_each_other_are_seen(simulate, missing):
    scores = simulate(3, 1000, np.full(12, 1.2), np.linspace(-1, 1, 12)).scores.copy()
    copied = np.random.default_rng(1).random(1000) < 0.4
    scores[copied, 5] = scores[copied, 4]
    scores[np.random.default_rng(2).random(scores.shape) < missing] = -1
    matrix = ResponseMatrix.from_array(scores)
    found = model_fit(matrix, calibrate(matrix))
    assert found.p_value < 1e-6
    assert found.rmsea_lower > 0.01
    assert found.cfi < 0.99


def test_identity_a_sample_of_the_answered_sets_stands_for_all(simulate, monkeypatch):
    matrix = simulate(5, 1000, np.full(10, 1.2), np.linspace(-1, 1, 10), missing=0.3)
    calibration = calibrate(matrix)
    whole = model_fit(matrix, calibration)
    monkeypatch.setattr(limited_information, "LONGEST_PRODUCT", 0.0)
    monkeypatch.setattr(limited_information, "FEWEST_SETS", 200)
    sampled = model_fit(matrix, calibration)
    assert sampled.m2 != whole.m2
    assert sampled.m2 == pytest.approx(whole.m2, rel=0.1)  # a fifth of about 500 sets
    assert sampled.df == whole.df
    assert sampled.srmsr == whole.srmsr


def test_identity_pairs_that_nobody_answered_take_no_part(simulate):
    scores = simulate(6, 900, np.full(12, 1.2), np.linspace(-1, 1, 12)).scores.copy()
    scores[:450, :4], scores[450:, 8:] = -1, -1
    matrix = ResponseMatrix.from_array(scores)
    found = model_fit(matrix, calibrate(matrix))
    assert found.df == 12 + 66 - 16 - 24
    assert 0.5 < found.m2 / found.df < 2
    observed = observed_margins(matrix.scores, np.ones(900), Curves.of(calibrate(matrix).items), 20)
    assert not observed.pairs[:4, 8:].any()
    assert observed.n[0, 5] == 450


def test_identity_a_free_population_takes_two_degrees_of_freedom(simulate):
    theta = 0.5 + 1.3 * np.random.default_rng(7).normal(size=1500)
    slopes, intercepts = np.full(10, 1.2), np.linspace(-1, 1, 10)
    base = calibrate(simulate(8, 1500, slopes, intercepts))
    matrix = simulate(9, 1500, slopes, intercepts, theta=theta)
    held = calibrate(matrix, fixed_items=base.items, free_population=True)
    found = model_fit(matrix, held)
    assert found.df == 55 - 2
    assert found.m2 / found.df < 2.5  # the items' own errors are taken for none
    assert model_fit(matrix, calibrate(matrix)).df == 55 - 20


def test_message_nothing_left_to_test(simulate):
    matrix = simulate(1, 300, np.full(3, 1.0), np.zeros(3))
    found = model_fit(matrix, calibrate(matrix))
    assert "nothing is left to test" in found.reason
    assert np.isnan(found.m2)
    assert found.df == 0
    assert np.isfinite(found.srmsr)


def test_message_no_pairs(simulate):
    matrix = simulate(1, 300, np.full(5, 1.0), np.zeros(5))
    calibration = calibrate(matrix)
    with np.errstate(all="raise"):
        found = model_fit(matrix.take(persons=np.arange(6)), calibration)
    assert found.reason == "No two items were answered by 20 students or more."
    assert np.isnan(found.srmsr)


def test_items_that_nobody_can_fail_take_no_part(lsat6):
    calibration = calibrate(lsat6)
    sure = replace(calibration, population=Population(60.0, 0.01))
    assert model_fit(lsat6, sure).reason.startswith("The calibration leaves no doubt of the answers to any two items")


def test_answers_that_are_all_alike_have_no_correlation(simulate):
    calibration = calibrate(simulate(9, 400, np.full(6, 1.2), np.linspace(-1.2, 1.8, 6)))
    scores = simulate(10, 100, np.full(6, 1.2), np.linspace(-1.2, 1.8, 6)).scores.copy()
    scores[:, 2] = 1
    one = model_fit(ResponseMatrix.from_array(scores), calibration)
    others = model_fit(ResponseMatrix.from_array(scores).take(items=[0, 1, 3, 4, 5]), calibration)
    assert one.srmsr == pytest.approx(others.srmsr, rel=1e-12)
    assert np.isnan(model_fit(ResponseMatrix.from_array(np.ones((100, 6))), calibration).srmsr)


def test_asymptotes_at_the_end_of_their_range_cost_nothing(lsat6):
    fitted = calibrate(lsat6, "3PL")
    known = replace(fitted.standard_errors, guessing=np.full(5, 0.1))
    ends = replace(fitted.items, guessing=np.array([0.0, 0.2, 0.0, 0.2, 0.2]))
    free = free_parameters(replace(fitted, items=ends, standard_errors=known))
    assert free.astype(int).tolist() == [[1] * 5, [1] * 5, [0, 1, 0, 1, 1], [0] * 5]
