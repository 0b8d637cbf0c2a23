"""Identity: what SQL counts is what Python counts, on dirty tables, under every policy."""

from pathlib import Path

import numpy as np
import pytest

from irt.diagnostics import classical, option_shares
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
