"""The sample exams: published counts, the layout of the responses table, and planted faults where the notes say."""

import re
from pathlib import Path

import numpy as np
import pytest

from irt.analysis import analyse
from irt.responses import prepare
from irt.samples import LSAT6_COUNTS, LSAT7_COUNTS, Fault, lsat, sample_exams, school_year
from irt.selection import FULL_SCOPE, Selection
from irt.sources import ParquetStore
from irt.verdicts import Level

NOTES = (Path(__file__).parents[3] / "data" / "README.md").read_text(encoding="utf-8")
#: Columns of the responses table.
REQUIRED = ["student_id", "item_id", "subject_name", "exam_name", "correct"]
SIMULATED = [
    *REQUIRED,
    *("item_name", "student_name", "student_grade", "class_name", "intended_difficulty"),
    *("answer", "answer_key", "gender", "answered_at", "attempt"),
]


@pytest.fixture(scope="module")
def exams():
    return {exam.name: exam.frame for exam in sample_exams()}


@pytest.fixture(scope="module")
def maths(exams):
    return exams["Mathematics (simulated), Term 2"]


def test_reference_lsat_counts():
    # Right answers to each item, and persons by number right, as ltm's and mirt's documentation print them.
    section_6 = lsat(LSAT6_COUNTS).scores
    assert section_6.sum(axis=0).tolist() == [924, 709, 553, 763, 870]
    assert np.bincount(section_6.sum(axis=1)).tolist() == [3, 20, 85, 237, 357, 298]
    section_7 = lsat(LSAT7_COUNTS).scores
    assert section_7.sum(axis=0).tolist() == [828, 658, 772, 606, 843]
    assert len(section_6) == len(section_7) == 1000


def test_invariant_the_same_in_every_run(exams):
    for exam in sample_exams():
        assert exam.frame.equals(exams[exam.name])


def test_contract_layout(exams):
    assert len(exams) == 14
    for name, frame in exams.items():
        simulated = "(simulated)" in name
        assert list(frame.columns) == (SIMULATED if simulated else [*REQUIRED, "item_name"]), name
        assert set(frame["correct"].dropna().unique()) == {0, 1}
        assert all(frame[column].dtype == "str" for column in ("student_id", "item_id", "subject_name"))
        assert ("(simulated)" in frame["subject_name"].iloc[0]) == simulated
        assert not frame.duplicated(["student_id", "item_id", *(["attempt"] if simulated else [])]).any()


def test_size_of_the_year(exams):
    year = [frame for name, frame in exams.items() if "(simulated)" in name]
    assert len(year) == 12
    assert len({student for frame in year for student in frame["student_id"]}) == 480
    assert {name for frame in year for name in frame["class_name"]} == {f"{g}{c}" for g in "789" for c in "ABCD"}
    assert all(30 <= frame["item_id"].nunique() <= 40 for frame in year)


def test_names_in_both_scripts(maths, exams):
    names = maths["student_name"].unique()
    latin = [name for name in names if re.search("[A-Za-z]", name)]
    assert 0.1 < len(latin) / len(names) < 0.4
    assert exams["Japanese 国語 (simulated), Term 1"]["item_name"].str.contains("[ぁ-ん一-龥]").all()


def test_what_is_scored_follows_from_answer_and_key(maths):
    answered = maths["answer"].notna()
    assert (maths["correct"].notna() == answered).all()
    assert ((maths["answer"] == maths["answer_key"]) == maths["correct"].astype("Float64").fillna(0).astype(bool)).all()
    assert (maths["answered_at"].notna() == answered).all()


def test_anchors_are_the_same_items_without_faults():
    for earlier, later in ((0, 1), (1, 2), (0, 2)):
        for subject in range(4):
            first, second = school_year()[3 * subject + earlier], school_year()[3 * subject + later]
            shared = set(first.items) & set(second.items)
            assert len(shared) >= 4
            assert {item.item_id for item in first.items} & {item.item_id for item in second.items} == {
                item.item_id for item in shared
            }
            assert all(item.fault is Fault.NONE for item in shared)


