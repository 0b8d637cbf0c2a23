"""The panels that take long: each has a callback of its own, and the longest wait until they are opened.

A fold counts the clicks on its summary: an odd number is open. While it is shut nothing is computed, so that the page
comes at once; what was computed is kept by the service.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from dash import Dash, Input, Output, ctx, html, no_update

from dashboard import ids, shell
from dashboard.filters import ALL
from dashboard.pages.data_checks import Check, render_check
from dashboard.pages.data_choosers import chooser, control_of
from dashboard.pages.data_counts import render_counts
from dashboard.pages.data_drift import render_drift
from dashboard.pages.data_fit import render_items, render_overall
from dashboard.pages.data_groups import render_groups, render_matching, render_pair
from dashboard.pages.data_models import render_models
from dashboard.pages.data_precision import render_precision
from dashboard.pages.data_prediction import render_prediction
from dashboard.pages.data_structure import render_dimension
from dashboard.reading import Question
from dashboard.visits import Visit
from dashboard.words import say
from irt.errors import ConfirmationNeeded, FitError, NotFoundError, SelectionError
from irt.reports import CountsReport
from irt.service import Service

Answer = Callable[[Visit], list[Any]]

#: The last part of the id of a fold's summary.
OPENER = "-open"


def layout_fit() -> html.Section:
    """Does the model fit: three checks at once, three when opened."""
    return html.Section(
        [
            html.H2(say("fit.title"), id="data-fit-title"),
            html.P(say("fit.lead"), className="muted small"),
            html.Div(_waiting(), id=ids.DATA_FIT_OVERALL),
            html.Div(_waiting(), id=ids.DATA_FIT_ITEMS),
            html.Div(_waiting(), id=ids.DATA_PRECISION),
            _fold(ids.DATA_DIMENSION, say("fit.dimension")),
            _fold(ids.DATA_PREDICTION, say("fit.prediction")),
            _fold(ids.DATA_MODELS, say("fit.models")),
        ],
        className="panel",
        **{"aria-labelledby": "data-fit-title"},
    )


def layout_comparing() -> html.Div:
    """For analysts: groups of students and exams beside each other."""
    return html.Div(
        [
            _panel(
                "data-groups",
                "comparing.groups",
                "comparing.groups_lead",
                chooser(ids.DATA_GROUP, "group", say("comparing.group_by"), clears="reference focal"),
                html.Div(id=ids.DATA_GROUPS),
            ),
            _panel(
                "data-drift",
                "comparing.drift",
                "comparing.drift_lead",
                chooser(ids.DATA_OTHER, "other", say("comparing.drift_other")),
                html.Div(id=ids.DATA_DRIFT),
            ),
        ],
        id=ids.DATA_COMPARING,
        hidden=True,
    )


def layout_source() -> html.Div:
    """For analysts: what the store counts by itself, when opened."""
    fold = _fold(ids.DATA_COUNTS, say("spending.counts_open"))
    return html.Div(
        _panel("data-counted", "spending.counts", "spending.counts_lead", fold), id=ids.DATA_SOURCE, hidden=True
    )


def _panel(name: str, title: str, lead: str, *parts: Any) -> html.Section:
    heading = f"{name}-title"
    return html.Section(
        [html.H2(say(title), id=heading), html.P(say(lead), className="muted small"), *parts],
        className="panel",
        **{"aria-labelledby": heading},
    )


def _fold(name: str, title: str) -> html.Details:
    """A part that is computed when it is opened."""
    summary = html.Span([title, " ", html.Span(say("fit.takes"), className="muted small takes")])
    return html.Details(
        [html.Summary(summary, id=f"{name}{OPENER}"), html.Div(_waiting(), id=name, **{"aria-live": "polite"})],
        className="fold",
    )


def _waiting() -> html.P:
    return html.P(say("fit.loading"), className="muted loading", role="status")


def register(app: Dash, service: Service) -> None:
    """Wire the panels."""
    _at_once(app, service, ids.DATA_FIT_OVERALL, overall)
    _at_once(app, service, ids.DATA_FIT_ITEMS, items)
    _at_once(app, service, ids.DATA_PRECISION, precision)
    _when_open(app, service, ids.DATA_DIMENSION, dimension)
    _when_open(app, service, ids.DATA_PREDICTION, prediction)
    _when_open(app, service, ids.DATA_MODELS, models)
    _when_open(app, service, ids.DATA_COUNTS, counts, reads=Question("counts", counted))
    _at_once(app, service, ids.DATA_GROUPS, said(groups))
    _at_once(app, service, ids.DATA_DRIFT, said(drift), reads=Question("other", drift))

    names = (ids.DATA_GROUP, ids.DATA_OTHER)
    choosers = [Output(name, prop) for name in names for prop in ("options", "value")]
    choosers += [Output(control_of(name), "hidden") for name in names]

    hidden = [Output(name, "hidden") for name in (ids.DATA_COMPARING, ids.DATA_SOURCE)]

    @shell.shows(app, service, "data", [*hidden, *choosers])
    def choices(visit: Visit) -> tuple[Any, ...]:
        if not visit.state.analyst:
            return True, True, [], ALL, [], ALL, True, True
        known, others = group_names(visit), {exam: exam for exam in other_exams(visit)}
        group, other = visit.state.group or ALL, visit.state.other or ALL
        return False, False, _options(known), group, _options(others), other, not known, not others


def _options(names: dict[str, str]) -> list[dict[str, str]]:
    """The options of a chooser: nothing chosen, then each value under its name."""
    options = [{"label": name, "value": value} for value, name in names.items()]
    return [{"label": say("comparing.choose"), "value": ALL}, *options]


def _at_once(app: Dash, service: Service, name: str, answer: Answer, reads: Question | None = None) -> None:
    """A part that is drawn as soon as it is ready."""
    shell.shows(app, service, "data", Output(name, "children"), reads=reads)(answer)


def _when_open(app: Dash, service: Service, name: str, answer: Answer, reads: Question | None = None) -> None:
    """A part that is computed when its fold is opened, and again when the selection changes while it is open."""
    opener = f"{name}{OPENER}"

    def render(visit: Visit, clicks: int | None) -> Any:
        if (clicks or 0) % 2:
            return said(answer)(visit)
        return no_update if ctx.triggered_id == opener else _waiting()

    more = [Input(opener, "n_clicks")]
    shell.shows(app, service, "data", Output(name, "children"), more=more, reads=reads)(render)


def said(answer: Answer) -> Answer:
    """An answer that says in its own place why there is none, where the answers do not suffice for it."""

    def render(visit: Visit) -> list[Any]:
        try:
            return answer(visit)
        except FitError as error:
            return [html.P(error.message, className="muted")]

    return render


def overall(visit: Visit) -> list[Any]:
    """The fit of the model as a whole; why there is none is said here for the items and the precision too."""
    try:
        return render_overall(visit.service.model_fit(*visit.asked), visit.state)
    except FitError as error:
        visit.service.exam(*visit.asked)  # exams that cannot be put together are the notice's to refuse
        return [render_check("overall", Check("unsure", say("fit.overall_unknown", reason=error.message)))]


def items(visit: Visit) -> list[Any]:
    """The fit of each item."""
    with suppress(FitError):
        return render_items(visit.service.fit(*visit.asked), visit.state)
    return []


def precision(visit: Visit) -> list[Any]:
    """Whom the exam measures well."""
    with suppress(FitError):
        return render_precision(visit.service.precision(*visit.asked), visit.state)
    return []


def dimension(visit: Visit) -> list[Any]:
    """One ability or several."""
    names = {item.item_id: item.item_name for item in visit.service.exam(*visit.asked).items}
    return render_dimension(visit.service.dimension(*visit.asked), names, visit.state)


def prediction(visit: Visit) -> list[Any]:
    """Chances beside held-back answers."""
    return render_prediction(visit.service.prediction(visit.scope, visit.selection), visit.state)


def models(visit: Visit) -> list[Any]:
    """The models beside each other."""
    return render_models(visit.service.compare_models(visit.scope, visit.selection), visit.state)


def counted(visit: Visit) -> CountsReport:
    """What everybody's answers add up to, sample or not."""
    return visit.service.counts(visit.scope, replace(visit.selection.population(), share=1.0))


