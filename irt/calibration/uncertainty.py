"""From the observed information to covariances and standard errors."""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh

from irt.calibration.layout import Layout
from irt.calibration.result import StandardErrors
from irt.items import Floats, ItemParameters, frozen

#: Eigenvalues of the information (scaled to a unit diagonal) below this are zero: nothing is known that way.
SINGULAR = 1e-7
#: A parameter with at least this share in a direction of which nothing is known is not determined.
SHARE = 1e-4
#: A standard error past this says that nothing is known: no slope or intercept of an item is ever that large.
WIDEST = 1e3


def covariance_of(layout: Layout, information: Floats) -> Floats:
    """Covariance of (slope, intercept) of item 1, of item 2, ...; nan for parameters that are not determined."""
    scale = 1 / np.sqrt(np.maximum(np.diag(information), 1e-12))
    values, vectors = eigh(information * np.multiply.outer(scale, scale))
    firm = values > SINGULAR
    inside = vectors[:, firm]
    covariance = (inside / values[firm]) @ inside.T * np.multiply.outer(scale, scale)
    covariance = (covariance + covariance.T) / 2
    loose = (vectors[:, ~firm] ** 2).sum(axis=1) > SHARE
    loose |= np.diag(covariance) > WIDEST**2
    covariance[loose, :] = np.nan
    covariance[:, loose] = np.nan
    return layout.spread(covariance)


def standard_errors(items: ItemParameters, covariance: Floats) -> StandardErrors:
    r"""Standard errors of discrimination, intercept and, by the delta method, difficulty.

    .. math:: Var(b) = \frac{1}{a^2} \left( b^2 Var(a) + 2 b \, Cov(a, d) + Var(d) \right), \quad b = -d / a
    """
    n = len(items)
    blocks = covariance.reshape(n, 2, n, 2)[np.arange(n), :, np.arange(n), :]
    slope, cross, intercept = blocks[:, 0, 0], blocks[:, 0, 1], blocks[:, 1, 1]
    b = items.difficulty
    with np.errstate(invalid="ignore", divide="ignore"):
        difficulty = (b**2 * slope + 2 * b * cross + intercept) / items.discrimination**2
    return StandardErrors(
        discrimination=_root(slope),
        difficulty=_root(difficulty),
        intercept=_root(intercept),
    )


def _root(variance: Floats) -> Floats:
    """Square roots; nan where the variance is nan, infinite or negative."""
    fine = np.isfinite(variance) & (variance >= 0)
    return frozen(np.sqrt(np.where(fine, variance, np.nan)))
