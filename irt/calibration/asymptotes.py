"""E-step, M-step direction and observed information for curves of which the answers enter one by one (3PL, 4PL)."""

from __future__ import annotations

from irt.calibration.expectation import State
from irt.calibration.patterns import Problem
from irt.items import Floats


def e_step(problem: Problem, parameters: Floats) -> State:
    """Posterior over the grid for every pattern, summed to what the gradient needs."""
    raise NotImplementedError


def em_direction(problem: Problem, state: State, gradient: Floats) -> Floats:
    """The gradient over the information that known abilities would give."""
    raise NotImplementedError


def observed_information(problem: Problem, state: State) -> Floats:
    """Negative second derivative of the objective by the free parameters, exactly."""
    raise NotImplementedError
