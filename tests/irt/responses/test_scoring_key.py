"""The scoring key."""

import numpy as np
import pytest

from irt.responses.key import OmittedPolicy, option_label, score_options


@pytest.mark.parametrize(
    ("text", "label"), [("a", "A"), (" Ａ ", "A"), ("３", "3"), ("ア", "ア"), ("True", "True"), ("", ""), ("é", "É")]
)
def test_labels_are_compared_without_width_space_and_case_of_letters(text: str, label: str) -> None:
    assert option_label(text) == label


def test_options_are_right_wrong_or_missing() -> None:
    chosen = np.array([["A", "B"], ["B", None], [None, "*"]], dtype=object)
    right = np.array(["A", "B"], dtype=object)
    np.testing.assert_array_equal(score_options(chosen, right), [[1, 1], [0, -1], [-1, 0]])
    np.testing.assert_array_equal(score_options(chosen, right, OmittedPolicy.WRONG), [[1, 1], [0, 0], [0, 0]])
    np.testing.assert_array_equal(score_options(chosen[:, 0], "A"), [1, 0, -1])


def test_scoring_no_answers_gives_no_scores() -> None:
    assert score_options(np.empty((0, 3), dtype=object), "A").shape == (0, 3)
