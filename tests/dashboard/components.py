"""Looking into trees of Dash components."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dash.development.base_component import Component


def walk(node: Any) -> Iterator[Component]:
    """Every component of a tree, from the top down."""
    if isinstance(node, (list, tuple)):
        for child in node:
            yield from walk(child)
    elif isinstance(node, Component):
        yield node
        yield from walk(getattr(node, "children", None))


def text(node: Any) -> str:
    """All text of a tree."""
    if isinstance(node, (list, tuple)):
        return "".join(text(child) for child in node)
    if isinstance(node, Component):
        return text(getattr(node, "children", None))
    return "" if node is None else str(node)


def of_type(node: Any, kind: str) -> list[Component]:
    """Components of a type, by its name."""
    return [component for component in walk(node) if type(component).__name__ == kind]


def of_class(node: Any, name: str) -> list[Component]:
    """Components with a CSS class."""
    return [component for component in walk(node) if name in (getattr(component, "className", None) or "").split()]


def words(node: Any) -> str:
    """All text of nodes, the data from which the browser draws (see ``dashboard.drawn``)."""
    if isinstance(node, str):
        return node
    return "".join(words(part) for part in (node[2:] if node and isinstance(node[0], str) else node))
