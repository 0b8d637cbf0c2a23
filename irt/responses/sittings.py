"""Answers as a source hands them over: one row for each exam that a student sat, never one object an answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.responses.rows import Dropped, ItemTable, PersonTable


@dataclass(frozen=True, slots=True)
class Sittings:
    """The answers of one selection, one of each student to each item of each exam.

    Parameters
    ----------
    persons, items : PersonTable, ItemTable
    person : ndarray of int32, shape (n_sittings,)
        Position in ``persons``; rising, and within a person by exam.
    exam : ndarray of int32, shape (n_sittings,)
        Position in ``exams``.
    exams : tuple of str
        In the order in which they were sat (of the first answer; in alphabetical order without times).
    cells : ndarray of int8, shape (n_sittings, n_items)
        1, 0, -1 where the item was presented and not scored, -3 where it was not administered.
    chosen : ndarray of int8, int16 or int32, shape (n_sittings, n_items)
        Position of the chosen option in ``options``; -1 = none or not recorded.
    options : tuple of str
        Option labels in natural order.
    dropped : tuple of Dropped
        Rows of the selection that break the table contract, by reason, and attempts that do not count.
    n_rows : int
        Rows that came in, those left out counted.
    """

    persons: PersonTable
    items: ItemTable
    person: NDArray[np.int32]
    exam: NDArray[np.int32]
    exams: tuple[str, ...]
    cells: NDArray[np.int8]
    chosen: NDArray[np.signedinteger]
    options: tuple[str, ...]
    dropped: tuple[Dropped, ...] = ()
    n_rows: int = 0
