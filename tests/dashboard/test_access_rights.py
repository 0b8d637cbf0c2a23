"""Contract: what a caller's role and scope let them do: the view, what costs money, what others read, imports."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from asking import ask, place, shown

from dashboard import ids
from dashboard.words import say
from irt.callers import Caller, Role
from irt.selection import Scope
from tests.metered import GIGABYTES, Metered, metered_app
from tests.signed import KEYS, analyst, bearer, teacher

MATHS = {"subject": "Mathematics (simulated)", "exam": "Term 2"}
OVERVIEW = f"{ids.OVERVIEW}.children"
HEAD = analyst("head")
#: An analyst of one subject; a teacher who may see everything.
LIMITED = analyst("limited", subjects=frozenset({MATHS["subject"]}))
WIDE = Caller("wide", Scope())


@pytest.fixture
def source(sample_store: Path) -> Metered:
    return Metered(sample_store)


@pytest.fixture
def metered(source: Metered) -> Any:
    return metered_app(source, ITEMWISE_EMBED_KEYS=KEYS)


def client(app: Any, caller: Caller) -> Any:
    """A client that carries the caller's token."""
    found = app.server.test_client()
    found.environ_base["HTTP_AUTHORIZATION"] = bearer(caller)["Authorization"]
    return found


# The view --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("caller", "dense"), [(teacher(), False), (WIDE, False), (analyst(), True), (LIMITED, True)])
def test_a_teacher_has_the_teacher_s_view_whatever_the_address_says(
    signed_app: Any, caller: Caller, dense: bool
) -> None:
    values = {"state.data": place("items", **MATHS, item="MA2-05", view="analyst")}
    answer = ask(signed_app, f"{ids.ITEMS_CHOSEN}.children", values, client(signed_app, caller))
    plain = ask(
        signed_app,
        f"{ids.ITEMS_CHOSEN}.children",
        {"state.data": place("items", **MATHS, item="MA2-05")},
        client(signed_app, caller),
    )
    assert (answer[ids.ITEMS_CHOSEN] != plain[ids.ITEMS_CHOSEN]) is dense


@pytest.fixture(scope="module")
def signed_app(sample_store: Path, open_app: Any) -> Any:
    return open_app(sample_store, ITEMWISE_EMBED_KEYS=KEYS)


# What costs money ------------------------------------------------------------------------------------------------


def test_a_teacher_is_not_asked_and_gets_no_leave_by_asking(metered: Any, source: Metered) -> None:
    for caller in (teacher(), WIDE):
        answer = ask(metered, OVERVIEW, {"state.data": place("overview", **MATHS)}, client(metered, caller))
        assert say("reading.not_yours") in shown(answer["notices"])
        assert ids.READING not in answer["notices"]
        agreed = {
            f"{ids.READ}.n_clicks": 1,
            "state.data": place("overview", **MATHS),
            f"{ids.READING_ASKED}.data": {"question": OVERVIEW, "bytes": GIGABYTES, "share": None},
        }
        told = ask(metered, f"{ids.READING_DONE}.data", agreed, client(metered, caller))
        assert ids.READING_DONE not in told
        assert client(metered, caller).get("/download/items.csv", query_string=MATHS).status_code == 422
        api = client(metered, caller).get("/api/v1/items", query_string=MATHS | {"allow_bytes": GIGABYTES})
        assert (api.status_code, api.json["code"]) == (403, "not_permitted")
    assert source.reads == []


@pytest.mark.parametrize("caller", [HEAD, LIMITED])
def test_an_analyst_may_agree_to_what_reading_costs(metered: Any, source: Metered, caller: Caller) -> None:
    agreed = {
        f"{ids.READ}.n_clicks": 1,
        "state.data": place("overview", **MATHS),
        f"{ids.READING_ASKED}.data": {"question": OVERVIEW, "bytes": GIGABYTES, "share": None},
    }
    told = ask(metered, f"{ids.READING_DONE}.data", agreed, client(metered, caller))
    assert told[ids.READING] == {"hidden": True}
    assert source.reads == ["answers"]


@pytest.mark.parametrize("caller", [teacher(), WIDE, LIMITED])
def test_nobody_stops_what_others_read_without_the_right(metered: Any, source: Metered, caller: Caller) -> None:
    source.waiting.set()
    stop = {f"{ids.READING_STOP}.n_clicks": 1}
    told = ask(metered, f"{ids.READING_STOPPED}.children", stop, client(metered, caller))
    assert told[ids.READING_STOPPED]["children"] == say("reading.stop_not_yours")
    assert source.waiting.is_set()
    told = ask(metered, f"{ids.READING_STOPPED}.children", stop, client(metered, HEAD))
    assert told[ids.READING_STOPPED]["children"] == say("reading.stopping")


@pytest.mark.parametrize("path", ["/download/spending.csv", "/api/v1/spending"])
def test_the_bill_is_for_who_may_see_all_answers(metered: Any, path: str) -> None:
    assert client(metered, LIMITED).get(path).status_code == 403
    assert client(metered, HEAD).get(path, query_string=MATHS if "csv" in path else {}).status_code == 200


# Imports ---------------------------------------------------------------------------------------------------------

FILE = "data:;base64," + base64.b64encode(b"student_id,q1,q2\n1,0,1\n2,1,1\n").decode()
FILLED = {
    f"{ids.IMPORT_CONFIRM}.n_clicks": 1,
    f"{ids.IMPORT_FILE}.contents": FILE,
    f"{ids.IMPORT_FILE}.filename": "a.csv",
    f"{ids.IMPORT_SUBJECT}.value": MATHS["subject"],
    f"{ids.IMPORT_EXAM}.value": MATHS["exam"],
    f"{ids.IMPORT_OMITTED}.value": "missing",
    "state.data": place("import"),
}


@pytest.mark.parametrize("caller", [teacher(), WIDE, LIMITED, analyst("nameless", names=False)])
def test_who_may_not_import_sees_no_form_no_preview_and_stores_nothing(signed_app: Any, caller: Caller) -> None:
    who = client(signed_app, caller)
    before = who.get("/api/v1/catalogue").json["exams"]
    opened = ask(signed_app, f"{ids.IMPORT_BODY}.hidden", FILLED, who)
    assert opened[ids.IMPORT_BODY] == {"hidden": True}
    assert opened[ids.IMPORT_SUBJECTS] == {"children": []}
    assert say("imports.not_allowed") in shown(opened)
    assert ask(signed_app, f"{ids.IMPORT_CHECK}.children", FILLED, who)[ids.IMPORT_CHECK] == {"children": []}
    assert ask(signed_app, f"{ids.IMPORT_EXISTS}.children", FILLED, who)[ids.IMPORT_EXISTS] == {"children": []}
    stored = ask(signed_app, f"{ids.IMPORT_REFUSED}.children", FILLED, who)
    assert say("imports.not_allowed") in shown(stored)
    assert ids.IMPORT_BODY not in stored
    assert who.get("/api/v1/catalogue").json["exams"] == before


def test_who_may_import_sees_the_form(signed_app: Any) -> None:
    who = client(signed_app, HEAD)
    assert ask(signed_app, f"{ids.IMPORT_BODY}.hidden", FILLED, who)[ids.IMPORT_BODY] == {"hidden": False}
    assert "is there already" in shown(ask(signed_app, f"{ids.IMPORT_EXISTS}.children", FILLED, who))
    assert "Store 4 answers" in shown(ask(signed_app, f"{ids.IMPORT_CHECK}.children", FILLED, who))


def test_every_role_is_tried_here() -> None:
    assert {caller.role for caller in (teacher(), HEAD)} == set(Role)
