"""Contract, invariant: without identity nothing is answered but what is listed, however the path is dressed up."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from dashboard.access import install
from dashboard.state import PAGES
from irt.settings import Settings
from tests.signed import KEYS, analyst, bearer, expired, teacher

PORTAL = "https://portal.example.org"
METRICS_KEY = "m" * 31 + ","
#: What is open where keys are set, by the rule that answers it.
OPEN = {
    "/assets/<path:filename>",
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
    "/_favicon.ico",
    "/healthz",
    "/",
}
PATHS = ["/", *(f"/{page}" for page in PAGES)]


@pytest.fixture(scope="module")
def signed_app(sample_store: Path, open_app: Callable[..., Any]) -> Any:
    """The dashboard as a portal shows it."""
    return open_app(sample_store, ITEMWISE_EMBED_KEYS=KEYS, ITEMWISE_PORTAL_ORIGINS=PORTAL)


@pytest.fixture(scope="module")
def prefixed(sample_store: Path, open_app: Callable[..., Any]) -> Any:
    """The same under a path."""
    return open_app(sample_store, ITEMWISE_EMBED_KEYS=KEYS, ITEMWISE_PATH_PREFIX="/exams/")


@pytest.fixture(scope="module")
def stranger(signed_app: Any) -> Any:
    """A client without a token."""
    return signed_app.server.test_client()


# What is open ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", [*PATHS, "/?embed", "/items?subject=Maths&item=Q3", "/assets/boot.js", "/_favicon.ico"]
)
def test_pages_and_their_files_are_open(stranger: Any, path: str) -> None:
    assert stranger.get(path).status_code == 200
    assert stranger.head(path).status_code == 200


def test_every_file_that_a_page_loads_is_open(stranger: Any) -> None:
    page = stranger.get("/").text
    files = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert len(files) > 15
    assert {stranger.get(file).status_code for file in files} == {200}


def test_the_page_is_the_same_for_everybody(signed_app: Any, stranger: Any) -> None:
    without = stranger.get("/items?subject=Maths").text
    assert "Maths" not in without
    assert "simulated" not in without
    # The framework adds a random mark to each page.
    mark = re.compile(r'"end_id":"[^"]+"')
    within = stranger.get("/items", headers=bearer(analyst())).text
    assert mark.sub("", without) == mark.sub("", within)


def test_health_says_no_more_than_that_it_is_well(stranger: Any) -> None:
    assert stranger.get("/healthz").json == {"status": "ok"}
    assert "version" in stranger.get("/healthz", headers=bearer(teacher())).json
    assert stranger.get("/healthz", headers=expired(teacher())).status_code == 401


def test_health_on_this_machine_is_told_whole_to_this_machine(app: Any) -> None:
    client = app.server.test_client()
    assert "version" in client.get("/healthz").json
    assert client.get("/healthz", headers={"Host": "evil.example"}).json == {"status": "ok"}
    assert client.get("/healthz", environ_overrides={"REMOTE_ADDR": "192.168.0.9"}).json == {"status": "ok"}


# What is not -----------------------------------------------------------------------------------------------------


def test_every_other_rule_is_closed_to_every_method(signed_app: Any, stranger: Any) -> None:
    n_closed = 0
    for rule in signed_app.server.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            if rule.rule in OPEN and method in ("GET", "HEAD"):
                continue
            answer = stranger.open(path, method=method)
            assert answer.status_code == 401, (method, path)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer"), (method, path)
            n_closed += 1
    assert n_closed > 150


@pytest.mark.parametrize("path", ["/_dash-layout", "/_dash-dependencies", "/_dash-update-component", "/_reload-hash"])
def test_what_the_framework_serves_is_closed_and_opened_by_a_token(stranger: Any, path: str) -> None:
    assert stranger.get(path).status_code == 401
    assert stranger.get(path, headers=bearer(teacher())).status_code in (200, 405)


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/x/assets/boot.js",
        "/x/_favicon.ico",
        "/static/boot.js",
        "/assets",
        "/assets/",
        "/assets/../_dash-layout",
        "/assets/%2e%2e/_dash-layout",
        "/assets/..%2f_dash-layout",
        "/assets//../../app.py",
        "/assets/./boot.js",
        "/assets//boot.js",
        "/_dash-component-suites/dash/../../app.py",
        "//assets/boot.js",
        "//_dash-layout",
        "/_dash-layout/",
        "/_dash-layout;/assets/boot.js",
        "/_dash-layout%00/assets/boot.js",
        "/_dash-layout?/assets/",
        "/download/items.csv?/assets/",
        "/download/assets/items.csv",
        "/items/",
        "/items/x",
        "/Items",
        "/items%00",
        "/items%2f..%2f_dash-layout",
        "/itemsx",
        "/healthz/",
        "/healthz/x",
        "/api/v1/healthz",
        "/api/v1/openapi.json",
        "/api/v1/../../healthz",
        "/metrics",
        "/_mcp",
        "/mcp",
        "/health",
        "/_alive_x",
        "/_dash-ws-callback",
    ],
)
def test_a_path_that_only_looks_open_is_closed(stranger: Any, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code == 401
    assert "Location" not in answer.headers
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "FOO"])
@pytest.mark.parametrize("path", ["/", "/assets/boot.js", "/_dash-layout", "/api/v1/items"])
def test_an_unknown_method_opens_nothing(stranger: Any, method: str, path: str) -> None:
    assert stranger.open(path, method=method).status_code == 401


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix"])
def test_no_header_changes_where_a_request_goes(stranger: Any, header: str) -> None:
    assert stranger.post("/_dash-layout", headers={header: "/assets/boot.js"}).status_code == 401
    assert stranger.get("/_dash-layout", headers={header: "/assets/boot.js"}).status_code == 401


def test_a_file_that_is_not_there_is_no_defect(
    signed_app: Any, stranger: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("/assets/x.js", "/_dash-component-suites/os/path.js", "/_dash-component-suites/dash/nothing.js"):
        answer = stranger.get(path)
        assert answer.status_code == 404, path
        assert "Traceback" not in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
    assert caplog.text == ""


def test_programs_get_a_problem_and_pages_a_sentence(stranger: Any) -> None:
    for path in ("/api/v1/catalogue", "/api/v1/nothing", "/api/v1", "/metrics"):
        answer = stranger.get(path)
        assert answer.mimetype == "application/problem+json", path
        assert answer.json["code"] == "token_missing"
    for path in ("/_dash-layout", "/download/items.csv", "/nothing"):
        answer = stranger.get(path)
        assert answer.mimetype == "text/plain", path
        assert answer.text.count("\n") == 1


def test_without_keys_pages_are_for_this_machine_alone(app: Any) -> None:
    client = app.server.test_client()
    for path in [*PATHS, "/_dash-layout", "/_dash-dependencies", "/api/v1/catalogue", "/api/v1/nothing", "/nothing"]:
        refused = client.get(path, environ_overrides={"REMOTE_ADDR": "192.168.0.9"})
        assert refused.status_code == 403, path
        assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert client.post("/_dash-update-component", environ_overrides={"REMOTE_ADDR": "192.168.0.9"}).status_code == 403


def test_another_site_may_link_to_a_page_and_to_nothing_else(app: Any) -> None:
    client = app.server.test_client()
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert {client.get(path, headers=link).status_code for path in PATHS} == {200}
    fetched = link | {"Sec-Fetch-Mode": "no-cors"}
    assert {client.get(path, headers=fetched).status_code for path in PATHS} == {403}
    for path in ("/api/v1/items?allow_bytes=1000000000000", "/download/items.csv", "/_dash-layout"):
        assert client.get(path, headers=link).status_code == 403, path
        assert client.get(path, headers=fetched).status_code == 403, path


# Under a path ----------------------------------------------------------------------------------------------------


def test_a_path_prefix_moves_everything(prefixed: Any) -> None:
    client = prefixed.server.test_client()
    for path in ("", *PAGES, "assets/boot.js", "_favicon.ico", "healthz"):
        assert client.get(f"/exams/{path}").status_code == 200, path
    assert client.get("/healthz").json == {"status": "ok"}
    for path in ("/", "/items", "/assets/boot.js", "/exams", "/exams/exams/", "/exams/_dash-layout", "/exams//items"):
        answer = client.get(path)
        assert answer.status_code == 401, path
        assert "Location" not in answer.headers
    problem = client.get("/exams/api/v1/nothing")
    assert problem.json["code"] == "token_missing"


def test_a_path_prefix_moves_the_api(prefixed: Any) -> None:
    client = prefixed.server.test_client()
    sent = bearer(analyst())
    assert client.get("/exams/api/v1/openapi.json", headers=sent).json["servers"] == [{"url": "/exams/api/v1"}]
    query = {"subject": "Law School Admission Test", "exam": "Section 6", "limit": 2}
    assert (
        client.get("/exams/api/v1/items", query_string=query, headers=sent)
        .json["next"]
        .startswith("/exams/api/v1/items?")
    )


# Metrics ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "sent", "status"),
    [
        ({}, {}, 200),
        ({}, {"Host": "evil.example"}, 403),
        ({"ITEMWISE_ALLOW_ANONYMOUS": "1"}, {}, 403),
        ({"ITEMWISE_EMBED_KEYS": KEYS}, {}, 401),
        ({"ITEMWISE_EMBED_KEYS": KEYS}, bearer(analyst()), 403),
        (
            {"ITEMWISE_EMBED_KEYS": KEYS, "ITEMWISE_METRICS_KEY": METRICS_KEY},
            {"Authorization": f"Bearer {METRICS_KEY}"},
            200,
        ),
        (
            {"ITEMWISE_EMBED_KEYS": KEYS, "ITEMWISE_METRICS_KEY": METRICS_KEY},
            {"Authorization": f"Bearer {METRICS_KEY}x"},
            401,
        ),
        (
            {"ITEMWISE_ALLOW_ANONYMOUS": "1", "ITEMWISE_METRICS_KEY": METRICS_KEY},
            {"Authorization": f"bearer {METRICS_KEY}"},
            200,
        ),
        ({"ITEMWISE_METRICS_KEY": METRICS_KEY}, {"Authorization": f"Basic {METRICS_KEY}", "Via": "x"}, 403),
    ],
)
def test_metrics_are_for_their_key_and_this_machine(
    settings: dict[str, str], sent: dict[str, str], status: int
) -> None:
    flask = Flask(__name__)
    flask.add_url_rule("/metrics", "metrics", lambda: "itemwise_x 1\n")
    flask.add_url_rule("/data", "data", lambda: "data")
    install(flask, Settings.from_environment(settings))
    client = flask.test_client()
    assert client.get("/metrics", headers=sent).status_code == status
    if METRICS_KEY in sent.get("Authorization", "") and "ITEMWISE_ALLOW_ANONYMOUS" not in settings:
        assert client.get("/data", headers=sent).status_code in (401, 403), "the key opens the metrics alone"
