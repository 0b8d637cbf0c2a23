"""Filters and navigation: what is chosen, as controls, as links and as a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import dash_bootstrap_components as dbc
from dash import html

from dashboard import ids
from dashboard.charts import copy_link
from dashboard.sampling import share_choices
from dashboard.state import MODELS, PAGES, State, classes_of
from dashboard.words import count, say
from irt.sources import Catalogue

#: Value of the option that takes a name out of the URL; a select shows nothing for an empty value.
ALL = "\u2217"
#: Classes that the filter lists, however many there are; the search on *Students* finds every one.
MOST_CLASSES = 500
#: Values of the options that stand for every exam of the subject, and for the several that are ticked.
EVERY, SEVERAL = "\u2217every", "\u2217several"
#: Value of an option that only says that there are more.
MORE = "\u2217more"
#: Value of the line that says why classes are missing.
MERGED = "\u2217merged"


def navigation(state: State, can_import: bool) -> list[html.A]:
    """Links to the pages, the current one marked."""
    return [
        html.A(
            say(f"frame.{page}"),
            href=state.href(page=page),
            className="import-link" if page == "import" else None,
            **({"aria-current": "page"} if page == state.page else {}),
        )
        for page in PAGES
        if page != "import" or can_import
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
    """The selection as a sentence with its counts, and when the answers last changed (in the server's time zone).

    Of several exams the catalogue does not know how many students sat more than one, so each is counted by itself.
    """
    counts = " + ".join(_counts(state, exam, catalogue) for exam in state.exams)
    names = " + ".join(exam or say("frame.no_name") for exam in state.exams)
    return say(
        "frame.said" if len(state.exams) == 1 else "frame.said_together",
        subject=state.subject or say("frame.no_name"),
        exam=names,
        class_name=say("frame.in_class", class_name=state.class_name) if state.class_name else say("frame.all"),
        counts=counts,
        model=say("frame.said_model", model=model_name(state.model)) if state.model else "",
        time=as_of.astimezone().strftime("%Y-%m-%d %H:%M"),
    )


def _counts(state: State, exam: str, catalogue: Catalogue) -> str:
    """How many students answered how many items of one exam."""
    students, items, _ = catalogue.exam_sizes[(state.subject or "", exam)]
    told = count("frame.said_students", students)
    if state.class_name is not None:
        place = (state.subject, exam, state.class_name)
        found = [e.n_students for e in catalogue.entries if (e.subject, e.exam, e.class_name) == place]
        told = say("frame.in_class_of", n=sum(found), total=students)
    return say("frame.said_counts", students=told, items=count("frame.said_items", items))


def model_name(code: str | None) -> str:
    """A model of the URL in words."""
    if code is None:
        return say("frame.model_default")
    name, _, prior = code.partition("-")
    return say("frame.model_weak", model=name) if prior else name


def nothing_yet(state: State, can_import: bool, limited: bool = False) -> list[Any]:
    """What any page shows while there is no exam at all, or none that the caller may see."""
    if limited:
        told = html.P(say("frame.nothing_for_you_do"), className="nothing-yet")
        return [html.H1(say("frame.nothing_for_you"), className="page-title"), told]
    if not can_import:
        told = html.P(say("frame.empty_table_do"), className="nothing-yet")
        return [html.H1(say("frame.empty_table"), className="page-title"), told]
    link = html.A(say("frame.to_import"), href=state.href(page="import"), className="button")
    return [html.H1(say("frame.empty"), className="page-title"), html.P(link, className="nothing-yet")]


def choices(state: State, catalogue: Catalogue, sample: int | None) -> tuple[Any, ...]:
    """Options and values of the filters, the list of exams to tick, and what is hidden."""
    subject = state.subject or ""
    exams = catalogue.exams(subject)
    recorded, merged = classes_of(catalogue, subject, state.exams), _merged(state, catalogue)
    classes = [{"label": say("frame.all_classes" if recorded or merged else "frame.no_classes"), "value": ALL}]
    several = len(state.exams) > 1
    shares, no_share = share_choices(state, catalogue, sample)
    return (
        _options(catalogue.subjects()),
        subject,
        _exam_options(exams, state.exams),
        SEVERAL if several else state.exams[0],
        classes + _class_options(recorded, state.class_name) + merged,
        state.class_name or ALL,
        state.model or ALL,
        [{**option, "value": option["value"] or ALL} for option in shares],
        state.share or ALL,
        [_tick(place, exam, exam in state.exams) for place, exam in enumerate(exams)],
        len(exams) < 2,
        not (state.analyst or state.model),
        no_share,
    )


def nothing_to_choose() -> tuple[Any, ...]:
    """The filters while there is no exam at all."""
    return ([], "", [], "", [], ALL, ALL, [], ALL, [], True, True, True)


def _exam_options(exams: Sequence[str], chosen: Sequence[str]) -> list[dict[str, str]]:
    """Each exam, all of them together and, while a part of them is chosen, that part."""
    options = _options(exams)
    if len(exams) < 2:
        return options
    together = [*options, {"label": say("frame.all_exams", n=len(exams)), "value": EVERY}]
    if len(chosen) > 1:
        together.append({"label": say("frame.exams_together", n=len(chosen)), "value": SEVERAL})
    return together


def _class_options(names: Sequence[str], chosen: str | None) -> list[dict[str, Any]]:
    """The first classes, the one that is chosen, and where the others are."""
    listed = list(names[:MOST_CLASSES])
    if chosen is not None and chosen not in listed:
        listed.append(chosen)
    rest = len(names) - len(listed)
    options: list[dict[str, Any]] = [*_options(listed)]
    if rest > 0:
        options.append({"label": say("frame.more_classes", n=f"{rest:,}"), "value": MORE, "disabled": True})
    return options


def _merged(state: State, catalogue: Catalogue) -> list[dict[str, Any]]:
    """Why some classes are missing, to a caller without names."""
    if not any((state.subject, exam) in catalogue.merged for exam in state.exams):
        return []
    return [{"label": say("frame.small_classes"), "value": MERGED, "disabled": True}]


def _tick(place: int, exam: str, ticked: bool) -> html.Div:
    """An exam that can be put together with others."""
    name = exam or say("frame.no_name")
    data: dict[str, Any] = {"data-state": "exam", "data-value": exam, "data-several": ids.EXAMS}
    data["data-clears"] = "class share item compare student reference focal other"
    return html.Div(dbc.Checkbox(id=f"exam-{place}", label=name, value=ticked), className="tick-exam", **data)


def _options(values: Sequence[str]) -> list[dict[str, str]]:
    return [{"label": value or say("frame.no_name"), "value": value} for value in values]


def filter_row() -> html.Section:
    """One row of filters, always in the same place, and what they mean as a sentence."""
    gone = "exam class share item compare student verdict q group reference focal other"
    exam = _filter(ids.EXAM, "exam", say("frame.exam"), "class share item compare student reference focal other")
    model = _filter(ids.MODEL, "model", say("frame.model"), "")
    model.children[1].options = [{"label": model_name(code), "value": code or ALL} for code in (None, *MODELS)]
    controls = [
        _filter(ids.SUBJECT, "subject", say("frame.subject"), gone),
        html.Div([exam, _several()], className="exam-control"),
        _filter(ids.CLASS, "class", say("frame.class"), "student"),
        html.Div(model, id=ids.MODEL_CONTROL, hidden=True),
        html.Div(_filter(ids.SHARE, "share", say("frame.share"), ""), id=ids.SHARE_CONTROL, hidden=True),
    ]
    return html.Section(
        [
            html.Div(controls, className="controls no-print"),
            html.Div(
                [html.P(id=ids.SAID, className="said", role="status"), copy_link("", id=ids.COPY_LINK)],
                className="said-side",
            ),
        ],
        className="filters",
        **named("filters"),
    )


def _several() -> html.Details:
    """A list of the exams to tick, folded: those that are ticked are put together."""
    return html.Details(
        [
            html.Summary(say("frame.several_exams")),
            html.Div(
                [
                    html.P(say("frame.several_lead"), className="muted small"),
                    html.Div(id=ids.EXAMS, role="group", **{"aria-label": say("frame.several_exams")}),
                ],
                className="ticks",
            ),
        ],
        id=ids.EXAMS_CONTROL,
        className="several",
        hidden=True,
    )


def _filter(name: str, key: str, label: str, clears: str) -> html.Div:
    """A labelled native select that writes to the URL."""
    data: dict[str, Any] = {
        "data-state": key,
        "data-clears": clears,
        "data-none": ALL,
        "data-every": EVERY,
        "data-kept": SEVERAL,
    }
    return html.Div([html.Label(label, htmlFor=name), dbc.Select(id=name, options=[])], className="control", **data)


def named(key: str) -> dict[str, str]:
    """The accessible name of a part of the frame."""
    return {"aria-label": say(f"frame.{key}")}
