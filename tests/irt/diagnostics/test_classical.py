"""Classical statistics: published digits, identities, and missing answers."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import f

from irt.diagnostics import classical
from irt.diagnostics.classical import feldt
from irt.responses import ResponseMatrix
from irt.samples import LSAT6_COUNTS, lsat, simulate_2pl
from irt.samples.lsat import patterns


@pytest.fixture(scope="module")
def lsat6():
    return classical(lsat(LSAT6_COUNTS))


# R> library(ltm); descript(LSAT)
#   Point Biserial correlation with Total Score:   Included Excluded
#   Item 1 0.3620 0.1128;  Item 2 0.5668 0.1532;  Item 3 0.6184 0.1728;  Item 4 0.5344 0.1444;  Item 5 0.4354 0.1216
#   Cronbach's alpha: All Items 0.2950
#   Excluding Item 1 0.2754, Item 2 0.2376, Item 3 0.2168, Item 4 0.2459, Item 5 0.2663
PRINTED = 5e-5  # four digits printed


def test_reference_item_total(lsat6):
    np.testing.assert_allclose(lsat6.item_total_r, [0.3620, 0.5668, 0.6184, 0.5344, 0.4354], atol=PRINTED)


def test_reference_item_rest(lsat6):
    np.testing.assert_allclose(lsat6.item_rest_r, [0.1128, 0.1532, 0.1728, 0.1444, 0.1216], atol=PRINTED)


def test_reference_alpha(lsat6):
    assert lsat6.alpha == pytest.approx(0.2950, abs=PRINTED)


def test_reference_alpha_if_dropped(lsat6):
    np.testing.assert_allclose(lsat6.alpha_if_dropped, [0.2754, 0.2376, 0.2168, 0.2459, 0.2663], atol=PRINTED)


def test_reference_proportion_correct(lsat6):
    np.testing.assert_allclose(lsat6.proportion_correct, [0.924, 0.709, 0.553, 0.763, 0.870], atol=1e-12)


def test_identity_textbook_formulas_on_complete_answers():
    scores = np.random.default_rng(1).integers(0, 2, (60, 7))
    statistics = classical(ResponseMatrix.from_array(scores))
    total = scores.sum(axis=1)
    r_total = [np.corrcoef(scores[:, j], total)[0, 1] for j in range(7)]
    r_rest = [np.corrcoef(scores[:, j], total - scores[:, j])[0, 1] for j in range(7)]
    kr20 = 7 / 6 * (1 - scores.var(axis=0, ddof=1).sum() / total.var(ddof=1))
    np.testing.assert_allclose(statistics.item_total_r, r_total, atol=1e-12)
    np.testing.assert_allclose(statistics.item_rest_r, r_rest, atol=1e-12)
    assert statistics.alpha == pytest.approx(kr20, abs=1e-12)
    assert statistics.sem_classical == pytest.approx(total.std(ddof=1) * np.sqrt(1 - kr20), abs=1e-12)


def test_identity_weights_are_repeated_rows():
    rows = classical(lsat(LSAT6_COUNTS))
    weighted = classical(ResponseMatrix.from_array(patterns(), weights=LSAT6_COUNTS))
    for name in ("n", "proportion_correct", "proportion_lower", "item_rest_r", "item_rest_upper", "alpha_if_dropped"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(rows, name), atol=1e-12, err_msg=name)
    assert weighted.alpha_lower == pytest.approx(rows.alpha_lower, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_invariant_order_of_persons_and_items(seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(-1, 2, (rng.integers(2, 30), rng.integers(2, 6)))
    persons, items = rng.permutation(scores.shape[0]), rng.permutation(scores.shape[1])
    one = classical(ResponseMatrix.from_array(scores))
    other = classical(ResponseMatrix.from_array(scores[np.ix_(persons, items)]))
    np.testing.assert_allclose(other.item_rest_r, one.item_rest_r[items], atol=1e-9)
    np.testing.assert_allclose(other.alpha_if_dropped, one.alpha_if_dropped[items], atol=1e-7)
    np.testing.assert_allclose(other.alpha, one.alpha, atol=1e-7)
    assert (np.abs(one.item_rest_r[~np.isnan(one.item_rest_r)]) <= 1).all()


def test_alpha_of_a_number_right_that_does_not_vary_is_nan_and_not_rounding():
    rng = np.random.default_rng(123066)  # one of the draws where variances and covariances cancel
    table = rng.integers(-1, 2, (rng.integers(2, 30), rng.integers(2, 6)))
    assert np.isnan(classical(ResponseMatrix.from_array(table)).alpha)
    opposite = np.array([[0, 1], [1, 0]] * 10)
    assert np.isnan(classical(ResponseMatrix.from_array(opposite)).alpha)


def test_sparse_answers_have_no_reliability():
    rng = np.random.default_rng(0)
    scores = np.where(rng.random((100, 20)) < 0.9, -1, rng.integers(0, 2, (100, 20)))  # one person a pair
    statistics = classical(ResponseMatrix.from_array(scores))
    assert np.isnan([statistics.alpha, statistics.alpha_lower, statistics.sem_classical]).all()
    assert np.isnan(statistics.alpha_if_dropped).all()
    assert np.isfinite(statistics.proportion_correct).all()


def test_identity_alpha_if_dropped_is_alpha_of_the_others():
    scores = np.random.default_rng(8).integers(-1, 2, (80, 9))
    dropped = classical(ResponseMatrix.from_array(scores)).alpha_if_dropped
    others = [classical(ResponseMatrix.from_array(np.delete(scores, j, axis=1))).alpha for j in range(9)]
    np.testing.assert_allclose(dropped, others, atol=1e-12)


def test_missing_is_not_wrong():
    scores = np.array([[1, 1, 0], [1, 0, -1], [0, -1, 1], [-1, 1, 1]])
    statistics = classical(ResponseMatrix.from_array(scores))
    assert statistics.n.tolist() == [3, 3, 3]
    np.testing.assert_allclose(statistics.proportion_correct, [2 / 3, 2 / 3, 2 / 3])
    assert statistics.total_score.tolist() == [2, 1, 1, 2]
    assert statistics.items_answered.tolist() == [3, 2, 2, 2]
    # Item 1: persons 1, 2, 3 with share right of the other items 1/2, 0, 1.
    assert statistics.item_rest_r[0] == pytest.approx(np.corrcoef([1, 1, 0], [0.5, 0, 1])[0, 1])


@pytest.mark.parametrize("weighted", [False, True])
def test_identity_plain_formulas_on_incomplete_answers_taken_in_blocks(monkeypatch, weighted):
    rng = np.random.default_rng(3)
    scores = rng.integers(-1, 2, (400, 6))
    weights = rng.integers(1, 4, 400).astype(float) if weighted else None
    monkeypatch.setattr(sys.modules[classical.__module__], "BLOCK_CELLS", 6 * 17)  # blocks of 17 persons
    statistics = classical(ResponseMatrix.from_array(scores, weights=weights))
    rows = np.repeat(scores, 1 if weights is None else weights.astype(int), axis=0)
    seen, right = rows >= 0, rows == 1
    for j in range(6):
        others = seen.sum(axis=1) - seen[:, j]
        who = seen[:, j] & (others > 0)
        rest = (right.sum(axis=1) - right[:, j])[who] / others[who]
        total = right.sum(axis=1)[seen[:, j]] / seen.sum(axis=1)[seen[:, j]]
        assert statistics.n_rest[j] == who.sum()
        assert statistics.item_rest_r[j] == pytest.approx(np.corrcoef(right[who, j], rest)[0, 1], abs=1e-12)
        assert statistics.item_total_r[j] == pytest.approx(np.corrcoef(right[seen[:, j], j], total)[0, 1], abs=1e-12)
    variance = [right[seen[:, j], j].var(ddof=1) for j in range(6)]
    both = {(j, k): seen[:, j] & seen[:, k] for j in range(6) for k in range(j)}
    between = [np.cov(right[who, j], right[who, k])[0, 1] for (j, k), who in both.items()]
    assert statistics.alpha == pytest.approx(
        6 * np.mean(between) / (np.mean(variance) + 5 * np.mean(between)), abs=1e-12
    )


def test_missing_at_random_leaves_the_statistics_about_where_they_were():
    items_a = np.linspace(0.8, 2.0, 20)
    from irt import ItemParameters

    items = ItemParameters.from_arrays([f"q{j}" for j in range(20)], items_a, difficulty=np.linspace(-1.5, 1.5, 20))
    complete = simulate_2pl(3000, items, seed=3)
    holes = np.where(np.random.default_rng(4).random(complete.scores.shape) < 0.2, -1, complete.scores)
    before, after = classical(complete), classical(ResponseMatrix.from_array(holes))
    # Sampling: a fifth of the answers gone moves a share by about .01 and a correlation by about .02.
    np.testing.assert_allclose(after.proportion_correct, before.proportion_correct, atol=0.03)
    np.testing.assert_allclose(after.item_rest_r, before.item_rest_r, atol=0.06)
    assert after.alpha == pytest.approx(before.alpha, abs=0.02)


def test_what_cannot_be_had_is_nan():
    statistics = classical(ResponseMatrix.from_array([[1, 0, -1, 1], [1, 0, -1, 0], [1, 0, -1, 1]]))
    assert np.isnan(statistics.item_rest_r[:3]).all()  # all right, none right, not answered
    assert np.isnan(statistics.proportion_correct[2])
    assert statistics.proportion_lower[0] < 1
    alone = classical(ResponseMatrix.from_array([[1]]))
    assert np.isnan([alone.alpha, alone.alpha_lower, alone.sem_classical, alone.item_rest_r[0]]).all()


def test_identity_feldt_against_the_f_distribution():
    lower, upper = feldt(0.8, 100, 20)
    assert lower == pytest.approx(1 - 0.2 * f.ppf(0.975, 99, 99 * 19), abs=1e-12)
    assert upper == pytest.approx(1 - 0.2 * f.ppf(0.025, 99, 99 * 19), abs=1e-12)


def test_recovery_feldt_covers_the_true_alpha():
    # Parallel items in the classical sense: continuous scores, true alpha 10 * .3 / (1 + 9 * .3).
    rng, k, rho, n = np.random.default_rng(5), 10, 0.3, 60
    true = k * rho / (1 + (k - 1) * rho)
    covered = 0
    for _ in range(400):
        x = np.sqrt(rho) * rng.standard_normal((n, 1)) + np.sqrt(1 - rho) * rng.standard_normal((n, k))
        covariance = np.cov(x.T)
        alpha = k / (k - 1) * (1 - np.trace(covariance) / covariance.sum())
        lower, upper = feldt(alpha, n, k)
        covered += lower < true < upper
    assert covered / 400 == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 400))  # three binomial standard errors
