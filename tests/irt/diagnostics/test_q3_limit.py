"""Limits of Q3 by parametric bootstrap: they hold where the model does, and a doubled item passes them."""

from __future__ import annotations

import numpy as np
import pytest

from irt import FitError, ResponseMatrix, calibrate, estimate_abilities
from irt.calibration import CalibrationOptions
from irt.diagnostics import q3, q3_limit
from irt.diagnostics.dependence import _brought, draws_of_q3


def limit(matrix, **how):
    return q3_limit(matrix, calibrate(matrix), **how)


def test_recovery_an_exam_that_follows_the_model_stays_below_and_copied_answers_do_not(simulate):
    matrix = simulate(16, 600, np.full(12, 1.1), np.linspace(-1.5, 1.5, 12))
    held = limit(matrix, n_draws=30)
    assert held.largest < held.limit_largest_99
    assert held.limit_largest <= held.limit_largest_99
    scores = matrix.scores.copy()
    copied = np.random.default_rng(7).random(600) < 0.5
    scores[copied, 3] = scores[copied, 2]
    passed = limit(ResponseMatrix.from_array(scores), n_draws=30)
    assert passed.largest > 2 * passed.limit_largest_99
    assert passed.n_draws == 30
    assert passed.n_persons == 600
    assert passed.reason == ""


def test_recovery_one_exam_in_twenty_passes_by_chance(simulate):
    slopes, intercepts = np.full(6, 1.2), np.linspace(-1, 1, 6)
    passed = 0
    for seed in range(20):
        found = limit(simulate(seed, 200, slopes, intercepts), n_draws=20, seed=seed)
        passed += found.largest > found.limit_largest
    # Binomial(20, 0.05), a little more for a limit out of 20 draws: 6 and more have a chance below 1 %.
    assert passed < 6


def test_the_largest_is_that_of_q3_minus_the_mean(lsat7):
    calibration = calibrate(lsat7)
    values, _ = q3(lsat7, calibration, estimate_abilities(lsat7, calibration))
    found = q3_limit(lsat7, calibration, n_draws=2)
    assert found.mean == pytest.approx(np.nanmean(values), abs=1e-12)
    assert found.largest == pytest.approx(np.nanmax(values) - np.nanmean(values), abs=1e-12)
    assert found.n_persons == 1000


def test_identity_q3_weights_are_persons(lsat7):
    calibration = calibrate(lsat7)
    rows = ResponseMatrix.from_array(np.repeat(lsat7.scores, lsat7.weights.astype(int), axis=0))
    weighted, n = q3(lsat7, calibration, estimate_abilities(lsat7, calibration))
    repeated, _ = q3(rows, calibration, estimate_abilities(rows, calibration))
    np.testing.assert_allclose(weighted, repeated, atol=1e-12)
    assert (n == 1000).all()


def test_limits_of_pairs_are_in_the_order_of_the_matrix_and_symmetric(simulate):
    scores = simulate(12, 400, np.ones(7), np.linspace(-1, 1, 7), missing=0.2).scores.copy()
    scores[:, 2] = 1
    found = limit(ResponseMatrix.from_array(scores), n_draws=10)
    assert np.isnan(found.limit_each[2]).all()
    assert np.isnan(np.diag(found.limit_each)).all()
    np.testing.assert_allclose(found.limit_each, found.limit_each.T, atol=1e-12)
    kept = np.delete(np.delete(found.limit_each, 2, 0), 2, 1)[np.triu_indices(6, 1)]
    assert np.isfinite(kept).all()
    assert (kept < found.limit_largest).all()


def test_many_persons_bring_the_limit_down_as_a_standard_error(simulate):
    slopes, intercepts = np.ones(8), np.linspace(-1, 1, 8)
    small, large = simulate(13, 2_000, slopes, intercepts), simulate(13, 8_000, slopes, intercepts)
    one, two = limit(small, n_draws=25), limit(large, n_draws=25)
    assert one.n_persons == two.n_persons == 2_000
    # Without the floor of pairs' own means the ratio would be 2; a limit out of 25 draws is known to about 10 %.
    assert 1.4 < one.limit_largest / two.limit_largest < 2.3


def test_identity_a_share_of_one_changes_no_draw():
    draws = np.random.default_rng(1).normal(size=(6, 4, 4))
    np.testing.assert_allclose(_brought(draws, 1.0)[0], draws, atol=1e-12)
    np.testing.assert_allclose(_brought(draws, 0.25)[0].std(axis=0), draws.std(axis=0) / 2, atol=1e-12)


def test_the_model_and_prior_of_the_calibration_are_used(simulate):
    matrix = simulate(14, 60, np.ones(5), np.zeros(5))
    options = CalibrationOptions(model="1PL", prior="weak")
    found = q3_limit(matrix, calibrate(matrix, options=options), n_draws=5, seed=3)
    assert found.n_draws == 5
    assert np.isfinite(found.limit_largest)


def test_draws_that_cannot_be_calibrated_are_left_out_with_a_reason(simulate):
    calibration = calibrate(simulate(15, 300, np.ones(4), np.zeros(4)))
    two_persons = simulate(15, 2, np.ones(4), np.zeros(4))
    found = q3_limit(two_persons, calibration, n_draws=3)
    assert found.n_draws < 2
    assert np.isnan([found.limit_largest, found.limit_largest_99]).all()
    assert found.reason
    assert draws_of_q3(two_persons.scores, calibration.items, calibration, 0, np.random.default_rng(1)).shape == (
        0,
        4,
        4,
    )


def test_message_one_draw_is_not_enough(lsat6):
    with pytest.raises(FitError, match="at least 2 draws, not 1"):
        q3_limit(lsat6, calibrate(lsat6), n_draws=1)


def test_exams_of_many_items_are_drawn_with_fewer_persons(simulate, monkeypatch):
    import importlib

    monkeypatch.setattr(importlib.import_module("irt.diagnostics.dependence"), "MOST_ANSWERS", 3_200)
    assert limit(simulate(17, 900, np.ones(8), np.linspace(-1, 1, 8)), n_draws=2).n_persons == 400
    assert limit(simulate(17, 900, np.ones(16), np.linspace(-1, 1, 16)), n_draws=2).n_persons == 300


def test_persons_of_no_weight_say_nothing(simulate):
    matrix = simulate(16, 100, np.full(4, 1.1), np.zeros(4))
    nobody = ResponseMatrix.from_array(matrix.scores, weights=np.zeros(100))
    found = q3_limit(nobody, calibrate(matrix), n_draws=2)
    assert np.isnan([found.largest, found.limit_largest]).all()
    assert found.reason.startswith("No two items were answered")
