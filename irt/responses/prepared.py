"""From rows to a response matrix: attempts, missing answers, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from irt.items import closed
from irt.responses.matrix import ResponseMatrix
from irt.responses.rows import AnswerRows, Dropped, ItemTable, PersonTable
from irt.selection import AttemptPolicy, MissingPolicy


class Cell(IntEnum):
    """What happened in one cell of the table of students and items (before the missing-answer policy)."""

    WRONG = 0
    RIGHT = 1
    OMITTED = -1
    NOT_REACHED = -2
    NOT_ADMINISTERED = -3


@dataclass(frozen=True, slots=True)
class PreparedResponses:
    """The answers of a selection, ready to calibrate.

    Parameters
    ----------
    matrix : ResponseMatrix
        Students who answered at least one item x all items, under the policies.
    cells : ndarray of int8, shape (n_persons, n_items)
        :class:`Cell` codes: what was seen, before the missing-answer policy.
    chosen : ndarray of int32, shape (n_persons, n_items)
        Position of the chosen option in ``options``; -1 = none.
    options : tuple of str
    persons, items : PersonTable, ItemTable
        In the order of rows and columns.
    absent : PersonTable
        Students who have rows but not one answer: left out.
    dropped : tuple of Dropped
        Rows that break the table contract, and repeated attempts that did not count.
    """

    matrix: ResponseMatrix
    cells: NDArray[np.int8]
    chosen: NDArray[np.int32]
    options: tuple[str, ...]
    persons: PersonTable
    items: ItemTable
    absent: PersonTable
    dropped: tuple[Dropped, ...]


def prepare(
    rows: AnswerRows,
    *,
    missing: MissingPolicy = MissingPolicy.IGNORE,
    attempts: AttemptPolicy = AttemptPolicy.FIRST,
) -> PreparedResponses:
    """One row a student, one column an item.

    Several rows for one student and item are settled by the attempt policy. Items that a student did not answer at
    the end of the exam (in item order, after the last answer given) are *not reached*, others *omitted*; items without
    a row are *not administered* and stay missing under every policy.

    Parameters
    ----------
    rows : AnswerRows
    missing : MissingPolicy
        ``ignore``: missing; ``omitted-wrong``: omitted counts as wrong, not reached is missing; ``wrong``: both wrong.
    attempts : AttemptPolicy
        ``first``, ``last`` or ``best`` row of a student and item.
    """
    kept, n_repeated = _one_attempt(rows, attempts)
    shape = (len(rows.persons.person_ids), len(rows.items.item_ids))
    cells = np.full(shape, Cell.NOT_ADMINISTERED, dtype=np.int8)
    chosen = np.full(shape, -1, dtype=np.int32)
    where = rows.person[kept], rows.item[kept]
    cells[where] = rows.correct[kept]
    chosen[where] = rows.option[kept]
    cells = _mark_not_reached(cells)
    present = (cells >= 0).any(axis=1)
    scores = _apply_missing(cells[present], missing)
    repeated = (Dropped(f"repeated attempt (the {attempts.value} one counts)", n_repeated),) if n_repeated else ()
    persons = take_persons(rows.persons, np.flatnonzero(present))
    return PreparedResponses(
        matrix=ResponseMatrix.from_array(scores, persons.person_ids, rows.items.item_ids),
        cells=closed(cells[present]),
        chosen=closed(chosen[present]),
        options=rows.options,
        persons=persons,
        items=rows.items,
        absent=take_persons(rows.persons, np.flatnonzero(~present)),
        dropped=rows.dropped + repeated,
    )


def take_persons(table: PersonTable, index: NDArray[np.intp]) -> PersonTable:
    """The persons at these positions."""
    return PersonTable(
        tuple(table.person_ids[i] for i in index),
        tuple(table.names[i] for i in index),
        tuple(table.grades[i] for i in index),
        tuple(table.classes[i] for i in index),
        {name: tuple(values[i] for i in index) for name, values in table.properties.items()},
    )


def _one_attempt(rows: AnswerRows, policy: AttemptPolicy) -> tuple[NDArray[np.intp], int]:
    """Positions of the rows that count, and how many do not."""
    n_items = max(len(rows.items.item_ids), 1)
    cell = rows.person.astype(np.int64) * n_items + rows.item
    rank = np.arange(rows.n_rows)
    if policy is AttemptPolicy.LAST:
        order = np.lexsort((-rank, cell))
    elif policy is AttemptPolicy.BEST:
        order = np.lexsort((rank, -rows.correct, cell))
    else:
        order = np.lexsort((rank, cell))
    first = np.ones(rows.n_rows, dtype=bool)
    first[1:] = cell[order][1:] != cell[order][:-1]
    kept = order[first]
    return kept, rows.n_rows - len(kept)


def _mark_not_reached(cells: NDArray[np.int8]) -> NDArray[np.int8]:
    """Omitted cells after a student's last answer become not reached."""
    if not cells.size:
        return cells
    answered = cells >= 0
    last = np.where(answered.any(axis=1), cells.shape[1] - 1 - np.argmax(answered[:, ::-1], axis=1), -1)
    after = np.arange(cells.shape[1]) > last[:, None]
    return np.where(after & (cells == Cell.OMITTED), np.int8(Cell.NOT_REACHED), cells)


def _apply_missing(cells: NDArray[np.int8], policy: MissingPolicy) -> NDArray[np.int8]:
    """Scores under the missing-answer policy: 1, 0, -1."""
    wrong = {
        MissingPolicy.IGNORE: (),
        MissingPolicy.OMITTED_WRONG: (Cell.OMITTED,),
        MissingPolicy.WRONG: (Cell.OMITTED, Cell.NOT_REACHED),
    }[policy]
    scores = np.where(np.isin(cells, wrong), np.int8(0), cells)
    return np.maximum(scores, np.int8(-1))
