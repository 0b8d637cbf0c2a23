"""The callbacks of Students, over the sample exams."""

from __future__ import annotations

import re
from typing import Any

import pytest
from asking import ask, place, shown

from dashboard import ids
from dashboard.pages import students

SUBJECT, EXAM, CLASS = "Mathematics (simulated)", "Term 2", "7A"


def found(app: Any, query: str = "", **chosen: str) -> str:
    values = {
        "state.data": place("students", subject=SUBJECT, exam=EXAM, **chosen),
        f"{ids.STUDENTS_SEARCH}.value": query,
    }
    return shown(ask(app, f"{ids.STUDENTS_FOUND}.children", values))


def report(app: Any, **chosen: str) -> dict[str, Any]:
    values = {"state.data": place("students", subject=SUBJECT, exam=EXAM, **chosen)}
    return ask(app, f"{ids.STUDENTS_REPORT}.children", values)


@pytest.fixture(scope="module")
def handle(app: Any) -> str:
    """The first student of the class."""
    return re.findall(r"student=([0-9a-f]{20})", found(app, **{"class": CLASS}))[0]


def test_contract_list_is_narrowed_on_the_server(app: Any) -> None:
    everybody = found(app)
    assert "more: search to narrow the list." in everybody
    assert len(re.findall(r"student=[0-9a-f]{20}", everybody)) == 40
    some = found(app, "garcia")
    assert 0 < len(re.findall(r"student=[0-9a-f]{20}", some)) < 40
    assert "No student here is called" in found(app, "nobody has this name")


def test_contract_student_is_told_first_in_a_sentence(app: Any, handle: str) -> None:
    answer = report(app, student=handle, **{"class": CLASS})
    assert answer[ids.STUDENTS_FINDER] == {"hidden": True}
    said = shown(answer)
    assert re.search(r"expect \d+ to \d+", said)
    assert f"the middle of {CLASS}" in said
    assert "How likely is a right answer?" in said


def test_contract_analyst_gets_estimates_with_their_errors(app: Any, handle: str) -> None:
    dense, plain = (shown(report(app, student=handle, view=view)) for view in ("analyst", "teacher"))
    assert "posterior standard deviation" in dense
    assert "posterior standard deviation" not in plain


def test_contract_unknown_handle_is_a_notice(app: Any) -> None:
    answer = report(app, student="0" * 20)
    assert ids.STUDENTS_REPORT not in answer
    assert "out of date" in shown(answer["notices"])


def test_contract_class_is_a_table_and_all_classes_are_links(app: Any, handle: str) -> None:
    def table(**chosen: str) -> str:
        values = {"state.data": place("students", subject=SUBJECT, exam=EXAM, **chosen)}
        return shown(ask(app, f"{ids.STUDENTS_CLASS}.children", values))

    assert "class-map-scroll" in table(**{"class": CLASS})
    assert "Choose a class above" in table()
    assert "class-map-scroll" not in table(student=handle)


def test_contract_of_very_many_classes_the_search_finds_each(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "class=9D" not in found(app, "9d")
    monkeypatch.setattr(students, "MOST_CLASSES", 3)
    values = {"state.data": place("students", subject=SUBJECT, exam=EXAM)}
    assert "9 more classes" in shown(ask(app, f"{ids.STUDENTS_CLASS}.children", values))
    assert "class=9D" in found(app, "9d")
    assert "class=" not in found(app, "9d", **{"class": CLASS})  # one is chosen already
    assert "class=" not in found(app, "nobody has this name")


def test_contract_nothing_runs_on_other_pages(app: Any) -> None:
    values = {"state.data": place("items", subject=SUBJECT, exam=EXAM)}
    assert ask(app, f"{ids.STUDENTS_REPORT}.children", values) == {}


def test_invariant_no_student_id_in_any_link(app: Any, handle: str) -> None:
    for said in (found(app), shown(report(app, student=handle, **{"class": CLASS}))):
        assert not re.search(r'"href": "[^"]*student_?id', said)
        assert not re.search(r'"href": "[^"]*student=(?![0-9a-f]{20}[&"])', said)


def test_contract_downloads_of_student_and_class(app: Any, handle: str) -> None:
    client = app.server.test_client()
    query = {"subject": SUBJECT, "exam": EXAM, "class": CLASS}
    one = client.get("/download/student.csv", query_string={**query, "student": handle})
    everybody = client.get("/download/class_map.csv", query_string=query)
    for answer in (one, everybody):
        assert answer.status_code == 200
        assert "probability" in answer.get_data(as_text=True)
    assert client.get("/download/student.csv", query_string={**query, "student": "x"}).status_code == 404


def test_contract_exam_without_classes_shows_the_first_students_and_downloads_all(app: Any) -> None:
    chosen = {"subject": "Law School Admission Test", "exam": "Section 7"}
    values = {"state.data": place("students", **chosen)}
    assert "The first 60 of 1,000 students" in shown(ask(app, f"{ids.STUDENTS_CLASS}.children", values))
    assert "Choose a class" not in shown(ask(app, f"{ids.STUDENTS_REPORT}.children", values))
    csv = app.server.test_client().get("/download/class_map.csv", query_string=chosen).get_data(as_text=True)
    assert len(set(re.findall(r"^[0-9a-f]{20}(?=,)", csv, re.MULTILINE))) == 1000


@pytest.fixture
def few(open_app: Any, tmp_path: Any) -> Any:
    """An app over an exam of 12 students: too few for a model."""
    import pandas as pd

    from irt.sources import ParquetStore

    rows = [
        {"student_id": f"s{i}", "item_id": f"q{j}", "subject_name": "S", "exam_name": "E", "correct": (i + j) % 2}
        for i in range(12)
        for j in range(4)
    ]
    ParquetStore(tmp_path / "store").add(pd.DataFrame(rows))
    return open_app(tmp_path / "store")


def test_message_too_few_answers_leave_the_scores_and_say_why(few: Any) -> None:
    def region(name: str, **chosen: str) -> dict[str, Any]:
        return ask(few, f"{name}.children", {"state.data": place("students", subject="S", exam="E", **chosen)})

    listed = shown(region(ids.STUDENTS_FOUND))
    handle = re.findall(r"student=([0-9a-f]{20})", listed)[0]
    assert "2 of 4" in listed
    said = shown(region(ids.STUDENTS_REPORT, student=handle))
    assert "answered 4 of 4 items, 2 of them right" in said
    assert "needs" in said or "too few" in said.lower() or "at least" in said
    table = region(ids.STUDENTS_CLASS)
    assert table["notices"] == {}
    assert "empty" in shown(table)
