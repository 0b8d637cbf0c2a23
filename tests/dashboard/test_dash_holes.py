"""Contract: what the framework could open, and what it is known for, one test each; those of addresses are in
``test_access_places.py``, of requests in ``test_forged.py``, of scopes in ``test_isolation.py``."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from asking import ask, place, shown

from dashboard import ids
from tests.signed import KEYS, analyst, bearer, teacher, token_for

MATHS = {"subject": "Mathematics (simulated)", "exam": "Term 2"}
CODE = [*Path("dashboard").rglob("*.py")]
SCRIPTS = [path for path in Path("assets").glob("*.js") if not path.name.startswith("vendor")]


@pytest.fixture(scope="module")
def signed_app(sample_store: Path, open_app: Callable[..., Any]) -> Any:
    return open_app(sample_store, ITEMWISE_EMBED_KEYS=KEYS, ITEMWISE_PORTAL_ORIGINS="https://portal.example.org")


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every component within a layout as JSON."""
    if isinstance(value, dict):
        if {"props", "type", "namespace"} <= value.keys():
            yield value
        for member in value.values():
            yield from parts(member)
    elif isinstance(value, list):
        for member in value:
            yield from parts(member)


def layout(app: Any, **headers: str) -> Any:
    return app.server.test_client().get("/_dash-layout", headers=headers).json


def test_the_framework_is_new_enough() -> None:
    # Before it, strangers could end background work and read what it had kept.
    assert tuple(map(int, version("dash").split("."))) >= (4, 4, 1)


def test_no_callback_works_in_the_background_or_over_sockets_or_as_a_tool(app: Any) -> None:
    for wiring in app.callback_map.values():
        assert not wiring.get("background")
        assert not wiring.get("manager")
        assert not wiring.get("websocket")
    assert app._background_manager is None
    assert app._enable_mcp is False


def test_no_callback_has_an_address_of_its_own(app: Any) -> None:
    assert app.callback_api_paths == {}
    assert app.config.health_endpoint is None
    assert not [rule for rule in app.server.url_map.iter_rules() if "mcp" in rule.rule or "ws" in rule.rule]


def test_nothing_rests_on_a_session_or_a_cookie(signed_app: Any) -> None:
    assert signed_app.server.secret_key is None
    client = signed_app.server.test_client()
    for path in ("/", "/_dash-layout", "/api/v1/catalogue", "/healthz"):
        assert "Set-Cookie" not in client.get(path, headers=bearer(analyst())).headers


def test_no_debugging_is_on(app: Any) -> None:
    assert app.server.debug is False
    assert not app._dev_tools.get("hot_reload")
    assert not app._dev_tools.get("ui")


def test_the_layout_is_the_same_for_everybody_and_holds_no_data(signed_app: Any) -> None:
    wide, narrow = (layout(signed_app, **bearer(who)) for who in (analyst(), teacher(subjects=frozenset({"x"}))))
    assert wide == narrow
    text = json.dumps(wide)
    assert "simulated" not in text
    assert "Law School" not in text
    dependencies = signed_app.server.test_client().get("/_dash-dependencies", headers=bearer(analyst())).text
    assert "simulated" not in dependencies


def test_nothing_is_kept_in_the_browser(app: Any) -> None:
    stores = [part for part in parts(layout(app)) if part["type"] == "Store"]
    assert stores
    assert {part["props"].get("storage_type", "memory") for part in stores} == {"memory"}
    assert not [part for part in parts(layout(app)) if part["props"].get("persistence")]


def test_no_component_is_used_that_runs_what_it_is_given() -> None:
    # dbc's NavLink follows javascript: addresses; the others take raw HTML.
    forbidden = re.compile(r"NavLink|dangerously|DangerouslySet|dcc\.Markdown|html\.Iframe|html\.Script|Location\(")
    assert {path.name: found for path in CODE if (found := forbidden.findall(path.read_text("utf-8")))} == {}


