"""Simulated answers of a large exam as a Parquet file in the layout of the responses table.

    .venv/bin/python -m benchmarks.warehouse_data FOLDER --persons 500000 --items 40 [--shuffled] [--rich]

2PL answers, a share of them missing at random (such answers have no row). ``--shuffled``: rows in random order instead
of by student and item. ``--rich``: with names of students, grade, class, gender, the chosen options A to E and the key,
times and intended difficulties. The same arguments give the same answers.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

#: Students who are simulated at a time.
BLOCK = 50_000
SUBJECT, EXAM = "Mathematics", "Final 2026"

_PLAIN = """
SELECT 's' || LPAD(CAST(person + 1 AS VARCHAR), 7, '0') AS student_id, item_name.item_id AS item_id,
  '{subject}' AS subject_name, '{exam}' AS exam_name, CAST(correct AS BIGINT) AS correct, item_name.name AS item_name
FROM code JOIN item_name ON item_name.item = code.item"""
_RICH = """
SELECT 's' || LPAD(CAST(person + 1 AS VARCHAR), 7, '0') AS student_id, item_name.item_id AS item_id,
  '{subject}' AS subject_name, '{exam}' AS exam_name, CAST(correct AS BIGINT) AS correct, item_name.name AS item_name,
  'Student ' || CAST(person + 1 AS VARCHAR) AS student_name, CAST(7 + person % 3 AS VARCHAR) AS student_grade,
  'Class ' || CAST(person // 30 + 1 AS VARCHAR) AS class_name,
  CASE WHEN code.item % 3 = 0 THEN 'easy' WHEN code.item % 3 = 1 THEN 'medium' ELSE 'hard' END AS intended_difficulty,
  SUBSTR('ABCDE', 1 + (code.item + IF(correct = 1, 0, 1 + (person * 7 + code.item * 3) % 4)) % 5, 1) AS answer,
  SUBSTR('ABCDE', 1 + code.item % 5, 1) AS answer_key,
  TIMESTAMP '2026-07-01 09:00:00' + TO_SECONDS(person % 3600 + 60 * code.item) AS answered_at,
  IF(HASH(person) % 2 = 0, 'girl', 'boy') AS gender
FROM code JOIN item_name ON item_name.item = code.item"""


def parameters(n_items: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slopes and intercepts."""
    rng = np.random.default_rng(1)
    return rng.lognormal(0, 0.3, n_items), rng.normal(0, 1, n_items)


def blocks(n_persons: int, n_items: int, missing: float) -> Iterator[NDArray[np.int8]]:
    """The scores, in blocks of students: 1, 0, -1 missing."""
    slopes, intercepts = parameters(n_items)
    for k, start in enumerate(range(0, n_persons, BLOCK)):
        rng = np.random.default_rng([2, k])
        theta = rng.normal(size=min(BLOCK, n_persons - start))
        p = 1 / (1 + np.exp(-(np.outer(theta, slopes) + intercepts)))
        scores = (rng.random(p.shape) < p).astype(np.int8)
        scores[rng.random(p.shape) < missing] = -1
        yield scores


def matrix(n_persons: int, n_items: int, missing: float = 0.03) -> NDArray[np.int8]:
    """The scores as one table, shape (n_persons, n_items)."""
    found = np.empty((n_persons, n_items), dtype=np.int8)
    start = 0
    for scores in blocks(n_persons, n_items, missing):
        found[start : start + len(scores)] = scores
        start += len(scores)
    return found


def make(
    folder: Path, n_persons: int, n_items: int, missing: float = 0.03, shuffled: bool = False, rich: bool = False
) -> Path:
    """Write the answers into a folder and return the file; one that is there already is kept."""
    import duckdb

    words = [f"{n_persons}x{n_items}", *(["shuffled"] * shuffled), *(["rich"] * rich)]
    target = folder / f"answers-{'-'.join(words)}.parquet"
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    connection = duckdb.connect()
    connection.execute("CREATE TABLE code (person INTEGER, item INTEGER, correct TINYINT)")
    connection.execute(
        "CREATE TABLE item_name AS SELECT CAST(range AS INTEGER) AS item, 'q' || LPAD(CAST(range + 1 AS VARCHAR), 3, "
        "'0') AS item_id, 'Question ' || CAST(range + 1 AS VARCHAR) AS name FROM range(?)",
        [n_items],
    )
    for k, scores in enumerate(blocks(n_persons, n_items, missing)):
        person, item = np.nonzero(scores >= 0)
        codes = {  # noqa: F841 - DuckDB finds it by its name
            "person": (person + k * BLOCK).astype(np.int32),
            "item": item.astype(np.int32),
            "correct": scores[person, item],
        }
        connection.execute("INSERT INTO code SELECT * FROM codes").fetchall()
    rows = (_RICH if rich else _PLAIN).format(subject=SUBJECT, exam=EXAM)
    order = "HASH(person * 1000 + code.item)" if shuffled else "person, code.item"
    connection.execute(
        f"COPY ({rows} ORDER BY {order}) TO '{part}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
    ).fetchall()
    part.rename(target)
    return target


def main() -> None:
    """Write one file."""
    parser = argparse.ArgumentParser(description="Simulate the answers of a large exam.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--persons", type=int, default=500_000)
    parser.add_argument("--items", type=int, default=40)
    parser.add_argument("--missing", type=float, default=0.03)
    parser.add_argument("--shuffled", action="store_true")
    parser.add_argument("--rich", action="store_true")
    chosen = parser.parse_args()
    file = make(chosen.folder, chosen.persons, chosen.items, chosen.missing, chosen.shuffled, chosen.rich)
    print(f"{file}  {file.stat().st_size / 2**20:.1f} MB")


if __name__ == "__main__":
    main()
