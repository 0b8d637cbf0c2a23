"""Is it any good: classical statistics, fit, and the verdict on each item."""

from irt.diagnostics.classical import ClassicalStatistics, classical
from irt.diagnostics.dependence import q3
from irt.diagnostics.dif import MantelHaenszel, benjamini_hochberg, mantel_haenszel, purified
from irt.diagnostics.groups import GroupShare, OptionShare, OptionShares, observed_groups, option_shares
from irt.diagnostics.intervals import fisher_z, wilson
from irt.diagnostics.judge import FACTS, judge_items
from irt.diagnostics.limits import VerdictLimits
from irt.diagnostics.linkage import linked_sets
from irt.diagnostics.reliability import empirical_reliability, marginal_reliability
from irt.diagnostics.verdict import Finding, FindingCode, Level, Verdict

__all__ = [
    "FACTS",
    "ClassicalStatistics",
    "Finding",
    "FindingCode",
    "GroupShare",
    "Level",
    "MantelHaenszel",
    "OptionShare",
    "OptionShares",
    "Verdict",
    "VerdictLimits",
    "benjamini_hochberg",
    "classical",
    "empirical_reliability",
    "fisher_z",
    "judge_items",
    "linked_sets",
    "mantel_haenszel",
    "marginal_reliability",
    "observed_groups",
    "option_shares",
    "purified",
    "q3",
    "wilson",
]
