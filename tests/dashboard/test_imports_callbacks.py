"""An import through the callbacks of the page: from a file to an exam that can be asked for."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asking import ask, place, shown

from dashboard import ids

N_STUDENTS, N_ITEMS = 40, 6
SECRET = "Zebedee"


def wide() -> str:
    """A wide file; one student has a name that must not turn up elsewhere."""
    header = "student_id,student_name," + ",".join(f"q{j}" for j in range(1, N_ITEMS + 1))
    rows = [
        f"{i:03d},{SECRET if i == 7 else 'X'}," + ",".join(str(int((i * 7 + j * 5) % 11 > j)) for j in range(N_ITEMS))
        for i in range(N_STUDENTS)
    ]
    return "\n".join([header, *rows]) + "\n"


def sent(content: str | bytes, name: str = "answers.csv", **said: str) -> dict[str, Any]:
    """What the page holds once a file is chosen."""
    raw = content.encode() if isinstance(content, str) else content
    return {
        f"{ids.IMPORT_FILE}.contents": "data:text/csv;base64," + base64.b64encode(raw).decode(),
        f"{ids.IMPORT_FILE}.filename": name,
        f"{ids.IMPORT_OMITTED}.value": "missing",
        "state.data": place("import"),
        **{f"import-{name}.value": value for name, value in said.items()},
    }


@pytest.fixture
def own(open_app: Callable[..., Any], tmp_path: Path) -> Any:
    """An app over an empty store of its own."""
    return open_app(tmp_path / "store")


def check(app: Any, values: dict[str, Any]) -> str:
    return shown(ask(app, f"{ids.IMPORT_CHECK}.children", values))


def confirm(app: Any, values: dict[str, Any]) -> dict[str, Any]:
    return ask(app, f"{ids.IMPORT_REFUSED}.children", {f"{ids.IMPORT_CONFIRM}.n_clicks": 1, **values})


def exams(app: Any) -> list[tuple[str, str]]:
    found = app.server.test_client().get("/api/v1/catalogue").get_json()
    return [(entry["subject"], entry["exam"]) for entry in found["exams"]]


def test_contract_round_trip(own: Any) -> None:
    values = sent(wide(), subject="Physics", exam="Quiz 1")
    assert f"Store {N_STUDENTS * N_ITEMS} answers" in check(own, values)
    assert exams(own) == [], "nothing may be stored before it is confirmed"
    told = shown(confirm(own, values))
    assert f"{N_STUDENTS * N_ITEMS} answers of {N_STUDENTS} students to {N_ITEMS} items" in told
    assert "subject=Physics&exam=Quiz+1" in told
    assert exams(own) == [("Physics", "Quiz 1")]
    again = shown(confirm(own, values))
    assert "Nothing to do" in again


def test_contract_names_are_asked_for(own: Any) -> None:
    values = sent(wide())
    assert "Store" in check(own, values)
    answer = confirm(own, values)
    assert "Enter a subject and an exam" in shown(answer)
    assert ids.IMPORT_BODY not in answer
    assert exams(own) == []


def test_contract_file_that_names_itself_needs_no_names(own: Any) -> None:
    rows = "".join(f"s{i},q{j},History,May,{(i + j) % 2}\n" for i in range(5) for j in range(4))
    confirm(own, sent("student_id,item_id,subject_name,exam_name,correct\n" + rows))
    assert exams(own) == [("History", "May")]


def test_contract_letters_with_a_key_in_cp932(own: Any) -> None:
    answers = "student_id,問1,問2\n001,A,B\n002,C,\n".encode("cp932")
    values = sent(answers, subject="国語", exam="一学期")
    values[f"{ids.IMPORT_KEY}.contents"] = (
        "data:;base64," + base64.b64encode("item_id,answer_key\n問1,A\n問2,B\n".encode("cp932")).decode()
    )
    values[f"{ids.IMPORT_KEY}.filename"] = "key.csv"
    assert "Japanese text" in check(own, values)
    confirm(own, values)
    assert exams(own) == [("国語", "一学期")]


def test_message_faults_have_row_and_column_and_nothing_is_stored(own: Any) -> None:
    values = sent("student_id,item_id,subject_name,exam_name,correct\na,q1,S,E,1\nb,q1,S,E,yes\n")
    said = check(own, values)
    assert "row 3" in said
    assert "column correct" in said
    assert ids.IMPORT_CONFIRM not in said
    assert "cannot be stored" in shown(confirm(own, values))
    assert exams(own) == []


def test_message_what_is_no_table(own: Any) -> None:
    assert "cannot be imported yet" in check(own, sent(bytes([0x89, 80, 78, 71, 0, 1, 2, 255]), "photo.png"))


def test_message_broken_key(own: Any) -> None:
    values = sent(wide())
    values[f"{ids.IMPORT_KEY}.contents"] = "data:;base64," + base64.b64encode(b"a,b\n1,2\n").decode()
    values[f"{ids.IMPORT_KEY}.filename"] = "key.csv"
    assert "item_id and answer_key" in check(own, values)


def test_message_lost_file(own: Any) -> None:
    values = sent(wide(), subject="S", exam="E")
    values[f"{ids.IMPORT_FILE}.contents"] = None
    assert "no longer here" in shown(confirm(own, values))


def test_contract_read_only_source_says_so_and_takes_nothing(own: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from irt.service import Service

    monkeypatch.setattr(Service, "may_import", lambda self, scope: False)
    opened = ask(own, f"{ids.IMPORT_BODY}.hidden", {"state.data": place("import")})
    assert opened[ids.IMPORT_BODY] == {"hidden": True}
    assert "cannot be written to" in shown(opened)
    assert "cannot be written to" in shown(confirm(own, sent(wide(), subject="S", exam="E")))
    monkeypatch.undo()
    assert exams(own) == []


def test_invariant_nothing_of_a_file_goes_to_the_log(own: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    values = sent(wide(), subject="S", exam="E")
    check(own, values)
    confirm(own, values)
    check(own, sent(wide().replace(",0,", f",{SECRET},")))
    assert SECRET not in caplog.text


def test_contract_an_exam_that_is_there_already_is_said(own: Any) -> None:
    def named(subject: str, exam: str) -> str:
        values = {f"{ids.IMPORT_SUBJECT}.value": subject, f"{ids.IMPORT_EXAM}.value": exam}
        return shown(ask(own, f"{ids.IMPORT_EXISTS}.children", values))

    values = sent(wide(), subject="Physics", exam="Quiz 1")
    assert "is there already" not in named("Physics", "Quiz 1")
    confirm(own, values)
    assert f"“Quiz 1” in Physics is there already, with {N_STUDENTS} students." in named(" Physics", "Quiz 1 ")
    assert "is there already" not in named("Physics", "Quiz 2")
    assert "is there already" not in check(own, values), "the form has said it"
    long = "student_id,item_id,subject_name,exam_name,correct\n1,q1,Physics,Quiz 1,1\n"
    assert "“Quiz 1” in Physics is there already" in check(own, sent(long))
