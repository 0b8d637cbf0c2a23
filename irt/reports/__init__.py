"""What the service answers: frozen reports, and the pure functions that make them from an analysis."""

from irt.reports.exam import exam_report, item_reports, score_summary
from irt.reports.item import item_curve
from irt.reports.nouns import (
    ClassMap,
    DataHealth,
    ExamReport,
    ItemChance,
    ItemCurve,
    ItemReport,
    ObservedGroup,
    OptionShare,
    PolicyComparison,
    Provenance,
    ScoreSummary,
    StudentList,
    StudentReport,
    StudentSummary,
    VerdictChange,
)
from irt.reports.scale import THETA_GRID, exam_score, in_class
from irt.reports.student import SURPRISE, class_map, is_surprise, student_list, student_report, student_summaries

__all__ = [
    "SURPRISE",
    "THETA_GRID",
    "ClassMap",
    "DataHealth",
    "ExamReport",
    "ItemChance",
    "ItemCurve",
    "ItemReport",
    "ObservedGroup",
    "OptionShare",
    "PolicyComparison",
    "Provenance",
    "ScoreSummary",
    "StudentList",
    "StudentReport",
    "StudentSummary",
    "VerdictChange",
    "class_map",
    "exam_report",
    "exam_score",
    "in_class",
    "is_surprise",
    "item_curve",
    "item_reports",
    "score_summary",
    "student_list",
    "student_report",
    "student_summaries",
]
