"""The frame around every page: navigation, filters, notices, and how pages plug in.

Conventions for a page
----------------------
A page is a module ``dashboard/pages/<name>.py`` (helpers beside it as ``<name>_*.py``) that is listed in
``dashboard/pages/__init__.py`` under its name in :data:`dashboard.state.PAGES` and has

``layout() -> Component``
    The still parts of the page and its empty regions, each with an id from ``dashboard/ids.py``. It is mounted when the
    reader comes to the page and removed when they leave, so it holds no data.
``register(app, service) -> None``
    The callbacks. The usual one is::

        @shell.shows(app, service, "items", Output(ids.ITEMS_LIST, "children"))
        def render(visit: Visit) -> list[Component]:
            report = visit.service.exam(*visit.asked)
            return render_list(report, visit.state)

    It runs when the page opens and whenever the state changes. ``visit.state`` is the :class:`dashboard.state.State`
    with subject and exam filled in; ``visit.asked`` what every service method takes: scope, selection, model and
    prior. Several Outputs: give a list, return a tuple. More Inputs or States: ``more=[Input(...)]``, passed on
    after the visit. Errors need no code: a typed one becomes its sentence in the notice, others are logged; what was
    shown stays, dimmed. Other callbacks (upload, download) use ``app.callback(..., optional=True)`` and
    ``visit(service, data)`` with ``State(ids.STATE, "data")``.

Changing the state is *always* a link or a marked control, never a callback (``assets/10-state.js``):

* ``html.A("Item 3", href=visit.state.href(item="Q3"))``: any change, kept in history. ``**{"data-replace": "true"}``
  does not add to history (sorting, filter chips). ``href(page="students")`` leaves the page and keeps subject, exam,
  class, view and policies. Links to ``href`` of another page work the same.
* a native control inside ``html.Div(..., **{"data-state": "missing"})`` writes its value to that name in the URL;
  ``"data-clears": "item student"`` removes other names; a search box (dbc.Input) adds ``"data-wait": "250"``
  (milliseconds) and is filled from the URL by the frame; a checkbox with ``"data-value": "Q3"`` adds and removes that
  value of a repeatable name.
* what is typed (``q``) may be a name: the browser keeps it in memory beside the entry of its history, and out of the
  address. Links on the same page keep it; ``data-drops="q"`` on a link forgets it.
* a list whose chosen row the browser marks: ``data-mark`` (the name in the URL) and ``data-default`` around it,
  ``data-key`` on each row's link. ``data-keep="item"`` on a link takes the present value of that name along.
  ``data-focus`` on a link is the id of the heading to go to. ``visit.only("item")`` tells a callback that nothing else
  changed since the page was shown, so that it may answer ``no_update``.
* Names in the URL: subject, exam (repeatable), class, view, model, missing, attempts, item, compare (repeatable),
  verdict, sort, q, student, share, band, group, reference, focal, purify, other.

Parts: ``words.say("table.key", **facts)`` and ``words.count("table.key", n)``; ``numbers``: number, percent, interval;
``tables``: table(caption, [Column], [Row], state=...), interval_bar, share_bar, with_error, definitions;
``drawn.MARK`` on a part without callbacks of its own (every ``tables.table`` has it): its contents travel as data and
the browser draws them, since Dash takes seconds over some hundred components (``dashboard/drawn.py``).
``charts``: chart, twin (its table), chart_tools; ``notices.notice([...])``; ``empty_state`` below.
Downloads: ``visit.state.download("items")`` is the href of ``download/items.csv`` with the state in it; the page's
function is registered in ``dashboard/downloads.py``. ``assets/25-links.js`` fetches what ``html.A(..., download="")``
names, with the token of the page, and says a refusal as a notice; ``data-copy`` on a button copies a link.

Inside a portal (``data-embedded``) the bar is gone and the content alone makes the height: no height may follow that of
the window (``vh``) there. ``assets/portal.js`` speaks with the portal; ``docs/embedding.md`` says what.

Figures are pure dicts (``dashboard/figures``): no title, no legend, colours ``var(--ink)``, ``var(--accent)``, ...
as in ``assets/10-tokens.css`` (plotly's validator knows them; the browser fills them in for light and dark), base
layout from ``figures/theme.py``. Only scatter, bar and pie exist in the small bundle.

CSS classes: ``page-title`` (h1), ``lead``, ``cards`` > ``card`` (``card-label``, ``card-value``, ``card-note``),
``panel`` (a section with h2), ``split`` (list left, detail right), ``tools`` > ``tool``, ``muted``, ``small``,
``numeric``, ``chips`` > ``chip``, ``facts`` (dl), ``visually-hidden``, ``mark mark-<level>``, ``no-print``.
Every page has one h1, its panels h2, inside h3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc, html, no_update
from dash.exceptions import PreventUpdate

from dashboard import ids, reading
from dashboard.access import caller, caller_scope
from dashboard.drawn import as_data
from dashboard.filters import choices, filter_row, named, navigation, nothing_to_choose, nothing_yet, readers, said
from dashboard.notices import degraded, notice
from dashboard.sampling import sample_instead
from dashboard.state import State, complete
from dashboard.visits import Visit, as_seen, may_import, visit
from dashboard.words import say
from irt.callers import Role
from irt.errors import ConfirmationNeeded, IrtError
from irt.service import Service
from irt.sources import Catalogue


def shows(
    app: Dash,
    service: Service,
    page: str | None,
    outputs: Output | Sequence[Output],
    more: Sequence[Any] = (),
    reads: reading.Question | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Run a function of a :class:`Visit` whenever the state changes while ``page`` is open (None: any page).

    ``reads`` is what the function reads, for a reader who agrees to what that costs; default: the exam.
    """

    def wire(function: Callable[..., Any]) -> Callable[..., Any]:
        name = str(outputs if isinstance(outputs, Output) else outputs[0])
        question = reads or reading.Question("exam", _exam)
        reading.questions(app)[name] = question

        @app.callback(outputs, Input(ids.STATE, "data"), *more, optional=True)
        def _show(data: Any, *rest: Any) -> Any:
            if not data or (page is not None and State.read(data).page != page):
                raise PreventUpdate
            with service.moment():  # what stands on one page rests on one state of the answers
                if not service.catalogue(caller_scope()).entries:
                    raise PreventUpdate  # the frame says what to do
                here = visit(service, data)
                try:
                    return as_data(function(here, *rest))
                except ConfirmationNeeded as needed:
                    reading.ask(needed, name, question.what, sample_instead(here))
                    return no_update

        return function

    return wire


