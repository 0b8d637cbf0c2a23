"""Data & method: can I trust it?"""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from dash import Dash, Output, html

from dashboard import ids, shell
from dashboard.charts import csv_links, names_link
from dashboard.pages import data_panels
from dashboard.pages.data_health import headline, lead, render_came_in, render_left_out
from dashboard.pages.data_method import render_errors, render_model, render_provenance
from dashboard.pages.data_missing import render_attempts, render_changes, render_missing
from dashboard.pages.data_reading import render_reading
from dashboard.pages.data_spending import render_spending
from dashboard.sampling import sampled
from dashboard.state import State
from dashboard.visits import Visit, may_import
from dashboard.words import say
from irt.errors import AccessError
from irt.service import Service


def layout() -> html.Div:
    """The empty regions, and the frame of the policies (whose comparison takes longest)."""
    title = {"aria-labelledby": "data-missing-title"}
    policies = html.Section(
        [
            html.H2(say("data.missing"), id="data-missing-title"),
            html.P(say("data.missing_lead"), className="muted small"),
            html.Div(id=ids.DATA_POLICIES),
            html.Div(html.P(say("frame.loading"), className="muted loading"), id=ids.DATA_CHANGES),
        ],
        className="panel",
        **title,
    )
    attempts = html.Section(
        [
            html.H2(say("data.attempts")),
            html.P(say("data.attempts_lead"), className="muted small"),
            html.Div(id=ids.DATA_ATTEMPTS),
        ],
        className="panel",
    )
    return html.Div(
        [
            html.Div(html.H1(say("data.title"), className="page-title"), id=ids.DATA_REPORT),
            html.Div(id=ids.DATA_MODEL),
            data_panels.layout_fit(),
            data_panels.layout_comparing(),
            policies,
            attempts,
            data_panels.layout_source(),
            html.Div(id=ids.DATA_SPENDING),
            html.Div(id=ids.DATA_METHOD),
        ]
    )


def register(app: Dash, service: Service) -> None:
    """Wire the page."""

    @shell.shows(app, service, "data", Output(ids.DATA_REPORT, "children"))
    def health(visit: Visit) -> list[Any]:
        report, names = visit.service.exam(*visit.asked), visit.scope.names
        return [
            html.H1(headline(report.health), className="page-title"),
            html.P(lead(report.health), className="lead"),
            *sampled(report.provenance, visit.state),
            render_came_in(report.health),
            render_left_out(report.health, csv_links(visit.state.download("health"), names=names), names=names),
        ]

    @shell.shows(app, service, "data", [Output(ids.DATA_POLICIES, "children"), Output(ids.DATA_ATTEMPTS, "children")])
    def policies(visit: Visit) -> tuple[html.Div, html.Div]:
        return render_missing(visit.state), render_attempts(visit.state)

    @shell.shows(app, service, "data", Output(ids.DATA_CHANGES, "children"))
    def changes(visit: Visit) -> list[Any]:
        report = visit.service.exam(*visit.asked)
        comparison = visit.service.compare_policies(*visit.asked)
        return render_changes(comparison, report.health, visit.state)

    data_panels.register(app, service)

    @shell.shows(app, service, "data", Output(ids.DATA_MODEL, "children"))
    def model(visit: Visit) -> list[Any]:
        report, analyst = visit.service.exam(*visit.asked), visit.state.analyst
        errors = [render_errors(report.items)] if analyst and report.calibration else []
        return [render_model(report, analyst=analyst), *errors]

    @shell.shows(app, service, "data", Output(ids.DATA_SPENDING, "children"))
    def spending(visit: Visit) -> list[Any]:
        with suppress(AccessError):  # the bill is nobody's business whose access is limited
            spent = visit.service.spending(visit.scope)
            return [render_spending(spent, visit.state, app.server.config.get("ITEMWISE_FOLDER", ""))]
        return []

    @shell.shows(app, service, "data", Output(ids.DATA_METHOD, "children"))
    def method(visit: Visit) -> list[Any]:
        report, analyst = visit.service.exam(*visit.asked), visit.state.analyst
        return [
            render_downloads(
                visit.state,
                has_model=report.calibration is not None,
                can_import=may_import(visit.service),
                names=visit.scope.names,
            ),
            render_reading(analyst=analyst),
            render_provenance(report),
        ]


def render_downloads(state: State, *, has_model: bool, can_import: bool = True, names: bool = False) -> html.Section:
    """Files of this exam (``names``: those about students also with ids and names), and the way to another one."""
    files = []
    for name, href in downloads(state).items():
        if not has_model and name != "items":
            continue
        link = html.A(say(f"data.d_{name}"), href=href, download="", className="tool")
        told = html.Span(say(f"data.d_{name}_means"), className="muted small")
        beside = [names_link(href, className="tool")] if names and name in ("abilities", "probabilities") else []
        files.append(html.Li([link, told, *beside]))
    more = [html.A(say("data.d_import"), href=state.href(page="import"), className="tool")]
    more += [html.Span(say("data.d_import_means"), className="muted small")]
    return html.Section(
        [
            html.H2(say("data.downloads"), id="data-downloads-title"),
            html.P(say("data.downloads_lead"), className="muted small"),
            html.Ul([*files, *([html.Li(more)] if can_import else [])], className="download-list"),
        ],
        className="panel no-print",
        **{"aria-labelledby": "data-downloads-title"},
    )


def downloads(state: State) -> dict[str, str]:
    """The link to each file; the calibration comes from the API, for the same selection."""
    kept = {"subject", "exam", "class", "missing", "attempts", "share"}
    selection = [pair for pair in state.pairs() if pair[0] in kept]
    selection += [(name, value) for name, value in state.fitted.items() if value]
    return {
        "items": state.download("items"),
        "abilities": state.download("students"),
        "probabilities": state.download("chances"),
        "calibration": f"api/v1/calibrations?{urlencode(selection)}",
    }
