"""Identity: a table that travels as one parameter arrives to the last bit."""

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irt.sources.listed import Listed

NUMBERS = st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: x == 0 or abs(x) > 1e-280)
ROWS = st.lists(
    st.tuples(
        st.integers(-(10**9), 10**9),
        NUMBERS,
        NUMBERS,
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    )
)


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def arrived(connection: duckdb.DuckDBPyConnection, table: Listed, columns: str) -> list[tuple[object, ...]]:
    """The rows as the engine reads them."""
    sql = f"WITH {table.sql} SELECT {columns} FROM {table.name}".replace("@", "$")
    return connection.execute(sql, {table.name: list(table.rows)}).fetchall()


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_every_number_and_text_arrives(
    connection: duckdb.DuckDBPyConnection, rows: list[tuple[int, float, float, str]]
) -> None:
    place, first, second, name = ([row[k] for row in rows] for k in range(4))
    table = Listed("listed", {"place": place}, {"a": first, "b": second}, {"name": name})
    assert sorted(arrived(connection, table, "place, a, b, name"), key=repr) == sorted(rows, key=repr)


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 0.1, np.pi, -1e-17, 1e300, 2.0**-1000, np.nextafter(1.0, 2.0)])
def test_a_number_has_the_same_bits(connection: duckdb.DuckDBPyConnection, value: float) -> None:
    assert arrived(connection, Listed("listed", number={"a": [value]}), "a") == [(value,)]


def test_no_rows_are_an_empty_table(connection: duckdb.DuckDBPyConnection) -> None:
    table = Listed("listed", {"place": []}, {"a": []}, {"name": []})
    assert table.rows == ()
    sql = f"WITH {table.sql} SELECT COUNT(*) FROM listed".replace("@", "$")
    assert connection.execute(sql, {"listed": []}).fetchone() == (0,)
