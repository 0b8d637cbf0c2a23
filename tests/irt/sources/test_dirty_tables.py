"""Identity: whatever a table holds, the answers read from it are those worked out row by row in plain Python."""

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from irt.errors import NotFoundError
from irt.natural import natural_key
from irt.responses import NOT_ADMINISTERED, PreparedResponses, Sittings, prepare
from irt.responses.table import COLUMNS
from irt.selection import FULL_SCOPE, AttemptPolicy, MissingPolicy, Scope, Selection
from irt.sources.answers import read_answers
from irt.sources.catalogue import read_catalogue
from irt.sources.engine import Duck, DuckEngine
from irt.sources.question import Question
from tests.irt.sources import plain_reading as plain

DUCK = Duck()
TYPES = {"STRING": "VARCHAR", "INT64": "BIGINT", "TIMESTAMP": "TIMESTAMP"}
TIMES = [None, *(datetime(2026, 4, day, 9, 30) for day in (1, 2, 3))]

#: Few values of each kind, so that rows meet in a student, an item and an exam.
VALUES: dict[str, list[Any]] = {
    "student_id": ["s2", "s10", "S2"],
    "item_id": ["q2", "q10", "q1"],
    "subject_name": ["S"],
    "exam_name": ["E", "F", "G"],
    "correct": [None, 0, 1],
    "item_name": ["Question", "Another", None],
    "student_name": ["Ada", "Bo", None],
    "student_grade": ["7"],
    "class_name": ["7-1", "7-2", None],
    "intended_difficulty": ["easy", "hard", None],
    "answer": ["A", "B", None],
    "answer_key": ["A", None],
    "answered_at": TIMES,
    "attempt": [None, 1, 2],
    "gender": ["f", "m", None],
}
#: What is found in some rows only: other subjects, empty text, and what breaks the contract of the table.
ODD = [
    *((column, value) for column in ("student_id", "item_id", "exam_name") for value in ("", None, "é")),
    *(("subject_name", value) for value in ("T", "", None)),
    *(("correct", value) for value in (2, -1)),
    *((column, "") for column in ("item_name", "student_name", "class_name", "answer", "answer_key", "gender")),
    ("student_id", "s02"),
    ("answer", "Z"),
]
CODE = st.integers(0, 5)
ROWS = st.lists(st.lists(CODE, min_size=len(VALUES), max_size=len(VALUES)), min_size=4, max_size=40)
ODDITIES = st.lists(st.tuples(st.integers(0, 39), st.sampled_from(ODD)), max_size=4)
SUBSET = st.frozensets(st.sampled_from(["S", "T", "", "E", "F", "7-1", "7-2"]), min_size=3)
SOME = st.one_of(st.none(), SUBSET)
SCOPES = st.one_of(st.just(FULL_SCOPE), st.just(Scope(names=False)), st.builds(Scope, SOME, SOME, SOME))
SELECTIONS = st.builds(
    Selection,
    subject=st.sampled_from([None, "S", "S", ""]),
    exams=st.sampled_from([(), ("E",), ("E", "F"), ("E", "F"), ("E", "H")]),
    class_name=st.sampled_from([None, None, None, "7-1"]),
    missing=st.sampled_from(MissingPolicy),
    attempts=st.sampled_from(AttemptPolicy),
    share=st.sampled_from([None, None, 1.0, 0.35]),
)
#: Columns that a table may lack.
LACKING = st.sets(st.sampled_from(["answer", "answered_at", "class_name", "student_name", "attempt"]), max_size=2)


def answer_all(n_items: int, n_options: int) -> list[dict[str, Any]]:
    """One student who answers many items: more than one word of bits; with many options: more than narrow fields."""
    return [
        {
            **dict.fromkeys([*COLUMNS, "gender"]),
            "student_id": "s5",
            "item_id": f"q{k + 3}",
            "subject_name": "S",
            "exam_name": "E",
            "correct": [1, 0, None][k % 3],
            "answer": f"option {k % n_options}" if n_options else None,
        }
        for k in range(n_items)
    ]


MORE = st.sampled_from([(0, 0)] * 12 + [(59, 0), (130, 0), (70, 3), (250, 13), (130, 40), (1200, 1100)])


def table(codes: list[list[int]], oddities: list[tuple[int, tuple[str, Any]]], more: tuple[int, int]) -> list[Any]:
    """Rows of the few values, some of them odd, and the student who answers many items."""
    rows = [
        {name: values[code % len(values)] for code, (name, values) in zip(row, VALUES.items(), strict=True)}
        for row in codes
    ]
    for k, (column, value) in oddities:
        rows[k % len(rows)][column] = value
    return rows + answer_all(*more)


TABLES = st.builds(table, ROWS, ODDITIES, MORE)


class Counting(DuckEngine):
    """Keeps the names of the questions."""

    asked: tuple[str, ...] = ()

    def ask(self, question: Question) -> Any:
        self.asked += (question.name,)
        return super().ask(question)


def stored(rows: list[dict[str, Any]], lacking: set[str], folder: Path) -> Counting:
    """A table with these rows, less some columns."""
    columns = [name for name in (*COLUMNS, "gender") if name not in lacking]
    frame = pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in columns})
    typed = ", ".join(f"CAST({name} AS {TYPES[COLUMNS.get(name, 'STRING')]}) AS {name}" for name in columns)
    connection = duckdb.connect()
    connection.register("frame", frame)
    connection.execute(f"COPY (SELECT {typed} FROM frame) TO '{folder}/answers.parquet' (FORMAT parquet)")
    return Counting(DUCK, [folder / "answers.parquet"], ("gender",))