def counts(visit: Visit) -> list[Any]:
    """Everybody's answers as the store counts them; beside them those of the sample that the page rests on."""
    report = counted(visit)
    with suppress(ConfirmationNeeded, FitError):  # the rest of the page says why there is none
        return render_counts(report, visit.state, visit.service.exam(*visit.asked))
    return render_counts(report, visit.state)


def groups(visit: Visit) -> list[Any]:
    """Two groups of students beside each other, once a property is chosen."""
    state = visit.state
    if not state.analyst:
        return []
    if not group_names(visit):
        return [html.P(say("comparing.groups_nothing"), className="muted")]
    if state.group is None:
        return []
    try:
        report = visit.service.dif(visit.scope, visit.selection, state.group, **state.compared)
    except NotFoundError as error:
        return [html.P(error.message, className="muted")]
    return [*render_pair(report), render_matching(state), *render_groups(report, state)]


def drift(visit: Visit) -> list[Any]:
    """Two exams beside each other, once another one is chosen; or the two that are put together."""
    state = visit.state
    if not state.analyst:
        return []
    if len(visit.catalogue.exams(state.subject or "")) < 2:
        return [html.P(say("comparing.drift_nothing"), className="muted")]
    pair = state.two_exams()
    if pair is None:
        return [html.P(say("comparing.drift_choose_two"), className="muted")] if len(state.exams) > 2 else []
    try:
        return render_drift(visit.service.drift(visit.scope, pair, **state.fitted), state)
    except SelectionError as error:
        return [html.P(error.message, className="muted")]


def group_names(visit: Visit) -> dict[str, str]:
    """Properties of students that can be chosen, with their names on screen."""
    exams = set(visit.state.exams)
    here = [e for e in visit.catalogue.entries if e.subject == visit.state.subject and e.exam in exams]
    names = {name: name for name in visit.catalogue.groupings}
    for name, values in (("class_name", {e.class_name for e in here}), ("student_grade", {e.grade for e in here})):
        if len(values - {None}) > 1:
            names[name] = say(f"comparing.{name}")
    return names


def other_exams(visit: Visit) -> tuple[str, ...]:
    """Exams of the subject besides the one that is shown; none while several are."""
    exams = visit.catalogue.exams(visit.state.subject or "")
    return tuple(exam for exam in exams if exam not in visit.state.exams) if len(visit.state.exams) == 1 else ()
