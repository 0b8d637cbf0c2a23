"""The plans of a simulated school year: 4 subjects x 3 exams, with anchor items and planted faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from irt.samples.plan import ExamPlan, Fault, PlannedItem, difficulty_label
from irt.samples.titles import JAPANESE, MATHEMATICS, SCIENCE, SOCIAL_STUDIES, titles_of

TERMS = ("Term 1", "Term 2", "Term 3")
#: Items that an exam takes over from the exams before it.
N_ANCHORS = 8
SEED = 20260401


@dataclass(frozen=True, slots=True)
class SubjectPlan:
    """A subject of the school year: ``faults`` maps (term, position among the term's new items from 0) to a fault."""

    name: str
    prefix: str
    n_items: int
    n_options: int
    topics: Mapping[str, str]
    faults: Mapping[tuple[int, int], Fault] = field(default_factory=dict)
    not_reached: Mapping[int, tuple[float, ...]] = field(default_factory=dict)


SUBJECTS = (
    SubjectPlan(
        "Mathematics (simulated)",
        "MA",
        36,
        4,
        MATHEMATICS,
        {
            (1, 19): Fault.WRONG_KEY,
            (2, 4): Fault.WRONG_KEY,
            (2, 8): Fault.GUESSED,
            (2, 11): Fault.FAVOURS_GROUP,
            (2, 16): Fault.DEPENDENT,
            (2, 20): Fault.EVERYBODY_RIGHT,
            (2, 25): Fault.NOBODY_RIGHT,
        },
    ),
    SubjectPlan(
        "Science (simulated)",
        "SC",
        40,
        5,
        SCIENCE,
        {(1, 6): Fault.FAVOURS_GROUP, (1, 22): Fault.EVERYBODY_RIGHT, (3, 13): Fault.GUESSED},
        {2: (0.14, 0.22, 0.30, 0.38, 0.46)},
    ),
    SubjectPlan(
        "Japanese 国語 (simulated)",
        "JA",
        32,
        4,
        JAPANESE,
        {(2, 6): Fault.GUESSED, (2, 15): Fault.DEPENDENT, (3, 9): Fault.FAVOURS_GROUP},
    ),
    SubjectPlan(
        "Social studies 社会 (simulated)",
        "SO",
        30,
        4,
        SOCIAL_STUDIES,
        {(3, 5): Fault.WRONG_KEY, (3, 14): Fault.NOBODY_RIGHT},
    ),
)

#: What an item would be without its fault, where the fault needs a middling item to be seen.
MIDDLING = {
    Fault.WRONG_KEY: (1.4, 0.0),
    Fault.FAVOURS_GROUP: (1.4, -0.2),
    Fault.DEPENDENT: (1.2, 0.1),
    Fault.GUESSED: (1.0, 0.5),
}


@cache
def school_year() -> tuple[ExamPlan, ...]:
    """The twelve exams, by subject and term. The same plans in every run.

    Examples
    --------
    >>> len(school_year())
    12
    >>> plan = school_year()[1]
    >>> plan.subject, plan.exam, len(plan.items)
    ('Mathematics (simulated)', 'Term 2', 36)
    >>> [plan.items[j].item_id for j in plan.faulty(Fault.WRONG_KEY)]
    ['MA2-05']
    """
    return tuple(plan for number, subject in enumerate(SUBJECTS) for plan in _subject_exams(number, subject))


def find_plan(subject_prefix: str, exam: str) -> ExamPlan:
    """The plan of one exam, by the start of its subject's name: ``find_plan("Science", "Term 2")``."""
    return next(plan for plan in school_year() if plan.subject.startswith(subject_prefix) and plan.exam == exam)


def _subject_exams(number: int, subject: SubjectPlan) -> list[ExamPlan]:
    """The exams of a subject: new items, and from the second term on anchors before them."""
    rng = np.random.default_rng(SEED + number)
    titles = iter(titles_of(subject.topics))
    new: dict[int, tuple[PlannedItem, ...]] = {}
    plans = []
    for term, name in enumerate(TERMS, start=1):
        n_new = subject.n_items - (N_ANCHORS if term > 1 else 0)
        new[term] = tuple(_new_item(rng, subject, term, i, next(titles)) for i in range(n_new))
        plans.append(
            ExamPlan(
                subject.name,
                name,
                _anchors(new, term) + new[term],
                subject.n_options,
                subject.not_reached.get(term, ()),
            )
        )
    return plans


def _anchors(new: Mapping[int, tuple[PlannedItem, ...]], term: int) -> tuple[PlannedItem, ...]:
    """Items of the terms before, without fault and spread over the exam, in equal numbers from each."""
    anchors: list[PlannedItem] = []
    for before in range(1, term):
        fit = [item for item, after in zip(new[before], new[before][1:], strict=False) if _sound(item, after)]
        start = 1 if term > before + 1 else 0
        anchors += fit[start :: max(len(fit) * (term - 1) // N_ANCHORS, 1)][: N_ANCHORS // (term - 1)]
    return tuple(anchors)


def _sound(item: PlannedItem, after: PlannedItem) -> bool:
    """Whether an item has no fault and the next one does not depend on it."""
    return item.fault is Fault.NONE and after.fault is not Fault.DEPENDENT


def _new_item(rng: np.random.Generator, subject: SubjectPlan, term: int, i: int, name: str) -> PlannedItem:
    """An item with drawn parameters: discrimination 0.8 to 2, difficulty -2 to 2, a label that sometimes misjudges."""
    fault = subject.faults.get((term, i), Fault.NONE)
    drawn = float(rng.uniform(0.8, 2.0)), float(np.clip(rng.normal(-0.25, 0.9), -2, 2))
    misjudged = float(rng.normal(0, 0.5))
    key = int(rng.integers(subject.n_options))
    discrimination, difficulty = MIDDLING.get(fault, drawn)
    item = PlannedItem(
        item_id=f"{subject.prefix}{term}-{i + 1:02d}",
        name=name,
        discrimination=discrimination,
        difficulty=difficulty,
        key=key,
        true_key=key,
        intended_difficulty=difficulty_label(difficulty + misjudged),
        fault=fault,
    )
    if fault is Fault.WRONG_KEY:
        return replace(item, key=(key + 1) % subject.n_options)
    return item
