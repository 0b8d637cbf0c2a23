"""The steps of a fit by the kind of its layout: the plain 1PL and 2PL have fast ones of their own."""

from __future__ import annotations

from irt.calibration import asymptotes, curvature, expectation, information
from irt.calibration.expectation import State
from irt.calibration.patterns import Problem
from irt.items import Floats


def e_step(problem: Problem, parameters: Floats) -> State:
    """The state at these parameters."""
    step = asymptotes.e_step if problem.layout.general else expectation.e_step
    return step(problem, parameters)


def observed_information(problem: Problem, state: State) -> Floats:
    """Negative second derivative of the objective by the free parameters."""
    exact = curvature.observed_information if problem.layout.general else information.observed_information
    return exact(problem, state)
