"""Marginal maximum likelihood: reference digits, identities, invariants, recovery."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from irt import CalibrationOptions, ResponseMatrix, calibrate
from irt.errors import FitError, ResponsesError

# Reference: mirt(LSAT6, 1, "2PL") and mirt(LSAT7, 1, "2PL"), polished by an independent optimiser of the marginal
# likelihood on 401 points over [-10, 10]; standard errors from its numerical second derivative.
TWO_PL = {
    "lsat6": {
        "log_likelihood": -2466.65338,
        "a": [0.825659522, 0.722744197, 0.890874534, 0.688367972, 0.656855939],
        "d": [2.7732344, 0.990201198, 0.249147524, 1.28475693, 2.05327044],
        "se_a": [0.258114921, 0.186679673, 0.232763835, 0.185142939, 0.209909184],
        "se_d": [0.205743731, 0.0900189691, 0.0762728825, 0.0990375195, 0.135358785],
    },
    "lsat7": {
        "log_likelihood": -2658.80511,
        "a": [0.987545889, 1.08083714, 1.70747766, 0.764989873, 0.735672712],
        "d": [1.85585564, 0.807969592, 1.8052062, 0.485999802, 1.85445759],
        "se_a": [0.177194831, 0.168763902, 0.321076959, 0.134120298, 0.15113395],
        "se_d": [0.131450129, 0.0912469897, 0.204825114, 0.0749134367, 0.114408718],
    },
}
# The same with one common slope and unit variance.
ONE_PL = {
    "lsat6": {
        "log_likelihood": -2466.9376,
        "a": [0.755134617] * 5,
        "d": [2.73001323, 0.998605829, 0.239853885, 1.30645116, 2.09940436],
        "se_a": [0.0694332094] * 5,
        "se_d": [0.130441178, 0.0791773344, 0.0717746744, 0.0846381005, 0.105445002],
    },
    "lsat7": {
        "log_likelihood": -2664.90089,
        "a": [1.01126752] * 5,
        "d": [1.86826476, 0.791006237, 1.46097959, 0.521506046, 1.99297494],
        "se_a": [0.0649430111] * 5,
        "se_d": [0.10042931, 0.0811566075, 0.0913104317, 0.0787251586, 0.103704836],
    },
}
CASES = [("2PL", name) for name in TWO_PL] + [("1PL", name) for name in ONE_PL]


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def fitted_and_expected(request, lsat6, lsat7):
    model, name = request.param
    expected = (TWO_PL if model == "2PL" else ONE_PL)[name]
    return calibrate({"lsat6": lsat6, "lsat7": lsat7}[name], model), expected


class TestReference:
    """Tolerances: the reference's own digits end at 5e-6 (likelihood) and 1e-6 (parameters, from its stopping rule)."""

    def test_log_likelihood(self, fitted_and_expected):
        fitted, expected = fitted_and_expected
        assert fitted.log_likelihood == pytest.approx(expected["log_likelihood"], abs=1e-5)

    def test_discrimination(self, fitted_and_expected):
        fitted, expected = fitted_and_expected
        np.testing.assert_allclose(fitted.items.discrimination, expected["a"], atol=2e-6)

    def test_intercept(self, fitted_and_expected):
        fitted, expected = fitted_and_expected
        np.testing.assert_allclose(fitted.items.intercept, expected["d"], atol=2e-6)

    def test_standard_errors(self, fitted_and_expected):
        fitted, expected = fitted_and_expected
        np.testing.assert_allclose(fitted.standard_errors.discrimination, expected["se_a"], atol=2e-6)
        np.testing.assert_allclose(fitted.standard_errors.intercept, expected["se_d"], atol=2e-6)

    def test_difficulty_and_its_standard_error(self, lsat6):
        # coef(mirt(LSAT6, 1, "2PL", SE = TRUE, SE.type = "Oakes"), IRTpars = TRUE, printSE = TRUE); Oakes is numerical,
        # and mirt stops some 1e-6 away: 1e-5.
        fitted = calibrate(lsat6)
        b = [-3.3588113, -1.3700576, -0.27966623, -1.866381, -3.1259066]
        se = [0.86647217, 0.30749067, 0.099622832, 0.43431733, 0.87122184]
        np.testing.assert_allclose(fitted.items.difficulty, b, atol=1e-5)
        np.testing.assert_allclose(fitted.standard_errors.difficulty, se, atol=1e-5)

    def test_converged(self, fitted_and_expected):
        assert fitted_and_expected[0].status.code == "converged"


