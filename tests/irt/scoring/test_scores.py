"""Number right: the recursion against enumeration, and whether the range holds a repeat."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from irt import ItemParameters, ResponseMatrix, calibrate, estimate_abilities, expected_score, irf, score_range
from irt import theta_at_score as ability_at_score
from irt.scoring import score_distribution


@pytest.fixture(scope="module")
def items():
    return ItemParameters.from_arrays(
        list("abcdef"),
        [0.5, 1.0, 1.5, -0.7, 2.0, 1.1],
        difficulty=[-1, 0, 1, 0.5, -0.5, 2],
        guessing=[0, 0, 0.2, 0, 0, 0],
    )


class TestDistribution:
    def test_recursion_is_enumeration(self, items):
        """Reference: all 64 patterns."""
        theta = np.array([-2.0, 0.3, 1.7])
        p = irf(theta, items)
        expected = np.zeros((3, 7))
        for pattern in product((0, 1), repeat=6):
            expected[:, sum(pattern)] += np.where(pattern, p, 1 - p).prod(axis=1)
        np.testing.assert_allclose(score_distribution(theta, items), expected, atol=1e-15)

    def test_sums_to_one_with_the_right_mean(self, items):
        theta = np.linspace(-4, 4, 17)
        found = score_distribution(theta, items)
        np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-14)
        np.testing.assert_allclose(found @ np.arange(7), expected_score(theta, items), rtol=1e-13)

    def test_observed_scores_of_lsat6(self, lsat6):
        # fscores(mirt(LSAT6, 1, "2PL"), method = "EAPsum", full.scores = FALSE): expected number with each score.
        from irt.quadrature import normal_grid

        grid = normal_grid(61)
        found = 1000 * np.exp(grid.log_weights) @ score_distribution(grid.points, calibrate(lsat6).items)
        expected = [2.2764882, 20.468774, 89.027606, 229.12616, 362.42205, 296.67892]
        np.testing.assert_allclose(found, expected, atol=1e-3)


class TestRange:
    def test_holds_95_percent_of_repeats(self, simulate):
        rng = np.random.default_rng(91)
        slopes, intercepts, theta = rng.lognormal(0, 0.3, 25), rng.normal(0, 1, 25), rng.normal(size=4000)
        first = simulate(92, 4000, slopes, intercepts, theta=theta)
        repeat = simulate(93, 4000, slopes, intercepts, theta=theta).scores.sum(axis=1)
        fitted = calibrate(first)
        abilities = estimate_abilities(first, fitted)
        for level in (0.5, 0.95):
            lower, upper = score_range(abilities.theta, abilities.se, fitted.items, level)
            held = ((repeat >= lower) & (repeat <= upper)).mean()
            # At least the level; whole numbers add up to the probability of one score, about 0.15 in the middle.
            assert level - 0.015 < held < level + (0.16 if level == 0.5 else 0.04)

    def test_known_ability_leaves_the_chance_in_the_answers(self, items):
        lower, upper = score_range([0.0], [0.0], items)
        below = score_distribution(0.0, items)[0].cumsum()
        # The grid of abilities is 0.1 apart and holds 0 itself.
        assert lower[0] == (below < 0.025).sum()
        assert upper[0] == (below < 0.975).sum()

    def test_widens_with_uncertainty(self):
        items = ItemParameters.from_arrays([str(k) for k in range(40)], np.ones(40), difficulty=np.zeros(40))
        narrow, wide = score_range([0.0], [0.1], items), score_range([0.0], [1.0], items)
        assert wide[0][0] <= narrow[0][0]
        assert wide[1][0] >= narrow[1][0]
        assert (wide[1] - wide[0])[0] > (narrow[1] - narrow[0])[0]

    def test_nothing_known_rules_out_nothing(self, items):
        lower, upper = score_range([np.nan, 1.0, 0.0], [np.nan, np.inf, 0.5], items)
        assert (lower[:2].tolist(), upper[:2].tolist()) == ([0, 0], [6, 6])
        assert lower.dtype == upper.dtype == np.int64

    def test_far_abilities(self, items):
        lower, upper = score_range([-30.0, 30.0], [0.1, 0.1], items.take([0, 1, 4]))
        assert upper[0] <= 1
        assert lower[1] >= 2


class TestAbilityAtScore:
    def test_inverts_the_expected_score(self, items):
        rising = items.take([0, 1, 2, 4, 5])
        theta = np.linspace(-3, 3, 13)
        np.testing.assert_allclose(ability_at_score(expected_score(theta, rising), rising), theta, atol=1e-9)

    def test_scores_out_of_reach_are_nan(self, items):
        rising = items.take([0, 1, 2])
        found = ability_at_score([0.0, 0.1, 1.5, 3.0, -1.0, np.nan], rising)
        assert np.isnan(found).tolist() == [True, True, False, True, True, True]

    def test_all_reversed(self):
        falling = ItemParameters.from_arrays(["a", "b"], [-1.0, -1.0], difficulty=[0.0, 1.0])
        assert ability_at_score(1.0, falling)[0] == pytest.approx(0.5, abs=1e-9)


def test_range_of_students_on_the_calibrated_items(lsat6):
    fitted = calibrate(lsat6)
    abilities = estimate_abilities(ResponseMatrix.from_array(lsat6.scores), fitted)
    lower, upper = score_range(abilities.theta, abilities.se, fitted.items)
    assert ((lower >= 0) & (lower <= upper) & (upper <= 5)).all()
