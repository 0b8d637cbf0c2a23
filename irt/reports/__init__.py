"""What the service answers: frozen reports, and the pure functions that make them from an analysis.

Numbers are at full precision; nan means "cannot be had" and is shown as a dash with a reason, never as 0.
Intervals are 95 %.
"""

from irt.analysis import Sample
from irt.diagnostics import OptionShare
from irt.reports.chances import Chances
from irt.reports.class_map import ClassMap, class_map
from irt.reports.comparing import DifReport, DriftReport, Groups, dif_report, drift_report
from irt.reports.counts import CountsReport, ItemCount, OptionCount, ScoreCount, counts_report
from irt.reports.curve import ItemCurve, ObservedGroup, item_curve
from irt.reports.exam import DataHealth, ExamReport, ScoreSummary, exam_report, score_summary
from irt.reports.fit import FitReport, ItemFitRow, ModelFitReport, fit_report, model_fit_report
from irt.reports.item import ItemReport, item_reports
from irt.reports.models import ModelComparisonReport, PredictionReport, model_comparison_report, prediction_report
from irt.reports.policies import PolicyComparison, VerdictChange, policy_comparison
from irt.reports.precision import PrecisionReport, precision_report
from irt.reports.provenance import Provenance
from irt.reports.scale import THETA_GRID, exam_score, in_class, items_given
from irt.reports.score_table import ScoreTableReport, score_table_report
from irt.reports.structure import DependentPair, DimensionReport, dimension_report
from irt.reports.student import (
    SURPRISE,
    ItemChance,
    StudentList,
    StudentReport,
    Students,
    StudentSummary,
    chances_of,
    is_surprise,
    student_list,
    student_report,
    student_summaries,
)

__all__ = [
    "SURPRISE",
    "THETA_GRID",
    "Chances",
    "ClassMap",
    "CountsReport",
    "DataHealth",
    "DependentPair",
    "DifReport",
    "DimensionReport",
    "DriftReport",
    "ExamReport",
    "FitReport",
    "Groups",
    "ItemChance",
    "ItemCount",
    "ItemCurve",
    "ItemFitRow",
    "ItemReport",
    "ModelComparisonReport",
    "ModelFitReport",
    "ObservedGroup",
    "OptionCount",
    "OptionShare",
    "PolicyComparison",
    "PrecisionReport",
    "PredictionReport",
    "Provenance",
    "Sample",
    "ScoreCount",
    "ScoreSummary",
    "ScoreTableReport",
    "StudentList",
    "StudentReport",
    "StudentSummary",
    "Students",
    "VerdictChange",
    "chances_of",
    "class_map",
    "counts_report",
    "dif_report",
    "dimension_report",
    "drift_report",
    "exam_report",
    "exam_score",
    "fit_report",
    "in_class",
    "is_surprise",
    "item_curve",
    "item_reports",
    "items_given",
    "model_comparison_report",
    "model_fit_report",
    "policy_comparison",
    "precision_report",
    "prediction_report",
    "score_summary",
    "score_table_report",
    "student_list",
    "student_report",
    "student_summaries",
]
