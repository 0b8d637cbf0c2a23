"""Input that kills other programs: each kind has a defined answer and a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from irt import CalibrationOptions, ResponseMatrix, calibrate, estimate_abilities, probabilities
from irt.errors import FitError, TooFewAnswersError


@pytest.fixture(scope="module")
def scores(simulate):
    return simulate(
        31, 400, np.array([1.0, 0.7, 1.3, 0.9, 1.1, 0.8]), np.array([0.5, -0.5, 0.0, 1.0, -1.0, 0.2])
    ).scores


def fit(scores, model="2PL", prior=None):
    return calibrate(ResponseMatrix.from_array(scores), options=CalibrationOptions(model=model, prior=prior))


@pytest.mark.parametrize("model", ["1PL", "2PL"])
@pytest.mark.parametrize("prior", [None, "weak"])
class TestConstantItems:
    def test_are_left_out_with_the_reason(self, scores, model, prior):
        more = np.hstack([scores, np.ones((400, 1), int), np.zeros((400, 1), int), np.full((400, 1), -1)])
        fitted = fit(more, model, prior)
        reasons = {item.id: item.reason for item in fitted.excluded_items}
        assert "correctly by all 400 students who answered it" in reasons["Item_7"]
        assert "so its difficulty cannot be estimated. It is left out of the calibration." in reasons["Item_7"]
        assert "wrongly by all 400 students" in reasons["Item_8"]
        assert "no scored answers" in reasons["Item_9"]
        plain = fit(scores, model, prior)
        np.testing.assert_array_equal(fitted.items.discrimination, plain.items.discrimination)

    def test_constant_with_missing_values(self, scores, model, prior):
        more = np.hstack([scores, np.where(np.arange(400) < 100, 1, -1)[:, None]])
        assert "all 100 students" in fit(more, model, prior).excluded_items[0].reason


def test_persons_without_answers_are_left_out_with_the_reason(scores):
    more = np.vstack([scores, np.full((1, 6), -1)])
    more = np.hstack([more, np.ones((401, 1), int)])
    more[0, :6] = -1
    more[400, 6] = -1
    fitted = fit(more)
    assert fitted.n_persons == 399
    reasons = {person.id: person.reason for person in fitted.excluded_persons}
    assert "only items that were left out" in reasons["1"]
    assert "no scored answers" in reasons["401"]


@pytest.mark.parametrize("prior", [None, "weak"])
@pytest.mark.parametrize("model", ["1PL", "2PL"])
@pytest.mark.parametrize(
    "scores",
    [np.zeros((0, 5)), np.zeros((5, 0)), np.full((20, 5), -1), np.ones((20, 5)), np.array([[1, 0, 1]])],
    ids=["no persons", "no items", "no answers", "all right", "one person"],
)
def test_nothing_to_calibrate(scores, model, prior):
    with pytest.raises(TooFewAnswersError, match=f"The {model} needs at least . items? .*no item is left"):
        fit(scores, model, prior)


@pytest.mark.parametrize(("model", "n_items"), [("2PL", 1), ("2PL", 2), ("1PL", 1)])
def test_fewer_items_than_determine_the_model(scores, model, n_items):
    with pytest.raises(TooFewAnswersError, match=f"only {n_items} (is|are) left") as caught:
        fit(scores[:, :n_items], model)
    assert caught.value.facts["n_items"] == n_items


@pytest.mark.parametrize("n_items", [1, 2])
def test_few_items_with_a_prior(scores, n_items):
    fitted = fit(scores[:, :n_items], prior="weak")
    assert fitted.status.code == "converged"
    assert np.isfinite(fitted.standard_errors.discrimination).all()


class TestUnlimitedSlopes:
    def test_doubled_item(self, scores):
        fitted = fit(np.hstack([scores, scores[:, :1]]))
        assert [item.id for item in fitted.excluded_items] == ["Item_7"]
        assert "slope grows without limit" in fitted.excluded_items[0].reason
        np.testing.assert_allclose(fitted.items.discrimination, fit(scores).items.discrimination, atol=2e-6)

    def test_a_steep_item_with_a_finite_slope_stays(self, simulate):
        """Derivative: at a slope of 15.6 the log-likelihood, summed over 2,001 points, is at its maximum."""
        matrix = simulate(9, 500, np.append(np.full(7, 1.5), 18.0), np.append(np.linspace(-1, 1, 7), 0.0))
        fitted = calibrate(matrix)
        items = fitted.items
        assert fitted.status.code == "converged"
        assert 15 < items.discrimination[7] < 40
        theta = np.linspace(-7, 7, 2001)
        density = np.exp(-(theta**2) / 2) / np.exp(-(theta**2) / 2).sum()

        def log_likelihood(slope=0.0, intercept=0.0):
            logits = np.outer(theta, items.discrimination) + items.intercept
            logits[:, 7] += slope * theta + intercept
            joint = -np.logaddexp(0, -logits) @ matrix.scores.T - np.logaddexp(0, logits) @ (1 - matrix.scores.T)
            return float(np.log(density @ np.exp(joint)).sum())

        assert fitted.log_likelihood == pytest.approx(log_likelihood(), abs=1e-6)
        # Second derivatives are 0.002 by the slope and 0.8 by the intercept: within 5e-4 and 1e-5 of the maximum.
        assert log_likelihood(slope=0.01) - log_likelihood(slope=-0.01) == pytest.approx(0, abs=2e-8)
        assert log_likelihood(intercept=0.01) - log_likelihood(intercept=-0.01) == pytest.approx(0, abs=2e-7)

    def test_prior_keeps_both(self, scores):
        fitted = fit(np.hstack([scores, scores[:, :1]]), prior="weak")
        assert len(fitted.items) == 7
        assert fitted.status.code == "converged"

    def test_perfect_order(self):
        ladder = (np.arange(6) < np.arange(7).repeat(20)[:, None]).astype(int)
        with pytest.raises(TooFewAnswersError, match="slopes of more than 3 items grow without limit"):
            fit(ladder)
        with pytest.raises(FitError, match="one perfect order"):
            fit(ladder, "1PL")
        assert fit(ladder, "1PL", "weak").status.code == "converged"


def test_a_flat_direction_is_told_not_followed(simulate):
    """150 students of whom a few get anything right: along some direction only rounding is left to climb."""
    matrix = simulate(22, 150, np.ones(8), np.full(8, -2.5))
    fitted = calibrate(matrix, "3PL")
    assert fitted.status.code == "not_identified"
    assert np.isnan(fitted.standard_errors.discrimination).any()
    assert len(fitted.history) < 500


def test_reversed_item_comes_out_negative(scores):
    reversed_scores = scores.copy()
    reversed_scores[:, 3] = 1 - reversed_scores[:, 3]
    for prior in (None, "weak"):
        slopes = fit(reversed_scores, prior=prior).items.discrimination
        assert slopes[3] < 0
        assert (np.delete(slopes, 3) > 0).all()


def test_item_answered_by_nobody_who_answered_another(scores):
    """Its slope is not determined: a status and nan, not a number."""
    alone = np.vstack([np.hstack([scores, np.full((400, 1), -1)]), np.full((50, 7), -1)])
    alone[400:, 6] = np.arange(50) < 20
    fitted = fit(alone)
    assert fitted.status.code == "not_identified"
    assert np.isnan(fitted.standard_errors.discrimination[6])
    assert np.isfinite(fitted.standard_errors.discrimination[:6]).all()
    assert np.isfinite(fitted.covariance[:12, :12]).all()


@pytest.mark.parametrize(("n_persons", "n_items"), [(100, 20), (600, 30)])
def test_too_few_answers_for_slopes_of_their_own(simulate, n_persons, n_items):
    """One answer in ten: a model of the few items that happen to have finite slopes would be of no use."""
    matrix = simulate(0, n_persons, np.ones(n_items), np.linspace(-1, 1, n_items), missing=0.9)
    words = f"too few for the 2PL: the slopes of more than {n_items // 2} items grow without limit"
    with pytest.raises(TooFewAnswersError, match=words):
        calibrate(matrix)
    assert calibrate(matrix, "1PL").status.code == "converged"


def test_unrelated_items_have_a_common_slope_of_zero():
    """Exactly one right answer each: no positive slope explains that, and no difficulty is made up."""
    fitted = fit(np.tile(np.eye(5, dtype=int), (20, 1)), "1PL")
    np.testing.assert_array_equal(fitted.items.discrimination, 0.0)
    assert np.isnan(fitted.items.difficulty).all()
    assert np.isnan(fitted.standard_errors.difficulty).all()


@pytest.mark.parametrize(
    ("n_persons", "n_items", "missing"), [(30, 200, 0.0), (600, 30, 0.9), (5, 5, 0.0)], ids=["wide", "sparse", "tiny"]
)
@pytest.mark.parametrize("model", ["1PL", "2PL"])
@pytest.mark.parametrize("prior", [None, "weak"])
@pytest.mark.filterwarnings("error")
def test_never_crashes(simulate, n_persons, n_items, missing, model, prior):
    """A calibration whose every number is finite or marked, or one sentence; no warning, no traceback."""
    rng = np.random.default_rng(41)
    matrix = simulate(42, n_persons, rng.lognormal(0, 0.3, n_items), rng.normal(0, 1, n_items), missing=missing)
    if n_persons != 30 and model == "2PL" and prior is None:
        with pytest.raises(TooFewAnswersError, match=r"slopes? (grows|of more than 15 items grow) without limit"):
            calibrate(matrix)
        return
    fitted = calibrate(matrix, options=CalibrationOptions(model=model, prior=prior))
    assert np.isfinite(fitted.items.discrimination).all()
    assert np.abs(fitted.items.discrimination).max() < 40
    assert np.isfinite(fitted.standard_errors.discrimination).all() or fitted.status.code == "not_identified"
    abilities = estimate_abilities(matrix, fitted)
    assert np.isfinite(abilities.theta).all()
    chances = probabilities(matrix, fitted, abilities).probability
    assert np.isfinite(chances).sum() == n_persons * len(fitted.items)
