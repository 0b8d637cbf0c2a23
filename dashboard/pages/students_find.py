"""Finding a student: a bounded list that a search narrows on the server."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Container, Sequence
from typing import Any

from dash import html

from dashboard.pages.students_words import name_of
from dashboard.people import column
from dashboard.words import count, say
from irt.reports import StudentList, StudentSummary

#: Students listed at once, however many there are.
LISTED = 40


def matching(students: Sequence[StudentSummary], query: str) -> Sequence[int]:
    """Places of students whose name, number or class holds every word of the query; width and case do not matter.

    Who has no name that may be shown is found as shown: by number, or by pseudonym.
    """
    if not query.strip():
        return range(len(students))
    texts = zip(*(column(students, name) for name in ("name", "student_id", "class_name")), strict=True)
    unnamed = say("students.unnamed", student_id="")
    return holding([f"{name or unnamed} {number} {class_name or ''}" for name, number, class_name in texts], query)


def holding(texts: Sequence[str], query: str) -> list[int]:
    """Places of the texts that hold every word of the query; width and case do not matter."""
    words = _plain(query).split()
    return [place for place, text in enumerate(map(_plain, texts)) if all(word in text for word in words)]


def _plain(text: str) -> str:
    """Text without differences of case and of full and half width."""
    return unicodedata.normalize("NFKC", text).casefold()


def render_found(
    students: StudentList,
    query: str,
    student_link: Callable[[str], str],
    *,
    with_class: bool = True,
    odd: Container[str] = frozenset(),
) -> list[Any]:
    """The list of students that match: how many, the first of them, and how many more.

    ``odd`` are the handles of students whose answers form an unusual pattern.
    """
    found = matching(students.students, query)
    total = len(students.students)
    if not found:
        return [html.P(say("students.found_none", query=query.strip()), className="note")] if query.strip() else []
    rest, listed = len(found) - LISTED, [students.students[place] for place in found[:LISTED]]
    return [
        html.P(_found_words(len(found), total), className="muted small", role="status"),
        html.Ul(
            [html.Li(_listed(student, student_link, with_class, student.handle in odd)) for student in listed],
            className="student-list",
        ),
        *([html.P(count("students.more", rest), className="note")] if rest > 0 else []),
    ]


def _found_words(found: int, total: int) -> str:
    """How many students the list is about."""
    if found < total:
        return say("students.found_some", n=found, total=total)
    return count("students.found", total)


def _listed(student: StudentSummary, student_link: Callable[[str], str], with_class: bool, odd: bool) -> html.A:
    """One student: name, class and score, as one link."""
    partial = student.items_answered < student.items_given
    score = say(
        "students.listed_partial" if partial else "students.listed_score",
        score=student.score,
        answered=student.items_answered,
        max_score=student.items_given,
    )
    pattern = say("students.listed_odd") if odd else None
    return html.A(
        [
            html.Span(name_of(student), className="student-name"),
            html.Span(
                " · ".join(filter(None, (student.class_name if with_class else None, score, pattern))),
                className="muted small",
            ),
        ],
        href=student_link(student.handle),
        className="student-entry",
    )
