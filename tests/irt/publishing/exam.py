"""An exam to publish, and what was published of it as rows."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from irt.calibration import Calibration, calibrate
from irt.publishing import Publication
from irt.publishing.publication import Origin, file_items
from irt.publishing.slices import Slice, slices_of
from irt.responses import ResponseMatrix
from irt.scoring import estimate_abilities, probabilities
from irt.selection import Selection
from tests.warehouse import Warehouse

MOMENT = datetime(2026, 4, 1, 9, 30, 0, 123456, tzinfo=UTC)
N_STUDENTS, N_ITEMS = 60, 6


def answers(seed: int = 1, n_students: int = N_STUDENTS) -> ResponseMatrix:
    """Answers of students whose ids look like numbers, with some missing."""
    rng = np.random.default_rng(seed)
    ability, difficulty = rng.normal(size=(n_students, 1)), np.linspace(-1.5, 1.5, N_ITEMS)
    scores = (rng.random((n_students, N_ITEMS)) < 1 / (1 + np.exp(difficulty - ability))).astype(np.int8)
    scores[rng.random(scores.shape) < 0.1] = -1
    people = [f"{k:04}" for k in range(n_students)]
    return ResponseMatrix.from_array(scores, people, [f"Q{j}" for j in range(N_ITEMS)])


def frame(seed: int = 1, n_students: int = N_STUDENTS, exam: str = "Term 1") -> pd.DataFrame:
    """The same answers as rows of the responses table."""
    matrix = answers(seed, n_students)
    rows = [
        (person, item, "Maths", exam, int(score), f"Student {person}", "A" if i % 2 else "B")
        for i, person in enumerate(matrix.person_ids)
        for item, score in zip(matrix.item_ids, matrix.scores[i], strict=True)
        if score >= 0
    ]
    names = ["student_id", "item_id", "subject_name", "exam_name", "correct", "student_name", "class_name"]
    return pd.DataFrame(rows, columns=names)


def publication(
    calibration: Calibration, exam: str = "Term 1", *, asked: str = "default", at: datetime = MOMENT, **others: Any
) -> Publication:
    """A publication of one exam."""
    origin = Origin("fingerprint", MOMENT, "0.1.0", 1.0, MOMENT)
    return Publication(Selection("Maths", (exam,)), asked, calibration, file_items(calibration), origin, at, **others)


def prepared(
    exam: str = "Term 1", seed: int = 1, rows: int = 100, **named: Any
) -> tuple[Publication, Callable[[], Iterator[Slice]]]:
    """A publication of one exam with its slices of few rows."""
    matrix = answers(seed)
    found = publication(calibrate(matrix, model="1PL"), exam, **named)
    return found, partial(slices_of, found, lambda: matrix, rows)


def expected(seed: int = 1) -> dict[str, list[tuple[Any, ...]]]:
    """The numbers of a publication as Python computes them: rows by table, None where there is no number."""
    matrix = answers(seed)
    calibration = calibrate(matrix, model="1PL")
    scored, chances = estimate_abilities(matrix, calibration), probabilities(matrix, calibration)
    return {
        "abilities": [
            (person, float(theta), float(se), "EAP", int(n))
            for person, theta, se, n in zip(
                matrix.person_ids, scored.theta, scored.se, scored.items_answered, strict=True
            )
        ],
        "probabilities": [
            (
                person,
                item,
                float(chances.probability[i, j]),
                float(chances.lower[i, j]),
                float(chances.upper[i, j]),
                None if matrix.scores[i, j] < 0 else int(matrix.scores[i, j]),
            )
            for i, person in enumerate(matrix.person_ids)
            for j, item in enumerate(matrix.item_ids)
        ],
    }


def in_folder(folder: Path, table: str) -> list[tuple[Any, ...]]:
    """All rows of a published table, as any reader of Parquet has them: without the time of publication."""
    if not list(folder.glob(f"*/{table}/*.parquet")):
        return []
    texts = "".join(f", CAST({name} AS VARCHAR) AS {name}" for name in ("as_of", "computed_at")).lstrip(", ")
    chosen = f"* EXCLUDE (published_at) REPLACE ({texts})" if table == "publications" else "* EXCLUDE (published_at)"
    sql = f"SELECT {chosen} FROM read_parquet('{folder}/*/{table}/*.parquet') ORDER BY ALL"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(sql).fetchall()


def columns(folder: Path, table: str) -> list[tuple[str, str]]:
    """Names and types of the columns of a published table."""
    with duckdb.connect() as connection:
        found = connection.execute(f"DESCRIBE SELECT * FROM read_parquet('{folder}/*/{table}/*.parquet')").fetchall()
    return [(name, kind) for name, kind, *_ in found]


def in_bucket(warehouse: Warehouse, table: str, prefix: str = "", bucket: str = "school") -> list[tuple[str, ...]]:
    """All rows of a published table, as a reader of the manifests has them: texts, without the time of publication."""
    rows = []
    files = warehouse.files(bucket)
    for name, content in sorted(files.items()):
        if not (name.startswith(prefix) and name.endswith("manifest.json")):
            continue
        manifest = json.loads(content)
        for part in manifest["tables"].get(table, {}).get("objects", []):
            text = gzip.decompress(files[part["name"]]).decode()
            found = list(csv.reader(io.StringIO(text)))[1:]
            assert len(found) == part["rows"]
            rows += [tuple(row[:-1]) for row in found]
    return sorted(rows)


def numbers(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Texts of a CSV as the values that they stand for; the id of the selection and empty cells as they are."""

    def value(text: Any) -> Any:
        if not isinstance(text, str) or text == "" or (text.isdigit() and len(text) > 1 and text[0] == "0"):
            return None if text == "" else text
        try:
            return float(text) if any(c in text for c in ".e") else int(text)
        except ValueError:
            return text

    return [(row[0], *map(value, row[1:])) for row in rows]
