"""One scale for two calibrations."""

from dataclasses import replace

import numpy as np
import pytest
from two_scales import INTERCEPT, SHARED, SLOPE, two_scales

from irt import FitError, ItemParameters, irf
from irt.comparing import METHODS, link, transform
from irt.comparing.curve_matching import Abilities, Criterion, match_curves
from irt.comparing.linking_constants import mean_mean, mean_sigma

# The example that comes with the program STUIRT (Kim & Kolen 2004): the 12 common items of Kolen & Brennan (2014),
# table 6.5, with discriminations on the normal metric (D = 1.7), its 10 points and weights, and its printed results.
FORM_X = """
    0.4551 -0.7101 0.2087  0.5839 -0.8567 0.2038  0.7544 0.0212 0.1600  0.6633 0.0506 0.1240  1.0690 0.9610 0.2986
    0.9672 0.1950 0.0535  0.3479 2.2768 0.1489  1.4579 1.0241 0.2453  1.8811 1.4062 0.1992  0.7020 2.2401 0.0853
    1.4080 1.5556 0.0789  1.2993 2.1589 0.1075"""
FORM_Y = """
    0.4416 -1.3349 0.1559  0.5730 -1.3210 0.1913  0.5987 -0.7098 0.1177  0.6041 -0.3539 0.0818  0.9902 0.5320 0.3024
    0.8081 -0.1156 0.0648  0.4140 2.5538 0.2410  1.3554 0.5811 0.2243  1.0417 0.9392 0.1651  0.6336 1.8960 0.0794
    1.1347 1.0790 0.0630  0.9255 2.1337 0.1259"""
POINTS = "-4 -3.111 -2.222 -1.333 -0.4444 0.4444 1.333 2.222 3.111 4"
X_WEIGHTS = "0.0001008 0.002760 0.03021 0.1420 0.3149 0.3158 0.1542 0.03596 0.003925 0.0001862"
Y_WEIGHTS = "0.0001173 0.003242 0.03449 0.1471 0.3148 0.3110 0.1526 0.03406 0.002510 0.0001116"


def numbers(text):
    return np.array(text.split(), dtype=float)


def table(text):
    slope, difficulty, guessing = numbers(text).reshape(-1, 3).T
    return np.stack([1.7 * slope, -1.7 * slope * difficulty, guessing, np.ones_like(slope)])


X, Y = table(FORM_X), table(FORM_Y)
ABILITIES = Abilities(numbers(POINTS), numbers(X_WEIGHTS), numbers(POINTS), numbers(Y_WEIGHTS))
WAYS = {
    "mean-mean": mean_mean,
    "mean-sigma": mean_sigma,
    "haebara": lambda new, base: match_curves(Criterion(new, base, ABILITIES, summed=False)),
    "stocking-lord": lambda new, base: match_curves(Criterion(new, base, ABILITIES, summed=True)),
}
PUBLISHED = {
    "mean-sigma": (1.168891, -0.515543),
    "mean-mean": (1.217266, -0.557156),
    "haebara": (1.067800, -0.471281),
    "stocking-lord": (1.083417, -0.487619),
}


@pytest.mark.parametrize("method", METHODS)
def test_reference_published_constants(method):
    found = WAYS[method](X, Y)
    # 5e-6: printed with six digits, and weights with four
    assert (found.slope, found.intercept) == pytest.approx(PUBLISHED[method], abs=5e-6)


