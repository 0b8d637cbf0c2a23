"""Exams of very many students are calibrated on a sample: identity (with everybody's), invariant, contract, message."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import irt
from irt.errors import FitError, IrtError, SelectionError, SourceError, TooFewAnswersError
from irt.responses import prepare
from irt.selection import FULL_SCOPE, MissingPolicy, Selection
from irt.serialise import (
    items_table,
    long_probabilities_table,
    note_lines,
    probabilities_table,
    records,
    to_csv,
    write_table,
)
from irt.service import Service
from irt.sources import Catalogue, ParquetStore, Stamp

N_STUDENTS, N_ITEMS, SAMPLE = 3000, 12, 600
SPRING = Selection(subject="Physics", exams=("Spring",))
SUMMER = replace(SPRING, exams=("Summer",))
BOTH = replace(SPRING, exams=("Spring", "Summer"))


def exam(seed: int, name: str, first_item: int) -> pd.DataFrame:
    """3,000 students in classes of 30: some answers omitted, some items not given; a third changes class in summer."""
    rng = np.random.default_rng(seed)
    who, items = np.arange(N_STUDENTS), first_item + np.arange(N_ITEMS)
    theta = np.random.default_rng(0).normal(size=N_STUDENTS)
    chance = 1 / (1 + np.exp(-(0.8 + 0.1 * (items % 5)) * (theta[:, None] - np.linspace(-2, 2, N_ITEMS))))
    correct = (rng.random(chance.shape) < chance).astype(float)
    correct[rng.random(chance.shape) < 0.05] = np.nan
    given = rng.random(chance.shape) < 0.95
    student, item = (index[given] for index in np.indices(chance.shape))
    changed = (who % 3 == 0) & (name == "Summer")
    classes = np.where(changed, (who // 30 + 1) % 100, who // 30)
    return pd.DataFrame(
        {
            "student_id": [f"s{k:04d}" for k in who[student]],
            "item_id": [f"q{items[j]}" for j in item],
            "subject_name": "Physics",
            "exam_name": name,
            "correct": correct[given],
            "class_name": [f"C{classes[k]:02d}" for k in student],
            "answered_at": "2026-03-01" if name == "Spring" else "2026-06-01",
        }
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ParquetStore:
    store = ParquetStore(tmp_path_factory.mktemp("crowd"))
    store.add(exam(1, "Spring", 1))
    store.add(exam(2, "Summer", 8))  # five items are in both
    return store


@pytest.fixture(scope="module")
def everybody(store: ParquetStore) -> Service:
    return Service(store)


@pytest.fixture(scope="module")
def sampled(store: ParquetStore) -> Service:
    return Service(store, sample=SAMPLE)


class Watched:
    """A source that counts what it is asked, and whose state can be changed between two questions."""

    def __init__(self, source: ParquetStore) -> None:
        self._source = source
        self.asked: Counter[str] = Counter()
        self.states: Iterator[str] = iter(())

    def stamp(self) -> Stamp:
        """The state, as the test wants it."""
        self.asked["stamp"] += 1
        stamp = self._source.stamp()
        return replace(stamp, fingerprint=next(self.states, stamp.fingerprint))

    def catalogue(self, scope) -> Catalogue:
        """Counted."""
        self.asked["catalogue"] += 1
        return self._source.catalogue(scope)

    def answers(self, selection, scope):
        """Counted."""
        self.asked["answers"] += 1
        return self._source.answers(selection, scope)


# Who is drawn --------------------------------------------------------------------------------------------------------


def test_a_share_is_chosen_where_there_are_more_students_than_a_sample_needs(sampled, everybody):
    assert sampled.resolve(FULL_SCOPE, SPRING).share == 0.2
    assert sampled.resolve(FULL_SCOPE, BOTH).share == 0.1  # students are counted in each of the exams
    assert everybody.resolve(FULL_SCOPE, SPRING).share == 1
    assert Service(everybody.source, sample=N_STUDENTS).resolve(FULL_SCOPE, SPRING).share == 1


def test_a_share_asked_for_stays(sampled, everybody):
    for service in (sampled, everybody):
        assert service.resolve(FULL_SCOPE, replace(SPRING, share=0.5)).share == 0.5
        assert service.resolve(FULL_SCOPE, replace(SPRING, share=1.0)).share == 1


@pytest.mark.parametrize("share", [0, -0.1, 1.01, math.nan])
def test_a_share_is_a_part_of_everybody(share):
    with pytest.raises(SelectionError, match="share must be above 0 and at most 1"):
        replace(SPRING, share=share)


def test_the_sample_is_always_the_same_and_part_of_a_larger_one(everybody):
    small, large = (
        set(everybody.responses(FULL_SCOPE, replace(SPRING, share=share)).matrix.person_ids) for share in (0.1, 0.3)
    )
    assert small < large
    # Within four standard deviations of a binomial count.
    assert abs(len(small) - 300) < 4 * math.sqrt(3000 * 0.1 * 0.9)


# What is said of it --------------------------------------------------------------------------------------------------


def test_a_report_says_how_many_of_how_many_and_what_it_costs(sampled):
    report = sampled.exam(FULL_SCOPE, SPRING)
    sample = report.provenance.sample
    assert (sample.share, sample.n_population) == (0.2, N_STUDENTS)
    assert sample.n_students == report.scores.n_students == report.calibration.n_persons
    assert sample.precision_loss == math.sqrt(5)
    said = (
        f"Calibrated on {sample.n_students:,} of 3,000 students, drawn at random; standard errors are about 2.2 times "
        "those from everybody's answers."
    )
    assert report.warnings.count(said) == 1
    assert said == sample.sentence()
    assert report.selection.describe() == "Physics, Spring, all classes, a sample of 20 % of the students"


def test_every_report_tells_of_the_sample(sampled):
    asked = (FULL_SCOPE, SPRING)
    item = sampled.exam(*asked).items[0].item_id
    reports = [
        *(sampled.students(*asked), sampled.class_map(*asked), sampled.item(*asked, item), sampled.fit(*asked)),
        *(sampled.model_fit(*asked), sampled.score_table(*asked), sampled.precision(*asked)),
        *(sampled.dif(*asked, "class_name"), sampled.drift(FULL_SCOPE, BOTH)),
    ]
    assert [report.provenance.sample.share for report in reports] == [0.2] * len(reports)


def test_exports_and_calibration_files_hold_the_sample(sampled):
    report = sampled.exam(FULL_SCOPE, SPRING)
    told = {"share": 0.2, "n_students": report.scores.n_students, "n_population": 3000, "precision_loss": math.sqrt(5)}
    assert report.provenance.as_dict()["sample"] == told
    assert report.calibration.provenance["sample"] == told
    assert any(line.startswith("sample = share 0.2") for line in note_lines(items_table(report)))


def test_everybody_is_no_sample(everybody):
    report = everybody.exam(FULL_SCOPE, SPRING)
    assert report.provenance.sample is None
    assert report.provenance.as_dict()["sample"] is None
    assert not any("drawn at random" in warning for warning in report.warnings)


def test_of_several_exams_the_share_tells_how_many_students_there_are(sampled):
    sample = sampled.exam(FULL_SCOPE, BOTH).provenance.sample
    # 300 of the 3,000 who sat both exams: three standard deviations of that count.
    assert abs(sample.n_population - 3000) < 3 * math.sqrt(300 * 0.9) / 0.1
    assert sample.n_population == float(f"{sample.n_students / 0.1:.3g}")


def test_standard_errors_are_as_much_larger_as_is_said(sampled, everybody):
    few, many = (service.calibration(FULL_SCOPE, SPRING, "2PL") for service in (sampled, everybody))
    ratio = np.median(few.standard_errors.difficulty / many.standard_errors.difficulty)
    # Items differ by what the sample happens to hold; their median is closer.
    assert ratio == pytest.approx(math.sqrt(5), rel=0.15)


@pytest.mark.parametrize(("model", "error"), [(None, TooFewAnswersError), ("2PL", FitError)])
def test_too_small_a_share_is_said_with_the_share(everybody, model, error):
    tiny = replace(SPRING, share=0.0005)
    with pytest.raises(
        error, match=r"Only a share of 0\.0005 of the students was drawn \(\d+ of 3,000\): choose a larg"
    ):
        everybody.calibration(FULL_SCOPE, tiny, model)


def test_a_share_that_draws_nobody_is_refused(everybody):
    with pytest.raises(TooFewAnswersError, match=r"share of 1e-06 .* \(0 of 3,000\): choose a larger share, or all\."):
        everybody.exam(FULL_SCOPE, replace(SPRING, share=0.000001))


# A class in focus ----------------------------------------------------------------------------------------------------


def shown(service: Service, selection: Selection) -> list[tuple[object, ...]]:
    """What is told of each student of a selection that does not rest on the calibration."""
    return [
        (s.student_id, s.name, s.class_name, s.grade, s.score, s.items_answered, s.items_given)
        for s in service.students(FULL_SCOPE, selection).students
    ]


@pytest.mark.parametrize("selection", [SPRING, SUMMER, BOTH], ids=["one exam", "another", "both"])
@pytest.mark.parametrize("missing", list(MissingPolicy))
def test_the_class_in_focus_is_the_real_class(sampled, everybody, selection, missing):
    focus = replace(selection, class_name="C07", missing=missing)
    assert shown(sampled, focus) == shown(everybody, focus)
    mine, theirs = sampled.exam(FULL_SCOPE, focus), everybody.exam(FULL_SCOPE, focus)
    assert mine.class_scores == theirs.class_scores
    assert mine.scores.n_students < theirs.scores.n_students


def test_the_class_is_scored_on_the_calibration_of_the_sample(sampled, everybody):
    focus = replace(SPRING, class_name="C42")
    calibration = sampled.calibration(FULL_SCOPE, SPRING)
    rows = prepare(everybody.source.answers(replace(focus, share=1.0), FULL_SCOPE))
    by_hand = irt.estimate_abilities(rows.matrix, calibration)
    students = sampled.students(FULL_SCOPE, focus).students
    assert [student.theta for student in students] == by_hand.theta.tolist()
    assert sampled.abilities(FULL_SCOPE, focus).theta.tolist() == by_hand.theta.tolist()
    chances = sampled.probabilities(FULL_SCOPE, focus)
    expected = everybody.probabilities(FULL_SCOPE, focus, calibration=calibration)
    assert chances.person_ids == expected.person_ids
    np.testing.assert_array_equal(chances.probability, expected.probability)
    np.testing.assert_array_equal(chances.correct, expected.correct)


def test_the_map_and_the_page_of_a_student_show_the_class(sampled, everybody):
    focus = replace(SPRING, class_name="C42")
    table, theirs = (service.class_map(FULL_SCOPE, focus) for service in (sampled, everybody))
    assert {s.student_id for s in table.students} == {s.student_id for s in theirs.students}
    assert table.n_students == theirs.n_students == 30
    student = sampled.students(FULL_SCOPE, focus).students[5]
    report = sampled.student(FULL_SCOPE, focus, student.handle)
    assert report.student == student
    assert report.group_n == 30
    right = {chance.item_id: chance.correct for chance in report.chances}
    theirs = everybody.student(FULL_SCOPE, focus, everybody.handle(student.student_id))
    assert right == {chance.item_id: chance.correct for chance in theirs.chances}


def test_the_calibration_does_not_change_with_the_class(sampled):
    calibration = sampled.calibration(FULL_SCOPE, SPRING)
    for name in ("C00", "C42"):
        focus = replace(SPRING, class_name=name)
        assert sampled.calibration(FULL_SCOPE, focus) is calibration
        assert repr(sampled.exam(FULL_SCOPE, focus).items) == repr(
            sampled.exam(FULL_SCOPE, SPRING).items
        )  # nan in both


def test_without_a_class_the_students_are_those_of_the_sample(sampled):
    students = sampled.students(FULL_SCOPE, SPRING)
    ids = sampled.responses(FULL_SCOPE, SPRING).matrix.person_ids
    assert tuple(students.students.column("student_id")) == ids
    assert students.provenance.sample.n_students == len(students.students)


def test_asking_for_everybody_gives_everybodys_numbers(sampled, everybody):
    whole, focus = replace(SPRING, share=1.0), replace(SPRING, share=1.0, class_name="C42")
    assert repr(sampled.exam(FULL_SCOPE, whole).items) == repr(everybody.exam(FULL_SCOPE, SPRING).items)
    for selection in (whole, focus):
        mine, theirs = (
            [replace(student, handle="") for student in service.students(FULL_SCOPE, selection).students]
            for service in (sampled, everybody)
        )
        assert mine == theirs


# What is asked of the source -----------------------------------------------------------------------------------------


def test_an_exam_is_one_question_and_another_class_page_or_policy_none(store):
    source = Watched(store)
    service = Service(source)
    service.exam(FULL_SCOPE, SPRING)
    assert (source.asked["catalogue"], source.asked["answers"]) == (1, 1)
    for selection in (replace(SPRING, class_name="C01"), replace(SPRING, missing="wrong")):
        service.exam(FULL_SCOPE, selection)
        service.students(FULL_SCOPE, selection)
        service.class_map(FULL_SCOPE, selection)
    service.compare_policies(FULL_SCOPE, SPRING)
    service.dif(FULL_SCOPE, SPRING, "class_name")
    service.fit(FULL_SCOPE, SPRING)
    assert (source.asked["catalogue"], source.asked["answers"]) == (1, 1)


def test_a_class_of_a_sampled_exam_is_one_small_question_more(store):
    source = Watched(store)
    service = Service(source, sample=SAMPLE)
    service.exam(FULL_SCOPE, SPRING)
    focus = replace(SPRING, class_name="C01")
    for ask in (service.exam, service.students, service.class_map, service.abilities, service.probabilities):
        ask(FULL_SCOPE, focus)
    service.exam(FULL_SCOPE, replace(focus, missing="wrong"))
    assert source.asked["answers"] == 2


def test_drift_uses_what_was_read_for_each_exam(store):
    source = Watched(store)
    service = Service(source, sample=SAMPLE)
    for selection in (SPRING, SUMMER):
        service.exam(FULL_SCOPE, selection)
    service.drift(FULL_SCOPE, BOTH)
    assert source.asked["answers"] == 2


def test_the_state_of_the_source_is_looked_up_once_a_question(store):
    source = Watched(store)
    service = Service(source)
    service.exam(FULL_SCOPE, SPRING)
    source.asked.clear()
    service.compare_policies(FULL_SCOPE, SPRING)
    service.students(FULL_SCOPE, SPRING)
    with service.moment():
        service.exam(FULL_SCOPE, SPRING)
        service.fit(FULL_SCOPE, SPRING)
    assert source.asked["stamp"] == 3


def test_answers_that_change_while_they_are_read_are_read_again(store):
    source = Watched(store)
    service = Service(source)
    # Looked up at the start, after the catalogue and after the answers; and anew from the start.
    source.states = iter(["one", "one", "two"])
    report = service.exam(FULL_SCOPE, SPRING)
    assert source.asked["answers"] == 2
    assert report.provenance.fingerprint == store.stamp().fingerprint


def test_answers_that_keep_changing_are_refused_with_a_sentence(store):
    source = Watched(store)
    source.states = iter(f"state {k}" for k in range(100))
    with pytest.raises(SourceError, match="The answers changed while they were being read") as caught:
        Service(source).exam(FULL_SCOPE, SPRING)
    assert caught.value.facts["again"] is True
    assert source.asked["stamp"] < 10


# What is counted in the source ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("selection", [SPRING, replace(SPRING, missing="wrong"), BOTH], ids=["one", "wrong", "both"])
def test_counts_are_those_of_the_exam_and_of_everybody(sampled, everybody, selection):
    counted, report = sampled.counts(FULL_SCOPE, selection), everybody.exam(FULL_SCOPE, selection)
    assert counted.n_students == report.scores.n_students
    assert counted.provenance.sample is None
    for item, counts in zip(report.items, counted.items, strict=True):
        assert (item.item_id, item.n) == (counts.item_id, counts.n)
        assert counts.proportion_correct == pytest.approx(item.proportion_correct, abs=1e-12)
        assert counts.item_rest_r == pytest.approx(item.item_rest_r, abs=1e-9)


def test_counts_of_a_share_say_so(sampled):
    report = sampled.counts(FULL_SCOPE, replace(SPRING, share=0.5))
    sample = report.provenance.sample
    assert (sample.share, sample.n_students, sample.n_population) == (0.5, report.n_students, 3000)
    assert report.warnings == (sample.sentence("Counted"),)
    assert report.warnings[0].startswith(f"Counted on {report.n_students:,} of 3,000 students, drawn at random;")


def test_counts_of_a_class_are_those_of_its_students(sampled, everybody):
    focus = replace(SPRING, class_name="C42")
    counted = sampled.counts(FULL_SCOPE, focus)
    scores = everybody.exam(FULL_SCOPE, focus).class_scores
    assert (counted.n_students, counted.summary.mean) == (scores.n_students, scores.mean)


def test_counts_are_asked_for_once(store):
    class Counting(Watched):
        def counts(self, selection, scope):
            self.asked["counts"] += 1
            return self._source.counts(selection, scope)

    source = Counting(store)
    service = Service(source, sample=SAMPLE)
    for _ in range(2):
        service.counts(FULL_SCOPE, SPRING)
    assert (source.asked["counts"], source.asked["answers"]) == (1, 0)


# A sequence of very many students ------------------------------------------------------------------------------------


def test_students_are_made_when_they_are_looked_at(everybody):
    students = everybody.students(FULL_SCOPE, SPRING).students
    listed = list(students)
    assert len(students) == len(listed) == N_STUDENTS
    assert (students[0], students[-1], list(students[5:8])) == (listed[0], listed[-1], listed[5:8])
    for name in ("student_id", "name", "class_name", "grade", "score", "theta"):
        assert list(students.column(name)) == [getattr(student, name) for student in listed]
    assert students.place(listed[1234].handle) == 1234
    assert students.place("nobody") is None
    with pytest.raises(IndexError):
        students[N_STUDENTS]


def test_the_list_of_students_is_made_once(everybody, monkeypatch: pytest.MonkeyPatch):
    everybody.students(FULL_SCOPE, SPRING)
    monkeypatch.setattr("irt.service.student_list", None)
    assert len(everybody.students(FULL_SCOPE, SPRING).students) == N_STUDENTS


def test_a_store_in_a_folder_has_no_bill(everybody, tmp_path: Path):
    assert everybody.spending(FULL_SCOPE) is None
    assert everybody.stop_reading(FULL_SCOPE) == 0


# Chances of very many students ---------------------------------------------------------------------------------------


def test_chances_made_in_parts_are_those_made_at_once(everybody):
    whole = probabilities_table(everybody.probabilities(FULL_SCOPE, SPRING), {})
    parts = long_probabilities_table(everybody.chances(FULL_SCOPE, SPRING), {})
    assert (len(parts), parts.columns) == (len(whole), whole.columns)
    assert to_csv(parts) == to_csv(whole)
    for start, stop in ((0, 5), (5, 30), (N_ITEMS, 2 * N_ITEMS), (len(whole) - 1, len(whole) + 10), (10**6, 10**6 + 5)):
        assert records(parts.cut(start, stop)) == records(whole.cut(start, stop))


def test_chances_do_not_depend_on_the_part_that_is_looked_at(everybody, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("irt.reports.chances.BLOCK", 7)
    found = everybody.chances(FULL_SCOPE, SPRING)
    whole = found.of(slice(None))
    some = found.only(np.array([3, 8, 2990]), np.array([1, 4]))
    assert some.person_ids == tuple(whole.person_ids[i] for i in (3, 8, 2990))
    assert some.item_ids == (whole.item_ids[1], whole.item_ids[4])
    np.testing.assert_array_equal(some.of(slice(None)).lower, whole.lower[np.ix_([3, 8, 2990], [1, 4])])
    np.testing.assert_array_equal(found.of(slice(10, 30)).probability, whole.probability[10:30])


def test_a_page_of_chances_is_computed_for_its_students_only(everybody, monkeypatch: pytest.MonkeyPatch):
    parts, asked = long_probabilities_table(everybody.chances(FULL_SCOPE, SPRING), {}), []
    real = irt.probabilities

    def watched(matrix, *more, **named):
        asked.append(matrix.n_persons)
        return real(matrix, *more, **named)

    monkeypatch.setattr("irt.reports.chances.probabilities", watched)
    monkeypatch.setattr("irt.reports.chances.BLOCK", 100)
    assert len(parts.cut(12_000, 12_010)) == 10  # the 1,001st student
    assert parts.cut(12_010, 12_020).column("student_id") is not None
    assert asked == [100]


def test_what_is_too_long_to_be_held_is_refused_as_json_and_parquet(everybody, tmp_path, monkeypatch):
    monkeypatch.setattr("irt.serialise.formats.MOST_ROWS", 1000)
    parts = long_probabilities_table(everybody.chances(FULL_SCOPE, SPRING), {})
    for ending in (".json", ".parquet"):
        with pytest.raises(IrtError, match=r"36,000 rows are too many for a file .*: write \.csv, or publish"):
            write_table(parts, tmp_path / f"chances{ending}")
    write_table(parts, tmp_path / "chances.csv")
    assert len((tmp_path / "chances.csv").read_text().splitlines()) == 36_001
