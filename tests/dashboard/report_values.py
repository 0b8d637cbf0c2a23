"""Reports made by hand for tests of rendering: six items, four students, every kind of answer once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from irt import __version__
from irt.calibration import Calibration, CalibrationOptions, Excluded, FitStatus, StandardErrors
from irt.items import ItemParameters
from irt.reports import (
    ClassMap,
    DataHealth,
    ExamReport,
    ItemChance,
    ItemReport,
    PolicyComparison,
    Provenance,
    ScoreSummary,
    StudentList,
    StudentReport,
    StudentSummary,
    VerdictChange,
)
from irt.responses import Dropped
from irt.selection import Selection
from irt.verdicts import Finding, FindingCode, Level, Verdict

NAN = float("nan")
SELECTION = Selection("Mathematics", ("Term 2",), "1-A")
TIME = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
ITEM_IDS = ("q1", "q2", "q3", "q4", "q5", "q6")
ITEM_NAMES = (
    "Add fractions",
    "Solve for x",
    "Read a graph",
    "Area of a circle",
    "Proof by induction",
    "Trick question",
)


def provenance(selection: Selection = SELECTION) -> Provenance:
    return Provenance(selection, "abc123", TIME, __version__, "2PL", None, "converged", TIME)


def item(position: int, **changes: Any) -> ItemReport:
    """An item report; item 6 is one that everybody got right, so without parameters."""
    calibrated = position != 6
    level = Level.WORKS_WELL if calibrated else Level.NOTE
    findings = () if calibrated else (Finding(FindingCode.EVERYBODY_RIGHT, Level.NOTE, {"n": 40}),)
    share = 1.0 - 0.13 * position if calibrated else 1.0
    values = {
        "item_id": ITEM_IDS[position - 1],
        "item_name": ITEM_NAMES[position - 1],
        "position": position,
        "n": 40,
        "n_omitted": 1,
        "n_not_reached": 0,
        "proportion_correct": share,
        "proportion_lower": share - 0.1,
        "proportion_upper": min(share + 0.1, 1.0),
        "item_total_r": 0.5 if calibrated else NAN,
        "item_rest_r": 0.4 if calibrated else NAN,
        "item_rest_lower": 0.1 if calibrated else NAN,
        "item_rest_upper": 0.6 if calibrated else NAN,
        "alpha_if_dropped": 0.7,
        "discrimination": 0.9 + 0.1 * position if calibrated else NAN,
        "discrimination_se": 0.2 if calibrated else NAN,
        "difficulty": -2.0 + 0.7 * position if calibrated else NAN,
        "difficulty_se": 0.3 if calibrated else NAN,
        "intercept": 0.5 if calibrated else NAN,
        "intercept_se": 0.25 if calibrated else NAN,
        "guessing": 0.0 if calibrated else NAN,
        "guessing_se": NAN,
        "upper_asymptote": 1.0 if calibrated else NAN,
        "upper_asymptote_se": NAN,
        "half_score": 3.0,
        "intended_difficulty": None,
        "verdict": Verdict(level, findings),
    }
    return ItemReport(**(values | changes))


def items() -> tuple[ItemReport, ...]:
    return tuple(item(position) for position in range(1, 7))


def student(k: int, **changes: Any) -> StudentSummary:
    """Student k of 1 to 4, weaker as k grows."""
    names = ("Haruka Sato", "佐藤 健", "Emma Brown", None)
    values = {
        "handle": f"handle{k}",
        "student_id": f"00{k}",
        "name": names[(k - 1) % 4],
        "class_name": "1-A",
        "grade": "1",
        "score": max(5 - k, 0),
        "items_answered": 6,
        "theta": 1.5 - 0.8 * k,
        "se": 0.45,
        "expected_score": 5.0 - k,
        "expected_lower": 4.2 - k,
        "expected_upper": 5.6 - k,
        "items_given": 6,
        "zh": 0.3,
        "zh_corrected": 0.3,
        "p_value_fit": 0.62,
    }
    return StudentSummary(**(values | changes))


def student_list(n: int = 4) -> StudentList:
    return StudentList(tuple(student(k) for k in range(1, n + 1)), 6, provenance())


def chance(k: int, probability: float, correct: int | None, **changes: Any) -> ItemChance:
    values = {
        "item_id": ITEM_IDS[k - 1],
        "item_name": ITEM_NAMES[k - 1],
        "probability": probability,
        "lower": max(probability - 0.15, 0.0),
        "upper": min(probability + 0.1, 1.0),
        "correct": correct,
        "missing": "",
        "answer": None,
        "answer_key": "B",
        "surprise": False,
    }
    return ItemChance(**(values | changes))


def student_report(**changes: Any) -> StudentReport:
    """A student who missed an item they were expected to get, skipped one and did not reach one."""
    chances = (
        chance(1, 0.93, 0, answer="C", surprise=True),
        chance(2, 0.80, 1, answer="B"),
        chance(3, 0.60, 1, answer="B"),
        chance(4, 0.40, None, missing="omitted"),
        chance(5, 0.15, None, missing="not reached"),
        chance(6, NAN, 1, lower=NAN, upper=NAN, answer="B"),
    )
    values = {
        "student": student(1, score=3, items_answered=4),
        "max_score": 6,
        "repeat_lower": 2,
        "repeat_upper": 5,
        "group_label": "1-A",
        "group_n": 4,
        "group_median": 2.5,
        "chances": chances,
        "provenance": provenance(),
    }
    return StudentReport(**(values | changes))


def class_map(n_students: int = 3) -> ClassMap:
    rows = range(n_students)
    probability = np.array([[0.95, 0.80, 0.55, 0.35, 0.08, NAN] for _ in rows])
    correct = np.array([[0, 1, 1, -1, 1, 1] if i == 0 else [1, 1, 0, 0, 0, 1] for i in rows], dtype=np.int8)
    surprise = ((correct == 0) & (probability >= 0.9)) | ((correct == 1) & (probability <= 0.1))
    return ClassMap(
        students=tuple(student(i + 1) for i in rows),
        items=items(),
        probability=probability,
        lower=probability - 0.1,
        upper=probability + 0.05,
        correct=correct,
        surprise=surprise,
        n_students=n_students,
        provenance=provenance(),
    )


def health(**changes: Any) -> DataHealth:
    values = {
        "n_rows": 245,
        "n_answers": 228,
        "n_students": 40,
        "n_items": 6,
        "n_omitted": 7,
        "n_not_reached": 4,
        "n_not_administered": 1,
        "dropped": (Dropped("repeated attempt (the first one counts)", 5),),
        "absent_students": ("008", "009"),
        "excluded_students": (),
        "excluded_items": (Excluded("q6", "Everybody got it right."),),
    }
    return DataHealth(**(values | changes))


def calibration(**changes: Any) -> Calibration:
    ids = ITEM_IDS[:5]
    some = np.full(5, 0.2)
    values = {
        "items": ItemParameters.from_arrays(ids, np.linspace(0.8, 1.4, 5), difficulty=np.linspace(-1.5, 1.5, 5)),
        "item_names": ITEM_NAMES[:5],
        "standard_errors": StandardErrors(some, some, some, np.full(5, NAN), np.full(5, NAN)),
        "covariance": np.eye(10) * 0.04,
        "n_answers": np.full(5, 38.0),
        "log_likelihood": -120.25,
        "n_persons": 40,
        "n_parameters": 10,
        "history": (-130.0, -121.0, -120.25),
        "status": FitStatus.CONVERGED,
        "options": CalibrationOptions(),
    }
    return Calibration(**(values | changes))


def exam(**changes: Any) -> ExamReport:
    scores = ScoreSummary(40, 3.2, 1.4, 0, 6, (1, 4, 8, 10, 9, 5, 3), 6, 6)
    values = {
        "selection": SELECTION,
        "max_score": 6,
        "scores": scores,
        "class_scores": scores,
        "alpha": 0.71,
        "alpha_lower": 0.6,
        "alpha_upper": 0.8,
        "sem_classical": 0.9,
        "empirical_reliability": 0.68,
        "items": items(),
        "calibration": calibration(),
        "model_reason": "38 answers per item: enough for one slope each.",
        "health": health(),
        "warnings": (),
        "provenance": provenance(),
    }
    return ExamReport(**(values | changes))


def policies(**changes: Any) -> PolicyComparison:
    change = VerdictChange(
        "q5",
        "Proof by induction",
        {"ignore": Level.WORKS_WELL, "omitted-wrong": Level.WORKS_WELL, "wrong": Level.WEAK},
    )
    values = {"policies": ("ignore", "omitted-wrong", "wrong"), "changes": (change,), "n_items": 6}
    return PolicyComparison(**(values | changes))
