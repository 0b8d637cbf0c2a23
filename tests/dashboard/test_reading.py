"""Contract, message: a large read is asked for once, with its price, and read once; a failing source says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asking import ask, place, shown
from metered import GIGABYTES, Metered, metered_app

from dashboard import ids
from dashboard.reading import CATALOGUE
from dashboard.words import say
from irt.errors import SourceError

MATHS = {"subject": "Mathematics (simulated)", "exam": "Term 2"}
OVERVIEW = f"{ids.OVERVIEW}.children"
READ, DONE = f"{ids.READ}.n_clicks", f"{ids.READING_DONE}.data"


@pytest.fixture
def source(sample_store: Path) -> Metered:
    return Metered(sample_store)


@pytest.fixture
def metered(source: Metered) -> Any:
    return metered_app(source)


def show(app: Any, page: str = "overview", output: str = OVERVIEW, **query: str) -> dict[str, Any]:
    return ask(app, output, {"state.data": place(page, **(MATHS | query))})


def read(app: Any, asked: Any, button: str = READ, **query: str) -> dict[str, Any]:
    values = {button: 1, "state.data": place("overview", **(MATHS | query)), f"{ids.READING_ASKED}.data": asked}
    return ask(app, DONE, values)


def question(answer: dict[str, Any]) -> dict[str, Any]:
    return answer["notices"][ids.READING_ASKED]["data"]


def test_contract_a_large_read_is_asked_for_with_its_price(metered: Any, source: Metered) -> None:
    answer = show(metered)
    assert ids.OVERVIEW not in answer  # what is shown stays
    assert question(answer) == {"question": OVERVIEW, "bytes": GIGABYTES, "share": None}
    assert answer["notices"][ids.READING] == {"hidden": False}
    said = answer["notices"][ids.READING_WORDS]["children"]
    assert "Reading it from BigQuery costs about $0.02 (4.2\u00a0GB)." in said
    assert "then kept" in said
    assert answer["notices"][ids.READ_SAMPLE]["hidden"] is True
    assert ids.NOTICE not in answer["notices"]
    assert source.reads == []


def test_message_less_than_a_cent_is_no_about(sample_store: Path) -> None:
    said = shown(show(metered_app(Metered(sample_store, n_bytes=1_100_000_000)))["notices"])
    assert "costs less than $0.01 (1.1\u00a0GB)." in said


@pytest.mark.parametrize(
    ("page", "output"),
    [
        ("items", f"{ids.ITEMS_LIST}.children"),
        ("items", f"{ids.ITEMS_FIT}.children"),
        ("students", f"{ids.STUDENTS_FOUND}.children"),
        ("data", f"{ids.DATA_REPORT}.children"),
        ("data", f"{ids.DATA_FIT_OVERALL}.children"),
    ],
)
def test_contract_every_part_of_a_page_asks_the_same(metered: Any, page: str, output: str) -> None:
    first = show(metered)["notices"]
    asked = show(metered, page, output)["notices"]
    assert asked.keys() == first.keys()
    for name in (ids.READING_WORDS, ids.READING_BUSY_WORDS, ids.READING):
        assert asked[name] == first[name]


def test_contract_read_once_with_leave_and_kept(metered: Any, source: Metered) -> None:
    answer = read(metered, question(show(metered)))
    assert answer[ids.READING] == {"hidden": True}
    assert answer[ids.READING_DONE]["data"]["search"] == place("overview", **MATHS)["search"]
    assert source.reads == ["answers"]
    assert "separates" in shown(show(metered)[ids.OVERVIEW])
    assert source.reads == ["answers"]


def test_contract_leave_is_for_what_was_asked(metered: Any, source: Metered) -> None:
    asked = question(show(metered)) | {"bytes": GIGABYTES - 1}
    answer = read(metered, asked)
    assert ids.READING_DONE not in answer
    assert answer[ids.READING] == {"hidden": False}
    assert question(answer)["bytes"] == GIGABYTES
    assert source.reads == []


def test_contract_reading_an_exam_reads_no_other(metered: Any, source: Metered) -> None:
    asked = question(show(metered, "items", f"{ids.ITEMS_FIT}.children"))
    read(metered, asked)
    assert source.reads == ["answers"]


@pytest.mark.parametrize(
    "asked", [None, {}, {"question": "nowhere", "bytes": "all"}, {"question": ["x"]}, {"question": CATALOGUE}]
)
def test_contract_hostile_questions_read_nothing_large(metered: Any, source: Metered, asked: Any) -> None:
    read(metered, asked)
    assert source.reads == []


def test_contract_what_there_is_is_asked_for_too(sample_store: Path) -> None:
    source = Metered(sample_store, what=("catalogue",))
    app = metered_app(source)
    frame = ask(app, f"{ids.SUBJECT}.options", {"state.data": place("overview", **MATHS)})
    assert question(frame)["question"] == CATALOGUE
    assert "Listing them from BigQuery costs" in shown(frame["notices"])
    assert "href" in shown(frame[ids.NAV])
    assert ids.SUBJECT not in frame  # what could be chosen stays to be chosen
    assert question(show(app)) == question(frame)
    read(app, question(frame))
    assert source.reads == ["catalogue"]
    assert "separates" in shown(show(app)[ids.OVERVIEW])


def test_contract_another_exam_is_named_as_such(metered: Any, source: Metered) -> None:
    read(metered, question(show(metered)))
    drift = f"{ids.DATA_DRIFT}.children"
    answer = show(metered, "data", drift, view="analyst", other="Term 1")
    assert "The other exam has not been read yet" in shown(answer["notices"])
    values = {READ: 1, "state.data": place("data", **MATHS, other="Term 1", view="analyst")}
    ask(metered, DONE, values | {f"{ids.READING_ASKED}.data": question(answer)})
    assert source.reads == ["answers", "answers"]


@pytest.mark.parametrize("again", [True, False])
def test_message_failure_says_why_and_keeps_the_question_where_it_may_help(
    metered: Any, source: Metered, again: bool
) -> None:
    asked = question(show(metered))
    source.fault = SourceError("The budget of today is used up.", reason="quota", again=again)
    values = {READ: 1, "state.data": place("overview", **MATHS), f"{ids.READING_ASKED}.data": asked}
    # The catalogue is kept; the stamp fails.
    answer = ask(metered, DONE, values)
    assert answer[ids.READING] == {"hidden": not again}
    told = answer[ids.READING_SAID] if again else answer["notices"][ids.NOTICE]
    assert "The budget of today is used up." in shown(told)


@pytest.mark.parametrize("again", [True, False])
def test_message_notice_offers_another_try_only_where_it_may_help(metered: Any, source: Metered, again: bool) -> None:
    source.fault = SourceError("The warehouse does not answer.", reason="unavailable", again=again)
    told = shown(show(metered)["notices"][ids.NOTICE])
    assert "The warehouse does not answer." in told
    assert (say("frame.try_again") in told) is again
    assert ('"data-again": "true"' in told) is again


def test_message_a_table_that_breaks_the_contract_is_said_line_by_line(metered: Any, source: Metered) -> None:
    lines = ["The table p.d.t cannot be used:", "correct: a number, not text", "item_id: there is no such column"]
    source.fault = SourceError("\n".join(lines), reason="table", again=False)
    frame = ask(metered, f"{ids.SUBJECT}.options", {"state.data": place("overview")})
    for line in lines:
        assert shown(line) in shown(frame["notices"][ids.NOTICE])
    assert "href" in shown(frame[ids.NAV])
    assert metered.server.test_client().get("/").status_code == 200


def test_contract_stop_cancels_what_is_read(metered: Any, source: Metered) -> None:
    stopped = f"{ids.READING_STOPPED}.children"
    answer = ask(metered, stopped, {f"{ids.READING_STOP}.n_clicks": 1})
    assert answer[ids.READING_STOPPED]["children"] == say("reading.too_late")
    source.waiting.set()
    answer = ask(metered, stopped, {f"{ids.READING_STOP}.n_clicks": 2})
    assert answer[ids.READING_STOPPED]["children"] == say("reading.stopping")


@pytest.mark.parametrize("setting", ["200", "off"])
def test_contract_a_sample_is_offered_and_read_instead(
    sample_store: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setattr("dashboard.sampling.USUAL", 200)
    source = Metered(sample_store)
    app = metered_app(source, ITEMWISE_SAMPLE=setting)
    asked = show(app, share="all")
    assert asked["notices"][ids.READ_SAMPLE] == {"children": "Read a sample of 200 students instead", "hidden": False}
    share = question(asked)["share"]
    assert (share == "") is (setting == "200")  # the usual one needs no name
    answer = read(app, question(asked), f"{ids.READ_SAMPLE}.n_clicks", share="all")
    query = MATHS | ({"share": share} if share else {})
    assert answer[ids.READING_DONE]["data"]["search"] == place("overview", **query)["search"]
    assert answer[ids.READING_DONE]["data"]["before"] == place("overview", **MATHS, share="all")["search"]
    assert source.reads == ["answers"]
    assert "Worked out from" in shown(show(app, **({"share": share} if share else {}))[ids.OVERVIEW])
    assert source.reads == ["answers"]


def test_contract_a_sample_is_not_offered_instead_of_one(sample_store: Path) -> None:
    app = metered_app(Metered(sample_store), ITEMWISE_SAMPLE="200")
    assert show(app)["notices"][ids.READ_SAMPLE]["hidden"] is True
    assert show(app, share="0.5")["notices"][ids.READ_SAMPLE]["hidden"] is True


def test_contract_a_file_asks_for_leave_too_and_the_bill_is_one(metered: Any, source: Metered) -> None:
    client = metered.server.test_client()
    refused = client.get("/download/items.csv", query_string=MATHS)
    assert refused.status_code == 422
    assert refused.get_data(as_text=True).startswith("This would be a large read.")
    read(metered, question(show(metered)))
    assert client.get("/download/items.csv", query_string=MATHS).status_code == 200
    bill = client.get("/download/spending.csv", query_string=MATHS)
    assert bill.status_code == 200
    rows = [line for line in bill.get_data(as_text=True).lstrip("\ufeff").splitlines() if not line.startswith("#")]
    assert rows[0].startswith("asked_at,question,bytes_processed,bytes_billed")
    assert "answers" in rows[1]
