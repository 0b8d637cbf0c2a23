"""A labelled native select in a panel, which writes to the URL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from dashboard.filters import ALL


def control_of(name: str) -> str:
    """The id of the select with its label."""
    return f"{name}-control"


def chooser(
    name: str,
    key: str,
    label: str,
    *,
    clears: str = "",
    options: Sequence[str] = (),
    value: str | None = None,
) -> html.Div:
    """A select that writes to ``key`` in the URL and takes the names in ``clears`` out of it."""
    data: dict[str, Any] = {"data-state": key, "data-clears": clears, "data-none": ALL}
    told = [{"label": option, "value": option} for option in options]
    return html.Div(
        [html.Label(label, htmlFor=name), dbc.Select(id=name, options=told, value=value)],
        id=control_of(name),
        className="control no-print",
        **data,
    )
