"""Requests to callbacks that no page of ours sends: refused before the framework trips over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from dash import Dash
from dash.exceptions import CallbackException, DependencyException
from flask import Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from dashboard.access import caller

#: Largest request of a callback that takes a file (which travels as text in JSON), and of every other.
MOST_BYTES_OF_FILES, MOST_BYTES = 64 * 2**20, 2**20
#: Most values in a request, by the signs between them, and deepest nesting.
MOST_VALUES, MOST_LEVELS = 10_000, 20

#: What a property of a component may hold, besides nothing.
_KINDS: dict[str, tuple[type, ...]] = {
    "contents": (str,),
    "data": (dict,),
    "filename": (str,),
    "n_clicks": (int,),
    "value": (str,),
}

_REFUSAL = "This is no request of a page of this dashboard. Load the page again."
_TOO_LARGE = "The request is larger than this server takes."


def install(app: Dash) -> None:
    """Answer 400 to a body that no callback of the app can have; what the app itself sends passes unchanged.

    To be installed after the guard: a stranger is refused before a body is read.
    """
    path = f"{app.config.routes_pathname_prefix}_dash-update-component"

    @app.server.before_request
    def _refuse() -> Response | None:
        if request.path != path or request.method != "POST":
            return None
        try:
            body = _body()
        except RequestEntityTooLarge:
            return _answer(_TOO_LARGE, 413)
        if not well_formed(body, app.callback_map):
            return _answer(_REFUSAL, 400)
        if _length() > MOST_BYTES and not takes_files(app.callback_map[body["output"]]):
            return _answer(_TOO_LARGE, 413)
        g.callback = _filled(body["output"])[0]
        return None

    @app.server.errorhandler(CallbackException)
    def _mismatch(_: CallbackException) -> Response:
        """Inputs or states other than those of the callback."""
        return _answer(_REFUSAL, 400)

    @app.server.errorhandler(DependencyException)
    def _no_file(_: DependencyException) -> Response:
        """A file of a package that the pages do not load."""
        return _answer("There is no such file.", 404)


def well_formed(body: Any, callbacks: Mapping[str, Any]) -> bool:
    """Whether a body names a callback and has its parts, each filled with what it may hold."""
    if not isinstance(body, dict) or not isinstance(body.get("output"), str) or body["output"] not in callbacks:
        return False
    changed, wiring = body.get("changedPropIds", []), callbacks[body["output"]]
    return (
        "callback" in wiring
        and _names(body.get("outputs"), body["output"])
        and _fills(body.get("inputs"), wiring["inputs"])
        and _fills(body.get("state", []), wiring["state"])
        and isinstance(changed, list)
        and all(isinstance(name, str) and "." in name for name in changed)
    )


def takes_files(wiring: Mapping[str, Any]) -> bool:
    """Whether a callback takes the contents of a file."""
    return any(part["property"] == "contents" for part in (*wiring["inputs"], *wiring["state"]))


def _body() -> Any:
    """The JSON of the request, as strict as it is written; None where there is none that can be read.

    It is counted before it is parsed: a small text can become very many values. The framework parses it once more.
    """
    most = request.max_content_length = MOST_BYTES_OF_FILES if caller().may_import else MOST_BYTES
    content = request.get_data()
    if len(content) >= most:
        # A body sent in chunks has no length to refuse; it was read up to the limit.
        raise RequestEntityTooLarge
    if not request.is_json or sum(map(content.count, (b",", b"[", b"{"))) > MOST_VALUES:
        return None
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return None if _is_deep(body) else body


def _length() -> int:
    """Bytes of the body, which has been read."""
    return len(request.get_data())


def _is_deep(value: Any) -> bool:
    """Whether a value is nested more deeply than what pages send, found without recursion."""
    level = [value]
    for _ in range(MOST_LEVELS):
        nested = [part for part in level if isinstance(part, dict | list)]
        level = [child for part in nested for child in (part.values() if isinstance(part, dict) else part)]
    return bool(level)


def _fills(parts: Any, wired: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the parts are those of the callback, in its order, each with a value that it may hold."""
    return (
        isinstance(parts, list)
        and len(parts) == len(wired)
        and all(_is_place(part) and _same(part, wish) for part, wish in zip(parts, wired, strict=True))
    )


def _same(part: Mapping[str, Any], wish: Mapping[str, Any]) -> bool:
    """Whether a part is the property that the callback asks for, and holds what that may hold."""
    value = part.get("value")
    if part["id"] != wish["id"] or part["property"] != wish["property"]:
        return False
    return value is None or isinstance(value, _KINDS.get(wish["property"], ()))


def _names(outputs: Any, output: str) -> bool:
    """Whether the outputs are those that the name of the callback stands for."""
    if output.startswith("..") is not isinstance(outputs, list):
        return False
    given = outputs if isinstance(outputs, list) else [outputs]
    if not all(map(_is_place, given)):
        return False
    return [f"{part['id']}.{_plain(part['property'])}" for part in given] == _filled(output)


def _filled(output: str) -> list[str]:
    """What a callback fills, by the name of the callback."""
    return [_plain(name) for name in output.strip(".").split("...")]


def _plain(name: str) -> str:
    """A name without the mark of an output that several callbacks fill."""
    return name.partition("@")[0]


def _is_place(part: Any) -> bool:
    """Whether a part names a property of a component."""
    return isinstance(part, dict) and isinstance(part.get("id"), str) and isinstance(part.get("property"), str)


def _answer(sentence: str, status: int) -> Response:
    return Response(f"{sentence}\n", status, mimetype="text/plain")
