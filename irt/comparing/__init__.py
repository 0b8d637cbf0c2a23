"""Groups of students, exams and scales beside each other.

==============================  =====================================================================================
two groups                      ``two_groups`` (every statistic of DIF), from ``strata`` (persons matched on the
                                score): ``odds`` (Mantel-Haenszel, purification), ``logistic``, ``standardisation``
two scales                      ``linking``, over ``anchors``, by ``linking_constants`` (means and spreads) or
                                ``curve_matching`` (Stocking-Lord, Haebara); ``fixed_anchors``; ``drifting``
one scale for several exams     ``connection`` (of exams), ``linked_items`` (of items, by students who answered both)
==============================  =====================================================================================
"""

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
