"""What came in, and what was left out and why: counts first, names to download."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dash import html

from dashboard.drawn import MARK
from dashboard.numbers import number
from dashboard.pages.students_words import SHOWN_DIGITS
from dashboard.words import count, say
from irt.calibration import Excluded
from irt.reports import DataHealth

#: Names spelled out in a row of the table; the download has all of them.
NAMED = 6


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One reason: what kind of thing, how many, and which ones (empty for rows, which are only counted)."""

    kind: str
    reason: str
    n: int
    names: tuple[str, ...] = ()


def left_out(health: DataHealth) -> tuple[LeftOut, ...]:
    """Every reason for leaving something out, rows first."""
    rows = [LeftOut("rows", dropped.reason, dropped.n_rows) for dropped in health.dropped]
    absent = health.absent_students
    absences = [LeftOut("absent", say("data.absent_reason"), len(absent), absent)] if absent else []
    return (
        *rows,
        *absences,
        *_grouped("students", health.excluded_students),
        *_grouped("items", health.excluded_items),
    )


def _grouped(kind: str, excluded: Sequence[Excluded]) -> list[LeftOut]:
    """Excluded items or persons, one entry a reason."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for one in excluded:
        by_reason[one.reason].append(one.id)
    return [LeftOut(kind, reason, len(ids), tuple(ids)) for reason, ids in by_reason.items()]


def headline(health: DataHealth) -> str:
    """What is used, in one sentence."""
    return say(
        "data.sentence",
        answers=number(health.n_answers, 0),
        students=number(health.n_students, 0),
        items=number(health.n_items, 0),
    )


def lead(health: DataHealth) -> str:
    """How much was left out, in one sentence."""
    totals = dict.fromkeys(("rows", "students", "items"), 0)
    for one in left_out(health):
        totals["students" if one.kind == "absent" else one.kind] += one.n
    parts = [count(f"data.left_{kind}", n) for kind, n in totals.items() if n]
    return say("data.lead", what=", ".join(parts)) if parts else say("data.lead_nothing")


def render_came_in(health: DataHealth) -> html.Section:
    """Counts of rows, students, items, answers and of each kind of missing answer."""
    counts = {
        "rows": health.n_rows,
        "students": health.n_students,
        "items": health.n_items,
        "answers": health.n_answers,
        "omitted": health.n_omitted,
        "not_reached": health.n_not_reached,
        "not_administered": health.n_not_administered,
    }
    body = [
        html.Tr(
            [
                html.Th(say(f"data.{key}"), scope="row"),
                html.Td(number(n, 0), className="n"),
                html.Td(say(f"data.{key}_means"), className="muted"),
            ]
        )
        for key, n in counts.items()
    ]
    return _section("came_in", [_table("data.came_in_caption", ("col_what", "col_count", "col_meaning"), body)])


def render_left_out(health: DataHealth, downloads: Sequence[html.A], *, names: bool = True) -> html.Section:
    """One row a reason, with its count and the first names; without ``names`` the first digits of pseudonyms."""
    reasons = left_out(health)
    if not reasons:
        return _section("left_out", [html.P(say("data.left_out_none"))])
    body = [
        html.Tr(
            [
                html.Th(say(f"data.kind_{one.kind}"), scope="row"),
                html.Td(number(one.n, 0), className="n"),
                html.Td(one.reason, className="why"),
                html.Td(_named(one, names=names), className="muted small"),
            ]
        )
        for one in reasons
    ]
    heads = ("col_kind", "col_count", "col_reason", "col_which")
    return _section("left_out", [_table("data.left_out_caption", heads, body), html.P(downloads, className="tools")])


def _named(one: LeftOut, *, names: bool) -> str:
    """The first names of what was left out."""
    digits = None if names or one.kind == "items" else SHOWN_DIGITS
    listed = ", ".join(name[:digits] for name in one.names[:NAMED])
    rest = len(one.names) - NAMED
    return f"{listed} {say('data.which_more', n=rest)}" if rest > 0 else listed


def _section(key: str, children: list[Any]) -> html.Section:
    """A titled panel."""
    return html.Section(
        [html.H2(say(f"data.{key}"), id=f"data-{key}-title"), *children],
        className="panel",
        **{"aria-labelledby": f"data-{key}-title"},
    )


def _table(caption: str, heads: Sequence[str], body: list[html.Tr]) -> html.Div:
    """A small table with its caption; count columns are right-aligned."""
    cells = [html.Th(say(f"data.{key}"), scope="col", className="n" if key == "col_count" else None) for key in heads]
    table = html.Table(
        [html.Caption(say(caption), className="visually-hidden"), html.Thead(html.Tr(cells)), html.Tbody(body)],
        className="plain",
    )
    return html.Div(table, className="scroll", tabIndex=0, role="region", **{"aria-label": say(caption), MARK: ""})