def naive_log_likelihood(parameters, scores, n_points=201, reach=9.0):
    """The definition, written out: persons x items x points."""
    n_items = scores.shape[1]
    theta = np.linspace(-reach, reach, n_points)
    weight = np.exp(-0.5 * theta**2)
    weight /= weight.sum()
    p = 1 / (1 + np.exp(-(parameters[:n_items, None] * theta + parameters[n_items:, None])))
    cells = np.where(scores[:, :, None] == 1, p, np.where(scores[:, :, None] == 0, 1 - p, 1.0))
    return float(np.log(cells.prod(axis=1) @ weight).sum())


def test_maximum_is_that_of_an_independent_optimiser(simulate):
    """Reference: scipy's BFGS on the likelihood written out, with a third of the answers missing."""
    matrix = simulate(5, 250, np.array([0.6, 1.0, 1.6, -0.8, 1.2]), np.array([-1.0, 0.0, 1.0, 0.5, -0.5]), missing=0.33)
    fitted = calibrate(matrix)
    kept = matrix.scores[(matrix.scores >= 0).any(axis=1)]
    start = np.concatenate([fitted.items.discrimination, fitted.items.intercept]) + 0.2
    best = minimize(lambda x: -naive_log_likelihood(x, kept), start, method="BFGS", options={"gtol": 1e-5})
    found = np.concatenate([fitted.items.discrimination, fitted.items.intercept])
    assert fitted.log_likelihood == pytest.approx(-best.fun, abs=1e-6)
    # BFGS on finite differences stops at gradients of 1e-5, some 1e-5 in these parameters.
    np.testing.assert_allclose(found, best.x, atol=2e-4)


class TestInvariants:
    @pytest.mark.parametrize("model", ["1PL", "2PL"])
    @pytest.mark.parametrize("prior", [None, "weak"])
    @pytest.mark.parametrize("missing", [0.0, 0.5])
    def test_objective_never_falls(self, simulate, model, prior, missing):
        rng = np.random.default_rng(1)
        matrix = simulate(2, 300, rng.lognormal(0, 0.4, 15), rng.normal(0, 1.2, 15), missing=missing)
        history = np.array(calibrate(matrix, options=CalibrationOptions(model=model, prior=prior)).history)
        # 1e-12 of the objective is rounding of a sum of some thousand logarithms.
        fell = np.flatnonzero(np.diff(history) < -1e-12 * abs(history[-1]))
        assert len(history) > 3
        assert len(fell) == 0, "the objective fell after steps " + f"{fell}: " + ", ".join(f"{v:.9f}" for v in history)

    def test_expected_right_answers_equal_observed(self, lsat6):
        """At the maximum the posterior expectation of each item's right answers is the number observed."""
        from irt.calibration.expectation import e_step
        from irt.calibration.layout import NO_PRIOR, Layout
        from irt.calibration.patterns import Problem, distinct_patterns
        from irt.quadrature import normal_grid

        fitted = calibrate(lsat6)
        patterns = distinct_patterns(lsat6.scores, lsat6.weights)
        problem = Problem(patterns, normal_grid(61), Layout(5, False), NO_PRIOR)
        state = e_step(problem, np.concatenate([fitted.items.discrimination, fitted.items.intercept]))
        expected = (state.expected_answers * state.curves).sum(axis=1)
        # Parameters within 1e-6 of the maximum, times an information of some hundreds.
        np.testing.assert_allclose(expected, patterns.n_right, atol=1e-3)

    def test_result_does_not_depend_on_the_grid(self, lsat7):
        coarse = calibrate(lsat7, options=CalibrationOptions(n_quadrature=61))
        fine = calibrate(lsat7, options=CalibrationOptions(n_quadrature=241))
        # The grid ends at +-6, where 2e-9 of the population is cut off: some 1e-6 of a log-likelihood in the thousands.
        assert coarse.log_likelihood == pytest.approx(fine.log_likelihood, abs=1e-5)
        np.testing.assert_allclose(coarse.items.discrimination, fine.items.discrimination, atol=1e-6)

    def test_a_grid_too_coarse_for_a_long_exam_is_refined(self, simulate):
        rng = np.random.default_rng(8)
        matrix = simulate(9, 300, rng.lognormal(0.3, 0.2, 120), rng.normal(0, 1.2, 120))
        coarse = calibrate(matrix, options=CalibrationOptions(n_quadrature=15))
        fine = calibrate(matrix, options=CalibrationOptions(n_quadrature=481))
        assert coarse.log_likelihood == pytest.approx(fine.log_likelihood, abs=1e-4)

    def test_slopes_are_not_bounded(self, simulate):
        """A steep and an inverted item come out as they are."""
        slopes = np.array([1.0, 1.0, 6.0, -2.5, 1.0, 1.0, 1.0, 1.0])
        fitted = calibrate(simulate(4, 20000, slopes, np.zeros(8)))
        assert fitted.items.discrimination[2] == pytest.approx(6.0, abs=4 * fitted.standard_errors.discrimination[2])
        assert fitted.items.discrimination[3] == pytest.approx(-2.5, abs=4 * fitted.standard_errors.discrimination[3])
        assert fitted.items.discrimination[2] > 5


