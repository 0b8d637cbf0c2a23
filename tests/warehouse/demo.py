"""A school's own table: the sample exams under other names and types, with a few rows that break the contract."""

from __future__ import annotations

import json
from pathlib import Path

from tests.warehouse.warehouse import Warehouse

TABLE = "demo.school.answers"

#: What the school calls the columns of the contract.
COLUMNS = {
    "student_id": "pupil_no",
    "item_id": "question",
    "subject_name": "subject",
    "exam_name": "test",
    "correct": "is_right",
    "item_name": "question_text",
    "student_name": "pupil_name",
    "student_grade": "year_group",
    "class_name": "form",
    "intended_difficulty": "level",
    "answer": "chosen",
    "answer_key": "right_option",
    "answered_at": "taken_at",
    "attempt": "try_no",
}

#: Numbers for pupils, truth values for answers, whole numbers for years; at the end what a real table has too.
_SELECT = """
WITH sample AS (
  SELECT 100000 + dense_rank() OVER (ORDER BY student_id) AS pupil_no, item_id AS question, subject_name AS subject,
    exam_name AS test, correct = 1 AS is_right, item_name AS question_text, student_name AS pupil_name,
    TRY_CAST(student_grade AS BIGINT) AS year_group, class_name AS form, intended_difficulty AS level,
    answer AS chosen, answer_key AS right_option, CAST(answered_at AS TIMESTAMP) AS taken_at,
    CAST(attempt AS BIGINT) AS try_no, gender, row_number() OVER () AS _row
  FROM frame)
SELECT * EXCLUDE (_row) FROM sample
UNION ALL SELECT * EXCLUDE (_row) REPLACE (NULL AS pupil_no) FROM sample WHERE _row % 50000 = 1
UNION ALL SELECT * EXCLUDE (_row) REPLACE ('' AS question) FROM sample WHERE _row % 60000 = 2
UNION ALL SELECT * EXCLUDE (_row) REPLACE (NULL AS test) FROM sample WHERE _row % 70000 = 3
UNION ALL SELECT * EXCLUDE (_row) FROM sample WHERE _row % 40000 = 4
ORDER BY test, pupil_no"""


def put_sample(warehouse: Warehouse) -> dict[str, str]:
    """Make the table from the sample exams; the settings that read it."""
    import pandas as pd

    from irt.samples import sample_exams

    frame = pd.concat([exam.frame for exam in sample_exams()], ignore_index=True)
    warehouse.put_table(TABLE, _SELECT, frames={"frame": frame})
    return {**_settings(warehouse), "ITEMWISE_COLUMNS": json.dumps(COLUMNS), "ITEMWISE_GROUPS": "gender"}


def put_folder(warehouse: Warehouse, folder: Path) -> dict[str, str]:
    """Serve a folder of Parquet files as the table, under the names that they have; the settings that read it."""
    files = str(folder / "**" / "*.parquet").replace("'", "''")
    warehouse.put_table(TABLE, f"SELECT * FROM read_parquet('{files}', union_by_name = true)", copy=False)
    return _settings(warehouse)


def _settings(warehouse: Warehouse) -> dict[str, str]:
    return {
        "ITEMWISE_SOURCE": f"bigquery:{TABLE}",
        "ITEMWISE_BIGQUERY_ENDPOINT": warehouse.endpoint,
        "ITEMWISE_STORAGE_ENDPOINT": warehouse.endpoint,
    }
