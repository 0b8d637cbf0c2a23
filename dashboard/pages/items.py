"""Items: which questions should I look at again?"""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, html, no_update

from dashboard import ids, reading, shell
from dashboard.notices import notice
from dashboard.pages.items_fit import MOST_EXAMS, fit_of, history, others
from dashboard.pages.items_list import can_sort, listed, render_list
from dashboard.pages.items_one import render_item, render_walk
from dashboard.sampling import sampled
from dashboard.state import MOST_COMPARED, State
from dashboard.visits import Visit
from dashboard.words import say
from irt.errors import NotFoundError
from irt.reports import ExamReport, ItemCurve
from irt.service import Service
from irt.verdicts import Level


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
    walk: dict[str, Any] = {"aria-label": say("items.walk")}
    loading = html.P(say("frame.loading"), className="muted loading")
    return html.Div(
        [
            html.H1(say("items.title"), className="visually-hidden"),
            html.Section(
                [html.H2(say("items.list"), className="visually-hidden"), finder, html.Div(loading, id=ids.ITEMS_LIST)],
                className="items-list",
            ),
            html.Section(
                [
                    html.Nav(id=ids.ITEMS_WALK, className="walk no-print", **walk),
                    html.Div(id=ids.ITEMS_CHOSEN),
                    html.Div(id=ids.ITEMS_FIT),
                    _history_fold(),
                ],
                className="items-chosen",
                **chosen,
            ),
        ],
        id=ids.ITEMS,
        className="split",
    )


def register(app: Dash, service: Service) -> None:
    """Wire the page."""
    outputs = [
        Output(ids.ITEMS_LIST, "children"),
        Output(ids.ITEMS_WALK, "children"),
        Output(ids.ITEMS, "className"),
    ]

    @shell.shows(app, service, "items", outputs)
    def items_list(visit: Visit) -> tuple[Any, list[Any], str]:
        report = visit.service.exam(*visit.asked)
        state, chosen = visit.state, with_item(report, visit.state)
        walk, layout = render_walk(report, chosen), kind(state, chosen)
        if visit.only("item") and state.item == chosen.item:
            return no_update, walk, layout  # the browser marks the chosen row itself
        # Links of the list keep the item that was asked for, if any: on a phone a chosen item hides the list.
        shown = state.change(compare=chosen.compare)
        told = [*problems(report, state), *sampled(report.provenance, state)]
        return [*told, *render_list(report, shown, chosen.item)], walk, layout

    @shell.shows(app, service, "items", Output(ids.ITEMS_CHOSEN, "children"))
    def chosen(visit: Visit) -> Any:
        report = visit.service.exam(*visit.asked)
        state = with_item(report, visit.state)
        if visit.only("sort", "query", "verdict") and state.item == visit.state.item:
            return no_update
        return [] if state.item is None else render_item(report, curves(visit, report, state), state)

    # Where reading costs, other exams are read when somebody wants to see them.
    costs = bool(app.server.config.get("ITEMWISE_TABLE"))

    @shell.shows(app, service, "items", [Output(ids.ITEMS_FIT, "children"), Output(ids.ITEMS_HISTORY_FOLD, "hidden")])
    def fit(visit: Visit) -> tuple[Any, bool]:
        item = with_item(visit.service.exam(*visit.asked), visit.state).item
        folded = costs and item is not None and bool(others(visit))
        if visit.only("sort", "query", "verdict", "compare", "band") and item == visit.state.item:
            return no_update, not folded
        if item is None:
            return [], True
        return [*fit_of(visit, item), *([] if costs else history(visit, item))], not folded

    opened, wanted = [Input(ids.ITEMS_HISTORY_OPEN, "n_clicks")], reading.Question("other", told_elsewhere)

    @shell.shows(app, service, "items", Output(ids.ITEMS_HISTORY, "children"), more=opened, reads=wanted)
    def elsewhere(visit: Visit, clicks: int | None) -> Any:
        return told_elsewhere(visit) if costs and (clicks or 0) % 2 else []


def told_elsewhere(visit: Visit) -> list[Any]:
    """What the chosen item was like in other exams, which are read for it."""
    item = with_item(visit.service.exam(*visit.asked), visit.state).item
    found = [] if item is None else history(visit, item, wanted=True)
    return found or [html.P(say("items.drift_none"), className="muted")]


def _history_fold() -> html.Details:
    """Other exams, where they are read only when asked for."""
    takes = html.Span(say("items.drift_reads", n=MOST_EXAMS), className="muted small takes")
    return html.Details(
        [
            html.Summary(html.Span([say("items.drift_open"), " ", takes]), id=ids.ITEMS_HISTORY_OPEN),
            html.Div(id=ids.ITEMS_HISTORY, **{"aria-live": "polite"}),
        ],
        id=ids.ITEMS_HISTORY_FOLD,
        className="fold no-print",
        hidden=True,
    )


def kind(state: State, shown: State) -> str:
    """How list and item stand to each other; on narrow screens an item that was asked for hides the list."""
    asked = state.item is not None and state.item == shown.item
    parts = ["split", "dense" if state.analyst else "", "asked" if asked else "implied"]
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
    told = [say("frame.unknown_item", value=item) for item in unknown]
    if state.verdict is not None and state.verdict not in list(Level):
        told.append(say("frame.unknown_verdict", value=state.verdict))
    if not can_sort(state):
        told.append(say("frame.unknown_sort", value=state.sort))
    return [html.Div(notice(told), role="status")] if told else []


def curves(visit: Visit, report: ExamReport, state: State) -> list[ItemCurve]:
    """The chosen item first, then those laid over it."""
    if state.item is None:
        raise NotFoundError(say("items.none_found"))
    wanted = (state.item, *state.compare)
    return [visit.service.item(visit.scope, visit.selection, item, **state.fitted) for item in wanted]
