"""Infit and outfit: mirt's numbers, the textbook's sums, and what missing answers and weights do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from irt import ItemParameters, ResponseMatrix, ResponsesError, calibrate, estimate_abilities, irf
from irt.diagnostics import item_mean_squares, person_mean_squares
from irt.samples import simulate_2pl

# R> m <- mirt(expand.table(LSAT7), 1, "2PL", quadpts = 61, TOL = 1e-8); itemfit(m, fit_stats = "infit")
# R> personfit(m)[c(1, 13), ]                                                                    # mirt 1.45.1
# "1PL": mirt(..., "Rasch"), a variance to be estimated in place of the common slope.
ITEMS = {
    ("lsat6", "2PL"): {
        "outfit": [0.79539328, 0.83457081, 0.7590109, 0.84938515, 0.86224787],
        "z_outfit": [-1.7197365, -4.8571517, -14.795432, -3.4030703, -1.7784658],
        "infit": [1.0902736, 0.89315471, 0.77643383, 0.92997, 1.0091641],
        "z_infit": [0.83070054, -3.4109751, -14.701783, -1.6944963, 0.14898424],
    },
    ("lsat7", "2PL"): {
        "outfit": [0.7758136, 0.7367778, 0.48436797, 0.85520914, 0.86622919],
        "z_outfit": [-3.1415712, -7.7651871, -7.052806, -6.5630479, -1.9025202],
        "infit": [0.95817568, 0.81598595, 0.75009939, 0.88142751, 0.98922057],
        "z_infit": [-0.70228591, -6.3612397, -5.2171171, -5.807274, -0.15412824],
    },
    ("lsat7", "1PL"): {
        "outfit": [0.74432819, 0.75759039, 0.71122881, 0.76972345, 0.79728509],
        "z_outfit": [-3.596105, -7.4990353, -5.4192818, -8.8754633, -2.5717322],
        "infit": [0.93931618, 0.82613439, 0.85955867, 0.81750201, 0.99354138],
        "z_infit": [-1.0246909, -6.3022821, -3.2014648, -7.9608106, -0.079734427],
    },
}
PERSONS = {
    "lsat6": {  # patterns 00000 and 00011
        (0, 3): {
            "outfit": [1.4970804, 1.8899152],
            "z_outfit": [1.119952, 1.4374517],
            "infit": [1.463731, 1.3992764],
            "z_infit": [1.2103828, 0.99240398],
        }
    },
    "lsat7": {  # patterns 00000 and 00001
        (0, 1): {
            "outfit": [0.71193562, 0.65626244],
            "z_outfit": [-0.55991859, -1.1117745],
            "infit": [0.78537927, 0.67456301],
            "z_infit": [-0.46081721, -1.0639634],
        }
    },
}
#: The fits agree to about 1e-5 in parameters; the statistics follow.
FITTED = 1e-4


@pytest.mark.parametrize(("name", "model"), ITEMS)
def test_reference_items(name, model, request):
    matrix = request.getfixturevalue(name)
    calibration = calibrate(matrix, model)
    found = item_mean_squares(matrix, calibration, estimate_abilities(matrix, calibration))
    for field, wanted in ITEMS[name, model].items():
        np.testing.assert_allclose(getattr(found, field), wanted, atol=FITTED)
    assert (found.n == 1000).all()


@pytest.mark.parametrize("name", PERSONS)
def test_reference_persons(name, request):
    matrix = request.getfixturevalue(name)
    calibration = calibrate(matrix)
    found = person_mean_squares(matrix, calibration, estimate_abilities(matrix, calibration))
    ((rows, fields),) = PERSONS[name].items()
    for field, wanted in fields.items():
        np.testing.assert_allclose(getattr(found, field)[list(rows)], wanted, atol=FITTED)
    assert (found.n == 5).all()


@pytest.fixture(scope="module")
def exam():
    items = ItemParameters.from_arrays(
        [f"q{j}" for j in range(12)], np.full(12, 1.1), difficulty=np.linspace(-1, 1, 12)
    )
    scores = simulate_2pl(400, items, seed=1).scores.copy()
    scores[np.random.default_rng(2).random(scores.shape) < 0.2] = -1
    scores[7] = -1
    matrix = ResponseMatrix.from_array(scores, item_ids=items.item_ids)
    calibration = calibrate(matrix)
    return matrix, calibration, estimate_abilities(matrix, calibration)


def test_identity_the_sums_of_the_textbook(exam):
    matrix, calibration, abilities = exam
    p = irf(abilities.theta, calibration.items)
    seen, squares = matrix.scores >= 0, (matrix.scores - p) ** 2
    variance = p * (1 - p)
    found = item_mean_squares(*exam)
    np.testing.assert_allclose(found.infit, (squares * seen).sum(0) / (variance * seen).sum(0))
    np.testing.assert_allclose(found.outfit, (squares / variance * seen).sum(0) / seen.sum(0))
    persons, known = person_mean_squares(*exam), seen.any(axis=1)
    np.testing.assert_allclose(persons.infit[known], ((squares * seen).sum(1)[known] / (variance * seen).sum(1)[known]))
    np.testing.assert_array_equal(persons.n, seen.sum(axis=1))
    assert np.isnan(persons.infit[7])
    assert np.isnan(persons.z_outfit[7])


def test_identity_weight_two_is_the_row_twice(exam):
    matrix, calibration, _ = exam
    weighted = ResponseMatrix.from_array(matrix.scores, item_ids=matrix.item_ids, weights=np.full(400, 2.0))
    doubled = ResponseMatrix.from_array(np.vstack([matrix.scores, matrix.scores]), item_ids=matrix.item_ids)
    one, other = (
        item_mean_squares(one, calibration, estimate_abilities(one, calibration)) for one in (weighted, doubled)
    )
    for field in ("infit", "outfit", "z_infit", "z_outfit", "n"):
        np.testing.assert_allclose(getattr(one, field), getattr(other, field), rtol=1e-10)


def test_recovery_noise_raises_and_a_perfect_order_lowers_mean_squares(exam):
    matrix, calibration, abilities = exam
    scores = matrix.scores.copy()
    answered = scores[:, 3] >= 0
    scores[answered, 3] = np.random.default_rng(4).random(answered.sum()) < 0.5
    middle = float(np.median(abilities.theta))
    scores[:, 8] = np.where(matrix.scores[:, 8] >= 0, abilities.theta > middle, -1)
    found = item_mean_squares(ResponseMatrix.from_array(scores, item_ids=matrix.item_ids), calibration, abilities)
    assert found.z_infit[3] > 3
    assert found.z_outfit[3] > 3
    assert found.z_infit[8] < -3


def test_identity_standardised_forms_are_about_standard_normal_at_the_true_abilities():
    theta = np.random.default_rng(9).normal(size=3000)
    items = ItemParameters.from_arrays(
        [f"q{j}" for j in range(60)], np.full(60, 1.0), difficulty=np.linspace(-2, 2, 60)
    )
    matrix = simulate_2pl(3000, items, seed=9, theta=theta)
    calibration = calibrate(ResponseMatrix.from_array(matrix.scores, item_ids=items.item_ids))
    abilities = estimate_abilities(matrix, calibration)
    true = type(abilities)(matrix.person_ids, theta, abilities.se, "true", abilities.items_answered)
    found = person_mean_squares(matrix, calibration, true)
    # 3,000 values: the standard error of mean and standard deviation is below 0.02; the cube root is not exact.
    for z in (found.z_infit, found.z_outfit):
        assert np.mean(z) == pytest.approx(0, abs=0.1)
        assert np.std(z) == pytest.approx(1, abs=0.1)


def test_identity_persons_without_an_ability_take_no_part(exam):
    matrix, calibration, _ = exam
    scores = matrix.scores.copy()
    scores[0] = 1
    perfect = ResponseMatrix.from_array(scores, item_ids=matrix.item_ids)
    found = item_mean_squares(perfect, calibration, estimate_abilities(perfect, calibration, "ML"))
    infinite = np.isnan(estimate_abilities(perfect, calibration, "ML").theta)
    np.testing.assert_array_equal(found.n, (scores[~infinite] >= 0).sum(axis=0))
    assert np.isfinite(found.infit).all()


def test_message_abilities_of_other_persons(exam):
    matrix, calibration, abilities = exam
    with pytest.raises(ResponsesError, match="400 abilities for 399 students"):
        item_mean_squares(matrix.take(persons=np.arange(399)), calibration, abilities)


def test_invariant_items_left_out_are_nan(exam):
    matrix, calibration, abilities = exam
    wider = np.column_stack([np.ones(400, dtype=int), matrix.scores])
    found = item_mean_squares(
        ResponseMatrix.from_array(wider, item_ids=["extra", *matrix.item_ids]), calibration, abilities
    )
    assert np.isnan(found.infit[0])
    assert found.n[0] == 0
    np.testing.assert_allclose(found.infit[1:], item_mean_squares(*exam).infit)


def test_identity_no_single_answer_against_all_odds_decides(lsat6):
    calibration = calibrate(lsat6)
    steep = ItemParameters.from_arrays(lsat6.item_ids, np.full(5, 8.0), difficulty=np.full(5, -2.0))
    one = ResponseMatrix.from_array([[0, 1, 1, 1, 1]], item_ids=lsat6.item_ids)
    sure = replace(calibration, items=steep)
    found = item_mean_squares(one, sure, replace(estimate_abilities(one, sure), theta=np.array([1.0])))
    # P Q = 4e-11 counts as the square root of 1e-5, as in mirt.
    assert found.outfit[0] == pytest.approx(1e-5**-0.5, rel=1e-6)
