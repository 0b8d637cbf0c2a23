"""A school in which some groups are small, and whose ids and names can be found wherever they stand."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Stands in every id and name.
SECRET = "secret"
#: Students of each class: C is small in May, so B goes with it; in June it would be large enough by itself.
CLASSES = {"A": 30, "B": 14, "C": 4}
SUBJECT, MAY, JUNE, RETAKE = "Maths", "May", "June", "Retake"


def school() -> pd.DataFrame:
    """Three exams of eight items. The retake was sat by five; one of A did not answer; one of A is a repeater."""
    rng = np.random.default_rng(8)
    rows = []
    for exam, sizes in ((MAY, CLASSES), (JUNE, {**CLASSES, "C": 11}), (RETAKE, {"A": 5})):
        for name, n in sizes.items():
            for k in range(n):
                ability = rng.normal()
                who = {
                    "student_id": f"{SECRET}-{name}-{k:02}",
                    "student_name": f"Hana {SECRET} {name}{k}",
                    "class_name": name,
                    "student_grade": "8" if (name, k) == ("A", 3) else "7",
                    "gender": "x" if k == 1 else "male" if k % 2 else "female",
                }
                away = (exam, name, k) == (MAY, "A", 5)
                for item in range(8):
                    right = int(rng.random() < 1 / (1 + np.exp(-(ability - (item - 4) / 3))))
                    answer = {"item_id": f"{exam[0] if item > 3 else 'q'}{item}", "correct": None if away else right}
                    chosen = {"answer": None if away else "AB"[1 - right], "answer_key": "A"}
                    rows.append({"subject_name": SUBJECT, "exam_name": exam, **who, **answer, **chosen})
    return pd.DataFrame(rows).astype({"correct": "Int8"})
