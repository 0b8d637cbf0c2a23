"""Calling one callback of an app over HTTP, as the page does."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

#: What a page sends that was not filled in.
Values = dict[str, Any]


def place(page: str, **query: str | list[str]) -> dict[str, str]:
    """The state of a page, as the store holds it."""
    return {"page": page, "search": "?" + urlencode(query, doseq=True)}


def ask(app: Any, output: str, values: Values, client: Any = None) -> dict[str, Any]:
    """The answer of the callback that fills ``output`` (``id.property``), by component; empty where it does not run.

    ``values`` are what the page holds, by ``id.property``; what is not named is None. ``client``: default, a new one.
    """
    key = next(key for key in app.callback_map if output in key.strip(".").split("..."))
    wiring = app.callback_map[key]
    fills = [_component(part) for part in key.strip(".").split("...")]
    request = {
        "output": key,
        "outputs": fills if key.startswith("..") else fills[0],
        "inputs": [_filled(part, values) for part in wiring["inputs"]],
        "state": [_filled(part, values) for part in wiring["state"]],
        "changedPropIds": [next(iter(values))],
    }
    answer = (client or app.server.test_client()).post("/_dash-update-component", json=request)
    if answer.status_code == 204:
        return {}
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return answer.get_json().get("response", {}) | {"notices": answer.get_json().get("sideUpdate", {})}


def _component(part: str) -> dict[str, str]:
    name, _, prop = part.partition("@")[0].rpartition(".")
    return {"id": name, "property": prop}


def _filled(part: dict[str, str], values: Values) -> dict[str, Any]:
    return {**part, "value": values.get(f"{part['id']}.{part['property']}")}


def shown(answer: Any) -> str:
    """An answer as text, for looking whether something is in it."""
    return json.dumps(answer, ensure_ascii=False)
