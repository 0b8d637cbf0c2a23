"""A chart on the page: the picture, its sentence for those who do not see it, its table and its downloads."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from dashboard.words import say

#: For every graph: no toolbar, no upload button, no notifier; pictures and data have named buttons of our own.
GRAPH_CONFIG = {
    "displayModeBar": False,
    "displaylogo": False,
    "displayNotifier": False,
    "showSendToCloud": False,
    "scrollZoom": False,
    "doubleClick": False,
    "responsive": True,
}


def chart(name: str, figure: dict[str, Any], *, summary: str, note: Any = None, size: str = "") -> html.Figure:
    """A figure with its text summary (read aloud as its name) and a note for everybody.

    Parameters
    ----------
    name : str
        Id of the graph.
    figure : dict
        In plotly's schema, colours as ``var(--token)``; ``assets/20-figures.js`` fills them in for light and dark.
    summary : str
        What the chart shows, in words.
    note : str or component, optional
        How to read it, under the chart.
    size : {"", "tall", "low"}
    """
    graph = dcc.Graph(id=name, figure=figure, config=GRAPH_CONFIG, responsive=True, className="graph")
    label: dict[str, Any] = {"aria-label": summary}
    parts: list[Any] = [html.Div(graph, role="img", className=f"graph-box {size}".strip(), **label)]
    if note:
        parts.append(html.Figcaption(note))
    return html.Figure(parts, className="chart")


def chart_tools(name: str, file_name: str, title: str, csv_href: str | None, *more: Any) -> html.Div:
    """The buttons under a chart: picture as PNG or SVG (under its title), data as CSV, and more."""
    tools: list[Any] = [
        _picture(name, file_name, title, "png", say("frame.picture_png")),
        _picture(name, file_name, title, "svg", say("frame.picture_svg")),
    ]
    if csv_href:
        tools.append(csv_link(csv_href))
    return html.Div([*tools, *more], className="tools")


def csv_link(href: str) -> html.A:
    """The link that downloads a table as CSV."""
    return html.A(say("frame.data_csv"), href=href, download="", className="tool")


def csv_links(href: str, *, names: bool) -> list[html.A]:
    """The link to a table about students, with pseudonyms; and beside it, where these may be seen, to ids and names."""
    return [csv_link(href), *([names_link(href, className="tool")] if names else [])]


def names_link(href: str, **look: str) -> html.A:
    """The link to the same table with ids and names."""
    more = f"{href}{'' if href.endswith('?') else '&'}names=1"
    return html.A(say("downloads.with_names"), href=more, download="", **look)


def copy_link(href: str, text: str = "", **more: Any) -> html.Button:
    """The button that copies the link to a view."""
    data: dict[str, Any] = {"data-copy": href, "data-done": say("frame.copied"), "data-failed": say("frame.not_copied")}
    return html.Button(text or say("frame.copy_link"), type="button", className="tool", **data, **more)


def twin(table: Any) -> html.Details:
    """The same as a table, folded."""
    return html.Details([html.Summary(say("frame.as_table"), className="tool"), table], className="twin")


def _picture(name: str, file_name: str, title: str, kind: str, text: str) -> html.Button:
    data: dict[str, Any] = {"data-picture": kind, "data-graph": name, "data-file": file_name, "data-title": title}
    return html.Button(text, type="button", className="tool", **data)
