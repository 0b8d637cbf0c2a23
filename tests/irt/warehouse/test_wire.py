"""Identity: an answer is the same whether it comes row by row or packed. Message: signs that would part a field."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pytest

from irt.errors import SourceError
from irt.sources.question import Part, Question
from irt.warehouse.wire import Parcel, packed, parcels_of, unpacked

NUMBERS = [0.1, 1 / 3, -2.5e-300, 1e300, 5e-324, 0.30000000000000004, -0.0, 123456789.123456789, None, float("inf")]


def answered(question: Question, rows: str, n_rows: int) -> dict[str, dict[str, np.ndarray]]:
    """The answer of an engine of another house: DuckDB behind sqlglot, which reads the text as GoogleSQL."""
    sqlglot = pytest.importorskip("sqlglot")
    sql, parameters = packed(question, n_rows)
    text = sqlglot.transpile(sql.replace("{table}", rows).replace("{draw}", "1"), read="bigquery", write="duckdb")[0]
    used = {name: value for name, value in parameters.items() if f"${name}" in text}
    return unpacked(question, parcels_of(duckdb.connect().execute(text, used).fetchall()))


def values(name: str, found: dict[str, dict[str, np.ndarray]], part: str = "all") -> list[Any]:
    order = np.argsort(found[part]["k"])
    return found[part][name][order].tolist()


@pytest.mark.parametrize("tall", [False, True])
def test_texts_integers_and_numbers_come_back_as_they_were(tall: bool) -> None:
    texts = ["", None, "Ünï 生徒", "a\tb\nc", "'; --", "\\", '"', "x" * 10_000, " ", "0"]
    rows = ", ".join(
        f"({k}, {'NULL' if text is None else duckdb_text(text)}, {'NULL' if x is None else f'CAST({x!r} AS DOUBLE)'})"
        for k, (text, x) in enumerate(zip(texts, NUMBERS, strict=True))
    ).replace("CAST(inf AS", "CAST('inf' AS")
    sql = "SELECT k, name, x, k AS draw FROM {table}"
    question = Question("test", {"all": Part(sql, {"k": "integer", "name": "text", "x": "number"}, tall=tall)})
    connection_rows = f"(SELECT * FROM (VALUES {rows}) AS v(k, name, x))"
    found = answered_by_duckdb(question, connection_rows, n_rows=3_000_000)
    assert values("k", found) == list(range(10))
    assert values("name", found) == [text or None for text in texts]
    np.testing.assert_array_equal(values("x", found), [np.nan if x is None else x for x in NUMBERS])
    assert [found["all"][name].dtype.kind for name in ("k", "name", "x")] == ["i", "O", "f"]


def answered_by_duckdb(question: Question, rows: str, n_rows: int) -> dict[str, dict[str, np.ndarray]]:
    """The same text put to DuckDB as it is."""
    sql, parameters = packed(question, n_rows)
    for name in parameters:
        sql = sql.replace(f"@{name}", f"${name}")
    return unpacked(question, parcels_of(duckdb.connect().execute(sql.replace("{table}", rows), parameters).fetchall()))


def duckdb_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def test_the_text_survives_a_translation_from_googlesql() -> None:
    shared = "kept AS (SELECT a, b FROM {table} WHERE b > @least)"
    question = Question(
        "test",
        {
            "all": Part("SELECT b AS k, a, {draw} AS draw FROM kept", {"k": "integer", "a": "text"}, tall=True),
            "sum": Part("SELECT SUM(b) / 7 AS s FROM kept", {"s": "number"}),
            "none": Part("SELECT a FROM kept WHERE FALSE", {"a": "text"}),
        },
        {"least": 1},
        shared,
    )
    found = answered(question, "(SELECT 'x' AS a, 1 AS b UNION ALL SELECT 'y', 2 UNION ALL SELECT 'z', 3)", 3)
    assert values("a", found) == ["y", "z"]
    assert found["sum"]["s"].tolist() == [5 / 7]
    assert found["none"]["a"].tolist() == []


def test_tall_parts_are_split_by_the_size_of_the_table() -> None:
    part = Part("SELECT k, {draw} AS draw FROM {table}", {"k": "integer"}, tall=True)
    buckets = [packed(Question("q", {"p": part}), n)[1]["wire_buckets"] for n in (0, 10**6, 97 * 10**6, 10**10)]
    assert buckets == [1, 3, 243, 4096]
    assert "wire_buckets" not in packed(Question("q", {"p": Part("SELECT 1 AS k", {"k": "integer"})}), 10**9)[1]


def test_one_row_with_nothing_in_it_is_a_row() -> None:
    question = Question("q", {"p": Part("", {"a": "text"}), "r": Part("", {"a": "text"})})
    found = unpacked(question, parcels_of([("p", 1, ""), ("r", 0, None)]))
    assert found["p"]["a"].tolist() == [None]
    assert found["r"]["a"].tolist() == []


@pytest.mark.parametrize(
    ("n_rows", "text"), [(1, "a\x1fb\x1f1"), (1, "a\x1eb\x1f1"), (2, "a\x1f1\x1eb\x1f2\x1e"), (2, "a\x1f1"), (3, "")]
)
def test_a_sign_within_a_field_is_refused_not_read_askew(n_rows: int, text: str) -> None:
    question = Question("q", {"p": Part("", {"a": "text", "k": "integer"})})
    with pytest.raises(SourceError, match=r"control character \(U\+001E or U\+001F\)") as caught:
        unpacked(question, [Parcel("p", n_rows, text)])
    assert caught.value.facts["reason"] == "table"
    assert "\x1f" not in str(caught.value)


def test_a_whole_number_may_be_written_as_a_float() -> None:
    question = Question("q", {"p": Part("", {"k": "integer"})})
    assert unpacked(question, [Parcel("p", 2, "3.0\x1e-4")])["p"]["k"].tolist() == [3, -4]
