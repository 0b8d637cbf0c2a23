"""Files, and everything else over HTTP, as different callers get it. Invariant: no id or name without the right to it.

Contract: files about students hold pseudonyms, unless ids and names are asked for.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from asking import ask, place, shown

from dashboard import ids
from dashboard.downloads import ABOUT_STUDENTS, TABLES
from irt.callers import Caller
from irt.handles import handle_of
from tests.signed import KEYS, analyst, bearer, teacher
from tests.small_groups import JUNE, MAY, RETAKE, SECRET, SUBJECT, school

LINK_KEY = "link" * 16
STATE = {"subject": SUBJECT, "exam": MAY}
NAMED, NAMELESS = analyst(), analyst("a-2", names=False)
#: What single downloads need besides.
MORE: dict[str, dict[str, Any]] = {
    **{name: {"item": "q1"} for name in ("curve", "observed", "options")},
    "dif": {"group": "gender"},
    "drift": {"other": JUNE},
}


def handle(student_id: str) -> str:
    return handle_of(student_id, LINK_KEY.encode())


@pytest.fixture(scope="module")
def app(open_app: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    from irt.sources import ParquetStore

    folder = tmp_path_factory.mktemp("school")
    ParquetStore(folder).add(school())
    return open_app(folder, ITEMWISE_EMBED_KEYS=KEYS, ITEMWISE_LINK_KEY=LINK_KEY, ITEMWISE_PORTAL_ORIGINS="https://p")


@pytest.fixture(scope="module")
def client(app: Any) -> Any:
    return app.server.test_client()


def get(client: Any, path: str, caller: Caller, **query: Any) -> Any:
    return client.get(path, query_string=query, headers=bearer(caller))


def rows(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    lines = answer.get_data().decode("utf-8-sig").splitlines(keepends=True)
    return list(csv.DictReader(io.StringIO("".join(line for line in lines if not line.startswith("#")))))


def notes(answer: Any) -> str:
    return "".join(line for line in answer.get_data().decode("utf-8-sig").splitlines() if line.startswith("#"))


def chosen(name: str) -> dict[str, Any]:
    """The state in which a download has something to say."""
    return {**STATE, **MORE.get(name, {}), **({"student": handle(f"{SECRET}-A-01")} if name == "student" else {})}


@pytest.mark.parametrize("name", sorted(set(TABLES) - {"spending"}))
def test_invariant_no_file_holds_an_id_or_a_name_unless_asked_for(client: Any, name: str) -> None:
    for caller in (NAMED, NAMELESS) if name in ABOUT_STUDENTS else (NAMELESS,):
        answer = get(client, f"/download/{name}.csv", caller, **chosen(name))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        held = answer.get_data(as_text=True) + unquote(str(answer.headers))
        assert SECRET not in held
        assert "Hana" not in held
        assert ("pseudonymous" in held) == (name in ABOUT_STUDENTS)


@pytest.mark.parametrize("name", sorted(ABOUT_STUDENTS))
def test_contract_ids_and_names_come_on_asking_to_whom_may_see_them(client: Any, name: str) -> None:
    plain = get(client, f"/download/{name}.csv", NAMED, **chosen(name))
    full = get(client, f"/download/{name}.csv", NAMED, **chosen(name), names="1")
    refused = get(client, f"/download/{name}.csv", NAMELESS, **chosen(name), names="1")
    assert (refused.status_code, refused.mimetype) == (403, "text/plain")
    assert "not shown with your access" in refused.get_data(as_text=True)
    assert SECRET not in refused.get_data(as_text=True)
    named = {row["student_id"]: row.get("student_name") for row in rows(full) if row["student_id"]}
    assert all(student.startswith(SECRET) for student in named)
    if "student_name" in rows(full)[0]:
        assert all("Hana" in (student or "") for student in named.values())
    shown_ids = [row["student_id"] for row in rows(plain) if row["student_id"]]
    assert set(shown_ids) == {handle(student) for student in named}
    assert shown_ids == sorted(shown_ids), "the order of the rows tells nothing"
    assert "student_name" not in rows(plain)[0]
    assert len(rows(plain)) == len(rows(full))
    dispositions = [unquote(answer.headers["Content-Disposition"]) for answer in (plain, full)]
    assert f'filename="{name}-pseudonymous.csv"' in dispositions[0]
    assert f'filename="{name}-with-names.csv"' in dispositions[1]
    assert "student_id: A pseudonym of the student" in notes(plain)
    assert "Other columns may still tell who somebody is" in notes(plain)


def test_identity_rows_of_a_file_are_those_of_the_students_that_they_name(client: Any) -> None:
    plain, full = (rows(get(client, "/download/students.csv", NAMED, **STATE, **more)) for more in ({}, {"names": "1"}))
    nameless = rows(get(client, "/download/students.csv", NAMELESS, **STATE))
    scores = {handle(row["student_id"]): row["score"] for row in full}
    assert {row["student_id"]: row["score"] for row in plain} == scores
    assert {row["student_id"]: row["score"] for row in nameless} == scores
    assert Counter(row["class_name"] for row in nameless) == {"A": 29, "": 18}


@pytest.mark.parametrize("names", ["0", "", "true", ["1", "1"]])
def test_message_names_is_one_or_nothing(client: Any, names: str | list[str]) -> None:
    answer = get(client, "/download/students.csv", NAMED, **STATE, names=names)
    assert answer.status_code == 404
    assert "names must be 1" in answer.get_data(as_text=True)


def test_contract_health_says_who_was_left_out_apart_from_why(client: Any) -> None:
    left_out = [row for row in rows(get(client, "/download/health.csv", NAMED, **STATE)) if row["student_id"]]
    assert [(row["what"], row["detail"], row["student_id"]) for row in left_out] == [
        ("student left out", "no scored answer", handle(f"{SECRET}-A-05"))
    ]


# Pages and the API ---------------------------------------------------------------------------------------------------


class Signed:
    """A client that sends a caller's token with every request."""

    def __init__(self, app: Any, caller: Caller) -> None:
        self._client, self._headers = app.server.test_client(), bearer(caller)

    def post(self, path: str, **request: Any) -> Any:
        return self._client.post(path, headers=self._headers, **request)


