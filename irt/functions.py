"""The item characteristic curve and what follows from it: information and expected score."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from irt.items import Floats, ItemParameters


def irf(theta: ArrayLike, items: ItemParameters) -> Floats:
    r"""Probability of a right answer to each item at each ability.

    .. math:: P_j(\theta) = g_j + (u_j - g_j) \, \frac{1}{1 + e^{-(a_j \theta + d_j)}}

    with discrimination a, intercept d = -a b, guessing g and upper asymptote u, on the logistic metric (D = 1).

    Parameters
    ----------
    theta : array_like, shape (n,) or scalar
        Abilities in logits.
    items : ItemParameters

    Returns
    -------
    ndarray, shape (n, n_items)

    References
    ----------
    Birnbaum (1968), in Lord & Novick, *Statistical Theories of Mental Test Scores*, ch. 17.

    Examples
    --------
    >>> items = ItemParameters.from_arrays(["q1"], [1.0], difficulty=[0.0])
    >>> float(irf(0.0, items)[0, 0])
    0.5
    """
    z = np.multiply.outer(np.atleast_1d(np.asarray(theta, dtype=np.float64)), items.discrimination) + items.intercept
    return items.guessing + (items.upper_asymptote - items.guessing) * expit(z)


def log_irf(theta: ArrayLike, items: ItemParameters) -> tuple[Floats, Floats]:
    """Logarithms of the probabilities of a right and of a wrong answer, each of shape (n, n_items).

    The wrong answer is computed from its own tail, not as 1 - P, so that neither loses digits at the far ends.
    """
    z = np.multiply.outer(np.atleast_1d(np.asarray(theta, dtype=np.float64)), items.discrimination) + items.intercept
    if not items.guessing.any() and (items.upper_asymptote == 1).all():
        return -np.logaddexp(0.0, -z), -np.logaddexp(0.0, z)
    span = items.upper_asymptote - items.guessing
    with np.errstate(divide="ignore"):
        right = np.log(items.guessing + span * expit(z))
        wrong = np.log((1 - items.upper_asymptote) + span * expit(-z))
    return right, wrong


def irf_derivatives(theta: ArrayLike, items: ItemParameters) -> Floats:
    r"""Derivatives of the curve by discrimination, intercept, guessing and upper asymptote, shape (4, n, n_items).

    .. math:: \left( \theta L', \; L', \; 1 - L, \; L \right), \quad L = \frac{1}{1 + e^{-(a\theta + d)}}, \quad
        L' = (u - g)\, L (1 - L)

    Examples
    --------
    >>> items = ItemParameters.from_arrays(["q1"], [1.0], difficulty=[0.0])
    >>> irf_derivatives(2.0, items)[:, 0, 0].round(3).tolist()
    [0.21, 0.105, 0.119, 0.881]
    """
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    z = np.multiply.outer(points, items.discrimination) + items.intercept
    up, down = expit(z), expit(-z)
    steep = (items.upper_asymptote - items.guessing) * up * down
    return np.stack([points[:, None] * steep, steep, down, up])


def item_information(theta: ArrayLike, items: ItemParameters) -> Floats:
    r"""Fisher information of each item about ability, shape (n, n_items), in 1 / logit².

    .. math:: I_j(\theta) = \frac{P_j'(\theta)^2}{P_j(\theta)\,(1 - P_j(\theta))}

    For the 2PL this is :math:`a^2 P (1 - P)`.
    """
    p = irf(theta, items)
    span = items.upper_asymptote - items.guessing
    logistic = (p - items.guessing) / span
    slope = items.discrimination * span * logistic * (1 - logistic)
    variance = p * (1 - p)
    return np.divide(slope**2, variance, out=np.zeros_like(p), where=variance > 0)


def test_information(theta: ArrayLike, items: ItemParameters) -> Floats:
    """Sum of the item informations, shape (n,); ``sem`` is one over its square root."""
    total: Floats = np.nansum(item_information(theta, items), axis=1)
    return total


test_information.__test__ = False  # type: ignore[attr-defined]  # pytest would collect the name


def sem(theta: ArrayLike, items: ItemParameters) -> Floats:
    r"""Conditional standard error of measurement :math:`I(\theta)^{-1/2}` in logits, shape (n,).

    The standard deviation of a maximum likelihood estimate of an ability there; nan where the items tell nothing.

    References
    ----------
    Lord (1980), *Applications of Item Response Theory to Practical Testing Problems*, ch. 5.

    Examples
    --------
    >>> items = ItemParameters.from_arrays(["q1", "q2"], [1.0, 1.0], difficulty=[0.0, 0.0])
    >>> sem(0.0, items).round(3).tolist()
    [1.414]
    """
    information = test_information(theta, items)
    with np.errstate(divide="ignore"):
        error: Floats = np.where(information > 0, information, np.nan) ** -0.5
    return error


def expected_score(theta: ArrayLike, items: ItemParameters) -> Floats:
    """Expected number of right answers at each ability (the test characteristic curve), shape (n,)."""
    total: Floats = np.nansum(irf(theta, items), axis=1)
    return total
