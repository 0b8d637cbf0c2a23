"""Item parameters: both ways of giving them, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from irt import ItemParameters
from irt.errors import ResponsesError


def test_difficulty_and_intercept_are_two_views():
    items = ItemParameters.from_arrays(["a", "b"], [2.0, -0.5], difficulty=[1.0, 3.0])
    np.testing.assert_array_equal(items.intercept, [-2.0, 1.5])
    np.testing.assert_array_equal(items.difficulty, [1.0, 3.0])
    np.testing.assert_array_equal(items.guessing, 0.0)
    np.testing.assert_array_equal(items.upper_asymptote, 1.0)


def test_flat_curve_has_no_difficulty():
    assert np.isnan(ItemParameters.from_arrays(["a"], [0.0], intercept=[1.0]).difficulty[0])


@pytest.mark.parametrize("given", [{}, {"difficulty": [0.0], "intercept": [0.0]}], ids=["neither", "both"])
def test_either_difficulty_or_intercept(given):
    with pytest.raises(ResponsesError, match="either the difficulty or the intercept"):
        ItemParameters.from_arrays(["a"], [1.0], **given)


def test_one_value_for_each_item():
    with pytest.raises(ResponsesError, match="discrimination must have one value for each of the 2 items"):
        ItemParameters.from_arrays(["a", "b"], [1.0], intercept=[0.0, 0.0])


def test_read_only():
    items = ItemParameters.from_arrays(["a"], [1.0], intercept=[0.0])
    with pytest.raises(ValueError, match="read-only"):
        items.discrimination[0] = 2.0


def test_take():
    items = ItemParameters.from_arrays(["a", "b", "c"], [1.0, 2.0, 3.0], intercept=[0.0, 1.0, 2.0])
    part = items.take([2, 0])
    assert part.item_ids == ("c", "a")
    np.testing.assert_array_equal(part.discrimination, [3.0, 1.0])
