"""Contract: the double takes the SQL that BigQuery takes, means the same by it, and refuses the rest."""

from __future__ import annotations

import pandas as pd
import pytest
from google.api_core import exceptions

from tests.warehouse import Warehouse
from tests.warehouse.asking import ask


@pytest.fixture(scope="module")
def table() -> Warehouse:
    """A table with a column of each type that matters here."""
    with Warehouse() as warehouse:
        frame = pd.DataFrame({"s": ["1", "x", None], "n": [1, 2, 3], "x": [0.5, 2.5, -1.0], "b": [True, False, True]})
        warehouse.put_table("p.d.t", frame)
        yield warehouse


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("SELEC 1", "Syntax error"),
        ("SELECT (1", "Syntax error"),
        ("", "Syntax error|Required parameter|Unexpected end"),
        ("SELECT $p AS p", "Illegal input character"),
        ("SELECT epoch_us(CURRENT_TIMESTAMP())", "Function not found: epoch_us"),
        ("SELECT list_transform([1], 2)", "Function not found: list_transform"),
        ("SELECT strftime(CURRENT_TIMESTAMP(), '%Y')", "Function not found: strftime"),
        ("SELECT n FROM `p.d.nobody`", "Not found: Table p:d.nobody was not found"),
        ("SELECT n FROM `p.nowhere.t`", "Not found: Dataset p:nowhere was not found"),
        ("SELECT n FROM t", "must be qualified with a dataset"),
        ("SELECT nobody FROM `p.d.t`", "Unrecognized name: nobody"),
        ("SELECT n, n FROM `p.d.t`", "Duplicate column names in the result"),
        ("SELECT s, COUNT(*) FROM `p.d.t`", "neither grouped nor aggregated"),
        ("SELECT n + 1 AS m, m * 2 AS k FROM `p.d.t`", "Unrecognized name: m"),
        ("SELECT n + 1 AS m FROM `p.d.t` WHERE m > 1", "Unrecognized name: m"),
        # types
        ("SELECT s = 1 FROM `p.d.t`", "No matching signature for operator ="),
        ("SELECT b = 1 FROM `p.d.t`", "No matching signature for operator ="),
        ("SELECT SUM(b) FROM `p.d.t`", "No matching signature for function SUM for argument types: BOOL"),
        ("SELECT AVG(s) FROM `p.d.t`", "No matching signature for function AVG"),
        ("SELECT COUNTIF(n) FROM `p.d.t`", "No matching signature for function COUNT_IF"),
        ("SELECT IFNULL(b, 0) FROM `p.d.t`", "No matching signature for function COALESCE"),
        ("SELECT IF(b, 1, 'no') FROM `p.d.t`", "No matching signature for function IF"),
        ("SELECT CONCAT(n, 'x') FROM `p.d.t`", "No matching signature for function CONCAT"),
        ("SELECT n FROM `p.d.t` WHERE n", "No matching signature"),
        ("SELECT CAST(b AS FLOAT64) FROM `p.d.t`", "Invalid cast from BOOL to FLOAT64"),
        # values
        ("SELECT n / 0 FROM `p.d.t`", "division by zero"),
        ("SELECT MOD(n, 0) FROM `p.d.t`", "division by zero"),
        ("SELECT LN(n - n) FROM `p.d.t`", "Floating point error in function: LN"),
        ("SELECT EXP(n + 800) FROM `p.d.t`", "Floating point error in function: EXP"),
        ("SELECT POW(10, n + 400) FROM `p.d.t`", "Floating point error in function: POW"),
        ("SELECT CAST(s AS INT64) FROM `p.d.t`", "Bad int64 value: x"),
        ("SELECT CAST('1.0' AS INT64)", "Bad int64 value: 1.0"),
        ("SELECT CAST('yes' AS BOOL)", "Bad bool value: yes"),
        # changes
        ("DELETE FROM `p.d.t`", "DELETE must have a WHERE clause"),
        ("UPDATE `p.d.t` SET n = 1", "UPDATE must have a WHERE clause"),
        ("BEGIN TRANSACTION", "supported only in scripts"),
        ("CREATE TEMP TABLE z AS SELECT 1 AS x", "requires a script or session"),
    ],
)
def test_what_the_service_refuses_is_refused(table: Warehouse, sql: str, sentence: str) -> None:
    with pytest.raises((exceptions.BadRequest, exceptions.NotFound), match=sentence):
        ask(table.client(), sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT k, o FROM UNNEST([1, 2]) AS k WITH OFFSET AS o",
        "SELECT FORMAT_TIMESTAMP('%F', CURRENT_TIMESTAMP(), 'Asia/Tokyo')",
        "SELECT NORMALIZE('a')",
        "SELECT FARM_FINGERPRINT('a')",
        "SELECT SAFE.SUBSTR('a', 1)",
        "SELECT ARRAY_AGG(n IGNORE NULLS ORDER BY n LIMIT 1) FROM `p.d.t`",
        "SELECT * FROM `p.d.INFORMATION_SCHEMA.TABLES`",
        "SELECT ?",
        "DECLARE x INT64 DEFAULT 3",
    ],
)
def test_what_the_double_cannot_do_it_says(table: Warehouse, sql: str) -> None:
    with pytest.raises(exceptions.BadRequest, match="Not implemented by the test double"):
        ask(table.client(), sql)


