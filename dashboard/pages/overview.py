"""Overview: did this exam work?"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from dash import Dash, Output, html

from dashboard import ids, shell
from dashboard.charts import chart, chart_tools, twin
from dashboard.figures import abilities_and_items, scores_and_items
from dashboard.marks import mark
from dashboard.numbers import number
from dashboard.pages.overview_cards import render_cards
from dashboard.pages.overview_words import headline, separation
from dashboard.people import column
from dashboard.sampling import sampled
from dashboard.state import State
from dashboard.tables import Column, Row, table
from dashboard.verdicts import is_urgent, sayings
from dashboard.visits import Visit
from dashboard.words import count, say
from irt.reports import ExamReport, ItemReport, StudentSummary
from irt.service import Service
from irt.verdicts import Level

#: Items listed before the reader is sent to the full list.
MOST_LISTED = 8


def layout() -> html.Div:
    """A heading to start from: everything else on this page depends on the exam."""
    title = html.H1(say("frame.overview"), className="visually-hidden")
    return html.Div([title, html.P(say("frame.loading"), className="muted loading")], id=ids.OVERVIEW)


def register(app: Dash, service: Service) -> None:
    """Wire the page."""

    @shell.shows(app, service, "overview", Output(ids.OVERVIEW, "children"))
    def overview(visit: Visit) -> list[Any]:
        report = visit.service.exam(*visit.asked)
        students: Sequence[StudentSummary] = ()
        if visit.state.analyst and report.calibration is not None:
            students = visit.service.students(visit.scope, visit.selection.population(), **visit.state.fitted).students
        return render(report, visit.state, students)


def render(report: ExamReport, state: State, students: Sequence[StudentSummary] = ()) -> list[Any]:
    """The page: sentence, cards, chart, what is worth a look."""
    return [
        html.H1(headline(report), className="page-title"),
        html.P(say(f"overview.advice_{separation(report)}"), className="lead"),
        *sampled(report.provenance, state),
        *render_warnings(report),
        render_cards(report, state),
        render_chart(report, state, students),
        render_worth_a_look(report, state),
    ]


def render_warnings(report: ExamReport) -> list[html.Ul]:
    """What a reader must know before relying on the numbers; the sample, and what was left out, have their places."""
    sample = report.provenance.sample
    elsewhere = {*report.health.left_out(), *([] if sample is None else [sample.sentence()])}
    told = [warning for warning in report.warnings if warning not in elsewhere]
    if not told:
        return []
    label: dict[str, Any] = {"aria-label": say("overview.warning")}
    return [html.Ul([html.Li(warning) for warning in told], className="warnings", **label)]


def render_chart(report: ExamReport, state: State, students: Sequence[StudentSummary]) -> html.Section:
    """Who got how much and where the items sit, with its words and its table."""
    wright = len(students) > 0
    figure = abilities_and_items(column(students, "theta"), report.items) if wright else scores_and_items(report)
    plain = "overview.chart" if report.calibration is not None else "overview.chart_scores"
    title = say("overview.chart_analyst" if wright else plain)
    return html.Section(
        [
            html.H2(title),
            chart("overview-chart", figure, summary=summary(report), note=_note(report, wright), size="tall"),
            html.Div(
                [
                    twin(_score_table(report)),
                    chart_tools("overview-chart", "scores", title, state.download("scores")),
                ],
                className="chart-foot",
            ),
        ],
        className="panel",
    )


def summary(report: ExamReport) -> str:
    """The chart in words."""
    places = sorted(item.half_score for item in report.items if isfinite(item.half_score))
    items = say("overview.summary_no_items")
    if places:
        items = say("overview.summary_items", low=number(places[0], 0), high=number(places[-1], 0))
    scores = report.scores
    return say(
        "overview.summary",
        n=f"{scores.n_students:,}",
        lowest=scores.lowest,
        highest=scores.highest,
        max_score=report.max_score,
        mean=number(scores.mean, 1),
        items=items,
    )


def _note(report: ExamReport, wright: bool) -> str:
    """How to read the marks, and how many items have no place."""
    if report.calibration is None:
        return say("overview.no_model", reason=report.model_reason)
    missing = sum(not isfinite(item.difficulty if wright else item.half_score) for item in report.items)
    parts = [say("overview.placed_note")]
    if missing:
        parts.append(count("overview.not_placed", missing))
    return " ".join(parts)


def _score_table(report: ExamReport) -> html.Div:
    """The distribution as a table; scores that nobody has are left out at both ends."""
    scores, focus = report.scores, report.class_scores
    columns = [Column("score", say("overview.score"), True), Column("n", say("overview.number"), True)]
    if focus is not None:
        columns.append(Column("class", say("overview.number_class"), True))
    rows = [
        Row([str(score), f"{scores.counts[score]:,}", *([str(focus.counts[score])] if focus is not None else [])])
        for score in range(scores.lowest, scores.highest + 1)
    ]
    return table(say("overview.table_scores"), columns, rows, class_name="compact narrow")


def worth_a_look(report: ExamReport) -> list[ItemReport]:
    """Flagged items, worst first: the key to check before all else."""
    flagged = [item for item in report.items if item.verdict.level in (Level.LOOK_AGAIN, Level.WEAK)]
    return sorted(flagged, key=lambda item: (item.verdict.level.rank, not is_urgent(item.verdict), item.position))


def render_worth_a_look(report: ExamReport, state: State) -> html.Section:
    """The flagged items, each a line: name, sentence, action."""
    flagged = worth_a_look(report)
    all_items = html.A(
        say("overview.all_items", n=len(report.items)), href=state.href(page="items"), className="button quiet"
    )
    if not flagged:
        few = report.level_counts()[Level.TOO_FEW]
        none = count("overview.worth_none_yet", few) if few else say("overview.worth_none")
        return html.Section(
            [html.H2(say("overview.worth_title")), shell.empty_state(none, all_items)],
            className="panel",
        )
    lines = [_line(item, state) for item in flagged[:MOST_LISTED]]
    more = [html.P(say("overview.shown_first", n=MOST_LISTED), className="muted small")]
    return html.Section(
        [
            html.H2(say("overview.worth_title")),
            html.Ul(lines, className="worth"),
            *(more if len(flagged) > MOST_LISTED else []),
            html.Div(all_items, className="panel-foot no-print"),
        ],
        className="panel",
    )


def _line(item: ItemReport, state: State) -> html.Li:
    """One flagged item; the link is its name, and what follows is plain text."""
    said = sayings(item)[0]
    name = html.A(item.item_name, href=state.href(page="items", item=item.item_id), className="worth-name")
    return html.Li(
        [
            mark(item.verdict.level, urgent=is_urgent(item.verdict)),
            name,
            html.P([html.Strong(said.sentence), " ", html.Span(said.action, className="muted")]),
        ]
    )
