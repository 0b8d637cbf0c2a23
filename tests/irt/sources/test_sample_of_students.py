"""Recovery and invariant: the sample that the warehouse draws is as good as random, and costs the precision we say."""

import hashlib

import numpy as np
import pandas as pd
import pytest

import irt
from irt.responses import prepare
from irt.selection import FULL_SCOPE, Selection
from irt.sources.answers import read_answers
from irt.sources.engine import DuckEngine
from irt.sources.limits import draw_limit
from irt.sources.question import DRAWS, Part, Question
from tests.irt.sources.dirty_tables import engine_over

N, SHARES = 12_000, (0.5, 0.25, 0.1)
EXAM = Selection("M", ("E",))
SLOPES = np.random.default_rng(1).lognormal(0, 0.3, 12)
INTERCEPTS = np.random.default_rng(2).normal(0, 1, 12)


@pytest.fixture(scope="module")
def abilities() -> np.ndarray:
    """Rising, so that whoever has the higher number is the stronger student."""
    return np.sort(np.random.default_rng(3).normal(size=N))


@pytest.fixture(scope="module")
def engine(abilities: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> DuckEngine:
    p = 1 / (1 + np.exp(-(np.outer(abilities, SLOPES) + INTERCEPTS)))
    scores = (np.random.default_rng(4).random(p.shape) < p).astype(np.int64)
    person, item = np.divmod(np.arange(scores.size), len(SLOPES))
    frame = pd.DataFrame(
        {
            "student_id": np.array([f"s{k:06d}" for k in range(N)], dtype=object)[person],
            "item_id": np.array([f"q{k}" for k in range(len(SLOPES))], dtype=object)[item],
            "subject_name": "M",
            "exam_name": "E",
            "correct": scores.ravel(),
        }
    )
    return engine_over(frame, tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def draws(engine: DuckEngine) -> np.ndarray:
    """The draw of each student, by rising number."""
    sql = "SELECT student_id, {draw} AS drawn FROM (SELECT DISTINCT student_id FROM {table}) AS student"
    part = Part(sql, {"student_id": "text", "drawn": "integer"})
    found = engine.ask(Question("draws", {"draw": part}))["draw"]
    return found["drawn"][np.argsort(found["student_id"])]


def calibrated(engine: DuckEngine, share: float) -> irt.Calibration:
    """The 2PL on a share of the students."""
    selection = Selection(EXAM.subject, EXAM.exams, share=share)
    return irt.calibrate(prepare(read_answers(engine, selection, FULL_SCOPE)).matrix, model="2PL")


def test_a_draw_is_the_beginning_of_a_hash_of_the_id(draws: np.ndarray) -> None:
    expected = [int(hashlib.md5(f"s{k:06d}".encode()).hexdigest()[:5], 16) for k in range(N)]  # noqa: S324
    np.testing.assert_array_equal(draws, expected)
    assert max(expected) < DRAWS


def test_draws_of_numbers_that_count_upwards_are_uniform_and_independent(draws: np.ndarray) -> None:
    # Chi-square with 63 df has mean 63 and sd 11.2; correlations of n pairs have sd 1 / sqrt(n). Four of them allowed.
    counts = np.bincount(draws * 64 // DRAWS, minlength=64)
    assert ((counts - N / 64) ** 2 / (N / 64)).sum() < 63 + 4 * 11.2
    for lag in (1, 2, 10, 100, 1000):
        assert abs(np.corrcoef(draws[lag:], draws[:-lag])[0, 1]) < 4 / np.sqrt(N)
    assert abs(np.corrcoef(draws, np.arange(N))[0, 1]) < 4 / np.sqrt(N)


@pytest.mark.parametrize("share", SHARES)
def test_a_sample_has_its_share_of_the_students_and_their_abilities(
    draws: np.ndarray, abilities: np.ndarray, share: float
) -> None:
    drawn = abilities[draws < draw_limit(share)]
    n = share * N
    assert abs(len(drawn) - n) < 4 * np.sqrt(n * (1 - share))
    assert abs(drawn.mean() - abilities.mean()) < 4 * abilities.std() * np.sqrt((1 - share) / n)
    assert drawn.std() == pytest.approx(abilities.std(), rel=4 / np.sqrt(2 * n))


def test_a_smaller_sample_is_part_of_a_larger_one(draws: np.ndarray) -> None:
    small, large = (set(np.flatnonzero(draws < draw_limit(share))) for share in (0.1, 0.25))
    assert small < large


def test_standard_errors_grow_with_the_root_of_one_over_the_share(engine: DuckEngine) -> None:
    everybody = calibrated(engine, 1.0)
    for share in SHARES:
        sample = calibrated(engine, share)
        for name in ("discrimination", "intercept"):
            ratio = getattr(sample.standard_errors, name) / getattr(everybody.standard_errors, name)
            # The share that is drawn is not quite the one asked for, and the slopes are estimated anew: 5 %.
            assert np.median(ratio) == pytest.approx(np.sqrt(1 / share), rel=0.05)


def test_intervals_from_samples_hold_the_true_parameters(engine: DuckEngine, draws: np.ndarray) -> None:
    matrix = prepare(read_answers(engine, EXAM, FULL_SCOPE)).matrix
    held = []
    for tenth in range(10):
        drawn = (draws >= draw_limit(tenth / 10)) & (draws < draw_limit((tenth + 1) / 10))
        sample = irt.calibrate(matrix.take(drawn), model="2PL")
        for name, true in (("discrimination", SLOPES), ("intercept", INTERCEPTS)):
            error = np.abs(getattr(sample.items, name) - true) / getattr(sample.standard_errors, name)
            held.append(error < 1.96)
    # 240 intervals of 95 % from ten samples without a common student: sd 1.4 %, four of them allowed.
    assert abs(np.mean(held) - 0.95) < 0.056


def test_estimates_from_a_sample_differ_from_those_of_everybody_by_what_was_not_drawn(engine: DuckEngine) -> None:
    # A sample of a share s is part of everybody, so the difference has the variance of s less that of everybody.
    everybody, sample = calibrated(engine, 1.0), calibrated(engine, 0.25)
    for name in ("discrimination", "intercept"):
        spread = np.sqrt(getattr(sample.standard_errors, name) ** 2 - getattr(everybody.standard_errors, name) ** 2)
        standardised = (getattr(sample.items, name) - getattr(everybody.items, name)) / spread
        assert np.abs(standardised).max() < 4
        assert 0.4 < np.sqrt(np.mean(standardised**2)) < 1.8
