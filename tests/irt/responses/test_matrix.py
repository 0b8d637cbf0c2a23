"""Message and contract: what a response matrix takes, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from irt import ResponseMatrix
from irt.errors import ResponsesError


@pytest.mark.parametrize(
    "table",
    [
        [[1, 0], [-1, 1]],
        [[1.0, 0.0], [np.nan, 1.0]],
        np.array([[True, False], [True, True]]),
        np.array([[1, 0], [-1, 1]], dtype=np.int8),
        [["1", "0"], ["-1", "1"]],
    ],
    ids=["int", "float", "bool", "int8", "digits"],
)
def test_takes_any_table_of_scores(table):
    matrix = ResponseMatrix.from_array(table)
    assert matrix.scores.dtype == np.int8
    assert matrix.scores[0].tolist() == [1, 0]
    assert (matrix.n_persons, matrix.n_items) == (2, 2)
    assert matrix.person_ids == ("1", "2")
    assert matrix.item_ids == ("Item_1", "Item_2")
    assert matrix.weights is None


def test_is_read_only_and_its_own():
    table = np.array([[1, 0]], dtype=np.int8)
    matrix = ResponseMatrix.from_array(table, weights=[2.0])
    table[0, 0] = 0
    assert matrix.scores[0, 0] == 1
    for array in (matrix.scores, matrix.weights, matrix.take(np.array([0])).scores):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ([1, 0], r"2 dimensions\), not 1"),
        ([[1, 2], [3, 0]], r"row 1, column 2 holds 2 \(2 such cells\)"),
        ([[1, 0.5]], "row 1, column 2 holds 0.5"),
        ([[1, np.inf]], "row 1, column 2 holds inf"),
        ([["a", "b"]], "Score letters with a key first"),
    ],
    ids=["vector", "two", "half", "infinite", "letters"],
)
def test_refuses_what_is_no_score(table, words):
    with pytest.raises(ResponsesError, match=words):
        ResponseMatrix.from_array(table)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"person_ids": ["a"]}, "2 persons in the table, but 1 person names"),
        ({"item_ids": ["a", "b", "c"]}, "2 items in the table, but 3 item names"),
        ({"item_ids": ["a", "a"]}, "Each item needs a name of its own; 'a' occurs twice"),
        ({"weights": [1.0]}, "Weights must be 2 finite numbers"),
        ({"weights": [1.0, -1.0]}, "Weights must be 2 finite numbers"),
        ({"weights": [1.0, np.nan]}, "Weights must be 2 finite numbers"),
    ],
)
def test_refuses_names_and_weights_that_do_not_fit(names, words):
    with pytest.raises(ResponsesError, match=words):
        ResponseMatrix.from_array([[1, 0], [0, 1]], **names)


def test_names_stay_text():
    assert ResponseMatrix.from_array([[1]], person_ids=["007"], item_ids=[7]).person_ids == ("007",)


def test_many_names_are_checked_quickly():
    """A repeated name at the end of 200,000 is found without comparing all pairs."""
    names = [str(i) for i in range(200_000)]
    names[-1] = "199998"
    with pytest.raises(ResponsesError, match="'199998' occurs twice"):
        ResponseMatrix.from_array(np.ones((200_000, 1)), person_ids=names)


def test_take_keeps_names_and_weights():
    matrix = ResponseMatrix.from_array([[1, 0, -1], [0, 1, 1]], ["p", "q"], ["a", "b", "c"], [2.0, 3.0])
    part = matrix.take(np.array([False, True]), np.array([2, 0]))
    assert part.scores.tolist() == [[1, 0]]
    assert (part.person_ids, part.item_ids, part.weights.tolist()) == (("q",), ("c", "a"), [3.0])
