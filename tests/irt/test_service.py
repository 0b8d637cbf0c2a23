"""The service: one selection in, reports out, the same numbers as the core by hand, nothing outside the scope."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import irt
from irt.cache import CalibrationFolder
from irt.errors import NotFoundError, SelectionError, TooFewAnswersError
from irt.responses import prepare
from irt.selection import FULL_SCOPE, AttemptPolicy, MissingPolicy, Scope, Selection
from irt.service import Service
from irt.sources import ParquetStore

MATHS = Selection(subject="Mathematics (simulated)", exams=("Term 2",))
SCIENCE = Selection(subject="Science (simulated)", exams=("Term 2",))
LSAT = Selection(subject="Law School Admission Test", exams=("Section 6",))


@pytest.fixture(scope="module")
def service(sample_store: Path) -> Service:
    return Service(ParquetStore(sample_store))


# Selections ----------------------------------------------------------------------------------------------------------


def test_the_only_exam_of_a_subject_need_not_be_named(service):
    scope = Scope(exams=frozenset({"Section 6"}))
    assert service.resolve(scope, Selection()) == replace(LSAT, share=1.0)


def test_an_open_choice_is_a_sentence_that_lists_the_choices(service):
    with pytest.raises(SelectionError, match=r"Choose one exam: Term 1, Term 2, Term 3\."):
        service.exam(FULL_SCOPE, Selection(subject=MATHS.subject))


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        (Selection(subject="Alchemy"), "subject 'Alchemy'"),
        (replace(MATHS, exams=("Term 9",)), "exam 'Term 9'"),
        (replace(MATHS, class_name="13Z"), "class '13Z'"),
    ],
)
def test_what_is_not_there_is_named_beside_what_is(service, wanted, kind):
    with pytest.raises(NotFoundError, match=f"There is no {kind}. There is: "):
        service.exam(FULL_SCOPE, wanted)


# Reports agree with the core -----------------------------------------------------------------------------------------


def test_the_exam_report_holds_the_numbers_of_the_core(service, sample_store):
    report = service.exam(FULL_SCOPE, LSAT)
    matrix = prepare(ParquetStore(sample_store).answers(LSAT, FULL_SCOPE)).matrix
    calibration = irt.calibrate(matrix)
    assert [item.discrimination for item in report.items] == calibration.items.discrimination.tolist()
    assert [item.difficulty_se for item in report.items] == calibration.standard_errors.difficulty.tolist()
    assert report.calibration.log_likelihood == calibration.log_likelihood
    assert report.scores.n_students == sum(report.scores.counts) == 1000


def test_every_item_of_a_report_has_its_own_numbers_and_never_fewer(service):
    report = service.exam(FULL_SCOPE, MATHS)
    shares = {item.item_id: item.proportion_correct for item in report.items}
    everybody = [item for item, share in shares.items() if share == 1]
    nobody = [item for item, share in shares.items() if share == 0]
    assert everybody
    assert nobody
    by_id = {item.item_id: item for item in report.items}
    assert all(math.isnan(by_id[item].difficulty) for item in everybody + nobody)
    assert {excluded.id for excluded in report.health.excluded_items} == {*everybody, *nobody}
    assert sum(report.level_counts().values()) == len(report.items)


def test_the_scale_of_the_exam_ends_near_its_number_of_items(service):
    curve = service.item(FULL_SCOPE, MATHS, service.exam(FULL_SCOPE, MATHS).items[0].item_id)
    assert curve.max_score - 6 < curve.expected_score[-1] < curve.max_score
    assert (np.diff(curve.expected_score) > -0.2).all()


def test_observed_groups_and_options_count_each_student_once(service):
    for item in service.exam(FULL_SCOPE, MATHS).items[:5]:
        curve = service.item(FULL_SCOPE, MATHS, item.item_id)
        assert sum(group.n for group in curve.observed) == item.n
        assert sum(option.n for option in curve.options) == sum(curve.fifth_sizes)


def test_the_probabilities_of_a_student_are_those_of_the_table(service):
    focus = replace(MATHS, class_name="8B")
    table = service.probabilities(FULL_SCOPE, focus)
    for student in service.students(FULL_SCOPE, focus).students[:3]:
        report = service.student(FULL_SCOPE, focus, student.handle)
        row = table.person_ids.index(student.student_id)
        for chance in report.chances:
            j = table.item_ids.index(chance.item_id)
            assert np.array_equal(
                [chance.probability, chance.lower, chance.upper],
                [table.probability[row, j], table.lower[row, j], table.upper[row, j]],
                equal_nan=True,
            )


def test_a_students_chances_run_from_surest_to_least_sure(service):
    student = service.students(FULL_SCOPE, MATHS).students[7]
    report = service.student(FULL_SCOPE, MATHS, student.handle)
    known = [chance.probability for chance in report.chances if not math.isnan(chance.probability)]
    assert known == sorted(known, reverse=True)
    assert len(report.secure()) + len(report.within_reach()) + len(report.not_yet()) == len(known)
    assert 0 <= report.repeat_lower <= report.repeat_upper <= report.max_score


def test_nothing_is_ruled_out_of_a_repeat_for_items_without_a_curve(tmp_path):
    from irt.samples import LSAT6_COUNTS, lsat_rows, to_frame

    frame = to_frame(lsat_rows(LSAT6_COUNTS, 6), "Law", "Doubled")
    twins = [frame.assign(item_id=frame["item_id"] + twin) for twin in ("", " again")]
    store = ParquetStore(tmp_path)
    store.add(pd.concat(twins, ignore_index=True))
    service = Service(store)
    best = next(s for s in service.students(FULL_SCOPE, Selection()).students if s.score == 10)
    report = service.student(FULL_SCOPE, Selection(), best.handle)
    assert len(service.exam(FULL_SCOPE, Selection()).health.excluded_items) == 5
    assert report.repeat_upper == report.max_score == 10


def test_a_surprise_is_an_answer_of_at_most_ten_percent(service):
    for student in service.students(FULL_SCOPE, replace(MATHS, class_name="7A")).students:
        for chance in service.student(FULL_SCOPE, MATHS, student.handle).chances:
            given = chance.probability if chance.correct == 1 else 1 - chance.probability
            assert chance.surprise == (chance.correct is not None and given <= 0.10)


def test_the_class_map_runs_from_the_strongest_and_the_easiest(service):
    table = service.class_map(FULL_SCOPE, replace(MATHS, class_name="8B"))
    abilities = [student.theta for student in table.students]
    assert abilities == sorted(abilities, reverse=True)
    shares = [item.proportion_correct for item in table.items]
    assert shares == sorted(shares, reverse=True)
    assert table.probability.shape == (len(table.students), len(table.items)) == table.surprise.shape


def test_a_class_chooses_whose_results_are_shown_and_not_what_items_are_calibrated_on(service):
    everybody, focus = service.exam(FULL_SCOPE, MATHS), service.exam(FULL_SCOPE, replace(MATHS, class_name="8B"))
    assert [item.discrimination for item in focus.items if not math.isnan(item.discrimination)] == [
        item.discrimination for item in everybody.items if not math.isnan(item.discrimination)
    ]
    assert focus.class_scores.n_students == len(service.students(FULL_SCOPE, focus.selection).students)
    assert focus.scores == everybody.scores


# Policies ------------------------------------------------------------------------------------------------------------


def test_missing_is_not_wrong_unless_asked(service):
    ignored = service.exam(FULL_SCOPE, SCIENCE)
    as_wrong = service.exam(FULL_SCOPE, replace(SCIENCE, missing=MissingPolicy.WRONG))
    assert ignored.health.n_not_reached > 0
    last = ignored.items[-1]
    assert last.n_not_reached > 0
    assert last.n + last.n_omitted + last.n_not_reached == ignored.scores.n_students
    assert as_wrong.items[-1].proportion_correct < last.proportion_correct


def test_policies_are_compared_item_by_item(service):
    comparison = service.compare_policies(FULL_SCOPE, SCIENCE)
    assert comparison.policies == tuple(policy.value for policy in MissingPolicy)
    under = {
        policy.value: {
            item.item_id: item.verdict.level
            for item in service.exam(FULL_SCOPE, replace(SCIENCE, missing=policy)).items
        }
        for policy in MissingPolicy
    }
    changed = {change.item_id: change.under for change in comparison.changes}
    assert changed  # a speeded exam: the verdict on late items depends on what not reached counts as
    for item_id in under["ignore"]:
        levels = {policy: found[item_id] for policy, found in under.items()}
        assert changed.get(item_id, levels) == levels
        assert (item_id in changed) == (len(set(levels.values())) > 1)


def test_attempts_change_scores_of_repeated_exams(service):
    means = {policy: service.exam(FULL_SCOPE, replace(MATHS, attempts=policy)).scores.mean for policy in AttemptPolicy}
    assert means[AttemptPolicy.BEST] >= max(means[AttemptPolicy.FIRST], means[AttemptPolicy.LAST])


# Too few answers -----------------------------------------------------------------------------------------------------


def test_a_small_exam_has_classical_statistics_and_a_sentence_instead_of_a_model(tmp_path):
    from irt.samples import sample_exams

    frame = next(exam.frame for exam in sample_exams() if exam.frame["subject_name"].iloc[0] == MATHS.subject)
    few = sorted(frame["student_id"].unique())[:12]
    store = ParquetStore(tmp_path)
    store.add(frame[frame["student_id"].isin(few)])
    service, selection = Service(store), Selection()
    report = service.exam(FULL_SCOPE, selection)
    assert report.calibration is None
    assert report.warnings == (report.model_reason,)
    assert report.scores.n_students <= 12
    assert service.students(FULL_SCOPE, selection).students
    for question in (service.probabilities, service.class_map, service.calibration):
        with pytest.raises(TooFewAnswersError, match=r"\d"):
            question(FULL_SCOPE, selection)


def test_booklets_without_a_common_student_are_said_to_stand_apart(tmp_path):
    from irt.samples import draw_exam, find_plan, to_frame

    frame = to_frame(draw_exam(find_plan("Science", "Term 3"), 300, seed=4), "Science", "Booklets")
    upper_half = frame["student_id"] > "0150"
    items = sorted(frame["item_id"].unique())
    ends = frame["item_id"].isin(items[:5]), frame["item_id"].isin(items[5:])
    for k, anchored in enumerate((False, True)):
        store = ParquetStore(tmp_path / str(k))
        store.add(frame[(ends[1] & upper_half) | (ends[0] & (~upper_half | anchored))])
        warnings = Service(store).exam(FULL_SCOPE, Selection()).warnings
        assert any("2 sets that have no student in common" in warning for warning in warnings) is not anchored


def test_an_empty_store_says_what_to_do(tmp_path):
    with pytest.raises(NotFoundError, match="Import a file"):
        Service(ParquetStore(tmp_path)).exam(FULL_SCOPE, Selection())


# Scope and privacy ---------------------------------------------------------------------------------------------------


def test_a_scope_limits_the_catalogue_and_every_question(service):
    scope = Scope(subjects=frozenset({MATHS.subject}), classes=frozenset({"8B"}))
    assert service.catalogue(scope).subjects() == (MATHS.subject,)
    assert service.exam(scope, MATHS).scores.n_students == len(
        service.students(FULL_SCOPE, replace(MATHS, class_name="8B")).students
    )
    with pytest.raises(NotFoundError):
        service.exam(scope, LSAT)
    with pytest.raises(NotFoundError):
        service.exam(scope, replace(MATHS, class_name="8A"))


def test_two_scopes_one_after_the_other_share_no_result(service):
    wide = service.exam(FULL_SCOPE, MATHS)
    narrow = service.exam(Scope(classes=frozenset({"8B"})), MATHS)
    assert narrow.scores.n_students < wide.scores.n_students
    assert service.exam(FULL_SCOPE, MATHS) is wide


def test_names_are_shown_only_where_the_scope_says(service):
    nameless = service.students(Scope(names=False), MATHS).students
    assert all(student.name is None for student in nameless)
    assert any(student.name for student in service.students(FULL_SCOPE, MATHS).students)


def test_a_handle_says_nothing_of_the_student_and_depends_on_the_secret(service):
    student = service.students(FULL_SCOPE, MATHS).students[0]
    assert student.student_id not in student.handle
    other = Service(service.source, secret=b"x" * 32)
    assert other.handle(student.student_id) != student.handle
    with pytest.raises(NotFoundError, match="out of date"):
        service.student(FULL_SCOPE, MATHS, other.handle(student.student_id))


# Keeping results -----------------------------------------------------------------------------------------------------


def test_a_calibration_kept_in_a_folder_gives_the_same_report(service, tmp_path):
    reports = [
        Service(service.source, calibrations=CalibrationFolder(tmp_path)).exam(FULL_SCOPE, MATHS) for _ in range(2)
    ]
    files = list(tmp_path.glob("*.json"))
    assert len(files) == 1
    assert [item.discrimination_se for item in reports[0].items] == pytest.approx(
        [item.discrimination_se for item in reports[1].items], rel=1e-12, nan_ok=True
    )
    assert reports[0].items[0].verdict == reports[1].items[0].verdict


def test_a_damaged_kept_calibration_is_made_again(service, tmp_path):
    folder = CalibrationFolder(tmp_path)
    Service(service.source, calibrations=folder).exam(FULL_SCOPE, LSAT)
    (file,) = tmp_path.glob("*.json")
    file.write_text("{")
    report = Service(service.source, calibrations=folder).exam(FULL_SCOPE, LSAT)
    assert report.provenance.status == "converged"
    assert len(file.read_text()) > 100


def test_new_answers_are_seen_at_once(tmp_path):
    from irt.samples import sample_exams

    exams = sample_exams()
    store = ParquetStore(tmp_path)
    store.add(exams[0].frame)
    service = Service(store)
    assert len(service.catalogue(FULL_SCOPE).exam_sizes) == 1
    store.add(exams[1].frame)
    assert len(service.catalogue(FULL_SCOPE).exam_sizes) == 2