def _exam(here: Visit) -> Any:
    """What every page shows something of."""
    return here.service.exam(*here.asked)


def layout(pages: dict[str, Any]) -> html.Div:
    """The whole document: frame and an empty place for the page. ``pages`` are the layouts by name."""
    return html.Div(
        [
            dcc.Store(id=ids.STATE),
            dcc.Store(id=ids.BOOT, data=True),
            dcc.Store(id=ids.LAYOUTS, data={name: _mountable(name, page) for name, page in pages.items()}),
            html.A(say("frame.skip"), href="#page", className="skip", **{"data-plain": "true"}),
            html.Div([_bar(), filter_row()], className="frame"),
            html.Div(
                [html.Div(id=ids.NOTICE, role="alert"), html.Div(id=ids.PROBLEMS, role="status"), reading.panel()],
                className="notices",
                role="region",
                **named("notice"),
            ),
            html.Main(
                [
                    html.Div(id=ids.NOTHING),
                    html.Div(html.P(say("frame.loading"), className="muted loading"), id=ids.PAGE, tabIndex=-1),
                ]
            ),
            html.P(id=ids.ANNOUNCED, className="visually-hidden", role="status"),
        ],
        className="app",
    )


def everything(pages: dict[str, Any]) -> html.Div:
    """Frame and all pages at once, against which callbacks are checked."""
    return html.Div([layout(pages), *pages.values()])


def _mountable(name: str, page: Any) -> dict[str, Any]:
    """What the browser needs to show a page."""
    title = say("frame.title", page=say(f"frame.{name}"))
    return {"title": title, "layout": page}


