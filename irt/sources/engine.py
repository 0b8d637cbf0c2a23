"""DuckDB, in memory, over Parquet files. The only file that imports duckdb, and not before it is needed."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from irt.errors import SourceError
from irt.responses.table import COLUMNS
from irt.sources.question import Kind, Part, Question, Table

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import duckdb
    import pandas as pd

_DUCKDB_TYPES = {"STRING": "VARCHAR", "INT64": "BIGINT", "TIMESTAMP": "TIMESTAMP"}
_WHOLE_NUMBERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_KINDS: Mapping[Kind, str] = {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE"}
#: It cannot fail, and TRY_CAST says so: the draw is then computed once for each id in a block of a file instead of once
#: for each answer, in a quarter of the time.
_DRAW = "TRY_CAST('0x' || SUBSTR(MD5(student_id), 1, 5) AS BIGINT)"
#: Where rows of the table are shared by several expressions: DuckDB would hold them all in memory, which takes three
#: times as long as reading them again, and gigabytes.
_FROM_TABLE = re.compile(r"\bAS \((?=\s*SELECT (?:(?!\bFROM\b).)*\bFROM \{table\})", re.DOTALL)
#: What an unscorable value of ``correct`` becomes, so that it is counted as one; NULL stays "not scored".
_UNSCORABLE = -9


class Duck:
    """One in-memory DuckDB per process, made at the first call; every call works on a cursor of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._pid = 0

    def execute(self, sql: str, parameters: Mapping[str, object] | None = None) -> dict[str, NDArray[Any]]:
        """The columns of an answer. Raises SourceError."""
        with self._cursor() as cursor:
            return {name: _plain(column) for name, column in cursor.execute(sql, parameters).fetchnumpy().items()}

    def write(self, frame: pd.DataFrame, sql: str) -> None:
        """Run a COPY that reads the frame under the name ``frame``. Raises SourceError."""
        with self._cursor() as cursor:
            cursor.register("frame", frame)
            cursor.execute(sql).fetchall()

    def column_types(self, files: Sequence[Path]) -> dict[str, str]:
        """Names and DuckDB types of all columns that occur in the files."""
        found = self.execute(f"DESCRIBE SELECT * FROM {parquet(files)}")
        return dict(zip(found["column_name"], found["column_type"], strict=True))

    def _cursor(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return _translated(self._connect())

    def _connect(self) -> duckdb.DuckDBPyConnection:
        """The connection of this process: a forked worker must not use its parent's."""
        import duckdb

        with self._lock:
            if self._connection is None or self._pid != os.getpid():
                # Memory that a question took goes back to the system when it is answered.
                settings: dict[str, str | bool | int | float | list[str]] = {"allocator_background_threads": True}
                self._connection, self._pid = duckdb.connect(":memory:", config=settings), os.getpid()
            return self._connection


class DuckEngine:
    """Answers the portable queries from a fixed list of Parquet files.

    Parameters
    ----------
    duck : Duck
    files : sequence of Path
    groups : tuple of str
        Columns that become properties of students.
    """

    def __init__(self, duck: Duck, files: Sequence[Path], groups: tuple[str, ...]) -> None:
        self._duck = duck
        types = duck.column_types(files) if files else {}
        self.groups = tuple(name for name in groups if name in types)
        self.columns = frozenset(COLUMNS.keys() & types.keys())
        self.table = _view(files, types, self.groups)

    def ask(self, question: Question) -> Mapping[str, Table]:
        """The table of each part, each asked for as a statement of its own. Raises SourceError."""
        return {name: self._table(question, part) for name, part in question.parts.items()}

    def _table(self, question: Question, part: Part) -> Table:
        """The columns of one part, in the types that it promises."""
        wanted = ", ".join(f"CAST({name} AS {_KINDS[kind]}) AS {name}" for name, kind in part.columns.items())
        shared = _FROM_TABLE.sub("AS NOT MATERIALIZED (", question.shared)
        sql = f"{f'WITH {shared}' if shared else ''} SELECT {wanted} FROM ({part.sql}) AS part"
        values = {name: question.parameters[name] for name in re.findall(r"@(\w+)", sql)}
        used = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
        sql = re.sub(r"@(\w+)", r"$\1", sql.replace("{draw}", _DRAW)).replace("{table}", self.table)
        found = self._duck.execute(sql, used)
        return {name: _of_kind(found[name], kind) for name, kind in part.columns.items()}


def parquet(files: Sequence[Path]) -> str:
    """The table function that reads these files as one table."""
    return f"read_parquet([{', '.join(quoted(str(path)) for path in files)}], union_by_name = true)"


def quoted(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """The name of a column, quoted."""
    return '"' + name.replace('"', '""') + '"'


def _view(files: Sequence[Path], types: Mapping[str, str], groups: tuple[str, ...]) -> str:
    """A derived table with every column of the contract, whatever the files hold."""
    columns = [
        f"{_value(name, types.get(name), _DUCKDB_TYPES[kind])} AS {name}"
        for name, kind in COLUMNS.items()
        if name != "answered_at"
    ]
    columns.append(f"EPOCH_US({_value('answered_at', types.get('answered_at'), 'TIMESTAMP')}) AS answered_us")
    columns += [f"CAST({identifier(name)} AS VARCHAR) AS group_{k}" for k, name in enumerate(groups)]
    origin = f"FROM {parquet(files)}" if files else "WHERE FALSE"
    return f"(SELECT {', '.join(columns)} {origin})"


def _value(name: str, found: str | None, wanted: str) -> str:
    """A column of any type, or one that is not there, as the type of the contract."""
    if found == wanted:
        return name
    if found is None:
        return f"CAST(NULL AS {wanted})"
    if name != "correct":
        return f"TRY_CAST({name} AS {wanted})"
    if found in _WHOLE_NUMBERS:
        return f"CAST({name} AS BIGINT)"
    number = f"TRY_CAST({name} AS DOUBLE)"
    return (
        f"CASE WHEN {name} IS NULL THEN NULL WHEN {number} = 0 THEN 0 WHEN {number} = 1 THEN 1 ELSE {_UNSCORABLE} END"
    )


def _plain(column: Any) -> NDArray[Any]:
    """A column without a mask: None in text, NaT in times, nan in floats. Integers are never NULL in our queries."""
    values: NDArray[Any] = column.data if isinstance(column, np.ma.MaskedArray) else column
    if values.dtype.kind in "OU":
        values = values.astype(object, copy=False)
    empty = np.ma.getmaskarray(column)
    if not empty.any():
        return values
    if values.dtype.kind == "O":
        values[empty] = None
    elif values.dtype.kind == "M":
        values[empty] = np.datetime64("NaT")
    else:
        values = np.where(empty, np.nan, values)
    return values


def _of_kind(values: NDArray[Any], kind: Kind) -> NDArray[Any]:
    """A column as :meth:`irt.sources.question.Engine.ask` promises it: text that is empty is None."""
    if kind == "text":
        values[values == ""] = None
    return values


@contextmanager
def _translated(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor that is closed after use, and whose errors come out as SourceError."""
    import duckdb

    cursor = connection.cursor()
    try:
        yield cursor
    except duckdb.Error as error:
        # DuckDB quotes values in its messages; they may be personal, so only the kind of error is passed on.
        raise SourceError(
            f"The stored answers could not be read ({type(error).__name__}). "
            "Check that every Parquet file in the folder is whole and readable."
        ) from error
    finally:
        cursor.close()
