"""Verdicts in words: from the facts of each finding one short reason, one sentence and one action.

A sentence is chosen by the facts, never by the level alone: what the facts do not say is not said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from dashboard.numbers import percent
from dashboard.words import say
from irt.reports import ItemReport
from irt.verdicts import Finding, FindingCode, Level, Verdict


@dataclass(frozen=True, slots=True)
class Saying:
    """One finding in words."""

    short: str
    sentence: str
    action: str


#: From facts, the same facts as text, and whether the finding stands alone.
Maker = Callable[[Mapping[str, Any], Mapping[str, Any], bool], Saying]


def level_name(level: Level) -> str:
    """The level as a word."""
    return say(f"verdicts.{level.value}")


def is_urgent(verdict: Verdict) -> bool:
    """Whether the key must be checked: the one thing that is shown in red."""
    return any(finding.code is FindingCode.REVERSED for finding in verdict.findings)


def is_apart_so_far(facts: Mapping[str, Any]) -> bool:
    """Whether an item with too few answers for a verdict tells strong and weak students apart as far as they go."""
    return facts.get("about") == "answers" and facts.get("so_far") == "tells apart"


def sayings(item: ItemReport) -> tuple[Saying, ...]:
    """All that is said about an item, most important first; never empty."""
    verdict = item.verdict
    if not verdict.findings:
        return (_nothing_found(item),)
    # "Fine as it is" may only be said where nothing else is.
    alone = len(verdict.findings) == 1
    # An option that draws the strongest is named by its own finding, and not once more by another one.
    rival = any(finding.code is FindingCode.RIVAL_OPTION for finding in verdict.findings)
    told = (_without_rival(finding) if rival else finding for finding in verdict.findings)
    return tuple(saying(finding, alone=alone) for finding in told)


def _without_rival(finding: Finding) -> Finding:
    if finding.code is FindingCode.RIVAL_OPTION:
        return finding
    return replace(finding, facts={k: v for k, v in finding.facts.items() if k != "rival_option"})


def saying(finding: Finding, *, alone: bool = True) -> Saying:
    """One finding in words; ``alone``: whether it is the only one of its item."""
    facts = _shown(finding.facts)
    special = _SPECIAL.get(finding.code)
    if special is not None:
        return special(finding.facts, facts, alone)
    key = finding.code.value
    return Saying(
        say(f"verdicts.{key}_short", **facts), say(f"verdicts.{key}", **facts), say(f"verdicts.{key}_action", **facts)
    )


def reason(item: ItemReport) -> str:
    """The short reason beside an item's name in a list."""
    if not item.verdict.findings:
        return level_name(item.verdict.level)
    return sayings(item)[0].short


def _nothing_found(item: ItemReport) -> Saying:
    """An item without findings: praised as far as its interval goes."""
    key = "works_well_apart" if item.item_rest_lower > 0 else "works_well_plain"
    return Saying(level_name(item.verdict.level), say(f"verdicts.{key}"), say("verdicts.works_well_action"))


def _shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as text: counts with thousands apart, percentages rounded."""
    shown: dict[str, Any] = dict(facts)
    for name, value in facts.items():
        if name.endswith("percent"):
            shown[name] = percent(float(value) / 100)
        elif isinstance(value, int):
            shown[name] = f"{value:,}"
    return shown


def _reversed(facts: Mapping[str, Any], shown: Mapping[str, Any], _alone: bool) -> Saying:
    """Names the option that strong students prefer, where there surely is one."""
    ending = "_suggested" if facts.get("suggested_option") else "_key" if facts.get("key_option") else ""
    return Saying(
        say("verdicts.reversed_short"),
        say("verdicts.reversed"),
        say(f"verdicts.reversed_action{ending}", **shown),
    )


def _with_rival(key: str) -> Maker:
    """A finding that points to a wrong option, if the strongest chose it at least as often as the right one."""

    def make(facts: Mapping[str, Any], shown: Mapping[str, Any], _alone: bool) -> Saying:
        rival, right = facts.get("rival_percent", float("nan")), facts.get("key_percent", float("nan"))
        named = bool(facts.get("rival_option")) and isfinite(rival) and rival > 0 and rival >= right
        action = f"verdicts.{key}_action{'_rival' if named else ''}"
        return Saying(say(f"verdicts.{key}_short"), say(f"verdicts.{key}", **shown), say(action, **shown))

    return make


def _weak(_facts: Mapping[str, Any], shown: Mapping[str, Any], _alone: bool) -> Saying:
    return Saying(say("verdicts.weak_short"), say("verdicts.weak_text", **shown), say("verdicts.weak_action"))


def _hard(facts: Mapping[str, Any], shown: Mapping[str, Any], alone: bool) -> Saying:
    """Hard is no fault; that the item is fine is said only if it surely tells students apart and nothing else is up."""
    apart = facts.get("tells_apart") == "yes"
    return Saying(
        say("verdicts.hard_short"),
        say("verdicts.hard_apart" if apart else "verdicts.hard", **shown),
        say("verdicts.hard_action_fine" if apart and alone else "verdicts.hard_action"),
    )


def _off_target(facts: Mapping[str, Any], shown: Mapping[str, Any], _alone: bool) -> Saying:
    side = "hard" if facts.get("direction") == "too hard" else "easy"
    return Saying(
        say("verdicts.off_target_short"),
        say(f"verdicts.off_target_{side}", **shown),
        say(f"verdicts.off_target_{side}_action"),
    )


def _too_few(facts: Mapping[str, Any], shown: Mapping[str, Any], _alone: bool) -> Saying:
    """Names the question that is open."""
    about = facts.get("about")
    ending = "_apart" if is_apart_so_far(facts) else f"_{about}" if about in _OPEN else ""
    return Saying(
        say(f"verdicts.too_few{ending}_short", **shown),
        say(f"verdicts.too_few{ending}", **shown),
        say("verdicts.too_few_action"),
    )


#: Questions that more answers would settle.
_OPEN = ("discrimination", "items", "favours_group", "dependent", "nobody_right")

_SPECIAL: dict[FindingCode, Maker] = {
    FindingCode.REVERSED: _reversed,
    FindingCode.NOBODY_RIGHT: _with_rival("nobody_right"),
    FindingCode.GUESSED: _with_rival("guessed"),
    FindingCode.FLAT: _with_rival("flat"),
    FindingCode.WEAK: _weak,
    FindingCode.HARD: _hard,
    FindingCode.OFF_TARGET: _off_target,
    FindingCode.TOO_FEW: _too_few,
}
