"""Starting values: from the share correct and from how each item goes with the rest."""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from irt.calibration.layout import Layout
from irt.calibration.patterns import Patterns
from irt.items import Floats

#: Starting slopes lie between these (absolute) values; the fit itself has no bounds.
GENTLEST, STEEPEST = 0.2, 2.5


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


def _rest_correlations(patterns: Patterns) -> Floats:
    """Correlation of each item with the mean of the person's other answers, each answer centred at its item's share."""
    answered_of = patterns.answered.sum(axis=1)[patterns.group]
    shares = patterns.n_right / patterns.answers()
    expected = (patterns.answered @ shares)[patterns.group]
    surplus = patterns.right.sum(axis=1) - expected
    result = np.zeros(patterns.n_items)
    for j in range(patterns.n_items):
        seen = patterns.answered[patterns.group, j] > 0
        weights = patterns.weights[seen]
        own = patterns.right[seen, j] - shares[j]
        others = answered_of[seen] - 1
        rest = np.divide(surplus[seen] - own, others, out=np.zeros(len(own)), where=others > 0)
        rest -= np.average(rest, weights=weights)
        spread = np.sqrt((weights @ own**2) * (weights @ rest**2))
        result[j] = (weights @ (own * rest)) / spread if spread > 0 else 0.0
    return result
