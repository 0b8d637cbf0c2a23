"""Is it any good: classical statistics, groups of students, reliability, fit."""

from irt.diagnostics.adjustment import benjamini_hochberg
from irt.diagnostics.classical import ClassicalStatistics, classical
from irt.diagnostics.dependence import q3
from irt.diagnostics.groups import GroupShare, OptionShare, OptionShares, observed_groups, option_shares
from irt.diagnostics.intervals import fisher_z, wilson
from irt.diagnostics.reliability import empirical_reliability, marginal_reliability

__all__ = [
    "ClassicalStatistics",
    "GroupShare",
    "OptionShare",
    "OptionShares",
    "benjamini_hochberg",
    "classical",
    "empirical_reliability",
    "fisher_z",
    "marginal_reliability",
    "observed_groups",
    "option_shares",
    "q3",
    "wilson",
]
