"""The key figures of an exam, each with its meaning."""

from __future__ import annotations

from math import isfinite
from typing import Any

from dash import html

from dashboard.numbers import interval, number, percent
from dashboard.state import State
from dashboard.words import count, say
from irt.reports import ExamReport, ItemReport
from irt.verdicts import Level


def render_cards(report: ExamReport, state: State) -> html.Section:
    """Students, mean score, reliability, items to look at, the hardest item."""
    cards = [_students(report, state), _mean(report), _reliability(report, state), _worth(report, state)]
    hardest = hardest_item(report)
    if hardest is not None:
        cards.append(_hardest(hardest, state))
    label: dict[str, Any] = {"aria-label": say("overview.key_figures")}
    return html.Section(cards, className="cards", **label)


def hardest_item(report: ExamReport) -> ItemReport | None:
    """The item with the smallest share right."""
    answered = [item for item in report.items if isfinite(item.proportion_correct)]
    return min(answered, key=lambda item: item.proportion_correct, default=None)


def n_left_out(report: ExamReport) -> int:
    """Students who came in but are not counted."""
    return len(report.health.absent_students)


def _card(label: str, value: str, note: str, href: str | None = None) -> html.A | html.Div:
    """One figure; a link where there is more to see."""
    parts = [
        html.Span(label, className="card-label"),
        html.Span(value, className="card-value"),
        html.Span(note, className="card-note"),
    ]
    return html.Div(parts, className="card") if href is None else html.A(parts, href=href, className="card")


def _students(report: ExamReport, state: State) -> html.A | html.Div:
    left_out = n_left_out(report)
    notes = [count("overview.left_out", left_out) if left_out else say("overview.none_left_out")]
    if report.class_scores is not None:
        n = report.class_scores.n_students
        notes.insert(0, say("overview.students_class", class_name=report.selection.class_name, n=n))
    href = state.href(page="data") if left_out else None
    return _card(say("overview.students"), f"{report.scores.n_students:,}", "; ".join(notes), href)


def _mean(report: ExamReport) -> html.A | html.Div:
    focus, scores = report.class_scores, report.scores
    if focus is None:
        facts = {"max_score": report.max_score, "lowest": scores.lowest, "highest": scores.highest}
        return _card(say("overview.mean"), number(scores.mean, 1), say("overview.mean_note", **facts))
    label = say("overview.mean_class", class_name=report.selection.class_name)
    note = say("overview.mean_note_class", max_score=report.max_score, mean=number(scores.mean, 1))
    return _card(label, number(focus.mean, 1), note)


def _reliability(report: ExamReport, state: State) -> html.A | html.Div:
    label = say("overview.reliability_analyst" if state.analyst else "overview.reliability")
    if not isfinite(report.alpha):
        return _card(label, number(report.alpha), say("overview.reliability_unknown"))
    if state.analyst:
        note = say(
            "overview.reliability_note_analyst",
            interval=interval(report.alpha_lower, report.alpha_upper),
            empirical=number(report.empirical_reliability),
            sem=number(report.sem_classical, 1),
        )
    else:
        # Two students in three are within one standard error, nineteen in twenty within two.
        note = say("overview.reliability_note", points=number(1.96 * report.sem_classical, 1))
    return _card(label, number(report.alpha), note)


def _worth(report: ExamReport, state: State) -> html.A | html.Div:
    counts = report.level_counts()
    n = counts[Level.LOOK_AGAIN] + counts[Level.WEAK]
    verdict = Level.LOOK_AGAIN.value if counts[Level.LOOK_AGAIN] else Level.WEAK.value if n else None
    href = state.href(page="items", verdict=verdict)
    return _card(say("overview.worth"), str(n), say("overview.worth_note", n=len(report.items)), href)


def _hardest(item: ItemReport, state: State) -> html.A | html.Div:
    note = say("overview.hardest_note", name=item.item_name)
    href = state.href(page="items", item=item.item_id)
    return _card(say("overview.hardest"), percent(item.proportion_correct), note, href)
