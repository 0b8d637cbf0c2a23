"""How many standard deviations a band needs that holds a whole curve, not one point of it."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtri, ndtr

from irt.items import Floats

#: The 5 % that a 95 % band may miss.
MISS = 0.05
#: Halvings of [0, MOST]: more than double precision holds.
STEPS, MOST = 60, 40.0


def scheffe(rank: int) -> float:
    r"""Standard deviations that hold every linear combination of so many estimates: :math:`\sqrt{\chi^2_{k, .95}}`.

    References
    ----------
    Scheffe (1953), A method for judging all contrasts in the analysis of variance. doi:10.1093/biomet/40.1-2.87
    """
    return float(np.sqrt(chdtri(rank, MISS)))


def tube(length: Floats) -> Floats:
    r"""Standard deviations that hold a path of estimates of this angular length, of the same shape.

    The standardised deviation :math:`\gamma(\theta)^T Z`, with Z standard normal and :math:`\gamma` a path on the unit
    sphere, leaves :math:`\pm c` somewhere with a probability of at most

    .. math:: \frac{\kappa}{\pi} e^{-c^2 / 2} + 2 (1 - \Phi(c))

    where :math:`\kappa` is the length of the path. Length 0 gives 1.96. Nearly exact at 5 %: only paths that come close
    to themselves or their opposite need less.

    References
    ----------
    Naiman (1986), Conservative confidence bands in curvilinear regression. doi:10.1214/aos/1176350040;
    Johansen & Johnstone (1990), Hotelling's theorem on the volume of tubes. doi:10.1214/aos/1176347625
    """
    low, high = np.zeros(np.shape(length)), np.full(np.shape(length), MOST)
    for _ in range(STEPS):
        middle = (low + high) / 2
        missed = length / np.pi * np.exp(-0.5 * middle**2) + 2 * ndtr(-middle)
        low, high = np.where(missed > MISS, middle, low), np.where(missed > MISS, high, middle)
    result: Floats = (low + high) / 2
    return result


def path_length(covariance: Floats, variance: Floats) -> Floats:
    """Angle that is passed on the way, from the covariances of neighbours and the variances, both along the first axis.

    ``covariance`` has one row less than ``variance``. Points without variance are passed by.
    """
    scale = np.sqrt(variance[1:] * variance[:-1])
    cosine = np.divide(covariance, scale, out=np.ones_like(covariance), where=scale > 0)
    total: Floats = np.arccos(np.clip(cosine, -1.0, 1.0)).sum(axis=0)
    return total
