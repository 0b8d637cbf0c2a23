"""Requests to callbacks that no page sends: a refusal, never a defect, and nothing of them in the log."""

from __future__ import annotations

import logging
from typing import Any

import pytest

SECRET = "Ada Lovelace"
PLACE = {"id": SECRET, "property": "value", "value": SECRET}
UNKNOWN = {"output": "x.y", "outputs": PLACE, "inputs": [PLACE]}
PARTS: tuple[dict[str, Any], ...] = (
    {"output": SECRET},
    {"output": 5},
    {"outputs": None},
    {"outputs": [5]},
    {"outputs": {"id": 5, "property": "value"}},
    {"inputs": None},
    {"inputs": 5},
    {"inputs": [5]},
    {"inputs": [[5]]},
    {"inputs": []},
    {"inputs": [PLACE] * 9},
    {"state": SECRET},
    {"changedPropIds": 5},
    {"changedPropIds": [5]},
    {"changedPropIds": [SECRET]},
)


def good(app: Any) -> dict[str, Any]:
    """A request as the page sends it."""
    key = next(key for key, wiring in app.callback_map.items() if "callback" in wiring and not key.startswith(".."))
    name, _, prop = key.partition("@")[0].rpartition(".")
    wiring = app.callback_map[key]
    parts = {kind: [{**part, "value": None} for part in wiring[kind]] for kind in ("inputs", "state")}
    return {"output": key, "outputs": {"id": name, "property": prop}, "changedPropIds": [], **parts}


def test_what_a_page_sends_is_answered(app: Any) -> None:
    answer = app.server.test_client().post("/_dash-update-component", json=good(app))
    assert answer.status_code in (200, 204)


@pytest.mark.parametrize("part", [*PARTS, UNKNOWN])
def test_a_forged_request_is_refused(app: Any, part: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = app.server.test_client().post("/_dash-update-component", json=good(app) | part)
    assert answer.status_code == 400
    assert "Traceback" not in answer.text
    assert SECRET not in answer.text + caplog.text


def test_a_request_that_lacks_a_part_is_refused_by_every_callback(app: Any) -> None:
    client = app.server.test_client()
    for key, wiring in app.callback_map.items():
        body = good(app) | {"output": key, "inputs": wiring["inputs"][:-1], "state": wiring["state"]}
        assert client.post("/_dash-update-component", json=body).status_code == 400, key


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"1", b"{}", b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_request_is_refused(app: Any, body: bytes) -> None:
    answer = app.server.test_client().post("/_dash-update-component", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


def test_a_defect_outside_the_api_is_logged_by_place_alone(
    app: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ValueError(SECRET)

    monkeypatch.setitem(app.server.view_functions, "/_dash-layout", broken)
    answer = app.server.test_client().get("/_dash-layout")
    assert answer.status_code == 500
    assert SECRET not in answer.text + caplog.text
    assert "in broken" in caplog.text
