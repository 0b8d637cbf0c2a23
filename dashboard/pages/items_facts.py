"""The numbers of an item with their uncertainty, and what they mean."""

from __future__ import annotations

from math import isfinite
from typing import Any

from dash import html

from dashboard.numbers import DASH, interval, is_determined, number, percent, percent_interval, points
from dashboard.state import State
from dashboard.tables import Column, definitions
from dashboard.words import say
from irt.reports import ExamReport, ItemReport


def render_facts(report: ExamReport, item: ItemReport, state: State) -> list[Any]:
    """The facts, then how to read them, folded."""
    facts = _analyst(report, item) if state.analyst else _teacher(report, item)
    names = ["correct", "rest_r", "total_r", "alpha", "discrimination", "difficulty_b"]
    if not state.analyst:
        names = ["correct", "apart", "difficulty"]
    meanings = definitions([Column(name, say(f"items.{name}"), hint=say(f"items.{name}_hint")) for name in names])
    return [
        html.H3(say("items.facts")),
        html.Dl([_fact(*fact) for fact in facts], className="facts"),
        html.Details([html.Summary(say("items.how_to_read"), className="tool"), meanings], className="twin no-print"),
    ]


def _fact(name: str, value: str, note: str = "") -> html.Div:
    parts: list[Any] = [value]
    if note:
        parts += [" ", html.Span(note, className="muted")]
    return html.Div([html.Dt(name), html.Dd(parts)])


def _teacher(report: ExamReport, item: ItemReport) -> list[tuple[str, ...]]:
    """Four numbers in a teacher's words."""
    place = say("items.fact_nowhere")
    if report.calibration is None:
        place = say("items.fact_no_model")
    elif not isfinite(item.discrimination):
        place = say("items.fact_left_out")
    elif isfinite(item.half_score):
        n_items = len(report.items)
        place = say("items.fact_half", value=points(item.half_score, n_items), max_score=n_items)
    apart = _likely(interval(item.item_rest_lower, item.item_rest_upper))
    return [
        *_shared(item),
        (say("items.fact_apart"), number(item.item_rest_r), apart),
        (say("items.fact_difficulty"), place),
        *_intended(item),
    ]


def _analyst(report: ExamReport, item: ItemReport) -> list[tuple[str, ...]]:
    """All statistics under their names."""
    rest = _likely(interval(item.item_rest_lower, item.item_rest_upper))
    now = say("items.fact_alpha_now", alpha=number(report.alpha, 3))
    facts: list[tuple[str, ...]] = [
        *_shared(item),
        (say("items.fact_rest_r"), number(item.item_rest_r), rest),
        (say("items.fact_total_r"), number(item.item_total_r)),
        (say("items.fact_alpha"), number(item.alpha_if_dropped, 3), now),
        (say("items.fact_a"), number(item.discrimination), _error(item.discrimination_se)),
        _difficulty(item),
        (say("items.fact_intercept"), number(item.intercept), _error(item.intercept_se)),
    ]
    if isfinite(item.guessing) and item.guessing > 0:
        facts.append((say("items.fact_c"), number(item.guessing), _error(item.guessing_se)))
    if isfinite(item.upper_asymptote) and item.upper_asymptote < 1:
        facts.append((say("items.fact_d"), number(item.upper_asymptote), _error(item.upper_asymptote_se)))
    return [*facts, *_intended(item)]


def _difficulty(item: ItemReport) -> tuple[str, ...]:
    """The difficulty, or that the answers do not determine it."""
    if not is_determined(item.difficulty, item.difficulty_se):
        return (say("items.fact_b"), DASH, say("items.undetermined_full"))
    return (say("items.fact_b"), number(item.difficulty), _error(item.difficulty_se))


def _shared(item: ItemReport) -> list[tuple[str, ...]]:
    """What both readers see first."""
    missing = ""
    if item.n_omitted or item.n_not_reached:
        missing = say("items.fact_missing", omitted=f"{item.n_omitted:,}", not_reached=f"{item.n_not_reached:,}")
    likely = _likely(percent_interval(item.proportion_lower, item.proportion_upper))
    return [
        (say("items.fact_students"), f"{item.n:,}", missing),
        (say("items.fact_correct"), percent(item.proportion_correct), likely),
    ]


def _intended(item: ItemReport) -> list[tuple[str, ...]]:
    """The author's own label, where there is one."""
    return [(say("items.fact_intended"), item.intended_difficulty)] if item.intended_difficulty else []


def _likely(limits: str) -> str:
    return "" if limits == DASH else say("items.fact_likely", interval=limits)


def _error(se: float) -> str:
    return say("items.fact_se", se=number(se)) if isfinite(se) else ""