def test_legacy_sql_is_refused(table: Warehouse) -> None:
    with pytest.raises(exceptions.BadRequest, match="legacy SQL"):
        ask(table.client(), "SELECT 1", use_legacy_sql=True)


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("1 / 2", 0.5),
        ("DIV(-7, 2)", -3),
        ("MOD(-7, 2)", -1),
        ("CAST(2.5 AS INT64)", 3),
        ("CAST(-2.5 AS INT64)", -3),
        ("CAST('0x1f' AS INT64)", 31),
        ("SAFE_CAST('1.0' AS INT64)", None),
        ("SAFE_CAST('yes' AS BOOL)", None),
        ("CAST('TRUE' AS BOOL)", True),
        ("CAST(TRUE AS INT64)", 1),
        ("CAST(1.0 AS STRING)", "1"),
        ("CAST(CAST(2.5 AS INT64) AS STRING)", "3"),
        ("CAST(0.1 AS STRING)", "0.1"),
        ("CAST(TRUE AS STRING)", "true"),
        ("SAFE_DIVIDE(1, 0)", None),
        ("EXP(-800)", 0.0),
        ("GREATEST(1, NULL)", None),
        ("CONCAT('a', NULL)", None),
        ('"a text"', "a text"),
        ("0.1 + 0.2", 0.1 + 0.2),
        ("1 << 40", 2**40),
        ("TO_HEX(MD5('a'))", "0cc175b9c0f1b6a831c399e269772661"),
        ("CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5('a')), 1, 5)) AS INT64)", 0x0CC17),
        ("CODE_POINTS_TO_STRING([72, 105])", "Hi"),
        ("TO_CODE_POINTS('Hi')", [72, 105]),
        ("REGEXP_REPLACE('aa', 'a', 'b')", "bb"),
        ("UNIX_MICROS(TIMESTAMP '1970-01-01 00:00:01')", 1_000_000),
        ("UNIX_SECONDS(TIMESTAMP '1970-01-01 00:00:01.9')", 1),
        ("TIMESTAMP_DIFF(TIMESTAMP '2026-01-02 01:00:00', TIMESTAMP '2026-01-01 23:00:00', DAY)", 0),
        ("UNIX_MICROS(TIMESTAMP_MICROS(5))", 5),
        ("BYTE_LENGTH('試')", 3),
        ("LENGTH('試')", 1),
        ("1 IN UNNEST([1, 2])", True),
    ],
)
def test_an_expression_means_the_same(table: Warehouse, sql: str, value: object) -> None:
    assert ask(table.client(), f"SELECT {sql} AS value") == [(value,)]


def test_null_comes_first_unless_it_is_told_otherwise(table: Warehouse) -> None:
    client = table.client()
    assert ask(client, "SELECT s FROM `p.d.t` ORDER BY s") == [(None,), ("1",), ("x",)]
    assert ask(client, "SELECT s FROM `p.d.t` ORDER BY s NULLS LAST") == [("1",), ("x",), (None,)]


def test_a_common_table_is_not_looked_up(table: Warehouse) -> None:
    assert ask(table.client(), "WITH t AS (SELECT 5 AS n) SELECT n FROM t") == [(5,)]


def test_names_without_a_project_are_those_of_the_job(table: Warehouse) -> None:
    assert ask(table.client(), "SELECT COUNT(*) FROM d.t") == [(3,)]
    assert ask(table.client(), "SELECT COUNT(*) FROM t", default_dataset="p.d") == [(3,)]
