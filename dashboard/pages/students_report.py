"""One student on screen: three lists in words, then item by item, from surest to least sure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from dash import html

from dashboard.drawn import MARK
from dashboard.numbers import number, percent, percent_interval
from dashboard.pages.students_words import answered, headline, middle_note, missing_note, name_of, surprises
from dashboard.words import say
from irt.reports import ItemChance, StudentReport, StudentSummary

#: Items named on a card before "and n more".
NAMED = 4

ItemLink = Callable[[str], str]


def render_student(report: StudentReport, item_link: ItemLink, *, analyst: bool, odd: bool = False) -> html.Article:
    """A student's report; ``odd``: the answers surely form an unusual pattern."""
    return html.Article(
        [
            html.H1(headline(report), className="page-title"),
            html.P(_lead(report), className="lead"),
            *([html.P(_odd(), className="odd-pattern")] if odd else []),
            render_cards(report),
            *(_without_estimate(report)),
            *([render_numbers(report)] if analyst else []),
            render_chances(report, item_link, analyst=analyst),
        ],
        className="student-report",
    )


def _lead(report: StudentReport) -> str:
    """Surprises, missing answers, and the group's middle."""
    middle = middle_note(report) if report.group_n > 1 else ""
    return " ".join(part for part in (middle, surprises(report), missing_note(report)) if part)


def _odd() -> list[Any]:
    """That the answers do not go together, and what to do."""
    mark = html.Span(className="mark mark-look_again", **{"aria-hidden": "true"})
    return [html.Span([mark, html.Strong(say("students.odd"))], className="verdict"), " ", say("students.odd_text")]


def render_cards(report: StudentReport) -> html.Div:
    """Secure, within reach, not yet: how many and which."""
    groups = (("secure", report.secure()), ("reach", report.within_reach()), ("not_yet", report.not_yet()))
    return html.Div([_card(key, chances) for key, chances in groups], className="cards three")


def _card(key: str, chances: Sequence[ItemChance]) -> html.Section:
    """One card: its name, its count, what it means, and the first items by name."""
    named = ", ".join(chance.item_name for chance in chances[:NAMED])
    rest = len(chances) - NAMED
    listed = f"{named} {say('students.and_more', n=rest)}" if rest > 0 else named
    return html.Section(
        [
            html.H2(say(f"students.{key}"), className="card-label"),
            html.P(str(len(chances)), className="card-value"),
            html.P(say(f"students.{key}_means"), className="card-note"),
            html.P(listed or say("students.none_here"), className="card-items"),
        ],
        className=f"card student-card {key.replace('_', '-')}",
    )


def _without_estimate(report: StudentReport) -> list[html.P]:
    """Items that are on none of the lists, and why."""
    names = [chance.item_name for chance in report.chances if chance.probability != chance.probability]
    return [html.P(say("students.no_estimate", items=", ".join(names)), className="note")] if names else []


def render_chances(report: StudentReport, item_link: ItemLink, *, analyst: bool) -> html.Section:
    """The table: one row an item."""
    head = ["col_item", "col_chance", "col_range", "col_answered"]
    if analyst:
        head = ["col_item", "col_probability", "col_interval", "col_answered", "col_chosen", "col_key"]
    heads = [html.Th(say(f"students.{key}"), scope="col", className=key.replace("_", "-")) for key in head]
    caption = say("students.caption", name=name_of(report.student), n=len(report.chances))
    rows = [_chance_row(chance, item_link, analyst=analyst) for chance in report.chances]
    return html.Section(
        [
            html.H2(say("students.table"), id="student-table-title"),
            html.P(say("students.table_lead"), className="muted small"),
            html.Table(
                [
                    html.Caption(caption, className="visually-hidden"),
                    html.Thead(html.Tr(heads, role="row"), role="rowgroup"),
                    html.Tbody(rows, role="rowgroup"),
                ],
                className="chances" + (" analyst" if analyst else ""),
                role="table",
                **{MARK: ""},
            ),
        ],
        className="panel",
        **{"aria-labelledby": "student-table-title"},
    )


