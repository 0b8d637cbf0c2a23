"""MAP, ML and WLE: the highest point of a curve over ability, one for each person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.items import Floats, ItemParameters
from irt.scoring.estimating_equations import equation, warm_parts
from irt.scoring.logits import without_asymptotes
from irt.scoring.population import standardised
from irt.scoring.posterior import LogLikelihood
from irt.scoring.weighted_scores import Table, standard_error, weighted_scores

Scores = NDArray[np.int8]
#: Estimates are looked for between -BRACKET and BRACKET logits.
BRACKET = 40.0
#: Half of the range that is scanned closely.
NEAR = 8.0
#: Points farther out, where only short or odd exams have their estimates.
FAR = (9.0, 10.0, 12.0, 14.0, 17.0, 20.0, 25.0, 30.0, 35.0, BRACKET)
#: Distance of points where there is one maximum, and where there may be several (then also at most 1 / (2 a)).
COARSE, FINE = 0.5, 0.1
#: Most points on each side of a close scan.
MOST_POINTS = 480
#: A log-likelihood that is not higher than at the end of the range by this has no maximum.
LEVEL = 1e-9
#: An estimate is found when it moves by less than this many logits; the next Newton step would be about the square.
PRECISION, NEWTON_PRECISION = 1e-10, 1e-6
#: Halvings that bring a bracket below the precision, and some Newton steps.
MOST_STEPS = 100
#: Persons that are worked on at a time: such a block stays in the cache of a processor.
BLOCK = 1024


def estimate_point(
    scores: Scores, items: ItemParameters, method: str, population: tuple[float, float]
) -> tuple[Floats, Floats]:
    """MAP, ML or WLE of each person with its standard error; nan where there is none."""
    mean, sd = population if method == "MAP" else (0.0, 1.0)
    standard = standardised(items, (mean, sd))
    theta, se = np.empty(len(scores)), np.empty(len(scores))
    tabulated = _complete(scores, standard)
    table = Table.of(standard, method, BRACKET, int(tabulated.sum()))
    if table is not None:
        weighted = weighted_scores(scores, standard.discrimination)[tabulated]
        theta[tabulated], se[tabulated] = table.estimates(weighted)
    scan = _Scan.over(standard, method)
    others = np.arange(len(scores)) if table is None else np.flatnonzero(~tabulated)
    for start in range(0, len(others), BLOCK):
        rows = others[start : start + BLOCK]
        theta[rows], se[rows] = _block(scores[rows], standard, method, scan)
    return mean + sd * theta, sd * se


def _complete(scores: Scores, items: ItemParameters) -> NDArray[np.bool_]:
    """Persons whose weighted score says all: who answered all items of a 1PL or 2PL."""
    complete = np.zeros(len(scores), dtype=bool)
    if without_asymptotes(items):
        np.all(scores >= 0, axis=1, out=complete)
    return complete


def _block(block: Scores, items: ItemParameters, method: str, scan: _Scan) -> tuple[Floats, Floats]:
    """Estimates and standard errors of some persons."""
    objective = scan.objective(block)
    best = objective.argmax(axis=1)
    height = objective[np.arange(len(block)), best]
    ends = np.maximum(objective[:, 0], objective[:, -1])
    found = np.flatnonzero(height > ends + LEVEL)
    theta, se = np.full(len(block), np.nan), np.full(len(block), np.nan)
    if len(found) == 0:
        return theta, se
    bracket = _Bracket.around(scan.points, objective[found], best[found])
    theta[found], precision = _roots(block[found], items, method, bracket)
    se[found] = standard_error(precision)
    if method == "MAP":
        # Without answers: the population itself, not its nearest double.
        theta[(block < 0).all(axis=1)] = 0.0
    return theta, se


@dataclass(frozen=True, slots=True)
class _Scan:
    """Abilities from which the highest is picked, and what the height is made of there."""

    points: Floats
    parts: LogLikelihood
    method: str
    lines: bool
    bias: Floats
    information: Floats

    @classmethod
    def over(cls, items: ItemParameters, method: str) -> _Scan:
        """Points close enough together to tell the maxima of these items apart."""
        lines = without_asymptotes(items)
        steepest = float(np.abs(items.discrimination).max(initial=0.0))
        # Without asymptotes likelihood and posterior have one maximum.
        step = COARSE if lines and method != "WLE" else min(FINE, 0.5 / max(steepest, 1e-9))
        side = np.linspace(0, NEAR, min(int(np.ceil(NEAR / step)), MOST_POINTS) + 1)[1:]
        points = np.concatenate([-np.array(FAR)[::-1], -side[::-1], [0.0], side, FAR])
        bias, information = warm_parts(points, items)
        parts = LogLikelihood.at(points, items)
        return cls(points, parts, method, lines, bias.T, information.T)

    def objective(self, block: Scores) -> Floats:
        """Logarithm of what is made greatest, up to a constant for each person, shape (n_persons, n_points)."""
        height = self.parts.of(block)
        if self.method == "MAP":
            height -= 0.5 * self.points**2
        if self.method == "WLE":
            height += self._weight(block)
        return height

    def _weight(self, block: Scores) -> Floats:
        """Integral of Warm's correction; without asymptotes it is half the logarithm of the information."""
        seen = (block >= 0).astype(np.float64)
        information = seen @ self.information
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.lines:
                return 0.5 * np.log(information)
            bias = np.where(information > 0, seen @ self.bias / (2 * information), 0.0)
        middle = (bias[:, 1:] + bias[:, :-1]) / 2 * np.diff(self.points)
        integral = np.concatenate([np.zeros((len(block), 1)), np.cumsum(middle, axis=1)], axis=1)
        return np.where((information > 0).any(axis=1, keepdims=True), integral, 0.0)


