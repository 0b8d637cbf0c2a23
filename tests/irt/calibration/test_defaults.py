"""Message: the model chosen where none is named, at both sides of each limit."""

from __future__ import annotations

import numpy as np
import pytest

from irt import CalibrationOptions, ResponseMatrix, default_options


@pytest.mark.parametrize(
    ("n", "options", "words"),
    [
        (0, None, "0 scored answers each.*too few"),
        (29, None, "29 scored answers each.*too few to fit a model, which takes about 30"),
        (30, CalibrationOptions(model="1PL"), "one common slope"),
        (99, CalibrationOptions(model="1PL"), "one common slope"),
        (100, CalibrationOptions(model="2PL", prior="weak"), "weak prior"),
        (249, CalibrationOptions(model="2PL", prior="weak"), "weak prior"),
        (250, CalibrationOptions(model="2PL"), "a slope of each item"),
        (499, CalibrationOptions(model="2PL"), r"a slope of each item \(2PL\)\.$"),
        (500, CalibrationOptions(model="2PL"), "guessing of each item .3PL. can be estimated on request"),
    ],
)
def test_by_answers_per_item(n, options, words):
    import re

    choice = default_options(ResponseMatrix.from_array(np.ones((n, 4))))
    assert choice.options == options
    assert re.search(words, choice.reason)


def test_counts_answers_not_persons():
    scores = np.full((300, 3), -1)
    scores[:40] = 1
    assert default_options(ResponseMatrix.from_array(scores)).options == CalibrationOptions(model="1PL")


def test_weights_are_persons(lsat6):
    assert default_options(lsat6).options == CalibrationOptions(model="2PL")


def test_no_items():
    assert default_options(ResponseMatrix.from_array(np.zeros((5, 0)))).options is None
