"""Confidence intervals of shares and correlations."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from irt.items import Floats
from irt.quadrature import Z95

#: Error rate of a search over all items (or options) of an exam for the few that stand out.
FAMILY_ERROR = 0.05


def family_z(n_comparisons: int, error: float = FAMILY_ERROR) -> float:
    """One-sided normal quantile that holds the error rate over this many comparisons (Bonferroni).

    Examples
    --------
    >>> round(family_z(1), 3), round(family_z(36), 3)
    (1.645, 2.991)
    """
    return float(ndtri(1 - error / max(n_comparisons, 1)))


def wilson(proportion: ArrayLike, n: ArrayLike, z: float = Z95) -> tuple[Floats, Floats]:
    r"""Wilson's interval of a share.

    .. math:: \frac{p + z^2/2n \pm z \sqrt{p(1-p)/n + z^2/4n^2}}{1 + z^2/n}

    Parameters
    ----------
    proportion, n : array_like
        Share and the number of answers it comes from; any shapes that broadcast.
    z : float
        Normal quantile; default 95 %.

    Returns
    -------
    lower, upper : ndarray
        nan where n is 0.

    References
    ----------
    Wilson, E. B. (1927). *JASA*, 22, 209-212. doi:10.1080/01621459.1927.10502953

    Examples
    --------
    >>> [round(float(limit), 3) for limit in wilson(0.0, 20)]
    [0.0, 0.161]
    """
    p = np.asarray(proportion, dtype=np.float64)
    count = np.where(np.asarray(n) > 0, np.asarray(n, dtype=np.float64), np.nan)
    half = z * np.sqrt(p * (1 - p) / count + z**2 / (4 * count**2))
    middle = p + z**2 / (2 * count)
    scale = 1 + z**2 / count
    # At a share of 0 or 1 the limit is exactly that; rounding would leave a trace beside it.
    lower = np.where(p <= 0, 0 * count, (middle - half) / scale)
    upper = np.where(p >= 1, 1 + 0 * count, (middle + half) / scale)
    return lower, upper


def fisher_z(correlation: ArrayLike, n: ArrayLike, z: float = Z95) -> tuple[Floats, Floats]:
    r"""Fisher's interval of a correlation, :math:`\tanh(\operatorname{artanh} r \pm z / \sqrt{n - 3})`.

    Parameters
    ----------
    correlation, n : array_like
        Correlation and number of pairs.
    z : float
        Normal quantile; default 95 %.

    Returns
    -------
    lower, upper : ndarray
        nan with fewer than four pairs.

    References
    ----------
    Fisher, R. A. (1921). On the "probable error" of a coefficient of correlation. *Metron*, 1, 3-32.

    Examples
    --------
    >>> [round(float(limit), 3) for limit in fisher_z(0.3, 103)]
    [0.113, 0.466]
    """
    count = np.asarray(n, dtype=np.float64)
    half = z / np.sqrt(np.where(count > 3, count - 3, np.nan))
    with np.errstate(divide="ignore"):  # a correlation of exactly 1 has no width
        # Sums of rounded products may put one a hair above 1.
        centre = np.arctanh(np.clip(np.asarray(correlation, dtype=np.float64), -1.0, 1.0))
    return np.tanh(centre - half), np.tanh(centre + half)
