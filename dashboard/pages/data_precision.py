"""Whom does the exam measure well? A sentence for everybody; the standard error by ability for analysts."""

from __future__ import annotations

from math import isfinite
from typing import Any

from dash import html

from dashboard.charts import chart, chart_tools, twin
from dashboard.figures import precision_curve
from dashboard.numbers import interval, number, percent, points
from dashboard.pages.data_checks import Check, render_check
from dashboard.state import State
from dashboard.tables import Column, Row, table
from dashboard.words import say
from irt.reports import PrecisionReport

#: Measured best is where the standard error is at most this many times its lowest value.
CLOSE = 1.25
#: A share of the students beyond that range which calls for other items.
MANY = 0.2
#: Every so many drawn abilities are in the table: half a logit.
STEP = 8


def best_range(report: PrecisionReport) -> tuple[int, int] | None:
    """First and last drawn ability at which the standard error is close to its lowest; None where there is none."""
    known = [float(value) if isfinite(value) else float("inf") for value in report.sem]
    lowest = min(known)
    if not isfinite(lowest):
        return None
    close = [k for k, value in enumerate(known) if value <= CLOSE * lowest]
    return close[0], close[-1]


def precision(report: PrecisionReport) -> Check:
    """Who is measured best, how many are not, and what would help them."""
    found = best_range(report)
    if found is None or not report.n_students:
        return Check("unsure", say("precision.unsure"))
    first, last = found
    below = float(report.share_below[first])
    above = 1 - float(report.share_below[last])
    said = say(
        "precision.lead",
        low=points(float(report.expected_score[first]), report.max_score),
        high=points(float(report.expected_score[last]), report.max_score),
        max=report.max_score,
        percent=percent(1 - below - above),
        n=f"{report.n_students:,}",
    )
    wanted = [say("precision.harder", percent=percent(above))] if above >= MANY else []
    wanted += [say("precision.easier", percent=percent(below))] if below >= MANY else []
    return Check("roughly" if wanted else "well", " ".join([said, *(wanted or [say("precision.enough")])]))


def render_precision(report: PrecisionReport, state: State) -> list[Any]:
    """The sentence; for analysts the curve, its table and its download."""
    more = _curve(report, state) if state.analyst and best_range(report) else []
    return [render_check("precision", precision(report), *more)]


def _curve(report: PrecisionReport, state: State) -> list[Any]:
    """The standard error over the abilities, in words and as a table too."""
    errors = [float(value) if isfinite(value) else float("inf") for value in report.sem]
    best = errors.index(min(errors))
    left, right = (min(range(len(errors)), key=lambda k: abs(float(report.theta[k]) - at)) for at in (-3, 3))
    summary = say(
        "precision.summary",
        lowest=number(errors[best]),
        best=number(float(report.theta[best]), 1),
        left=number(errors[left]),
        right=number(errors[right]),
    )
    names = ("theta", "information", "sem", "score", "interval", "below")
    columns = [Column(name, say(f"precision.col_{name}"), True) for name in names]
    rows = [_row(report, k) for k in range(0, len(errors), STEP)]
    return [
        chart(
            "data-precision",
            precision_curve(report),
            summary=summary,
            note=say("precision.note", items=report.n_items),
            size="low medium",
        ),
        html.Div(
            [
                twin(table(say("precision.caption"), columns, rows, class_name="compact")),
                chart_tools("data-precision", "precision", say("precision.title"), state.download("information")),
            ],
            className="chart-foot no-print",
        ),
    ]


def _row(report: PrecisionReport, k: int) -> Row:
    """One ability."""
    return Row(
        [
            number(float(report.theta[k]), 1),
            number(float(report.information[k])),
            number(float(report.sem[k])),
            number(float(report.expected_score[k]), 1),
            interval(float(report.score_lower[k]), float(report.score_upper[k]), 1),
            percent(float(report.share_below[k])),
        ]
    )
