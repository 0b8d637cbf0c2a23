"""Requests to callbacks that no page of ours sent: refused before the framework trips over them."""

from __future__ import annotations

from typing import Any

from dash import Dash
from dash.exceptions import CallbackException
from flask import Response, abort, request

_REFUSAL = "This is no request of a page of this dashboard. Load the page again."


def install(app: Dash) -> None:
    """Answer 400 to a body that no callback of the app can have; what the app itself sends passes unchanged."""
    path = f"{app.config.routes_pathname_prefix}_dash-update-component"

    @app.server.before_request
    def _refuse() -> None:
        if request.path == path and request.method == "POST" and not well_formed(_body(), app.callback_map):
            abort(400, _REFUSAL)

    @app.server.errorhandler(CallbackException)
    def _mismatch(_: CallbackException) -> Response:
        """Inputs or states other than those of the callback."""
        return Response(f"{_REFUSAL}\n", 400, mimetype="text/plain")


def well_formed(body: Any, callbacks: Any) -> bool:
    """Whether a body names a callback and has the parts that the framework reads without a look."""
    if not isinstance(body, dict) or not isinstance(body.get("output"), str) or body["output"] not in callbacks:
        return False
    changed, wiring = body.get("changedPropIds", []), callbacks[body["output"]]
    return (
        isinstance(body.get("outputs"), dict | list)
        and all(map(_is_place, _flat([body["outputs"]])))
        and isinstance(body.get("inputs"), list)
        and isinstance(body.get("state", []), list)
        and all(map(_is_place, _flat([*body["inputs"], *body.get("state", [])])))
        and len(body["inputs"]) == len(wiring["inputs"])
        and len(body.get("state", [])) == len(wiring["state"])
        and isinstance(changed, list)
        and all(isinstance(name, str) and "." in name for name in changed)
    )


def _body() -> Any:
    """The JSON of the request, kept for the framework; None where there is none that can be read."""
    try:
        return request.get_json(silent=True)
    except RecursionError:
        return None


def _flat(parts: list[Any]) -> list[Any]:
    """Parts and the members of those that are lists: a pattern of ids has a list where others have one."""
    return [one for part in parts for one in (part if isinstance(part, list) else [part])]


def _is_place(part: Any) -> bool:
    """Whether a part names a property of a component."""
    return isinstance(part, dict) and isinstance(part.get("id"), str | dict) and isinstance(part.get("property"), str)
