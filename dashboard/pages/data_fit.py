"""Does the model fit: as a whole, and item by item."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from dash import html

from dashboard.charts import csv_link
from dashboard.numbers import interval, number
from dashboard.pages.data_checks import Check, facts, render_check
from dashboard.state import State
from dashboard.tables import Column, Row, table
from dashboard.words import count, say
from irt.reports import FitReport, ItemFitRow, ModelFitReport

#: Limits of the RMSEA: close fit, and misfit that matters (Browne and Cudeck 1993); and of the SRMSR.
CLOSE, LARGE, LARGE_SRMSR = 0.05, 0.08, 0.08
#: An adjusted p below this is a misfit.
LEVEL = 0.05
#: Items that are named before "and n more".
NAMED = 8


def overall(report: ModelFitReport) -> Check:
    """How well the model describes the answers; said only as far as the interval of the RMSEA goes."""
    fit, n = report.fit, f"{report.n_persons:,}"
    if fit.reason or not isfinite(fit.rmsea):
        return Check("unsure", say("fit.overall_unknown", reason=fit.reason))
    if fit.rmsea_lower > LARGE or (fit.srmsr > LARGE_SRMSR and fit.p_value < LEVEL):
        level = "badly"
    elif fit.rmsea_lower <= CLOSE and fit.rmsea_upper > LARGE:
        level = "unsure"
    else:
        level = "well" if fit.rmsea <= CLOSE else "roughly"
    return Check(level, say(f"fit.overall_{level}", n=n))


def misfits(report: FitReport) -> tuple[ItemFitRow, ...]:
    """Items that the model does not describe, after adjustment for how many were tested; the worst first."""
    found = [row for row in report.items if row.p_adjusted < LEVEL]
    return tuple(sorted(found, key=lambda row: (-row.rmsea if isfinite(row.rmsea) else 0.0, row.p_adjusted)))


def items(report: FitReport) -> Check:
    """Which items the model does not describe."""
    tested = [row for row in report.items if isfinite(row.p_value)]
    if not tested:
        reason = next((row.reason for row in report.items if row.reason), "")
        return Check("unsure", say("fit.items_unsure", reason=reason))
    shown = {"n": f"{max(row.n for row in tested):,.0f}", "tested": len(tested)}
    untested = len(report.items) - len(tested)
    rest = f" {count('fit.items_untested', untested, k=untested)}" if untested else ""
    poor = misfits(report)
    if not poor:
        return Check("well", say("fit.items_well", **shown) + rest)
    said = say("fit.items_badly_one" if len(poor) == 1 else "fit.items_badly", k=len(poor), **shown)
    return Check("badly", said + rest, tuple(row.item_id for row in poor))


def render_overall(report: ModelFitReport, state: State) -> list[Any]:
    """The sentence; for analysts M2 with its indices, and the reliabilities."""
    more = []
    if state.analyst:
        more = [
            html.H4(say("fit.whole_numbers")),
            facts(whole_facts(report)),
            csv_link(state.download("model_fit")),
        ]
    return [render_check("overall", overall(report), *more)]


def whole_facts(report: ModelFitReport) -> list[tuple[str, str]]:
    """M2, its indices, and reliabilities."""
    fit = report.fit
    p = probability(fit.p_value)
    m2 = say("fit.f_m2_value", m2=number(fit.m2, 2), df=number(fit.df, 0), p=p)
    rmsea = say(
        "fit.f_rmsea_value",
        rmsea=number(fit.rmsea, 3),
        lower=number(fit.rmsea_lower, 3),
        upper=number(fit.rmsea_upper, 3),
    )
    entered = f"{fit.n_persons:,.0f}"
    if fit.n_dropped:
        entered += f" ({say('fit.f_dropped', n=f'{fit.n_dropped:,.0f}')})"
    alpha = f"{number(report.alpha, 3)} ({interval(report.alpha_lower, report.alpha_upper, 3)})"
    return [
        (say("fit.f_m2"), m2 if isfinite(fit.m2) else number(fit.m2)),
        (say("fit.f_rmsea"), rmsea if isfinite(fit.rmsea) else number(fit.rmsea)),
        (say("fit.f_srmsr"), number(fit.srmsr, 3)),
        (say("fit.f_tli"), number(fit.tli, 3)),
        (say("fit.f_cfi"), number(fit.cfi, 3)),
        (say("fit.f_entered"), entered),
        (say("data.f_alpha"), alpha),
        (say("fit.f_marginal"), number(report.marginal_reliability, 3)),
        (say("data.f_reliability"), number(report.empirical_reliability, 3)),
    ]


def render_items(report: FitReport, state: State) -> list[Any]:
    """The items that stand out, as links; for analysts every item with its statistics."""
    check = items(report)
    more: list[Any] = []
    if check.items:
        more.append(item_links(check.items, {row.item_id: row.item_name for row in report.items}, state))
    if state.analyst:
        more += _table(report, state)
    return [render_check("items", check, *more)]


def item_links(item_ids: Sequence[str], names: dict[str, str], state: State) -> html.Ul:
    """Items by name, each a link to its page; the first of many."""
    links = [
        html.Li(html.A(names.get(item, item), href=state.href(page="items", item=item))) for item in item_ids[:NAMED]
    ]
    rest = len(item_ids) - NAMED
    return html.Ul([*links, *([html.Li(say("fit.items_more", k=rest))] if rest > 0 else [])], className="named-items")


def _table(report: FitReport, state: State) -> list[Any]:
    """Every item: S-X2 with its test, mean squares; below, items without either and why."""
    names = ("n", "s_x2", "df", "p", "p_adjusted", "rmsea", "infit", "z_infit", "outfit", "z_outfit")
    columns = [Column("item", say("fit.col_item")), *(Column(name, say(f"fit.col_{name}"), True) for name in names)]
    columns.append(Column("note", say("fit.col_note")))
    known = [row for row in report.items if isfinite(row.s_x2) or isfinite(row.infit)]
    rows = [_row(row, state) for row in known]
    rest = [html.Li(_without(row)) for row in report.items if row not in known]
    entered = max((row.n for row in report.items if isfinite(row.n)), default=0.0)
    method = "complete" if report.method == "complete" else "design"
    note = say(f"fit.items_method_{method}", n=f"{entered:,.0f}")
    if report.n_dropped:
        note += f" {count('fit.items_dropped', report.n_dropped)}"
    return [
        html.P(note, className="muted small"),
        table(say("fit.items_caption"), columns, rows, caption_hidden=True, class_name="compact fit"),
        *(
            [html.P(say("fit.items_left_out"), className="muted small"), html.Ul(rest, className="left-out")]
            if rest
            else []
        ),
        csv_link(state.download("fit")),
    ]


def _without(row: ItemFitRow) -> str:
    """Why an item has no statistics; most reasons name it already."""
    return row.reason if row.item_name in row.reason else f"{row.item_name}: {row.reason}"


def _row(row: ItemFitRow, state: State) -> Row:
    flagged = row.p_adjusted < LEVEL
    note = say("fit.flag") if flagged else row.reason
    cells = [
        html.A(row.item_name, href=state.href(page="items", item=row.item_id)),
        number(row.n, 0),
        number(row.s_x2, 2),
        number(row.df, 0),
        probability(row.p_value),
        probability(row.p_adjusted),
        number(row.rmsea, 3),
        *(number(value, 2) for value in (row.infit, row.z_infit, row.outfit, row.z_outfit)),
        note,
    ]
    return Row(cells, class_name="flagged" if flagged else "")


def probability(value: float) -> str:
    """A p value: three decimals, and no 0."""
    return "< 0.001" if value < 0.001 else number(value, 3)
