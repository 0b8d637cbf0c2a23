"""Openers of a source in BigQuery, for the contract test: the real client over real HTTP, against the double."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd

from irt.sources import ResponseSource
from irt.warehouse.source import BigQuerySource
from tests.warehouse import Warehouse

TABLE = "school-1.exams.answers 2026"

#: Columns of the contract in DuckDB's words, as a table has them that was made for it, and one to group by.
PLAIN = {
    "student_id": "CAST(student_id AS VARCHAR)",
    "item_id": "CAST(item_id AS VARCHAR)",
    "subject_name": "CAST(subject_name AS VARCHAR)",
    "exam_name": "CAST(exam_name AS VARCHAR)",
    "correct": "CAST(correct AS BIGINT)",
    "item_name": "CAST(item_name AS VARCHAR)",
    "student_name": "CAST(student_name AS VARCHAR)",
    "student_grade": "CAST(student_grade AS VARCHAR)",
    "class_name": "CAST(class_name AS VARCHAR)",
    "intended_difficulty": "CAST(intended_difficulty AS VARCHAR)",
    "answer": "CAST(answer AS VARCHAR)",
    "answer_key": "CAST(answer_key AS VARCHAR)",
    "answered_at": "CAST(answered_at AS TIMESTAMPTZ)",
    "attempt": "CAST(attempt AS BIGINT)",
    "gender": "CAST(gender AS VARCHAR)",
}

#: What a school calls some of its columns, and how it stores them.
NAMES = {
    "student_id": "Pupil",
    "item_id": "question no",
    "exam_name": "試験",
    "correct": "is_right",
    "answered_at": "at",
    "class_name": "group",
    "attempt": "try",
}
OWN = {
    **PLAIN,
    "correct": "CASE correct WHEN 1 THEN 'TRUE' WHEN 0 THEN '0' ELSE CAST(correct AS VARCHAR) END",
    "answered_at": "CAST(answered_at AS TIMESTAMP)",
    "attempt": "CAST(attempt AS DOUBLE)",
    "student_grade": "TRY_CAST(student_grade AS BIGINT)",
}

Opener = Callable[[pd.DataFrame], ResponseSource]


def put_answers(
    served: Warehouse,
    frame: pd.DataFrame,
    folder: Path,
    taken: dict[str, str] = PLAIN,
    names: dict[str, str] | None = None,
) -> None:
    """Make the table from a frame that has some of the contract's columns."""
    names = names or {}
    columns = [
        f'{sql if name in frame or frame.empty else "CAST(NULL AS VARCHAR)"} AS "{names.get(name, name)}"'
        for name, sql in taken.items()
    ]
    file = folder / "answers.parquet"
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    if frame.empty:
        frame = pd.DataFrame({name: pd.Series([None], dtype=object) for name in PLAIN})
        connection.register("frame", frame)
        connection.execute(f"COPY (SELECT * FROM frame WHERE FALSE) TO '{file}' (FORMAT parquet)")
    else:
        connection.register("frame", frame)
        connection.execute(f"COPY (SELECT * FROM frame) TO '{file}' (FORMAT parquet)")
    served.put_table(TABLE, f"SELECT {', '.join(columns)} FROM read_parquet('{file}')")


def source_of(served: Warehouse, cache: Path | None, **options: object) -> BigQuerySource:
    """A source over the table."""
    given = {"groups": ("gender",), "endpoint": served.endpoint, "cache": cache, **options}
    return BigQuerySource(TABLE, **given)  # type: ignore[arg-type]


@contextmanager
def warehouse_table(folder: Path) -> Iterator[Opener]:
    with Warehouse() as served:

        def open_(frame: pd.DataFrame) -> ResponseSource:
            put_answers(served, frame, folder)
            return source_of(served, folder / "cache")

        yield open_


@contextmanager
def warehouse_own_columns(folder: Path) -> Iterator[Opener]:
    with Warehouse() as served:

        def open_(frame: pd.DataFrame) -> ResponseSource:
            put_answers(served, frame, folder, OWN, NAMES)
            return source_of(served, None, columns=NAMES)

        yield open_