class TestIdentities:
    @pytest.fixture
    def matrix(self, simulate):
        rng = np.random.default_rng(3)
        return simulate(6, 400, rng.lognormal(0, 0.3, 8), rng.normal(0, 1, 8), missing=0.1)

    @pytest.mark.parametrize("model", ["1PL", "2PL"])
    def test_weight_is_repetition(self, matrix, model):
        weights = np.random.default_rng(0).integers(0, 4, matrix.n_persons)
        rows = np.repeat(np.arange(matrix.n_persons), weights)
        weighted = calibrate(ResponseMatrix.from_array(matrix.scores, weights=weights), model)
        repeated = calibrate(ResponseMatrix.from_array(matrix.scores[rows]), model)
        assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, abs=1e-8)
        # Both end within the tolerance of 1e-6 of the maximum.
        np.testing.assert_allclose(weighted.items.discrimination, repeated.items.discrimination, atol=2e-6)
        np.testing.assert_allclose(weighted.n_answers, repeated.n_answers)
        assert weighted.n_persons == repeated.n_persons

    @pytest.mark.parametrize("model", ["1PL", "2PL"])
    def test_permuted_items_and_persons(self, matrix, model):
        items = np.array([3, 0, 7, 1, 6, 2, 5, 4])
        persons = np.random.default_rng(1).permutation(matrix.n_persons)
        first, second = calibrate(matrix, model), calibrate(matrix.take(persons, items), model)
        assert second.items.item_ids == tuple(matrix.item_ids[j] for j in items)
        np.testing.assert_allclose(second.items.discrimination, first.items.discrimination[items], atol=2e-6)
        np.testing.assert_allclose(
            second.standard_errors.difficulty, first.standard_errors.difficulty[items], rtol=1e-4
        )

    def test_unobserved_item_changes_nothing(self, matrix):
        more = np.hstack([matrix.scores, np.full((matrix.n_persons, 1), -1)])
        first, second = calibrate(matrix), calibrate(ResponseMatrix.from_array(more))
        np.testing.assert_array_equal(first.items.discrimination, second.items.discrimination)
        assert first.log_likelihood == second.log_likelihood
        assert [item.id for item in second.excluded_items] == ["Item_9"]

    def test_reversing_an_item_reverses_its_slope(self, matrix):
        scores = matrix.scores.copy()
        scores[:, 2] = np.where(scores[:, 2] >= 0, 1 - scores[:, 2], -1)
        first, second = calibrate(matrix), calibrate(ResponseMatrix.from_array(scores))
        sign = np.where(np.arange(8) == 2, -1, 1)
        assert first.log_likelihood == pytest.approx(second.log_likelihood, abs=1e-8)
        np.testing.assert_allclose(second.items.discrimination, sign * first.items.discrimination, atol=2e-6)
        np.testing.assert_allclose(second.items.difficulty, first.items.difficulty, atol=1e-4)

    def test_equal_slopes_are_the_1pl(self, simulate):
        """The 2PL is never less likely than the 1PL, and no more than chance where slopes are equal."""
        matrix = simulate(11, 2000, np.ones(10), np.linspace(-1.5, 1.5, 10))
        one, two = calibrate(matrix, "1PL"), calibrate(matrix, "2PL")
        gain = 2 * (two.log_likelihood - one.log_likelihood)
        assert 0 <= gain < 27.9  # chi-squared with 9 degrees of freedom: 99.9 %
        assert (one.n_parameters, two.n_parameters) == (11, 20)
        assert len(set(one.items.discrimination)) == 1


