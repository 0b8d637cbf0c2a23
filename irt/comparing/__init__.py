"""Groups of students, exams and scales beside each other."""

from irt.comparing.linkage import linked_sets
from irt.comparing.logistic import LogisticDif, logistic_dif
from irt.comparing.odds import MantelHaenszel, mantel_haenszel, purified
from irt.comparing.standardised import ShareDifference, share_difference
from irt.comparing.strata import Strata, matched
from irt.comparing.two_groups import DifResult, dif

__all__ = [
    "DifResult",
    "LogisticDif",
    "MantelHaenszel",
    "ShareDifference",
    "Strata",
    "dif",
    "linked_sets",
    "logistic_dif",
    "mantel_haenszel",
    "matched",
    "purified",
    "share_difference",
]
