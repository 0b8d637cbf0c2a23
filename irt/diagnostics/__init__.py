"""Is it any good? What the answers say of items, of persons and of the model.

==============================  =====================================================================================
without a model                 ``classical`` (share correct, item-rest correlation, alpha), ``groups`` (by ability;
                                wrong options), ``tetrachoric``
items and persons               ``item_fit`` (S-X2, from ``given_score``), ``mean_squares`` (infit, outfit),
                                ``person_fit`` (l_z), all but the first from ``residuals``; ``reliability``
the model as a whole            ``model_fit`` (M2, from ``limited_information`` on ``margins`` beside their
                                ``tangent`` space), ``model_comparison``; both tests count ``free_parameters``
one thing or several            ``dependence`` (Q3 with its limits), ``dimensionality`` (parallel analysis), both
                                beside ``draws`` of what chance does
does it predict                 ``prediction`` (cross-validation), ``held_out`` (its scores)
for all                         ``intervals``, ``adjustment`` (of many p-values)
==============================  =====================================================================================
"""

from irt.diagnostics.adjustment import benjamini_hochberg
from irt.diagnostics.classical import ClassicalStatistics, classical
from irt.diagnostics.dependence import Q3Limit, q3, q3_limit
from irt.diagnostics.dimensionality import Dimensionality, dimensionality
from irt.diagnostics.groups import GroupShare, OptionShare, OptionShares, observed_groups, option_shares
from irt.diagnostics.held_out import CalibrationBin, PredictionRow
from irt.diagnostics.intervals import fisher_z, wilson
from irt.diagnostics.item_fit import ItemFit, s_x2
from irt.diagnostics.mean_squares import MeanSquares, item_mean_squares, person_mean_squares
from irt.diagnostics.model_comparison import ModelComparison, ModelRow, compare_models
from irt.diagnostics.model_fit import ModelFit, model_fit
from irt.diagnostics.person_fit import PersonFit, person_fit
from irt.diagnostics.prediction import Prediction, cross_validate
from irt.diagnostics.reliability import empirical_reliability, marginal_reliability
from irt.diagnostics.tetrachoric import Tetrachoric, tetrachoric

__all__ = [
    "CalibrationBin",
    "ClassicalStatistics",
    "Dimensionality",
    "GroupShare",
    "ItemFit",
    "MeanSquares",
    "ModelComparison",
    "ModelFit",
    "ModelRow",
    "OptionShare",
    "OptionShares",
    "PersonFit",
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
    "item_mean_squares",
    "marginal_reliability",
    "model_fit",
    "observed_groups",
    "option_shares",
    "person_fit",
    "person_mean_squares",
    "q3",
    "q3_limit",
    "s_x2",
    "tetrachoric",
    "wilson",
]