def _chance_row(chance: ItemChance, item_link: ItemLink, *, analyst: bool) -> html.Tr:
    """One item: name, chance with its range drawn and printed, what was answered, surprise."""
    name = html.Th(
        html.A(chance.item_name, href=item_link(chance.item_id)), scope="row", role="rowheader", className="col-item"
    )
    cells = [
        ("col-chance", [chance_bar(chance), html.Span(_chance(chance, analyst), className="percent")]),
        ("col-range", _range(chance, analyst)),
        ("col-answered", [_sign(chance), answered_short(chance, analyst), *surprise_mark(chance)]),
    ]
    if analyst:
        cells += [("col-chosen", chance.answer or "–"), ("col-key", chance.answer_key or "–")]
    return html.Tr([name, *(html.Td(content, className=key, role="cell") for key, content in cells)], role="row")


def answered_short(chance: ItemChance, analyst: bool) -> str:
    """What was answered; an analyst has the options in columns of their own."""
    if analyst and chance.correct is not None and not chance.missing:
        return say("students.right" if chance.correct else "students.wrong")
    return answered(chance)


def _chance(chance: ItemChance, analyst: bool) -> str:
    """The chance in percent, or as a probability for analysts."""
    if chance.probability != chance.probability:
        return say("students.no_chance")
    return number(chance.probability, 3) if analyst else percent(chance.probability)


def _range(chance: ItemChance, analyst: bool) -> str:
    """The 95 % interval in print."""
    if chance.probability != chance.probability:
        return "–"
    if analyst:
        return f"{number(chance.lower, 3)}–{number(chance.upper, 3)}"
    return percent_interval(chance.lower, chance.upper)


def chance_bar(chance: ItemChance) -> html.Span:
    """The chance drawn: a band from lower to upper limit and a line at the estimate. The printed cells say the same."""
    if chance.probability != chance.probability:
        return html.Span(className="chance-bar unknown", **{"aria-hidden": "true"})
    width = max(chance.upper - chance.lower, 0.0)
    band = {"left": f"{100 * chance.lower:.1f}%", "width": f"{100 * width:.1f}%"}
    return html.Span(
        [html.I(style=band), html.B(style={"left": f"{100 * chance.probability:.1f}%"})],
        className="chance-bar",
        **{"aria-hidden": "true"},
    )


def _sign(chance: ItemChance) -> html.Span:
    """A sign of its own shape for right, wrong and missing; the word follows it."""
    sign = "–" if chance.correct is None or chance.missing else "✓" if chance.correct else "✗"
    kind = {"✓": "right", "✗": "wrong", "–": "missing"}[sign]
    return html.Span(f"{sign} ", className=f"sign {kind}", **{"aria-hidden": "true"})


def surprise_mark(chance: ItemChance) -> list[Any]:
    """A filled diamond for a miss that was not expected, an open one for a right answer that was not."""
    if not chance.surprise:
        return []
    kind, shape = ("lucky", "◇") if chance.correct else ("missed", "◆")
    mark = [html.Span(shape, **{"aria-hidden": "true"}), f" {say(f'students.{kind}')}"]
    return [" ", html.Span(mark, className=f"surprise {kind}")]


def render_numbers(report: StudentReport) -> html.Section:
    """Estimates under their real names, for analysts."""
    student, low, high = report.student, report.repeat_lower, report.repeat_upper
    group = report.group_label or say("students.everybody")
    expected = say(
        "students.n_expected_note",
        max_score=report.max_score,
        lower=number(student.expected_lower, 2),
        upper=number(student.expected_upper, 2),
    )
    facts = [
        ("n_theta", number(student.theta, 3), say("students.n_theta_note")),
        ("n_se", number(student.se, 3), say("students.n_se_note")),
        ("n_expected", number(student.expected_score, 2), expected),
        ("n_repeat", f"{low}–{high}", say("students.n_repeat_note")),
        ("n_zh", number(student.zh_corrected, 2), _fit_note(student)),
        ("n_answered", say("students.n_answered_value", n=student.items_answered, max_score=report.max_score), ""),
        ("n_median", number(report.group_median, 1), say("students.n_median_note", group=group, n=report.group_n)),
    ]
    return html.Section(
        [
            html.H2(say("students.numbers")),
            html.Dl(
                [
                    html.Div([html.Dt(say(f"students.{key}")), html.Dd([value, html.Small(note)])])
                    for key, value, note in facts
                ],
                className="facts",
            ),
        ],
        className="panel",
    )


def _fit_note(student: StudentSummary) -> str:
    """What the person fit is, with its plain form and its p; why there is none."""
    if not isfinite(student.zh_corrected):
        return say("students.n_zh_none")
    p = "< 0.001" if student.p_value_fit < 0.001 else f"= {number(student.p_value_fit, 3)}"
    return say("students.n_zh_note", zh=number(student.zh, 2), p=p)
