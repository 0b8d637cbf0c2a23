"""From the observed information to covariances and standard errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from irt.calibration.inverse import inverse_of
from irt.calibration.result import StandardErrors
from irt.items import Floats, ItemParameters, frozen

#: A parameter with at least this share in a direction of which nothing is known is not determined.
SHARE = 1e-4
#: A standard error past this says that nothing is known: no slope or intercept of an item is ever that large.
WIDEST = 1e3


def covariance_of(information: Floats) -> Floats:
    """Covariance of the free parameters; nan for those that are not determined."""
    inverse = inverse_of(information)
    covariance = inverse.matrix.copy()
    loose = (inverse.unknown > SHARE) | (np.diag(covariance) > WIDEST**2)
    covariance[loose, :] = np.nan
    covariance[:, loose] = np.nan
    return covariance


def standard_errors(items: ItemParameters, covariance: Floats, at_limit: NDArray[np.bool_]) -> StandardErrors:
    r"""Standard errors of the item parameters; by the delta method that of the difficulty.

    .. math:: Var(b) = \frac{1}{a^2} \left( b^2 Var(a) + 2 b \, Cov(a, d) + Var(d) \right), \quad b = -d / a

    Asymptotes that the model does not know, or that were held at the end of their range (``at_limit``, shape
    (4, n_items)), have none (nan).
    """
    n = len(items)
    k = len(covariance) // n
    blocks = covariance.reshape(n, k, n, k)[np.arange(n), :, np.arange(n), :]
    slope, cross, intercept = blocks[:, 0, 0], blocks[:, 0, 1], blocks[:, 1, 1]
    b = items.difficulty
    with np.errstate(invalid="ignore", divide="ignore"):
        difficulty = (b**2 * slope + 2 * b * cross + intercept) / items.discrimination**2
    ends = np.full((2, n), np.nan)
    for kind in range(2, k):
        ends[kind - 2] = np.where(at_limit[kind], np.nan, blocks[:, kind, kind])
    return StandardErrors(
        discrimination=_root(slope),
        difficulty=_root(difficulty),
        intercept=_root(intercept),
        guessing=_root(ends[0]),
        upper_asymptote=_root(ends[1]),
    )


def _root(variance: Floats) -> Floats:
    """Square roots; nan where the variance is nan, infinite or negative."""
    fine = np.isfinite(variance) & (variance >= 0)
    return frozen(np.sqrt(np.where(fine, variance, np.nan)))
