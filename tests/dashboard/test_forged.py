"""Requests to callbacks that no page sends: a refusal, never a defect, and nothing of them in the log."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from irt.selection import Scope
from tests.signed import KEYS, analyst, bearer, teacher

SECRET = "Ada Lovelace"
PLACE = {"id": SECRET, "property": "value", "value": SECRET}
#: Folds whose contents are computed when they are opened.
OPENERS = ("items-history-open", "data-counts-open", "data-dimension-open", "data-models-open", "data-prediction-open")
UNKNOWN = {"output": "x.y", "outputs": PLACE, "inputs": [PLACE]}
PARTS: tuple[dict[str, Any], ...] = (
    {"output": SECRET},
    {"output": 5},
    {"outputs": None},
    {"outputs": [5]},
    {"outputs": {"id": 5, "property": "value"}},
    {"outputs": {"id": "x", "property": "value"}},
    {"outputs": [{"id": "overview", "property": "children"}]},
    {"outputs": []},
    {"inputs": None},
    {"inputs": 5},
    {"inputs": [5]},
    {"inputs": [[5]]},
    {"inputs": []},
    {"inputs": [PLACE] * 9},
    {"inputs": [PLACE]},
    {"state": SECRET},
    {"changedPropIds": 5},
    {"changedPropIds": [5]},
    {"changedPropIds": [SECRET]},
    {"changedPropIds": {}},
)


def request_of(app: Any, key: str, **values: Any) -> dict[str, Any]:
    """A request to a callback as the page sends it; values by ``id.property``."""
    names = [name.partition("@")[0].rpartition(".") for name in key.strip(".").split("...")]
    fills = [{"id": name, "property": prop} for name, _, prop in names]
    wiring = app.callback_map[key]
    parts = {
        kind: [{**part, "value": values.get(f"{part['id']}.{part['property']}")} for part in wiring[kind]]
        for kind in ("inputs", "state")
    }
    changed = [f"{wiring['inputs'][0]['id']}.{wiring['inputs'][0]['property']}"]
    outputs = fills if key.startswith("..") else fills[0]
    return {"output": key, "outputs": outputs, "changedPropIds": changed, **parts}


def callbacks(app: Any) -> list[str]:
    """The names of the callbacks that the server answers."""
    return [key for key, wiring in app.callback_map.items() if "callback" in wiring]


def good(app: Any) -> dict[str, Any]:
    """A request as the page sends it."""
    return request_of(app, next(key for key in callbacks(app) if not key.startswith("..")))


def send(app: Any, body: Any) -> Any:
    return app.server.test_client().post("/_dash-update-component", json=body)


def test_what_a_page_sends_is_answered_by_every_callback(app: Any) -> None:
    for key in callbacks(app):
        assert send(app, request_of(app, key)).status_code in (200, 204), key


@pytest.mark.parametrize("part", [*PARTS, UNKNOWN])
def test_a_forged_request_is_refused(app: Any, part: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = send(app, good(app) | part)
    assert answer.status_code == 400
    assert "Traceback" not in answer.text
    assert SECRET not in answer.text + caplog.text


def test_a_request_that_lacks_a_part_or_has_another_s_is_refused_by_every_callback(app: Any) -> None:
    client = app.server.test_client()
    for key in callbacks(app):
        whole = request_of(app, key)
        other = {**whole["inputs"][0], "id": "layouts"}
        for parts in ({"inputs": whole["inputs"][:-1]}, {"state": [*whole["state"], PLACE]}, {"inputs": [other]}):
            answer = client.post("/_dash-update-component", json=whole | parts)
            assert answer.status_code == 400, (key, parts)


def test_what_the_browser_computes_by_itself_is_no_callback_of_the_server(app: Any) -> None:
    own = [key for key in app.callback_map if key not in callbacks(app)]
    assert own
    assert {send(app, request_of(app, key)).status_code for key in own} == {400}


#: What no property of ours holds, as it stands in JSON.
ODD = ("5", "1.5", "true", '"text"', "[]", "[1]", "{}", '{"a": {"b": 1}}', "1" * 400, "1e999", "-0", '"\\u0000"')
KINDS = {"data": "{", "n_clicks": "51-t", "value": '"', "contents": '"', "filename": '"'}


def test_a_value_of_another_type_is_refused_by_every_callback(app: Any) -> None:
    client, n_refused = app.server.test_client(), 0
    for key in callbacks(app):
        whole = request_of(app, key)
        for kind in ("inputs", "state"):
            for place, part in enumerate(whole[kind]):
                for odd in ODD:
                    body = whole | {kind: [*whole[kind]]}
                    body[kind][place] = {**part, "value": "THIS"}
                    text = json.dumps(body).replace('"THIS"', odd)
                    answer = client.post("/_dash-update-component", data=text, content_type="application/json")
                    if odd[0] in KINDS[part["property"]] and odd not in ("1.5", "-0", "1" * 400, "1e999"):
                        assert answer.status_code in (200, 204), (key, part, odd)
                    else:
                        n_refused += answer.status_code == 400
                    assert answer.status_code in (200, 204, 400), (key, part, odd)
                    assert "noted under" not in answer.text, (key, part, odd)
    assert n_refused > 300


#: What readers may make of an address; each is answered, with a sentence about what is wrong with it.
SEARCHES = (
    "",
    "?",
    "?&&&=&=",
    "?subject=%00&exam=%ff%fe&class=%F0%9F%98%80",
    "?subject=' OR 1=1 --&exam=\"; DROP TABLE answers; --&class={table}",
    "?subject=Law School Admission Test&exam=Section 6&item=__proto__&student=../../etc/passwd&compare=a&compare=b",
    "?subject=Law School Admission Test&exam=Section 6&group=student_id&reference=x&focal=x&other=Term 2&view=analyst",
    "?subject=Law School Admission Test&exam=Section 6&group=correct; --&other=nowhere&view=analyst&model=4PL-weak-x",
    "?share=1e-300&missing=x&attempts=x&sort=-x&verdict=x&q=%25_%5C&band=x&purify=x&view=x&model=9PL",
    "?" + "exam=x&" * 500,
    "?item=" + "x" * 100_000,
)


@pytest.mark.parametrize("page", ["overview", "items", "students", "data", "import", "nowhere"])
def test_a_hostile_address_is_answered_by_every_callback(app: Any, page: str) -> None:
    client = app.server.test_client()
    for key in callbacks(app):
        for search in SEARCHES:
            # What takes seconds is opened once, for the smallest exam.
            opened = {f"{name}.n_clicks": 1 for name in OPENERS if "Section 6&group" in search}
            state = {"page": page, "search": search, "shown": search, "before": [1], "reason": {}}
            body = request_of(app, key, **opened, **{"state.data": state})
            answer = client.post("/_dash-update-component", json=body)
            assert answer.status_code in (200, 204), (key, search)
            assert "noted under" not in answer.text, (key, search)
            assert "Traceback" not in answer.text


JSON = "application/json"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"1",
        b"{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 500_000 + b"]" * 500_000,
        b"[" + b"0," * 200_000 + b"0]",
        b"{" + b'"a":0,' * 50_000 + b'"a":0}',
        b"\xff",
        b'{"output": "\xff"}',
        '{"output": "x"}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"NaN",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_body_that_is_no_request_is_refused(app: Any, body: bytes) -> None:
    answer = app.server.test_client().post("/_dash-update-component", data=body, content_type=JSON)
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", '"\\ud800"', '"\\udc00\\ud800"', "[" * 30 + "]" * 30, "01"]
)
def test_json_is_taken_as_strictly_as_it_is_written(app: Any, value: str) -> None:
    text = json.dumps(request_of(app, "overview.children", **{"state.data": {"page": "items", "search": "THIS"}}))
    for body in (text, text.replace('"THIS"', value)):
        answer = app.server.test_client().post("/_dash-update-component", data=body, content_type=JSON)
        assert (answer.status_code == 400) is (body is not text)


def test_a_name_that_stands_twice_is_read_the_same_by_all(app: Any) -> None:
    text = json.dumps(good(app))
    for twice, status in (('{"output": "x.y", ', 200), ('{"inputs": [], "state": 5, ', 200)):
        answer = app.server.test_client().post("/_dash-update-component", data=twice + text[1:], content_type=JSON)
        assert answer.status_code == status
    answer = app.server.test_client().post(
        "/_dash-update-component", data=text[:-1] + ', "inputs": 5}', content_type=JSON
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_only_json_is_taken(app: Any, kind: str) -> None:
    # A form of another site can send these without asking.
    body = json.dumps(good(app)).encode()
    answer = app.server.test_client().post("/_dash-update-component", data=body, content_type=kind)
    assert answer.status_code == 400


# How much --------------------------------------------------------------------------------------------------------


def sized(app: Any, key: str, n: int) -> bytes:
    """A request of a callback in about so many bytes."""
    body = request_of(app, key)
    parts = body["inputs"] + body["state"]
    large = next(part for part in parts if part["property"] in ("contents", "data", "value"))
    large["value"] = {"page": "x" * n} if large["property"] == "data" else "x" * n
    return json.dumps(body).encode()


def test_only_callbacks_that_take_files_take_large_requests(app: Any) -> None:
    client, n_large = app.server.test_client(), 0
    for key in callbacks(app):
        body = request_of(app, key)
        if not any(part["property"] in ("contents", "data", "value") for part in body["inputs"] + body["state"]):
            continue
        answer = client.post("/_dash-update-component", data=sized(app, key, 2**20), content_type=JSON)
        takes = any(part["property"] == "contents" for part in body["inputs"] + body["state"])
        assert (answer.status_code != 413) is takes, key
        n_large += takes
    assert n_large == 2


def test_who_may_not_import_sends_nothing_large(sample_store: Path, open_app: Callable[..., Any]) -> None:
    app = open_app(sample_store, ITEMWISE_EMBED_KEYS=KEYS)
    client, check = app.server.test_client(), "import-check.children"
    large = {"data": sized(app, check, 2**20), "content_type": JSON}
    for who in (teacher(), analyst(subjects=frozenset({"x"})), replace(teacher(), scope=Scope())):
        assert client.post("/_dash-update-component", **large, headers=bearer(who)).status_code == 413, who
    assert client.post("/_dash-update-component", **large, headers=bearer(analyst())).status_code == 200


class Chunks:
    """A body without a length, as large as one likes."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, n: int = -1) -> bytes:
        n = 2**16 if n < 0 else n
        self.taken += n
        return b"x" * n


def test_a_request_in_chunks_is_bounded_too(sample_store: Path, open_app: Callable[..., Any]) -> None:
    client = open_app(sample_store, ITEMWISE_EMBED_KEYS=KEYS).server.test_client()
    body = Chunks()
    chunked = {"wsgi.input": body, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = client.post(
        "/_dash-update-component", environ_overrides=chunked, content_type=JSON, headers=bearer(teacher())
    )
    assert answer.status_code == 413
    assert body.taken <= 2**20


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