def register(app: Dash, service: Service) -> None:
    """Wire the frame: URL -> store -> page and filters."""
    app.clientside_callback(ClientsideFunction("itemwise", "read"), Output(ids.STATE, "data"), Input(ids.BOOT, "data"))
    app.clientside_callback(
        ClientsideFunction("itemwise", "mount"),
        Output(ids.PAGE, "children"),
        Output(ids.NOTICE, "children"),
        Output(ids.READING, "hidden"),
        Input(ids.STATE, "data"),
        Input(ids.LAYOUTS, "data"),
    )
    reading.register(app, service)
    filters = [Output(name, prop) for name in (ids.SUBJECT, ids.EXAM, ids.CLASS) for prop in ("options", "value")]
    filters += [Output(ids.MODEL, "value"), Output(ids.SHARE, "options"), Output(ids.SHARE, "value")]
    filters += [Output(ids.EXAMS, "children")]
    filters += [Output(name, "hidden") for name in (ids.EXAMS_CONTROL, ids.MODEL_CONTROL, ids.SHARE_CONTROL)]
    filters += [Output(ids.SAID, "children")]
    links = [Output(ids.NAV, "children"), Output(ids.READERS, "children"), Output(ids.COPY_LINK, "data-copy")]
    rest = [Output(ids.PROBLEMS, "children"), Output(ids.NOTHING, "children"), Output(ids.PAGE, "hidden")]

    @app.callback([*filters, *links, *rest], Input(ids.STATE, "data"))
    def _frame(data: Any) -> tuple[Any, ...]:
        if not data:
            raise PreventUpdate
        state, can_import = as_seen(State.read(data)), may_import(service)
        chosen: tuple[Any, ...] = (no_update,) * len(filters)
        without: list[Any] = []
        nothing: list[Any] = []
        try:
            with service.moment():
                catalogue, stamp = service.catalogue(caller_scope()), service.stamp()
                without = _without(service, catalogue, state)
        except IrtError as error:  # the pages can be walked through all the same
            reading.on_error(error)
        else:
            if catalogue.entries:
                state = complete(state, catalogue)
                chosen = (*choices(state, catalogue, service.sample), said(state, catalogue, stamp.as_of))
            else:
                chosen = (*nothing_to_choose(), "")
                nothing = [] if state.page == "import" else nothing_yet(state, can_import, caller_scope().is_limited)
        switch = readers(state) if caller().role is Role.ANALYST else []
        # The page is hidden, not replaced: callbacks of it may be under way.
        told = [*without, *notice(state.problems)]
        return (*chosen, navigation(state, can_import), switch, state.href(), told, nothing, bool(nothing))


def _without(service: Service, catalogue: Catalogue, state: State) -> list[Any]:
    """What the answers of this moment go on without."""
    told = degraded(service.degraded(caller_scope()))
    if catalogue.entries and state.page == "students":
        told += notice(service.without_classes(caller_scope(), complete(state, catalogue).selection()))
    return told


def empty_state(sentence: str, *actions: Any) -> html.Div:
    """What to do where there is nothing to show."""
    return html.Div([html.P(sentence), *actions], className="empty")


def _bar() -> html.Header:
    """Name, pages and switches; inside a portal only the pages are left of it, in the row of filters."""
    brand = html.A(say("frame.name"), href="./", className="brand")
    nav = html.Nav(id=ids.NAV, **named("main_nav"))
    return html.Header(html.Div([brand, nav, _switches()], className="bar-top"), className="top no-print")


def _switches() -> html.Div:
    """Teacher or analyst, light or dark."""
    theme = html.Button(
        [
            html.Span(className="sun-moon", **{"aria-hidden": "true"}),
            html.Span(say("frame.theme"), className="visually-hidden"),
        ],
        type="button",
        className="theme",
        title=say("frame.theme"),
        **{"data-theme-switch": "true"},
    )
    return html.Div(
        [html.Div(id=ids.READERS, className="readers", role="group", **named("reader")), theme], className="switches"
    )
