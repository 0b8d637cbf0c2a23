"""Answers in memory: the same numbers as the same answers in a store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from irt.responses import prepare
from irt.selection import FULL_SCOPE, Selection
from irt.sources import ParquetStore
from irt.sources.memory import scored_rows

PERSONS = ["s10", "s2", "s2", "s10", "s3"]
ITEMS = ["q10", "q2", "q10", "q2", "q1"]
CORRECT = [1, 0, None, 1, 0]


def test_identity_prepared_answers_are_those_of_a_store(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"student_id": PERSONS, "item_id": ITEMS, "correct": CORRECT, "subject_name": "S", "exam_name": "E"}
    )
    store = ParquetStore(tmp_path)
    store.add(frame)
    stored = prepare(store.answers(Selection(subject="S", exams=("E",)), FULL_SCOPE))
    held = prepare(scored_rows(PERSONS, ITEMS, CORRECT))
    assert held.matrix.person_ids == stored.matrix.person_ids == ("s2", "s3", "s10")
    assert held.matrix.item_ids == stored.matrix.item_ids == ("q1", "q2", "q10")
    np.testing.assert_array_equal(held.matrix.scores, stored.matrix.scores)
    np.testing.assert_array_equal(held.cells, stored.cells)


def test_items_that_nobody_answered_have_a_column() -> None:
    rows = scored_rows(PERSONS, ITEMS, CORRECT, more_items=["q3"])
    matrix = prepare(rows).matrix
    assert matrix.item_ids == ("q1", "q2", "q3", "q10")
    assert (matrix.scores[:, 2] == -1).all()
