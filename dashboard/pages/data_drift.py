"""Did items that two exams share become harder or easier?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

from dash import html

from dashboard.charts import chart, chart_tools, twin
from dashboard.figures import difficulties
from dashboard.numbers import number
from dashboard.pages.data_fit import LEVEL, probability
from dashboard.state import State
from dashboard.tables import Column, Row, table
from dashboard.words import say
from irt.reports import DriftReport

#: How exams are linked, as it is called.
METHODS = {
    "stocking-lord": "Stocking-Lord",
    "haebara": "Haebara",
    "mean-sigma": "mean-sigma",
    "mean-mean": "mean-mean",
}


def changed(report: DriftReport) -> tuple[int, ...]:
    """Places of items that surely changed, the largest change first."""
    drift = report.drift
    found = [j for j in range(len(drift.item_ids)) if drift.p_adjusted[j] < LEVEL]
    return tuple(sorted(found, key=lambda j: -abs(float(drift.difficulty_base[j] - drift.difficulty_new[j]))))


def difference(report: DriftReport, j: int) -> float:
    """By how many logits an item became harder."""
    return float(report.drift.difficulty_new[j] - report.drift.difficulty_base[j])


def headline(report: DriftReport) -> str:
    """How many of the shared items changed."""
    drift, found = report.drift, changed(report)
    facts = {
        "total": len(drift.item_ids),
        "base": report.base_exam,
        "new": report.new_exam,
        "n_base": _most(drift.n_base),
        "n_new": _most(drift.n_new),
    }
    if not found:
        return say("comparing.drift_none", **facts)
    return say("comparing.drift_found_one" if len(found) == 1 else "comparing.drift_found", k=len(found), **facts)


def _most(counts: Iterable[float]) -> str:
    return f"{max((float(n) for n in counts), default=0.0):,.0f}"


def sentence(report: DriftReport, j: int) -> str:
    """Which way an item changed, and what to ask."""
    change = difference(report, j)
    return say(f"comparing.became_{'harder' if change > 0 else 'easier'}", size=number(abs(change), 2))


def render_drift(report: DriftReport, state: State) -> list[Any]:
    """The sentence, the items that changed, the figure and its table."""
    found = changed(report)
    ids, names = report.drift.item_ids, report.item_names
    links = [
        html.Li([html.A(names[j], href=state.href(page="items", item=ids[j])), " ", sentence(report, j)]) for j in found
    ]
    return [
        html.P(headline(report)),
        *[html.P(warning, className="muted small") for warning in report.warnings],
        *([html.Ul(links, className="said-items")] if links else []),
        chart(
            "data-drift-chart", difficulties(report, found), summary=_summary(report), note=_note(report), size="square"
        ),
        html.Div(
            [
                twin(_table(report, found)),
                chart_tools("data-drift-chart", "drift", say("comparing.drift"), state.download("drift")),
            ],
            className="chart-foot no-print",
        ),
    ]


def _summary(report: DriftReport) -> str:
    moved = [difference(report, j) for j in changed(report)]
    harder = sum(change > 0 for change in moved)
    return say("comparing.drift_summary", total=len(report.drift.item_ids), harder=harder, easier=len(moved) - harder)


def _note(report: DriftReport) -> str:
    """How the scale of one exam was brought to the other."""
    link = report.drift.link
    shift = number(abs(link.intercept), 3)
    return say(
        "comparing.drift_note",
        base=report.base_exam,
        new=report.new_exam,
        method=METHODS.get(link.method, link.method),
        anchors=len(link.anchor_ids),
        slope=number(link.slope, 3),
        intercept=f"− {shift}" if link.intercept < 0 else f"+ {shift}",
    )


def _table(report: DriftReport, found: Sequence[int]) -> html.Div:
    """Every shared item with both difficulties and the test of their difference."""
    drift = report.drift
    columns = [
        Column("item", say("comparing.col_item")),
        Column("base", say("comparing.col_base", exam=report.base_exam), True),
        Column("new", say("comparing.col_new", exam=report.new_exam), True),
        *(Column(name, say(f"comparing.col_{name}"), True) for name in ("difference", "se", "z", "p", "p_adjusted")),
        Column("direction", ""),
    ]
    rows = []
    for j, name in enumerate(report.item_names):
        change = difference(report, j)
        word = ("harder" if change > 0 else "easier") if j in found and isfinite(change) else ""
        cells = [
            name,
            *(number(float(v[j]), 3) for v in (drift.difficulty_base, drift.difficulty_new)),
            number(change, 3),
            number(float(drift.se[j]), 3),
            number(float(drift.z[j]), 2),
            probability(float(drift.p_value[j])),
            probability(float(drift.p_adjusted[j])),
            say(f"comparing.{word}") if word else drift.reasons[j],
        ]
        rows.append(Row(cells, class_name="flagged" if j in found else ""))
    caption = (
        f"{say('comparing.drift_caption', base=report.base_exam, new=report.new_exam)}. {say('comparing.direction')}"
    )
    return table(caption, columns, rows, class_name="compact fit")
