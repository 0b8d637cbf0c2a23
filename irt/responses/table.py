"""The responses table: one row for each answer of a student to an item in an exam (see ``docs/import.md``)."""

from __future__ import annotations

from collections.abc import Mapping

#: Columns of the table and their types. Sources offer all of them, NULL where a table lacks one.
COLUMNS: Mapping[str, str] = {
    "student_id": "STRING",
    "item_id": "STRING",
    "subject_name": "STRING",
    "exam_name": "STRING",
    "correct": "INT64",
    "item_name": "STRING",
    "student_name": "STRING",
    "student_grade": "STRING",
    "class_name": "STRING",
    "intended_difficulty": "STRING",
    "answer": "STRING",
    "answer_key": "STRING",
    "answered_at": "TIMESTAMP",
    "attempt": "INT64",
}

#: Columns that a table cannot do without.
REQUIRED = ("student_id", "item_id", "subject_name", "exam_name", "correct")
