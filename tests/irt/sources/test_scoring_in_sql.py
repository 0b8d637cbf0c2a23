"""Identity: abilities and probabilities computed in SQL are those of Python, to 1e-9; extremes and messages."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import irt
from irt.calibration.result import Calibration, Population
from irt.errors import FitError, ResponsesError
from irt.items import ItemParameters
from irt.responses import PreparedResponses, prepare
from irt.selection import FULL_SCOPE, AttemptPolicy, MissingPolicy, Selection
from irt.sources.answers import read_answers
from irt.sources.engine import DuckEngine
from irt.sources.scoring import abilities, as_select, chances, item_ids, scoring
from tests.irt.sources.calibrations import MODELS, calibration_of, random_items
from tests.irt.sources.dirty_tables import ITEMS, dirty_table, engine_over

#: What is promised; 1e-14 is reached.
PROMISED = {"rtol": 1e-9, "atol": 1e-9}
BOTH = Selection("M", ("E", "F"))


def prepared(engine: DuckEngine, selection: Selection) -> PreparedResponses:
    """The answers in memory."""
    answers = read_answers(engine, selection, FULL_SCOPE)
    return prepare(answers, missing=selection.missing, attempts=selection.attempts)


def assert_same(
    engine: DuckEngine, calibration: Calibration, selection: Selection = BOTH, with_chances: bool = True
) -> None:
    """Every number of SQL against the functions of Python."""
    matrix = prepared(engine, selection).matrix
    expected = irt.estimate_abilities(matrix, calibration, method="EAP")
    found = abilities(engine, calibration, selection, FULL_SCOPE)
    assert (found.person_ids, found.method, found.population) == (matrix.person_ids, "EAP", expected.population)
    np.testing.assert_array_equal(found.items_answered, expected.items_answered)
    np.testing.assert_allclose(found.theta, expected.theta, **PROMISED)
    np.testing.assert_allclose(found.se, expected.se, **PROMISED)
    if not with_chances:
        return
    wanted = irt.probabilities(matrix, calibration, expected, kind="estimate")
    by_sql = chances(engine, calibration, selection, FULL_SCOPE)
    assert (by_sql.person_ids, by_sql.item_ids) == (wanted.person_ids, wanted.item_ids)
    np.testing.assert_array_equal(by_sql.correct, wanted.correct)
    for name in ("probability", "lower", "upper"):
        np.testing.assert_allclose(getattr(by_sql, name), getattr(wanted, name), **PROMISED, err_msg=name)


def table_of(scores: np.ndarray, item_ids: list[str] | None = None) -> pd.DataFrame:
    """The rows of a matrix with -1 for no row."""
    person, item = np.nonzero(scores >= 0)
    ids = np.array([f"q{k}" for k in range(scores.shape[1])] if item_ids is None else item_ids, dtype=object)
    return pd.DataFrame(
        {
            "student_id": [f"s{k}" for k in person],
            "item_id": ids[item],
            "subject_name": "M",
            "exam_name": "E",
            "correct": scores[person, item],
        }
    )


@pytest.mark.parametrize("missing", MissingPolicy)
@pytest.mark.parametrize("attempts", AttemptPolicy)
def test_dirty_tables_are_scored_as_in_python(tmp_path: Path, missing: MissingPolicy, attempts: AttemptPolicy) -> None:
    engine = engine_over(dirty_table(seed=3, n_students=60), tmp_path)
    selection = Selection("M", ("E", "F"), missing=missing, attempts=attempts)
    assert_same(engine, calibration_of(random_items("2PL", ITEMS), "2PL"), selection)


@pytest.mark.parametrize("model", MODELS)
def test_a_dirty_table_is_scored_by_every_model(tmp_path: Path, model: str) -> None:
    engine = engine_over(dirty_table(seed=3, n_students=60), tmp_path)
    assert_same(engine, calibration_of(random_items(model, ITEMS), model))


@pytest.mark.parametrize("model", MODELS)
def test_items_and_calibration_share_only_some(tmp_path: Path, model: str) -> None:
    engine = engine_over(dirty_table(seed=4), tmp_path)
    items = random_items(model, ["other", *ITEMS[8:3:-1]])
    assert_same(engine, calibration_of(items, model))


@pytest.mark.parametrize("model", MODELS)
def test_booklets_of_many_items_with_students_outside_the_calibration(tmp_path: Path, model: str) -> None:
    # 130 items are three words of bits; each student has a third of them, so that no word holds all of his answers.
    rng = np.random.default_rng(5)
    scores = rng.integers(0, 2, (90, 130)).astype(np.int8)
    booklet = rng.integers(0, 3, 90)
    for k in range(3):
        scores[np.ix_(booklet == k, np.arange(130) // 44 != k)] = -1
    engine = engine_over(table_of(scores), tmp_path)
    # Of the third booklet nothing is calibrated: those students get the mean and spread of the population.
    calibration = calibration_of(random_items(model, [f"q{k}" for k in range(0, 88, 2)]), model)
    assert_same(engine, calibration, Selection("M", ("E",)))
    found = abilities(engine, calibration, Selection("M", ("E",)), FULL_SCOPE)
    assert (found.items_answered == 0).sum() == (booklet == 2).sum()
    np.testing.assert_allclose(found.theta[found.items_answered == 0], 0, atol=1e-12)


@pytest.mark.parametrize(
    ("model", "steepness"),
    [
        *((model, steepness) for model in MODELS for steepness in (0.0, 1.0, 6.0)),
        *(("2PL", 40.0), ("4PL", 40.0)),  # like a step: 961 points, which engines plan for seconds
    ],
)
def test_all_right_all_wrong_and_contradicting_answers(tmp_path: Path, model: str, steepness: float) -> None:
    k = 16
    extremes = np.stack([np.ones(k), np.zeros(k), np.arange(k) % 2, np.arange(k) < 8, np.arange(k) >= 8])
    scores = np.concatenate([extremes, np.where(np.eye(k) > 0, 1, -1), np.where(np.eye(k) > 0, 0, -1)]).astype(np.int8)
    engine = engine_over(table_of(scores), tmp_path)
    items = random_items(model, [f"q{j}" for j in range(k)], seed=6, steepness=steepness)
    assert_same(engine, calibration_of(items, model), Selection("M", ("E",)), with_chances=steepness < 40)


@pytest.mark.parametrize("model", MODELS)
def test_abilities_at_the_ends_of_the_scale(tmp_path: Path, model: str) -> None:
    k = 200
    scores = np.stack([np.ones(k), np.zeros(k), np.arange(k) % 2]).astype(np.int8)
    engine = engine_over(table_of(scores), tmp_path)
    ids = [f"q{j}" for j in range(k)]
    hard = ItemParameters.from_arrays(ids, np.full(k, 2.0), difficulty=np.linspace(-8, 8, k))
    items = hard if model in ("1PL", "2PL") else random_items(model, ids, steepness=3.0)
    assert_same(engine, calibration_of(items, model), Selection("M", ("E",)))


def test_a_single_item(tmp_path: Path) -> None:
    engine = engine_over(table_of(np.array([[1], [0], [1]], dtype=np.int8)), tmp_path)
    assert_same(engine, calibration_of(random_items("2PL", ["q0"]), "2PL"), Selection("M", ("E",)))


def test_the_population_of_the_calibration_is_the_prior(tmp_path: Path) -> None:
    engine = engine_over(dirty_table(seed=7), tmp_path)
    population = Population(mean=-0.7, sd=1.6)
    for model in MODELS:
        assert_same(engine, calibration_of(random_items(model, ITEMS), model, population=population))


def test_many_complete_answers_which_python_interpolates(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    items = random_items("2PL", [f"q{j}" for j in range(12)])
    scores = (rng.random((9000, 12)) < irt.irf(rng.normal(size=9000), items)).astype(np.int8)
    engine = engine_over(table_of(scores), tmp_path)
    assert_same(engine, calibration_of(items, "2PL"), Selection("M", ("E",)))


def test_an_item_without_covariance_has_a_probability_and_no_limits(tmp_path: Path) -> None:
    engine = engine_over(dirty_table(seed=9), tmp_path)
    for model, k in MODELS.items():
        calibration = calibration_of(random_items(model, ITEMS), model)
        covariance = calibration.covariance.copy()
        covariance[2 * k, :] = covariance[:, 2 * k] = np.nan
        object.__setattr__(calibration, "covariance", covariance)
        assert_same(engine, calibration)
        found = chances(engine, calibration, BOTH, FULL_SCOPE)
        assert np.isfinite(found.probability[:, 2]).all()
        assert np.isnan(found.lower[:, 2]).all()
        assert np.isfinite(found.lower[:, 3]).all()


def test_a_select_holds_exactly_the_columns_that_are_stored(tmp_path: Path) -> None:
    frame = dirty_table(seed=11)
    engine = engine_over(frame, tmp_path)
    question = scoring(
        calibration_of(random_items("2PL", ITEMS), "2PL"), item_ids(engine, BOTH, FULL_SCOPE), BOTH, FULL_SCOPE
    )
    for part, columns in {
        "abilities": "student_id, theta, se, items_answered",
        "probabilities": "student_id, item_id, probability, lower, upper, correct",
    }.items():
        text = as_select(question, part)
        assert f"SELECT {columns} FROM (" in text
        assert "{draw}" in text


def test_answers_and_calibration_without_a_common_item_are_refused_in_the_words_of_python(tmp_path: Path) -> None:
    engine = engine_over(dirty_table(seed=12), tmp_path)
    calibration = calibration_of(random_items("2PL", ["x", "y"]), "2PL")
    with pytest.raises(ResponsesError) as by_python:
        irt.estimate_abilities(prepared(engine, BOTH).matrix, calibration)
    with pytest.raises(ResponsesError) as by_sql:
        abilities(engine, calibration, BOTH, FULL_SCOPE)
    assert by_sql.value.message == by_python.value.message
    assert "None of the 12 items in the answers is among the 2 calibrated items" in by_sql.value.message


def test_a_population_without_spread_is_refused(tmp_path: Path) -> None:
    engine = engine_over(dirty_table(seed=13), tmp_path)
    calibration = calibration_of(random_items("2PL", ITEMS), "2PL", population=Population(sd=0.0))
    with pytest.raises(FitError, match="positive standard deviation"):
        abilities(engine, calibration, BOTH, FULL_SCOPE)
