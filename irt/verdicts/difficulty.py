"""Very easy, hard, everybody, nobody, off target, not reached: said plainly, and seldom a fault."""

from __future__ import annotations

import numpy as np

from irt.diagnostics.intervals import wilson
from irt.quadrature import Z95
from irt.responses import Cell
from irt.verdicts.choices import Choices
from irt.verdicts.evidence import Evidence, Findings, too_few
from irt.verdicts.verdict import Finding, FindingCode, Level

#: The middle part of a group's abilities, outside of which an item is off target.
MIDDLE = (2.5, 97.5)


def check_difficulty(evidence: Evidence, choices: Choices) -> Findings:
    """Findings on the share right of each item."""
    limits, statistics = evidence.limits, evidence.statistics
    for j in range(evidence.n_items):
        n, share = int(statistics.n[j]), float(statistics.proportion_correct[j])
        facts = {"n": n, "percent": 100 * share}
        if n == 0:
            continue
        if share == 1:
            yield j, Finding(FindingCode.EVERYBODY_RIGHT, Level.NOTE, {"n": n})
        elif share == 0:
            yield from _nobody(evidence, choices, j, n)
        elif statistics.proportion_lower[j] > limits.very_easy:
            yield j, Finding(FindingCode.VERY_EASY, Level.NOTE, facts)
        elif statistics.proportion_upper[j] < limits.hard:
            apart = "yes" if statistics.item_rest_lower[j] > 0 else "not sure"
            yield j, Finding(FindingCode.HARD, Level.NOTE, {**facts, "tells_apart": apart})


def _nobody(evidence: Evidence, choices: Choices, j: int, n: int) -> Findings:
    """An item without a right answer: a fault if that is no accident, else a fact with too few answers to tell."""
    sure = evidence.statistics.proportion_upper[j] < evidence.limits.nobody
    facts = {"n": n, **choices.strongest(j)}
    yield j, Finding(FindingCode.NOBODY_RIGHT, Level.LOOK_AGAIN if sure else Level.NOTE, facts)
    if not sure:
        # Wilson's upper limit for no success is z² / (n + z²).
        yield j, too_few(n, Z95**2 * (1 / evidence.limits.nobody - 1), FindingCode.NOBODY_RIGHT)


def check_target(evidence: Evidence) -> Findings:
    """Items whose difficulty surely lies outside the middle 95 % of this group's abilities."""
    calibration, abilities = evidence.calibration, evidence.abilities
    if calibration is None or abilities is None or not (abilities.items_answered > 0).any():
        return
    low, high = np.percentile(abilities.theta[abilities.items_answered > 0], MIDDLE)
    difficulty, se = calibration.items.difficulty, calibration.standard_errors.difficulty
    rising = calibration.items.discrimination > 0
    for k, j in enumerate(evidence.positions()):
        above = rising[k] and difficulty[k] - Z95 * se[k] > high
        below = rising[k] and difficulty[k] + Z95 * se[k] < low
        if above or below:
            facts: dict[str, str | int | float] = {
                "n": int(evidence.statistics.n[j]),
                "difficulty": float(difficulty[k]),
                "direction": "too hard" if above else "too easy",
            }
            yield j, Finding(FindingCode.OFF_TARGET, Level.NOTE, facts)


def check_reached(evidence: Evidence) -> Findings:
    """Items that surely more than a tenth of the students did not get to."""
    cells = evidence.prepared.cells
    given = (cells != Cell.NOT_ADMINISTERED).sum(axis=0)
    missed = (cells == Cell.NOT_REACHED).sum(axis=0)
    share = np.divide(missed, given, out=np.full(len(given), np.nan), where=given > 0)
    lower, _ = wilson(share, given)
    for j in np.flatnonzero(lower > evidence.limits.not_reached):
        facts = {"n": int(given[j]), "n_not_reached": int(missed[j]), "percent": 100 * float(share[j])}
        yield int(j), Finding(FindingCode.NOT_REACHED, Level.NOTE, facts)
