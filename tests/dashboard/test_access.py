"""Who is answered, under which name, and what every answer carries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, jsonify

from dashboard.access import caller_scope, content_security_policy, host_name, install
from irt.errors import AccessError
from irt.selection import FULL_SCOPE
from irt.settings import Settings

ELSEWHERE = {"REMOTE_ADDR": "192.168.0.9"}


def server(**settings: Any) -> Flask:
    """A server with one page and one asset, guarded."""
    flask = Flask(__name__, static_folder=None)
    flask.add_url_rule("/page", "page", lambda: jsonify(full=caller_scope() == FULL_SCOPE), methods=["GET", "POST"])
    flask.add_url_rule("/assets/style.css", "asset", lambda: "body {}")
    install(flask, Settings(**settings))
    return flask


@pytest.mark.parametrize("name", ["localhost", "localhost:8050", "127.0.0.1:8050", "[::1]:8050", "LOCALHOST"])
def test_this_machine_is_answered_with_the_full_scope(name: str) -> None:
    assert server().test_client().get("/page", headers={"Host": name}).json == {"full": True}


def test_a_unix_socket_is_this_machine() -> None:
    assert server().test_client().get("/page", environ_overrides={"REMOTE_ADDR": ""}).status_code == 200


def test_another_machine_is_refused_unless_told() -> None:
    answer = server().test_client().get("/page", environ_overrides=ELSEWHERE)
    assert answer.status_code == 403
    assert "ITEMWISE_ALLOW_ANONYMOUS=1" in answer.text
    told = server(allow_anonymous=True).test_client()
    assert told.get("/page", environ_overrides=ELSEWHERE, headers={"Host": "exams.example.org"}).status_code == 200


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[::2]"])
def test_a_foreign_name_is_refused(name: str) -> None:
    # A page may point its own name at 127.0.0.1 and then read answers as its own (DNS rebinding).
    assert server().test_client().get("/page", headers={"Host": name}).status_code == 403


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Real-IP"])
def test_a_proxy_is_not_this_machine(header: str) -> None:
    assert server().test_client().get("/page", headers={header: "127.0.0.1"}).status_code == 403


def test_a_page_of_another_site_may_not_send() -> None:
    for settings in ({}, {"allow_anonymous": True}):
        client = server(**settings).test_client()
        assert client.post("/page", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert client.post("/page", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
        assert client.get("/page", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_headers_are_on_answers_and_refusals() -> None:
    client = server().test_client()
    for answer in (client.get("/page"), client.get("/nothing"), client.get("/page", environ_overrides=ELSEWHERE)):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in answer.headers


def test_assets_may_be_kept_and_data_may_not() -> None:
    client = server().test_client()
    assert client.get("/page").headers["Cache-Control"] == "no-store"
    assert client.get("/assets/style.css").headers.get("Cache-Control") != "no-store"


def test_portals_may_frame() -> None:
    answer = server(portal_origins=("https://portal.example.org",)).test_client().get("/page")
    assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors 'self' https://portal.example.org")


def test_scripts_are_named_and_never_inline() -> None:
    policy = content_security_policy(["'sha256-abc='"], ())
    script = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert script == "script-src 'self' 'sha256-abc='"
    assert "http" not in policy


def test_requests_are_bounded() -> None:
    assert 0 < server().config["MAX_CONTENT_LENGTH"] <= 100 * 2**20


def test_a_scope_belongs_to_a_request() -> None:
    with pytest.raises(AccessError, match="belongs to a request"):
        caller_scope()


@pytest.mark.parametrize(
    ("host", "name"), [("a:1", "a"), ("A", "a"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("", ""), (":80", "")]
)
def test_host_name(host: str, name: str) -> None:
    assert host_name(host) == name


def test_the_whole_app_is_guarded(app: Any) -> None:
    client = app.server.test_client()
    for path in ("/", "/_dash-layout", "/_dash-dependencies", "/healthz", "/api/v1/catalogue", "/api/v1/nothing"):
        refused = client.get(path, environ_overrides=ELSEWHERE)
        assert refused.status_code == 403, path
        assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert client.post("/_dash-update-component", environ_overrides=ELSEWHERE).status_code == 403
    assert client.post("/api/v1/probabilities", environ_overrides=ELSEWHERE).is_json


def test_a_prefix_moves_the_api(sample_store: Path, open_app: Callable[..., Any]) -> None:
    client = open_app(sample_store, ITEMWISE_PATH_PREFIX="/exams/").server.test_client()
    assert client.get("/exams/api/v1/catalogue").status_code == 200
    assert client.get("/exams/healthz").status_code == client.get("/healthz").status_code == 200
    assert client.get("/exams/api/v1/openapi.json").json["servers"] == [{"url": "/exams/api/v1"}]
    assert (
        "/exams/api/v1/items?"
        in client.get("/exams/api/v1/items?subject=Law%20School%20Admission%20Test&exam=Section%206&limit=2").json[
            "next"
        ]
    )
