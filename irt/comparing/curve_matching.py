"""The line between two scales on which the curves of anchor items agree best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from irt.comparing.linking_constants import Constants, mean_mean
from irt.items import Floats

#: Newton steps at most; five are usual.
MOST_STEPS = 100
#: The step at which slope and intercept have settled.
SETTLED = 1e-11
#: Smallest slope that is tried.
FLATTEST = 1e-3
#: Step of the central differences; they err by its square.
STEP = 1e-5


@dataclass(frozen=True, slots=True)
class Abilities:
    """Where curves are compared: abilities on the new and on the base scale, each with weights of sum 1."""

    new: Floats
    new_weights: Floats
    base: Floats
    base_weights: Floats


@dataclass(frozen=True, slots=True)
class Criterion:
    r"""How far the curves of anchors are apart on a line (slope, intercept) between the scales: sums of squares.

    .. math:: \sum_q w_q \sum_j (P_j(\theta_q) - P_j^*(\theta_q))^2 \quad or \quad
        \sum_q w_q \left( \sum_j P_j(\theta_q) - \sum_j P_j^*(\theta_q) \right)^2

    of each curve (Haebara) or of their sum (Stocking and Lord, ``summed``), over abilities of both scales, so that
    linking backwards gives the inverse line.

    Parameters
    ----------
    new, base : ndarray, shape (4, n_anchors)
        Discrimination, intercept, guessing and upper asymptote on either scale.
    abilities : Abilities
    summed : bool
    """

    new: Floats
    base: Floats
    abilities: Abilities
    summed: bool

    def gaps(self, line: Floats) -> tuple[Floats, Floats]:
        """Weighted differences, shape (n_points, n_anchors or 1), and their derivatives by the line, (2, ...)."""
        gap, slopes = weighted_gaps(line, self.new, self.base, self.abilities)
        if not self.summed:
            return gap, slopes
        return gap.sum(axis=1, keepdims=True), slopes.sum(axis=2, keepdims=True)

    def value(self, line: Floats) -> float:
        """The sum of squares."""
        return float((self.gaps(line)[0] ** 2).sum())

    def gradient(self, line: Floats) -> Floats:
        """Half the derivative of the sum of squares by slope and intercept, shape (2,)."""
        gap, slopes = self.gaps(line)
        found: Floats = np.einsum("qj,lqj->l", gap, slopes)
        return found

    def curvature(self, line: Floats) -> Floats:
        """Half the second derivatives, shape (2, 2)."""
        columns = [(self.gradient(line + STEP * e) - self.gradient(line - STEP * e)) / (2 * STEP) for e in np.eye(2)]
        second = np.stack(columns, axis=1)
        return (second + second.T) / 2


def match_curves(criterion: Criterion, common_slope: bool = False) -> Constants:
    """The line with the least sum of squares.

    Parameters
    ----------
    criterion : Criterion
    common_slope : bool
        Each scale has one discrimination (1PL): their ratio is the slope, and only the intercept is sought.

    Notes
    -----
    Newton's method from the line of :func:`irt.comparing.linking_constants.mean_mean`. The derivatives of the line
    follow from the gradient, which stays 0 when a parameter changes (implicit function theorem).

    References
    ----------
    Haebara, T. (1980). *Japanese Psychological Research*, 22, 144-149. doi:10.4992/psycholres1954.22.144

    Stocking, M. L., & Lord, F. M. (1983). *Applied Psychological Measurement*, 7, 201-210.
    doi:10.1177/014662168300700208

    Ogasawara, H. (2001). *Applied Psychological Measurement*, 25, 53-67. doi:10.1177/01466216010251004
    """
    start = mean_mean(criterion.new, criterion.base)
    line = np.array([start.slope, start.intercept])
    free = slice(1, 2) if common_slope else slice(0, 2)
    for _ in range(MOST_STEPS):
        step = np.zeros(2)
        step[free] = -np.linalg.solve(_positive(criterion.curvature(line)[free, free]), criterion.gradient(line)[free])
        before, line = line, _descend(criterion, line, step)
        if np.abs(line - before).max() < SETTLED:
            break
    by_new, by_base = (np.stack([by[0], np.zeros_like(by[0])]) for by in (start.by_new, start.by_base))
    second = criterion.curvature(line)
    for by, change in ((by_new, _gradient_by(criterion, line, 0)), (by_base, _gradient_by(criterion, line, 1))):
        held = np.multiply.outer(second[:, 0], by[0]) if common_slope else 0.0
        by[free] = -np.linalg.solve(second[free, free], (change + held).reshape(2, -1)[free]).reshape(by[free].shape)
    return Constants(float(line[0]), float(line[1]), by_new, by_base)


def weighted_gaps(line: Floats, new: Floats, base: Floats, abilities: Abilities) -> tuple[Floats, Floats]:
    """Differences of each anchor's curves and their derivatives by the line, (n_points, n) and (2, n_points, n)."""
    back = (abilities.base - line[1]) / line[0]
    there = line[0] * abilities.new + line[1]
    moved, moved_slope = _curve(back, new)
    met, met_slope = _curve(there, base)
    gap = np.vstack([_curve(abilities.base, base)[0] - moved, met - _curve(abilities.new, new)[0]])
    by_slope = np.vstack([moved_slope * (back / line[0])[:, None], met_slope * abilities.new[:, None]])
    by_intercept = np.vstack([moved_slope / line[0], met_slope])
    root = np.sqrt(np.concatenate([abilities.base_weights, abilities.new_weights]))[:, None]
    return gap * root, np.stack([by_slope, by_intercept]) * root


def _curve(theta: Floats, table: Floats) -> tuple[Floats, Floats]:
    """The curves and their slopes, each of shape (n_points, n_items)."""
    up = expit(np.multiply.outer(theta, table[0]) + table[1])
    span = table[3] - table[2]
    return table[2] + span * up, table[0] * span * up * (1 - up)


def _gradient_by(criterion: Criterion, line: Floats, which: int) -> Floats:
    """Derivatives of the gradient by the parameters of the anchors (0: new, 1: base), shape (2, 4, n_anchors).

    An anchor's parameter moves only its own curve, so that one shift of a kind of parameter serves all anchors.
    """
    gap, slopes = criterion.gaps(line)
    found = np.empty((2, *criterion.new.shape))
    for kind in range(4):
        ends = []
        for sign in (1, -1):
            tables = [criterion.new.copy(), criterion.base.copy()]
            tables[which][kind] += sign * STEP
            ends.append(weighted_gaps(line, tables[0], tables[1], criterion.abilities))
        gap_by, slopes_by = ((up - down) / (2 * STEP) for up, down in zip(*ends, strict=True))
        found[:, kind] = (gap_by * slopes + gap * slopes_by).sum(axis=1)
    return found


def _descend(criterion: Criterion, line: Floats, step: Floats) -> Floats:
    """The end of a step, halved until the sum of squares does not grow and the slope stays positive."""
    least = criterion.value(line)
    for _ in range(40):
        trial = line + step
        if trial[0] > FLATTEST and criterion.value(trial) <= least * (1 + 1e-12):
            return trial
        step = step / 2
    return line


def _positive(second: Floats) -> Floats:
    """Second derivatives with every direction curved upwards, so that a step goes down."""
    values, vectors = np.linalg.eigh(second)
    found: Floats = (vectors * np.maximum(np.abs(values), 1e-12)) @ vectors.T
    return found
