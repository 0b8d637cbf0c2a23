"""Wide files: what becomes of each column, keys, missing cells, and faults with their place."""

import pandas as pd
import pytest

from irt.errors import ImportFault
from irt.files import ImportOptions, ImportTable, Layout, preview_table, read_key, read_table


def read(text: str, **options: object) -> ImportTable:
    return read_table(text.encode(), "exam.csv", ImportOptions(**({"subject": "Maths", "exam": "Term 1"} | options)))


def matrix(table: ImportTable) -> list[list[float]]:
    assert table.frame is not None
    wide = table.frame.pivot_table(index="student_id", columns="item_id", values="correct", dropna=False, sort=False)
    return wide.astype("Float64").fillna(-1).to_numpy(dtype=float).tolist()


def becomes(table: ImportTable) -> dict[str, str]:
    return {plan.name: plan.becomes for plan in table.columns}


def fault(text: str, **options: object) -> ImportFault:
    with pytest.raises(ImportFault) as caught:
        read(text, **options)
    return caught.value


def test_zeros_and_ones_are_items_and_text_is_a_property() -> None:
    table = read("student_id,gender,Q1,Q2\n007,female,1,0\n008,male,,1.0\n")
    assert table.layout is Layout.WIDE
    assert becomes(table) == {"student_id": "student_id", "gender": "property", "Q1": "item", "Q2": "item"}
    assert matrix(table) == [[1, 0], [-1, 1]]
    assert table.frame is not None
    assert list(table.frame.student_id) == ["007", "007", "008", "008"]
    assert list(table.frame.gender) == ["female", "female", "male", "male"]
    assert set(table.frame.subject_name) == {"Maths"}
    assert set(table.frame.exam_name) == {"Term 1"}
    assert table.warnings == ()


@pytest.mark.parametrize("mark", ["", "NA", "-", ".", "  "])
def test_missing_is_missing_or_wrong_if_told(mark: str) -> None:
    text = f"student_id,Q1,Q2\na,{mark},1\nb,0,1\n"
    assert matrix(read(text)) == [[-1, 1], [0, 1]]
    assert matrix(read(text, omitted="wrong")) == [[0, 1], [0, 1]]


def test_a_column_plan_has_examples_and_counts_what_is_missing() -> None:
    plan = read("student_id,g,Q1\na,x,1\nb,,0\nc,y,NA\nd,x,-\ne,z,1\nf,w,1\n").columns[1:]
    assert (plan[0].examples, plan[0].n_missing) == (("x", "y", "z"), 1)
    assert (plan[1].examples, plan[1].n_missing) == (("1", "0"), 2)


def test_first_rows_are_as_in_the_file() -> None:
    table = read("student_id,Q1\n" + "".join(f"s{k},{k % 2}\n" for k in range(9)))
    assert table.n_rows == 9
    assert table.first_rows == (("s0", "0"), ("s1", "1"), ("s2", "0"), ("s3", "1"), ("s4", "0"))


def test_without_a_student_column_rows_are_numbered_and_that_is_said() -> None:
    table = read("Q1,Q2\n1,0\n0,0\n")
    assert table.frame is not None
    assert list(table.frame.student_id.unique()) == ["1", "2"]
    assert "2 rows are numbered" in table.warnings[0]


def test_the_student_column_can_be_named() -> None:
    table = read("Nr,student_id,Q1\n5,a,1\n6,a,0\n", student="nr")
    assert becomes(table) == {"Nr": "student_id", "student_id": "property", "Q1": "item"}


def test_headers_of_the_table_are_known_however_they_are_written() -> None:
    table = read("Student ID,Class-Name,STUDENT NAME,Q1\n1,7a,Ann,1\n2,7b,Bo,0\n")
    assert list(becomes(table).values()) == ["student_id", "class_name", "student_name", "item"]
    assert table.frame is not None
    assert list(table.frame.class_name) == ["7a", "7b"]


