"""The equations that MAP, ML and WLE estimates solve, and how steeply they fall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from irt.items import Floats, ItemParameters
from irt.scoring.logits import without_asymptotes


@dataclass(frozen=True, slots=True)
class Equation:
    """Left side of an estimating equation at one ability per person, each of shape (n,).

    ``falling`` is minus its derivative; ``precision`` the same with the expected information in place of the observed
    one: one over the variance of the estimate at the root. Without asymptotes they are equal.
    """

    value: Floats
    falling: Floats
    precision: Floats


def equation(theta: Floats, scores: NDArray[np.int8], items: ItemParameters, method: str) -> Equation:
    r"""The equation that the estimates of a method solve.

    ML: :math:`\sum_j P_j' (x_j - P_j) / (P_j Q_j) = 0`. MAP subtracts :math:`\theta`, with theta ~ N(0, 1). WLE adds
    :math:`J / (2 I)`, :math:`J = \sum_j P_j' P_j'' / (P_j Q_j)`, I the expected information.
    """
    parts = _lines(theta, scores, items, method) if without_asymptotes(items) else _general(theta, scores, items)
    value, observed, information, total, total_slope, information_slope = parts
    if method == "MAP":
        return Equation(value - theta, observed + 1, information + 1)
    if method == "ML":
        return Equation(value, observed, information)
    safe = np.where(information > 0, information, np.nan)
    change = np.nan_to_num((total_slope - total * information_slope / safe) / (2 * safe))
    return Equation(value + np.nan_to_num(total / (2 * safe)), observed - change, information - change)


def _lines(theta: Floats, scores: NDArray[np.int8], items: ItemParameters, method: str) -> tuple[Floats, ...]:
    """Sums over items without asymptotes: :math:`P' = a P Q`, so that only the residuals and P Q are needed."""
    slopes = items.discrimination
    z = np.multiply.outer(theta, slopes) + items.intercept
    np.negative(z, out=z, where=scores == 1)
    # The chance of the other answer: it keeps its digits where the given one is all but certain.
    other = expit(z, out=z)
    if (scores < 0).any():
        other[scores < 0] = 0.0
    variance = other * (1 - other)
    value = np.where(scores == 1, other, -other) @ slopes
    information = variance @ slopes**2
    if method != "WLE":
        return value, information, information, information, information, information
    tilt = np.where(scores == 1, 2 * other - 1, 1 - 2 * other) * variance
    total = tilt @ slopes**3
    return value, information, information, total, (variance * (1 - 6 * variance)) @ slopes**4, total


def _general(theta: Floats, scores: NDArray[np.int8], items: ItemParameters) -> tuple[Floats, ...]:
    """Value, observed information, I, J, and the derivatives of J and I, for curves with asymptotes."""
    curves, seen = _curves(theta, items), scores >= 0
    variance = curves.right * curves.wrong
    pull = np.divide(curves.first, variance, out=np.zeros_like(variance), where=variance > 0) * seen
    residual = np.where(scores == 1, curves.wrong, -curves.right)
    tilt = pull * (curves.wrong - curves.right)
    ratio = np.divide(curves.second, curves.first, out=np.zeros_like(curves.first), where=curves.first != 0)
    information = (pull * curves.first).sum(axis=1)
    return (
        (pull * residual).sum(axis=1),
        information - (pull * (ratio - tilt) * residual).sum(axis=1),
        information,
        (pull * curves.second).sum(axis=1),
        (pull * (ratio * curves.second + curves.third - tilt * curves.second)).sum(axis=1),
        (pull * (2 * curves.second - tilt * curves.first)).sum(axis=1),
    )


@dataclass(frozen=True, slots=True)
class _Curves:
    """Curves at one ability per person: P, 1 - P, and three derivatives of P, shape (n, n_items)."""

    right: Floats
    wrong: Floats
    first: Floats
    second: Floats
    third: Floats


def _curves(theta: Floats, items: ItemParameters) -> _Curves:
    """The curves and their derivatives by ability."""
    z = np.multiply.outer(theta, items.discrimination) + items.intercept
    up, down = expit(z), expit(-z)
    span = items.upper_asymptote - items.guessing
    first = items.discrimination * span * up * down
    return _Curves(
        items.guessing + span * up,
        (1 - items.upper_asymptote) + span * down,
        first,
        items.discrimination * first * (down - up),
        items.discrimination**2 * first * (1 - 6 * up * down),
    )


def warm_parts(theta: Floats, items: ItemParameters) -> tuple[Floats, Floats]:
    """Each item's part of J and of I at each ability, each of shape (n, n_items)."""
    curves = _curves(theta, items)
    variance = curves.right * curves.wrong
    pull = np.divide(curves.first, variance, out=np.zeros_like(variance), where=variance > 0)
    return pull * curves.second, pull * curves.first
