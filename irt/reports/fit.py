"""Does the model fit: item by item, and as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from irt.analysis import Analysis
from irt.diagnostics import (
    ModelFit,
    benjamini_hochberg,
    empirical_reliability,
    item_mean_squares,
    marginal_reliability,
    model_fit,
    s_x2,
)
from irt.reports.provenance import Provenance

#: Limits past which the misfit of a model is said (Browne & Cudeck 1993; Maydeu-Olivares 2014).
LARGE_RMSEA, LARGE_SRMSR = 0.08, 0.08


@dataclass(frozen=True, slots=True)
class ItemFitRow:
    """How well the curve of one item agrees with the answers.

    ``s_x2``, ``df``, ``p_value``, ``rmsea``: Orlando and Thissen's test of the curve, over ``n`` students;
    ``p_adjusted`` after Benjamini and Hochberg over the items. ``infit``, ``outfit``: mean squares, 1 where the answers
    vary as the model says, with their standardised forms. nan with a ``reason`` where a statistic cannot be had.
    """

    item_id: str
    item_name: str
    n: float
    s_x2: float
    df: float
    rmsea: float
    p_value: float
    p_adjusted: float
    infit: float
    outfit: float
    z_infit: float
    z_outfit: float
    reason: str


@dataclass(frozen=True, slots=True)
class FitReport:
    """The fit of every item.

    ``method`` says what S-X2 was computed on: ``complete`` answers, or answers ``missing by design``. ``n_dropped``:
    students whose answers could not enter it.
    """

    items: tuple[ItemFitRow, ...]
    method: str
    n_dropped: int
    provenance: Provenance
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelFitReport:
    """The fit of the model as a whole, and how reliable scores and abilities are.

    ``fit`` holds M2 with its indices; ``alpha`` is Cronbach's, of the number right, with its 95 % limits.
    """

    model: str
    status: str
    n_persons: int
    n_items: int
    n_parameters: int
    log_likelihood: float
    aic: float
    bic: float
    sabic: float
    fit: ModelFit
    alpha: float
    alpha_lower: float
    alpha_upper: float
    marginal_reliability: float
    empirical_reliability: float
    provenance: Provenance
    warnings: tuple[str, ...]


def fit_report(analysis: Analysis, provenance: Provenance) -> FitReport:
    """Which items does the model not describe? Raises TooFewAnswersError without a calibration."""
    calibration, matrix = analysis.fitted(), analysis.prepared.matrix
    found = s_x2(matrix, calibration)
    squares = item_mean_squares(matrix, calibration, analysis.scored())
    adjusted = benjamini_hochberg(found.p_value)
    names = analysis.prepared.items.names
    rows = tuple(
        ItemFitRow(
            item_id=item_id,
            item_name=names[j],
            n=float(found.n[j]),
            s_x2=float(found.s_x2[j]),
            df=float(found.df[j]),
            rmsea=float(found.rmsea[j]),
            p_value=float(found.p_value[j]),
            p_adjusted=float(adjusted[j]),
            infit=float(squares.infit[j]),
            outfit=float(squares.outfit[j]),
            z_infit=float(squares.z_infit[j]),
            z_outfit=float(squares.z_outfit[j]),
            reason=found.reasons[j],
        )
        for j, item_id in enumerate(matrix.item_ids)
    )
    largest = np.nanmax(found.n, initial=0.0)
    n_everybody = matrix.n_persons if matrix.weights is None else float(matrix.weights.sum())
    n_dropped = round(n_everybody - float(largest))
    return FitReport(rows, found.method, n_dropped, provenance, (*analysis.warnings(), *_misfit_of_items(rows)))


def model_fit_report(analysis: Analysis, provenance: Provenance) -> ModelFitReport:
    """Does the model describe this exam? Raises TooFewAnswersError without a calibration."""
    calibration, statistics = analysis.fitted(), analysis.statistics
    fit = model_fit(analysis.prepared.matrix, calibration)
    return ModelFitReport(
        model=calibration.model,
        status=calibration.status.code,
        n_persons=calibration.n_persons,
        n_items=len(calibration.items),
        n_parameters=calibration.n_parameters,
        log_likelihood=calibration.log_likelihood,
        aic=calibration.aic,
        bic=calibration.bic,
        sabic=calibration.sabic,
        fit=fit,
        alpha=statistics.alpha,
        alpha_lower=statistics.alpha_lower,
        alpha_upper=statistics.alpha_upper,
        marginal_reliability=marginal_reliability(calibration),
        empirical_reliability=empirical_reliability(analysis.scored()),
        provenance=provenance,
        warnings=(*analysis.warnings(), *misfit(fit, calibration.model)),
    )


def _misfit_of_items(rows: tuple[ItemFitRow, ...]) -> tuple[str, ...]:
    """The items that the model surely does not describe, and what to do about them."""
    poor = [row for row in rows if row.p_adjusted < 0.05]
    tested = sum(np.isfinite(row.p_value) for row in rows)
    if not poor:
        return ()
    shown = ", ".join(row.item_name for row in poor[:5]) + (", ..." if len(poor) > 5 else "")
    n = int(max(row.n for row in poor))
    return (
        f"The model does not describe {len(poor)} of {tested} items ({shown}; {n:,} students, p < 0.05 after "
        "Benjamini-Hochberg): look at their curves, and read their chances with care.",
    )


def misfit(fit: ModelFit, model: str) -> tuple[str, ...]:
    """The misfit of the whole model, where it is surely large."""
    if fit.reason:
        return (fit.reason,)
    if not (fit.rmsea_lower > LARGE_RMSEA or (fit.srmsr > LARGE_SRMSR and fit.p_value < 0.05)):
        return ()
    return (
        f"The {model} describes this exam poorly (RMSEA {fit.rmsea:.3f}, SRMSR {fit.srmsr:.3f}, {fit.n_persons:,} "
        "students): compare the models, and look for items that depend on each other or measure something else.",
    )
