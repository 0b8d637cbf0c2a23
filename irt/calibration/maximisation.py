"""M-step and its acceleration: from the gradient at one point to the next point."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from irt.calibration import asymptotes
from irt.calibration.expectation import State
from irt.calibration.information import complete_information
from irt.calibration.patterns import Problem
from irt.items import Floats

#: Steps whose curvature is remembered.
MEMORY = 10


def em_direction(problem: Problem, state: State, gradient: Floats) -> Floats:
    """One Newton step of the M-step: the gradient over the information that known abilities would give.

    References
    ----------
    Lange (1995), A gradient algorithm locally equivalent to the EM algorithm. doi:10.1111/j.2517-6161.1995.tb02037.x
    """
    layout = problem.layout
    if layout.general:
        return asymptotes.em_direction(problem, state, gradient)
    slope, cross, intercept = complete_information(problem, state)
    precision = problem.prior.precision(layout)
    intercept = intercept + precision[layout.n_slopes :]
    by_slope, by_intercept = gradient[: layout.n_slopes], gradient[layout.n_slopes :]
    if layout.common_slope:
        left = slope.sum() + precision[0] - (cross**2 / intercept).sum()
        step = (by_slope - (cross * by_intercept / intercept).sum()) / left
    else:
        left = slope + precision[: layout.n_slopes] - cross**2 / intercept
        step = (by_slope - cross * by_intercept / intercept) / left
    return np.concatenate([step, (by_intercept - cross * step) / intercept])


@dataclass(slots=True)
class Memory:
    """Past steps and the changes of gradient they brought: the curvature that the M-step does not know of.

    Where the inverse of the information is known from nearby (another place, or a part of the persons), it takes the
    place of the M-step.
    """

    inverse: Floats | None = None
    pairs: deque[tuple[Floats, Floats, float]] = field(default_factory=lambda: deque(maxlen=MEMORY))

    def remember(self, before: State, after: State) -> None:
        """Keep a step, if the objective was concave along it."""
        step = after.parameters - before.parameters
        change = before.gradient - after.gradient
        product = float(step @ change)
        if product > 1e-12 * float(np.linalg.norm(step) * np.linalg.norm(change)):
            self.pairs.append((step, change, product))

    def forget(self) -> None:
        """Start again from plain EM."""
        self.inverse = None
        self.pairs.clear()


def accelerated_direction(problem: Problem, state: State, memory: Memory) -> Floats:
    """The EM direction corrected by remembered curvature (limited-memory BFGS on top of EM).

    References
    ----------
    Jamshidian & Jennrich (1997), Acceleration of the EM algorithm by using quasi-Newton methods.
    doi:10.1111/1467-9868.00083; Nocedal & Wright (2006), *Numerical Optimization*, algorithm 7.4.
    """
    remaining = state.gradient.copy()
    along = []
    for step, change, product in reversed(memory.pairs):
        along.append(float(step @ remaining) / product)
        remaining -= along[-1] * change
    known = memory.inverse
    direction = em_direction(problem, state, remaining) if known is None else known @ remaining
    for (step, change, product), share in zip(memory.pairs, reversed(along), strict=True):
        direction += (share - float(change @ direction) / product) * step
    return direction
