"""Complete answers to a 1PL or 2PL: all there is to know of a person is the weighted score, the sum of slopes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.items import Floats, ItemParameters
from irt.scoring.estimating_equations import equation

Scores = NDArray[np.int8]
#: Persons whose answers are summed at a time.
BLOCK = 2048
#: Distance of tabulated abilities in logits, for slopes up to 1; steeper ones need closer points.
SPACING = 0.01
#: Most tabulated abilities; past it, persons are estimated one by one.
MOST_POINTS = 60_000
#: Newton steps on the cubic of a cell, from a straight line: four double the digits to more than there are.
STEPS = 4
#: A standard error past this many logits says that nothing is known; it is left out.
WIDEST = 1e3
#: Weighted scores this close to the end of what the items can bring have no estimate.
LEVEL = 1e-9


def weighted_scores(scores: Scores, slopes: Floats) -> Floats:
    """Sum of the slopes of each person's right answers, shape (n_persons,)."""
    weighted = np.empty(len(scores))
    for start in range(0, len(scores), BLOCK):
        rows = slice(start, start + BLOCK)
        weighted[rows] = (scores[rows] == 1).astype(np.float64) @ slopes
    return weighted


def ends_of(items: ItemParameters) -> tuple[float, float]:
    """Least and greatest weighted score."""
    slopes = items.discrimination
    return float(slopes[slopes < 0].sum()), float(slopes[slopes > 0].sum())


def standard_error(precision: Floats) -> Floats:
    """One over the root; nan where nothing is known."""
    error: Floats = np.where(precision > WIDEST**-2, precision, np.nan) ** -0.5
    return error


def cubic(at: Floats, cell: NDArray[np.intp], values: Floats, slopes: Floats) -> Floats:
    """Hermite's cubic between neighbouring nodes, at a share of the way; slopes are per cell."""
    left, right = values[cell], values[cell + 1]
    rise = right - left
    first, last = slopes[cell] - rise, slopes[cell + 1] - rise
    result: Floats = left + at * rise + at * (1 - at) * ((1 - at) * first - at * last)
    return result


@dataclass(frozen=True, slots=True)
class Table:
    r"""Estimates by weighted score.

    The estimating equation of a person with weighted score s is :math:`s = G(\theta)`, with G the same for all: it is
    tabulated with its derivative (per step), and the equation solved on the cubic of the cell that s falls into.
    """

    points: Floats
    values: Floats
    slopes: Floats

    @classmethod
    def of(cls, items: ItemParameters, method: str, reach: float, n_persons: int) -> Table | None:
        """The table; none where it would cost more than so many persons, or a score has several roots."""
        steepest = max(float(np.abs(items.discrimination).max(initial=0.0)), 1.0)
        n_points = int(2 * reach / SPACING * steepest) + 1
        if n_points > min(n_persons, MOST_POINTS) or not items.discrimination.any():
            return None
        points = np.linspace(-reach, reach, n_points)
        values, slopes = _tabulated(points, items, method)
        # Far out Warm's correction makes G fall again; only the part that scores can reach counts.
        low, high = ends_of(items)
        first, last = int((values <= low).sum()), int((values < high).sum())
        part = slice(max(first - 1, 0), last + 1)
        ordered = (values[:first] <= low).all() and (values[last:] >= high).all()
        if not ordered or min(slopes[part].min(), np.diff(values[part]).min()) < -LEVEL:
            return None
        steps = np.maximum(slopes[part], 0.0) * (points[1] - points[0])
        return cls(points[part], np.maximum.accumulate(values[part]), steps)

    def estimates(self, weighted: Floats) -> tuple[Floats, Floats]:
        """Estimate and standard error for each weighted score; nan outside the table."""
        cell = np.clip(np.searchsorted(self.values, weighted) - 1, 0, len(self.points) - 2)
        left, right = self.values[cell], self.values[cell + 1]
        inside = (weighted > self.values[0] + LEVEL) & (weighted < self.values[-1] - LEVEL)
        step = self.points[1] - self.points[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.where(inside, (weighted - left) / (right - left), np.nan)
            for _ in range(STEPS):
                at = at - (cubic(at, cell, self.values, self.slopes) - weighted) / self._slope(at, cell)
            return self.points[cell] + at * step, standard_error(self._slope(at, cell) / step)

    def _slope(self, at: Floats, cell: NDArray[np.intp]) -> Floats:
        """Derivative of the cubic of a cell, per step."""
        left, right = self.slopes[cell], self.slopes[cell + 1]
        rise = self.values[cell + 1] - self.values[cell]
        result: Floats = left + at * (6 * rise - 4 * left - 2 * right) + 3 * at**2 * (left + right - 2 * rise)
        return result


def _tabulated(points: Floats, items: ItemParameters, method: str) -> tuple[Floats, Floats]:
    """G and its derivative at abilities: minus the equation of a person without right answers, whose s is 0."""
    values, slopes = np.empty(len(points)), np.empty(len(points))
    for start in range(0, len(points), BLOCK):
        rows = slice(start, start + BLOCK)
        wrong = np.zeros((len(points[rows]), len(items)), dtype=np.int8)
        found = equation(points[rows], wrong, items, method)
        values[rows], slopes[rows] = -found.value, found.falling
    return values, slopes
