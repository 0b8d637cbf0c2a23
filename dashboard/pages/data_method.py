"""The model in a sentence, why this one, how well it settled, and what it takes to make the numbers again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import isfinite
from typing import Any

from dash import html

from dashboard.numbers import number
from dashboard.tables import Column, Row, difficulty, table
from dashboard.words import say
from irt.calibration import Calibration
from irt.reports import ExamReport, ItemReport

Facts = Sequence[tuple[str, str]]


def render_model(report: ExamReport, *, analyst: bool) -> html.Section:
    """The model in a sentence; for analysts the fit in figures."""
    calibration = report.calibration
    why = report.model_reason if calibration is None else say("data.why", reason=report.model_reason)
    parts = [html.P(model_sentence(calibration)), html.P(why)]
    if calibration is not None:
        size = say("data.n_model", persons=number(calibration.n_persons, 0), items=number(len(calibration.items), 0))
        parts += [html.P(f"{calibration.status.value} {size}")]
        if analyst:
            parts += [html.H3(say("data.fit")), facts_list(fit_facts(report, calibration))]
    return _section("model", parts)


def model_sentence(calibration: Calibration | None) -> str:
    """What the model says of an item, in words."""
    if calibration is None:
        return say("data.model_none")
    said = say(f"data.model_{calibration.model}")
    return f"{said} {say('data.model_weak')}" if calibration.options.prior else said


def fit_facts(report: ExamReport, calibration: Calibration) -> list[tuple[str, str]]:
    """Everything that a statistician asks of a fit."""
    options = calibration.options
    alpha = say(
        "data.f_alpha_value",
        alpha=number(report.alpha, 3),
        lower=number(report.alpha_lower, 3),
        upper=number(report.alpha_upper, 3),
    )
    return [
        (say("data.f_model"), calibration.model),
        (say("data.f_prior"), say("data.f_prior_weak" if options.prior else "data.f_prior_none")),
        (say("data.f_status"), calibration.status.code),
        (say("data.f_iterations"), number(len(calibration.history), 0)),
        (say("data.f_log_likelihood"), number(calibration.log_likelihood, 3)),
        (say("data.f_parameters"), number(calibration.n_parameters, 0)),
        (say("data.f_persons"), number(calibration.n_persons, 0)),
        (say("data.f_items"), number(len(calibration.items), 0)),
        (say("data.f_aic"), number(calibration.aic, 2)),
        (say("data.f_bic"), number(calibration.bic, 2)),
        (say("data.f_sabic"), number(calibration.sabic, 2)),
        (say("data.f_quadrature"), number(options.n_quadrature, 0)),
        (say("data.f_tolerance"), f"{options.tolerance:g}"),
        (say("data.f_metric"), say("data.f_metric_value")),
        (say("data.f_alpha"), alpha),
        (say("data.f_reliability"), number(report.empirical_reliability, 3)),
    ]


def render_errors(items: Sequence[ItemReport]) -> html.Section:
    """Estimates and standard errors of the calibrated items, for analysts."""
    known = [item for item in items if isfinite(item.discrimination)]
    parts = ["discrimination", "difficulty", "intercept"]
    parts += ["guessing"] if any(item.guessing > 0 for item in known) else []
    parts += ["upper_asymptote"] if any(item.upper_asymptote < 1 for item in known) else []
    columns = [Column("item", say("data.col_item")), Column("n", say("data.col_n"), True)]
    for name in parts:
        columns += [Column(name, say(f"data.col_{name}"), True), Column(f"{name}_se", say("data.col_se"), True)]
    rows = [_error_row(item, parts) for item in known]
    caption = say("data.errors_caption")
    shown = table(caption, columns, rows, caption_hidden=True, class_name="plain errors")
    return _section("errors", [html.P(say("data.errors_lead"), className="muted small"), shown])


def _error_row(item: ItemReport, parts: Sequence[str]) -> Row:
    """One item's parameters, each with its standard error."""
    cells: list[Any] = [item.item_name, number(item.n, 0)]
    for name in parts:
        value = number(getattr(item, name), 3)
        shown = difficulty(item, value) if name == "difficulty" else value
        cells += [shown, number(getattr(item, f"{name}_se"), 3)]
    return Row(cells)


def render_provenance(report: ExamReport) -> html.Section:
    """Selection, state of the answers, version, time."""
    origin = report.provenance
    facts = [
        (say("data.p_selection"), origin.selection.describe()),
        (say("data.p_missing"), say(f"data.{origin.selection.missing.value}")),
        (say("data.p_attempts"), say(f"data.{origin.selection.attempts.value}")),
        (say("data.p_as_of"), moment(origin.as_of)),
        (say("data.p_computed"), moment(origin.computed_at)),
        (say("data.p_version"), origin.package_version),
        (say("data.p_fingerprint"), origin.fingerprint),
    ]
    lead = html.P(say("data.provenance_lead"), className="muted small")
    return _section("provenance", [lead, facts_list(facts)])


def moment(when: datetime) -> str:
    """A time to the minute, with its zone."""
    return f"{when:%Y-%m-%d %H:%M %Z}".strip()


def facts_list(facts: Facts) -> html.Dl:
    """Names and values side by side."""
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts], className="facts")


def _section(key: str, children: list[Any]) -> html.Section:
    """A titled panel."""
    return html.Section(
        [html.H2(say(f"data.{key}"), id=f"data-{key}-title"), *children],
        className="panel",
        **{"aria-labelledby": f"data-{key}-title"},
    )
