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
        Rows that break the table contract, and answers that did not count.
    n_rows : int
        Rows that came in, those left out counted.
    item_exams : tuple of frozenset of str, length n_items
        The exams that each item is in.
    """

    matrix: ResponseMatrix
    cells: NDArray[np.int8]
    chosen: NDArray[np.int32]
    options: tuple[str, ...]
    persons: PersonTable
    items: ItemTable
    absent: PersonTable
    dropped: tuple[Dropped, ...]
    n_rows: int
    item_exams: tuple[frozenset[str], ...]


def prepare(
    rows: AnswerRows,
    *,
    missing: MissingPolicy = MissingPolicy.IGNORE,
    attempts: AttemptPolicy = AttemptPolicy.FIRST,
) -> PreparedResponses:
    """One row a student, one column an item.

    Several rows for one student and item, in one exam or in several, are settled by the attempt policy; of exams, the
    one that was sat first counts as first. A student who answered nothing in an exam did not sit it. Items that a
    student did not answer at the end of an exam (in item order, after the last answer given in it) are *not reached*,
    others *omitted*; items without a row are *not administered* and stay missing under every policy.

    Parameters
    ----------
    rows : AnswerRows
    missing : MissingPolicy
        ``ignore``: missing; ``omitted-wrong``: omitted counts as wrong, not reached is missing; ``wrong``: both wrong.
    attempts : AttemptPolicy
        ``first``, ``last`` or ``best`` row of a student and item.
    """
    within = _within_exams(rows, attempts)
    sat, reached = _reached(rows, within)
    counted = _one_each(_cell(rows, sat), reached, attempts)
    kept = sat[counted]
    shape = (len(rows.persons.person_ids), len(rows.items.item_ids))
    cells = np.full(shape, Cell.NOT_ADMINISTERED, dtype=np.int8)
    chosen = np.full(shape, -1, dtype=np.int32)
    where = rows.person[kept], rows.item[kept]
    cells[where] = reached[counted]
    chosen[where] = rows.option[kept]
    present = (cells >= 0).any(axis=1)
    scores = _apply_missing(cells[present], missing)
    persons = take_persons(rows.persons, np.flatnonzero(present))
    return PreparedResponses(
        matrix=ResponseMatrix.from_array(scores, persons.person_ids, rows.items.item_ids),
        cells=closed(cells[present]),
        chosen=closed(chosen[present]),
        options=rows.options,
        persons=persons,
        items=rows.items,
        absent=take_persons(rows.persons, np.flatnonzero(~present)),
        dropped=rows.dropped + _left_out(rows, (len(within), len(sat), len(kept)), attempts),
        n_rows=rows.n_rows + sum(entry.n_rows for entry in rows.dropped),
        item_exams=_item_exams(rows),
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


def _within_exams(rows: AnswerRows, policy: AttemptPolicy) -> NDArray[np.intp]:
    """Positions (rising) of the rows that count within their exam."""
    every = np.arange(rows.n_rows, dtype=np.intp)
    exam = 0 if rows.exam is None else rows.exam
    return np.sort(_one_each(_cell(rows, every) * _n_exams(rows) + exam, rows.correct, policy))


def _reached(rows: AnswerRows, kept: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.int8]]:
    """Positions of the rows of students who sat their exam, and the :class:`Cell` of each."""
    sitting = rows.person[kept].astype(np.int64) * _n_exams(rows) + (0 if rows.exam is None else rows.exam[kept])
    correct, item = rows.correct[kept], rows.item[kept]
    last = np.full(len(rows.persons.person_ids) * _n_exams(rows), -1, dtype=np.int32)
    answered = correct >= 0
    np.maximum.at(last, sitting[answered], item[answered])
    cells = np.where((item > last[sitting]) & (correct == Cell.OMITTED), np.int8(Cell.NOT_REACHED), correct)
    sat = last[sitting] >= 0
    return kept[sat], cells[sat]


def _item_exams(rows: AnswerRows) -> tuple[frozenset[str], ...]:
    """The exams that each item is in."""
    n_items = len(rows.items.item_ids)
    if rows.exam is None:
        return (frozenset(rows.exams),) * n_items
    there = np.zeros((n_items, len(rows.exams)), dtype=bool)
    there[rows.item, rows.exam] = True
    return tuple(frozenset(rows.exams[k] for k in np.flatnonzero(row)) for row in there)


def _n_exams(rows: AnswerRows) -> int:
    return 1 if rows.exam is None else len(rows.exams)


def _cell(rows: AnswerRows, kept: NDArray[np.intp]) -> NDArray[np.int64]:
    """A number for each student and item."""
    return rows.person[kept].astype(np.int64) * max(len(rows.items.item_ids), 1) + rows.item[kept]


def _one_each(key: NDArray[np.int64], correct: NDArray[np.int8], policy: AttemptPolicy) -> NDArray[np.intp]:
    """The position of the row that counts among those with the same key."""
    rank = np.arange(len(key))
    if policy is AttemptPolicy.LAST:
        order = np.lexsort((-rank, key))
    elif policy is AttemptPolicy.BEST:
        order = np.lexsort((rank, -correct, key))
    else:
        order = np.lexsort((rank, key))
    first = np.ones(len(key), dtype=bool)
    first[1:] = key[order][1:] != key[order][:-1]
    return order[first]


def _left_out(rows: AnswerRows, left: tuple[int, int, int], policy: AttemptPolicy) -> tuple[Dropped, ...]:
    """Rows that did not count, by how many were left after each step: attempts, sittings, exams."""
    within, sat, kept = left
    # Of a single exam, students without an answer are reported by name.
    absent = 0 if rows.exam is None else within - sat
    found = (
        Dropped(f"repeated attempt (the {policy.value} one counts)", rows.n_rows - within),
        Dropped("student without an answer in this one of the exams", absent),
        Dropped(f"item answered in several exams (the {policy.value} answer counts)", sat - kept),
    )
    return tuple(entry for entry in found if entry.n_rows)


def _apply_missing(cells: NDArray[np.int8], policy: MissingPolicy) -> NDArray[np.int8]:
    """Scores under the missing-answer policy: 1, 0, -1."""
    wrong = {
        MissingPolicy.IGNORE: (),
        MissingPolicy.OMITTED_WRONG: (Cell.OMITTED,),
        MissingPolicy.WRONG: (Cell.OMITTED, Cell.NOT_REACHED),
    }[policy]
    scores = np.where(np.isin(cells, wrong), np.int8(0), cells)
    return np.maximum(scores, np.int8(-1))
