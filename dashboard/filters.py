"""Filters and navigation: what is chosen, as controls, as links and as a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from dashboard import ids
from dashboard.state import PAGES, State
from dashboard.words import count, say
from irt.sources import Catalogue

#: Value of the option that takes a name out of the URL; a select shows nothing for an empty value.
ALL = "\u2217"


def navigation(state: State) -> list[html.A]:
    """Links to the pages, the current one marked."""
    return [
        html.A(
            say(f"frame.{page}"),
            href=state.href(page=page),
            className="import-link" if page == "import" else None,
            **({"aria-current": "page"} if page == state.page else {}),
        )
        for page in PAGES
    ]


def readers(state: State) -> list[html.A]:
    """The switch between the teacher's and the analyst's view."""
    return [
        html.A(
            say(f"frame.{view}"),
            href=state.href(view=view),
            **({"aria-current": "true"} if view == state.view else {}),
        )
        for view in ("teacher", "analyst")
    ]


def said(state: State, catalogue: Catalogue, as_of: datetime) -> str:
    """The selection as a sentence with its counts, and when the answers last changed (in the server's time zone)."""
    students, items, _ = catalogue.exam_sizes[(state.subject or "", state.exam or "")]
    told = count("frame.said_students", students)
    if state.class_name is not None:
        in_class = sum(
            entry.n_students
            for entry in catalogue.entries
            if (entry.subject, entry.exam, entry.class_name) == (state.subject, state.exam, state.class_name)
        )
        told = say("frame.in_class_of", n=in_class, total=students)
    return say(
        "frame.said",
        subject=state.subject or say("frame.no_name"),
        exam=state.exam or say("frame.no_name"),
        class_name=say("frame.in_class", class_name=state.class_name) if state.class_name else say("frame.all"),
        students=told,
        items=count("frame.said_items", items),
        time=as_of.astimezone().strftime("%Y-%m-%d %H:%M"),
    )


def nothing_yet(state: State) -> list[Any]:
    """What any page shows while there is no exam at all."""
    link = html.A(say("frame.to_import"), href=state.href(page="import"), className="button")
    return [html.H1(say("frame.empty"), className="page-title"), html.P(link, className="nothing-yet")]


def choices(state: State, catalogue: Catalogue) -> tuple[Any, ...]:
    """Options and values of the three filters."""
    subject, exam = state.subject or "", state.exam or ""
    classes = [{"label": say("frame.all_classes"), "value": ALL}]
    return (
        _options(catalogue.subjects()),
        subject,
        _options(catalogue.exams(subject)),
        exam,
        classes + _options(catalogue.classes(subject, exam)),
        state.class_name or ALL,
    )


def nothing_to_choose() -> tuple[Any, ...]:
    """The three filters while there is no exam at all."""
    return ([], "", [], "", [], ALL)


def _options(values: Sequence[str]) -> list[dict[str, str]]:
    return [{"label": value or say("frame.no_name"), "value": value} for value in values]


def filter_row() -> html.Section:
    """One row of filters, always in the same place, and what they mean as a sentence."""
    gone = "exam class item compare student verdict q"
    controls = [
        _filter(ids.SUBJECT, "subject", say("frame.subject"), gone),
        _filter(ids.EXAM, "exam", say("frame.exam"), "class item compare student"),
        _filter(ids.CLASS, "class", say("frame.class"), "student"),
    ]
    return html.Section(
        [
            html.Div(controls, className="controls no-print"),
            html.P(id=ids.SAID, className="said", role="status", **{"aria-live": "polite"}),
        ],
        className="filters",
        **named("filters"),
    )


def _filter(name: str, key: str, label: str, clears: str) -> html.Div:
    """A labelled native select that writes to the URL."""
    data: dict[str, Any] = {"data-state": key, "data-clears": clears, "data-none": ALL}
    return html.Div([html.Label(label, htmlFor=name), dbc.Select(id=name, options=[])], className="control", **data)


def named(key: str) -> dict[str, str]:
    """The accessible name of a part of the frame."""
    return {"aria-label": say(f"frame.{key}")}
