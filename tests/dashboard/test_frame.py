"""The frame over the sample exams: filters, links, notices, headers, and what the first page costs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asking import ask, place, shown

from dashboard import filters, ids
from dashboard.filters import ALL, EVERY, SEVERAL
from dashboard.index import access_mode
from dashboard.pages import BY_NAME
from dashboard.state import PAGES
from irt.settings import Settings

MATHS = {"subject": "Mathematics (simulated)", "exam": "Term 2"}


def frame(app: Any, page: str = "overview", **query: str | list[str]) -> dict[str, Any]:
    return ask(app, f"{ids.SUBJECT}.options", {"state.data": place(page, **query)})


def test_contract_every_page_of_the_navigation_is_there() -> None:
    assert tuple(BY_NAME) == PAGES


def test_contract_filters_show_what_is_chosen(app: Any) -> None:
    answer = frame(app, **MATHS, **{"class": "8A"})
    assert answer[ids.SUBJECT]["value"] == "Mathematics (simulated)"
    assert [option["value"] for option in answer[ids.EXAM]["options"]] == ["Term 1", "Term 2", "Term 3", EVERY]
    assert answer[ids.CLASS]["value"] == "8A"
    assert answer[ids.CLASS]["options"][0]["value"] == ALL
    assert "class 8A" in shown(answer[ids.SAID])


def test_contract_of_very_many_classes_some_and_the_chosen_one_are_listed(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "MOST_CLASSES", 2)
    options = frame(app, **MATHS, **{"class": "8A"})[ids.CLASS]["options"]
    assert [option["value"] for option in options] == [ALL, "7A", "7B", "8A", filters.MORE]
    assert options[-1]["disabled"] is True
    assert options[-1]["label"] == "9 more: search on Students"


def test_contract_several_exams_are_ticked_and_said(app: Any) -> None:
    answer = frame(app, subject=MATHS["subject"], exam=["Term 1", "Term 2"])
    assert answer[ids.EXAM]["value"] == answer[ids.EXAM]["options"][-1]["value"] == SEVERAL
    ticks = [tick["props"]["children"]["props"] for tick in answer[ids.EXAMS]["children"]]
    assert [(tick["label"], tick["value"]) for tick in ticks] == [("Term 1", True), ("Term 2", True), ("Term 3", False)]
    assert "Term 1 + Term 2 together" in answer[ids.SAID]["children"]
    assert "exam=Term+1&exam=Term+2" in shown(answer[ids.NAV])
    assert answer[ids.EXAMS_CONTROL]["hidden"] is False


def test_contract_one_exam_is_not_called_several(app: Any) -> None:
    answer = frame(app, **MATHS)
    assert answer[ids.EXAM]["value"] == "Term 2"
    assert SEVERAL not in shown(answer[ids.EXAM]["options"])


def test_contract_the_model_is_for_analysts_and_for_links_that_name_one(app: Any) -> None:
    assert frame(app, **MATHS)[ids.MODEL_CONTROL]["hidden"] is True
    assert frame(app, **MATHS, view="analyst")[ids.MODEL_CONTROL]["hidden"] is False
    named = frame(app, **MATHS, model="2PL-weak")
    assert named[ids.MODEL_CONTROL]["hidden"] is False
    assert named[ids.MODEL]["value"] == "2PL-weak"
    assert "Model: 2PL, weak priors." in named[ids.SAID]["children"]
    assert "model=2PL-weak" in shown(named[ids.NAV])


def test_contract_nothing_chosen_shows_the_exam_that_was_answered_last(app: Any) -> None:
    answer = frame(app)
    assert answer[ids.SUBJECT]["value"] == "Science (simulated)"
    assert answer[ids.EXAM]["value"] == answer[ids.EXAM]["options"][-2]["value"]  # the last is all of them
    assert answer[ids.CLASS]["value"] == ALL


def test_message_unknown_values_are_said_once_and_nothing_breaks(app: Any) -> None:
    answer = frame(app, "nowhere", subject="Alchemy", view="martian", teapot="1")
    told = shown(answer[ids.PROBLEMS])
    assert told.count("There is no") == 3
    assert "teapot" in told
    assert answer[ids.SUBJECT]["value"]


def test_contract_links_keep_the_selection(app: Any) -> None:
    links = [link["props"]["href"] for link in frame(app, "items", item="MA2-05", **MATHS)[ids.NAV]["children"]]
    assert links[0] == "./?subject=Mathematics+%28simulated%29&exam=Term+2"
    assert links[2] == "students?subject=Mathematics+%28simulated%29&exam=Term+2"
    assert "item=MA2-05" in links[1]  # the page itself


def test_contract_a_page_that_is_not_open_is_not_computed(app: Any) -> None:
    assert ask(app, f"{ids.OVERVIEW}.children", {"state.data": place("items", **MATHS)}) == {}
    assert ask(app, f"{ids.ITEMS_CHOSEN}.children", {"state.data": place("overview", **MATHS)}) == {}


def test_contract_empty_store_says_what_to_do(tmp_path: Path, open_app: Callable[..., Any]) -> None:
    app = open_app(tmp_path)
    answer = frame(app)
    told = json.dumps(answer[ids.NOTHING])
    assert "Import a file" in told
    assert '"href": "import"' in told
    assert answer[ids.PAGE] == {"hidden": True}  # and not replaced: its own callbacks still find it
    assert frame(app, "import")[ids.PAGE] == {"hidden": False}
    page = ask(app, f"{ids.OVERVIEW}.children", {"state.data": place("overview")})
    assert ids.OVERVIEW not in page  # what was shown stays


def test_message_error_in_a_page_is_one_notice_without_a_traceback(
    tmp_path: Path, open_app: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    sample_store: Path,
) -> None:  # fmt: skip
    from irt.service import Service

    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise ZeroDivisionError("secret detail")

    app = open_app(sample_store)
    monkeypatch.setattr(Service, "exam", broken)
    answer = ask(app, f"{ids.OVERVIEW}.children", {"state.data": place("overview", **MATHS)})
    told = shown(answer["notices"])
    name = re.search(r"noted under ([0-9a-f]{8})", told)
    assert name
    assert "secret detail" not in told
    assert "ZeroDivision" not in told
    assert name.group(1) in caplog.text


@pytest.mark.parametrize("state", [None, {}, {"page": 3}, {"page": "items", "search": "?item=" + "x" * 999}])
def test_contract_hostile_states_are_answered(app: Any, state: Any) -> None:
    ask(app, f"{ids.SUBJECT}.options", {"state.data": state})
    ask(app, f"{ids.ITEMS_LIST}.children", {"state.data": state})


def test_contract_page_names_its_language_and_loads_nothing_from_elsewhere(app: Any) -> None:
    page = app.server.test_client().get("/").get_data(as_text=True)
    assert '<html lang="en" data-access="open" data-portals="" data-pages="overview items' in page
    assert not re.search(r'(src|href)="(https?:)?//', page)
    assert page.index("boot.js") < page.index("<body")
    assert len(re.findall(r"boot\.js", page)) == 1


KEYS = '{"keys": [{"kty": "oct", "kid": "one", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY", "alg": "HS256"}]}'


@pytest.mark.parametrize(
    ("more", "mode"),
    [
        ({}, "open"),
        ({"ITEMWISE_LOGIN_PROXIES": "127.0.0.1"}, "open"),
        ({"ITEMWISE_EMBED_KEYS": KEYS}, "token"),
        ({"ITEMWISE_EMBED_KEYS": KEYS, "ITEMWISE_LOGIN_PROXIES": "unix"}, "either"),
    ],
)
def test_contract_the_page_knows_where_tokens_come_from(more: dict[str, str], mode: str) -> None:
    assert access_mode(Settings.from_environment(more)) == mode


def test_contract_the_page_without_data_is_the_same_for_everybody(
    sample_store: Path, open_app: Callable[..., Any]
) -> None:
    portals = "https://a.example,https://b.example"
    client = open_app(sample_store, ITEMWISE_EMBED_KEYS=KEYS, ITEMWISE_PORTAL_ORIGINS=portals).server.test_client()
    page = client.get("/items?subject=Science").get_data(as_text=True)
    assert 'data-access="token" data-portals="https://a.example https://b.example"' in page
    assert page.index("portal.js") < page.index("<body")
    assert "simulated" not in page
    again = client.get("/", headers={"Cookie": "a=b"}).get_data(as_text=True)
    name_of_the_load = re.compile(r'"end_id":"[^"]*"')  # the framework's, by chance
    assert name_of_the_load.sub("", page) == name_of_the_load.sub("", again)


def test_contract_every_page_layout_stands_alone() -> None:
    """Mounted as it is, before any callback: no data, one place for each region."""
    for name, page in BY_NAME.items():
        text = str(page.layout().to_plotly_json())
        assert "simulated" not in text, name


def test_contract_path_prefix_holds_everywhere(sample_store: Path, open_app: Callable[..., Any]) -> None:
    app = open_app(sample_store, ITEMWISE_PATH_PREFIX="/exams/")
    client = app.server.test_client()
    page = client.get("/exams/").get_data(as_text=True)
    assert "/exams/assets/boot.js" in page
    assert client.get("/exams/assets/boot.js").status_code == 200
    assert client.get("/exams/download/items.csv?subject=Mathematics+(simulated)&exam=Term+2").status_code == 200
    assert client.get("/").status_code == 404


def test_contract_downloads_are_the_tables_of_the_state(app: Any) -> None:
    client = app.server.test_client()
    answer = client.get("/download/items.csv?subject=Mathematics+(simulated)&exam=Term+2&sort=n&item=MA2-05")
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    assert 'filename="items.csv"' in answer.headers["Content-Disposition"]
    lines = answer.get_data(as_text=True).lstrip("\ufeff").splitlines()
    rows = [line for line in lines if not line.startswith("#")]
    assert len(rows) == 1 + 36
    assert client.get("/download/teapot.csv").status_code == 404
    elsewhere = client.get("/download/items.csv", query_string={"subject": "Alchemy"})
    assert elsewhere.status_code == 404
    assert "Alchemy" in elsewhere.text
    missing = client.get("/download/curve.csv?subject=Mathematics+(simulated)&exam=Term+2&item=nope")
    assert missing.status_code == 404
    assert "nope" in missing.get_data(as_text=True)
