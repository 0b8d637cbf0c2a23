"""A store in which each exam has one flaw, and warehouses that fail for each reason, in the service's own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from irt.errors import SourceError
from irt.warehouse.refusals import Asked, refusal

SUBJECT = "Crafted"
ASKED = Asked("answers", "school.exams.answers", "school", max_bytes=10**11, sql="SELECT 1")


def rows(exam: str, items: str, n: int = 60, first: int = 0, class_name: str | None = "7A") -> list[dict[str, Any]]:
    """Answers of so many students to items named by letters; the abler answer more of them right."""
    draw = np.random.default_rng(sum(exam.encode()))
    return [
        {
            "student_id": f"s{first + student:04d}",
            "item_id": item,
            "subject_name": SUBJECT,
            "exam_name": exam,
            "correct": int(draw.normal() + 2 * student / n - 1 > (ord(item[0]) % 5 - 2) / 2),
            "class_name": class_name,
            "attempt": 1,
        }
        for student in range(n)
        for item in items.split()
    ]


def store(folder: Path) -> Path:
    """Put the exams into a folder, as somebody does by hand."""
    import duckdb
    import pandas as pd

    constant = [{**row, "correct": 1} if row["item_id"] == "e" else row for row in rows("Constant", "a b c d e")]
    odd = rows("Odd", "a b c d e")
    odd += [{**odd[0], "student_id": f"odd{k}", "correct": 7} for k in range(3)]
    again = rows("Again", "a b c d e")
    again += [{**row, "attempt": 2} for row in again[:4]]
    absent = rows("Absent", "a b c d e")
    absent += [{**row, "student_id": "absent", "correct": None} for row in absent[:5]]
    frame = pd.DataFrame(
        [
            *rows("Plain", "a b c d e"),
            *rows("Bare", "a b c d e", class_name=None),
            *rows("Tiny", "a b c d e", n=12),
            *rows("Near", "a k l m n", first=1000),
            *rows("Far", "v w x y z", first=2000),
            *constant,
            *odd,
            *again,
            *absent,
        ]
    ).astype({"correct": "Int64", "attempt": "Int64"})
    folder.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.register("frame", frame)
    connection.execute(f"COPY (SELECT * FROM frame) TO '{folder / 'crafted.parquet'}' (FORMAT parquet)")
    return folder


def refused(status: int, reason: str, message: str = "") -> SourceError:
    """What is made of an answer of the warehouse."""
    from google.api_core.exceptions import from_http_status

    error = from_http_status(status, message, errors=[{"reason": reason, "message": message}])
    found = refusal(error, ASKED)
    assert found is not None
    return found


def unreachable() -> SourceError:
    """What is made of a network that is down."""
    from requests import ConnectionError as Down

    found = refusal(Down(), ASKED)
    assert found is not None
    return found
