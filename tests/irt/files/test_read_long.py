"""Long files: one row an answer."""

import pytest

from irt.errors import ImportFault
from irt.files import ImportOptions, ImportTable, Layout, read_table


def read(text: str, **options: object) -> ImportTable:
    return read_table(text.encode(), "answers.csv", ImportOptions(**options))


def fault(text: str, **options: object) -> ImportFault:
    with pytest.raises(ImportFault) as caught:
        read(text, **options)
    return caught.value


HEAD = "student_id,item_id,subject_name,exam_name,correct"


def test_the_table_of_the_contract_is_read_as_it_is() -> None:
    table = read(
        f"{HEAD},item_name,attempt,answered_at,gender\n"
        "007,Q1,Maths,T1,1,First,1,2026-04-09 13:05,f\n8,Q1,Maths,T1,,First,2,,m\n"
    )
    assert table.layout is Layout.LONG
    assert table.frame is not None
    assert list(table.frame.student_id) == ["007", "8"]
    assert list(table.frame.correct.fillna(-1)) == [1, -1]
    assert [plan.becomes for plan in table.columns][-1] == "property"
    assert table.warnings == ()


def test_other_usual_names_of_columns_are_known() -> None:
    table = read("Student,Question,Choice,Key,Subject,Test,Class\n007,Q1,a,B,Biology,Mid-term,7A\n")
    assert table.layout is Layout.LONG
    assert table.frame is not None
    assert table.frame.iloc[0][["student_id", "item_id", "correct", "subject_name", "exam_name"]].to_list() == [
        "007", "Q1", 0, "Biology", "Mid-term",
    ]  # fmt: skip


def test_a_columns_own_name_comes_before_another_usual_one() -> None:
    table = read("student_id,item_id,correct,score\na,Q1,1,7\n", subject="Maths", exam="T1")
    assert [plan.becomes for plan in table.columns] == ["student_id", "item_id", "correct", "left out"]


def test_a_wide_file_with_a_total_is_not_taken_for_a_long_one() -> None:
    table = read("student,Q1,Q2,score\na,1,0,1\nb,1,1,2\n", subject="Maths", exam="T1")
    assert table.layout is Layout.WIDE


def test_subject_and_exam_come_from_the_options() -> None:
    table = read("student_id,item_id,correct\na,Q1,1\n", subject="Maths", exam="T1")
    assert table.frame is not None
    assert table.frame.iloc[0].to_dict() == {
        "student_id": "a", "item_id": "Q1", "correct": 1, "subject_name": "Maths", "exam_name": "T1",
    }  # fmt: skip
    assert "name the subject (--subject)" in str(fault("student_id,item_id,correct\na,Q1,1\n", exam="T1"))


def test_several_exams_in_one_file_stay_apart() -> None:
    table = read(f"{HEAD}\na,Q1,Maths,T1,1\na,Q1,Maths,T2,0\n", exam="T9", subject="Maths")
    assert table.frame is not None
    assert list(table.frame.exam_name) == ["T1", "T2"]
    assert "names the exam itself (T1, T2)" in table.warnings[0]


def test_faults_are_named_with_their_row() -> None:
    rows = "a,Q1,M,T,2,1,\n,Q1,M,T,1,1,\nb,,M,T,1,1,\nc,Q1,M,T,1,x,\nd,Q1,M,T,1,1,soon\n"
    error = fault(f"{HEAD},attempt,answered_at\n{rows}")
    assert [str(one) for one in error.faults] == [
        "row 3, column student_id: is empty",
        "row 4, column item_id: is empty",
        "row 5, column attempt: must be a whole number, not 'x'",
        "row 6, column answered_at: must be a time such as 2026-04-09 13:05, not 'soon'",
        "row 2, column correct: must be 0, 1 or empty, not '2'",
    ]


def test_many_faults_are_counted() -> None:
    error = fault(f"{HEAD}\n" + "a,Q1,M,T,yes\n" * 25)
    assert (len(error.faults), error.n_faults) == (10, 25)


def test_answers_are_scored_with_a_column_of_keys() -> None:
    table = read("student_id,item_id,answer,answer_key\na,Q1,b,B\nb,Q1,C,B\nc,Q1,-,B\n", subject="M", exam="T")
    assert table.frame is not None
    assert list(table.frame.correct.fillna(-1)) == [1, 0, -1]


def test_answers_are_scored_with_a_given_key() -> None:
    text = "student_id,item_id,answer\na,Q1,A\nb,Q1,B\nb,Q2,\n"
    table = read(text, subject="M", exam="T", key={"Q1": "A", "Q2": "C"}, omitted="wrong")
    assert table.frame is not None
    assert list(table.frame.correct) == [1, 0, 0]
    assert list(table.frame.answer_key) == ["A", "A", "C"]
    error = fault(text, subject="M", exam="T", key={"Q1": "A"})
    assert [str(one) for one in error.faults] == ["row 4, item Q2: has no right option in the key"]


def test_a_given_key_counts_more_than_the_scores_and_that_is_said() -> None:
    text = "student_id,item_id,answer,correct\na,Q1,A,0\nb,Q1,B,0\na,Q2,A,1\n"
    table = read(text, subject="M", exam="T", key={"Q1": "A"})
    assert table.frame is not None
    assert list(table.frame.correct) == [1, 0, 1]
    assert "scores 1 answers otherwise" in table.warnings[0]


def test_options_without_any_key_ask_for_one() -> None:
    assert "--key" in str(fault("student_id,item_id,answer\na,Q1,A\n", subject="M", exam="T"))


def test_a_key_without_options_has_nothing_to_score() -> None:
    assert "no column answer" in str(fault(f"{HEAD}\na,Q1,M,T,1\n", key={"Q1": "A"}))


def test_the_student_column_is_asked_for_or_named() -> None:
    text = "pupil,item_id,correct\na,Q1,1\n"
    assert "--student" in str(fault(text, subject="M", exam="T"))
    table = read(text, subject="M", exam="T", student="Pupil")
    assert table.frame is not None
    assert list(table.frame.student_id) == ["a"]


def test_numbers_that_the_table_has_no_place_for_are_left_out_and_reported() -> None:
    text = f"{HEAD},seconds\na,Q1,M,T,1,12.5\n"
    assert "'seconds' was left out" in read(text).warnings[0]
    table = read(text, properties=("seconds",))
    assert table.frame is not None
    assert list(table.frame.seconds) == ["12.5"]


def test_correct_is_empty_or_wrong_where_told() -> None:
    table = read(f"{HEAD}\na,Q1,M,T,NA\n", omitted="wrong")
    assert table.frame is not None
    assert list(table.frame.correct) == [0]
