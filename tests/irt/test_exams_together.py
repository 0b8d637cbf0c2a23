"""Several exams of a subject as one: calibrated together where something ties them, else refused with a sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import irt
from irt.errors import FitError, NotFoundError
from irt.responses import Cell
from irt.selection import FULL_SCOPE, MissingPolicy, Selection
from irt.service import Service
from irt.sources import ParquetStore

BOTH = Selection("Maths", ("Term 2", "Term 10"))
#: Items 1-12 in Term 2, items 9-20 in Term 10: four anchors.
FORMS = {"Term 2": range(1, 13), "Term 10": range(9, 21)}


def sitting(exam: str, students: range, items: range, seed: int) -> pd.DataFrame:
    """Simulated answers of students to the items of a form; the last item is not reached by every tenth student."""
    rng = np.random.default_rng(seed)
    theta = np.random.default_rng(7).normal(size=1000)[list(students)]
    places = np.linspace(-1.5, 1.5, 20)
    rows = [
        {
            "student_id": f"s{student}",
            "item_id": f"i{item}",
            "subject_name": "Maths",
            "exam_name": exam,
            "correct": int(rng.random() < 1 / (1 + np.exp(places[item - 1] - theta[k]))),
            "class_name": "A" if student % 2 else "B",
            "answered_at": pd.Timestamp("2026-04-01" if exam == "Term 2" else "2026-07-01"),
        }
        for k, student in enumerate(students)
        for item in items
    ]
    frame = pd.DataFrame(rows).astype({"correct": "Int8"})
    late = (frame["item_id"] == f"i{items[-1]}") & (frame["student_id"].str.endswith("0"))
    frame.loc[late, "correct"] = pd.NA
    return frame


def service_of(folder: Path, *frames: pd.DataFrame) -> Service:
    store = ParquetStore(folder)
    for frame in frames:
        store.add(frame)
    return Service(store)


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """Different students, common items."""
    return service_of(
        tmp_path_factory.mktemp("anchored"),
        sitting("Term 2", range(300), FORMS["Term 2"], 1),
        sitting("Term 10", range(300, 600), FORMS["Term 10"], 2),
    )


def test_anchored_exams_are_one_calibration_of_all_items(anchored: Service) -> None:
    prepared = anchored.responses(FULL_SCOPE, BOTH)
    assert prepared.matrix.scores.shape == (600, 20)
    calibration = anchored.calibration(FULL_SCOPE, BOTH)
    assert calibration.log_likelihood == irt.calibrate(prepared.matrix, model=calibration.model).log_likelihood
    report = anchored.exam(FULL_SCOPE, BOTH)
    assert report.provenance.as_dict()["exams"] == ["Term 10", "Term 2"]
    assert [item.n for item in report.items if item.item_id == "i9"] == [600]


def test_scores_are_out_of_the_items_given(anchored: Service) -> None:
    report = anchored.exam(FULL_SCOPE, BOTH)
    assert (report.max_score, report.scores.fewest_given, report.scores.most_given) == (12, 12, 12)
    assert sum(report.scores.counts) == 600
    assert len(report.scores.counts) == 13
    for student in anchored.students(FULL_SCOPE, BOTH).students[::97]:
        shown = anchored.student(FULL_SCOPE, BOTH, student.handle)
        given = [chance for chance in shown.chances if chance.missing != "not administered"]
        assert shown.max_score == student.items_given == len(given) == 12
        assert 0 <= shown.repeat_lower <= shown.repeat_upper <= 12
        # The expected score is the sum of the chances at the ability, of the items given.
        items = anchored.calibration(FULL_SCOPE, BOTH).items
        column = [items.item_ids.index(chance.item_id) for chance in given]
        assert student.expected_score == pytest.approx(irt.irf([student.theta], items)[0, column].sum(), abs=1e-12)


def test_students_who_sat_one_or_both_exams_have_maxima_of_their_own(tmp_path: Path) -> None:
    service = service_of(
        tmp_path,
        sitting("Term 2", range(200), FORMS["Term 2"], 1),
        sitting("Term 10", range(150, 300), FORMS["Term 10"], 2),
    )
    report = service.exam(FULL_SCOPE, BOTH)
    assert (report.scores.fewest_given, report.scores.most_given, report.max_score) == (12, 20, 20)
    by_id = {student.student_id: student for student in service.students(FULL_SCOPE, BOTH).students}
    assert [by_id[name].items_given for name in ("s149", "s150", "s299")] == [12, 20, 12]
    # Fifty students answered four anchors in both: the answers of the exam that was sat first count.
    settled = {entry.reason: entry.n_rows for entry in report.health.dropped}
    assert settled == {"item answered in several exams (the first answer counts)": 200}
    prepared = service.responses(FULL_SCOPE, BOTH)
    first = sitting("Term 2", range(200), FORMS["Term 2"], 1).set_index(["student_id", "item_id"])["correct"]
    row = prepared.matrix.person_ids.index("s151")
    column = prepared.matrix.item_ids.index("i9")
    assert prepared.matrix.scores[row, column] == first["s151", "i9"]


def test_not_reached_is_told_by_the_order_of_each_exam(anchored: Service) -> None:
    prepared = anchored.responses(FULL_SCOPE, BOTH)
    cells = prepared.cells[prepared.matrix.person_ids.index("s10")]
    assert cells[prepared.matrix.item_ids.index("i12")] == Cell.NOT_REACHED
    alone = anchored.responses(FULL_SCOPE, replace(BOTH, exams=("Term 2",)))
    both = sum(
        int((anchored.responses(FULL_SCOPE, replace(BOTH, exams=(exam,))).cells == Cell.NOT_REACHED).sum())
        for exam in BOTH.exams
    )
    assert int((alone.cells == Cell.NOT_REACHED).sum()) == 30
    assert int((prepared.cells == Cell.NOT_REACHED).sum()) == both == 60
    wrong = anchored.responses(FULL_SCOPE, replace(BOTH, missing=MissingPolicy.WRONG))
    assert (wrong.matrix.scores >= 0).sum() == 600 * 12


def test_exams_without_common_items_or_students_are_refused(tmp_path: Path) -> None:
    service = service_of(
        tmp_path,
        sitting("Term 2", range(100), range(1, 11), 1),
        sitting("Term 10", range(100, 200), range(11, 21), 2),
    )
    with pytest.raises(FitError, match=r"Term (10|2) and Term (2|10) share no items and no students"):
        service.exam(FULL_SCOPE, BOTH)
    assert service.exam(FULL_SCOPE, replace(BOTH, exams=("Term 2",))).calibration is not None


def test_common_students_tie_exams_without_common_items(tmp_path: Path) -> None:
    service = service_of(
        tmp_path,
        sitting("Term 2", range(120), range(1, 11), 1),
        sitting("Term 10", range(120), range(11, 21), 2),
    )
    assert service.exam(FULL_SCOPE, BOTH).max_score == 20


def test_every_exam_named_must_be_there(anchored: Service) -> None:
    with pytest.raises(NotFoundError, match="There is no exam 'Term 3'"):
        anchored.exam(FULL_SCOPE, replace(BOTH, exams=("Term 2", "Term 3")))


def test_a_class_that_sat_one_of_the_exams_can_be_in_focus(anchored: Service) -> None:
    focus = replace(BOTH, class_name="A")
    assert anchored.exam(FULL_SCOPE, focus).class_scores.n_students == 300
    assert {student.class_name for student in anchored.students(FULL_SCOPE, focus).students} == {"A"}


def test_the_order_of_naming_does_not_matter(anchored: Service) -> None:
    assert anchored.exam(FULL_SCOPE, Selection("Maths", ("Term 10", "Term 2"))) is anchored.exam(FULL_SCOPE, BOTH)
