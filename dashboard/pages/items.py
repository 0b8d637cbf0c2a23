"""Items: which questions should I look at again?"""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import Dash, Output, html

from dashboard import ids, shell
from dashboard.notices import notice
from dashboard.pages.items_list import listed, render_chips, render_table
from dashboard.pages.items_one import render_item
from dashboard.shell import Visit
from dashboard.state import MOST_COMPARED, State
from dashboard.words import say
from irt.errors import NotFoundError
from irt.reports import ExamReport, ItemCurve
from irt.service import Service


def layout() -> html.Div:
    """Search box and empty regions: the list, and the chosen item beside it."""
    search: dict[str, Any] = {"data-state": "q", "data-wait": "200"}
    finder = html.Div(
        [
            html.Label(say("items.find"), htmlFor=ids.ITEMS_SEARCH, className="visually-hidden"),
            dbc.Input(id=ids.ITEMS_SEARCH, type="search", placeholder=say("items.find"), autocomplete="off", value=""),
        ],
        className="no-print",
        **search,
    )
    chosen: dict[str, Any] = {"aria-label": say("items.chosen")}
    loading = html.P(say("frame.loading"), className="muted loading")
    return html.Div(
        [
            html.H1(say("items.title"), className="visually-hidden"),
            html.Section(
                [html.H2(say("items.list"), className="visually-hidden"), finder, html.Div(loading, id=ids.ITEMS_LIST)],
                className="items-list",
            ),
            html.Section(id=ids.ITEMS_CHOSEN, className="items-chosen", **chosen),
        ],
        id=ids.ITEMS,
        className="split",
    )


def register(app: Dash, service: Service) -> None:
    """Wire the page."""

    @shell.shows(app, service, "items", [Output(ids.ITEMS_LIST, "children"), Output(ids.ITEMS, "className")])
    def items_list(visit: Visit) -> tuple[list[Any], str]:
        report = visit.service.exam(visit.scope, visit.selection)
        state = with_item(report, visit.state)
        return [*problems(report, visit.state), render_chips(report, state), *render_table(report, state)], kind(visit)

    @shell.shows(app, service, "items", Output(ids.ITEMS_CHOSEN, "children"))
    def chosen(visit: Visit) -> list[Any]:
        report = visit.service.exam(visit.scope, visit.selection)
        state = with_item(report, visit.state)
        if state.item is None:
            return []
        return render_item(report, curves(visit, report, state), state)


def kind(visit: Visit) -> str:
    """How list and item stand to each other; on narrow screens an item that was asked for takes the whole page."""
    parts = ["split", "dense" if visit.state.analyst else "", "asked" if visit.state.item else "implied"]
    return " ".join(part for part in parts if part)


def with_item(report: ExamReport, state: State) -> State:
    """The state with an item: the one asked for if it is there, else the first of the list."""
    names = {item.item_id for item in report.items}
    compare = tuple(item for item in state.compare if item in names)
    if state.item in names:
        return state.change(compare=tuple(item for item in compare if item != state.item)[: MOST_COMPARED - 1])
    first = next(iter(listed(report, state)), None)
    chosen = None if first is None else first.item_id
    return state.change(item=chosen, compare=tuple(item for item in compare if item != chosen)[: MOST_COMPARED - 1])


def problems(report: ExamReport, state: State) -> list[html.Div]:
    """What the address asks for and this exam does not have."""
    names = {item.item_id for item in report.items}
    unknown = [item for item in (state.item, *state.compare) if item is not None and item not in names]
    return notice([say("frame.unknown_item", value=item) for item in unknown])


def curves(visit: Visit, report: ExamReport, state: State) -> list[ItemCurve]:
    """The chosen item first, then those laid over it."""
    if state.item is None:
        raise NotFoundError(say("items.none_found"))
    wanted = (state.item, *state.compare)
    return [visit.service.item(visit.scope, visit.selection, item) for item in wanted]
