"""MAP, ML and WLE: roots of an estimating equation, one for each person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from irt.items import Floats, ItemParameters

#: Roots are looked for between -BRACKET and BRACKET logits.
BRACKET = 40.0
#: A root is found when it moves by less than this many logits.
PRECISION = 1e-10
#: Halvings that bring the bracket below the precision, and some Newton steps.
MOST_STEPS = 60


def estimate_point(
    scores: NDArray[np.int8], items: ItemParameters, method: str, start: Floats
) -> tuple[Floats, Floats]:
    """MAP, ML or WLE of each person with its standard error; nan where there is none."""
    answered = (scores >= 0).any(axis=1)
    exists = answered if method != "ML" else answered & _has_maximum(scores, items)
    theta = np.where(answered | (method != "MAP"), np.nan, 0.0)
    se = np.where(np.isnan(theta), np.nan, 1.0)
    rows = np.flatnonzero(exists)
    theta[rows] = _roots(scores[rows], items, method, start[rows])
    steepness = _equation(theta[rows], scores[rows], items, method)[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        se[rows] = np.where(steepness > 0, 1 / np.sqrt(steepness), np.nan)
    return theta, se


def _has_maximum(scores: NDArray[np.int8], items: ItemParameters) -> NDArray[np.bool_]:
    """Whether the likelihood falls on both sides: some answers pull up and some pull down."""
    rising = items.discrimination > 0
    flat = items.discrimination == 0
    up = np.where(rising, scores == 1, scores == 0) & ~flat
    down = np.where(rising, scores == 0, scores == 1) & ~flat
    both: NDArray[np.bool_] = up.any(axis=1) & down.any(axis=1)
    return both


def _roots(scores: NDArray[np.int8], items: ItemParameters, method: str, start: Floats) -> Floats:
    """Root of the estimating equation of each person, by Newton steps kept inside a shrinking bracket."""
    theta = start.copy()
    low, high = np.full(len(theta), -BRACKET), np.full(len(theta), BRACKET)
    moving = np.arange(len(theta))
    for _ in range(MOST_STEPS):
        if len(moving) == 0:
            break
        here = theta[moving]
        value, steepness = _equation(here, scores[moving], items, method)
        low[moving] = np.where(value > 0, here, low[moving])
        high[moving] = np.where(value > 0, high[moving], here)
        with np.errstate(divide="ignore", invalid="ignore"):
            new = here + value / steepness
        inside = (steepness > 0) & (new > low[moving]) & (new < high[moving])
        new = np.where(inside, new, (low[moving] + high[moving]) / 2)
        new = np.where(value == 0, here, new)
        theta[moving] = new
        moving = moving[np.abs(new - here) > PRECISION]
    return theta


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


def _equation(theta: Floats, scores: NDArray[np.int8], items: ItemParameters, method: str) -> tuple[Floats, Floats]:
    r"""Left side of the estimating equation and how steeply it falls, each of shape (n,).

    ML: :math:`\sum_j P_j' (x_j - P_j) / (P_j Q_j) = 0`, falling by the information I. MAP subtracts :math:`\theta`. WLE
    adds :math:`J / (2 I)`, :math:`J = \sum_j P_j' P_j'' / (P_j Q_j)`, whose derivative is taken along.
    """
    curves, seen = _curves(theta, items), scores >= 0
    variance = curves.right * curves.wrong
    pull = np.divide(curves.first, variance, out=np.zeros_like(variance), where=variance > 0) * seen
    residual = np.where(scores == 1, curves.wrong, -curves.right)
    information = (pull * curves.first).sum(axis=1)
    value = (pull * residual).sum(axis=1)
    if method == "MAP":
        return value - theta, information + 1
    if method == "WLE":
        bias, falling = _warm(curves, pull, information)
        return value + bias, information + falling
    return value, information


def _warm(curves: _Curves, pull: Floats, information: Floats) -> tuple[Floats, Floats]:
    """Warm's correction J / (2 I) and minus its derivative, each of shape (n,)."""
    safe = np.where(information > 0, information, np.nan)
    tilt = pull * (curves.wrong - curves.right)
    ratio = np.divide(curves.second, curves.first, out=np.zeros_like(curves.first), where=curves.first != 0)
    total = (pull * curves.second).sum(axis=1)
    total_slope = (pull * (ratio * curves.second + curves.third - tilt * curves.second)).sum(axis=1)
    information_slope = (pull * (2 * curves.second - tilt * curves.first)).sum(axis=1)
    derivative = (total_slope - total * information_slope / safe) / (2 * safe)
    return np.nan_to_num(total / (2 * safe)), np.nan_to_num(-derivative)
