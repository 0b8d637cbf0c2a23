"""Differential item functioning by Mantel and Haenszel."""

import numpy as np
import pytest

from irt import ItemParameters, ResponseMatrix
from irt.comparing import Strata, mantel_haenszel, purified
from irt.comparing.odds import compare_tables
from irt.diagnostics import benjamini_hochberg
from irt.samples import simulate_2pl


def column(*values):
    return np.array(values, dtype=float)[:, None]


@pytest.fixture(scope="module")
def admissions():
    # R's UCBAdmissions: men admitted and rejected, women admitted and rejected, departments A to F.
    tables = Strata(
        column(512, 353, 120, 138, 53, 22),
        column(313, 207, 205, 279, 138, 351),
        column(89, 17, 202, 131, 94, 24),
        column(19, 8, 391, 244, 299, 317),
    )
    return compare_tables(tables)


# R> mantelhaen.test(UCBAdmissions)
#   Mantel-Haenszel X-squared = 1.4269, df = 1, p-value = 0.2323
#   95 percent confidence interval: 0.7719074 1.0603298     common odds ratio 0.9046968


def test_reference_chi2(admissions):
    assert admissions.chi2[0] == pytest.approx(1.4269, abs=5e-5)
    assert admissions.p_value[0] == pytest.approx(0.2323, abs=5e-5)


def test_reference_odds_ratio(admissions):
    assert admissions.alpha[0] == pytest.approx(0.9046968, abs=5e-8)
    assert admissions.delta[0] == pytest.approx(-2.35 * np.log(0.9046968), abs=1e-6)


def test_reference_interval(admissions):
    half = 1.959963985 * admissions.delta_se[0] / 2.35
    assert np.log(admissions.alpha[0]) - half == pytest.approx(np.log(0.7719074), abs=1e-6)
    assert np.log(admissions.alpha[0]) + half == pytest.approx(np.log(1.0603298), abs=1e-6)


@pytest.fixture(scope="module")
def exam():
    items = ItemParameters.from_arrays(
        [f"q{j}" for j in range(20)], np.linspace(0.8, 1.8, 20), difficulty=np.linspace(-1.5, 1.5, 20)
    )
    rng = np.random.default_rng(2)
    focal = np.arange(1200) % 2 == 1
    theta = rng.standard_normal(1200) - 0.4 * focal  # a difference in ability is no DIF
    scores = simulate_2pl(1200, items, seed=3, theta=theta).scores.copy()
    harder = ItemParameters.from_arrays(["q8"], [1.2], difficulty=[0.9])
    scores[focal, 8] = simulate_2pl(1200, harder, seed=4, theta=theta).scores[focal, 0]
    return ResponseMatrix.from_array(scores), focal


def test_recovery_only_the_planted_item(exam):
    matrix, focal = exam
    result = mantel_haenszel(matrix, focal, np.ones(1200, dtype=bool))
    assert np.flatnonzero(sure(result)).tolist() == [8]
    assert result.delta[8] < 0  # favours the reference group
    assert result.ets_class[8] == "C"


def test_identity_swapping_groups_turns_delta_round(exam):
    matrix, focal = exam
    everybody = np.ones(1200, dtype=bool)
    one, other = mantel_haenszel(matrix, focal, everybody), mantel_haenszel(matrix, ~focal, everybody)
    np.testing.assert_allclose(other.delta, -one.delta, atol=1e-9)
    np.testing.assert_allclose(other.chi2, one.chi2, atol=1e-9)
    np.testing.assert_allclose(other.delta_se, one.delta_se, atol=1e-9)


def test_who_is_in_neither_group_changes_nothing(exam):
    matrix, focal = exam
    keep = np.arange(1200) < 900
    part = mantel_haenszel(matrix, focal, keep)
    alone = mantel_haenszel(matrix.take(keep), focal[keep], np.ones(900, dtype=bool))
    np.testing.assert_allclose(part.delta, alone.delta, atol=1e-12)


def sure(result):
    return result.surely_large() & (result.p_adjusted < 0.05)


def test_recovery_many_unfair_items_do_not_make_fair_ones_look_unfair():
    slope, difficulty = np.full(16, 1.3), np.linspace(-1, 1, 16)
    unfair = np.arange(16) % 3 == 0  # six of sixteen, all against the focal group
    fair_items = ItemParameters.from_arrays([f"q{j}" for j in range(16)], slope, difficulty=difficulty)
    hard_items = ItemParameters.from_arrays([f"q{j}" for j in range(16)], slope, difficulty=difficulty + 1.8 * unfair)
    focal = np.arange(2400) % 2 == 1
    theta = np.random.default_rng(7).standard_normal(2400)
    scores = simulate_2pl(2400, fair_items, seed=8, theta=theta).scores.copy()
    scores[focal] = simulate_2pl(2400, hard_items, seed=9, theta=theta).scores[focal]
    matrix, everybody = ResponseMatrix.from_array(scores), np.ones(2400, dtype=bool)
    assert (sure(mantel_haenszel(matrix, focal, everybody)) & ~unfair).any()
    assert sure(purified(matrix, focal, everybody, sure)).tolist() == unfair.tolist()


def test_identity_anchors_do_not_matter_where_all_are_fair(exam):
    matrix, focal = exam
    everybody = np.ones(1200, dtype=bool)
    one = mantel_haenszel(matrix, focal, everybody)
    same = mantel_haenszel(matrix, focal, everybody, anchors=np.ones(20, dtype=bool))
    never = purified(matrix, focal, everybody, lambda result: np.zeros(20, dtype=bool))
    np.testing.assert_array_equal(same.delta, one.delta)
    np.testing.assert_array_equal(never.delta, one.delta)


def test_items_that_cannot_be_compared_are_nan():
    matrix = ResponseMatrix.from_array([[1, 0], [1, 1], [1, 0], [1, -1]])
    result = mantel_haenszel(matrix, np.array([True, False, True, False]), np.ones(4, dtype=bool))
    assert np.isnan(result.delta).all()
    assert result.ets_class == ("", "")
    assert not result.surely_large().any()


def test_complete_separation_is_large_without_a_standard_error():
    easy_for_all_but_the_focal_group = compare_tables(Strata(column(40, 50), column(0, 0), column(0, 0), column(12, 9)))
    assert easy_for_all_but_the_focal_group.delta[0] == -np.inf
    assert np.isnan(easy_for_all_but_the_focal_group.delta_se[0])
    assert easy_for_all_but_the_focal_group.surely_large()[0]
    assert easy_for_all_but_the_focal_group.p_value[0] < 1e-10


def test_reference_benjamini_hochberg():
    # R> p.adjust(c(0.005, 0.011, 0.02, 0.04, 0.13), "BH")
    # [1] 0.02500000 0.02750000 0.03333333 0.05000000 0.13000000
    adjusted = benjamini_hochberg(np.array([0.005, 0.011, 0.02, 0.04, 0.13]))
    np.testing.assert_allclose(adjusted, [0.025, 0.0275, 0.1 / 3, 0.05, 0.13], atol=1e-12)
