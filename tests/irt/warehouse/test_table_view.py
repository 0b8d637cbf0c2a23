"""Message: each way in which a table does not fit is named. Contract: columns of many types are read alike."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from irt.errors import SourceError
from irt.responses.table import COLUMNS
from irt.warehouse.table_state import Field, TableState
from irt.warehouse.table_view import quoted, table_view

FITS = tuple(Field(name, kind) for name, kind in COLUMNS.items())


def state(*fields: Field, name: str = "p.d.answers") -> TableState:
    return TableState(name, "TABLE", fields, "e", datetime(2026, 4, 9, tzinfo=UTC), 10, 1000)


def but(**changed: Field | None) -> TableState:
    """A table that fits, but for these columns (None: it is not there)."""
    fields = {field.name: field for field in FITS} | changed
    return state(*(field for field in fields.values() if field is not None))


@pytest.mark.parametrize(
    ("table", "names", "groups", "says"),
    [
        (
            but(correct=None, korrect=Field("korrect", "INT64")),
            {},
            (),
            "(did you mean korrect?)",
        ),
        (but(subject_name=None), {}, (), "no column subject_name (STRING)"),
        (but(), {"correct": "is_right"}, (), "ITEMWISE_COLUMNS calls correct is_right, which the table does not have"),
        (but(richtig=Field("richtig", "INT64")), {"correct": "richtg"}, (), "(did you mean richtig?)"),
        (but(answer=Field("answer", "STRUCT")), {}, (), "answer is STRUCT, expected STRING"),
        (but(student_id=Field("student_id", "STRING", "REPEATED")), {}, (), "student_id is ARRAY of STRING"),
        (but(item_id=Field("item_id", "BYTES")), {}, (), "item_id is BYTES, expected STRING"),
        (but(student_id=Field("student_id", "FLOAT64")), {}, (), "student_id is FLOAT64, expected STRING"),
        (but(correct=Field("correct", "TIMESTAMP")), {}, (), "correct is TIMESTAMP, expected INT64"),
        (but(answered_at=Field("answered_at", "INT64")), {}, (), "answered_at is INT64, expected TIMESTAMP"),
        (but(attempt=Field("attempt", "DATE")), {}, (), "attempt is DATE, expected INT64"),
        (but(r=Field("r", "JSON")), {"correct": "r"}, (), "r (for correct) is JSON, expected INT64"),
        (
            but(x=Field("x")),
            {"student_id": "x", "item_id": "X"},
            (),
            "uses x for student_id and item_id",
        ),
        (but(gender=Field("gender")), {}, ("gendre",), "no column gendre to group by (did you mean gender?)"),
        (but(gender=Field("gender", "STRUCT")), {}, ("gender",), "gender is STRUCT, expected STRING"),
    ],
)
def test_each_deviation_is_named(table: TableState, names: dict[str, str], groups: tuple[str, ...], says: str) -> None:
    with pytest.raises(SourceError, match=re.escape(says)) as caught:
        table_view(table, names, groups)
    assert caught.value.facts["reason"] == "table"
    assert len(caught.value.facts["deviations"]) == 1
    assert "ITEMWISE_COLUMNS" in str(caught.value)


def test_all_deviations_stand_in_one_sentence() -> None:
    with pytest.raises(SourceError) as caught:
        table_view(state(Field("student_id"), Field("correct", "BYTES")), {"item_id": "item"}, ("school",))
    assert [fault.split(",")[0] for fault in caught.value.facts["deviations"]] == [
        "ITEMWISE_COLUMNS calls item_id item",
        "there is no column subject_name (STRING)",
        "there is no column exam_name (STRING)",
        "correct is BYTES",
        "there is no column school to group by",
    ]
    assert "\n" not in str(caught.value)


def test_names_match_whatever_their_case_and_are_written_as_the_table_has_them() -> None:
    view = table_view(but(student_id=Field("Student_ID")), {"item_name": "ITEM_NAME"}, ())
    assert "`Student_ID` AS student_id" in view.sql
    assert "`item_name` AS item_name" in view.sql


def test_a_column_that_is_given_to_another_name_is_not_taken_twice() -> None:
    fields = (*FITS[:4], Field("answer", "INT64"))
    view = table_view(state(*fields), {"correct": "answer"}, ())
    assert "`answer` AS correct" in view.sql
    assert "CAST(NULL AS STRING) AS answer" in view.sql
    assert view.columns == {"student_id", "item_id", "subject_name", "exam_name", "correct"}


@pytest.mark.parametrize("name", ["a`b", "a\\b", "a\nb", "{table}", "@p", "a;b", "", "a(b)", 'a"b'])
def test_a_name_that_could_end_its_quotation_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="is not a name"):
        quoted(name)


def read(column: str, kind: str, duck_type: str, values: list[Any]) -> list[Any]:
    """Values of a column of a table, as the contract sees them, through a translation of the view."""
    sqlglot = pytest.importorskip("sqlglot")
    fields = [Field(name, k) for name, k in COLUMNS.items() if name in ("student_id", "item_id", "exam_name")]
    others = [Field("subject_name"), Field("correct", "INT64")]
    table = {field.name: field for field in (*fields, *others)} | {column: Field(column, kind)}
    view = table_view(state(*table.values()), {}, ())
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    columns = ", ".join(f'"{f.name}" {duck_type if f.name == column else "VARCHAR"}' for f in table.values())
    connection.execute(f"CREATE TABLE t (k INTEGER, {columns})")
    for k, value in enumerate(values):
        connection.execute(f'INSERT INTO t (k, "{column}") VALUES (?, ?)', [k, value])
    out = "answered_us" if column == "answered_at" else column
    sql = view.text(f"SELECT {out} AS v FROM {{table}}").replace("`p.d.answers`", "(SELECT * FROM t ORDER BY k)")
    text = sqlglot.transpile(sql, read="bigquery", write="duckdb")[0]
    return [row[0] for row in connection.execute(text).fetchall()]


@pytest.mark.parametrize(
    ("kind", "duck_type", "values", "scores"),
    [
        ("INT64", "BIGINT", [1, 0, None, 2, -1], [1, 0, None, 2, -1]),
        ("BOOL", "BOOLEAN", [True, False, None], [1, 0, None]),
        ("FLOAT64", "DOUBLE", [1.0, 0.0, 0.5, None, float("nan")], [1, 0, -9, None, -9]),
        ("NUMERIC", "DECIMAL(18, 9)", ["1", "0", "0.5", None], [1, 0, -9, None]),
        ("STRING", "VARCHAR", ["1", "0", "1.0", "true", "FALSE", "yes", "", None], [1, 0, 1, 1, 0, -9, -9, None]),
    ],
)
def test_right_and_wrong_in_many_types(kind: str, duck_type: str, values: list[Any], scores: list[Any]) -> None:
    assert read("correct", kind, duck_type, values) == scores


AT = datetime(2026, 4, 9, 13, 5, tzinfo=UTC)
US = int(AT.timestamp()) * 10**6


@pytest.mark.parametrize(
    ("kind", "duck_type", "values", "microseconds"),
    [
        ("TIMESTAMP", "TIMESTAMPTZ", ["2026-04-09 22:05:00+09", None], [US, None]),
        ("DATETIME", "TIMESTAMP", ["2026-04-09 13:05:00", None], [US, None]),
        ("DATE", "DATE", ["2026-04-09"], [US - (13 * 60 + 5) * 60 * 10**6]),
        ("STRING", "VARCHAR", ["2026-04-09 13:05:00", "2026-04-09T13:05:00Z", "in spring", None], [US, US, None, None]),
    ],
)
def test_times_in_many_types(kind: str, duck_type: str, values: list[Any], microseconds: list[Any]) -> None:
    assert read("answered_at", kind, duck_type, values) == microseconds


def test_ids_and_attempts_in_other_types() -> None:
    assert read("student_id", "INT64", "BIGINT", [7, None]) == ["7", None]
    assert read("student_id", "STRING", "VARCHAR", ["007"]) == ["007"]
    assert read("attempt", "STRING", "VARCHAR", ["2", "second", None]) == [2, None, None]