def test_letters_are_scored_with_a_key() -> None:
    table = read("student_id,Q1,Q2\na,B,c\nb,Ｂ,\nc,A,*\n", key={"Q1": "b", "q2": "C"})
    assert matrix(table) == [[1, 1], [1, -1], [0, 0]]
    assert table.frame is not None
    assert list(table.frame.answer.fillna("")) == ["B", "C", "B", "", "A", "*"]
    assert list(table.frame.answer_key) == ["B", "C"] * 3


def test_omitted_can_be_wrong_with_a_key() -> None:
    assert matrix(read("student_id,Q1\na,A\nb,\n", key={"Q1": "A"}, omitted="wrong")) == [[1], [0]]


@pytest.mark.parametrize("mark", ["key", "KEY", "Answer Key", "正答"])
def test_a_first_row_can_be_the_key(mark: str) -> None:
    table = read(f"student_id,gender,Q1,Q2\n{mark},,A,2\na,f,A,1\nb,m,C,2\n")
    assert matrix(table) == [[1, 0], [0, 1]]
    assert table.n_rows == 2
    assert becomes(table)["gender"] == "property"


def test_a_key_that_is_given_counts_more_than_the_row() -> None:
    assert matrix(read("student_id,Q1\nkey,A\na,A\nb,B\n", key={"Q1": "B"})) == [[0], [1]]


def test_with_a_key_numbers_that_it_does_not_name_are_asked_about() -> None:
    text = "student_id,Q1,Q2,age\na,A,B,2\nb,B,C,0\n"
    key = {"Q1": "A", "Q2": "B"}
    assert "column age: holds '2', '0'" in str(fault(text, key=key))
    assert becomes(read(text, key=key, properties=("age",)))["age"] == "property"
    table = read(text, key=key, items=("Q*",))
    assert becomes(table)["age"] == "left out"
    assert "'age' was left out" in table.warnings[0]


@pytest.mark.parametrize("name", ["Total", "total score", "合計", "得点", "Punkte"])
def test_a_column_of_totals_is_left_out_and_reported(name: str) -> None:
    table = read(f"student_id,Q1,Q2,{name}\na,1,1,2\nb,0,1,1\n")
    assert becomes(table)[name] == "left out"
    assert f"{name!r} was left out" in table.warnings[0]
    assert becomes(read(f"student_id,Q1,{name}\na,1,1\nb,0,0\n"))[name] == "item"


@pytest.mark.parametrize(
    ("right", "wrong"), [("1,0", "0,0"), ("１", "０"), ("TRUE", "FALSE"), ("True", "False"), ("○", "×"), ("1.00", "0")]
)
def test_ones_and_zeros_are_known_as_programs_and_teachers_write_them(right: str, wrong: str) -> None:
    assert matrix(read(f"student_id;Q1;Q2\na;{right};{wrong}\nb;{wrong};\n")) == [[1, 0], [0, -1]]


def test_words_among_zeros_and_ones_are_asked_about_and_not_made_a_property() -> None:
    text = "student_id,Q1,Q2\na,1,0\nb,0,1\nc,0,n/a\n"
    assert [str(one) for one in fault(text).faults] == ["column Q2: holds 'n/a', '0', '1'"]
    assert "A missing answer is an empty cell" in fault(text).message
    assert "row 4, column Q2" in str(fault(text, items=("Q*",)))


def test_usual_names_of_columns_are_known() -> None:
    table = read("学籍番号,氏名,組,学年,問1\n001,山田,1組,3年,○\n002,鈴木,1組,3年,×\n")
    found = ["student_id", "student_name", "class_name", "student_grade", "item"]
    assert list(becomes(table).values()) == found
    assert becomes(read("ID,name,Q1\n1,x,1\n2,x,0\n")) == {"ID": "student_id", "name": "student_name", "Q1": "item"}


def test_a_usual_name_gives_way_to_the_name_itself_and_to_what_is_said() -> None:
    assert becomes(read("ID,student_id,Q1\nu,a,1\nv,b,0\n"))["ID"] == "property"
    assert becomes(read("ID,Nr,Q1\nu,a,1\nv,b,0\n", student="Nr"))["ID"] == "property"
    assert becomes(read("name,Q1\nu,1\nv,0\n", properties=("name",)))["name"] == "property"
    repeated = read("student,Q1\nu,1\nu,0\n")
    assert becomes(repeated)["student"] == "property"
    assert "2 rows are numbered" in repeated.warnings[0]