@dataclass(frozen=True, slots=True)
class _Bracket:
    """Abilities between which each person's highest point lies, and a first guess."""

    low: Floats
    guess: Floats
    high: Floats

    @classmethod
    def around(cls, points: Floats, heights: Floats, best: NDArray[np.intp]) -> _Bracket:
        """From the highest point of a scan and its neighbours; the guess is the top of the parabola through them."""
        rows = np.arange(len(best))
        low, middle, high = points[best - 1], points[best], points[best + 1]
        left = (heights[rows, best] - heights[rows, best - 1]) / (middle - low)
        right = (heights[rows, best + 1] - heights[rows, best]) / (high - middle)
        share = np.divide(left, left - right, out=np.full_like(left, 0.5), where=np.isfinite(left) & (left > right))
        return cls(low, (low + middle) / 2 + share * (high - low) / 2, high)


def _roots(scores: Scores, items: ItemParameters, method: str, bracket: _Bracket) -> tuple[Floats, Floats]:
    """Root of the estimating equation of each person and its precision, by Newton steps kept inside a bracket.

    A step that leaves the shrinking bracket, or is not half as long as the one before, is replaced by halving. The
    precision is that before the last step, which is shorter than anybody can tell.
    """
    low, theta, high = bracket.low.copy(), bracket.guess.copy(), bracket.high.copy()
    last, precision = high - low, np.empty(len(theta))
    moving = np.arange(len(theta))
    for _ in range(MOST_STEPS):
        if len(moving) == 0:
            break
        here = theta[moving]
        found = equation(here, scores[moving], items, method)
        low[moving] = np.where(found.value > 0, here, low[moving])
        high[moving] = np.where(found.value > 0, high[moving], here)
        step = np.divide(found.value, found.falling, out=np.full_like(here, np.inf), where=found.falling > 0)
        newton = (here + step > low[moving]) & (here + step < high[moving]) & (np.abs(step) <= last[moving] / 2)
        new = np.where(newton, here + step, (low[moving] + high[moving]) / 2)
        new = np.where(found.value == 0, here, new)
        last[moving] = np.abs(new - here)
        theta[moving], precision[moving] = new, found.precision
        moving = moving[last[moving] > np.where(newton, NEWTON_PRECISION, PRECISION)]
    return theta, precision
