"""Curves on the logit scale, where their errors are nearly normal and limits stay between 0 and 1."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from irt.functions import log_irf
from irt.items import Floats, ItemParameters

#: Logits past this are as good as certain; keeps differences of them finite.
FARTHEST = 700.0
#: Gauss and Hermite's rule for a standard normal: averages of logistic curves to about 1e-3.
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def without_asymptotes(items: ItemParameters) -> bool:
    """Whether all curves run from 0 to 1: the 1PL and the 2PL."""
    return not items.guessing.any() and bool((items.upper_asymptote == 1).all())


def logit_irf(theta: Floats, items: ItemParameters) -> Floats:
    """Log-odds of a right answer, shape (n, n_items); without asymptotes the line a theta + d."""
    if without_asymptotes(items):
        return np.multiply.outer(theta, items.discrimination) + items.intercept
    right, wrong = log_irf(theta, items)
    return np.clip(right - wrong, -FARTHEST, FARTHEST)


def logit_gradient(theta: Floats, items: ItemParameters, k: int) -> list[Floats]:
    r"""Derivatives of the log-odds by the first k of discrimination, intercept, guessing and upper asymptote.

    .. math:: \frac{1}{P Q} \frac{\partial P}{\partial \xi}, \quad Q = 1 - P

    Without asymptotes they are :math:`(\theta, 1)`, the same as for the line. An asymptote that is exactly 0 or 1 is
    fixed: its derivative is 0.
    """
    points = np.asarray(theta, dtype=np.float64)[:, None]
    if without_asymptotes(items):
        return [points, np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1))][:k]
    z = np.multiply.outer(points[:, 0], items.discrimination) + items.intercept
    up, down = expit(z), expit(-z)
    guessing, upper = items.guessing, items.upper_asymptote
    with np.errstate(divide="ignore", invalid="ignore"):
        right = guessing + (upper - guessing) * up
        wrong = (1 - upper) + (upper - guessing) * down
        # Where an asymptote is fixed the ratio is constant: no 0 / 0 at the far ends.
        by_right = np.where(guessing > 0, up / right, 1 / (upper - guessing))
        by_wrong = np.where(upper < 1, down / wrong, 1 / (upper - guessing))
        steep = (upper - guessing) * by_right * by_wrong
        by_guessing = np.where(guessing > 0, by_wrong / right, 0.0)
        by_upper = np.where(upper < 1, by_right / wrong, 0.0)
    return [points * steep, steep, by_guessing, by_upper][:k]


def logit_variance(theta: Floats, items: ItemParameters, covariance: Floats) -> Floats:
    """Variance of the log-odds that comes from the item's parameters, shape (n, n_items), by the delta method.

    ``covariance`` has shape (n_items, k, k); exact for k = 2, where the log-odds are a line in the parameters.
    """
    k = covariance.shape[-1]
    gradient = logit_gradient(theta, items, k)
    variance = np.zeros((len(theta), len(items)))
    for i in range(k):
        for j in range(i + 1):
            product = gradient[i] * gradient[j] * covariance[:, i, j]
            variance += product if i == j else 2 * product
    return np.maximum(variance, 0.0)


def average_irf(theta: Floats, items: ItemParameters, covariance: Floats) -> Floats:
    """Each curve averaged over the errors of its own parameters, normal with these covariances, shape (n, n_items)."""
    points = np.asarray(theta, dtype=np.float64)
    middle = np.multiply.outer(points, items.discrimination) + items.intercept
    line = np.stack([points, np.ones_like(points)], axis=1)
    # Covariance of the line with each parameter, then per standard deviation of the line.
    along = np.einsum("ti,jil->ltj", line, covariance[:, :2, :])
    deviation = np.sqrt(np.maximum(points[:, None] * along[0] + along[1], 0.0))
    asymptotes = np.divide(along[2:], deviation, out=np.zeros_like(along[2:]), where=deviation > 0)
    total = np.zeros_like(middle)
    for at, weight in zip(NODES, WEIGHTS, strict=True):
        guessing, upper = items.guessing, items.upper_asymptote
        if len(asymptotes) > 0:
            guessing = np.clip(guessing + at * asymptotes[0], 0.0, 1.0)
        if len(asymptotes) > 1:
            upper = np.clip(upper + at * asymptotes[1], 0.0, 1.0)
        total += weight * (guessing + (upper - guessing) * expit(middle + at * deviation))
    return total