def test_a_key_names_items_that_the_file_lacks() -> None:
    table = read("student_id,Q1\na,A\nb,B\n", key={"Q1": "A", "Q7": "B"})
    assert "Q7" in table.warnings[0]
    assert "key is for other items" in str(fault("student_id,Q1\na,A\n", key={"Item 9": "A"}))


def test_a_key_that_forgets_an_item_is_reported() -> None:
    text = "student_id,sex,Q1,Q2,Q3\na,f,A,B,A\nb,m,B,B,B\n"
    assert read(text, key={"Q1": "A", "Q2": "B"}).warnings == (
        "The key does not name Q3, which hold options: they are properties here, not items. Complete the key.",
    )
    assert read(text, key={"Q1": "A", "Q2": "B"}, properties=("Q3",)).warnings == ()


@pytest.mark.parametrize("header", ["item_id,answer_key", "Item,Key", "question,correct answer", "設問,正答"])
def test_a_key_file_may_have_usual_headers(header: str) -> None:
    assert read_key(f"{header}\nQ1,a\nQ2,B\n".encode(), "key.csv") == {"Q1": "A", "Q2": "B"}


def test_undecided_columns_are_asked_about_all_at_once() -> None:
    text = "student_id,group,age,Q1\na,1,17,1\nb,2,18,0\n"
    error = fault(text)
    assert "--items" in error.message
    assert "--properties" in error.message
    assert [str(one) for one in error.faults] == ["column group: holds '1', '2'", "column age: holds '17', '18'"]
    assert matrix(read(text, properties=("group", "age"))) == [[1], [0]]
    assert becomes(read(text, items=("q1",))) == {
        "student_id": "student_id",
        "group": "left out",
        "age": "left out",
        "Q1": "item",
    }


def test_a_preview_shows_columns_while_something_is_missing() -> None:
    table = preview_table(b"student_id,group,Q1\na,1,1\nb,2,0\n", "exam.csv")
    assert becomes(table) == {"student_id": "student_id", "group": "undecided", "Q1": "item"}
    assert table.frame is None
    assert table.fault is not None
    assert "column group" in str(table.fault)


@pytest.mark.parametrize(("option", "sentence"), [("subject", "name the subject"), ("exam", "name the exam")])
def test_a_missing_subject_or_exam_is_asked_for(option: str, sentence: str) -> None:
    assert sentence in str(fault("student_id,Q1\na,1\n", **{option: None}))
    assert sentence in str(fault("student_id,Q1\na,1\n", **{option: " "}))


def test_a_file_that_names_its_exams_counts_and_gaps_are_filled() -> None:
    table = read("student_id,exam_name,Q1\na,Term 2,1\nb,,0\n")
    assert table.frame is not None
    assert list(table.frame.exam_name) == ["Term 2", "Term 1"]
    assert "names the exam itself (Term 2)" in table.warnings[0]
    assert "in 1 of its 2 rows" in str(fault("student_id,exam_name,Q1\na,Term 2,1\nb,,0\n", exam=None))


def test_cells_that_cannot_be_scored_are_named_and_counted() -> None:
    rows = "".join(f"s{k},1,X\n" for k in range(12))
    error = fault("student_id,Q1,Q2\nok,1,1\n" + rows, items=("Q1", "Q2"))
    assert str(error.faults[0]) == "row 3, column Q2: must be 0, 1 or empty, not 'X'"
    assert (len(error.faults), error.n_faults) == (10, 12)
    assert "--key" in error.message


def test_other_signs_between_cells_are_told_from_letters() -> None:
    assert "one column only, 'student_id|Q1'. Cells are separated by" in fault("student_id|Q1\na|1\nb|0\n").message


def test_letters_without_a_key_ask_for_it() -> None:
    assert "--key" in str(fault("student_id,Q1,Q2\na,A,B\nb,B,B\n"))


def test_a_student_twice_is_a_fault_with_both_rows() -> None:
    error = fault("student_id,Q1\na,1\nb,0\n\na,0\n")
    assert [str(one) for one in error.faults] == ["row 5, column student_id: 'a' is in row 2 already"]


