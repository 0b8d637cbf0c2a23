"""Identity: a calibration moved to another scale says the same of the same answers.

Every result that does not carry the scale stays, and abilities follow the line. This holds the population of a linked
calibration to account wherever abilities are integrated over.
"""

from dataclasses import fields, replace

import numpy as np
import pytest
from two_scales import answers

from irt import calibrate, curve_band, expected_score_band, probabilities, score_range, score_table
from irt.comparing import link, transform
from irt.diagnostics import (
    empirical_reliability,
    item_mean_squares,
    marginal_reliability,
    model_fit,
    person_fit,
    person_mean_squares,
    q3,
    q3_limit,
    s_x2,
)
from irt.scoring import estimate_abilities

#: A line to a scale that a grid for theta ~ N(0, 1) does not reach.
SLOPE, INTERCEPT = 2.5, 9.0
#: Both sides are the same sums over the same points, moved; only the last digits may differ.
ROUNDING = {"rtol": 1e-8, "atol": 1e-8}


@pytest.fixture(scope="module", params=["1PL", "2PL", "3PL"])
def both(request):
    """Answers, some missing, with their calibration on its own scale and on the far one."""
    matrix = answers(5, n_persons=400, guessing=0.2 if request.param == "3PL" else 0.0)[0]
    rng = np.random.default_rng(5)
    scores = np.where(rng.random(matrix.scores.shape) < 0.1, -1, matrix.scores)
    matrix = type(matrix).from_array(scores, item_ids=matrix.item_ids)
    calibration = calibrate(matrix, request.param)
    line = replace(link(calibration, calibration), slope=SLOPE, intercept=INTERCEPT)
    return matrix, calibration, transform(calibration, line)


def same(one, other, *but):
    """Every number of two results is the same, except in the fields that are named."""
    for name in {field.name for field in fields(one)} - set(but):
        first, second = getattr(one, name), getattr(other, name)
        if isinstance(first, str | tuple):
            assert first == second, name
        else:
            np.testing.assert_allclose(first, second, **ROUNDING, err_msg=name)


@pytest.mark.parametrize("method", ["EAP", "MAP", "ML", "WLE"])
def test_abilities_follow_the_line(both, method):
    matrix, own, far = both
    here, there = (estimate_abilities(matrix, calibration, method) for calibration in (own, far))
    # Estimates found by steps stop within 1e-10 of the root on either scale.
    np.testing.assert_allclose(there.theta, SLOPE * here.theta + INTERCEPT, atol=1e-6)
    np.testing.assert_allclose(there.se, SLOPE * here.se, rtol=1e-6)


def test_fit_stays(both):
    matrix, own, far = both
    here, there = (estimate_abilities(matrix, calibration) for calibration in (own, far))
    same(s_x2(matrix, own), s_x2(matrix, far))
    same(model_fit(matrix, own), model_fit(matrix, far))
    for statistic in (item_mean_squares, person_mean_squares, person_fit):
        same(statistic(matrix, own, here), statistic(matrix, far, there))
    np.testing.assert_allclose(q3(matrix, own, here)[0], q3(matrix, far, there)[0], **ROUNDING)
    # The line's own errors say nothing of the persons drawn: the same ones are drawn, and calibrated alike.
    same(q3_limit(matrix, own, n_draws=2), q3_limit(matrix, far, n_draws=2))


def test_reliability_stays(both):
    matrix, own, far = both
    assert marginal_reliability(far) == pytest.approx(marginal_reliability(own), rel=1e-12)
    here, there = (empirical_reliability(estimate_abilities(matrix, calibration)) for calibration in (own, far))
    assert there == pytest.approx(here, rel=1e-8)


def test_scores_and_chances_stay(both):
    matrix, own, far = both
    tables = [score_table(calibration, matrix) for calibration in (own, far)]
    same(*tables, "theta", "se", "theta_expected", "population")
    for name in ("theta", "theta_expected"):
        here, there = (getattr(table, name) for table in tables)
        np.testing.assert_allclose(there, SLOPE * here + INTERCEPT, atol=1e-6, err_msg=name)
    for kind in ("estimate", "predictive"):
        same(probabilities(matrix, own, kind=kind), probabilities(matrix, far, kind=kind))


@pytest.mark.parametrize("simultaneous", [False, True])
def test_bands_stay(both, simultaneous):
    _, own, far = both
    theta = np.linspace(-3, 3, 7)
    for band in (curve_band, expected_score_band):
        here = band(theta, own, simultaneous=simultaneous)
        same(here, band(SLOPE * theta + INTERCEPT, far, simultaneous=simultaneous))


def test_what_to_expect_on_a_repeat_stays(both):
    matrix, own, far = both
    ranges = []
    for calibration in (own, far):
        abilities = estimate_abilities(matrix, calibration)
        ranges.append(score_range(abilities.theta, abilities.se, calibration.items))
    # The points lie elsewhere on either scale, and a limit at which the tail is just 2.5 % may fall to either side.
    for here, there in zip(*ranges, strict=True):
        assert np.abs(here - there).max() <= 1
        assert (here != there).mean() < 0.02
