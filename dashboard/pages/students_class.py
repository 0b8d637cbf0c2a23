"""The class as a table of students and items: shaded by the chance, marked where the answer surprises."""

from __future__ import annotations

from collections.abc import Callable

from dash import html

from dashboard.numbers import number, percent
from dashboard.pages.students_words import name_of
from dashboard.words import count, say
from irt.reports import ClassMap, ItemReport, StudentSummary

ItemLink = Callable[[str], str]
StudentLink = Callable[[str], str]

#: Steps of the shade: enough to see a slope, few enough to tell apart.
SHADES = 5


def render_class(class_map: ClassMap, student_link: StudentLink, item_link: ItemLink, *, analyst: bool) -> html.Section:
    """The map with its legend; rows from strongest, columns from easiest."""
    facts = {"shown": len(class_map.students), "n_students": class_map.n_students, "n_items": len(class_map.items)}
    lead = "students.map_lead" if facts["shown"] == facts["n_students"] else "students.map_lead_cut"
    return html.Section(
        [
            html.H2(say("students.map"), id="class-map-title"),
            html.P(f"{say(lead, **facts)} {surprise_count(class_map)}", className="muted small"),
            _legend(analyst),
            html.Div(
                _table(class_map, student_link, item_link, analyst),
                className="scroll class-map-scroll",
                tabIndex=0,
                role="region",
                **{"aria-label": say("students.map_scroll")},
            ),
        ],
        className="panel class-map-panel",
        **{"aria-labelledby": "class-map-title"},
    )


def surprise_count(class_map: ClassMap) -> str:
    """How many answers are surprises, of how many."""
    answers = int((class_map.correct >= 0).sum())
    return count("students.map_surprises", int(class_map.surprise.sum()), answers=f"{answers:,}") if answers else ""


def _table(class_map: ClassMap, student_link: StudentLink, item_link: ItemLink, analyst: bool) -> html.Table:
    """Students in rows, items in columns."""
    chances, correct = class_map.probability.tolist(), class_map.correct.tolist()
    surprise = class_map.surprise.tolist()
    heads = [html.Th(say("students.map_student"), scope="col", className="map-student")]
    heads += [html.Th(say("students.map_score"), scope="col", className="map-score")]
    heads += [_item_head(item, item_link) for item in class_map.items]
    rows = [
        html.Tr(
            [
                html.Th(_student_name(student, student_link), scope="row", className="map-student"),
                html.Td(_score(student, analyst), className="map-score"),
                *(
                    map_cell(probability, given, odd, analyst)
                    for probability, given, odd in zip(chances[i], correct[i], surprise[i], strict=True)
                ),
            ]
        )
        for i, student in enumerate(class_map.students)
    ]
    return html.Table(
        [
            html.Caption(say("students.map_caption"), className="visually-hidden"),
            html.Thead(html.Tr(heads)),
            html.Tbody(rows),
        ],
        className="class-map" + (" analyst" if analyst else ""),
    )


def _item_head(item: ItemReport, item_link: ItemLink) -> html.Th:
    """An item's name, turned to save width."""
    return html.Th(
        html.A(html.Span(item.item_name), href=item_link(item.item_id)),
        scope="col",
        className="map-item",
    )


def _student_name(student: StudentSummary, student_link: StudentLink) -> html.A:
    """A student's name as a link to their report."""
    return html.A(name_of(student), href=student_link(student.handle))


def _score(student: StudentSummary, analyst: bool) -> str:
    """Number right; for analysts with the ability."""
    return f"{student.score} ({number(student.theta, 2)})" if analyst else str(student.score)


def map_cell(probability: float, correct: int, surprise: bool, analyst: bool) -> html.Td:
    """One cell: shade for the chance, sign for the answer, words where it surprises."""
    unknown = probability != probability
    shade = "" if unknown else f"p{min(int(probability * SHADES), SHADES - 1)}"
    sign = "·" if correct < 0 else "✓" if correct else "✗"
    if surprise:
        words = say("students.cell_lucky" if correct else "students.cell_missed", chance=percent(probability))
        sign = "◇" if correct else "◆"
        content = [html.Span(sign, **{"aria-hidden": "true"}), html.Span(words, className="visually-hidden")]
        return html.Td(content, className=f"{shade} odd {'lucky' if correct else 'missed'}".strip())
    if analyst and not unknown:
        return html.Td(f"{sign} {100 * probability:.0f}", className=shade)
    return html.Td(sign, className=f"{shade} {'missing' if correct < 0 else 'right' if correct else 'wrong'}".strip())


def _legend(analyst: bool) -> html.Ul:
    """What signs and shades mean."""
    signs = (("✓", "key_right"), ("✗", "key_wrong"), ("·", "key_missing"), ("◆", "key_missed"), ("◇", "key_lucky"))
    entries = [
        html.Li([html.Span(sign, className="map-sign", **{"aria-hidden": "true"}), say(f"students.{key}")])
        for sign, key in signs
    ]
    shades = [html.Span(className=f"map-shade p{step}") for step in range(SHADES)]
    scale = [html.Span(["0 % ", *shades, " 100 % "], **{"aria-hidden": "true"}), say("students.key_shade")]
    entries.append(html.Li(scale))
    if analyst:
        entries.append(html.Li(say("students.key_numbers")))
    return html.Ul(entries, className="map-legend", **{"aria-label": say("students.map_key")})