def test_a_student_may_come_back_with_another_attempt() -> None:
    table = read("student_id,attempt,Q1\na,1,1\na,2,0\n")
    assert table.frame is not None
    assert list(table.frame.attempt) == ["1", "2"]


def test_a_row_without_student_is_a_fault() -> None:
    assert "row 3, column student_id: no student" in str(fault("student_id,Q1\na,1\n,0\n"))


def test_a_header_twice_is_a_fault() -> None:
    assert "'Q1' again after 'Q1' in column 2" in str(fault("student_id,Q1,Q1\na,1,0\n"))
    assert "'Student ID' again" in str(fault("student_id,Student ID,Q1\na,b,1\n"))


def test_options_must_name_columns() -> None:
    assert "no column 'Nr' (--student). It has: student_id, Q1" in str(fault("student_id,Q1\na,1\n", student="Nr"))
    assert "(--items)" in str(fault("student_id,Q1\na,1\n", items=("X*",)))
    assert "(--properties)" in str(fault("student_id,Q1\na,1\n", properties=("sex",)))


def test_brackets_in_headers_are_no_patterns() -> None:
    table = read("student_id,Q[1],Q[2]\na,1,0\n", items=("Q[1]",))
    assert becomes(table)["Q[1]"] == "item"
    assert becomes(table)["Q[2]"] == "left out"


def test_rows_that_sum_up_others_are_left_out_and_reported() -> None:
    table = read("student_id,Q1,Q2\na,1,0\nb,0,0\nOverall average,0.5,0\n")
    assert matrix(table) == [[1, 0], [0, 0]]
    assert "Row 4 of exam.csv ('Overall average')" in table.warnings[0]


def test_empty_columns_are_left_out_and_reported() -> None:
    table = read("student_id,Q1,Q2,\na,1,,\nb,0,NA,\n")
    assert becomes(table) == {"student_id": "student_id", "Q1": "item", "Q2": "left out"}
    assert table.warnings == ("The column 'Q2' was left out: it is empty.",)


def test_a_column_of_row_numbers_without_a_name_is_left_out_and_reported() -> None:
    table = read(",student_id,Q1\n1,a,1\n2,b,0\n")
    assert matrix(table) == [[1], [0]]
    assert "1 columns without a name" in table.warnings[0]


def test_an_item_that_nobody_answered_stays_if_it_is_named() -> None:
    assert matrix(read("student_id,Q1,Q2\na,1,\nb,0,\n", items=("Q*",))) == [[1, -1], [0, -1]]


def test_omitted_takes_two_words_only() -> None:
    with pytest.raises(ImportFault, match="'missing' or 'wrong', not 'skip'"):
        ImportOptions(omitted="skip")


def test_a_key_file_is_read() -> None:
    assert read_key(b"Item ID;answer_key\nQ1;a\nQ2; 3\n", "key.csv") == {"Q1": "A", "Q2": "3"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"item,name\nQ1,A\n", "columns item_id and answer_key; key.csv has item, name"),
        (b"item_id,answer_key\nQ1,A\nQ1,B\n", "row 3: item 'Q1' has two right options, A and B"),
        (b"item_id,answer_key\nQ1,\n", "row 2: item 'Q1' has no right option"),
        (b"item_id,answer_key\n,A\n", "row 2: no item"),
    ],
)
def test_a_faulty_key_is_refused(text: bytes, message: str) -> None:
    with pytest.raises(ImportFault) as caught:
        read_key(text, "key.csv")
    assert message in str(caught.value)


def test_two_key_items_of_the_same_name_are_refused() -> None:
    assert "two right options" in str(fault("student_id,Q 1\na,A\n", key={"Q 1": "A", "q_1": "B"}))


def test_frames_have_columns_of_the_contract_only() -> None:
    table = read("student_id,gender,Q1\na,f,A\nb,m,B\n", key={"Q1": "A"})
    assert isinstance(table.frame, pd.DataFrame)
    assert list(table.frame.columns) == [
        "student_id", "item_id", "correct", "answer", "answer_key", "gender", "subject_name", "exam_name",
    ]  # fmt: skip