def test_our_scripts_run_no_text_and_write_no_html() -> None:
    forbidden = re.compile(r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write")
    assert SCRIPTS
    assert {path.name: hits for path in SCRIPTS if (hits := forbidden.findall(path.read_text("utf-8")))} == {}


def test_our_scripts_keep_nothing_in_the_browser_but_light_or_dark() -> None:
    kept = re.compile(r"(?:localStorage|sessionStorage)\.setItem\(([^)]*)\)|document\.cookie|indexedDB")
    found = [hit[1] or hit[0] for path in SCRIPTS for hit in kept.finditer(path.read_text("utf-8"))]
    assert [one for one in found if "theme" not in one] == []


#: Names as somebody hostile would give them to an item, a class and a student.
NASTY = (
    "<b>bold</b><br><a href='javascript:alert(1)'>x</a>",
    '<img src=x onerror="alert(1)">',
    '=HYPERLINK("http://evil.example")',
    "javascript:alert(1)",
)


@pytest.fixture(scope="module")
def nasty_app(tmp_path_factory: pytest.TempPathFactory, open_app: Callable[..., Any]) -> Any:
    """An exam of which every name is hostile."""
    import pandas as pd

    from irt.sources import ParquetStore

    rows = [
        {
            "student_id": f"{NASTY[2]}{k}",
            "student_name": f"{NASTY[k % 2]}{k}",
            "class_name": NASTY[k % 2],
            "subject_name": NASTY[0],
            "exam_name": NASTY[1],
            "item_id": f"{NASTY[3]}{j}",
            "item_name": f"{NASTY[0]}{j}",
            "correct": int((k * 7 + j * 5) % 11 > j),
        }
        for k in range(40)
        for j in range(5)
    ]
    folder = tmp_path_factory.mktemp("nasty")
    ParquetStore(folder).add(pd.DataFrame(rows))
    return open_app(folder)


def hostile(page: str, **query: str) -> dict[str, Any]:
    return {"state.data": place(page, subject=NASTY[0], exam=NASTY[1], view="analyst", item=f"{NASTY[3]}2", **query)}


PAGES = {"overview": ids.OVERVIEW, "items": ids.ITEMS_CHOSEN, "students": ids.STUDENTS_CLASS, "data": ids.DATA_REPORT}


@pytest.mark.parametrize("page", PAGES)
def test_no_link_leads_where_a_name_says(nasty_app: Any, page: str) -> None:
    answers = [ask(nasty_app, f"{PAGES[page]}.children", hostile(page))]
    answers.append(ask(nasty_app, f"{ids.SUBJECT}.options", hostile(page)))
    links = re.findall(r'"(?:href|src|action)": "([^"]*)"', shown(answers))
    assert links
    for link in links:
        assert re.match(r"(\./|download/|[a-z]+)?(\?|$|[a-z_]+\.csv\?|#)", link), link
        assert not link.lower().startswith("javascript"), link


def texts_of_figures(value: Any) -> Iterator[str]:
    """Every text that a chart draws."""
    for part in parts(value):
        if part["type"] == "Graph":
            yield from re.findall(r'"((?:[^"\\]|\\.)*)"', json.dumps(part["props"]["figure"]))


def test_a_chart_draws_names_as_they_are_written(nasty_app: Any) -> None:
    n_named = 0
    for page, name in PAGES.items():
        answer = ask(nasty_app, f"{name}.children", hostile(page))
        for text in texts_of_figures(answer):
            assert "<b>bold" not in text, (page, text)
            assert "<a href" not in text, (page, text)
            assert "<img" not in text, (page, text)
            n_named += "bold" in text or "img src" in text
    assert n_named > 0


def test_a_file_runs_nothing_in_a_spreadsheet(nasty_app: Any) -> None:
    client = nasty_app.server.test_client()
    query = {"subject": NASTY[0], "exam": NASTY[1]}
    for name, more in (("students", {"names": "1"}), ("items", {}), ("health", {"names": "1"})):
        text = client.get(f"/download/{name}.csv", query_string=query | more).text
        cells = [cell.strip('"') for line in text.lstrip("\ufeff").splitlines() for cell in line.split(",")]
        assert not [cell for cell in cells if cell.startswith("=")], name
    text = client.get("/api/v1/abilities", query_string=query | {"format": "csv"}).text
    assert not [line for line in text.splitlines() if line.startswith(("=", '"='))]


def test_charts_offer_no_way_out(app: Any) -> None:
    from dashboard.charts import GRAPH_CONFIG

    assert GRAPH_CONFIG["showSendToCloud"] is False
    assert GRAPH_CONFIG["displaylogo"] is False
    assert GRAPH_CONFIG.get("plotlyServerURL", "") == ""
    source = Path("dashboard/charts.py").read_text("utf-8")
    assert [path.name for path in CODE if "dcc.Graph(" in path.read_text("utf-8")] == ["charts.py"]
    assert source.count("dcc.Graph(") == source.count("config=GRAPH_CONFIG")


def test_nothing_of_a_token_is_repeated(signed_app: Any) -> None:
    # What is compressed beside a secret tells of it by its length.
    client, token = signed_app.server.test_client(), token_for(analyst("somebody-special"))
    header, claims, signature = token.split(".")
    sent = {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}
    for path in ("/", "/_dash-layout", "/api/v1/catalogue", "/api/v1/items?exam=x", "/nothing", "/healthz"):
        answer = client.get(path, headers=sent)
        body = gzip.decompress(answer.data) if answer.headers.get("Content-Encoding") == "gzip" else answer.data
        text = f"{answer.headers}{body!r}"
        for secret in (header, claims, signature, "somebody-special", base64.b64encode(b"somebody").decode()):
            assert secret not in text, path


def test_a_refusal_is_not_taken_for_the_framework_s_own(signed_app: Any) -> None:
    # The renderer asks for new credentials by itself where a refusal says this.
    answer = signed_app.server.test_client().post("/_dash-update-component", json={})
    assert answer.status_code == 401
    assert "JWT" not in answer.text


def test_hidden_callbacks_are_asked_like_others(signed_app: Any) -> None:
    client = signed_app.server.test_client()
    for key in signed_app.callback_map:
        assert client.post("/_dash-update-component", json={"output": key}).status_code == 401
