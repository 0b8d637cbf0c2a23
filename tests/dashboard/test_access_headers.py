"""Contract: what every answer carries, whoever asked and however it ended; how large a request may be."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask, abort, request

from dashboard.access import install
from dashboard.access.headers import content_security_policy
from irt.settings import Settings
from tests.signed import KEYS, bearer, teacher

ELSEWHERE = {"REMOTE_ADDR": "192.168.0.9"}
PORTALS = {"ITEMWISE_PORTAL_ORIGINS": "https://portal.example.org, https://other.example:8443"}


def server(**environment: str) -> Flask:
    """A guarded server with a page, a file, and a file by another address."""
    flask = Flask(__name__, static_folder=None)
    flask.add_url_rule("/page", "page", lambda: f"{len(request.get_data())}", methods=["GET", "POST"])
    flask.add_url_rule("/broken", "broken", lambda: 1 / 0)
    flask.add_url_rule(
        "/assets/<path:filename>", "asset", lambda filename: abort(404) if filename == "x" else "body {}"
    )
    flask.add_url_rule("/download/assets/<name>", "download", lambda name: name)
    flask.config["PROPAGATE_EXCEPTIONS"] = False
    install(flask, Settings.from_environment(environment))
    return flask


def ancestors(**environment: str) -> str:
    policy = server(**environment).test_client().get("/page").headers["Content-Security-Policy"]
    return str(policy.rpartition("; ")[2])


def test_headers_are_on_answers_refusals_and_defects() -> None:
    client = server().test_client()
    answers = [client.get("/page"), client.get("/nothing"), client.post("/nothing"), client.get("/broken")]
    answers += [client.get("/page", environ_overrides=ELSEWHERE), client.put("/page")]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 500, 403, 405]
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "clipboard-write=(self)" in answer.headers["Permissions-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers.getlist("X-Frame-Options") == []
        assert answer.headers.getlist("Access-Control-Allow-Origin") == []
        assert answer.headers.getlist("Set-Cookie") == []


@pytest.mark.parametrize(
    ("path", "kept"),
    [("/assets/style.css", True), ("/assets/x", False), ("/download/assets/a", False), ("/page", False)],
)
def test_files_may_be_kept_and_data_may_not(path: str, kept: bool) -> None:
    assert (server().test_client().get(path).headers.get("Cache-Control") != "no-store") is kept


def test_pages_may_be_framed_by_the_portals_exactly() -> None:
    assert ancestors() == "frame-ancestors 'self'"
    assert ancestors(**PORTALS) == "frame-ancestors https://portal.example.org https://other.example:8443"
    assert ancestors(ITEMWISE_EMBED_KEYS=KEYS) == "frame-ancestors 'none'"
    assert ancestors(ITEMWISE_EMBED_KEYS=KEYS, **PORTALS).endswith(
        "https://portal.example.org https://other.example:8443"
    )


def test_answers_say_that_they_depend_on_who_asks() -> None:
    client = server(ITEMWISE_EMBED_KEYS=KEYS, ITEMWISE_LOGIN_PROXIES="10.0.0.5").test_client()
    for answer in (client.get("/page"), client.get("/page", headers=bearer(teacher()))):
        assert {"Authorization", "X-Remote-User"} <= set(answer.vary)
    assert list(client.get("/assets/style.css").vary) == []


def test_scripts_are_named_by_their_hash_and_never_inline() -> None:
    policy = content_security_policy(["'sha256-abc='"], ["'self'"])
    script = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert script == "script-src 'self' 'sha256-abc='"
    assert "http" not in policy
    assert "unsafe-eval" not in policy


def test_every_script_within_the_page_is_named(app: Any) -> None:
    answer = app.server.test_client().get("/")
    script = re.search(r"script-src ([^;]+)", answer.headers["Content-Security-Policy"])
    assert script
    assert "unsafe" not in script[1]
    inline = re.findall(r"<script(?![^>]*src=)([^>]*)>", answer.text)
    assert len([one for one in inline if "application/json" not in one]) <= script[1].count("'sha256-")


# Bodies ----------------------------------------------------------------------------------------------------------


class Untouched:
    """A body that tells when it is read."""

    def read(self, *_: int) -> bytes:
        raise AssertionError("the body was read")

    readinto = readline = read


class Endless:
    """A body without a length, in chunks, as large as one likes; it counts what was taken."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, n: int = -1) -> bytes:
        n = 2**16 if n < 0 else n
        self.taken += n
        assert self.taken < 2**23, "too much was read"
        return b"x" * n


def chunked(body: Any) -> dict[str, Any]:
    return {"wsgi.input": body, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}


def test_a_body_is_bounded_before_it_is_read() -> None:
    client = server().test_client()
    assert client.post("/page", data=b"x" * 2**20).text == str(2**20)
    told = {"wsgi.input": Untouched(), "CONTENT_LENGTH": str(2**20 + 1)}
    assert client.post("/page", environ_overrides=told).status_code == 413


def test_a_body_without_a_length_is_read_up_to_the_bound() -> None:
    body = Endless()
    assert server().test_client().post("/page", environ_overrides=chunked(body)).text == str(2**20)
    assert body.taken == 2**20


def test_nothing_is_read_of_who_is_refused() -> None:
    client = server(ITEMWISE_EMBED_KEYS=KEYS).test_client()
    told = {"wsgi.input": Untouched(), "CONTENT_LENGTH": "10000000"}
    assert client.post("/page", environ_overrides=told).status_code == 401
    assert client.post("/page", environ_overrides=chunked(Untouched())).status_code == 401
