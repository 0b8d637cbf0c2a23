"""The verdict on an item: a level, and findings that carry their facts. Sentences are made from them elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """How much an item deserves a look, worst first (the order in which lists are sorted)."""

    LOOK_AGAIN = "look_again"
    WEAK = "weak"
    TOO_FEW = "too_few_answers"
    NOTE = "note"
    WORKS_WELL = "works_well"

    @property
    def rank(self) -> int:
        """0 for the worst level; for sorting."""
        return list(Level).index(self)


class FindingCode(StrEnum):
    """What was found about an item, most important first."""

    REVERSED = "reversed"  # strong students get it wrong more often than weak ones: check the key
    NOBODY_RIGHT = "nobody_right"
    RIVAL_OPTION = "rival_option"  # the strongest choose a wrong option more often than the right one
    FAVOURS_GROUP = "favours_group"  # DIF: equally able students of two groups differ
    GUESSED = "guessed"  # flat at about one over the number of options
    FLAT = "flat"  # does not tell students apart
    DEPENDENT = "dependent"  # goes with another item more than ability explains
    WEAK = "weak"  # tells students apart weakly
    STEEP = "steep"  # suspiciously steep
    NOT_REACHED = "not_reached"  # many students did not get to it
    EVERYBODY_RIGHT = "everybody_right"
    VERY_EASY = "very_easy"
    HARD = "hard"
    OFF_TARGET = "off_target"  # difficulty outside the middle 95 % of this group's abilities
    TOO_FEW = "too_few_answers"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found about an item; ``facts`` holds the numbers and names that its sentence needs."""

    code: FindingCode
    level: Level
    facts: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The level of an item and its findings, most important first (empty where there is nothing to say)."""

    level: Level
    findings: tuple[Finding, ...] = ()

    @property
    def reason(self) -> str:
        """The code of the first finding, or the empty string."""
        return self.findings[0].code.value if self.findings else ""