def test_clean_items_have_sound_parameters():
    for plan in school_year():
        for j in plan.clean():
            assert 0.8 <= plan.items[j].discrimination <= 2
            assert -2 <= plan.items[j].difficulty <= 2


def test_the_notes_list_exactly_the_planted_faults():
    listed = re.findall(r"^\| ([A-Z][\w ]+) \| (Term \d) \| (\w+-\d+) \| (.+) \|$", NOTES, re.MULTILINE)
    planted = [
        (plan.subject, plan.exam, item.item_id, item.fault.value)
        for plan in school_year()
        for item in plan.items
        if item.fault
    ]
    assert len(listed) == len(planted)
    for (subject, exam, item, fault), (true_subject, true_exam, true_item, true_fault) in zip(
        listed, planted, strict=True
    ):
        assert (exam, item) == (true_exam, true_item)
        assert true_subject.startswith(subject)
        assert fault.startswith(true_fault)


def test_the_notes_name_the_right_options():
    for item_id, key, right in re.findall(r"\| (\w+-\d+) \| wrong key: it says (\w), (\w) is right", NOTES):
        item = next(item for plan in school_year() for item in plan.items if item.item_id == item_id)
        assert ("ABCDE"[item.key], "ABCDE"[item.true_key]) == (key, right)


def test_absent_and_repeating_students_are_those_of_the_notes(maths):
    def listed(start):
        return set(re.findall(r"\b\d{4}\b", next(line for line in NOTES.splitlines() if line.startswith(start))))

    without_rows = {f"{i:04d}" for i in range(1, 481)} - set(maths["student_id"])
    answered = maths.groupby("student_id")["answer"].count()
    assert without_rows == listed("| absent students without a row")
    assert set(answered[answered == 0].index) == listed("| absent students with empty rows only") | {"0480"}
    assert set(maths.loc[maths["attempt"] == 2, "student_id"]) == listed("| a second attempt")


def test_one_student_never_answers(exams):
    for name, frame in exams.items():
        if "(simulated)" in name:
            rows = frame[frame["student_id"] == "0480"]
            assert len(rows)
            assert rows["correct"].isna().all()


#: What is found about each kind of fault in the sample exams themselves.
FOUND = {
    Fault.WRONG_KEY: "reversed",
    Fault.EVERYBODY_RIGHT: "everybody_right",
    Fault.NOBODY_RIGHT: "nobody_right",
    Fault.FAVOURS_GROUP: "favours_group",
    Fault.DEPENDENT: "dependent",
    Fault.GUESSED: "guessed",
}


@pytest.fixture(scope="module")
def judged(sample_store):
    store = ParquetStore(sample_store)
    return [
        (plan, analyse(prepare(store.answers(Selection(subject=plan.subject, exams=(plan.exam,)), FULL_SCOPE))))
        for plan in school_year()
    ]


def test_every_planted_fault_of_the_sample_exams_is_the_first_thing_said(judged):
    for plan, analysis in judged:
        assert analysis.prepared.items.item_ids == tuple(item.item_id for item in plan.items)
        for fault, code in FOUND.items():
            for j in plan.faulty(fault):
                assert analysis.verdicts[j].reason == code, plan.items[j]


def test_the_speeded_end_of_the_sample_exams_is_found(judged):
    analysis = next(analysis for plan, analysis in judged if plan.not_reached)
    codes = [{finding.code.value for finding in verdict.findings} for verdict in analysis.verdicts]
    assert [j for j, found in enumerate(codes) if "not_reached" in found] == list(range(36, 40))


def test_no_clean_item_of_the_sample_exams_is_accused(judged):
    accused = [
        plan.items[j].item_id
        for plan, analysis in judged
        for j in plan.clean()
        if analysis.verdicts[j].level in (Level.LOOK_AGAIN, Level.WEAK)
    ]
    assert accused == []