def check_sittings(found: Sittings, expected: plain.Read, scope: Scope) -> None:
    persons, items = found.persons.person_ids, found.items.item_ids
    assert (list(persons), list(items)) == (expected.students, expected.items)
    assert (list(found.exams), list(found.options)) == (expected.exams, expected.options)
    assert {entry.reason: entry.n_rows for entry in found.dropped} == expected.dropped
    assert found.n_rows == expected.n_rows
    order = list(zip(found.person.tolist(), found.exam.tolist(), strict=True))
    assert order == sorted(set(order))
    cells, chosen = {}, {}
    for k, (person, exam) in enumerate(order):
        here = np.flatnonzero(found.cells[k] != NOT_ADMINISTERED).tolist()
        cells[persons[person], found.exams[exam]] = {items[j]: int(found.cells[k, j]) for j in here}
        chosen[persons[person], found.exams[exam]] = {items[j]: option(found, found.chosen[k, j]) for j in here}
        assert (found.chosen[k][found.cells[k] == NOT_ADMINISTERED] == -1).all()
    assert cells == {
        key: {item: -1 if row["correct"] is None else row["correct"] for item, row in rows.items()}
        for key, rows in expected.sat.items()
    }
    assert chosen == {
        key: {item: row["answer"] or None for item, row in rows.items()} for key, rows in expected.sat.items()
    }
    told = {
        "student_name": found.persons.names,
        "student_grade": found.persons.grades,
        "class_name": found.persons.classes,
        "gender": found.persons.properties["gender"],
    }
    if not scope.names:
        assert set(told.pop("student_name")) <= {None}
    for column, values in told.items():
        assert list(values) == [expected.told(student, column) for student in expected.students]
    for column, values in {
        "item_name": found.items.names,
        "answer_key": found.items.answer_keys,
        "intended_difficulty": found.items.intended_difficulties,
    }.items():
        for item, value in zip(items, values, strict=True):
            there = [row[column] for row in expected.rows if row["item_id"] == item and row[column]]
            assert value == min(there, default=item if column == "item_name" else None)


def check_prepared(found: PreparedResponses, expected: plain.Prepared) -> None:
    persons, items = found.persons.person_ids, found.items.item_ids
    assert list(found.absent.person_ids) == expected.absent
    assert {entry.reason: entry.n_rows for entry in found.dropped} == expected.dropped
    assert sorted(persons) == sorted(expected.cells)
    for i, person in enumerate(persons):
        for j, item in enumerate(items):
            assert found.cells[i, j] == expected.cells[person].get(item, NOT_ADMINISTERED)
            assert found.matrix.scores[i, j] == expected.scores[person].get(item, -1)
            assert option(found, found.chosen[i, j]) == expected.options[person].get(item)


def option(found: Sittings | PreparedResponses, code: int) -> str | None:
    return None if code < 0 else found.options[code]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(TABLES, LACKING, SCOPES, SELECTIONS)
def test_answers_of_any_table_are_those_worked_out_by_hand(
    rows: list[dict[str, Any]], lacking: set[str], scope: Scope, selection: Selection
) -> None:
    table = [{**row, **dict.fromkeys(lacking)} for row in rows]
    seen = plain.read(table, scope, Selection())
    there = {row["exam_name"] for row in seen.rows if selection.subject in (None, row["subject_name"] or "")}
    with tempfile.TemporaryDirectory() as folder:
        engine = stored(rows, lacking, Path(folder))
        if not there or set(selection.exams) - there:
            with pytest.raises(NotFoundError):
                read_answers(engine, selection, scope)
            return
        found = read_answers(engine, selection, scope)
    expected = plain.read(table, scope, selection)
    check_sittings(found, expected, scope)
    check_prepared(
        prepare(found, missing=selection.missing, attempts=selection.attempts),
        plain.prepared(expected, selection.missing, selection.attempts),
    )
    again = any(reason.startswith("repeated") for reason in expected.dropped)
    wanted = ["answers"]
    if not expected.rows or set(selection.exams) - set(expected.exams):
        wanted.append("exams")
    if len(expected.options) > 15:
        wanted.append("options")
    if again:
        wanted.append("attempts")
    assert list(engine.asked) == wanted


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(TABLES, LACKING, SCOPES)
def test_the_catalogue_of_any_table_is_that_counted_by_hand(
    rows: list[dict[str, Any]], lacking: set[str], scope: Scope
) -> None:
    table = [{**row, **dict.fromkeys(lacking)} for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        engine = stored(rows, lacking, Path(folder))
        found = read_catalogue(engine, scope)
    assert engine.asked == ("catalogue",)
    assert found.exam_sizes == plain.exam_counts(table, scope)
    assert list(found.exam_sizes) == sorted(found.exam_sizes, key=lambda exam: tuple(map(natural_key, exam)))
    entries = {
        (entry.subject, entry.exam, entry.class_name): (
            entry.grade,
            entry.last_answered and entry.last_answered.replace(tzinfo=None),
            entry.n_students,
            entry.n_items,
            entry.n_answers,
        )
        for entry in found.entries
    }
    assert entries == plain.class_counts(table, scope)
    assert len(entries) == len(found.entries)
