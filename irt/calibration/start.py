"""Starting values: from the share correct and from how each item goes with the rest."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from irt.calibration.general import GUESSING, INTERCEPT, SLOPE, UPPER, GeneralLayout
from irt.calibration.layout import Layout, Prior
from irt.calibration.patterns import Patterns
from irt.items import Floats

#: Starting slopes lie between these (absolute) values; the fit itself has no bounds.
GENTLEST, STEEPEST = 0.2, 2.5
#: Persons that tell a correlation well enough to start from.
ENOUGH = 5_000
#: A curve between asymptotes is steeper than the 2PL that follows the same answers.
STEEPER = 1.2


def starting_values(patterns: Patterns, layout: Layout) -> Floats:
    r"""The free parameters to start from.

    The slope is :math:`1.7\, r / \sqrt{1 - r^2}`, with r the correlation of the item with the share correct on the
    person's other items (a point-biserial taken as a factor loading); its sign is kept, so that a reversed item
    starts on its own side. Slopes and abilities may change sign together: the majority of slopes starts positive. A
    common slope starts at 1.
    """
    shares = patterns.n_right / patterns.answers()
    loading = np.clip(_rest_correlations(patterns), -0.95, 0.95)
    slopes = 1.7 * loading / np.sqrt(1 - loading**2)
    slopes = np.where(slopes < 0, -1.0, 1.0) * np.clip(np.abs(slopes), GENTLEST, STEEPEST)
    slopes = np.ones(1) if layout.common_slope else slopes * (-1.0 if slopes.sum() < 0 else 1.0)
    return np.concatenate([slopes, logit(shares) * np.sqrt(1 + slopes**2 / 2.9)])


def general_start(patterns: Patterns, layout: GeneralLayout, prior: Prior) -> Floats:
    """The free parameters of a general layout to start from.

    Asymptotes start where their prior has its mean, or a fifth and 95 %, but on their own side of the share correct;
    intercepts so that the share correct follows from them. Items held fixed say which way ability points.
    """
    n_items = patterns.n_items
    plain = starting_values(patterns, Layout(n_items, common_slope=False))
    slopes = plain[:n_items]
    known = ~layout.free[SLOPE]
    if slopes[known] @ np.where(known, layout.held[SLOPE], 0.0)[known] < 0:
        slopes = -slopes
    shares = patterns.n_right / patterns.answers()
    low = expit(prior.means[GUESSING]) if prior.precisions[GUESSING] else 0.2
    high = expit(prior.means[UPPER]) if prior.precisions[UPPER] else 0.95
    table = np.stack([slopes, plain[n_items:], np.full(n_items, logit(low)), np.full(n_items, logit(high))])
    table[GUESSING] = np.minimum(table[GUESSING], logit(0.7 * shares))
    table[UPPER] = np.maximum(table[UPPER], logit(1 - 0.7 * (1 - shares)))
    table = np.where(layout.free, table, layout.held)
    guessing, upper = expit(table[GUESSING]), expit(table[UPPER])
    inner = np.clip((shares - guessing) / (upper - guessing), 0.02, 0.98)
    table[SLOPE] = np.where(layout.free[SLOPE], table[SLOPE] * STEEPER, table[SLOPE])
    intercepts = logit(inner) * np.sqrt(1 + table[SLOPE] ** 2 / 2.9)
    table[INTERCEPT] = np.where(layout.free[INTERCEPT], intercepts, table[INTERCEPT])
    return layout.vector(table, np.zeros(2 * layout.free_population))


def _rest_correlations(patterns: Patterns) -> Floats:
    """Correlation of each item with the mean of the person's other answers, each answer centred at its item's share."""
    shares = patterns.n_right / patterns.answers()
    if len(patterns.right) > ENOUGH:
        patterns = patterns.sample(ENOUGH)
    answered, weights = patterns.answered[patterns.group], patterns.weights
    own = patterns.right - shares * answered
    others = answered.sum(axis=1, keepdims=True) - 1
    rest = (own.sum(axis=1, keepdims=True) - own) / np.maximum(others, 1) * answered
    totals = np.maximum(weights @ answered, 1e-300)
    mean_own, mean_rest = weights @ own / totals, weights @ rest / totals
    together = weights @ (own * rest) - totals * mean_own * mean_rest
    spread = (weights @ own**2 - totals * mean_own**2) * (weights @ rest**2 - totals * mean_rest**2)
    result: Floats = np.zeros(len(shares))
    np.divide(together, np.sqrt(np.maximum(spread, 0)), out=result, where=spread > 1e-12)
    return result