def page(app: Any, caller: Caller, region: str, page: str = "students", **state: str) -> str:
    values = {"state.data": place(page, **STATE, **state), f"{ids.STUDENTS_SEARCH}.value": state.pop("typed", "")}
    return shown(ask(app, f"{region}.children", values, Signed(app, caller)))


def typed(app: Any, caller: Caller, query: str) -> str:
    values = {"state.data": place("students", **STATE), f"{ids.STUDENTS_SEARCH}.value": query}
    return shown(ask(app, f"{ids.STUDENTS_FOUND}.children", values, Signed(app, caller)))


def test_contract_students_are_pseudonyms_with_a_line_that_says_so(app: Any) -> None:
    told = page(app, NAMELESS, ids.STUDENTS_REPORT)
    assert "names are not shown: each student has a pseudonym" in told
    assert "Classes of fewer than 10 students are not listed; sometimes one more" in told
    everybody = page(app, NAMED, ids.STUDENTS_REPORT)
    assert "pseudonym" not in everybody
    assert "not listed" not in everybody


def test_contract_a_pseudonym_is_short_and_can_be_searched_for(app: Any) -> None:
    mine = handle(f"{SECRET}-A-01")
    listed = typed(app, NAMELESS, "")
    assert f"Student {mine[:6]}" in listed
    assert f"student={mine}" in listed
    for query in (f"Student {mine[:6]}", mine[:6], mine):
        assert re.findall(r"student=([0-9a-f]{20})", typed(app, NAMELESS, query)) == [mine]
    assert "No student here" in typed(app, NAMELESS, SECRET)
    assert "No student here" in typed(app, NAMELESS, "Hana")
    assert f"student={mine}" in typed(app, NAMED, "Hana secret A1")


def test_contract_one_student_is_told_by_pseudonym_under_the_link_of_everybody(app: Any) -> None:
    mine = handle(f"{SECRET}-A-01")
    told = page(app, NAMELESS, ids.STUDENTS_REPORT, student=mine)
    assert re.search(rf"Student {mine[:6]}(’s| answered)", told)
    assert "Hana secret A1" in page(app, NAMED, ids.STUDENTS_REPORT, student=mine)


