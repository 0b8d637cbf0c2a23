"""Item response theory for exams: calibrate items, estimate abilities, predict answers."""

__version__ = "0.1.0"

from irt.calibration import (
    Calibration,
    CalibrationOptions,
    Excluded,
    FitStatus,
    Population,
    StandardErrors,
    calibrate,
    default_options,
)
from irt.errors import FitError, IrtError, ResponsesError, TooFewAnswersError
from irt.functions import expected_score, irf, item_information, sem, test_information
from irt.items import ItemParameters
from irt.responses.matrix import MISSING, ResponseMatrix
from irt.scoring import (
    AbilityEstimates,
    CurveBand,
    Probabilities,
    ScoreBand,
    ScoreTable,
    curve_band,
    difficulty_interval,
    estimate_abilities,
    expected_score_band,
    probabilities,
    score_distribution,
    score_range,
    score_table,
    theta_at_score,
)

__all__ = [
    "MISSING",
    "AbilityEstimates",
    "Calibration",
    "CalibrationOptions",
    "CurveBand",
    "Excluded",
    "FitError",
    "FitStatus",
    "IrtError",
    "ItemParameters",
    "Population",
    "Probabilities",
    "ResponseMatrix",
    "ResponsesError",
    "ScoreBand",
    "ScoreTable",
    "StandardErrors",
    "TooFewAnswersError",
    "__version__",
    "calibrate",
    "curve_band",
    "default_options",
    "difficulty_interval",
    "estimate_abilities",
    "expected_score",
    "expected_score_band",
    "irf",
    "item_information",
    "probabilities",
    "score_distribution",
    "score_range",
    "score_table",
    "sem",
    "test_information",
    "theta_at_score",
]
