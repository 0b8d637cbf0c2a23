"""Would another model describe the answers better? A sentence for everybody, the models in figures for analysts."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from dash import html

from dashboard.charts import csv_link
from dashboard.numbers import number
from dashboard.pages.data_checks import Check, render_check
from dashboard.pages.data_fit import probability
from dashboard.state import State
from dashboard.tables import Column, Row, table
from dashboard.words import say
from irt.reports import ModelComparisonReport

if TYPE_CHECKING:
    from irt.diagnostics import ModelRow


def conclusion(report: ModelComparisonReport) -> str:
    """Whether AIC and BIC agree with the model that is used."""
    found, chosen = report.comparison, report.chosen
    if chosen not in {row.model for row in found.rows}:
        return say("fit.models_none")
    if found.best_bic not in (chosen, "", None):
        agrees = say("fit.models_bic", model=found.best_bic)
    elif found.best_aic not in (chosen, "", None):
        agrees = say("fit.models_aic", model=found.best_aic)
    else:
        agrees = say("fit.models_agrees")
    return say("fit.models_chosen", model=chosen, agrees=agrees)


def another(report: ModelComparisonReport) -> Check:
    """Whether another model would do better: by BIC, or by AIC alone, which asks less of a further parameter."""
    found, chosen = report.comparison, report.chosen
    if chosen not in {row.model for row in found.rows}:
        return Check("unsure", say("fit.models_none"))
    doubts = [best not in (chosen, "", None) for best in (found.best_bic, found.best_aic)]
    level = "badly" if doubts[0] else "roughly" if doubts[1] else "well"
    return Check(level, say(f"fit.models_{level}", n=f"{found.n_persons:,.0f}", items=found.n_items))


def over(report: ModelComparisonReport) -> str:
    """What the models were fitted to."""
    found = report.comparison
    told = say("fit.models_over", items=found.n_items, n=f"{found.n_persons:,.0f}")
    left_out = say("fit.models_left_out", items=", ".join(found.left_out)) if found.left_out else ""
    return f"{told} {left_out}".strip()


def render_models(report: ModelComparisonReport, state: State) -> list[Any]:
    """The sentence; for analysts the table, and what it says of the model in use."""
    return [render_check(None, another(report), *(_table(report, state) if state.analyst else []))]


def _table(report: ModelComparisonReport, state: State) -> list[Any]:
    """Every model with its criteria and tests."""
    names = ("log_likelihood", "parameters", "aic", "bic", "sabic", "chi2", "df", "p")
    columns = [Column("model", say("fit.col_model")), *(Column(name, say(f"fit.col_{name}"), True) for name in names)]
    columns.append(Column("note", say("fit.col_note")))
    rows = [_row(row, report) for row in report.comparison.rows]
    reasons = [html.Li(f"{row.model}: {row.reason}") for row in report.comparison.rows if row.reason]
    return [
        html.P(conclusion(report)),
        html.P(say("fit.models_lead"), className="muted small"),
        table(say("fit.models_caption"), columns, rows, caption_hidden=True, class_name="compact fit"),
        *([html.Ul(reasons, className="left-out")] if reasons else []),
        html.P(f"{over(report)} {say('fit.models_try')}", className="muted small"),
        csv_link(state.download("models")),
    ]


def _row(row: ModelRow, report: ModelComparisonReport) -> Row:
    found = report.comparison
    sabic = min((one.sabic for one in found.rows if isfinite(one.sabic)), default=float("nan"))
    chosen = row.model == report.chosen
    return Row(
        [
            html.Strong(row.model) if chosen else row.model,
            number(row.log_likelihood, 2),
            number(row.n_parameters if isfinite(row.log_likelihood) else float("nan"), 0),
            _criterion(row.aic, row.model == found.best_aic),
            _criterion(row.bic, row.model == found.best_bic),
            _criterion(row.sabic, row.sabic == sabic),
            number(_known(row.chi2), 2),
            number(_known(row.df), 0),
            probability(_known(row.p_value)),
            say("fit.chosen") if chosen else "",
        ]
    )


def _known(value: float | None) -> float:
    return float("nan") if value is None else value


def _criterion(value: float, lowest: bool) -> Any:
    """An information criterion; the lowest is said, not only shown."""
    if not lowest:
        return number(value, 1)
    return html.Span([html.Strong(number(value, 1)), " ", html.Span(say("fit.lowest"), className="muted small")])
