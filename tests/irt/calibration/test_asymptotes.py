"""Reference, derivative, identity and recovery: the 3PL and the 4PL."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit, logit

from irt import CalibrationOptions, FitError, ResponseMatrix, TooFewAnswersError, calibrate
from irt.calibration.asymptotes import e_step
from irt.calibration.curvature import observed_information
from irt.calibration.file import from_dict, to_dict
from irt.calibration.general import general_layout
from irt.calibration.layout import NO_PRIOR, PRIORS, with_asymptotes
from irt.calibration.patterns import Problem, distinct_patterns
from irt.quadrature import normal_grid


def log_posterior(x, model, matrix):
    """The objective in the plainest way: 401 points on [-10, 10], persons x items x points."""
    theta = np.linspace(-10, 10, 401)
    density = np.exp(-(theta**2) / 2)
    table = x.reshape(-1, matrix.n_items)
    low, high = expit(table[2]), expit(table[3]) if model == "4PL" else np.ones(matrix.n_items)
    p = low + (high - low) * expit(np.multiply.outer(theta, table[0]) + table[1])
    p = np.clip(p, 1e-300, 1 - 1e-16)[None]
    scores = matrix.scores[:, None, :]
    answers = np.where(scores == 1, p, np.where(scores == 0, 1 - p, 1.0)).prod(axis=2)
    likelihood = matrix.weights @ np.log(answers @ (density / density.sum()))
    prior = -0.5 * (((table[2] + 1.1) / 0.5) ** 2).sum()
    if model == "4PL":
        prior -= 0.5 * (((table[3] - 3.0) / 1.0) ** 2).sum()
    return likelihood + prior


def vector(fitted):
    """The estimates as ``log_posterior`` takes them."""
    items = fitted.items
    parts = [items.discrimination, items.intercept, logit(items.guessing)]
    return np.concatenate([*parts, logit(items.upper_asymptote)] if fitted.model == "4PL" else parts)


def sat(seed, n_persons, n_items, missing=0.0, guessing=(0.1, 0.3), upper=1.0):
    """Answers from a 3PL or 4PL, with the parameters that made them."""
    rng = np.random.default_rng(seed)
    a, b = rng.lognormal(0.2, 0.3, n_items), rng.normal(0, 1, n_items)
    g, theta = rng.uniform(*guessing, n_items), rng.normal(size=n_persons)
    p = g + (upper - g) * expit(a * (theta[:, None] - b))
    scores = (rng.random(p.shape) < p).astype(int)
    scores[rng.random(p.shape) < missing] = -1
    return ResponseMatrix.from_array(scores), a, b, g


# scipy.optimize.minimize(lambda x: -log_posterior(x, model, matrix), x0, method="BFGS") from four starts that all end
# there, then Newton steps by central differences until the gradient is 1e-12; standard errors from the inverse of the
# same differences, on the natural scale.
EXPECTED = {
    ("lsat6", "3PL"): {
        "log_likelihood": -2466.896750,
        "objective": -2466.909819,
        "discrimination": [0.851994, 0.894212, 1.365388, 0.793014, 0.728298],
        "intercept": [2.455197, 0.540966, -0.459842, 0.880137, 1.72612],
        "guessing": [0.249283, 0.247118, 0.235241, 0.248137, 0.248812],
        "se": {
            "discrimination": [0.29348, 0.27413, 0.59455, 0.24138, 0.24655],
            "intercept": [0.25704, 0.23932, 0.42441, 0.21635, 0.20998],
            "guessing": [0.09344, 0.09211, 0.08312, 0.09271, 0.09319],
            "difficulty": [0.83357, 0.35169, 0.23179, 0.42996, 0.73619],
        },
    },
    ("lsat7", "3PL"): {
        "log_likelihood": -2659.426888,
        "objective": -2659.550605,
        "discrimination": [1.116147, 1.647746, 2.215276, 0.912722, 0.830484],
        "intercept": [1.51868, 0.230028, 1.499551, 0.00825, 1.518195],
        "guessing": [0.24055, 0.257733, 0.232422, 0.210854, 0.246313],
        "se": {
            "discrimination": [0.22822, 0.53047, 0.63718, 0.20551, 0.18284],
            "intercept": [0.21074, 0.3211, 0.30428, 0.2328, 0.19895],
            "guessing": [0.08901, 0.08848, 0.08334, 0.07296, 0.09188],
            "difficulty": [0.29565, 0.22684, 0.17598, 0.25599, 0.4297],
        },
    },
    ("lsat7", "4PL"): {
        "log_likelihood": -2658.678580,
        "objective": -2659.015346,
        "discrimination": [1.49219, 2.722419, 3.162133, 1.040167, 1.241642],
        "intercept": [2.111232, 0.461632, 2.269539, 0.196923, 2.228956],
        "guessing": [0.237537, 0.304593, 0.253214, 0.210777, 0.244449],
        "upper_asymptote": [0.954992, 0.937574, 0.958704, 0.944346, 0.945933],
        "se": {
            "discrimination": [0.69249, 2.71135, 2.04662, 0.27452, 0.81975],
            "intercept": [0.89356, 0.69869, 1.37339, 0.33013, 1.22086],
            "guessing": [0.0881, 0.11269, 0.09489, 0.07321, 0.09115],
            "upper_asymptote": [0.04284, 0.077, 0.03318, 0.0589, 0.05777],
            "difficulty": [0.25964, 0.27859, 0.18778, 0.31975, 0.38183],
        },
    },
}


@pytest.fixture(scope="module", params=list(EXPECTED), ids="-".join)
def reference(request):
    name, model = request.param
    matrix = request.getfixturevalue(name)
    return calibrate(matrix, model), EXPECTED[request.param]


class TestReference:
    def test_maximum(self, reference):
        fitted, expected = reference
        assert fitted.status.code == "converged"
        # Digits are given to 1e-6.
        assert fitted.log_likelihood == pytest.approx(expected["log_likelihood"], abs=2e-6)
        assert fitted.history[-1] == pytest.approx(expected["objective"], abs=2e-6)

    @pytest.mark.parametrize("name", ["discrimination", "intercept", "guessing", "upper_asymptote"])
    def test_parameters(self, reference, name):
        fitted, expected = reference
        # The tolerance of the fit is 1e-6, the digits are rounded at 1e-6.
        np.testing.assert_allclose(getattr(fitted.items, name), expected.get(name, np.ones(5)), atol=2e-6)

    @pytest.mark.parametrize("name", ["discrimination", "intercept", "guessing", "difficulty", "upper_asymptote"])
    def test_standard_errors(self, reference, name):
        fitted, expected = reference
        # Digits are given to 1e-5.
        np.testing.assert_allclose(
            getattr(fitted.standard_errors, name), expected["se"].get(name, np.full(5, np.nan)), atol=2e-5
        )

    def test_counts(self, reference):
        fitted, _ = reference
        k = fitted.parameters_per_item
        assert fitted.n_parameters == 5 * k
        assert fitted.covariance.shape == (5 * k, 5 * k)
        assert fitted.item_covariance().shape == (5, k, k)
        np.testing.assert_allclose(np.sqrt(fitted.item_covariance()[:, 2, 2]), fitted.standard_errors.guessing)
        # Sclove's (n + 2) / 24 in place of n = 1000.
        assert fitted.sabic - fitted.bic == pytest.approx(5 * k * np.log(1002 / 24 / 1000))

    def test_never_falls(self, reference):
        fitted, _ = reference
        series = np.array(fitted.history)
        # Rounding of a sum of 1000 logarithms.
        assert (np.diff(series) > -1e-9).all(), series


@pytest.mark.parametrize("model", ["3PL", "4PL"])
def test_missing_answers_and_weights(model):
    """No direction leads up from the estimates, in the plainest way to write the objective."""
    made, *_ = sat(3, 200, 5, missing=0.2, upper=0.95)
    weights = np.random.default_rng(4).uniform(1, 9, 200)
    matrix = ResponseMatrix.from_array(made.scores, weights=weights)
    fitted = calibrate(matrix, model)
    assert fitted.status.code == "converged"
    x, step = vector(fitted), 1e-4
    moves = step * np.eye(len(x))
    gradient = [(log_posterior(x + e, model, matrix) - log_posterior(x - e, model, matrix)) / (2 * step) for e in moves]
    # Curvature (up to 1e2) times the tolerance of the fit (1e-6).
    np.testing.assert_allclose(gradient, 0, atol=2e-4)
    # The plain sum has no prior's constant either; both grids are exact to 1e-8 a person.
    assert fitted.history[-1] == pytest.approx(log_posterior(x, model, matrix), abs=1e-5)


class TestDerivatives:
    @pytest.fixture(params=["3PL", "4PL"])
    def model(self, request):
        return request.param

    @pytest.fixture(params=[(150, 0.0), (150, 0.3), (12, 0.4)], ids=["complete", "missing", "sets of their own"])
    def patterns(self, request):
        n_persons, missing = request.param
        matrix, *_ = sat(51, n_persons, 5, missing=missing)
        weights = np.random.default_rng(2).integers(1, 4, n_persons).astype(float)
        patterns = distinct_patterns(matrix.scores, weights)
        assert patterns.own_sets == (n_persons == 12)
        return patterns

    @pytest.fixture(params=["free", "priors", "held items", "free population"])
    def problem(self, request, model, patterns):
        held = np.full((4, 5), np.nan)
        if request.param in ("held items", "free population"):
            held[:, 1] = 1.2, -0.3, -1.5, 2.5
            held[2, 3] = -np.inf
        prior = with_asymptotes(PRIORS["weak"], (-1.0, 0.4), (2.5, 0.8)) if request.param == "priors" else NO_PRIOR
        layout = general_layout(CalibrationOptions(model=model), held, request.param == "free population")
        return Problem(patterns, normal_grid(61), layout, prior)

    @pytest.fixture
    def parameters(self, problem):
        centre = np.array([0.9, 0.2, -1.3, 2.2, 0.4, 0.3])[problem.layout.kinds]
        return centre + np.random.default_rng(3).normal(0, 0.3, len(centre))

    def differences(self, problem, parameters, of):
        step = 1e-5
        moves = step * np.eye(len(parameters))
        return np.array(
            [(of(e_step(problem, parameters + e)) - of(e_step(problem, parameters - e))) / (2 * step) for e in moves]
        )

    def test_gradient(self, problem, parameters):
        numerical = self.differences(problem, parameters, lambda state: state.objective)
        # Central differences: rounding 1e-13 * 1000 / 1e-5 = 1e-5.
        np.testing.assert_allclose(e_step(problem, parameters).gradient, numerical, atol=1e-4)

    def test_information(self, problem, parameters):
        numerical = -self.differences(problem, parameters, lambda state: state.gradient)
        information = observed_information(problem, e_step(problem, parameters))
        np.testing.assert_allclose(information, numerical, rtol=1e-6, atol=1e-5)


def fit(matrix, model):
    """The 4PL with a weak prior, without which a slope of so few answers has no limit."""
    return calibrate(matrix, options=CalibrationOptions(model=model, prior="weak" if model == "4PL" else None))


@pytest.fixture(scope="module")
def matrix():
    return sat(7, 800, 6)[0]


@pytest.fixture(scope="module", params=["3PL", "4PL"])
def fitted(request, matrix):
    return fit(matrix, request.param)


class TestIdentity:
    def same(self, first, second, order=slice(None)):
        assert second.log_likelihood == pytest.approx(first.log_likelihood, abs=1e-7)
        for name in ("discrimination", "intercept", "guessing", "upper_asymptote"):
            # Twice the tolerance of the fit, with room for what is weakly determined.
            np.testing.assert_allclose(getattr(second.items, name), getattr(first.items, name)[order], atol=5e-6)
        np.testing.assert_allclose(
            second.standard_errors.guessing, first.standard_errors.guessing[order], rtol=1e-4, atol=1e-6
        )

    def test_order_of_items(self, matrix, fitted):
        order = np.array([3, 0, 5, 1, 4, 2])
        turned = ResponseMatrix.from_array(matrix.scores[:, order])
        self.same(fitted, fit(turned, fitted.model), order)

    def test_weight_two_is_the_row_twice(self, matrix, fitted):
        twice = ResponseMatrix.from_array(np.vstack([matrix.scores, matrix.scores[:300]]))
        weighted = ResponseMatrix.from_array(matrix.scores, weights=np.repeat([2.0, 1.0], [300, 500]))
        self.same(fit(twice, fitted.model), fit(weighted, fitted.model))

    def test_an_item_without_answers_changes_nothing(self, matrix, fitted):
        more = ResponseMatrix.from_array(np.hstack([matrix.scores, np.full((800, 1), -1)]))
        again = fit(more, fitted.model)
        assert [item.id for item in again.excluded_items] == ["Item_7"]
        self.same(fitted, again)

    def test_guessing_held_near_0_is_the_2pl(self, lsat7):
        plain = calibrate(lsat7)
        # exp(-14) is 1e-6: guessing of so much changes no parameter by more than a few times that.
        held = calibrate(lsat7, options=CalibrationOptions(model="3PL", guessing_prior=(-14.0, 0.001)))
        np.testing.assert_allclose(held.items.discrimination, plain.items.discrimination, atol=3e-5)
        assert held.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-4)

    def test_upper_asymptote_held_near_1_is_the_3pl(self, lsat7):
        held = calibrate(lsat7, options=CalibrationOptions(model="4PL", upper_prior=(14.0, 0.001)))
        # As above, for slopes of up to 2.2.
        np.testing.assert_allclose(held.items.discrimination, calibrate(lsat7, "3PL").items.discrimination, atol=1e-4)

    def test_steps_do_not_depend_on_the_number_of_points(self, lsat7):
        coarse = calibrate(lsat7, options=CalibrationOptions(model="4PL", n_quadrature=41))
        fine = calibrate(lsat7, options=CalibrationOptions(model="4PL", n_quadrature=241))
        # Both grids are exact to 1e-8 a person; the tolerance of the fit is 1e-6 in parameters.
        assert coarse.log_likelihood == pytest.approx(fine.log_likelihood, abs=1e-5)

    def test_file(self, fitted):
        again = from_dict(json.loads(json.dumps(to_dict(fitted), allow_nan=False)))
        assert again.options == fitted.options
        np.testing.assert_array_equal(again.covariance, fitted.covariance)
        np.testing.assert_array_equal(again.standard_errors.guessing, fitted.standard_errors.guessing)
        np.testing.assert_array_equal(again.standard_errors.upper_asymptote, fitted.standard_errors.upper_asymptote)
        np.testing.assert_array_equal(again.items.upper_asymptote, fitted.items.upper_asymptote)


def test_recovery():
    """5,000 persons, 20 items: each parameter within 4 standard errors, and errors of the size that they say."""
    matrix, a, b, g = sat(11, 5000, 20)
    fitted = calibrate(matrix, options=CalibrationOptions(model="3PL"))
    errors = fitted.standard_errors
    z = np.concatenate(
        [
            (fitted.items.discrimination - a) / errors.discrimination,
            (fitted.items.difficulty - b) / errors.difficulty,
            (fitted.items.guessing - g) / errors.guessing,
        ]
    )
    assert np.abs(z).max() < 4
    # 60 values; the prior on guessing makes them a little smaller than standard normal.
    assert 0.5 < np.sqrt(np.mean(z**2)) < 1.3


@pytest.fixture(scope="module")
def at_end():
    """Items without guessing, fitted by a 3PL that no prior keeps from saying so."""
    matrix, *_ = sat(9, 2000, 8, guessing=(0.0, 0.0))
    return calibrate(matrix, options=CalibrationOptions(model="3PL", guessing_prior=None))


class TestEndOfTheRange:
    def test_guessing_is_held_at_0_and_said_so(self, at_end):
        assert at_end.status.code == "converged"
        ends = at_end.items.guessing == 0
        assert 2 <= ends.sum() < 8
        np.testing.assert_array_equal(np.isnan(at_end.standard_errors.guessing), ends)
        assert [item.id for item in at_end.at_limit] == [
            name for name, end in zip(at_end.items.item_ids, ends, strict=True) if end
        ]
        assert "a guessing of 0, the end of its range" in at_end.at_limit[0].reason
        assert at_end.n_parameters == 24 - ends.sum()
        assert (at_end.items.guessing[~ends] > 0.001).all()

    def test_the_rest_has_errors(self, at_end):
        assert np.isfinite(at_end.standard_errors.discrimination).all()
        at = 3 * np.flatnonzero(at_end.items.guessing == 0) + 2
        assert (at_end.covariance[at] == 0).all()

    def test_no_better_inside(self, at_end):
        """The maximum with guessing at 0 is as high as that of the 2PL of these items, or higher."""
        matrix, *_ = sat(9, 2000, 8, guessing=(0.0, 0.0))
        assert at_end.log_likelihood >= calibrate(matrix).log_likelihood - 1e-6

    def test_file(self, at_end):
        again = from_dict(json.loads(json.dumps(to_dict(at_end), allow_nan=False)))
        assert again.at_limit == at_end.at_limit
        assert again.options.guessing_prior is None
        np.testing.assert_array_equal(again.standard_errors.guessing, at_end.standard_errors.guessing)


def degenerate(name):
    rng = np.random.default_rng(5)
    scores = sat(6, 300, 10)[0].scores.copy()
    if name == "one person":
        return scores[:1]
    if name == "wide":
        return sat(6, 20, 60)[0].scores
    if name == "sparse":
        return sat(6, 400, 20, missing=0.9)[0].scores
    if name == "constant":
        scores[:, 0], scores[:, 1] = 1, 0
    if name == "reversed":
        scores[:, 2] = 1 - scores[:, 2]
    if name == "identical":
        scores[:, 3] = scores[:, 4]
    if name == "one right":
        scores[:, 0] = np.arange(300) == 7
    if name == "coin":
        return (rng.random((200, 8)) < 0.5).astype(int)
    if name == "perfect order":
        return np.tile(np.tril(np.ones((9, 9), int))[:, :-1], (20, 1))
    return scores


def outcome(matrix, options):
    """The calibration, or the sentence that says why there is none."""
    try:
        return calibrate(matrix, options=options)
    except TooFewAnswersError as error:
        return str(error)


@pytest.mark.parametrize(
    "name", ["one person", "wide", "sparse", "constant", "reversed", "identical", "one right", "coin", "perfect order"]
)
@pytest.mark.parametrize("model", ["3PL", "4PL"])
@pytest.mark.parametrize("prior", [None, "weak"])
@pytest.mark.filterwarnings("error")
def test_never_crashes(name, model, prior):
    """A calibration whose every number is finite or marked, or one sentence; no warning, no traceback."""
    matrix = ResponseMatrix.from_array(degenerate(name))
    found = outcome(matrix, CalibrationOptions(model=model, prior=prior))
    if isinstance(found, str):
        assert found.endswith(".")
        assert prior is None or name == "one person"
        return
    items = found.items
    assert len(items) + len(found.excluded_items) == matrix.n_items
    assert all(np.isfinite(values).all() for values in (items.discrimination, items.intercept))
    assert ((items.guessing > 0) & (items.guessing < items.upper_asymptote)).all()
    assert np.isfinite(found.standard_errors.intercept).all() or found.status.code != "converged"


def test_reversed_item_comes_out_negative():
    matrix = ResponseMatrix.from_array(degenerate("reversed"))
    assert calibrate(matrix, options=CalibrationOptions(model="3PL", prior="weak")).items.discrimination[2] < 0


@pytest.mark.parametrize(
    "given", [(1.0,), (0.0, 0.0), (0.0, -1.0), (np.nan, 1.0), "ab", 3, (0.0, np.inf), (1e300, 1.0)], ids=repr
)
@pytest.mark.parametrize("name", ["guessing_prior", "upper_prior"])
def test_priors_that_are_none(lsat6, name, given):
    with pytest.raises(
        FitError, match=f"The {name.split('_')[0]} prior must be None or a mean and a standard deviation"
    ):
        calibrate(lsat6, options=CalibrationOptions(model="4PL", **{name: given}))


@pytest.mark.parametrize(
    ("model", "change", "fewest"),
    [("3PL", {}, 3), ("3PL", {"guessing_prior": None}, 4), ("4PL", {"guessing_prior": None, "upper_prior": None}, 5)],
)
def test_fewest_items(model, change, fewest):
    scores = sat(6, 300, fewest - 1)[0]
    with pytest.raises(TooFewAnswersError, match=f"The {model} needs at least {fewest} items"):
        calibrate(scores, options=CalibrationOptions(model=model, **change))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.filterwarnings("error")
def test_asymptotes_that_run_into_each_other(seed):
    """Without priors on asymptotes an item that all but one answered right has both near 1: no crash, and in order."""
    scores = sat(seed, 400, 10)[0].scores.copy()
    scores[:, 0], scores[:, 1] = np.arange(400) == 7, np.arange(400) != 9
    options = CalibrationOptions(model="4PL", guessing_prior=None, upper_prior=None, prior="weak")
    fitted = calibrate(ResponseMatrix.from_array(scores), options=options)
    assert (fitted.items.guessing < fitted.items.upper_asymptote).all()
    assert len(fitted.items) == 10
