"""Sets of items that students tie together."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from irt import ResponseMatrix
from irt.comparing import linked_sets


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.floats(0.5, 1.0))
def test_invariant_sets_hold_each_answered_item_once_and_share_no_person(seed, n_items, missing):
    rng = np.random.default_rng(seed)
    scores = np.where(rng.random((12, n_items)) < missing, -1, 1)
    sets = linked_sets(ResponseMatrix.from_array(scores))
    answered = np.flatnonzero((scores >= 0).any(axis=0))
    assert sorted(item for items in sets for item in items) == answered.tolist()
    assert [len(items) for items in sets] == sorted(map(len, sets), reverse=True)
    for row in scores:
        assert sum(bool((row[list(items)] >= 0).any()) for items in sets) <= 1


def test_a_chain_of_booklets_is_one_set():
    scores = np.full((5, 6), -1)
    for person in range(5):
        scores[person, person : person + 2] = 1
    assert linked_sets(ResponseMatrix.from_array(scores)) == ((0, 1, 2, 3, 4, 5),)
    assert linked_sets(ResponseMatrix.from_array(np.delete(scores, 2, axis=0))) == ((0, 1, 2), (3, 4, 5))


def test_no_items_are_no_sets():
    assert linked_sets(ResponseMatrix.from_array(np.empty((3, 0)))) == ()
