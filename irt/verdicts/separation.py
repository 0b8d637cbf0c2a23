"""Does an item tell students apart? Reversed, flat, guessed, weak, steep, or too few answers to say."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from irt.diagnostics.intervals import family_z, fisher_z, wilson
from irt.items import Floats
from irt.quadrature import Z95
from irt.verdicts.choices import Choices
from irt.verdicts.evidence import Evidence, Findings, too_few
from irt.verdicts.limits import VerdictLimits
from irt.verdicts.verdict import Finding, FindingCode, Level


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


def separation_limit(proportion: Floats, limits: VerdictLimits) -> Floats:
    """The item-rest correlation below which an item with this share right is weak; nan where all or none are right."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return limits.item_rest_r / middling(proportion)


def check_separation(evidence: Evidence, choices: Choices) -> Findings:
    """Findings on how each item tells strong and weak students apart."""
    limits, statistics = evidence.limits, evidence.statistics
    slope, slope_lower, slope_upper = evidence.slope_limits()
    r_limit = separation_limit(statistics.proportion_correct, limits)
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
        elif statistics.n[j] < limits.enough:
            continue  # with so few answers, flat cannot be told from reversed
        elif upper < r_limit[j] and lower <= 0:
            code = FindingCode.GUESSED if _as_if_guessed(evidence, choices, j) else FindingCode.FLAT
            yield j, Finding(code, Level.LOOK_AGAIN, facts | choices.strongest(j))
        elif upper < r_limit[j] or slope_upper[j] < limits.weak_discrimination:
            yield j, Finding(FindingCode.WEAK, Level.WEAK, facts)


def check_enough(evidence: Evidence) -> Findings:
    """Items with too few answers to tell whether they separate students, or whether they do so weakly."""
    limits, statistics = evidence.limits, evidence.statistics
    slope, _, _ = evidence.slope_limits()
    r_limit = separation_limit(statistics.proportion_correct, limits)
    needed = answers_needed(r_limit)
    surely_above, _ = fisher_z(statistics.item_rest_r, statistics.n_rest, family_z(evidence.n_items))
    for j in range(evidence.n_items):
        n = float(statistics.n[j])
        if statistics.proportion_lower[j] > limits.very_easy:
            continue  # that almost everyone gets it right is all there is to say
        perhaps_none = statistics.item_rest_lower[j] <= 0
        # Among many items, one that all guess seems to work by chance: praise is held to the whole search as blame is.
        modest = statistics.item_rest_r[j] < r_limit[j] or surely_above[j] <= 0
        perhaps_weak = modest and not slope[j] >= limits.weak_discrimination
        if n >= limits.enough and np.isnan(statistics.item_rest_r[j]) and 0 < statistics.proportion_correct[j] < 1:
            yield j, too_few(n, n, "items")  # no other item that varies among these students: nothing to compare with
        elif n < limits.enough:
            so_far = "tells apart" if statistics.item_rest_lower[j] > 0 else ""
            yield j, too_few(n, limits.enough, "answers", so_far)
        elif n < needed[j] and (perhaps_none or perhaps_weak):
            yield j, too_few(n, needed[j], "discrimination")


def answers_needed(r_limit: Floats) -> Floats:
    """Answers from which an interval of a correlation cannot hold both 0 and the limit: about 400 for 0.20.

    Examples
    --------
    >>> answers_needed(np.array([0.20])).round().tolist()
    [377.0]
    """
    needed: Floats = 3 + (2 * Z95 / np.arctanh(r_limit)) ** 2
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
