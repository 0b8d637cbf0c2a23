"""Do items favour one of two groups of equally able students (differential item functioning)?"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from dash import html

from dashboard.charts import csv_link
from dashboard.numbers import number
from dashboard.pages.data_choosers import chooser
from dashboard.pages.data_fit import LEVEL, probability
from dashboard.state import State
from dashboard.tables import Column, Row, table
from dashboard.words import say
from irt.reports import DifReport


def flagged(report: DifReport) -> tuple[int, ...]:
    """Places of items that surely set the groups apart: after adjustment, and more than negligibly."""
    places = range(len(report.result.item_ids))
    return tuple(j for j in places if favours_one(report, j) or changes_with_ability(report, j))


def favours_one(report: DifReport, j: int) -> bool:
    """Whether one of the groups does better at every score."""
    found = report.result
    return bool(found.p_adjusted_mh[j] < LEVEL and found.ets_class[j] in ("B", "C"))


def changes_with_ability(report: DifReport, j: int) -> bool:
    """Whether the groups differ otherwise than by the same amount throughout."""
    found = report.result
    return bool(found.p_adjusted[j] < LEVEL and found.effect_class[j] in ("B", "C"))


def sentence(report: DifReport, j: int) -> str:
    """What sets the groups apart on an item, and what to do."""
    found = report.result
    if not favours_one(report, j):
        return say("comparing.favours_changes")
    favoured = found.reference if found.delta_mh[j] < 0 else found.focal
    by = number(100 * abs(float(found.share_difference[j])), 0)
    return say("comparing.favours", group=favoured, size=say(f"comparing.size_{found.ets_class[j]}"), by=by)


def render_groups(report: DifReport, state: State) -> list[Any]:
    """Who is compared, a sentence for each item that stands out, and the table."""
    found = report.result
    sizes = dict(report.groups)
    compared = say(
        "comparing.groups_compared",
        reference=found.reference,
        focal=found.focal,
        n_reference=f"{sizes.get(found.reference, 0):,}",
        n_focal=f"{sizes.get(found.focal, 0):,}",
    )
    parts: list[Any] = [html.P(compared)]
    if len(report.groups) > 2 and not (state.reference or state.focal):
        parts.append(html.P(say("comparing.groups_two_of", k=len(report.groups)), className="muted small"))
    parts += [html.P(warning, className="muted small") for warning in report.warnings]
    apart = flagged(report)
    if apart:
        parts.append(html.Ul([_line(report, j, state) for j in apart], className="said-items"))
    else:
        parts.append(html.P(say("comparing.groups_none")))
    return [
        *parts,
        _table(report, state, apart),
        html.P(say("comparing.groups_note"), className="muted small"),
        csv_link(state.download("dif")),
    ]


def _line(report: DifReport, j: int, state: State) -> html.Li:
    link = html.A(report.item_names[j], href=state.href(page="items", item=report.result.item_ids[j]))
    return html.Li([link, " ", sentence(report, j)])


def _table(report: DifReport, state: State, apart: Sequence[int]) -> html.Div:
    """Mantel-Haenszel and logistic regression, item by item."""
    names: tuple[str, ...] = ("n_groups", "share", "chi2_mh", "p_mh", "delta", "class", "chi2_logistic", "p_logistic")
    names += ("p_uniform", "p_nonuniform", "p_adjusted")
    columns = [Column("item", say("comparing.col_item"))]
    columns += [Column(name, say(f"comparing.col_{name}"), name != "class") for name in names]
    columns.append(Column("note", say("comparing.col_note")))
    found = report.result
    rows = []
    for j, item_id in enumerate(found.item_ids):
        cells: list[Any] = [
            html.A(report.item_names[j], href=state.href(page="items", item=item_id)),
            f"{number(float(found.n_reference[j]), 0)} + {number(float(found.n_focal[j]), 0)}",
            _points(float(found.share_difference[j]), float(found.share_difference_se[j])),
            number(float(found.chi2_mh[j]), 2),
            probability(float(found.p_value_mh[j])),
            _delta(float(found.delta_mh[j]), float(found.delta_se[j])),
            found.ets_class[j] or "–",
            number(float(found.chi2_logistic[j]), 2),
            *(
                probability(float(values[j]))
                for values in (
                    found.p_value_logistic,
                    found.p_value_uniform,
                    found.p_value_nonuniform,
                    found.p_adjusted,
                )
            ),
        ]
        cells.append(say("comparing.flagged") if j in apart else "")
        rows.append(Row(cells, class_name="flagged" if j in apart else ""))
    caption = say("comparing.groups_caption", reference=found.reference, focal=found.focal)
    return table(caption, columns, rows, class_name="compact fit")


def _points(value: float, error: float) -> str:
    """A difference of shares in percentage points."""
    return _delta(100 * value, 100 * error, 1)


def _delta(value: float, error: float, digits: int = 2) -> str:
    return f"{number(value, digits)} ± {number(error, digits)}" if isfinite(error) else number(value, digits)


def render_pair(report: DifReport) -> list[html.Div]:
    """Which two of more than two groups are compared, to choose; each list is without the other's group."""
    values = [value for value, _ in report.groups]
    if len(values) < 3:
        return []
    chosen = {"reference": report.result.reference, "focal": report.result.focal}
    taken = {"reference": chosen["focal"], "focal": chosen["reference"]}
    selects = [
        chooser(
            f"data-{key}",
            key,
            say(f"comparing.{key}"),
            options=[v for v in values if v != taken[key]],
            value=chosen[key],
        )
        for key in chosen
    ]
    return [html.Div(selects, className="controls")]


def render_matching(state: State) -> html.Div:
    """How students of the two groups are matched, as links."""
    links = []
    for name, value in (("all", None), ("purified", "yes")):
        current = {"aria-current": "true"} if state.purify == value else {}
        text = [html.Span(say(f"comparing.matching_{name}"), className="choice-name")]
        text += [html.Span(say(f"comparing.matching_{name}_means"), className="muted small")]
        links.append(html.A(text, href=state.href(purify=value), className="choice chip", **current))
    return html.Div(links, className="choices", role="group", **{"aria-label": say("comparing.matching_label")})
