"""Is it any good: classical statistics, fit, and the verdict on each item."""

from irt.diagnostics.classical import ClassicalStatistics, classical
from irt.diagnostics.intervals import fisher_z, wilson
from irt.diagnostics.verdict import Finding, FindingCode, Level, Verdict

__all__ = [
    "ClassicalStatistics",
    "Finding",
    "FindingCode",
    "Level",
    "Verdict",
    "classical",
    "fisher_z",
    "wilson",
]
