"""Do two items go together more than ability explains?"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from irt.diagnostics.dependence import q3
from irt.diagnostics.evidence import Evidence, Findings, too_few
from irt.diagnostics.intervals import family_z
from irt.diagnostics.verdict import Finding, FindingCode, Level

#: Error rate of the search over all pairs of an exam: each false alarm takes two items.
PAIR_ERROR = 0.01


def check_pairs(evidence: Evidence) -> Findings:
    """Pairs whose Q3 is surely more than the limit above the mean, and above it after Bonferroni over all pairs.

    The items of a pair that passes the first test only have too few answers to tell. Under a common slope (1PL),
    residuals of steep items go together without being dependent: nothing is said there.
    """
    calibration, abilities = evidence.calibration, evidence.abilities
    if calibration is None or abilities is None or calibration.model != "2PL" or len(calibration.items) < 3:
        return
    limits = evidence.limits
    values, n = q3(evidence.prepared.matrix, calibration, abilities)
    share = evidence.statistics.proportion_correct
    rare = evidence.statistics.n * np.minimum(share, 1 - share) < limits.fewest_each_of_pair
    values[rare], values[:, rare] = np.nan, np.nan
    upper = np.triu_indices(evidence.n_items, 1)
    known = upper[0][~np.isnan(values[upper])], upper[1][~np.isnan(values[upper])]
    if not len(known[0]):
        return
    excess, count = values[known] - values[known].mean(), n[known]
    z = np.arctanh(np.clip(excess, -0.999, 0.999)) * np.sqrt(np.maximum(count - 3, 0))
    beyond = z - np.arctanh(limits.dependence) * np.sqrt(np.maximum(count - 3, 0)) > float(ndtri(0.95))
    significant = z > family_z(len(excess), PAIR_ERROR)
    ordered = np.argsort(-excess)
    for i in ordered[(beyond & significant & (count >= limits.enough))[ordered]]:
        for j, other in ((known[0][i], known[1][i]), (known[1][i], known[0][i])):
            facts: dict[str, str | int | float] = {
                "n": int(count[i]),
                "other_id": evidence.prepared.items.item_ids[other],
                "other_name": evidence.prepared.items.names[other],
                "q3": float(excess[i]),
            }
            yield int(j), Finding(FindingCode.DEPENDENT, Level.LOOK_AGAIN, facts)
    for i in np.flatnonzero(beyond & ~significant & (count >= limits.enough)):
        needed = 3 + (family_z(len(excess), PAIR_ERROR) / np.arctanh(excess[i])) ** 2
        for j in (known[0][i], known[1][i]):
            yield int(j), too_few(count[i], needed, FindingCode.DEPENDENT)
