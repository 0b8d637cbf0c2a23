"""Reports of fit and comparison made by hand, for tests of rendering: each kind of outcome once."""

from __future__ import annotations

from typing import Any

import numpy as np
from report_values import ITEM_IDS, ITEM_NAMES, NAN, provenance

from irt.comparing import DifResult, Drift, Link
from irt.diagnostics import (
    Dimensionality,
    ModelComparison,
    ModelFit,
    ModelRow,
    Prediction,
    PredictionRow,
    Q3Limit,
)
from irt.diagnostics.held_out import CalibrationBin
from irt.reports import (
    DependentPair,
    DifReport,
    DimensionReport,
    DriftReport,
    FitReport,
    ItemFitRow,
    ModelComparisonReport,
    ModelFitReport,
    PrecisionReport,
    PredictionReport,
)


def whole(**changes: Any) -> Any:
    """M2 and its indices: a model that describes 480 students closely."""
    values = {
        "m2": 602.1,
        "df": 558,
        "p_value": 0.095,
        "rmsea": 0.013,
        "rmsea_lower": 0.0,
        "rmsea_upper": 0.021,
        "srmsr": 0.041,
        "tli": 0.991,
        "cfi": 0.992,
        "n_persons": 470,
        "n_dropped": 10,
        "reason": "",
    }
    return ModelFit(**(values | changes))


def model_fit(fit: Any = None, **changes: Any) -> ModelFitReport:
    values = {
        "model": "2PL",
        "status": "converged",
        "n_persons": 480,
        "n_items": 6,
        "n_parameters": 12,
        "log_likelihood": -9120.25,
        "aic": 18264.5,
        "bic": 18314.6,
        "sabic": 18276.5,
        "fit": fit or whole(),
        "alpha": 0.71,
        "alpha_lower": 0.66,
        "alpha_upper": 0.75,
        "marginal_reliability": 0.69,
        "empirical_reliability": 0.70,
        "provenance": provenance(),
        "warnings": (),
    }
    return ModelFitReport(**(values | changes))


def item_row(k: int, **changes: Any) -> ItemFitRow:
    values = {
        "item_id": ITEM_IDS[k - 1],
        "item_name": ITEM_NAMES[k - 1],
        "n": 470.0,
        "s_x2": 3.1 * k,
        "df": 3.0,
        "rmsea": 0.012 * k,
        "p_value": 0.5,
        "p_adjusted": 0.8,
        "infit": 1.01,
        "outfit": 0.97,
        "z_infit": 0.2,
        "z_outfit": -0.4,
        "reason": "",
    }
    return ItemFitRow(**(values | changes))


def fit(*changed: ItemFitRow, **changes: Any) -> FitReport:
    """Six items, the last of which everybody got right."""
    everybody = item_row(6, n=NAN, s_x2=NAN, df=NAN, rmsea=NAN, p_value=NAN, p_adjusted=NAN, infit=NAN, outfit=NAN)
    rows = {row.item_id: row for row in (*(item_row(k) for k in range(1, 6)), everybody)}
    rows[everybody.item_id] = ItemFitRow(
        **{name: getattr(everybody, name) for name in ItemFitRow.__slots__}
        | {"z_infit": NAN, "z_outfit": NAN, "reason": "Everybody got it right."}
    )
    rows |= {row.item_id: row for row in changed}
    values = {"items": tuple(rows.values()), "method": "complete", "n_dropped": 10, "warnings": ()}
    return FitReport(**(values | {"provenance": provenance()} | changes))


def dimension(
    eigenvalues: Any = (2.9, 0.9, 0.8, 0.7, 0.4, 0.3), n_dimensions: int = 1, **changes: Any
) -> DimensionReport:
    found = {
        "eigenvalues": np.array(eigenvalues),
        "reference": np.linspace(1.3, 0.8, len(eigenvalues)),
        "n_dimensions": n_dimensions,
        "matrix": "tetrachoric",
        "n_persons": 480,
        "n_draws": 100,
        "reason": "",
    }
    pairs = (DependentPair("q1", "q2", 0.31, 470), DependentPair("q2", "q5", 0.08, 470))
    limit = Q3Limit(
        largest=0.34, limit_largest=0.19, limit_each=np.full((6, 6), 0.09), n_draws=100, mean=-0.03,
        limit_largest_99=0.22, n_persons=480,
    )  # fmt: skip
    return DimensionReport(Dimensionality(**(found | changes)), limit, pairs, provenance())


def group(k: int, observed: float | None = None, n: int = 800) -> Any:
    """One tenth of the chances, with what was right of it."""
    middle = k / 10 + 0.05
    seen = middle + 0.01 if observed is None else observed
    return CalibrationBin(
        lower=k / 10, upper=k / 10 + 0.1, n=n, predicted=middle, observed=seen,
        observed_lower=seen - 0.03, observed_upper=seen + 0.03,
    )  # fmt: skip


def prediction(*changed: Any) -> PredictionReport:
    """Three models over ten groups of answers; ``changed`` replace groups of the 2PL."""
    groups = {round(10 * one.lower): one for one in (*(group(k) for k in range(10)), *changed)}

    def row(model: str, log_loss: float) -> Any:
        calibration = tuple(groups.values())
        return PredictionRow(
            model=model, log_loss=log_loss, brier=log_loss / 3, accuracy=0.71, calibration=calibration,
            log_loss_se=0.004, difference=log_loss - 0.612, difference_se=0.003, reason="", brier_se=0.002,
        )  # fmt: skip

    rows = (row("share", 0.612), row("1PL", 0.561), row("2PL", 0.552))
    return PredictionReport(Prediction(rows, n_answers=8000, n_folds=10, n_persons=480), "2PL", provenance())


