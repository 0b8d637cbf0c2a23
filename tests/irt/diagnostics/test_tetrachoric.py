"""Tetrachoric correlations against another bivariate normal, known tables, missing and weighted answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import multivariate_normal

from irt import ResponseMatrix
from irt.diagnostics import tetrachoric
from irt.diagnostics.tetrachoric import PairTables, correlations_of


def table(*cells: float) -> PairTables:
    """One pair of items: both right, only the first, only the second, neither."""
    return PairTables(*(np.array([float(cell)]) for cell in cells))


@pytest.mark.parametrize("exam", ["lsat6", "lsat7"])
def test_reference_is_the_root_of_another_bivariate_normal(exam, request):
    matrix = request.getfixturevalue(exam)
    found = tetrachoric(matrix).correlation
    weights, right = matrix.weights, matrix.scores == 1
    share = weights @ right / weights.sum()
    for i in range(5):
        for j in range(i):
            both = weights @ (right[:, i] & right[:, j]) / weights.sum()
            thresholds = ndtri(share[[i, j]])

            def miss(r, thresholds=thresholds, both=both):
                return multivariate_normal.cdf(thresholds, cov=[[1, r], [r, 1]]) - both

            # The other routine integrates to 1e-8; the slope of the probability by r is about 0.1 here.
            assert found[i, j] == pytest.approx(brentq(miss, -0.9, 0.9, xtol=1e-12), abs=1e-6)


def shares(h: float, k: float, r: float) -> tuple[float, float, float, float]:
    """The four shares of a bivariate normal, by adaptive integration of Plackett's identity."""

    def density(t):
        return np.exp(-(h * h + k * k - 2 * h * k * np.sin(t)) / (2 * np.cos(t) ** 2)) / (2 * np.pi)

    both = ndtr(h) * ndtr(k) + quad(density, 0, np.arcsin(r), epsabs=1e-15, epsrel=1e-13)[0]
    return both, ndtr(h) - both, ndtr(k) - both, 1 - ndtr(h) - ndtr(k) + both


THRESHOLDS = [(0.0, 0.0), (1.0, 1.01), (1.0, -1.0), (2.0, 1.5), (-2.5, 0.3)]
CORRELATIONS = [-0.999, -0.95, -0.84, -0.3, 0.0, 0.5, 0.86, 0.95, 0.999]
# A share that is all but 0 holds no digits of r.
CASES = [(h, k, r) for h, k in THRESHOLDS for r in CORRELATIONS if min(shares(h, k, r)) > 1e-9]


@pytest.mark.parametrize(("h", "k", "r"), CASES)
def test_identity_the_correlation_comes_back_from_its_shares(h, k, r):
    # What quad leaves, over the slope of the smallest share by r.
    assert correlations_of(table(*shares(h, k, r)))[0][0] == pytest.approx(r, abs=1e-9)


def test_reference_equal_halves_have_a_closed_form():
    # Sheppard (1899): the share right on both is 1/4 + arcsin(r) / (2 pi).
    both = 40.0
    r = correlations_of(table(both, 50 - both, 50 - both, both))[0][0]
    assert r == pytest.approx(np.sin(2 * np.pi * (both / 100 - 0.25)), abs=1e-12)


def test_an_empty_cell_gets_half_a_person_and_margins_stay():
    r, corrected = correlations_of(table(30, 10, 0, 20))
    same, not_corrected = correlations_of(table(29.5, 10.5, 0.5, 19.5))
    assert corrected[0]
    assert not not_corrected[0]
    assert r[0] == pytest.approx(same[0], abs=1e-12)
    assert 0 < r[0] < 1


def test_two_equal_items_and_two_opposite_ones():
    r, corrected = correlations_of(PairTables(*np.array([[30.0, 0], [0, 30], [0, 20], [20, 0]])))
    assert corrected.all()
    assert 0.95 < r[0] < 1
    assert -1 < r[1] < -0.95


def test_items_that_all_answered_alike_or_that_share_nobody_have_none():
    scores = [[1, 1, -1], [1, 0, -1], [1, 1, -1], [1, 0, -1], [-1, -1, 1], [-1, -1, 0]]
    found = tetrachoric(ResponseMatrix.from_array(scores))
    assert np.isnan(found.correlation[np.triu_indices(3, 1)]).all()
    assert found.n.tolist() == [[4, 4, 0], [4, 4, 0], [0, 0, 2]]
    assert not found.corrected.any()


def test_identity_weights_are_persons_and_missing_answers_take_no_part(simulate):
    matrix = simulate(3, 200, np.ones(6), np.linspace(-1, 1, 6), missing=0.2)
    weights = np.random.default_rng(1).integers(0, 4, 200)
    weighted = tetrachoric(ResponseMatrix.from_array(matrix.scores, weights=weights))
    repeated = tetrachoric(ResponseMatrix.from_array(np.repeat(matrix.scores, weights, axis=0)))
    np.testing.assert_allclose(weighted.correlation, repeated.correlation, atol=1e-12)
    np.testing.assert_array_equal(weighted.n, repeated.n)
    seen = (matrix.scores[:, :2] >= 0).all(axis=1)
    alone = tetrachoric(ResponseMatrix.from_array(matrix.scores[seen][:, :2]))
    assert tetrachoric(matrix).correlation[0, 1] == pytest.approx(alone.correlation[0, 1], abs=1e-12)


def test_invariant_turning_an_item_round_turns_its_correlations_round(simulate):
    matrix = simulate(4, 300, np.full(5, 1.3), np.linspace(-2, 2, 5))
    turned = matrix.scores.copy()
    turned[:, 2] = 1 - turned[:, 2]
    before, after = tetrachoric(matrix).correlation, tetrachoric(ResponseMatrix.from_array(turned)).correlation
    sign = np.array([1, 1, -1, 1, 1])
    np.testing.assert_allclose(after, before * np.outer(sign, sign), atol=1e-12)


def test_recovery_of_normal_variables():
    rng = np.random.default_rng(5)
    true = np.array([[1, 0.6, 0.2], [0.6, 1, -0.4], [0.2, -0.4, 1]])
    hidden = rng.multivariate_normal(np.zeros(3), true, size=20_000)
    found = tetrachoric(ResponseMatrix.from_array((hidden > [0.0, 0.8, -0.5]).astype(int))).correlation
    # Standard errors are about 0.01 with 20,000 persons; four of them.
    np.testing.assert_allclose(found, true, atol=0.04)
