"""Published tables of response patterns, and simulated exams."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from irt import ResponseMatrix

#: Persons with each of the 32 patterns 00000, 00001, ..., 11111 of five items.
#: LSAT sections 6 and 7: Bock & Lieberman (1970), Psychometrika 35, 179-197; Thissen (1982), Psychometrika 47, 175-186.
LSAT6 = "3 6 2 11 1 1 3 4 1 8 0 16 0 3 2 15 10 29 14 81 3 28 15 80 16 56 21 173 11 61 28 298"
LSAT7 = "12 19 1 7 3 19 3 17 10 5 3 7 7 23 8 28 7 39 11 34 14 51 15 90 6 25 7 35 18 136 32 308"

Simulator = Callable[..., ResponseMatrix]


def patterns(counts: str) -> ResponseMatrix:
    """The 32 patterns of five items with their counts as weights."""
    rows = (np.arange(32)[:, None] >> np.arange(4, -1, -1)) & 1
    return ResponseMatrix.from_array(rows, weights=[int(count) for count in counts.split()])


@pytest.fixture(scope="session")
def lsat6() -> ResponseMatrix:
    return patterns(LSAT6)


@pytest.fixture(scope="session")
def lsat7() -> ResponseMatrix:
    return patterns(LSAT7)


@pytest.fixture(scope="session")
def simulate() -> Simulator:
    """Answers from a 2PL: simulate(seed, n_persons, slopes, intercepts, missing=0.0, theta=None)."""

    def make(
        seed: int,
        n_persons: int,
        slopes: np.ndarray,
        intercepts: np.ndarray,
        missing: float = 0.0,
        theta: np.ndarray | None = None,
    ) -> ResponseMatrix:
        rng = np.random.default_rng(seed)
        theta = rng.normal(size=n_persons) if theta is None else theta
        p = 1 / (1 + np.exp(-(np.outer(theta, slopes) + intercepts)))
        scores = (rng.random(p.shape) < p).astype(int)
        scores[rng.random(p.shape) < missing] = -1
        return ResponseMatrix.from_array(scores)

    return make