class TestRecovery:
    def test_within_standard_errors(self, simulate):
        rng = np.random.default_rng(21)
        slopes, intercepts = rng.lognormal(0, 0.3, 30), rng.normal(0, 1, 30)
        fitted = calibrate(simulate(22, 3000, slopes, intercepts, missing=0.1))
        z = np.concatenate(
            [
                (fitted.items.discrimination - slopes) / fitted.standard_errors.discrimination,
                (fitted.items.difficulty + intercepts / slopes) / fitted.standard_errors.difficulty,
            ]
        )
        # 60 normal deviates: all within 4, and their standard deviation within 3 standard errors (0.09) of 1.
        assert np.abs(z).max() < 4
        assert abs(z.std() - 1) < 0.3

    def test_weak_prior_gives_way_to_answers(self, simulate):
        rng = np.random.default_rng(23)
        matrix = simulate(24, 20000, rng.lognormal(0, 0.3, 10), rng.normal(0, 1, 10))
        plain = calibrate(matrix)
        held = calibrate(matrix, options=CalibrationOptions(prior="weak"))
        np.testing.assert_allclose(held.items.discrimination, plain.items.discrimination, atol=0.01)

    def test_weak_prior_steadies_few_answers(self, simulate):
        """With 120 persons the prior brings slopes nearer to the truth, negative ones included."""
        slopes = np.array([0.5, 0.8, 1.0, 1.2, 1.5, -0.8, 1.0, 0.9, 1.1, 0.7])
        away = {None: 0.0, "weak": 0.0}
        for seed in range(10):
            matrix = simulate(100 + seed, 120, slopes, np.linspace(-1, 1, 10))
            for prior in away:
                fitted = calibrate(matrix, options=CalibrationOptions(prior=prior))
                away[prior] += float(((fitted.items.discrimination - slopes) ** 2).sum())
                assert prior is None or fitted.items.discrimination[5] < 0
        assert away["weak"] < away[None]


class TestOptions:
    def test_iteration_limit_is_a_status(self, lsat6):
        fitted = calibrate(lsat6, options=CalibrationOptions(max_iterations=3))
        assert fitted.status.code == "iteration_limit"
        assert "approximate" in fitted.status.value

    def test_unavailable_model(self, lsat6):
        with pytest.raises(FitError, match=r"1PL, 2PL, 3PL, 4PL; '5PL' cannot"):
            calibrate(lsat6, "5PL")

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"prior": "strong"}, "prior must be None or"),
            ({"n_quadrature": 3}, "at least 11 points, not 3"),
            ({"tolerance": 0.0}, "tolerance must lie between 0 and 1"),
            ({"max_iterations": 0}, "At least 1 iteration"),
        ],
    )
    def test_impossible_options(self, lsat6, change, words):
        with pytest.raises(FitError, match=words):
            calibrate(lsat6, options=CalibrationOptions(**change))

    def test_item_names_must_fit(self, lsat6):
        with pytest.raises(ResponsesError, match="5 items in the matrix, but 2 item names"):
            calibrate(lsat6, item_names=["a", "b"])

    def test_names_and_provenance_are_carried(self, lsat6):
        fitted = calibrate(lsat6, item_names=list("abcde"), provenance={"source": "published table"})
        assert fitted.item_names == tuple("abcde")
        assert fitted.provenance["source"] == "published table"

    def test_criteria(self, lsat6):
        # mirt(LSAT6, 1, "2PL"): AIC 4953.3068, BIC 5002.3843 as printed.
        fitted = calibrate(lsat6)
        assert fitted.aic == pytest.approx(4953.3068, abs=1e-4)
        assert fitted.bic == pytest.approx(5002.3843, abs=1e-4)
