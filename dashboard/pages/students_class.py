"""The class as a table of students and items: shaded by the chance, marked where the answer surprises."""

from __future__ import annotations

from collections.abc import Callable

from dash import html

from dashboard.drawn import MARK, Node, as_text
from dashboard.numbers import number, percent
from dashboard.pages.students_words import name_of
from dashboard.words import count, say
from irt.reports import ClassMap, StudentSummary

ItemLink = Callable[[str], str]
StudentLink = Callable[[str], str]

#: Steps of the shade: enough to see a slope, few enough to tell apart.
SHADES = 5


def render_class(class_map: ClassMap, student_link: StudentLink, item_link: ItemLink, *, analyst: bool) -> html.Section:
    """The map with its legend; rows from strongest, columns from easiest."""
    shown, n_students = len(class_map.students), class_map.n_students
    facts = {"shown": shown, "n_students": number(n_students, 0), "n_items": len(class_map.items)}
    lead = "students.map_lead" if shown == n_students else "students.map_lead_cut"
    facts["first"] = say("students.first_drawn" if _pseudonymous(class_map) else "students.first_by_id")
    return html.Section(
        [
            html.H2(say("students.map"), id="class-map-title"),
            html.P(f"{say(lead, **facts)} {surprise_count(class_map)}", className="muted small"),
            _legend(analyst),
            html.Div(
                className="scroll class-map-scroll",
                tabIndex=0,
                role="region",
                **{
                    "aria-label": say("students.map_scroll"),
                    # Some 1,500 cells: nodes from the start, since making the components alone takes a while.
                    MARK: as_text([table_node(class_map, student_link, item_link, analyst=analyst)]),
                },
            ),
        ],
        className="panel class-map-panel",
        **{"aria-labelledby": "class-map-title"},
    )


def _pseudonymous(class_map: ClassMap) -> bool:
    """Whether the order of the students tells nothing, as that of pseudonyms."""
    return bool(class_map.students) and class_map.students[0].pseudonymous


def surprise_count(class_map: ClassMap) -> str:
    """How many answers are surprises, of how many."""
    answers, surprises = int((class_map.correct >= 0).sum()), int(class_map.surprise.sum())
    if not surprises:
        return say("students.map_no_surprise", answers=f"{answers:,}") if answers else ""
    return count("students.map_surprises", surprises, answers=f"{answers:,}")


def table_node(class_map: ClassMap, student_link: StudentLink, item_link: ItemLink, *, analyst: bool) -> Node:
    """The table as a node (see :mod:`dashboard.drawn`): a column an item, a row a student."""
    heads = [
        ["th", {"class": "map-student", "scope": "col"}, say("students.map_student")],
        ["th", {"class": "map-score", "scope": "col"}, say("students.map_score")],
        *(
            ["th", {"class": "map-item", "scope": "col"}, _link(item.item_name, item_link(item.item_id))]
            for item in class_map.items
        ),
    ]
    table = zip(class_map.probability.tolist(), class_map.correct.tolist(), class_map.surprise.tolist(), strict=True)
    rows = [
        [
            "tr",
            {},
            ["th", {"class": "map-student", "scope": "row"}, _link(name_of(student), student_link(student.handle))],
            ["td", {"class": "map-score"}, _score(student, analyst)],
            *(map_cell(*cell, analyst=analyst) for cell in zip(*columns, strict=True)),
        ]
        for student, columns in zip(class_map.students, table, strict=True)
    ]
    caption = ["caption", {"class": "visually-hidden"}, say("students.map_caption")]
    kind = "class-map analyst" if analyst else "class-map"
    return ["table", {"class": kind}, caption, ["thead", {}, ["tr", {}, *heads]], ["tbody", {}, *rows]]


def _link(text: str, href: str) -> Node:
    return ["a", {"href": href}, ["span", {}, text]]


def _score(student: StudentSummary, analyst: bool) -> str:
    """Number right; for analysts with the ability."""
    return f"{student.score} ({number(student.theta, 2)})" if analyst else str(student.score)


def map_cell(probability: float, correct: int, surprise: bool, *, analyst: bool) -> Node:
    """One cell: the shade is the chance, the sign the answer; an analyst reads the chance too.

    Where the answer surprises, words are read aloud instead of the sign.
    """
    unknown = probability != probability
    shade = "" if unknown else f"p{min(int(probability * SHADES), SHADES - 1)}"
    kind = "missing" if correct < 0 else "right" if correct else "wrong"
    sign = {"missing": "·", "right": "✓", "wrong": "✗"}[kind]
    if surprise:
        kind, sign = ("odd lucky", "◇") if correct else ("odd missed", "◆")
    shown = f"{sign} {100 * probability:.0f}" if analyst and not unknown else sign
    attributes = {"class": f"{shade} {kind}".strip()}
    if not surprise:
        return ["td", attributes, shown]
    spoken = say("students.cell_lucky" if correct else "students.cell_missed", chance=percent(probability))
    words = ["span", {"class": "visually-hidden"}, spoken]
    return ["td", attributes, ["span", {"aria-hidden": "true"}, shown], words]


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
