"""What a simulated exam is made of: items with true parameters, options, and the faults planted in them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from irt.items import ItemParameters

LETTERS = "ABCDE"


class Fault(StrEnum):
    """What is wrong with a planted item (the empty value: nothing)."""

    NONE = ""
    WRONG_KEY = "wrong key"
    EVERYBODY_RIGHT = "everybody right"
    NOBODY_RIGHT = "nobody right"
    FAVOURS_GROUP = "favours a group"
    DEPENDENT = "depends on the item before"
    GUESSED = "guessed"


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """One item of a simulated exam.

    Parameters
    ----------
    item_id, name : str
    discrimination, difficulty : float
        Logistic metric. A faulty item has them too: what it would be without its fault.
    key : int
        Position of the option that the answer key calls right.
    true_key : int
        Position of the option that is right; differs from ``key`` with a wrong key.
    intended_difficulty : str
        The author's label: easy, medium, hard.
    fault : Fault
    """

    item_id: str
    name: str
    discrimination: float
    difficulty: float
    key: int
    true_key: int
    intended_difficulty: str
    fault: Fault = Fault.NONE


@dataclass(frozen=True, slots=True)
class ExamPlan:
    """A simulated exam.

    Parameters
    ----------
    subject, exam : str
    items : tuple of PlannedItem
        In the order of the exam, which is the natural order of their ids.
    n_options : int
    not_reached : tuple of float
        Share of students who do not get as far as each of the last items; empty where there is time enough.
    """

    subject: str
    exam: str
    items: tuple[PlannedItem, ...]
    n_options: int = 4
    not_reached: tuple[float, ...] = ()

    @property
    def parameters(self) -> ItemParameters:
        """The true parameters."""
        return ItemParameters.from_arrays(
            [item.item_id for item in self.items],
            [item.discrimination for item in self.items],
            difficulty=[item.difficulty for item in self.items],
        )

    def faulty(self, fault: Fault) -> tuple[int, ...]:
        """Positions of the items with a fault."""
        return tuple(j for j, item in enumerate(self.items) if item.fault is fault)

    def clean(self) -> tuple[int, ...]:
        """Positions of the items that have no fault and are no dependent item's other half."""
        partners = {j - 1 for j in self.faulty(Fault.DEPENDENT)}
        return tuple(j for j in self.faulty(Fault.NONE) if j not in partners)


def difficulty_label(difficulty: float) -> str:
    """An author's label for a difficulty in logits."""
    return ("easy", "medium", "hard")[int(np.searchsorted((-0.8, 0.5), difficulty))]
