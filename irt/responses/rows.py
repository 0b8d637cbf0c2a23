"""Answers as a source hands them over: columns of integer codes, never one object a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Column = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class PersonTable:
    """Who answered: one entry a student, in the order of the codes in :class:`AnswerRows`."""

    person_ids: tuple[str, ...]
    names: Column
    grades: Column
    classes: Column
    properties: Mapping[str, Column] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ItemTable:
    """What was asked: one entry an item, in natural order (item_2 before item_10)."""

    item_ids: tuple[str, ...]
    names: tuple[str, ...]
    answer_keys: Column
    intended_difficulties: Column


@dataclass(frozen=True, slots=True)
class Dropped:
    """Rows that were left out before anything was computed: why and how many."""

    reason: str
    n_rows: int


@dataclass(frozen=True, slots=True)
class AnswerRows:
    """The answers of one selection.

    Parameters
    ----------
    persons, items : PersonTable, ItemTable
    person, item : ndarray of int32, shape (n_rows,)
        Positions in ``persons`` and ``items``. Rows are ordered by person, item, exam, attempt, time.
    correct : ndarray of int8, shape (n_rows,)
        1, 0, or -1 where the item was presented but not scored (an omitted answer). An item that was not
        administered to a student has no row.
    option : ndarray of int32, shape (n_rows,)
        Position of the chosen option in ``options``; -1 = none or not recorded.
    options : tuple of str
        Option labels in natural order.
    dropped : tuple of Dropped
        Rows of the selection that break the table contract, by reason.
    exam : ndarray of int32, shape (n_rows,), optional
        Position of the exam in ``exams``; None where all rows are of one exam.
    exams : tuple of str
        The exams in the order in which they were sat (of the first answer; in alphabetical order without times).
    """

    persons: PersonTable
    items: ItemTable
    person: NDArray[np.int32]
    item: NDArray[np.int32]
    correct: NDArray[np.int8]
    option: NDArray[np.int32]
    options: tuple[str, ...]
    dropped: tuple[Dropped, ...] = ()
    exam: NDArray[np.int32] | None = None
    exams: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """How many answers."""
        return len(self.person)
