"""Does 70 % mean 70 %: chances beside answers that were held back."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from dash import html

from dashboard.charts import chart, chart_tools, csv_link, twin
from dashboard.figures import reliability_diagram
from dashboard.filters import model_name
from dashboard.numbers import number, percent, percent_interval
from dashboard.pages.data_checks import Check, render_check
from dashboard.state import State
from dashboard.tables import Column, Row, table
from dashboard.words import say
from irt.reports import PredictionReport

if TYPE_CHECKING:
    from irt.diagnostics import CalibrationBin, PredictionRow

#: A share right this far from the chance is off, where its interval leaves the chance out; twice as far is wrong.
OFF = 0.05
#: A smaller share of the answers than this does not decide.
FEW = 0.1
#: An interval of a share right wider than this confirms nothing.
WIDE = 0.2
#: The chance that the question is about.
ASKED = 0.7


def row_of(report: PredictionReport) -> PredictionRow | None:
    """The row of the model in use; the last model compared where it was not."""
    models = [row for row in report.prediction.rows if row.model != "share" and bins(row)]
    return next((row for row in models if row.model == report.in_use), models[-1] if models else None)


def bins(row: PredictionRow) -> tuple[CalibrationBin, ...]:
    """Groups of answers that there are any of."""
    return tuple(group for group in row.calibration if group.n and isfinite(group.observed))


def is_off(group: CalibrationBin, by: float = OFF) -> bool:
    """Whether the share right surely is not the chance, and by how much at least."""
    outside = not group.observed_lower <= group.predicted <= group.observed_upper
    return outside and abs(group.observed - group.predicted) > by


def chances(report: PredictionReport) -> Check:
    """Whether chances hold on answers that the model had not seen."""
    row = row_of(report)
    if row is None or report.in_use == "none":
        return Check("unsure", say("fit.prediction_unsure" if row is None else "fit.prediction_none"))
    groups = bins(row)
    off = [group for group in groups if is_off(group)]
    few = sum(group.n for group in off) < FEW * sum(group.n for group in groups)
    level = "well" if few else "badly" if any(is_off(group, 2 * OFF) for group in off) else "roughly"
    shown = _nearest(groups) if few else max(off, key=_distance)
    if few and shown.observed_upper - shown.observed_lower > WIDE:
        return Check("unsure", say("fit.prediction_few", n=f"{report.prediction.n_answers:,.0f}", **_shown(shown)))
    parts = [say(f"fit.prediction_{level}", n=f"{report.prediction.n_answers:,.0f}", **_shown(shown))]
    if few and off:
        parts.append(say("fit.prediction_but", **_shown(max(off, key=_distance))))
    return Check(level, " ".join(parts))


def _shown(group: CalibrationBin) -> dict[str, str]:
    """A group in words."""
    return {"predicted": percent(group.predicted), "observed": percent(group.observed), "n_bin": f"{group.n:,.0f}"}


def _distance(group: CalibrationBin) -> float:
    return abs(group.observed - group.predicted)


def _nearest(groups: tuple[CalibrationBin, ...]) -> CalibrationBin:
    """The group whose chance is nearest to 70 %."""
    return min(groups, key=lambda group: abs(group.predicted - ASKED))


def render_prediction(report: PredictionReport, state: State) -> list[Any]:
    """The sentence, the diagram and its table; for analysts the models beside each other."""
    row = row_of(report)
    parts = [] if row is None or (report.in_use == "none" and not state.analyst) else _diagram(row, state)
    if state.analyst:
        parts += _models(report, state)
    return [render_check(None, chances(report), *parts)]


def _diagram(row: PredictionRow, state: State) -> list[Any]:
    """Chance against share right."""
    groups = bins(row)
    low, high = groups[0], groups[-1]
    summary = say(
        "fit.prediction_summary",
        k=len(groups),
        low_predicted=percent(low.predicted),
        low_observed=percent(low.observed),
        high_predicted=percent(high.predicted),
        high_observed=percent(high.observed),
    )
    names = ("range", "answers", "predicted", "observed", "interval")
    columns = [Column(name, say(f"fit.col_{name}"), name != "range") for name in names]
    rows = [
        Row(
            [
                percent_interval(group.lower, group.upper),
                f"{group.n:,.0f}",
                percent(group.predicted, 1),
                percent(group.observed, 1),
                percent_interval(group.observed_lower, group.observed_upper),
            ]
        )
        for group in groups
    ]
    return [
        chart(
            "data-chances",
            reliability_diagram(groups),
            summary=summary,
            note=say("fit.prediction_note", model=_name(row) if state.analyst else say("fit.model")),
            size="square",
        ),
        html.Div(
            [
                twin(table(say("fit.prediction_caption"), columns, rows, class_name="compact narrow")),
                chart_tools("data-chances", "chances", say("fit.prediction_chart"), state.download("reliability")),
            ],
            className="chart-foot no-print",
        ),
    ]


def _models(report: PredictionReport, state: State) -> list[Any]:
    """Log-loss and Brier score of each model, the best marked."""
    names = ("log_loss", "difference", "brier", "accuracy")
    columns = [Column("model", say("fit.col_model")), *(Column(name, say(f"fit.col_{name}"), True) for name in names)]
    columns.append(Column("note", say("fit.col_note")))
    rows = report.prediction.rows
    best = min((row.log_loss for row in rows if isfinite(row.log_loss)), default=float("nan"))
    body = [
        Row(
            [
                _name(row),
                _with_se(row.log_loss, row.log_loss_se),
                _with_se(row.difference, row.difference_se),
                _with_se(row.brier, row.brier_se),
                percent(row.accuracy, 1),
                ", ".join(_notes(row, best, report.in_use)),
            ]
        )
        for row in rows
    ]
    reasons = [html.Li(f"{_name(row)}: {row.reason}") for row in rows if row.reason]
    prediction = report.prediction
    caption = say("fit.prediction_models_caption", folds=prediction.n_folds, n=f"{prediction.n_answers:,.0f}")
    return [
        html.H4(say("fit.prediction_models")),
        table(caption, columns, body, class_name="compact"),
        *([html.Ul(reasons, className="left-out")] if reasons else []),
        html.P(say("fit.prediction_models_note"), className="muted small"),
        csv_link(state.download("prediction")),
    ]


def _with_se(value: float, error: float) -> str:
    return f"{number(value, 4)} ± {number(error, 4)}" if isfinite(error) else number(value, 4)


def _notes(row: PredictionRow, best: float, chosen: str) -> list[str]:
    notes = [say("fit.best")] if row.log_loss == best else []
    return [*notes, say("fit.chosen")] if row.model == chosen else notes


def _name(row: PredictionRow) -> str:
    """A row's model in words: "2PL weak" is the 2PL with weak priors."""
    return say("fit.share") if row.model == "share" else model_name(row.model.replace(" ", "-"))
