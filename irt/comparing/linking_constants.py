"""The line between two scales from means and spreads of anchor parameters, and how it follows from each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from irt.errors import FitError
from irt.items import Floats

#: Difficulties that vary by less than so many logits are one and the same: rounding is all that is left.
NO_SPREAD = 1e-9


@dataclass(frozen=True, slots=True)
class Constants:
    """The line between two scales, theta_base = slope * theta_new + intercept, and its derivatives.

    Parameters
    ----------
    slope, intercept : float
    by_new, by_base : ndarray, shape (2, 4, n_anchors)
        Derivatives of (slope, intercept) by discrimination, intercept, guessing and upper asymptote of the anchors in
        either calibration.
    """

    slope: float
    intercept: float
    by_new: Floats
    by_base: Floats


def mean_mean(new: Floats, base: Floats) -> Constants:
    """Loyd and Hoover's: the means of discriminations and of difficulties agree. Parameters of shape (4, n)."""
    slope = float(new[0].mean() / base[0].mean())
    n = new.shape[1]
    rows_new, rows_base = np.zeros((4, n)), np.zeros((4, n))
    rows_new[0], rows_base[0] = 1 / (n * base[0].mean()), -slope / (n * base[0].mean())
    return _through_means(slope, rows_new, rows_base, (new, base))


def mean_sigma(new: Floats, base: Floats) -> Constants:
    """Marco's: means and standard deviations of the difficulties agree. Parameters of shape (4, n).

    Raises
    ------
    FitError
        If the difficulties of either scale do not vary.
    """
    b_new, b_base = (-table[1] / table[0] for table in (new, base))
    n = len(b_new)
    if not min(b_new.std(), b_base.std()) > NO_SPREAD:
        raise FitError(
            "All anchors are equally hard in one of the calibrations, so their spread gives no slope. Link by "
            "'stocking-lord' instead."
        )
    slope = float(b_base.std() / b_new.std())
    by_b_new = -slope * (b_new - b_new.mean()) / (n * b_new.var())
    by_b_base = (b_base - b_base.mean()) / (n * b_base.std() * b_new.std())
    rows_new, rows_base = by_b_new * difficulty_by(new), by_b_base * difficulty_by(base)
    return _through_means(slope, rows_new, rows_base, (new, base))


def _through_means(slope: float, rows_new: Floats, rows_base: Floats, tables: tuple[Floats, Floats]) -> Constants:
    """The intercept at which the mean difficulties agree, with its derivatives, from the slope with its."""
    new, base = tables
    n = new.shape[1]
    middle = float((-new[1] / new[0]).mean())
    by_new = np.stack([rows_new, -middle * rows_new - slope * difficulty_by(new) / n])
    by_base = np.stack([rows_base, -middle * rows_base + difficulty_by(base) / n])
    return Constants(slope, float((-base[1] / base[0]).mean()) - slope * middle, by_new, by_base)


def difficulty_by(table: Floats) -> Floats:
    """Derivatives of the difficulty -d / a by the four parameters, shape (4, n)."""
    found: Floats = np.zeros_like(table)
    found[0], found[1] = table[1] / table[0] ** 2, -1 / table[0]
    return found
