"""Person fit: mirt's Zh, Snijders' correction two ways, and that it keeps its level."""

from __future__ import annotations

import numpy as np
import pytest

from irt import ItemParameters, ResponseMatrix, calibrate, estimate_abilities, irf
from irt.calibration import CalibrationOptions
from irt.diagnostics import person_fit
from irt.samples import simulate_2pl

METHODS = ("EAP", "MAP", "ML", "WLE")


@pytest.fixture(scope="module")
def exam():
    rng = np.random.default_rng(3)
    items = ItemParameters.from_arrays(
        [f"q{j}" for j in range(25)], rng.lognormal(0.1, 0.3, 25), difficulty=rng.normal(0, 1, 25)
    )
    matrix = ResponseMatrix.from_array(simulate_2pl(2500, items, seed=3).scores, item_ids=items.item_ids)
    return matrix, calibrate(matrix)


# R> m <- mirt(expand.table(LSAT6), 1, "2PL", quadpts = 61, TOL = 1e-8); personfit(m)[c(1, 13), "Zh"]   # mirt 1.45.1
@pytest.mark.parametrize(
    ("name", "rows", "zh"),
    [("lsat6", [0, 3], [-1.2059541, -1.1597436]), ("lsat7", [0, 1], [0.57991442, 1.0434287])],
)
def test_reference_zh(name, rows, zh, request):
    matrix = request.getfixturevalue(name)
    calibration = calibrate(matrix)
    found = person_fit(matrix, calibration, estimate_abilities(matrix, calibration))
    np.testing.assert_allclose(found.zh[rows], zh, atol=1e-5)  # the fits agree to about 1e-5


@pytest.mark.parametrize(("method", "addition"), [("ML", "none"), ("MAP", "prior"), ("WLE", "warm")])
def test_identity_the_correction_is_snijders(exam, method, addition):
    """With r_0 written out, as in Magis, Raiche & Beland (2012), eq. 9-13."""
    matrix, calibration = exam
    abilities = estimate_abilities(matrix, calibration, method)
    found = person_fit(matrix, calibration, abilities)
    for i in (2, 11, 40, 99):
        theta, items, x = abilities.theta[i], calibration.items, matrix.scores[i]
        p = irf(theta, items)[0]
        q, a = 1 - p, items.discrimination
        w, r, first = np.log(p / q), a, a * p * q  # 2PL: P' / (P Q) is the slope
        second = a**2 * p * q * (q - p)
        information = (a * first).sum()
        r_0 = {"none": 0.0, "prior": -theta, "warm": (a * second).sum() / (2 * information)}[addition]
        c = (first * w).sum() / (first * r).sum()
        spread = np.sqrt((((w - c * r) ** 2) * p * q).sum())
        assert found.zh_corrected[i] == pytest.approx((((x - p) * w).sum() + c * r_0) / spread, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_recovery_the_correction_rejects_one_in_twenty(exam, method):
    matrix, calibration = exam
    found = person_fit(matrix, calibration, estimate_abilities(matrix, calibration, method))
    known = np.isfinite(found.zh_corrected)
    assert known.mean() > 0.98
    rate = np.mean(found.p_value[known] < 0.05)
    plain = np.mean(found.zh[known] < -1.6448536)
    # 2,500 persons: the standard error of 5 % is 0.4 %; three of them, and half a point for the approximation.
    assert rate == pytest.approx(0.05, abs=0.018)
    assert plain < 0.04
    assert abs(rate - 0.05) < abs(plain - 0.05)


def test_recovery_with_guessing_and_missing_answers(simulate):
    rng = np.random.default_rng(6)
    theta, difficulty = rng.normal(size=2000), rng.normal(0, 1, 30)
    p = 0.2 + 0.8 / (1 + np.exp(-1.3 * (theta[:, None] - difficulty)))
    scores = (rng.random(p.shape) < p).astype(int)
    scores[rng.random(p.shape) < 0.2] = -1
    matrix = ResponseMatrix.from_array(scores)
    calibration = calibrate(matrix, "3PL")
    found = person_fit(matrix, calibration, estimate_abilities(matrix, calibration))
    assert np.mean(found.p_value < 0.05) == pytest.approx(0.05, abs=0.018)
    np.testing.assert_array_equal(found.n, (scores >= 0).sum(axis=1))


def test_recovery_students_who_guess_or_miss_the_easy_items_are_found(exam):
    matrix, calibration = exam
    order = np.argsort(calibration.items.difficulty)
    scores = matrix.scores.copy()
    scores[:50] = np.random.default_rng(1).random((50, 25)) < 0.5
    scores[50, order] = np.arange(25) >= 12
    scores[51, order] = np.arange(25) < 12
    changed = ResponseMatrix.from_array(scores, item_ids=matrix.item_ids)
    found = person_fit(changed, calibration, estimate_abilities(changed, calibration))
    assert np.mean(found.p_value[:50] < 0.05) > 0.5
    assert found.p_value[50] < 1e-6
    assert found.p_value[51] > 0.95


def test_identity_missing_answers_and_unknown_items_change_nothing(exam):
    matrix, calibration = exam
    part = matrix.take(persons=np.arange(40), items=np.arange(15))
    wide = np.full((40, 27), -1)
    wide[:, :15] = part.scores
    wide[:, 25:] = 1
    padded = ResponseMatrix.from_array(wide, item_ids=[*matrix.item_ids, "new", "newer"])
    one, other = (person_fit(m, calibration, estimate_abilities(m, calibration)) for m in (part, padded))
    for field in ("zh", "zh_corrected", "p_value", "n"):
        np.testing.assert_allclose(getattr(one, field), getattr(other, field), rtol=1e-10)


def test_invariant_what_cannot_be_had_is_nan_and_perfect_patterns_are_defined(exam):
    _, calibration = exam
    rows = np.full((5, 25), -1)
    rows[1, 3], rows[2], rows[3], rows[4, :2] = 1, 1, 0, (1, 0)
    matrix = ResponseMatrix.from_array(rows, item_ids=calibration.items.item_ids)
    with np.errstate(all="raise"):
        eap, ml = (person_fit(matrix, calibration, estimate_abilities(matrix, calibration, m)) for m in ("EAP", "ML"))
    assert np.isnan(eap.zh[0])
    assert np.isfinite(eap.zh[1:]).all()
    assert np.isnan(eap.zh_corrected[:2]).all()  # one answer: the ability takes it all
    assert np.isfinite(eap.zh_corrected[2:]).all()
    assert np.isnan(ml.zh[:4]).all()
    np.testing.assert_array_equal(eap.n, [0, 1, 25, 25, 2])


def test_invariant_items_that_are_all_alike_leave_nothing_to_correct():
    rng = np.random.default_rng(2)
    half = (rng.random((200, 4)) < 0.5).astype(int)
    matrix = ResponseMatrix.from_array(np.vstack([half, half[:, ::-1], 1 - half, 1 - half[:, ::-1]]))
    calibration = calibrate(matrix, options=CalibrationOptions("1PL", prior="weak"))
    items = ItemParameters.from_arrays(matrix.item_ids, np.full(4, 1.0), intercept=np.zeros(4))
    alike = type(calibration)(**{name: getattr(calibration, name) for name in calibration.__slots__} | {"items": items})
    found = person_fit(matrix, alike, estimate_abilities(matrix, alike))
    assert np.isnan(found.zh_corrected).all()
