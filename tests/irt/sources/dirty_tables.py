"""Tables of answers as schools have them: repeated attempts, several exams, nothing scored, rows that break rules."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from irt.sources.engine import Duck, DuckEngine

#: In byte order item_10 comes before item_2: places in natural order differ from places by id.
ITEMS = [f"item_{k}" for k in range(1, 13)]


def dirty_table(
    seed: int, n_students: int = 40, exams: tuple[str, ...] = ("E", "F"), share: float = 0.8
) -> pd.DataFrame:
    """Answers of students to some of the items of some exams, with everything that may go wrong in such a table."""
    rng = np.random.default_rng(seed)
    rows = []
    for student in range(n_students):
        for exam in exams:
            if rng.random() < 0.15:
                continue
            silent = rng.random() < 0.1
            stops = rng.integers(4, 20)
            for k, item in enumerate(ITEMS):
                for _ in range(rng.choice([0, 1, 2, 3], p=[1 - share, share - 0.12, 0.08, 0.04])):
                    open_ = silent or k >= stops or rng.random() < 0.1
                    rows.append(
                        {
                            "student_id": f"s{student}" if rng.random() > 0.01 else None,
                            "item_id": item if rng.random() > 0.01 else "",
                            "subject_name": rng.choice(["M", ""]) if len(exams) > 3 else "M",
                            "exam_name": exam if rng.random() > 0.01 else None,
                            "correct": 7
                            if rng.random() < 0.01
                            else None
                            if open_
                            else int(rng.random() < 0.3 + k / 20),
                            "item_name": f"Question {k}",
                            "class_name": rng.choice(["a", "b"]),
                            "answer": rng.choice(["A", "B", "C", None, ""]),
                            "answer_key": "B" if k else "E",
                            "answered_at": pd.Timestamp("2026-04-09") + pd.Timedelta(minutes=int(rng.integers(0, 9)))
                            if rng.random() < 0.8
                            else None,
                            "attempt": int(rng.integers(1, 4)) if rng.random() < 0.7 else None,
                        }
                    )
    return pd.DataFrame(rows).astype({"correct": "Int64", "attempt": "Int64"})


def engine_over(frame: pd.DataFrame, folder: Path) -> DuckEngine:
    """The embedded engine over a frame, which is written as it is."""
    file = folder / "answers.parquet"
    connection = duckdb.connect()
    connection.register("frame", frame)
    connection.execute(f"COPY frame TO '{file}' (FORMAT parquet)")
    return DuckEngine(Duck(), [file], ())