def precision(middle: float = 0.0, students: float = 0.0, n: int = 480, **changes: Any) -> PrecisionReport:
    """An exam of 36 items that is most precise at ``middle``; abilities of the students spread around ``students``."""
    theta = np.linspace(-4, 4, 121)
    information = 10 * np.exp(-0.5 * (theta - middle) ** 2)
    score = 36 / (1 + np.exp(-(theta - middle)))
    values = {
        "theta": theta,
        "information": information,
        "sem": information**-0.5,
        "expected_score": score,
        "score_lower": score - 1,
        "score_upper": score + 1,
        "share_below": 1 / (1 + np.exp(-1.7 * (theta - students))),
        "n_students": n,
        "n_items": 35,
        "max_score": 36,
        "provenance": provenance(),
        "warnings": (),
    }
    return PrecisionReport(**{**values, **changes})


def models(best_aic: str = "2PL", best_bic: str = "2PL", chosen: str = "2PL") -> ModelComparisonReport:
    rows = []
    for k, model in enumerate(("1PL", "2PL", "3PL")):
        rows.append(
            ModelRow(
                model=model, status="converged", log_likelihood=-9200.0 + 40 * k, n_parameters=7 + 5 * k,
                aic=18414.0 - 70 * k, bic=18440.0 - 50 * k, sabic=18420.0 - 60 * k,
                chi2=80.0 if k else NAN, df=5.0 if k else NAN, p_value=1e-9 if k else NAN,
                reason="" if k < 2 else "Not comparable: the prior of guessing.",
            )
        )  # fmt: skip
    return ModelComparisonReport(
        ModelComparison(
            rows=tuple(rows), best_aic=best_aic, best_bic=best_bic, n_persons=480.0, n_items=5, left_out=("q6",)
        ),
        chosen,
        provenance(),
    )


def dif(**changes: Any) -> DifReport:
    """Two groups of 240: item 2 strongly favours the reference group, item 5 changes with ability."""
    five = np.ones(5)
    values = {
        "reference": "girl",
        "focal": "boy",
        "item_ids": ITEM_IDS[:5],
        "n_reference": 240 * five,
        "n_focal": 236 * five,
        "chi2_mh": np.array([0.1, 14.2, 0.3, 1.1, 0.2]),
        "p_value_mh": np.array([0.75, 0.0002, 0.58, 0.29, 0.65]),
        "alpha_mh": np.array([1.0, 2.4, 1.1, 0.9, 1.1]),
        "delta_mh": np.array([0.05, -2.06, -0.2, 0.3, -0.1]),
        "delta_se": 0.4 * five,
        "ets_class": ("A", "C", "A", "A", ""),
        "chi2_logistic": np.array([0.5, 15.0, 0.4, 1.2, 16.1]),
        "p_value_logistic": np.array([0.78, 0.0005, 0.8, 0.55, 0.0003]),
        "p_value_uniform": np.array([0.7, 0.0002, 0.6, 0.3, 0.6]),
        "p_value_nonuniform": np.array([0.6, 0.4, 0.7, 0.8, 0.0001]),
        "p_adjusted": np.array([0.78, 0.001, 0.8, 0.7, 0.001]),
        "p_adjusted_mh": np.array([0.75, 0.001, 0.75, 0.7, 0.75]),
        "effect_class": ("A", "B", "A", "A", "B"),
        "share_difference": np.array([0.01, -0.14, -0.02, 0.03, 0.0]),
        "share_difference_se": 0.03 * five,
        "anchors": np.ones(5, dtype=bool),
        "matching": "total score",
        "chi2_uniform": np.array([0.1, 14.0, 0.3, 1.1, 0.3]),
        "chi2_nonuniform": np.array([0.3, 0.7, 0.1, 0.1, 15.2]),
        "effect": 0.01 * five,
        "reasons": ("",) * 5,
    }
    result = DifResult(**(values | changes))
    return DifReport("gender", result, ITEM_NAMES[:5], (("girl", 240), ("boy", 236)), provenance(), ())


def drift(**changes: Any) -> DriftReport:
    """Five shared items, of which the fourth became harder."""
    values = {
        "item_ids": ITEM_IDS[:5],
        "difficulty_base": np.array([-1.2, -0.5, 0.1, 0.4, 1.1]),
        "difficulty_new": np.array([-1.1, -0.6, 0.15, 1.3, 1.0]),
        "se": np.full(5, 0.15),
        "z": np.array([0.6, -0.6, 0.3, 6.0, -0.6]),
        "p_value": np.array([0.5, 0.5, 0.7, 1e-8, 0.5]),
        "p_adjusted": np.array([0.7, 0.7, 0.7, 5e-8, 0.7]),
        "n_base": np.full(5, 474.0),
        "n_new": np.full(5, 480.0),
        "discrimination_base": np.ones(5),
        "discrimination_new": np.full(5, 1.1),
        "discrimination_difference": np.full(5, 0.1),
        "discrimination_se": np.full(5, 0.2),
        "chi2": np.array([0.4, 0.4, 0.1, 36.0, 0.4]),
        "p_value_both": np.array([0.8, 0.8, 0.9, 1e-8, 0.8]),
        "anchors": np.array([True, True, True, False, False]),
        "reasons": ("",) * 5,
        "link": Link(
            slope=1.02, intercept=-0.13, slope_se=0.03, intercept_se=0.04, method="stocking-lord",
            anchor_ids=ITEM_IDS[:3], covariance=np.eye(2), left_out=(), by_new=np.zeros((2, 4, 3)),
            by_base=np.zeros((2, 4, 3)),
        ),
    }  # fmt: skip
    values |= {"difference": values["difficulty_new"] - values["difficulty_base"]}
    return DriftReport("Term 1", "Term 2", Drift(**(values | changes)), ITEM_NAMES[:5], provenance(), ())
