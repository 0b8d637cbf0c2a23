"""Is it any good: classical statistics, groups of students, reliability, fit."""

from irt.diagnostics.adjustment import benjamini_hochberg
from irt.diagnostics.classical import ClassicalStatistics, classical
from irt.diagnostics.dependence import Q3Limit, q3, q3_limit
from irt.diagnostics.dimensionality import Dimensionality, dimensionality
from irt.diagnostics.groups import GroupShare, OptionShare, OptionShares, observed_groups, option_shares
from irt.diagnostics.held_out import CalibrationBin, PredictionRow
from irt.diagnostics.intervals import fisher_z, wilson
from irt.diagnostics.model_comparison import ModelComparison, ModelRow, compare_models
from irt.diagnostics.prediction import Prediction, cross_validate
from irt.diagnostics.reliability import empirical_reliability, marginal_reliability
from irt.diagnostics.tetrachoric import Tetrachoric, tetrachoric

__all__ = [
    "CalibrationBin",
    "ClassicalStatistics",
    "Dimensionality",
    "GroupShare",
    "ModelComparison",
    "ModelRow",
    "OptionShare",
    "OptionShares",
    "Prediction",
    "PredictionRow",
    "Q3Limit",
    "Tetrachoric",
    "benjamini_hochberg",
    "classical",
    "compare_models",
    "cross_validate",
    "dimensionality",
    "empirical_reliability",
    "fisher_z",
    "marginal_reliability",
    "observed_groups",
    "option_shares",
    "q3",
    "q3_limit",
    "tetrachoric",
    "wilson",
]
