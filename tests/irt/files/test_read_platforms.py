"""Reports of Moodle and Canvas, in the columns that these programs write."""

import pytest

from irt.files import ImportOptions, ImportTable, read_table

WHO = "Last name,First name,ID number,Email address,Status,Started,Completed,Duration"
MOODLE = f"""{WHO},Grade/10.00,Q. 1 /2.50,Q. 2 /2.50,Q. 3 /5.00
Sato,Hanako,007,h@x.example,Finished,1 May 2026  1:03 PM,1 May 2026  1:20 PM,17 mins,7.50,2.50,0.00,5.00
Sato,Hanako,007,h@x.example,Finished,2 May 2026  1:03 PM,2 May 2026  1:20 PM,17 mins,10.00,2.50,2.50,5.00
Ito,Ken,008,k@x.example,Finished,1 May 2026  1:03 PM,1 May 2026  1:20 PM,17 mins,3.75,1.25,2.50,-
Abe,Jun,009,j@x.example,In progress,1 May 2026  1:03 PM,-,-,-,-,-,-
Overall average,,,,,,,,7.08,2.08,1.67,5.00
"""
CANVAS = """name,id,sis_id,section,submitted,attempt,"17: Which, and
why?",1.0,18: What?,2.0,n correct,n incorrect,score
Hanako,5001,007,A,2026-04-09 03:28:49 UTC,1,"a, b",1.0,x,2.0,2,0,3.0
Ken,5002,008,"A, B",2026-04-09 03:28:49 UTC,1,c,0.0,x,1.0,0,2,1.0
Jun,5003,009,B,2026-04-09 03:28:49 UTC,1,b,1.0,,,1,0,1.0
"""


def read(text: str, **options: object) -> ImportTable:
    return read_table(text.encode(), "quiz.csv", ImportOptions(**({"subject": "Maths", "exam": "Quiz"} | options)))


def answers(table: ImportTable) -> list[tuple[object, ...]]:
    assert table.frame is not None
    names = [name for name in ("student_id", "attempt", "item_id", "correct") if name in table.frame]
    rows = table.frame[names].astype(object).where(table.frame[names].notna(), None)
    return list(rows.itertuples(index=False, name=None))


def test_a_grades_report_of_moodle_is_read() -> None:
    table = read(MOODLE)
    assert answers(table) == [
        ("007", "1", "Q. 1", 1), ("007", "1", "Q. 2", 0), ("007", "1", "Q. 3", 1),
        ("007", "2", "Q. 1", 1), ("007", "2", "Q. 2", 1), ("007", "2", "Q. 3", 1),
        ("008", "1", "Q. 1", 0), ("008", "1", "Q. 2", 1), ("008", "1", "Q. 3", None),
    ]  # fmt: skip
    assert table.frame is not None
    assert list(table.frame.student_name.unique()) == ["Sato Hanako", "Ito Ken"]
    said = " ".join(table.warnings)
    assert "report of Moodle" in said
    assert "1 answers with part of the marks count as wrong" in said
    assert "1 rows without any mark" in said
    assert "1 rows that are no student" in said
    assert "left out: Email address, Status" in said


def test_words_and_decimal_marks_of_other_languages_are_read() -> None:
    told = MOODLE.replace(".", ",").replace("Q, ", "Pyt. ").replace("Grade", "Ocena").replace("ID number", "Nr")
    rows = [line.split(",") for line in MOODLE.splitlines()]
    table = read("\n".join(";".join(row) for row in rows).replace(".", ",").replace("Q, ", "Pyt. "))
    assert [row[-1] for row in answers(table)] == [1, 0, 1, 1, 1, 1, 0, 1, None]
    assert "Ocena/10,00" in told


@pytest.mark.parametrize(
    ("change", "student"),
    [({"007": "", "008": ""}, "h@x.example"), ({"007": "", "008": "", "@": " at "}, "Sato Hanako")],
)
def test_a_student_without_number_is_known_by_address_or_name(change: dict[str, str], student: str) -> None:
    text = MOODLE
    for old, new in change.items():
        text = text.replace(old, new)
    assert answers(read(text))[0][0] == student


def test_the_student_column_and_properties_of_a_report_can_be_named() -> None:
    table = read(MOODLE, student="email address", properties=("Status",))
    assert answers(table)[0][0] == "h@x.example"
    assert table.frame is not None
    assert set(table.frame.Status) == {"Finished"}


def test_a_student_analysis_of_canvas_is_read() -> None:
    table = read(CANVAS)
    assert answers(table) == [
        ("007", "1", "17: Which, and why?", 1), ("007", "1", "18: What?", 1),
        ("008", "1", "17: Which, and why?", 0), ("008", "1", "18: What?", 0),
        ("009", "1", "17: Which, and why?", 1), ("009", "1", "18: What?", None),
    ]  # fmt: skip
    assert "report of Canvas" in table.warnings[0]


def test_a_table_with_fractions_in_its_header_stays_a_table() -> None:
    table = read("student_id,Q1 1/2,Q2\na,1,0\nb,0,1\n")
    assert [row[-1] for row in answers(table)] == [1, 0, 0, 1]
    assert table.warnings == ()
