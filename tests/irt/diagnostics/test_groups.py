"""Groups of students of similar ability, and what they chose."""

import numpy as np
import pytest

from irt.diagnostics import observed_groups, option_shares
from irt.diagnostics.groups import ability_groups
from irt.responses import prepare
from irt.samples import Fault, draw_exam, find_plan


@pytest.fixture(scope="module")
def plan():
    return find_plan("Mathematics", "Term 2")


@pytest.fixture(scope="module")
def prepared(plan):
    return prepare(draw_exam(plan, 480, seed=8))


def test_groups_hold_everybody_who_answered():
    rng = np.random.default_rng(1)
    theta, scores = rng.standard_normal(305), rng.integers(-1, 2, 305)
    groups = observed_groups(scores, theta)
    assert sum(group.n for group in groups) == (scores >= 0).sum()
    assert len(groups) == 10
    assert sorted(group.theta for group in groups) == [group.theta for group in groups]
    assert sum(group.n * group.proportion for group in groups) == pytest.approx((scores == 1).sum())
    assert all(group.lower < group.proportion < group.upper for group in groups)


@pytest.mark.parametrize("n", [10, 19, 25, 37, 64, 99, 480])
def test_no_group_is_smaller_than_ten(n):
    rng = np.random.default_rng(n)
    theta = rng.integers(0, 6, n).astype(float)  # many ties, as in a short test
    groups = observed_groups(np.ones(n, dtype=int), theta)
    assert min(group.n for group in groups) >= 10
    assert sum(group.n for group in groups) == n


def test_too_few_for_any_group():
    assert observed_groups(np.ones(9), np.arange(9.0)) == ()
    assert observed_groups(np.full(50, -1), np.arange(50.0)) == ()


def test_equal_abilities_are_together():
    codes = ability_groups(np.repeat([1.0, 2.0, 3.0], [70, 5, 25]), 5)
    assert [len(set(codes[a:b])) for a, b in ((0, 70), (70, 75), (75, 100))] == [1, 1, 1]
    assert (np.diff(codes) >= 0).all()


def test_option_shares_add_up(plan, prepared):
    shares = option_shares(prepared, 0)
    key = prepared.items.answer_keys[0]
    assert [option.option for option in shares.options if option.is_key] == [key]
    assert sum(option.n for option in shares.options) == sum(shares.group_sizes)
    np.testing.assert_allclose(np.sum([option.shares for option in shares.options], axis=0), 1.0)
    assert sum(shares.group_sizes) + shares.n_no_option == 480
    right = next(option for option in shares.options if option.is_key)
    assert right.shares[-1] > right.shares[0]


def test_an_option_that_nobody_chose_is_left_out_unless_it_is_the_key(plan, prepared):
    (nobody,) = plan.faulty(Fault.NOBODY_RIGHT)
    shares = option_shares(prepared, nobody)
    assert [option.n for option in shares.options if option.is_key] == [0]
    (everybody,) = plan.faulty(Fault.EVERYBODY_RIGHT)
    assert len(option_shares(prepared, everybody).options) == 1


def test_without_recorded_choices_there_are_no_options():
    from irt.samples.lsat import LSAT6_COUNTS, lsat_rows

    assert option_shares(prepare(lsat_rows(LSAT6_COUNTS, 6)), 0).options == ()
