"""Models side by side: criteria, the likelihood ratio test, and the reason where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from irt import FitError, ResponseMatrix, calibrate
from irt.diagnostics import compare_models


def rows_of(comparison):
    return {row.model: row for row in comparison.rows}


# R> anova(m1, m2) with m1 <- rasch(LSAT), m2 <- ltm(LSAT ~ z1), ltm 1.2: log-likelihoods -2466.938 and -2466.653,
#    LRT 0.57, df 4, p 0.967. ltm stops early, at 1e-3 in the log-likelihood.
def test_reference_lsat6(lsat6):
    comparison = compare_models(lsat6, ("1PL", "2PL"))
    one, two = comparison.rows
    assert one.log_likelihood == pytest.approx(-2466.938, abs=1e-3)
    assert two.log_likelihood == pytest.approx(-2466.653, abs=1e-3)
    assert two.chi2 == pytest.approx(0.57, abs=0.005)
    assert two.df == 4
    assert two.p_value == pytest.approx(0.967, abs=0.001)
    assert (comparison.best_aic, comparison.best_bic) == ("1PL", "1PL")
    assert (comparison.n_persons, comparison.n_items, comparison.left_out) == (1000, 5, ())
    assert np.isnan([one.chi2, one.df, one.p_value]).all()
    assert one.reason == two.reason == ""


def test_identity_the_numbers_are_those_of_calibrations(lsat7):
    row, fit = rows_of(compare_models(lsat7))["2PL"], calibrate(lsat7)
    assert (row.log_likelihood, row.n_parameters) == (fit.log_likelihood, fit.n_parameters)
    assert (row.aic, row.bic, row.sabic) == (fit.aic, fit.bic, fit.sabic)
    assert row.status == fit.status.code


def test_recovery_unequal_slopes_are_found(simulate):
    comparison = compare_models(simulate(21, 1000, np.tile([0.4, 2.0], 5), np.linspace(-1, 1, 10)), ("1PL", "2PL"))
    assert (comparison.best_aic, comparison.best_bic) == ("2PL", "2PL")
    assert rows_of(comparison)["2PL"].p_value < 1e-6


def test_recovery_the_test_rejects_equal_slopes_rarely(simulate):
    p_values = [
        rows_of(compare_models(simulate(seed, 500, np.ones(5), np.linspace(-1, 1, 5)), ("1PL", "2PL")))["2PL"].p_value
        for seed in range(30)
    ]
    # Binomial(30, 0.05): 6 and more have a chance below 1 %.
    assert sum(p < 0.05 for p in p_values) < 6
    assert 0.25 < np.mean(p_values) < 0.75


def test_richer_models_have_a_reason_in_place_of_a_test(lsat7):
    for row in compare_models(lsat7, ("1PL", "2PL", "3PL", "4PL")).rows[2:]:
        assert np.isnan([row.chi2, row.df, row.p_value]).all()
        assert row.reason


def test_a_model_that_cannot_be_fitted_is_a_row(simulate):
    comparison = compare_models(simulate(22, 50, np.ones(2), np.zeros(2)), ("1PL", "2PL"))
    one, two = comparison.rows
    assert one.status == "converged"
    assert two.status == "not_fitted"
    assert np.isnan([two.log_likelihood, two.aic, two.bic, two.sabic]).all()
    assert "at least 3 items" in two.reason
    assert comparison.best_aic == "1PL"


def test_nothing_can_be_fitted():
    comparison = compare_models(ResponseMatrix.from_array([[1, 1], [1, 1]]))
    assert (comparison.best_aic, comparison.best_bic, comparison.n_persons) == (None, None, 0)
    assert all(row.status == "not_fitted" and row.reason for row in comparison.rows)


def test_all_models_have_the_same_items(simulate):
    scores = simulate(23, 300, np.ones(5), np.linspace(-1, 1, 5)).scores
    doubled = ResponseMatrix.from_array(np.hstack([scores, scores[:, :1]]))
    comparison = compare_models(doubled, ("1PL", "2PL"))
    one, two = comparison.rows
    assert len(comparison.left_out) == 1
    assert comparison.n_items == 5
    assert (one.n_parameters, two.n_parameters, two.df) == (6, 10, 4)


def test_with_a_prior_or_out_of_order_there_is_no_test(lsat7):
    assert "prior" in compare_models(lsat7, ("1PL", "2PL"), prior="weak").rows[1].reason
    assert "not the 1PL with fewer parameters" in compare_models(lsat7, ("2PL", "1PL")).rows[1].reason


def test_message_no_model(lsat7):
    with pytest.raises(FitError, match="at least one model"):
        compare_models(lsat7, ())
