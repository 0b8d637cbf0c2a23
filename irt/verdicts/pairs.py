"""Do two items go together more than ability explains?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from irt.calibration import Calibration, CalibrationOptions, calibrate
from irt.diagnostics.dependence import q3
from irt.diagnostics.intervals import family_z
from irt.items import Floats
from irt.scoring import AbilityEstimates, estimate_abilities
from irt.verdicts.evidence import Evidence, Findings, too_few
from irt.verdicts.verdict import Finding, FindingCode, Level

#: Error rate of the search over all pairs of an exam: each false alarm takes two items.
PAIR_ERROR = 0.01


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of items, each array of shape (n_pairs,).

    Parameters
    ----------
    first, second : ndarray of int
        Positions of the two items.
    excess : ndarray
        Q3 above its mean over the pairs that are not rare.
    n : ndarray
        Persons who answered both.
    rare : ndarray of bool
        One of the two has so few right or so few wrong answers that chance runs high.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    excess: Floats
    n: Floats
    rare: NDArray[np.bool_]


def check_pairs(evidence: Evidence) -> Findings:
    """Pairs whose Q3 is surely more than the limit above the mean, and above it after Bonferroni over all pairs.

    The items of a pair that passes the first test only, or of one with rare answers that passes both, have too few
    answers to tell. No pair is judged before one of its items has enough answers to be said to work well.
    """
    model = _slope_of_each(evidence)
    if model is None:
        return
    pairs, limits = _pairs(evidence, *model), evidence.limits
    z_needed = family_z(int((~pairs.rare).sum()), PAIR_ERROR)
    root = np.sqrt(np.maximum(pairs.n - 3, 0))
    z = np.arctanh(np.clip(pairs.excess, -0.999, 0.999)) * root
    beyond = z - np.arctanh(limits.dependence) * root > float(ndtri(0.95))
    answers = np.maximum(evidence.statistics.n[pairs.first], evidence.statistics.n[pairs.second])
    told = beyond & (answers >= limits.enough) & (pairs.n >= limits.fewest)
    significant = z > z_needed
    found = told & significant & ~pairs.rare
    ordered = np.argsort(-pairs.excess)
    for i in ordered[found[ordered]]:
        for one, other in ((pairs.first[i], pairs.second[i]), (pairs.second[i], pairs.first[i])):
            yield int(one), _dependent(evidence, pairs, i, other)
    for i in np.flatnonzero(told & ~found & (significant | ~pairs.rare)):
        needed = 2 * pairs.n[i] if pairs.rare[i] else 3 + (z_needed / np.arctanh(pairs.excess[i])) ** 2
        for one in (pairs.first[i], pairs.second[i]):
            yield int(one), too_few(pairs.n[i], needed, FindingCode.DEPENDENT)


def _pairs(evidence: Evidence, calibration: Calibration, abilities: AbilityEstimates) -> Pairs:
    """The pairs that have a Q3."""
    values, n = q3(evidence.prepared.matrix, calibration, abilities)
    first, second = np.triu_indices(evidence.n_items, 1)
    known = ~np.isnan(values[first, second])
    first, second = first[known], second[known]
    share = evidence.statistics.proportion_correct
    few = evidence.statistics.n * np.minimum(share, 1 - share) < evidence.limits.fewest_each_of_pair
    rare, found = few[first] | few[second], values[first, second]
    usual = float(found[~rare].mean()) if not rare.all() else 0.0
    return Pairs(first, second, found - usual, n[first, second], rare)


def _dependent(evidence: Evidence, pairs: Pairs, i: np.intp, other: np.intp) -> Finding:
    """What an item of the pair is told of the other."""
    facts: dict[str, str | int | float] = {
        "n": int(pairs.n[i]),
        "other_id": evidence.prepared.items.item_ids[other],
        "other_name": evidence.prepared.items.names[other],
        "q3": float(pairs.excess[i]),
    }
    return Finding(FindingCode.DEPENDENT, Level.LOOK_AGAIN, facts)


def _slope_of_each(evidence: Evidence) -> tuple[Calibration, AbilityEstimates] | None:
    """A 2PL of all items that vary, and the abilities under it; None for fewer than three items, or few answers.

    Under a common slope (1PL), residuals of steep items go together without being dependent; and an item that repeats
    another is left out of a calibration without a prior. The exam is then calibrated once more, with a prior.
    """
    statistics, calibration = evidence.statistics, evidence.calibration
    n_varying = int(((statistics.proportion_correct > 0) & (statistics.proportion_correct < 1)).sum())
    if n_varying < 3 or not (statistics.n >= evidence.limits.enough).any():
        return None
    fits = calibration is not None and calibration.model == "2PL" and len(calibration.items) >= n_varying
    if fits and calibration is not None and evidence.abilities is not None:
        return calibration, evidence.abilities
    matrix = evidence.prepared.matrix
    calibration = calibrate(matrix, options=CalibrationOptions(model="2PL", prior="weak"))
    return calibration, estimate_abilities(matrix, calibration)
