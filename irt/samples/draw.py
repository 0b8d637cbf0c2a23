"""Draws answers: the plain 2PL, and simulated exams with options, omissions, a speeded end and planted faults."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

from irt.functions import irf
from irt.items import Floats, ItemParameters
from irt.responses import AnswerRows, ItemTable, PersonTable, ResponseMatrix
from irt.samples.plan import LETTERS, ExamPlan, Fault

Codes = NDArray[np.int8]

#: Share of copied answers in an item that depends on the one before.
COPIED = 0.75
#: How much harder an unfair item is for one group and easier for the other, in logits.
UNFAIR_SHIFT = 0.8
#: Share of would-be wrong answers that are left out instead.
OMITTED = 0.03


def simulate_2pl(n_persons: int, items: ItemParameters, seed: int, theta: ArrayLike | None = None) -> ResponseMatrix:
    """Answers of persons to items under the model (any asymptotes), without missing cells.

    Parameters
    ----------
    n_persons : int
    items : ItemParameters
    seed : int
        The same seed gives the same answers.
    theta : array_like, shape (n_persons,), optional
        Abilities; default: drawn from N(0, 1).

    Examples
    --------
    >>> items = ItemParameters.from_arrays(["q1", "q2"], [1.0, 1.5], difficulty=[-1.0, 1.0])
    >>> simulate_2pl(500, items, seed=1).scores.mean(axis=0).round(1).tolist()
    [0.7, 0.2]
    """
    rng = np.random.default_rng(seed)
    abilities = rng.standard_normal(n_persons) if theta is None else np.asarray(theta, dtype=np.float64)
    right = rng.random((n_persons, len(items))) < irf(abilities, items)
    return ResponseMatrix.from_array(right.astype(np.int8), item_ids=items.item_ids)


def draw_options(plan: ExamPlan, theta: Floats, disadvantaged: NDArray[np.bool_], rng: np.random.Generator) -> Codes:
    """The option that each student chooses, shape (n_persons, n_items); -1 = omitted, -2 = not reached.

    Parameters
    ----------
    plan : ExamPlan
    theta : ndarray, shape (n_persons,)
    disadvantaged : ndarray of bool, shape (n_persons,)
        For whom unfair items are harder.
    rng : Generator
    """
    shape = len(theta), len(plan.items)
    probability = _probability_right(plan, theta, disadvantaged)
    uniform = rng.random(shape)
    right = uniform < probability
    for j in plan.faulty(Fault.DEPENDENT):
        copied = rng.random(shape[0]) < COPIED
        right[copied, j] = right[copied, j - 1]
    true_key = np.array([item.true_key for item in plan.items], dtype=np.int8)
    chosen = np.where(right, true_key, _distractors(plan, theta, rng))
    for j in plan.faulty(Fault.GUESSED):
        chosen[:, j] = rng.integers(plan.n_options, size=shape[0])
    omitted = ~right & (rng.random(shape) < OMITTED)
    omitted[:, list(plan.faulty(Fault.NOBODY_RIGHT))] = False
    return np.where(_beyond_reach(plan, shape[0], rng), -2, np.where(omitted, -1, chosen)).astype(np.int8)


def score(plan: ExamPlan, chosen: Codes) -> Codes:
    """1, 0, or -1 without an answer, by the answer key as it stands (right or wrong)."""
    key = np.array([item.key for item in plan.items], dtype=np.int8)
    return np.where(chosen < 0, np.int8(-1), (chosen == key).astype(np.int8))


def draw_exam(plan: ExamPlan, n_students: int, seed: int) -> AnswerRows:
    """Answers of any number of students, drawn from N(0, 1) and two groups ("gender"), to the items of an exam.

    The same items for every number of students and seed: what tests of small and large groups need.
    """
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal(n_students)
    female = rng.random(n_students) < 0.5
    chosen = draw_options(plan, theta, female, rng)
    gender = tuple("female" if is_female else "male" for is_female in female)
    ids = tuple(f"{i:04d}" for i in range(1, n_students + 1))
    none = (None,) * n_students
    return as_rows(plan, PersonTable(ids, none, none, none, {"gender": gender}), chosen)


def as_rows(plan: ExamPlan, persons: PersonTable, chosen: Codes) -> AnswerRows:
    """One row for each student and item."""
    n_persons, n_items = chosen.shape
    letters = tuple(LETTERS[: plan.n_options])
    return AnswerRows(
        persons=persons,
        items=ItemTable(
            tuple(item.item_id for item in plan.items),
            tuple(item.name for item in plan.items),
            tuple(letters[item.key] for item in plan.items),
            tuple(item.intended_difficulty for item in plan.items),
        ),
        person=np.repeat(np.arange(n_persons, dtype=np.int32), n_items),
        item=np.tile(np.arange(n_items, dtype=np.int32), n_persons),
        correct=score(plan, chosen).ravel(),
        option=np.maximum(chosen, -1).astype(np.int32).ravel(),
        options=letters,
    )


def _probability_right(plan: ExamPlan, theta: Floats, disadvantaged: NDArray[np.bool_]) -> Floats:
    """Probability of choosing the option that is truly right."""
    items = plan.parameters
    probability = irf(theta, items)
    shift = np.where(disadvantaged, -UNFAIR_SHIFT, UNFAIR_SHIFT)
    for j in plan.faulty(Fault.FAVOURS_GROUP):
        probability[:, j] = irf(theta + shift, items.take([j]))[:, 0]
    probability[:, list(plan.faulty(Fault.EVERYBODY_RIGHT))] = 1.0
    probability[:, list(plan.faulty(Fault.NOBODY_RIGHT))] = 0.0
    return probability


def _distractors(plan: ExamPlan, theta: Floats, rng: np.random.Generator) -> Codes:
    """The wrong option that each student would choose: some attract the weakest, some those who nearly know.

    A nominal model among the wrong options, log-odds = attraction + slope * theta (Bock, 1972,
    doi:10.1007/BF02291411).
    """
    n_wrong = plan.n_options - 1
    chosen = np.empty((len(theta), len(plan.items)), dtype=np.int8)
    for j, item in enumerate(plan.items):
        fixed = np.random.default_rng(crc32(item.item_id.encode()))  # the same options in every exam
        attraction = fixed.normal(0, 0.5, n_wrong)
        slope = fixed.permutation(np.linspace(-0.5, 0.5, n_wrong))
        if item.fault is Fault.WRONG_KEY:  # the option that is taken for right tempts the weak
            tempting = item.key - (item.key > item.true_key)
            attraction[tempting], slope[tempting] = 1.0, -0.5
        weight = np.exp(attraction + np.multiply.outer(theta, slope))
        share = np.cumsum(weight, axis=1)
        position = (rng.random((len(theta), 1)) * share[:, -1:] > share).sum(axis=1)
        wrong = np.array([option for option in range(plan.n_options) if option != item.true_key], dtype=np.int8)
        chosen[:, j] = wrong[np.minimum(position, n_wrong - 1)]
    return chosen


def _beyond_reach(plan: ExamPlan, n_persons: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which cells lie after the point that a student's time allowed; slowness has nothing to do with ability."""
    beyond = np.zeros((n_persons, len(plan.items)), dtype=bool)
    if plan.not_reached:
        slowness = rng.random((n_persons, 1))
        beyond[:, -len(plan.not_reached) :] = slowness < np.sort(plan.not_reached)
    return beyond
