"""Large still parts travel as data, and the browser draws them (``assets/15-drawn.js``).

Dash keeps track of every component on a page, at a cost that grows with the square of their number: 36 items are some
500 components and seconds of script on a tablet. A part that needs no callback of its own is therefore sent as one
attribute, which says what the same components would have drawn.
"""

from __future__ import annotations

import json
from typing import Any

from dash.development.base_component import Component

#: On a part whose contents are to be drawn by the browser.
MARK = "data-drawn"

#: ``[tag, attributes, *contents]``; each of the contents is a node or text.
Node = list[Any]

#: Names of properties that are called otherwise in HTML.
_IN_HTML = {"className": "class", "htmlFor": "for", "tabIndex": "tabindex", "colSpan": "colspan", "rowSpan": "rowspan"}

#: What else components hold.
_NO_PROPERTIES = {"_prop_names", "_valid_wildcard_attributes", "available_properties", "available_wildcard_properties"}


def as_data(answer: Any) -> Any:
    """An answer of a callback in which the contents of every marked part have become data."""
    if isinstance(answer, (list, tuple)):
        return type(answer)(as_data(part) for part in answer)
    if isinstance(answer, Component):
        inside = getattr(answer, "children", None)
        if inside is not None and hasattr(answer, MARK):
            setattr(answer, MARK, as_text(_nodes(inside)))
            answer.children = None
        elif inside is not None:
            answer.children = as_data(inside)
    return answer


def as_text(nodes: list[Any]) -> str:
    """Nodes as the attribute that the browser reads."""
    return json.dumps(nodes, ensure_ascii=False, separators=(",", ":"))


def _nodes(inside: Any) -> list[Any]:
    """Contents as nodes and text."""
    if inside is None:
        return []
    if isinstance(inside, (list, tuple)):
        return [node for part in inside for node in _nodes(part)]
    return [_node(inside)] if isinstance(inside, Component) else [str(inside)]


def _node(component: Component) -> Node:
    kind, properties = str(component._type), _given(component)
    if kind == "Checkbox":
        return _checkbox(properties)
    attributes = {_IN_HTML.get(name, name): value for name, value in properties.items() if value is not None}
    inside = attributes.pop("children", None)
    if "style" in attributes:
        attributes["style"] = ";".join(f"{name}:{value}" for name, value in attributes["style"].items())
    return [kind.lower(), attributes, *_nodes(inside)]


def _given(component: Component) -> dict[str, Any]:
    """The properties that a component was given; its own ``to_plotly_json`` looks for all that it may have."""
    return {name: value for name, value in vars(component).items() if name not in _NO_PROPERTIES}


def _checkbox(properties: dict[str, Any]) -> Node:
    """What a ``dbc.Checkbox`` draws: a native one."""
    attributes = {"type": "checkbox", "id": properties["id"], "aria-label": properties["label"]}
    attributes |= {name: "" for name, key in (("checked", "value"), ("disabled", "disabled")) if properties.get(key)}
    return ["div", {"class": "form-check"}, ["input", attributes]]
