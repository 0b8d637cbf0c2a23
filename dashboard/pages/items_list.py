"""The list of items: verdict, share correct, how well each tells students apart; filtered, searched, sorted."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from math import isfinite
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from dashboard.charts import csv_link
from dashboard.marks import mark, spoken_mark
from dashboard.numbers import interval, number, percent, percent_interval, points
from dashboard.shell import empty_state
from dashboard.state import MOST_COMPARED, State
from dashboard.tables import (
    Column,
    Row,
    definitions,
    difficulty,
    interval_bar,
    natural,
    share_bar,
    sorted_by,
    table,
    with_error,
)
from dashboard.verdicts import is_urgent, level_name, reason
from dashboard.words import count, say
from irt.reports import ExamReport, ItemReport
from irt.verdicts import Level

#: Ends of the scale on which "tells students apart" is drawn; real items lie within.
APART = (-0.4, 0.8)

Key = Callable[[ItemReport], Any]

#: What each column sorts by.
_SORTS: dict[str, Key] = {
    "name": lambda item: natural(item.item_name),
    "n": lambda item: item.n,
    "correct": lambda item: item.proportion_correct,
    "apart": lambda item: item.item_rest_r,
    "difficulty": lambda item: item.half_score,
    "total": lambda item: item.item_total_r,
    "alpha": lambda item: item.alpha_if_dropped,
    "a": lambda item: item.discrimination,
    "b": lambda item: item.difficulty,
    "omitted": lambda item: item.n_omitted,
    "reached": lambda item: item.n_not_reached,
}


def worst_first(item: ItemReport) -> tuple[Any, ...]:
    """The order in which items deserve a look."""
    return (item.verdict.level.rank, not is_urgent(item.verdict), natural(item.item_name))


def can_sort(state: State) -> bool:
    """Whether the list knows the column that is asked for."""
    return state.sort is None or sorted_by(state)[0] in _SORTS


def listed(report: ExamReport, state: State) -> list[ItemReport]:
    """The items that the list shows, in its order. Items without the number sorted by come last, either way."""
    key, falls = sorted_by(state)
    items = [item for item in report.items if _matches(item, state)]
    if key not in _SORTS:
        return sorted(items, key=worst_first)
    by = _SORTS[key]
    known = [item for item in items if not _is_nan(by(item))]
    unknown = [item for item in items if _is_nan(by(item))]
    return sorted(sorted(known, key=worst_first), key=by, reverse=falls) + unknown


def render_list(report: ExamReport, state: State, chosen: str | None) -> list[Any]:
    """Chips and table; ``chosen`` is the item shown beside them. The browser marks its row (``data-mark``)."""
    marked: dict[str, Any] = {"data-mark": "item", "data-default": chosen or ""}
    return [render_chips(report, state), html.Div(render_table(report, state), className="marked", **marked)]


def render_chips(report: ExamReport, state: State) -> html.Nav:
    """A filter for each verdict that there is."""
    counts = report.level_counts()
    chips = [_chip([say("items.all")], len(report.items), state.href(verdict=None), state.verdict is None)]
    for level, n in counts.items():
        if n or state.verdict == level.value:
            name = [mark(level), level_name(level)]
            chips.append(_chip(name, n, state.href(verdict=level.value), state.verdict == level.value))
    label: dict[str, Any] = {"aria-label": say("items.filter")}
    return html.Nav(chips, className="chips no-print", **label)


def render_table(report: ExamReport, state: State) -> list[Any]:
    """The list as a table, or what to do where nothing is left."""
    items = listed(report, state)
    if not items:
        forget = {"data-drops": "q"}
        link = html.A(say("items.none_found_action"), href=state.href(verdict=None), className="button quiet", **forget)
        return [empty_state(say("items.none_found"), link)]
    columns = _columns(state)
    rows = [_row(item, state, len(report.items)) for item in items]
    shown = table(say("items.caption"), columns, rows, state=state, caption_hidden=True, class_name="items")
    foot = html.Div(
        [
            html.Span(count("items.n_shown", len(items)), className="muted small"),
            csv_link(state.download("items")),
            html.Details(
                [html.Summary(say("items.columns_mean"), className="tool"), definitions(columns)], className="twin"
            ),
        ],
        className="chart-foot",
    )
    return [shown, foot]


def _matches(item: ItemReport, state: State) -> bool:
    """Whether the verdict filter and the search keep an item."""
    if state.verdict is not None and state.verdict in list(Level) and item.verdict.level != state.verdict:
        return False
    text = _plain(f"{item.item_name} {item.item_id}")
    return all(word in text for word in _plain(state.query or "").split())


def _plain(text: str) -> str:
    """Text without differences of width and case."""
    return unicodedata.normalize("NFKC", text).casefold()


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and not isfinite(value)


def _chip(name: list[Any], n: int, href: str, current: bool) -> html.A:
    data: dict[str, Any] = {"data-replace": "true", "data-keep": "item"}
    if current:
        data["aria-current"] = "true"
    return html.A([*name, html.Span(str(n), className="muted")], href=href, className="chip", **data)


def _columns(state: State) -> list[Column]:
    compare = Column("compare", say("items.compare_heading"), hint=say("items.compare_hint"), class_name="tick")
    item = Column("name", say("items.item"), sorts=True, class_name="name")
    n = Column("n", say("items.n"), True, say("items.n_hint"), True)
    correct = Column("correct", say("items.correct"), True, say("items.correct_hint"), True)
    if not state.analyst:
        return [
            item,
            correct,
            Column("apart", say("items.apart"), False, say("items.apart_hint"), True, class_name="apart"),
            Column("difficulty", say("items.difficulty"), True, say("items.difficulty_hint"), True),
            n,
            compare,
        ]
    more = (
        ("total", "total_r"),
        ("alpha", "alpha"),
        ("a", "discrimination"),
        ("b", "difficulty_b"),
        ("omitted", "omitted"),
        ("reached", "not_reached"),
    )
    rest = Column("apart", say("items.rest_r"), True, say("items.rest_r_hint"), True, class_name="apart")
    columns = [Column(key, say(f"items.{name}"), True, say(f"items.{name}_hint"), True) for key, name in more]
    return [item, n, correct, rest, *columns, compare]


def _row(item: ItemReport, state: State, most: int) -> Row:
    cells = [_name(item, state), _correct(item), _apart(item), points(item.half_score, most), f"{item.n:,}"]
    if state.analyst:
        cells = [
            _name(item, state),
            f"{item.n:,}",
            _correct(item),
            [number(item.item_rest_r), *([_apart(item)] if isfinite(item.item_rest_r) else [])],
            number(item.item_total_r),
            number(item.alpha_if_dropped, 3),
            with_error(item.discrimination, item.discrimination_se),
            difficulty(item, with_error(item.difficulty, item.difficulty_se)),
            f"{item.n_omitted:,}",
            f"{item.n_not_reached:,}",
        ]
    return Row([*cells, _compare(item, state)])


def _name(item: ItemReport, state: State) -> list[Any]:
    """Mark, name and short reason; the link covers the row."""
    data: dict[str, Any] = {"data-key": item.item_id, "data-focus": "item-title"}
    link = html.A(item.item_name, href=state.href(item=item.item_id), className="row-link", **data)
    return [spoken_mark(item.verdict), link, html.Span(reason(item), className="reason")]


def _correct(item: ItemReport) -> list[Any]:
    likely = percent_interval(item.proportion_lower, item.proportion_upper)
    label = say("items.correct_label", share=percent(item.proportion_correct), interval=likely)
    return [percent(item.proportion_correct), share_bar(item.proportion_correct, label=label)]


def _apart(item: ItemReport) -> html.Span:
    if not isfinite(item.item_rest_r):
        return html.Span(say("items.apart_unknown"), className="muted small")
    likely = interval(item.item_rest_lower, item.item_rest_upper)
    label = say("items.apart_label", value=number(item.item_rest_r), interval=likely)
    low, high = APART
    return interval_bar(
        item.item_rest_r, item.item_rest_lower, item.item_rest_upper, low=low, high=high, label=label, zero=True
    )


def _compare(item: ItemReport, state: State) -> html.Div:
    """The tick that lays an item's curve over the chosen one."""
    ticked = item.item_id in state.compare
    box = dbc.Checkbox(
        id=f"compare-{item.position}",
        value=ticked,
        label=say("items.compare", item=item.item_name),
        label_class_name="visually-hidden",
        disabled=not ticked and len(state.compare) >= MOST_COMPARED - 1,
    )
    data: dict[str, Any] = {"data-state": "compare", "data-value": item.item_id}
    return html.Div(box, className="ticker", **data)
