"""Groups of students, exams and scales beside each other."""

from irt.comparing.connection import Connection, Tie, check_connected, connection
from irt.comparing.drifting import Drift, drift
from irt.comparing.fixed_anchors import calibrate_on
from irt.comparing.linked_items import linked_sets
from irt.comparing.linking import METHODS, Link, link, transform
from irt.comparing.logistic import LogisticDif, logistic_dif
from irt.comparing.odds import MantelHaenszel, mantel_haenszel, purified
from irt.comparing.standardisation import ShareDifference, share_difference
from irt.comparing.strata import Strata, matched
from irt.comparing.two_groups import DifResult, dif

__all__ = [
    "METHODS",
    "Connection",
    "DifResult",
    "Drift",
    "Link",
    "LogisticDif",
    "MantelHaenszel",
    "ShareDifference",
    "Strata",
    "Tie",
    "calibrate_on",
    "check_connected",
    "connection",
    "dif",
    "drift",
    "link",
    "linked_sets",
    "logistic_dif",
    "mantel_haenszel",
    "matched",
    "purified",
    "share_difference",
    "transform",
]
