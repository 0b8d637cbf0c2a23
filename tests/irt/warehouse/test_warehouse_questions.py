"""Identity: every question gives the same tables from BigQuery (the real client, the double) and the embedded store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from irt.sources.engine import Duck, DuckEngine
from irt.sources.question import Engine, Part
from irt.warehouse.source import BigQuerySource
from tests.irt.sources.asked import ITEMS, QUESTIONS
from tests.irt.sources.dirty_tables import dirty_table
from tests.warehouse import Warehouse

GROUPS = ("class_name", "item_name")
Engines = tuple[Engine, Engine]


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """Two engines over one table with all that may go wrong in it, of the subject, class and items asked about."""
    import duckdb

    names = {"item_id": {f"item_{k + 1}": item for k, item in enumerate(ITEMS)}}
    frame = dirty_table(3).replace({"subject_name": {"M": "S"}, "class_name": {"a": "C", "b": "D"}, **names})
    folder: Path = tmp_path_factory.mktemp("answers")
    connection = duckdb.connect()
    connection.register("frame", frame)
    connection.execute(f"COPY frame TO '{folder}/answers.parquet' (FORMAT parquet)")
    with Warehouse() as served:
        served.put_table("p.d.answers", f"SELECT * FROM read_parquet('{folder}/answers.parquet')")
        source = BigQuerySource("p.d.answers", groups=GROUPS, endpoint=served.endpoint)
        yield DuckEngine(Duck(), [folder / "answers.parquet"], GROUPS), source.engine()


def rows(part: Part, table: Any) -> list[tuple[Any, ...]]:
    """The rows of a table in an order of their own: texts and integers first, which are exact."""
    names = sorted(part.columns, key=lambda name: (part.columns[name] == "number", name))
    return sorted(zip(*(table[name].tolist() for name in names), strict=True), key=lambda row: tuple(map(repr, row)))


@pytest.mark.parametrize("name", QUESTIONS)
def test_both_engines_give_the_same_tables(engines: Engines, name: str) -> None:
    question = QUESTIONS[name]
    ours, theirs = (engine.ask(question) for engine in engines)
    assert ours.keys() == theirs.keys() == question.parts.keys()
    n_rows = 0
    for part_name, part in question.parts.items():
        one, other = rows(part, ours[part_name]), rows(part, theirs[part_name])
        assert len(one) == len(other), part_name
        n_rows += len(one)
        kinds = {column: ours[part_name][column].dtype for column in part.columns}
        assert kinds == {column: theirs[part_name][column].dtype for column in part.columns}
        exact = [column for column, kind in part.columns.items() if kind != "number"]
        assert [row[: len(exact)] for row in one] == [row[: len(exact)] for row in other], part_name
        for row, twin in zip(one, other, strict=True):
            # Sums of floats differ by their order; the result is that of the same formula.
            np.testing.assert_allclose(
                np.array(row[len(exact) :], dtype=float),
                np.array(twin[len(exact) :], dtype=float),
                rtol=1e-9,
                atol=1e-12,
            )
    assert n_rows > 0


def test_the_engines_know_the_same_columns(engines: Engines) -> None:
    assert engines[0].columns == engines[1].columns
    assert engines[0].groups == engines[1].groups == GROUPS
