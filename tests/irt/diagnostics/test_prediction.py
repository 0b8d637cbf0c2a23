"""Held-out answers: nothing leaks, known scores come out, and the model that made the answers predicts them best."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from irt import FitError, ItemParameters, ResponseMatrix, TooFewAnswersError
from irt.diagnostics import cross_validate, wilson
from irt.diagnostics.held_out import score_predictions
from irt.diagnostics.prediction import averaged_chances, chances_of, folds_of


@pytest.fixture(scope="module")
def unequal(simulate):
    """800 persons, 10 items of unequal slopes."""
    return simulate(31, 800, np.tile([0.5, 2.2], 5), np.linspace(-1, 1, 10))


@pytest.fixture(scope="module")
def predicted(unequal):
    return {row.model: row for row in cross_validate(unequal, models=("share", "person", "1PL", "2PL")).rows}


def test_recovery_the_model_that_made_the_answers_predicts_best(predicted):
    losses = {model: row.log_loss for model, row in predicted.items()}
    assert min(losses, key=losses.get) == "2PL"
    assert max(losses, key=losses.get) == "share"
    two = predicted["2PL"]
    assert two.difference == pytest.approx(losses["2PL"] - losses["share"], abs=1e-12)
    assert two.difference < -3 * two.difference_se
    assert two.brier < predicted["share"].brier
    assert np.isnan(predicted["share"].difference)


def test_recovery_seventy_percent_means_seventy_percent(predicted):
    bins = predicted["2PL"].calibration
    assert len(bins) == 10
    inside = [b.observed_lower <= b.predicted <= b.observed_upper for b in bins if b.n >= 20]
    # Each of about ten 95 % intervals misses with a chance of 5 %: three and more with 1 %.
    assert inside.count(False) < 3
    assert sum(b.n for b in bins) == 8000
    for b in bins:
        if b.n:
            assert b.lower <= b.predicted <= b.upper
            np.testing.assert_allclose((b.observed_lower, b.observed_upper), wilson(b.observed, b.n), atol=1e-12)


def test_recovery_averaging_over_the_posterior_beats_the_curve_at_the_estimate(simulate):
    matrix = simulate(32, 1500, np.full(5, 1.2), np.linspace(-1, 1, 5))
    average, plain = (cross_validate(matrix, models=("2PL",), kind=kind).rows[0] for kind in ("predictive", "estimate"))
    assert average.log_loss < plain.log_loss


def test_no_answer_takes_part_in_its_own_prediction(simulate):
    scores = simulate(33, 60, np.ones(6), np.linspace(-1, 1, 6)).scores
    for model in ("share", "person", "1PL", "2PL weak"):
        hidden = scores.copy()
        hidden[7, 3] = -1
        before = chances_of(hidden, model)[7, 3]
        for answer in (0, 1):
            changed = scores.copy()
            changed[7, 3] = answer
            folds = np.full(scores.shape, -1)
            folds[7, 3] = 0
            assert chances_of(np.where(folds == 0, -1, changed).astype(np.int8), model)[7, 3] == before


def test_invariant_folds_hide_each_answer_once_and_of_each_person_a_tenth(simulate):
    scores = simulate(34, 50, np.ones(25), np.zeros(25), missing=0.2).scores
    folds = folds_of(scores, 10, np.random.default_rng(1))
    np.testing.assert_array_equal(folds < 0, scores < 0)
    for person, answered in zip(folds, (scores >= 0).sum(axis=1), strict=True):
        counts = np.bincount(person[person >= 0], minlength=10)
        assert counts.max() - counts.min() <= 1
        assert counts.sum() == answered
    totals = np.bincount(folds[folds >= 0], minlength=10)
    assert totals.min() > 0.85 * totals.mean()


def test_reference_scores_of_a_hand_made_table():
    scores = np.array([[1, 0], [1, -1]], dtype=np.int8)
    first, second = score_predictions(scores, {"a": np.array([[0.8, 0.4], [0.5, 0.1]]), "b": np.full((2, 2), 0.5)})
    assert first.log_loss == pytest.approx(-np.log([0.8, 0.6, 0.5]).mean(), abs=1e-15)
    assert first.brier == pytest.approx((0.04 + 0.16 + 0.25) / 3, abs=1e-15)
    assert first.accuracy == pytest.approx(2.5 / 3, abs=1e-15)
    assert second.difference == pytest.approx(np.log(2) - first.log_loss, abs=1e-15)
    # Two persons: the sum of the first one's two departures from the mean is minus the second one's.
    away = -np.log(0.5) - first.log_loss
    assert first.log_loss_se == pytest.approx(np.sqrt(2 * away**2 * 2) / 3, abs=1e-15)


def test_chances_of_a_certain_model_stay_finite():
    (row,) = score_predictions(np.array([[0, 1]], dtype=np.int8), {"sure": np.array([[1.0, 1.0]])})
    assert row.log_loss == pytest.approx(-np.log(1e-6) / 2, abs=1e-5)
    assert np.isnan(row.log_loss_se)


def test_identity_the_average_over_the_posterior():
    items = ItemParameters.from_arrays(["a", "b"], [1.0, 1.5], intercept=[0.3, -0.4])
    points = np.linspace(-8, 8, 4001)
    prior = np.exp(-(points**2) / 2)
    right = expit(np.outer(points, items.discrimination) + items.intercept)
    posterior = prior * right[:, 0]
    expected = posterior @ right[:, 1] / posterior.sum()
    chances = averaged_chances(np.array([[1, -1]], dtype=np.int8), items)
    # The grid of the product errs below 3e-9 and ends at 6, which leaves 1e-8 out.
    assert chances[0, 1] == pytest.approx(expected, abs=1e-7)


def test_weights_are_persons_and_the_seed_decides(lsat6):
    one, two, other = (cross_validate(lsat6, models=("share",), seed=seed) for seed in (1, 1, 2))
    assert repr(one) == repr(two)  # nan is not equal to itself
    assert (one.n_answers, one.n_persons, one.n_folds) == (5000, 1000, 10)
    assert one.rows[0].log_loss != other.rows[0].log_loss


def test_an_item_without_a_calibration_has_its_share(simulate):
    scores = simulate(35, 40, np.ones(5), np.zeros(5)).scores.copy()
    scores[:, 4] = 1
    chances = chances_of(scores, "1PL")
    assert chances[:, 4] == pytest.approx(40.5 / 41, abs=1e-12)


def test_a_model_that_cannot_be_fitted_is_a_row(simulate):
    share, two = cross_validate(simulate(36, 40, np.ones(2), np.zeros(2)), models=("share", "2PL"), n_folds=2).rows
    assert np.isfinite(share.log_loss)
    assert np.isnan([two.log_loss, two.brier, two.accuracy, two.log_loss_se, two.difference]).all()
    assert two.calibration == ()
    assert "at least 3 items" in two.reason


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"n_folds": 1}, "at least 2 folds, not 1"),
        ({"kind": "guess"}, "not 'guess'"),
        ({"models": ()}, "at least one model"),
        ({"models": ("5PL",)}, "not '5PL'"),
    ],
)
def test_message_what_cannot_be_asked(lsat6, how, message):
    with pytest.raises(FitError, match=message):
        cross_validate(lsat6, **how)


def test_message_no_answers():
    with pytest.raises(TooFewAnswersError, match="nothing to predict"):
        cross_validate(ResponseMatrix.from_array(np.full((3, 3), -1)))
