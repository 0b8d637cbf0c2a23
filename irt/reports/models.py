"""Which model describes the exam, and which predicts answers that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass

from irt.analysis import Analysis
from irt.diagnostics import ModelComparison, Prediction, compare_models, cross_validate
from irt.reports.provenance import Provenance


@dataclass(frozen=True, slots=True)
class ModelComparisonReport:
    """Models beside each other. ``chosen`` is the model that the number of answers chooses, "none" without one."""

    comparison: ModelComparison
    chosen: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class PredictionReport:
    """How well each model predicts answers held back from it: does 70 % mean 70 %?

    The chances are made as everywhere here: the curve at the estimated ability. ``in_use`` names the row of the model
    behind the reports, "none" without one. ``n_students`` is everybody (0: not said); of many, those that
    ``prediction`` counts were drawn at random.
    """

    prediction: Prediction
    in_use: str
    provenance: Provenance
    n_students: int = 0


def model_comparison_report(analysis: Analysis, provenance: Provenance) -> ModelComparisonReport:
    """The 1PL, 2PL and 3PL of one exam."""
    chosen = "none" if analysis.calibration is None else analysis.calibration.model
    return ModelComparisonReport(compare_models(analysis.prepared.matrix), chosen, provenance)


def prediction_report(analysis: Analysis, provenance: Provenance) -> PredictionReport:
    """Chances by each model, that in use among them, beside held-out answers."""
    in_use = "none"
    if analysis.calibration is not None:
        options = analysis.calibration.options
        in_use = " ".join(filter(None, (options.model, options.prior)))
    models = dict.fromkeys(("share", "1PL", "2PL", *(() if in_use == "none" else (in_use,))))
    matrix = analysis.prepared.matrix
    found = cross_validate(matrix, models=tuple(models), kind="estimate")
    return PredictionReport(found, in_use, provenance, matrix.n_persons)
