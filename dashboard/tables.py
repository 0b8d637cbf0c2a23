"""Native tables: caption, scope, numbers right-aligned, headers that sort, values as bars with their interval."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dash import html

from dashboard.drawn import MARK
from dashboard.numbers import is_determined, number
from dashboard.state import State
from dashboard.words import say
from irt.reports import ItemReport


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``key`` is its name in the URL when it sorts, ``hint`` says what it means, under the table."""

    key: str
    heading: str
    numeric: bool = False
    hint: str | None = None
    sorts: bool = False
    hidden_heading: bool = False
    class_name: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a cell for each column, text or a component. ``header`` is the column that names the row."""

    cells: Sequence[Any]
    header: int = 0
    class_name: str = ""


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    state: State | None = None,
    caption_hidden: bool = False,
    class_name: str = "",
) -> html.Div:
    """A table in a box that scrolls sideways by itself where it is too wide; ``state`` is needed where columns sort."""
    head = html.Thead(html.Tr([_heading(column, state) for column in columns]))
    body = html.Tbody([_row(row, columns) for row in rows])
    title = html.Caption(caption, className="visually-hidden" if caption_hidden else None)
    # Focusable, since a box that scrolls must scroll by keyboard too.
    box: dict[str, Any] = {"role": "region", "aria-label": caption, "tabIndex": 0, MARK: ""}
    return html.Div(html.Table([title, head, body], className=f"table {class_name}".strip()), className="scroll", **box)


def definitions(columns: Sequence[Column]) -> html.Dl:
    """What each column means."""
    terms = []
    for column in columns:
        if column.hint:
            terms += [html.Dt(column.heading), html.Dd(column.hint)]
    return html.Dl(terms, className="definitions")


def interval_bar(
    value: float, lower: float, upper: float, *, low: float = 0.0, high: float = 1.0, label: str, zero: bool = False
) -> html.Span:
    """A value as a mark on a scale with its interval as a bar; ``label`` is what is read aloud.

    ``zero`` draws where zero is, for scales on which the sign matters.
    """
    style: dict[str, str] = {}

    def put(name: str, x: float) -> None:
        style[name] = f"{100 * min(max((x - low) / (high - low), 0.0), 1.0):.1f}%"

    if math.isfinite(lower) and math.isfinite(upper):
        put("--from", lower)
        put("--to", upper)
    if math.isfinite(value):
        put("--at", value)
    if zero:
        put("--zero", 0.0)
    return html.Span(className="bar", style=style, role="img", **{"aria-label": label})


def share_bar(share: float, *, label: str) -> html.Span:
    """A share from 0 to 1 as a filled bar."""
    width = 0.0 if not math.isfinite(share) else 100 * min(max(share, 0.0), 1.0)
    style = {"--share": f"{width:.1f}%"}
    return html.Span(className="bar share", style=style, role="img", **{"aria-label": label})


def with_error(value: float, error: float, digits: int = 2) -> html.Span:
    """A value and, smaller, its standard error."""
    parts: list[Any] = [number(value, digits)]
    if math.isfinite(error):
        parts.append(html.Span(f" ± {number(error, digits)}", className="muted"))
    return html.Span(parts)


def difficulty(item: ItemReport, shown: Any) -> Any:
    """An item's difficulty as it is ``shown``; a word where the answers do not determine it."""
    if is_determined(item.difficulty, item.difficulty_se):
        return shown
    return html.Span(say("items.undetermined"), className="muted small")


def natural(text: str) -> tuple[Any, ...]:
    """A key that sorts item 2 before item 10."""
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in re.split(r"(\d+)", text) if part
    )


def sorted_by(state: State, default: str = "") -> tuple[str, bool]:
    """The column that sorts and whether it falls."""
    sort = state.sort or default
    return sort.lstrip("-"), sort.startswith("-")


def _heading(column: Column, state: State | None) -> html.Th:
    """A column's heading; a link that sorts where the column can."""
    kind = f"{'numeric' if column.numeric else ''} {column.class_name}".strip() or None
    if not column.sorts or state is None:
        text = html.Span(column.heading, className="visually-hidden") if column.hidden_heading else column.heading
        return html.Th(text, scope="col", className=kind)
    key, falls = sorted_by(state)
    mine = key == column.key
    # The first click shows the most of a number and the start of the alphabet; the next one turns it round.
    sort = f"-{column.key}" if (column.numeric and not mine) or (mine and not falls) else column.key
    link = html.A(
        [column.heading, html.Span(className="sort-mark", **{"aria-hidden": "true"})],
        href=state.href(sort=sort),
        title=say("frame.sort_by", column=column.heading),
        **{"data-replace": "true", "data-keep": "item"},
    )
    order = {"aria-sort": "descending" if falls else "ascending"} if mine else {}
    return html.Th(link, scope="col", className=kind, **order)


def _row(row: Row, columns: Sequence[Column]) -> html.Tr:
    """One row, its naming cell as a row header."""
    cells = []
    for i, (cell, column) in enumerate(zip(row.cells, columns, strict=True)):
        kind = f"{'numeric' if column.numeric else ''} {column.class_name}".strip() or None
        cells.append(html.Th(cell, scope="row", className=kind) if i == row.header else html.Td(cell, className=kind))
    return html.Tr(cells, className=row.class_name or None)
