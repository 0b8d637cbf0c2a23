"""The verdict on each item: what the answers say, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from irt.calibration import Calibration
from irt.diagnostics.classical import ClassicalStatistics
from irt.responses import PreparedResponses
from irt.scoring import AbilityEstimates
from irt.verdicts.choices import check_rivals, gather_choices
from irt.verdicts.difficulty import check_difficulty, check_reached, check_target
from irt.verdicts.evidence import Evidence
from irt.verdicts.fairness import check_fairness
from irt.verdicts.limits import VerdictLimits
from irt.verdicts.pairs import check_pairs
from irt.verdicts.separation import check_enough, check_separation
from irt.verdicts.verdict import Finding, FindingCode, Level, Verdict

_SEPARATION = ("n", "percent", "item_rest_r", "lower", "upper")
_STRONGEST = ("n_options", "key_option", "key_percent", "rival_option", "rival_percent")

#: The facts that a finding carries, by its code. Percent is 0 to 100; ``key_percent`` and ``rival_percent`` are shares
#: of the strongest fifth of the students; options are "" (and their percent nan) where none were recorded, or where
#: that fifth is smaller than the smallest group that may be shown.
FACTS: Mapping[FindingCode, tuple[str, ...]] = {
    FindingCode.REVERSED: (*_SEPARATION, "key_option", "suggested_option"),
    FindingCode.NOBODY_RIGHT: ("n", *_STRONGEST),
    FindingCode.FAVOURS_GROUP: ("n", "property", "favoured", "other", "n_favoured", "n_other", "delta"),
    FindingCode.GUESSED: (*_SEPARATION, *_STRONGEST),
    FindingCode.FLAT: (*_SEPARATION, *_STRONGEST),
    FindingCode.DEPENDENT: ("n", "other_id", "other_name", "q3"),
    FindingCode.RIVAL_OPTION: ("n", *_STRONGEST),
    FindingCode.WEAK: _SEPARATION,
    FindingCode.STEEP: ("n", "discrimination", "lower"),
    FindingCode.NOT_REACHED: ("n", "n_not_reached", "percent"),
    FindingCode.EVERYBODY_RIGHT: ("n",),
    FindingCode.VERY_EASY: ("n", "percent"),
    FindingCode.HARD: ("n", "percent", "tells_apart"),
    FindingCode.OFF_TARGET: ("n", "difficulty", "direction"),
    FindingCode.TOO_FEW: ("n", "needed", "about", "so_far"),
}


def judge_items(
    prepared: PreparedResponses,
    statistics: ClassicalStatistics,
    calibration: Calibration | None,
    abilities: AbilityEstimates | None,
    minimum_group: int = 10,
    limits: VerdictLimits | None = None,
) -> tuple[Verdict, ...]:
    """A verdict on each item of the matrix, in its order.

    A finding speaks when a 95 % interval is beyond the limit, and, where many items or pairs are searched for the
    few that stand out, when it holds for the search as a whole. Where an estimate is beyond a limit and its interval
    is not (for groups and pairs: where it would be significant if it were the only one), or there are few answers, the
    verdict is that there are too few to tell.

    Parameters
    ----------
    prepared : PreparedResponses
    statistics : ClassicalStatistics
        Of ``prepared.matrix``.
    calibration : Calibration, optional
        None: slopes and targeting are not judged.
    abilities : AbilityEstimates, optional
        Of the persons of the matrix under this calibration.
    minimum_group : int
        Smallest group of students that is compared with another.
    limits : VerdictLimits, optional
        Default: the usual rules of thumb.
    """
    evidence = Evidence(prepared, statistics, calibration, abilities, minimum_group, limits or VerdictLimits())
    choices = gather_choices(prepared, minimum_group)
    found: list[list[Finding]] = [[] for _ in range(evidence.n_items)]
    checks = (
        check_enough(evidence),
        check_separation(evidence, choices),
        check_difficulty(evidence, choices),
        check_fairness(evidence),
        check_pairs(evidence),
        check_rivals(evidence, choices),
        check_reached(evidence),
        check_target(evidence),
    )
    for item, finding in chain.from_iterable(checks):
        found[item].append(finding)
    return tuple(sum_up(findings) for findings in found)


def sum_up(findings: list[Finding]) -> Verdict:
    """The verdict from an item's findings: worst first, each code once, no doubt beside a certainty."""
    order = list(FindingCode)
    ranked = sorted(findings, key=lambda finding: (finding.level.rank, order.index(finding.code)))
    if ranked and ranked[0].level.rank < Level.TOO_FEW.rank:
        ranked = [finding for finding in ranked if finding.code is not FindingCode.TOO_FEW]
    kept: dict[FindingCode, Finding] = {}
    for finding in ranked:
        kept.setdefault(finding.code, finding)
    return Verdict(ranked[0].level if ranked else Level.WORKS_WELL, tuple(kept.values()))
