"""Answers in the layout of the responses table: one row for each answer of a student to an item in an exam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from irt.responses import AnswerRows

if TYPE_CHECKING:
    import pandas as pd


def to_frame(
    rows: AnswerRows, subject: str, exam: str, answered_at: NDArray[np.datetime64] | None = None
) -> pd.DataFrame:
    """The responses table of one exam.

    Parameters
    ----------
    rows : AnswerRows
    subject, exam : str
    answered_at : ndarray of datetime64, shape (n_rows,), optional
        Times in UTC; kept where there is an answer. Without times there is no such column.

    Returns
    -------
    pandas.DataFrame
        ``correct`` is a nullable integer; columns that hold nothing are left out, except the required ones.
    """
    import pandas as pd

    answered = rows.correct >= 0
    persons, items = rows.persons, rows.items
    columns: dict[str, Any] = {
        "student_id": _spread(persons.person_ids, rows.person),
        "item_id": _spread(items.item_ids, rows.item),
        "subject_name": subject,
        "exam_name": exam,
        "correct": pd.array(np.where(answered, rows.correct, 0).astype("int64"), dtype="Int64"),
        "item_name": _spread(items.names, rows.item),
        "student_name": _spread(persons.names, rows.person),
        "student_grade": _spread(persons.grades, rows.person),
        "class_name": _spread(persons.classes, rows.person),
        "intended_difficulty": _spread(items.intended_difficulties, rows.item),
        "answer": _spread((*rows.options, None), rows.option),
        "answer_key": _spread(items.answer_keys, rows.item),
        **{name: _spread(values, rows.person) for name, values in persons.properties.items()},
    }
    columns["correct"][~answered] = pd.NA
    if answered_at is not None:
        columns["answered_at"] = np.where(answered, answered_at, np.datetime64("NaT"))
        columns["attempt"] = 1
    return pd.DataFrame({name: column for name, column in columns.items() if column is not None})


def _spread(values: Sequence[str | None], codes: NDArray[np.integer[Any]]) -> Any:
    """A column of strings from codes (None where every value is missing); -1 takes the last value."""
    import pandas as pd

    if all(value is None for value in values):
        return None
    return pd.array(np.array(values, dtype=object), dtype="str").take(codes % len(values))
