"""Does an item tell students apart? Reversed, flat, guessed, weak, steep, or too few answers to say."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from irt.diagnostics.choices import Choices, family_z
from irt.diagnostics.evidence import Evidence, Findings, too_few
from irt.diagnostics.intervals import Z_95, fisher_z, wilson
from irt.diagnostics.limits import VerdictLimits
from irt.diagnostics.verdict import Finding, FindingCode, Level
from irt.items import Floats


def middling(proportion: Floats) -> Floats:
    r"""Factor that turns an item-rest correlation into what it would be at a share right of one half.

    .. math:: \frac{\sqrt{p (1 - p)}}{\varphi(\Phi^{-1}(p))} \cdot \frac{\varphi(0)}{1/2}

    The ratio of the biserial to the point-biserial correlation, relative to a middling item: an item that nearly all
    or nearly none get right cannot correlate highly, however well it separates.

    References
    ----------
    Lord, F. M., & Novick, M. R. (1968). *Statistical Theories of Mental Test Scores*, section 15.5.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        z = ndtri(proportion)
        factor: Floats = 2 * np.sqrt(proportion * (1 - proportion)) * np.exp(z**2 / 2)
    return factor


def check_separation(evidence: Evidence, choices: Choices) -> Findings:
    """Findings on how each item tells strong and weak students apart."""
    limits, statistics = evidence.limits, evidence.statistics
    slope, slope_lower, slope_upper = evidence.slope_limits()
    r_limit = limits.item_rest_r / np.maximum(middling(statistics.proportion_correct), 1.0)
    # A guessed item among many falls below 0 by chance: that the key is wrong takes a limit that holds for all items,
    # or an option that strong students prefer.
    _, surely_below = fisher_z(statistics.item_rest_r, statistics.n_rest, family_z(evidence.n_items))
    for j in range(evidence.n_items):
        facts = _facts(evidence, j)
        if slope_lower[j] > limits.steep_discrimination:
            yield j, _steep(statistics.n[j], slope[j], slope_lower[j])
        if not _countable(statistics.n[j], statistics.proportion_correct[j], limits):
            continue
        lower, upper = statistics.item_rest_lower[j], statistics.item_rest_upper[j]
        suggestion = choices.suggestion(j)
        if upper < 0 and (surely_below[j] < 0 or suggestion["suggested_option"]):
            yield j, Finding(FindingCode.REVERSED, Level.LOOK_AGAIN, facts | suggestion)
        elif upper < r_limit[j] and lower <= 0:
            code = FindingCode.GUESSED if _as_if_guessed(evidence, choices, j) else FindingCode.FLAT
            yield j, Finding(code, Level.LOOK_AGAIN, facts | choices.strongest(j))
        elif upper < r_limit[j] or slope_upper[j] < limits.weak_discrimination:
            yield j, Finding(FindingCode.WEAK, Level.WEAK, facts)


def check_enough(evidence: Evidence) -> Findings:
    """Items with too few answers to tell whether they separate students at all."""
    limits, statistics = evidence.limits, evidence.statistics
    needed = answers_needed(statistics.item_rest_r, limits.item_rest_r)
    for j in range(evidence.n_items):
        n = float(statistics.n[j])
        if statistics.proportion_lower[j] > limits.very_easy:
            continue  # that almost everyone gets it right is all there is to say
        if n < limits.enough:
            yield j, too_few(n, limits.enough, "answers")
        elif not statistics.item_rest_lower[j] > 0 and 0 < statistics.proportion_correct[j] < 1:
            yield j, too_few(n, max(needed[j], limits.enough), "discrimination")


def answers_needed(item_rest_r: Floats, limit: float) -> Floats:
    """Answers at which an interval around these correlations would exclude 0 or the limit, whichever comes first."""
    distance = np.maximum(np.abs(np.arctanh(item_rest_r)), np.abs(np.arctanh(item_rest_r) - np.arctanh(limit)))
    needed: Floats = np.nan_to_num(3 + (Z_95 / distance) ** 2)
    return needed


def _facts(evidence: Evidence, j: int) -> dict[str, str | int | float]:
    """What every sentence on separation may need."""
    statistics = evidence.statistics
    return {
        "n": int(statistics.n[j]),
        "percent": 100 * float(statistics.proportion_correct[j]),
        "item_rest_r": float(statistics.item_rest_r[j]),
        "lower": float(statistics.item_rest_lower[j]),
        "upper": float(statistics.item_rest_upper[j]),
    }


def _steep(n: float, slope: float, lower: float) -> Finding:
    """A slope that is surely above what items have."""
    facts = {"n": int(n), "discrimination": float(slope), "lower": float(lower)}
    return Finding(FindingCode.STEEP, Level.NOTE, facts)


def _countable(n: float, proportion: float, limits: VerdictLimits) -> bool:
    """Whether there are enough right and enough wrong answers to hold anything against an item."""
    return bool(n >= limits.fewest and n * min(proportion, 1 - proportion) >= limits.fewest_each)


def _as_if_guessed(evidence: Evidence, choices: Choices, j: int) -> bool:
    """Whether the share right, of all and of the strongest fifth, may be one over the number of options."""
    n_options = choices.n_options[j]
    if n_options < 2:
        return False
    statistics = evidence.statistics
    strongest, n_strongest = choices.key_share(j)
    lower, upper = wilson(strongest, n_strongest)
    return bool(
        statistics.proportion_lower[j] <= 1 / n_options <= statistics.proportion_upper[j]
        and lower <= 1 / n_options <= upper
    )
