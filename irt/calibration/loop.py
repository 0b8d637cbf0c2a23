"""The loop: from starting values to the maximum, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from irt.calibration.expectation import State
from irt.calibration.inverse import inverse_of
from irt.calibration.layout import as_items
from irt.calibration.maximisation import Memory, accelerated_direction, em_direction
from irt.calibration.patterns import Problem
from irt.calibration.result import FitStatus
from irt.calibration.steps import e_step, observed_information
from irt.calibration.uncertainty import covariance_of
from irt.items import Floats
from irt.quadrature import MOST_POINTS, NormalGrid, grid_with_spacing, normal_grid, resolves, widest_spacing

#: A slope past this is taken to grow without limit: from 10 % to 90 % correct within 0.11 logits, nearer together than
#: answers to other items can tell abilities. (Finite maxima past 20 do occur, among thousands of persons.)
STEEPEST = 40.0
#: A slope past this of which nothing is known is on a plateau: any steeper one does as well.
PLATEAU = 10.0
#: Steepest slope x distance of points past which sums are too far from integrals to climb on: they err by 2e-6.
BLURRED = 1.5
#: Largest change of a parameter in one step: a step from far away is shortened to it.
LONGEST_STEP = 2.0
#: Share of the objective that is rounding: sums of thousands of logarithms are not sharper.
ROUNDING = 1e-13
#: Share of the objective below which a rise does not show in its last digit: only noise is left to follow.
LAST_DIGIT = float(np.finfo(np.float64).eps)
#: Persons in a sample, persons from which one is drawn, and how well its maximum must be known: a small part of its own
#: standard errors, which are about 0.02 to 0.05.
SAMPLE, SAMPLE_FROM, SAMPLE_TOLERANCE, SAMPLE_PASSES = 10_000, 40_000, 1e-3, 100
#: The same where a pass costs six to ten times as much: persons answered items of their own, or there are asymptotes.
OWN_SAMPLE, OWN_SAMPLE_FROM = 2_000, 5_000
#: Share of an item's answers from persons at the two ends of the grid that calls for a wider one (a normal population
#: has 2e-9 there), and how wide a grid may become.
TOO_MANY_AT_ENDS, FURTHEST = 2e-8, 12.0


@dataclass(slots=True)
class Run:
    """A fit under way: where it is, what it remembers, and the series of objectives."""

    state: State
    memory: Memory = field(default_factory=Memory)
    history: list[float] = field(default_factory=list)
    passes: int = 1

    def move(self, after: State) -> float:
        """Accept a step; returns the largest change of a parameter."""
        change = float(np.abs(after.parameters - self.state.parameters).max())
        self.memory.remember(self.state, after)
        self.state = after
        self.history.append(after.objective)
        return change


@dataclass(frozen=True, slots=True)
class Fitted:
    """Where the loop ended.

    ``information`` is the observed information at the parameters; ``runaway`` the position of an item whose slope
    grows without limit (then the rest means nothing, and the information may be empty), or None.
    """

    state: State
    information: Floats
    history: tuple[float, ...]
    status: FitStatus
    runaway: int | None = None


def maximise(problem: Problem, start: Floats, tolerance: float, max_iterations: int) -> Fitted:
    """Climb from the starting values to the maximum of the objective.

    Accelerated EM until a step changes no parameter by more than the tolerance; then a Newton step on the observed
    information, which measures how far away the maximum is. Only if that distance is within the tolerance is the fit
    called converged. The grid is refined, and widened, as the items require: at the latest before a slope that outgrew
    it is judged. For many persons who each answered items of their own it has no more points than that.
    """
    memory = Memory()
    if _many(problem):
        start, memory = _head_start(problem, start)
        if _costly_points(problem):
            problem = replace(problem, grid=_just_fine(problem, start))
    run = _run_from(problem, start, memory)
    while True:
        settled = _climb(problem, run, tolerance, max_iterations)
        runaway = _runaway(problem, run.state)
        better = _better_grid(problem, run.state)
        if better is not None and (settled or _blurred(problem, run.state)):
            problem = replace(problem, grid=better)
            run = _run_from(problem, run.state.parameters, run.memory, run.passes)
            continue
        if runaway is not None:
            return Fitted(run.state, np.empty((0, 0)), tuple(run.history), FitStatus.ITERATION_LIMIT, runaway)
        information = observed_information(problem, run.state)
        if not settled:
            return Fitted(run.state, information, tuple(run.history), FitStatus.ITERATION_LIMIT)
        status = _finish(problem, run, information, tolerance)
        if status is not None:
            plateau = _plateau(problem, run.state, information)
            return Fitted(run.state, information, tuple(run.history), status, plateau)


def _many(problem: Problem) -> bool:
    """Whether a sample of the persons is worth a fit of its own."""
    return len(problem.patterns.right) >= (OWN_SAMPLE_FROM if _costly_pass(problem) else SAMPLE_FROM)


def _head_start(problem: Problem, start: Floats) -> tuple[Floats, Memory]:
    """The maximum for a sample of the persons, and the curvature there.

    It is as near as the standard errors of the sample, and the information in the sample, scaled up, tells the way on
    to within a few percent: about five passes over all persons where plain EM takes thirty and more. The sample has a
    prior in any case, since an item can be too rare in it.
    """
    prior, n_persons = problem.prior, len(problem.patterns.right)
    fewest = OWN_SAMPLE if _costly_pass(problem) else SAMPLE
    patterns = problem.patterns.sample(max(fewest, n_persons // 10))
    part = replace(problem, patterns=patterns, prior=prior.held_weakly() if prior.flat else prior)
    fitted = maximise(part, start, SAMPLE_TOLERANCE, SAMPLE_PASSES)
    if fitted.status is not FitStatus.CONVERGED:
        return start, Memory()
    if problem.layout.general:
        # What is known of asymptotes differs too much between samples: the curvature of one slows the way on.
        return fitted.state.parameters, Memory()
    share = float(patterns.weights.sum() / problem.patterns.weights.sum())
    return fitted.state.parameters, Memory(inverse_of(fitted.information).matrix * share)


def _run_from(problem: Problem, start: Floats, memory: Memory, passes: int = 0) -> Run:
    """A run after its first pass, or after one more."""
    first = e_step(problem, start)
    return Run(first, memory, [first.objective], passes + 1)


def _climb(problem: Problem, run: Run, tolerance: float, max_iterations: int) -> bool:
    """Accelerated EM; True once the steps are within the tolerance, False at the limit or where a remedy is due first.

    That is: a slope that runs away or has outgrown the grid, an asymptote that has run to its end.
    """
    while run.passes < max_iterations:
        if _runaway(problem, run.state) is not None or _blurred(problem, run.state):
            return False
        if problem.layout.at_bound(run.state.parameters):
            return False
        direction = accelerated_direction(problem, run.state, run.memory)
        after = _step(problem, run, direction)
        if after is None and run.memory.pairs:
            run.memory.forget()
            after = _step(problem, run, em_direction(problem, run.state, run.state.gradient))
        if after is None:
            return True
        if run.move(after) <= tolerance:
            return True
    return False


def _step(problem: Problem, run: Run, direction: Floats) -> State | None:
    """The state after the longest of 1, 1/4, 1/16, ... of a step that raises the objective, or None."""
    slope = float(run.state.gradient @ direction)
    if not np.isfinite(slope) or slope <= 0:
        return None
    length = min(1.0, LONGEST_STEP / float(np.abs(direction).max()))
    if length * slope <= LAST_DIGIT * abs(run.state.objective):
        return None
    slack = ROUNDING * abs(run.state.objective)
    for _ in range(12):
        after = e_step(problem, run.state.parameters + length * direction)
        run.passes += 1
        if after.objective >= run.state.objective + 1e-4 * length * slope - slack:
            return after
        length /= 4
    return None


def _finish(problem: Problem, run: Run, information: Floats, tolerance: float) -> FitStatus | None:
    """The status at a settled point; None if a step was taken that calls for another look."""
    inverse = inverse_of(information)
    if inverse.rising is not None:
        return None if _leave(problem, run, inverse.rising) else FitStatus.NOT_IDENTIFIED
    reached = FitStatus.CONVERGED if inverse.firm else FitStatus.NOT_IDENTIFIED
    newton = inverse.matrix @ run.state.gradient
    if float(np.abs(newton).max()) <= tolerance:
        return reached
    after = _step(problem, run, newton)
    if after is None:
        # Rounding hides what is left to climb: the objective cannot tell the two points apart.
        return reached
    run.move(after)
    return None


def _leave(problem: Problem, run: Run, direction: Floats) -> bool:
    """Leave a saddle along a direction of rising likelihood; False if neither side is higher."""
    for length in (0.3, -0.3, 0.03, -0.03):
        after = e_step(problem, run.state.parameters + length * direction / np.abs(direction).max())
        run.passes += 1
        if after.objective > run.state.objective:
            run.memory.forget()
            run.move(after)
            run.memory.forget()
            return True
    return False


def _runaway(problem: Problem, state: State) -> int | None:
    """The item whose slope runs to infinity; of several equal ones the last."""
    if not problem.prior.flat:
        return None
    slopes = np.abs(problem.layout.slopes(state.parameters))
    if slopes.max() <= STEEPEST:
        return None
    return int(np.flatnonzero(slopes >= 0.99 * slopes.max())[-1])


def _plateau(problem: Problem, state: State, information: Floats) -> int | None:
    """The steepest item that could be steeper without end, so that no step leads on; None if there is none."""
    slopes = np.abs(problem.layout.slopes(state.parameters))
    if not problem.prior.flat or slopes.max() <= PLATEAU:
        return None
    variances = np.diag(problem.layout.spread(covariance_of(information), state.parameters))
    slopes = np.where(np.isnan(variances[:: len(variances) // len(slopes)]), slopes, 0.0)
    return int(slopes.argmax()) if slopes.max() > PLATEAU else None


def _blurred(problem: Problem, state: State) -> bool:
    """Whether a slope has outgrown the grid, so that it could climb for ever between two points; not at the finest."""
    steepest = float(np.abs(problem.layout.slopes(state.parameters)).max())
    return steepest * problem.grid.spacing > BLURRED and 2 * len(problem.grid.points) - 1 <= MOST_POINTS


def _better_grid(problem: Problem, state: State) -> NormalGrid | None:
    """A finer or wider grid where these parameters ask for one, or None."""
    grid, ends = problem.grid, state.expected_answers[:, [0, -1]].sum(axis=1)
    if grid.reach < FURTHEST and (ends > TOO_MANY_AT_ENDS * state.expected_answers.sum(axis=1)).any():
        return normal_grid(len(grid.points) + 2 * round(2.0 / grid.spacing), grid.reach + 2.0)
    n_points = 2 * len(grid.points) - 1
    if resolves(grid, as_items(problem.layout, state.parameters)) or n_points > MOST_POINTS:
        return None
    return normal_grid(n_points, grid.reach)


def _costly_pass(problem: Problem) -> bool:
    """Whether a pass costs ten times that of a plain model of complete answers."""
    return problem.layout.general or _costly_points(problem)


def _costly_points(problem: Problem) -> bool:
    """Whether each point costs a product of matrices, so that there should be no more than exactness takes."""
    return problem.patterns.own_sets and not problem.layout.general


def _just_fine(problem: Problem, parameters: Floats) -> NormalGrid:
    """Just enough points for these parameters, with a little room for slopes that grow."""
    spacing = 0.95 * widest_spacing(as_items(problem.layout, parameters), problem.grid)
    return grid_with_spacing(spacing, problem.grid.reach)
