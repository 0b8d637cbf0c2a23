"""Identity: what SQL counts is what Python counts, on dirty tables, under every policy."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from irt.diagnostics import classical, option_shares
from irt.errors import NotFoundError
from irt.reports.scale import items_given
from irt.responses import Cell, PreparedResponses, prepare
from irt.selection import FULL_SCOPE, AttemptPolicy, MissingPolicy, Scope, Selection
from irt.sources.answers import read_answers
from irt.sources.counting import Counts, counts
from irt.sources.engine import DuckEngine
from tests.irt.sources.dirty_tables import dirty_table, engine_over

#: Sums of at most a few hundred terms in double precision.
EXACT = {"rtol": 1e-12, "atol": 1e-12}

POLICIES = [(missing, attempts) for missing in MissingPolicy for attempts in AttemptPolicy]
every_policy = pytest.mark.parametrize(("missing", "attempts"), POLICIES)


def both(engine: DuckEngine, selection: Selection, scope: Scope = FULL_SCOPE) -> tuple[Counts, PreparedResponses]:
    """The same selection by SQL and by Python."""
    answers = read_answers(engine, selection, scope)
    prepared = prepare(answers, missing=selection.missing, attempts=selection.attempts)
    return counts(engine, selection, scope), prepared


def assert_same(found: Counts, prepared: PreparedResponses) -> None:
    """Every number of the counts against the statistics of the matrix."""
    expected = classical(prepared.matrix)
    scores = prepared.matrix.scores
    assert found.items == prepared.items
    assert found.n_students == prepared.matrix.n_persons
    assert found.n_rows == prepared.n_rows
    assert found.n_answers == (scores >= 0).sum()
    assert set(found.dropped) == set(prepared.dropped)
    np.testing.assert_array_equal(found.n_given, (prepared.cells != Cell.NOT_ADMINISTERED).sum(axis=0))
    np.testing.assert_array_equal(found.n, expected.n)
    np.testing.assert_array_equal(found.n_right, (scores == 1).sum(axis=0))
    np.testing.assert_array_equal(found.n_rest, expected.n_rest)
    np.testing.assert_allclose(found.proportion_correct, expected.proportion_correct, **EXACT)
    np.testing.assert_allclose(found.item_total_r, expected.item_total_r, **EXACT)
    np.testing.assert_allclose(found.item_rest_r, expected.item_rest_r, **EXACT)
    pairs = np.stack([items_given(prepared), expected.total_score], axis=1)
    cases, n = np.unique(pairs, axis=0, return_counts=True)
    np.testing.assert_array_equal(
        np.stack([found.scores.given, found.scores.score, found.scores.n], 1).T, [*cases.T, n]
    )
    assert_same_options(found, prepared)


def assert_same_options(found: Counts, prepared: PreparedResponses) -> None:
    """Each option of each item with its fifths."""
    for item in range(len(found.items.item_ids)):
        expected = option_shares(prepared, item)
        rows = np.flatnonzero(found.options.item == item)
        fifths = found.options.by_fifth[rows]
        known = {option.option: option for option in expected.options}
        assert [found.options.label[row] for row in rows if found.options.n[row]] == [
            option.option for option in expected.options if option.n
        ]
        for row, by_fifth in zip(rows, fifths, strict=True):
            label = found.options.label[row]
            option = known.get(label)
            assert found.options.is_key[row] == (label == found.items.answer_keys[item])
            assert found.options.n[row] == (option.n if option else 0) == by_fifth.sum()
            if option:
                np.testing.assert_allclose(by_fifth / np.maximum(expected.group_sizes, 1), np.nan_to_num(option.shares))
        if known:
            assert found.n_given[item] - found.options.n[rows].sum() == expected.n_no_option


@every_policy
@pytest.mark.parametrize("exams", [("E",), ("E", "F"), ()], ids=["one exam", "two exams", "all exams"])
def test_a_dirty_table_counts_as_in_python(
    tmp_path: Path, missing: MissingPolicy, attempts: AttemptPolicy, exams: tuple[str, ...]
) -> None:
    engine = engine_over(dirty_table(seed=1), tmp_path)
    assert_same(*both(engine, Selection("M", exams, missing=missing, attempts=attempts)))


@pytest.mark.parametrize("missing", MissingPolicy)
def test_class_share_and_scope_limit_what_is_counted(tmp_path: Path, missing: MissingPolicy) -> None:
    engine = engine_over(dirty_table(seed=5, n_students=120), tmp_path)
    assert_same(*both(engine, Selection("M", ("E", "F"), class_name="a", missing=missing)))
    sampled = both(engine, Selection("M", ("E", "F"), share=0.4, missing=missing))
    assert 20 < sampled[0].n_students < 80
    assert_same(*sampled)
    assert_same(*both(engine, Selection("M", (), missing=missing), Scope(exams=frozenset({"F"}))))


def exam(answers: list[tuple[str, str, int | None]], folder: Path) -> DuckEngine:
    """A table of students, items and scores without any other column."""
    frame = pd.DataFrame(answers, columns=["student_id", "item_id", "correct"]).astype({"correct": "Int64"})
    return engine_over(frame.assign(subject_name="M", exam_name="E"), folder)


def test_items_that_do_not_vary_have_no_correlation(tmp_path: Path) -> None:
    answers = [(f"s{s}", f"q{q}", int(q == 0 or (q > 1 and (s + q) % 3 == 0))) for s in range(30) for q in range(6)]
    found, prepared = both(exam(answers, tmp_path), Selection("M", ("E",)))
    assert_same(found, prepared)
    assert np.isnan(found.item_rest_r[:2]).all()
    assert found.proportion_correct[:2].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("missing", MissingPolicy)
def test_extremes_are_counted(tmp_path: Path, missing: MissingPolicy) -> None:
    selection = Selection("M", ("E",), missing=missing)
    tables: dict[str, list[tuple[str, str, int | None]]] = {
        "one answer": [("s", "q", 1)],
        "one item": [("s", "q", 1), ("t", "q", 0), ("u", "q", None)],
        "one student": [("s", f"q{k}", k % 2) for k in range(70)],
        "nobody answered": [("s", "q", None), ("t", "r", None)],
        "all right": [(f"s{s}", f"q{q}", 1) for s in range(5) for q in range(3)],
        "three words of items": [(f"s{s}", f"q{q}", (s * q) % 2) for s in range(9) for q in range(s, 130, 1 + s % 2)],
    }
    for name, answers in tables.items():
        folder = tmp_path / name
        folder.mkdir()
        assert_same(*both(exam(answers, folder), selection))


@pytest.mark.parametrize("attempts", AttemptPolicy)
def test_an_exam_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path, attempts: AttemptPolicy) -> None:
    engine = engine_over(dirty_table(seed=6), tmp_path)
    for exams in (("Z",), ("E", "Z")):
        with pytest.raises(NotFoundError, match=r'There is no exam "Z" in "M"\. There are: "E", "F"'):
            counts(engine, Selection("M", exams, attempts=attempts), FULL_SCOPE)
    with pytest.raises(NotFoundError, match="There are no exams to look at here"):
        counts(engine, Selection("M", attempts=attempts), Scope(exams=frozenset()))