@pytest.mark.parametrize("one_slope", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_derivative_of_the_line_by_every_parameter(method, one_slope):
    way = WAYS[method]
    if one_slope and method in ("haebara", "stocking-lord"):

        def way(new, base):
            return match_curves(Criterion(new, base, ABILITIES, method == "stocking-lord"), common_slope=True)

    found, step = way(X, Y), 1e-4
    for which, said in enumerate((found.by_new, found.by_base)):
        for kind, j in ((0, 0), (0, 8), (1, 3), (1, 11), (2, 5), (3, 7)):
            ends = []
            for sign in (1, -1):
                tables = [X.copy(), Y.copy()]
                tables[which][kind, j] += sign * step
                moved = way(*tables)
                ends.append(np.array([moved.slope, moved.intercept]))
            # 1e-6: central differences err by their step's square times a third derivative of about 100
            np.testing.assert_allclose(said[:, kind, j], (ends[0] - ends[1]) / (2 * step), atol=1e-6)


@pytest.fixture(scope="module", params=["1PL", "2PL", "3PL"])
def scales(request):
    return two_scales(11, request.param)


@pytest.mark.parametrize("method", METHODS)
def test_recovery_the_line_between_the_groups(scales, method):
    found = link(*scales, method)
    assert abs(found.slope - SLOPE) < 3 * found.slope_se
    assert abs(found.intercept - INTERCEPT) < 3 * found.intercept_se
    assert 0 < found.slope_se < 0.2
    assert 0 < found.intercept_se < 0.2
    assert len(found.anchor_ids) == SHARED


@pytest.mark.parametrize("method", METHODS)
def test_recovery_a_line_that_is_known_exactly(scales, method):
    new, _ = scales
    known = replace(link(*scales), slope=0.8, intercept=-0.7)
    found = link(new, transform(new, known), method)
    # 1e-8: curves that agree everywhere leave only rounding
    assert (found.slope, found.intercept) == pytest.approx((0.8, -0.7), abs=1e-8)


@pytest.mark.parametrize("method", ["stocking-lord", "haebara", "mean-sigma"])
def test_identity_backwards_is_the_inverse_line(scales, method):
    there, back = link(*scales, method), link(*scales[::-1], method)
    assert back.slope == pytest.approx(1 / there.slope, abs=1e-7)
    assert back.intercept == pytest.approx(-there.intercept / there.slope, abs=1e-7)


def test_recovery_errors_of_the_line_are_its_spread_over_repeats():
    lines = [link(*two_scales(1000 + 10 * k, n_persons=500)) for k in range(60)]
    values = np.array([(line.slope, line.intercept) for line in lines])
    said = np.sqrt(np.mean([(line.slope_se**2, line.intercept_se**2) for line in lines], axis=0))
    # 60 repeats know a standard deviation to 9 %: three of those
    np.testing.assert_allclose(values.std(axis=0, ddof=1), said, rtol=0.28)
    inside = np.abs(values - [SLOPE, INTERCEPT]) < 1.96 * np.array([(x.slope_se, x.intercept_se) for x in lines])
    assert (inside.mean(axis=0) > 0.86).all()  # 95 % less three standard deviations of 60 repeats


def test_identity_chances_stay_on_the_other_scale(scales):
    new, base = scales
    line = link(new, base)
    moved, theta = transform(new, line), np.linspace(-3, 3, 7)
    np.testing.assert_allclose(irf(line.slope * theta + line.intercept, moved.items), irf(theta, new.items), atol=1e-12)
    np.testing.assert_array_equal(moved.items.guessing, new.items.guessing)
    np.testing.assert_allclose(moved.items.difficulty, line.slope * new.items.difficulty + line.intercept, atol=1e-10)


def test_identity_errors_follow_the_scale(scales):
    new, base = scales
    line = link(new, base)
    moved = transform(new, line)
    own, errors = new.standard_errors, moved.standard_errors
    np.testing.assert_allclose(errors.difficulty, line.slope * own.difficulty, rtol=1e-9)
    np.testing.assert_allclose(errors.discrimination, own.discrimination / line.slope, rtol=1e-9)
    np.testing.assert_array_equal(errors.guessing, own.guessing)
    assert (moved.population.mean, moved.population.sd) == (line.intercept, line.slope)
    assert moved.population.mean_se == line.intercept_se
    # the error of log-odds at an ability is the same on both scales
    k = new.parameters_per_item
    at, there = np.zeros(k), np.zeros(k)
    at[:2], there[:2] = (0.7, 1.0), (line.slope * 0.7 + line.intercept, 1.0)
    for before, after in zip(new.item_covariance(), moved.item_covariance(), strict=True):
        assert there @ after @ there == pytest.approx(at @ before @ at, rel=1e-8)


def with_slope(calibration, item_id, slope):
    """The calibration with another slope of an item."""
    items = calibration.items
    slopes = np.where(np.array(items.item_ids) == item_id, slope, items.discrimination)
    changed = ItemParameters(items.item_ids, slopes, items.intercept, items.guessing, items.upper_asymptote)
    return replace(calibration, items=changed)


def test_reversed_and_flat_anchors_are_left_out_with_the_reason():
    new, base = two_scales(11)
    found = link(with_slope(new, "q2", -0.4), with_slope(base, "q5", 0.0))
    assert len(found.anchor_ids) == SHARED - 2
    assert [(left.id, left.reason.split(" calibration")[0]) for left in found.left_out] == [
        ("q2", "Item q2 does not rise with ability in the new"),
        ("q5", "Item q5 does not rise with ability in the base"),
    ]


def test_anchors_can_be_chosen():
    new, base = two_scales(11)
    assert link(new, base, anchors=["q7", "q1", "q3"]).anchor_ids == ("q1", "q3", "q7")
    one = two_scales(11, "1PL")
    found = link(*one, anchors=["q4"])
    assert found.slope == pytest.approx(one[0].items.discrimination[0] / one[1].items.discrimination[0], rel=1e-12)
    assert abs(found.intercept - INTERCEPT) < 4 * found.intercept_se


def test_message_what_cannot_be_linked():
    new, base = two_scales(11)
    with pytest.raises(FitError, match="'stocking lord'; there is: stocking-lord, haebara"):
        link(new, base, "stocking lord")
    with pytest.raises(FitError, match="Item q30 was named as an anchor"):
        link(new, base, anchors=["q1", "q30"])
    with pytest.raises(FitError, match="share only one usable item, and 2 are needed"):
        link(new, base, anchors=["q1"])
    with pytest.raises(FitError, match=r"no usable item.* 1 shared item cannot be used: Item q2 does not rise"):
        link(with_slope(new, "q2", -0.4), base, anchors=["q2"])


def test_errors_that_cannot_be_had_are_nan():
    new, base = two_scales(11)
    unknown = replace(new, covariance=np.full_like(new.covariance, np.nan))
    found = link(unknown, base)
    assert np.isfinite([found.slope, found.intercept]).all()
    assert np.isnan([found.slope_se, found.intercept_se]).all()


def test_message_anchors_that_are_equally_hard_have_no_spread():
    new, base = two_scales(11)
    level = replace(new, items=replace(new.items, intercept=np.zeros(len(new.items))))
    with pytest.raises(FitError, match="equally hard in one of the calibrations"):
        link(level, base, "mean-sigma")
    assert np.isfinite(link(level, base, "mean-mean").intercept)
