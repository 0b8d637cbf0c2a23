"""Beside the chosen item: whether the model describes it, and what it was like in other exams."""

from __future__ import annotations

from math import isfinite
from typing import Any

from dash import html

from dashboard.numbers import number
from dashboard.pages.data_fit import LEVEL, probability
from dashboard.visits import Visit
from dashboard.words import say
from irt.errors import ConfirmationNeeded, IrtError
from irt.reports import DriftReport, ItemFitRow

#: Exams that an item is looked for in, the newest of them.
MOST_EXAMS = 3


def render_fit(row: ItemFitRow, *, analyst: bool) -> list[Any]:
    """A sentence, and for analysts the numbers; teachers are told of a misfit only."""
    badly = row.p_adjusted < LEVEL
    if not analyst and not badly:
        return []
    return [
        html.Section(
            [html.H3(say("items.fit")), html.P(said(row)), *(_facts(row) if analyst else [])],
            className="panel item-fit",
        )
    ]


def said(row: ItemFitRow) -> str:
    """Whether the model describes the item."""
    if not isfinite(row.p_value):
        return say("items.fit_unknown", reason=row.reason)
    return say("items.fit_badly" if row.p_adjusted < LEVEL else "items.fit_well", n=f"{row.n:,.0f}")


def _facts(row: ItemFitRow) -> list[html.Dl]:
    """S-X2 and mean squares."""
    if not isfinite(row.p_value) and not isfinite(row.infit):
        return []
    test = say(
        "items.fact_s_x2_note",
        p=probability(row.p_value),
        p_adjusted=probability(row.p_adjusted),
        rmsea=number(row.rmsea, 3),
    )
    value = say("items.fact_s_x2_value", s_x2=number(row.s_x2, 2), df=number(row.df, 0))
    facts = [
        (say("items.fact_s_x2"), value if isfinite(row.s_x2) else number(row.s_x2), test),
        (say("items.fact_infit"), number(row.infit), say("items.fact_z", z=number(row.z_infit))),
        (say("items.fact_outfit"), number(row.outfit), say("items.fact_z", z=number(row.z_outfit))),
    ]
    cells = [
        html.Div([html.Dt(name), html.Dd([shown, " ", html.Span(note, className="muted")])])
        for name, shown, note in facts
    ]
    return [html.Dl(cells, className="facts")]


def fit_of(visit: Visit, item_id: str) -> list[Any]:
    """The fit of one item; nothing where no model can be fitted (the curve's place says why)."""
    try:
        rows = visit.service.fit(*visit.asked).items
    except IrtError:
        return []
    return [part for row in rows if row.item_id == item_id for part in render_fit(row, analyst=visit.state.analyst)]


def others(visit: Visit) -> list[str]:
    """The exams that an item of the chosen one is looked for in; none where several are chosen."""
    state = visit.state
    if len(state.exams) != 1:
        return []
    return [exam for exam in visit.catalogue.exams(state.subject or "") if exam not in state.exams][-MOST_EXAMS:]


def history(visit: Visit, item_id: str, *, wanted: bool = False) -> list[Any]:
    """What the item was like in the other exams that hold it; each exam that cannot be compared is passed over.

    Large ones are read only where a reader has asked for this (``wanted``).
    """
    state, lines = visit.state, []
    for exam in others(visit):
        pair = state.change(other=exam).two_exams()
        if pair is None:
            continue
        try:
            found = visit.service.drift(visit.scope, pair, **state.fitted)
        except ConfirmationNeeded:
            if wanted:
                raise
            continue
        except IrtError:
            continue
        lines += drift_lines(found, item_id, exam, analyst=state.analyst)
    if not lines:
        return []
    return [html.Section([html.H3(say("items.drift")), *map(html.P, lines)], className="panel item-fit")]


def drift_lines(report: DriftReport, item_id: str, exam: str, *, analyst: bool) -> list[str]:
    """What one other exam says of an item; nothing where it does not hold it."""
    drift = report.drift
    if item_id not in drift.item_ids:
        return []
    j = drift.item_ids.index(item_id)
    base, new = float(drift.difficulty_base[j]), float(drift.difficulty_new[j])
    then, now = (base, new) if exam == report.base_exam else (new, base)
    if not isfinite(then - now):
        return []
    way = "same" if not drift.p_adjusted[j] < LEVEL else "easier" if then < now else "harder"
    this = report.new_exam if exam == report.base_exam else report.base_exam
    key = f"items.drift_{way}" if analyst else f"items.drift_{way}_plain"
    return [say(key, exam=exam, this=this, then=number(then), now=number(now))]
