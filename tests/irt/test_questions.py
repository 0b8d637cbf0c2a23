"""What analysts ask: the service gives the numbers of the core, and says in a sentence why it cannot."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import irt
from irt.comparing import dif
from irt.diagnostics import (
    ModelFit,
    compare_models,
    cross_validate,
    item_mean_squares,
    marginal_reliability,
    model_fit,
    person_fit,
    q3,
    s_x2,
)
from irt.errors import NotFoundError, SelectionError, TooFewAnswersError
from irt.functions import expected_score
from irt.functions import test_information as total_information
from irt.reports import Groups, dif_report
from irt.reports.fit import misfit
from irt.scoring import score_table
from irt.selection import FULL_SCOPE, Scope, Selection
from irt.serialise import (
    FINDING_COLUMNS,
    bins_table,
    dif_table,
    drift_table,
    eigenvalues_table,
    fit_table,
    information_table,
    model_fit_table,
    models_table,
    pairs_table,
    prediction_table,
    records,
    score_table_table,
)
from irt.service import Service
from irt.sources import ParquetStore

MATHS = Selection("Mathematics (simulated)", ("Term 2",))
LSAT = Selection("Law School Admission Test", ("Section 7",))
TERMS = replace(MATHS, exams=("Term 1", "Term 2"))


@pytest.fixture(scope="module")
def service(sample_store: Path) -> Service:
    return Service(ParquetStore(sample_store))


# Fit -----------------------------------------------------------------------------------------------------------------


def test_the_fit_of_items_is_that_of_the_core(service):
    report = service.fit(FULL_SCOPE, MATHS, "2PL")
    matrix = service.responses(FULL_SCOPE, MATHS).matrix
    calibration = irt.calibrate(matrix, model="2PL")
    tested, squares = (
        s_x2(matrix, calibration),
        item_mean_squares(matrix, calibration, irt.estimate_abilities(matrix, calibration)),
    )
    for name in ("s_x2", "df", "rmsea", "p_value", "n"):
        assert np.array_equal([getattr(row, name) for row in report.items], getattr(tested, name), equal_nan=True)
    for name in ("infit", "outfit", "z_infit", "z_outfit"):
        assert np.array_equal([getattr(row, name) for row in report.items], getattr(squares, name), equal_nan=True)
    assert report.method == tested.method
    assert all(row.reason for row in report.items if math.isnan(row.s_x2))
    assert any(row.reason for row in report.items)  # an item that everybody got right


def test_the_fit_of_the_model_is_that_of_the_core(service):
    report = service.model_fit(FULL_SCOPE, MATHS, "1PL")
    matrix = service.responses(FULL_SCOPE, MATHS).matrix
    calibration = irt.calibrate(matrix, model="1PL")
    assert report.fit == model_fit(matrix, calibration)
    assert (report.log_likelihood, report.bic) == (calibration.log_likelihood, calibration.bic)
    assert report.marginal_reliability == marginal_reliability(calibration)
    assert report.alpha == service.exam(FULL_SCOPE, MATHS).alpha


def test_items_that_the_model_does_not_describe_are_counted_and_named(service):
    report = service.fit(FULL_SCOPE, MATHS, "1PL")  # slopes of the sample exam differ
    badly = [row for row in report.items if row.p_adjusted < 0.05]
    tested = sum(math.isfinite(row.p_value) for row in report.items)
    warning = report.warnings[-1]
    assert warning.startswith(f"The model does not describe {len(badly)} of {tested} items ({badly[0].item_name}, ")
    assert f"; {int(max(row.n for row in badly))} students, p < 0.05" in warning
    assert "look at their curves" in warning


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rmsea": 0.1, "rmsea_lower": 0.09}, "The 2PL describes this exam poorly (RMSEA 0.100, SRMSR "),
        ({"srmsr": 0.12, "p_value": 0.001}, "SRMSR 0.120, 470 students): compare the models"),
        ({"reason": "Too few items."}, "Too few items."),
        ({"rmsea": 0.1, "rmsea_lower": 0.07}, ""),
        ({"srmsr": 0.12, "p_value": 0.2}, ""),
        ({}, ""),
    ],
)
def test_a_model_that_surely_fits_badly_is_said_with_its_numbers(changes, says):
    good = ModelFit(600.0, 558, 0.1, 0.01, 0.0, 0.02, 0.04, 0.99, 0.99, 470, 10)
    said = misfit(replace(good, **changes), "2PL")
    assert says in "".join(said)
    assert len(said) == bool(says)


def test_person_fit_stands_beside_each_student(service):
    matrix = service.responses(FULL_SCOPE, MATHS).matrix
    calibration = service.calibration(FULL_SCOPE, MATHS, "2PL")
    found = person_fit(matrix, calibration, irt.estimate_abilities(matrix, calibration))
    students = service.students(FULL_SCOPE, replace(MATHS, class_name="8B"), "2PL").students
    rows = [matrix.person_ids.index(student.student_id) for student in students]
    assert [student.zh for student in students] == found.zh[rows].tolist()
    assert [student.p_value_fit for student in students] == found.p_value[rows].tolist()
    one = service.student(FULL_SCOPE, MATHS, students[0].handle, "2PL").student
    assert (one.zh, one.zh_corrected) == (students[0].zh, students[0].zh_corrected)


# Models and structure ------------------------------------------------------------------------------------------------


def test_models_are_compared_on_the_same_answers(service):
    report = service.compare_models(FULL_SCOPE, LSAT)
    assert repr(report.comparison) == repr(compare_models(service.responses(FULL_SCOPE, LSAT).matrix))  # nan in both
    assert report.chosen == service.calibration(FULL_SCOPE, LSAT).model
    assert [row["model"] for row in records(models_table(report))] == ["1PL", "2PL", "3PL"]


def test_pairs_go_from_the_strongest_dependence_down(service):
    report = service.dimension(FULL_SCOPE, LSAT, "2PL")
    matrix = service.responses(FULL_SCOPE, LSAT).matrix
    calibration = service.calibration(FULL_SCOPE, LSAT, "2PL")
    values, n = q3(matrix, calibration, irt.estimate_abilities(matrix, calibration))
    assert len(report.pairs) == 10
    assert [pair.q3 for pair in report.pairs] == sorted((pair.q3 for pair in report.pairs), reverse=True)
    first = report.pairs[0]
    place = matrix.item_ids.index(first.item_a), matrix.item_ids.index(first.item_b)
    assert (first.q3, first.n) == (values[place], n[place])
    assert len(eigenvalues_table(report)) == 5
    shown = records(pairs_table(report))[0]
    assert shown["stands_out"] == (first.q3 - report.q3.mean > report.q3.limit_largest)


def test_predictions_are_those_of_the_core(service):
    report = service.prediction(FULL_SCOPE, LSAT)
    shown = cross_validate(service.responses(FULL_SCOPE, LSAT).matrix, kind="estimate")
    assert repr(report.prediction) == repr(shown)  # nan in both
    assert report.in_use == "2PL"
    assert [row["model"] for row in records(prediction_table(report))] == ["share", "1PL", "2PL"]
    right = [row for row in records(bins_table(report)) if row["n_answers"]]
    assert sum(row["n_answers"] for row in right) == 3 * 5000


def test_precision_is_that_of_the_core(service):
    report = service.precision(FULL_SCOPE, LSAT, "2PL")
    items = service.calibration(FULL_SCOPE, LSAT, "2PL").items
    np.testing.assert_array_equal(report.information, total_information(report.theta, items))
    np.testing.assert_allclose(report.sem, report.information**-0.5, rtol=1e-14)
    np.testing.assert_allclose(report.expected_score, expected_score(report.theta, items), rtol=1e-14)
    assert (report.score_lower < report.expected_score).all()
    assert (report.expected_score < report.score_upper).all()
    rows = records(information_table(report))
    assert (len(rows), rows[-1]["share_below"]) == (len(report.theta), 1)


def test_the_score_table_is_that_of_the_core(service):
    report = service.score_table(FULL_SCOPE, LSAT, "2PL")
    found = score_table(service.calibration(FULL_SCOPE, LSAT, "2PL"), service.responses(FULL_SCOPE, LSAT).matrix)
    assert report.table.theta.tolist() == found.theta.tolist()
    assert [row["score"] for row in records(score_table_table(report))] == list(range(6))


def test_a_score_table_says_which_items_it_does_without(service):
    report = service.score_table(FULL_SCOPE, MATHS)
    excluded = [entry.id for entry in service.exam(FULL_SCOPE, MATHS).health.excluded_items]
    n_items = len(service.exam(FULL_SCOPE, MATHS).items) - len(excluded)
    assert len(report.table.score) == n_items + 1
    assert report.warnings[-1] == (
        f"Scores are counted over the {n_items} calibrated items, without {', '.join(sorted(excluded))}."
    )


def test_a_prior_of_ones_own_is_another_fit(service):
    options = irt.CalibrationOptions("3PL", guessing_prior=(-1.5, 0.3))
    own, usual = (service.calibration(FULL_SCOPE, LSAT, model) for model in (options, "3PL"))
    assert own.options == options
    assert own.items.guessing.mean() < usual.items.guessing.mean()  # pulled towards 0.18 rather than 0.25
    assert service.fit(FULL_SCOPE, LSAT, options).provenance.model == "3PL"


# Groups --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", ["gender", "class_name", "student_grade"])
def test_groups_come_from_properties_classes_and_grades(service, group):
    report = service.dif(FULL_SCOPE, MATHS, group)
    prepared = service.responses(FULL_SCOPE, MATHS)
    column = {"class_name": prepared.persons.classes, "student_grade": prepared.persons.grades}.get(
        group, prepared.persons.properties.get(group)
    )
    expected = dif(prepared.matrix, column)
    assert np.array_equal(report.result.chi2_mh, expected.chi2_mh, equal_nan=True)
    assert sum(n for _, n in report.groups) == sum(value is not None for value in column)
    sizes = [n for _, n in report.groups]
    assert sizes == sorted(sizes, reverse=True)


def test_the_question_may_be_put_in_one_word_or_in_many(service):
    asked = Groups("class_name", "7A", "8B", True)
    assert service.dif(FULL_SCOPE, MATHS, asked) is service.dif(FULL_SCOPE, MATHS, "class_name", "7A", "8B", True)
    assert (service.dif(FULL_SCOPE, MATHS, asked).result.reference, asked.focal) == ("7A", "8B")


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        (
            Groups("school"),
            NotFoundError,
            "no column 'school' that splits these students into groups. There is: gender",
        ),
        (Groups("class_name", "9Z"), NotFoundError, "There is no class_name '9Z'. There is: "),
        (Groups("gender", "female", "female"), NotFoundError, "name two groups"),
    ],
)
def test_groups_that_are_not_there_are_refused(service, asked, error, says):
    with pytest.raises(error, match=says):
        service.dif(FULL_SCOPE, MATHS, asked)


def test_small_groups_are_not_compared(service):
    careful = Service(service.source, minimum_group=200)
    with pytest.raises(
        TooFewAnswersError, match=r"compared from 200 students each; of class_name there is: \w+ \(fewer than 200\)"
    ):
        careful.dif(FULL_SCOPE, MATHS, "class_name")
    assert careful.dif(FULL_SCOPE, MATHS, "gender").result.n_focal.max() > 200


def test_how_small_a_small_group_is_is_not_said(service):
    prepared = service.responses(FULL_SCOPE, MATHS)
    n = prepared.matrix.n_persons
    column = tuple(["a"] * 3 + ["b"] * 50 + ["c"] * (n - 53))
    prepared = replace(prepared, persons=replace(prepared.persons, properties={"school": column}))
    provenance = service.exam(FULL_SCOPE, MATHS).provenance
    report = dif_report(prepared, Groups("school"), 10, provenance)
    assert report.groups == (("c", n - 53), ("b", 50))
    with pytest.raises(TooFewAnswersError, match=rf"there is: c \({n - 53}\), b \(50\), a \(fewer than 10\)\."):
        dif_report(prepared, Groups("school", focal="a"), 10, provenance)


def test_a_random_part_of_very_many_students_is_said(service):
    report = service.prediction(FULL_SCOPE, MATHS)
    found = replace(report.prediction, n_persons=10_000)
    table = prediction_table(replace(report, prediction=found, n_students=25_000))
    assert table.warnings == ("Worked out on 10,000 of the 25,000 students, drawn at random.",)
    assert table.provenance["n_students"] == 10_000
    assert prediction_table(report).warnings == ()
    dimension = service.dimension(FULL_SCOPE, MATHS)
    many = replace(dimension.dimensionality, n_persons=5_000)
    table = eigenvalues_table(replace(dimension, dimensionality=many, n_students=25_000))
    assert table.warnings[-1] == "Worked out on 5,000 of the 25,000 students, drawn at random."
    assert pairs_table(dimension).provenance["n_students_drawn"] == dimension.q3.n_persons


def test_a_group_outside_the_scope_is_not_there(service):
    with pytest.raises(TooFewAnswersError, match="class_name"):
        service.dif(Scope(classes=frozenset({"8B"})), MATHS, "class_name")


# Drift ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exams", [("Term 2",), ("Term 1", "Term 2", "Term 3")])
def test_drift_is_between_two_exams(service, exams):
    with pytest.raises(SelectionError, match=f"name two, not {len(exams)}"):
        service.drift(FULL_SCOPE, replace(MATHS, exams=exams))


def test_drift_goes_from_the_earlier_to_the_later_exam(service):
    report = service.drift(FULL_SCOPE, TERMS)
    assert (report.base_exam, report.new_exam) == ("Term 1", "Term 2")
    shared = set.intersection(
        *(set(service.responses(FULL_SCOPE, replace(MATHS, exams=(exam,))).matrix.item_ids) for exam in TERMS.exams)
    )
    assert set(report.drift.item_ids) <= shared
    assert len(report.item_names) == len(report.drift.item_ids) > 3
    base = service.calibration(FULL_SCOPE, replace(MATHS, exams=("Term 1",)))
    place = [base.items.item_ids.index(item) for item in report.drift.item_ids]
    assert report.drift.difficulty_base.tolist() == base.items.difficulty[place].tolist()
    assert any("students sat both exams" in warning for warning in report.warnings)


# Tables, and what cannot be answered ---------------------------------------------------------------------------------


def test_every_answer_is_a_table_with_its_columns(service):
    tables = [
        fit_table(service.fit(FULL_SCOPE, MATHS)),
        model_fit_table(service.model_fit(FULL_SCOPE, MATHS)),
        dif_table(service.dif(FULL_SCOPE, MATHS, "gender")),
        drift_table(service.drift(FULL_SCOPE, TERMS)),
    ]
    for table in tables:
        assert tuple(column.name for column in table.columns) == FINDING_COLUMNS[table.name]
        assert table.provenance["source_fingerprint"] == service.stamp().fingerprint
        assert all(row.keys() == set(FINDING_COLUMNS[table.name]) for row in records(table))
    assert len(tables[0]) == len(service.exam(FULL_SCOPE, MATHS).items)
    assert {type(row["n_reference"]) for row in records(tables[2])} == {int}


def test_too_few_answers_have_no_fit_but_a_sentence(service, tmp_path):
    from irt.samples import sample_exams

    frame = next(exam.frame for exam in sample_exams() if exam.frame["subject_name"].iloc[0] == MATHS.subject)
    store = ParquetStore(tmp_path)
    store.add(frame[frame["student_id"].isin(sorted(frame["student_id"].unique())[:12])])
    few = Service(store)
    for question in (few.fit, few.model_fit, few.dimension, few.score_table):
        with pytest.raises(TooFewAnswersError, match="too few to fit a model"):
            question(FULL_SCOPE, Selection())
    assert all(math.isnan(student.zh) for student in few.students(FULL_SCOPE, Selection()).students)


def test_an_answer_is_made_once(service):
    assert service.fit(FULL_SCOPE, MATHS) is service.fit(FULL_SCOPE, replace(MATHS, class_name="8B"))
    assert service.fit(FULL_SCOPE, MATHS) is not service.fit(FULL_SCOPE, MATHS, "1PL")
