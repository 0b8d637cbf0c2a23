"""Does an item favour one of two groups of equally able students?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from irt.comparing import MantelHaenszel, purified
from irt.diagnostics.adjustment import benjamini_hochberg
from irt.verdicts.evidence import Evidence, Findings, too_few
from irt.verdicts.verdict import Finding, FindingCode, Level

#: Groups that are compared with the largest one, at most, by property.
MOST_FOCAL_GROUPS = 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """The largest group of a property (the reference) against another (the focal group)."""

    name: str
    reference: str
    focal: str
    result: MantelHaenszel


def comparisons(evidence: Evidence) -> Iterator[Comparison]:
    """The groups of each property that are large enough, compared with the largest."""
    limits = evidence.limits

    def large(result: MantelHaenszel) -> NDArray[np.bool_]:
        return result.surely_large(limits.delta, limits.delta_above) & (result.p_adjusted < limits.false_discovery)

    for name, column in evidence.prepared.persons.properties.items():
        sizes = Counter(value for value in column if value is not None)
        sizeable = [value for value, n in sizes.most_common() if n >= evidence.minimum_group]
        values = np.array(column, dtype=object)
        for focal in sizeable[1 : MOST_FOCAL_GROUPS + 1]:
            is_focal = values == focal
            result = purified(evidence.prepared.matrix, is_focal, is_focal | (values == sizeable[0]), large)
            yield Comparison(name, sizeable[0], focal, result)


def check_fairness(evidence: Evidence) -> Findings:
    """Items with a surely large difference (ETS class C), after Benjamini and Hochberg over all comparisons made."""
    made = list(comparisons(evidence))
    if not made:
        return
    limits = evidence.limits
    adjusted = benjamini_hochberg(np.concatenate([one.result.p_value for one in made])).reshape(len(made), -1)
    for one, p_adjusted in zip(made, adjusted, strict=True):
        result = one.result
        sure = result.surely_large(limits.delta, limits.delta_above) & (p_adjusted < limits.false_discovery)
        open_ = (np.abs(result.delta) >= limits.delta) & (result.p_value < limits.false_discovery) & ~sure
        for j in np.flatnonzero(sure & (evidence.statistics.n >= limits.fewest)):
            yield int(j), Finding(FindingCode.FAVOURS_GROUP, Level.LOOK_AGAIN, _facts(one, int(j)))
        for j in np.flatnonzero(open_):
            yield (
                int(j),
                too_few(evidence.statistics.n[j], _needed(evidence, result, int(j)), FindingCode.FAVOURS_GROUP),
            )


def _facts(one: Comparison, j: int) -> dict[str, str | int | float]:
    """Who is favoured, and how many students that rests on."""
    result = one.result
    to_reference = bool(result.delta[j] < 0)
    n_reference, n_focal = int(result.n_reference[j]), int(result.n_focal[j])
    return {
        "n": n_reference + n_focal,
        "property": one.name,
        "favoured": one.reference if to_reference else one.focal,
        "other": one.focal if to_reference else one.reference,
        "n_favoured": n_reference if to_reference else n_focal,
        "n_other": n_focal if to_reference else n_reference,
        "delta": float(result.delta[j]),
    }


def _needed(evidence: Evidence, result: MantelHaenszel, j: int) -> float:
    """Answers at which a difference of this size would be sure; twice as many as there are where it is infinite."""
    if not np.isfinite(result.delta_se[j]):
        return float(2 * evidence.statistics.n[j])
    margin = max(abs(result.delta[j]) - evidence.limits.delta_above, 0.1)
    return float(evidence.statistics.n[j] * (float(ndtri(0.95)) * result.delta_se[j] / margin) ** 2)
