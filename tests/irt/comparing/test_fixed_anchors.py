"""New answers on the scale of an earlier calibration."""

import numpy as np
import pytest
from two_scales import SHARED, answers, items

from irt import FitError, ResponseMatrix, calibrate
from irt.comparing import calibrate_on, link, transform
from irt.samples import simulate_2pl


@pytest.fixture(scope="module")
def stronger():
    """Exams of groups that are a standard deviation apart, with many persons."""
    rng = np.random.default_rng(8)
    base = calibrate(simulate_2pl(4000, items(12, 18), seed=9))
    new = simulate_2pl(4000, items(25, 16), seed=10, theta=rng.normal(1.0, 1.0, 4000))
    return base, new, calibrate_on(new, base)


def test_recovery_the_scale_of_the_base_though_the_groups_differ_by_a_standard_deviation(stronger):
    base, new, found = stronger
    assert found.population.mean == pytest.approx(1.0, abs=0.1)  # the base's own error is about .03 and adds to it
    assert found.population.sd == pytest.approx(1.0, abs=0.1)
    own, true = np.flatnonzero([item not in base.items.item_ids for item in found.items.item_ids]), items(25, 16)
    assert len(own) == 16 - SHARED
    off = found.items.difficulty[own] - true.difficulty[own]
    assert (np.abs(off) < 3.5 * np.hypot(found.standard_errors.difficulty[own], 0.05)).all()
    apart = calibrate(new).items.difficulty[own] - true.difficulty[own]
    assert np.mean(apart) < -0.7  # alone they are on a scale of their own


def test_identity_held_items_stay_what_they_were(stronger):
    base, _, found = stronger
    place = [found.items.item_ids.index(item) for item in base.items.item_ids[:SHARED]]
    np.testing.assert_array_equal(found.items.discrimination[place], base.items.discrimination[:SHARED])
    np.testing.assert_array_equal(found.items.intercept[place], base.items.intercept[:SHARED])
    np.testing.assert_array_equal(found.standard_errors.difficulty[place], 0)


def test_identity_linking_afterwards_agrees(stronger):
    base, new, found = stronger
    apart = calibrate(new)
    line = link(apart, base)
    linked = transform(apart, line)
    assert found.population.mean == pytest.approx(line.intercept, abs=2 * line.intercept_se)
    own = np.arange(SHARED, 16)
    np.testing.assert_allclose(found.items.difficulty[own], linked.items.difficulty[own], atol=0.15)  # two SE


def test_reversed_items_of_the_base_are_not_held():
    base, new = answers(5)
    scores = base.scores.copy()
    scores[:, 2] = 1 - scores[:, 2]
    calibration = calibrate(ResponseMatrix.from_array(scores, item_ids=base.item_ids))
    found = calibrate_on(new, calibration)
    assert found.items.discrimination[2] > 0
    assert found.standard_errors.discrimination[2] > 0


def test_message_nothing_in_common():
    base, new = answers(5)
    with pytest.raises(FitError, match="nothing ties them to its scale"):
        calibrate_on(new.take(items=np.arange(SHARED, 16)), calibrate(base))
