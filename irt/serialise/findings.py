"""What analysts ask, as tables: fit, models, dimensions, fairness, drift. The columns of the contract come first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isnan
from typing import Any

from irt.reports import (
    DifReport,
    DimensionReport,
    DriftReport,
    FitReport,
    ModelComparisonReport,
    ModelFitReport,
    PrecisionReport,
    PredictionReport,
    ScoreTableReport,
)
from irt.serialise.columns import table_of
from irt.serialise.formats import plain
from irt.serialise.nouns import Table, Values
from irt.serialise.tables import read_columns

#: Columns of each table by its name; those of the contract come first.
FINDING_COLUMNS: dict[str, tuple[str, ...]] = {
    "fit": (
        *("item_id", "s_x2", "df", "rmsea", "p_value", "infit", "outfit", "z_infit", "z_outfit"),
        *("item_name", "p_adjusted", "n_tested", "note"),
    ),
    "model-fit": (
        *("log_likelihood", "aic", "bic", "sabic", "m2", "df", "p_value", "rmsea", "srmsr", "tli", "cfi"),
        *("alpha", "marginal_reliability", "empirical_reliability", "model", "status", "n_students", "n_items"),
        *("n_parameters", "n_dropped", "rmsea_lower", "rmsea_upper", "alpha_lower", "alpha_upper", "note"),
    ),
    "dif": (
        *("item_id", "n_reference", "n_focal", "chi2_mh", "p_value_mh", "alpha_mh", "delta_mh", "ets_class"),
        *("chi2_logistic", "p_value_logistic", "p_value_uniform", "p_value_nonuniform", "p_adjusted"),
        *("item_name", "delta_se", "p_adjusted_mh", "chi2_uniform", "chi2_nonuniform", "effect", "effect_class"),
        *("share_difference", "share_difference_se", "anchor", "reference", "focal", "note"),
    ),
    "models": (
        *("model", "status", "log_likelihood", "n_parameters", "aic", "bic", "sabic"),
        *("chi2", "df", "p_value", "note"),
    ),
    "drift": (
        *("item_id", "item_name", "difficulty_base", "difficulty_new", "difference", "difference_se", "z"),
        *("p_value", "p_adjusted", "n_base", "n_new", "discrimination_difference", "discrimination_difference_se"),
        *("chi2_both", "p_value_both", "anchor", "note"),
    ),
    "dimension": ("dimension", "eigenvalue", "eigenvalue_by_chance"),
    "pairs": ("item_a", "item_b", "q3", "n_students", "stands_out"),
    "prediction": (
        *("model", "log_loss", "brier", "accuracy", "log_loss_se", "brier_se"),
        *("log_loss_difference", "log_loss_difference_se", "note"),
    ),
    "bins": (
        *("model", "bin_lower", "bin_upper", "n_answers", "predicted"),
        *("observed", "observed_lower", "observed_upper"),
    ),
    "information": (*("theta", "information", "sem", "expected_score", "score_lower", "score_upper", "share_below"),),
    "score-table": ("score", "theta", "se", "theta_expected", "share_expected", "share_observed"),
}
#: No random part of the students is smaller than this.
_DRAWN_FROM = 5_000
#: Where a column is found when it is not an attribute of its own name.
_FOUND_AT = {
    "n_tested": "n",
    "note": "reason",
    "item_id": "item_ids",
    "difference_se": "se",
    "anchor": "anchors",
    "bin_lower": "lower",
    "bin_upper": "upper",
    "n_answers": "n",
    "n_students": "n",
    "share_expected": "expected",
    "share_observed": "observed",
    "discrimination_difference_se": "discrimination_se",
    "chi2_both": "chi2",
    "log_loss_difference": "difference",
    "log_loss_difference_se": "difference_se",
}


def fit_table(report: FitReport) -> Table:
    """One row an item: S-X2, infit and outfit."""
    return _rows("fit", report.items, _told(report), item_id="item_id")


def model_fit_table(report: ModelFitReport) -> Table:
    """One row: information criteria, M2 with its indices, reliabilities."""
    of_test = {"m2", "df", "p_value", "rmsea", "srmsr", "tli", "cfi", "rmsea_lower", "rmsea_upper", "n_dropped"}
    known = {name: getattr(report.fit, name) for name in of_test}
    known |= {"n_students": report.n_persons, "note": report.fit.reason}
    names = FINDING_COLUMNS["model-fit"]
    values = {name: (known[name] if name in known else getattr(report, name),) for name in names}
    return table_of("model-fit", values, **_told(report))


def dif_table(report: DifReport) -> Table:
    """One row an item: Mantel-Haenszel and logistic regression."""
    result, n = report.result, len(report.item_names)
    known: dict[str, Values] = {"item_name": report.item_names, "note": result.reasons}
    known |= {"reference": (result.reference,) * n, "focal": (result.focal,) * n}
    return _arrays("dif", result, known, _told(report, {"group": report.group, "matching": result.matching}))


def models_table(report: ModelComparisonReport) -> Table:
    """One row a model: likelihood, information criteria, test against the row before."""
    found = report.comparison
    shown = ", ".join(found.left_out[:10]) + (", ..." if len(found.left_out) > 10 else "")
    told = {
        "provenance": report.provenance.as_dict() | {"best_aic": found.best_aic, "best_bic": found.best_bic},
        "warnings": (f"Left out of the comparison, since not every model knows them: {shown}.",) if shown else (),
    }
    return _rows("models", found.rows, told)


def drift_table(report: DriftReport) -> Table:
    """One row an item that both exams have: difficulty in each, and the test of their difference."""
    link = report.drift.link
    told: dict[str, Any] = {"base_exam": report.base_exam, "new_exam": report.new_exam, "link": link.method}
    told |= {"link_slope": link.slope, "link_intercept": link.intercept}
    known: dict[str, Values] = {"item_name": report.item_names, "note": report.drift.reasons}
    return _arrays("drift", report.drift, known, _told(report, told))


def eigenvalues_table(report: DimensionReport) -> Table:
    """One row a dimension: its eigenvalue beside chance."""
    found = report.dimensionality
    values: dict[str, Values] = {
        "dimension": range(1, len(found.eigenvalues) + 1),
        "eigenvalue": found.eigenvalues,
        "eigenvalue_by_chance": found.reference,
    }
    facts = {"n_dimensions": found.n_dimensions, "matrix": found.matrix, "n_students": found.n_persons}
    told = {
        "provenance": report.provenance.as_dict() | facts,
        "warnings": tuple(filter(None, [found.reason, _drawn(found.n_persons, report.n_students)])),
    }
    return table_of("dimension", values, **told)


def pairs_table(report: DimensionReport) -> Table:
    """One row a pair of items that go together more than ability explains, strongest first."""
    limit, mean = report.q3.limit_largest, report.q3.mean
    facts = {"limit_largest": plain([limit])[0], "mean": plain([mean])[0], "n_students_drawn": report.q3.n_persons}
    told = {
        "provenance": report.provenance.as_dict() | facts,
        "warnings": tuple(filter(None, [report.q3.reason])),
    }
    values = read_columns(FINDING_COLUMNS["pairs"][:-1], report.pairs, _FOUND_AT)
    values["stands_out"] = tuple(None if isnan(limit) else pair.q3 - mean > limit for pair in report.pairs)
    return table_of("pairs", values, **told)


def prediction_table(report: PredictionReport) -> Table:
    """One row a model: how well it predicts answers held back from it."""
    return _rows("prediction", report.prediction.rows, _held_out(report))


def bins_table(report: PredictionReport) -> Table:
    """One row a model and range of chances: does 70 % mean 70 %?"""
    bins = [(row.model, entry) for row in report.prediction.rows for entry in row.calibration]
    values: dict[str, Values] = {"model": tuple(model for model, _ in bins)}
    values |= read_columns(FINDING_COLUMNS["bins"][1:], (entry for _, entry in bins), _FOUND_AT)
    return table_of("bins", values, **_held_out(report))


def _held_out(report: PredictionReport) -> dict[str, Any]:
    """Provenance of predictions: how many answers of how many students were held back, in how many parts."""
    found = report.prediction
    facts = {"n_students": found.n_persons, "n_answers": found.n_answers, "n_folds": found.n_folds}
    warnings = tuple(filter(None, [_drawn(found.n_persons, report.n_students)]))
    return {"provenance": report.provenance.as_dict() | facts, "warnings": warnings}


def _drawn(n: int, n_everybody: int) -> str:
    """That not everybody entered: of very many students a random part, of few those with enough answers."""
    how = ", drawn at random" if n >= _DRAWN_FROM else ""
    return f"Worked out on {n:,} of the {n_everybody:,} students{how}." if 0 < n < n_everybody else ""


def information_table(report: PrecisionReport) -> Table:
    """One row a drawn ability: test information, standard error of measurement, expected score."""
    told = _told(report, {"n_students": report.n_students, "n_items": report.n_items})
    return _arrays("information", report, {}, told)


def score_table_table(report: ScoreTableReport) -> Table:
    """One row a number right: the ability that it stands for."""
    return _arrays("score-table", report.table, {}, _told(report))


def _rows(name: str, rows: Iterable[Any], told: dict[str, Any], **found_at: str) -> Table:
    """A table of rows that are nouns."""
    return table_of(name, read_columns(FINDING_COLUMNS[name], rows, _FOUND_AT | found_at), **told)


def _arrays(name: str, found: Any, known: Mapping[str, Values], told: dict[str, Any]) -> Table:
    """A table of a noun that holds arrays, beside columns that are known already."""
    columns = FINDING_COLUMNS[name]
    values = {column: known[column] if column in known else _read(found, column) for column in columns}
    return table_of(name, values, **told)


def _read(found: Any, column: str) -> Values:
    """The values of a column of a noun that holds arrays."""
    values: Values = getattr(found, _FOUND_AT.get(column, column))
    return values


def _told(report: Any, more: dict[str, Any] | None = None) -> dict[str, Any]:
    """Provenance and warnings of a report."""
    return {"provenance": report.provenance.as_dict() | (more or {}), "warnings": report.warnings}
