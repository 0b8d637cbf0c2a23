"""Exports: columns with one meaning each, full precision, nothing where a value cannot be had."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irt.errors import IrtError
from irt.scoring import AbilityEstimates, Probabilities
from irt.selection import FULL_SCOPE, Selection
from irt.serialise import (
    COLUMNS,
    FORMATS,
    ITEM_COLUMNS,
    Kind,
    Table,
    abilities_table,
    catalogue_table,
    chances_table,
    class_map_table,
    csv_parts,
    curve_table,
    guarded,
    health_table,
    items_table,
    observed_table,
    options_table,
    probabilities_table,
    records,
    scores_table,
    spreadsheet_csv,
    students_table,
    table_of,
    to_csv,
    to_json,
    write_table,
)
from irt.service import Service
from irt.sources import ParquetStore

#: The columns that other programs rely on, in their order.
ITEMS = [
    "item_id",
    "item_name",
    "n",
    "proportion_correct",
    "item_total_r",
    "item_rest_r",
    "alpha_if_dropped",
    "discrimination",
    "discrimination_se",
    "difficulty",
    "difficulty_se",
    "guessing",
    "guessing_se",
    "upper_asymptote",
    "verdict",
]
SCORE = ["student_id", "theta", "se", "method", "items_answered"]
CHANCES = ["student_id", "item_id", "probability", "lower", "upper", "correct"]


@pytest.fixture
def abilities() -> Table:
    found = AbilityEstimates(
        ("007", "=1+1", "木村, 花子"),
        np.array([0.1 + 0.2, np.nan, -np.inf]),
        np.array([1 / 3, np.nan, 1.0]),
        "EAP",
        np.array([5, 0, 4]),
    )
    return abilities_table(found, {"model": "2PL", "exams": ["A", "B"], "class": None})


@pytest.fixture
def chances() -> Table:
    p = np.array([[0.25, np.nan, 0.75], [0.5, np.nan, 1.0]])
    correct = np.array([[1, 0, -1], [-1, 1, 0]], dtype=np.int8)
    return probabilities_table(Probabilities(("s1", "s2"), ("a", "b", "c"), p, p, p, correct), {})


def test_contract_columns_come_first_and_in_order(abilities: Table, chances: Table) -> None:
    assert list(ITEM_COLUMNS[: len(ITEMS)]) == ITEMS
    assert [column.name for column in abilities.columns] == SCORE
    assert [column.name for column in chances.columns] == CHANCES


def test_every_column_says_what_it_means() -> None:
    assert all(column.meaning.endswith(".") for column in COLUMNS.values())


def test_csv_holds_full_precision_and_nothing_for_no_value(abilities: Table) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(abilities))))
    assert float(rows[0]["theta"]) == 0.1 + 0.2
    assert [row["theta"] for row in rows[1:]] == ["", ""]
    assert [row["student_id"] for row in rows] == ["007", "=1+1", "木村, 花子"]


def test_json_has_null_where_a_value_cannot_be_had(abilities: Table) -> None:
    found = json.loads(to_json(abilities), parse_constant=pytest.fail)
    assert found["data"][1]["theta"] is None
    assert found["data"][2]["theta"] is None
    assert found["data"][0]["se"] == 1 / 3
    assert set(found["columns"]) == set(SCORE)
    assert found["provenance"]["model"] == "2PL"


def test_probabilities_go_student_by_student(chances: Table) -> None:
    found = records(chances)
    assert [(row["student_id"], row["item_id"]) for row in found] == [(s, i) for s in ("s1", "s2") for i in "abc"]
    assert [row["correct"] for row in found] == [1, 0, None, None, 1, 0]
    assert [row["probability"] for row in found] == [0.25, None, 0.75, 0.5, None, 1.0]


def test_parquet_keeps_types_and_empties(abilities: Table, chances: Table, tmp_path: Path) -> None:
    import duckdb

    write_table(abilities, tmp_path / "a.parquet")
    write_table(chances, tmp_path / "c.parquet")
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT * FROM '{tmp_path}/a.parquet'").fetchall()
        correct = connection.execute(f"SELECT correct FROM '{tmp_path}/c.parquet'").fetchall()
    assert found[0] == ("007", 0.1 + 0.2, 1 / 3, "EAP", 5)
    assert found[1] == ("=1+1", None, None, "EAP", 0)
    assert [value for (value,) in correct] == [1, 0, None, None, 1, 0]


@pytest.mark.parametrize("ending", FORMATS)
def test_the_ending_says_the_format(abilities: Table, tmp_path: Path, ending: str) -> None:
    write_table(abilities, tmp_path / f"file{ending}")
    assert (tmp_path / f"file{ending}").stat().st_size > 0


def test_another_ending_is_refused(abilities: Table, tmp_path: Path) -> None:
    with pytest.raises(IrtError, match=r"must end in \.csv, \.json, \.parquet"):
        write_table(abilities, tmp_path / "file.xlsx")
    with pytest.raises(IrtError, match="cannot be written: No such file"):
        write_table(abilities, tmp_path / "nowhere" / "file.parquet")


def test_a_download_is_explained_and_read_back(abilities: Table) -> None:
    text = spreadsheet_csv(abilities)
    assert text.startswith("\ufeff# student_id: ")
    assert "# model = 2PL" in text
    assert "# exams = A; B" in text
    assert "class" not in text
    found = pd.read_csv(io.StringIO(text.removeprefix("\ufeff")), comment="#", dtype={"student_id": str})
    assert list(found.columns) == SCORE
    assert found["student_id"].tolist() == ["007", "'=1+1", "木村, 花子"]


def test_long_tables_come_in_parts_that_join_to_the_whole() -> None:
    n = 25_000
    table = table_of("scores", {"score": range(n), "count": np.arange(n)})
    parts = list(csv_parts(table))
    assert len(parts) > 2
    assert "".join(parts).splitlines()[1:] == [f"{k},{k}" for k in range(n)]
    assert to_csv(table.cut(n, n + 1)).splitlines() == ["score,count"]


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-cmd|' /C calc'!A0", "@SUM(A1)", "\tx", "\rx", "＝1", "-", "--1"])
def test_text_that_a_spreadsheet_would_run_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-1", "+3.5", "007", "a=b", "木村", ""])
def test_other_text_is_left_alone(text: str) -> None:
    assert guarded(text) == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1))
def test_invariant_any_text_survives_csv(names: list[str]) -> None:
    table = table_of("x", {"item_id": names, "item_name": names})
    rows = list(csv.reader(io.StringIO(to_csv(table), newline="")))[1:]
    assert rows == [[text, text] for text in (name.replace("\r\n", "\n").replace("\r", "\n") for name in names)]


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(IrtError, match="not of one length"):
        table_of("x", {"score": [1], "count": [1, 2]})


def test_kinds_are_types_of_json_schema() -> None:
    assert {kind.value for kind in Kind} == {"string", "number", "integer", "boolean"}


def test_every_report_of_the_service_is_a_table(sample_store: Path) -> None:
    service = Service(ParquetStore(sample_store))
    selection = Selection(subject="Mathematics (simulated)", exams=("Term 2",), class_name="7A")
    report = service.exam(FULL_SCOPE, selection)
    curve = service.item(FULL_SCOPE, selection, report.items[0].item_id)
    students = service.students(FULL_SCOPE, selection)
    student = service.student(FULL_SCOPE, selection, students.students[0].handle)
    class_map = service.class_map(FULL_SCOPE, selection)
    tables = [
        (items_table(report), len(report.items)),
        (scores_table(report), report.max_score + 1),
        (health_table(report.health, report.provenance), None),
        (curve_table(curve), len(curve.theta)),
        (observed_table(curve), len(curve.observed)),
        (options_table(curve), 5 * len(curve.options)),
        (students_table(students), len(students.students)),
        (chances_table(student), len(report.items)),
        (class_map_table(class_map), class_map.probability.size),
        (catalogue_table(service.catalogue(FULL_SCOPE)), None),
    ]
    for table, n_rows in tables:
        assert len(table) > 0
        assert n_rows is None or len(table) == n_rows, table.name
        found = pd.read_csv(io.StringIO(spreadsheet_csv(table).removeprefix("\ufeff")), comment="#")
        assert list(found.columns) == [column.name for column in table.columns]
        assert len(found) == len(table)


def test_cells_of_a_class_map_keep_their_student_and_item(sample_store: Path) -> None:
    service = Service(ParquetStore(sample_store))
    selection = Selection(subject="Mathematics (simulated)", exams=("Term 2",), class_name="7A")
    found = service.class_map(FULL_SCOPE, selection)
    row = records(class_map_table(found))[found.probability.shape[1] + 2]
    assert (row["student_id"], row["item_id"]) == (found.students[1].student_id, found.items[2].item_id)
    assert row["probability"] == found.probability[1, 2]