@pytest.mark.parametrize(
    ("region", "on", "state"),
    [
        (ids.STUDENTS_REPORT, "students", {}),
        (ids.STUDENTS_REPORT, "students", {"class": "A"}),
        (ids.STUDENTS_REPORT, "students", {"class": "C"}),
        (ids.STUDENTS_CLASS, "students", {}),
        (ids.STUDENTS_CLASS, "students", {"class": "A", "view": "analyst"}),
        (ids.DATA_REPORT, "data", {"view": "analyst"}),
        (ids.DATA_METHOD, "data", {"view": "analyst"}),
        (ids.SAID, "students", {"class": "C"}),
    ],
)
def test_invariant_no_page_shows_an_id_a_name_or_a_hidden_class(
    app: Any, region: str, on: str, state: dict[str, str]
) -> None:
    told = page(app, NAMELESS, region, on, **state)
    assert SECRET not in told
    assert "Hana" not in told
    assert '"C"' not in told
    assert "C (" not in told
    assert "names=1" not in told


def test_contract_links_with_names_are_offered_to_whom_may_follow_them(app: Any) -> None:
    mine = handle(f"{SECRET}-A-01")
    for region, on, state in (
        (ids.STUDENTS_REPORT, "students", {"student": mine}),
        (ids.STUDENTS_CLASS, "students", {"class": "A"}),
        (ids.DATA_REPORT, "data", {}),
        (ids.DATA_METHOD, "data", {}),
    ):
        assert "names=1" in page(app, NAMED, region, on, **state)
        assert "names=1" not in page(app, NAMELESS, region, on, **state)


def test_contract_the_filter_says_why_classes_are_missing(app: Any) -> None:
    def offered(caller: Caller) -> str:
        answer = ask(app, f"{ids.CLASS}.options", {"state.data": place("overview", **STATE)}, Signed(app, caller))
        return str([option["label"] for option in answer[ids.CLASS]["options"]])

    assert offered(NAMELESS) == "['All classes', 'A', 'Small classes are not listed']"
    assert offered(NAMED) == "['All classes', 'A', 'B', 'C']"


@pytest.mark.parametrize("path", ["catalogue", "abilities", "probabilities", "items", "counts", "calibrations"])
def test_invariant_the_api_holds_no_id_and_no_name(client: Any, path: str) -> None:
    more = {} if path == "catalogue" else STATE
    body = get(client, f"/api/v1/{path}", NAMELESS, **more).get_data(as_text=True)
    assert SECRET not in body
    assert "Hana" not in body
    assert RETAKE not in body
    if path in ("abilities", "probabilities"):
        assert SECRET in get(client, f"/api/v1/{path}", NAMED, **more).get_data(as_text=True)


def test_contract_the_api_takes_the_pseudonyms_that_it_gave(client: Any) -> None:
    everybody = get(client, "/api/v1/abilities", NAMELESS, **STATE).get_json()["data"]
    one = everybody[3]["student_id"]
    found = get(client, "/api/v1/probabilities", NAMELESS, **STATE, student_id=one).get_json()["data"]
    assert {row["student_id"] for row in found} == {one}
    by_id = get(client, "/api/v1/probabilities", NAMELESS, **STATE, student_id=f"{SECRET}-A-01")
    assert by_id.status_code == 404


def test_contract_the_api_says_that_classes_are_merged(client: Any) -> None:
    assert "fewer than 10 students" in str(get(client, "/api/v1/catalogue", NAMELESS).get_json()["warnings"])
    assert "fewer than" not in str(get(client, "/api/v1/catalogue", NAMED).get_json()["warnings"])


def test_contract_a_teacher_of_one_class_reads_of_no_other(client: Any) -> None:
    mine = teacher(classes=frozenset({"A"}), exams=frozenset({MAY}))
    body = get(client, "/api/v1/catalogue", mine).get_json()
    assert [(row["exam"], row["class_name"], row["n_students"]) for row in body["data"]] == [(MAY, "A", 29)]
    assert JUNE not in str(body)


def test_contract_what_is_hidden_stays_hidden_where_nothing_is_left(client: Any) -> None:
    nothing = analyst("a-3", exams=frozenset({RETAKE}), names=False)
    assert get(client, "/api/v1/catalogue", nothing).get_json()["data"] == []
    assert get(client, "/api/v1/items", nothing, **STATE).status_code == 404
    assert get(client, "/download/items.csv", nothing).status_code == 404


def test_contract_file_names_hold_no_student(client: Any) -> None:
    for name in ("student", "students"):
        answer = get(client, f"/download/{name}.csv", NAMED, **chosen(name), names="1")
        assert SECRET not in unquote(str(answer.headers))
        assert Path(unquote(answer.headers["Content-Disposition"].rsplit("''", 1)[1])).suffix == ".csv"
