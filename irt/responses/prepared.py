"""From sittings to a response matrix: attempts, missing answers, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from irt.items import closed
from irt.responses.matrix import BLOCK_CELLS, MISSING, ResponseMatrix
from irt.responses.rows import AnswerRows, Dropped, ItemTable, PersonTable
from irt.responses.sittings import NOT_ADMINISTERED, Sittings, sittings_of
from irt.selection import AttemptPolicy, MissingPolicy

T = TypeVar("T")


class Cell(IntEnum):
    """What happened in one cell of the table of students and items (before the missing-answer policy)."""

    WRONG = 0
    RIGHT = 1
    OMITTED = -1
    NOT_REACHED = -2
    NOT_ADMINISTERED = NOT_ADMINISTERED


@dataclass(frozen=True, slots=True)
class PreparedResponses:
    """The answers of a selection, ready to calibrate.

    Parameters
    ----------
    matrix : ResponseMatrix
        Students who answered at least one item x all items, under the policies.
    cells : ndarray of int8, shape (n_persons, n_items)
        :class:`Cell` codes: what was seen, before the missing-answer policy.
    chosen : ndarray of int8, int16 or int32, shape (n_persons, n_items)
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
    chosen: NDArray[np.signedinteger]
    options: tuple[str, ...]
    persons: PersonTable
    items: ItemTable
    absent: PersonTable
    dropped: tuple[Dropped, ...]
    n_rows: int
    item_exams: tuple[frozenset[str], ...]


def prepare(
    answers: Sittings | AnswerRows,
    *,
    missing: MissingPolicy = MissingPolicy.IGNORE,
    attempts: AttemptPolicy = AttemptPolicy.FIRST,
) -> PreparedResponses:
    """One row a student, one column an item.

    An item that a student answered in several exams is settled by the attempt policy; the exam that was sat first
    counts as first. (So are several rows of one exam, where rows come in; sittings have one each.) A student who
    answered nothing in an exam did not sit it. Items that a student did not answer at the end of an exam (in item
    order, after the last answer given in it) are *not reached*, others *omitted*; items without a row are *not
    administered* and stay missing under every policy.

    Parameters
    ----------
    answers : Sittings or AnswerRows
    missing : MissingPolicy
        ``ignore``: missing; ``omitted-wrong``: omitted counts as wrong, not reached is missing; ``wrong``: both wrong.
    attempts : AttemptPolicy
        ``first``, ``last`` or ``best`` answer of a student to an item.
    """
    sat = sittings_of(answers, attempts) if isinstance(answers, AnswerRows) else answers
    cells, here = _reached(sat.cells)
    left_out: tuple[Dropped, ...] = ()
    person, chosen = sat.person, sat.chosen
    if not here.all():
        if len(sat.exams) > 1:
            # Of a single exam, students without an answer are reported by name.
            left_out = _left_out("student without an answer in this one of the exams", sat.cells[~here])
        person, chosen, cells = person[here], _taken(chosen, here), cells[here]
    if len(sat.exams) > 1:
        person, cells, chosen, n_twice = _merged(person, cells, chosen, attempts)
        if n_twice:
            reason = f"item answered in several exams (the {attempts.value} answer counts)"
            left_out += (Dropped(reason, n_twice),)
    persons, absent = _divided(sat.persons, person)
    return PreparedResponses(
        matrix=ResponseMatrix(closed(_apply_missing(cells, missing)), persons.person_ids, sat.items.item_ids),
        cells=closed(cells),
        chosen=chosen,
        options=sat.options,
        persons=persons,
        items=sat.items,
        absent=absent,
        dropped=sat.dropped + left_out,
        n_rows=sat.n_rows,
        item_exams=_item_exams(sat),
    )


def take_persons(table: PersonTable, index: NDArray[np.intp]) -> PersonTable:
    """The persons at these positions."""

    def taken(values: tuple[T, ...]) -> tuple[T, ...]:
        objects = np.empty(len(values), dtype=object)
        objects[:] = values
        return tuple(objects[index].tolist())

    return PersonTable(
        taken(table.person_ids),
        taken(table.names),
        taken(table.grades),
        taken(table.classes),
        {name: taken(values) for name, values in table.properties.items()},
    )


def _divided(persons: PersonTable, present: NDArray[np.int32]) -> tuple[PersonTable, PersonTable]:
    """The persons at these positions, and all others."""
    if len(present) == len(persons.person_ids):
        return persons, take_persons(persons, np.array([], dtype=np.intp))
    absent = np.ones(len(persons.person_ids), dtype=bool)
    absent[present] = False
    return take_persons(persons, present.astype(np.intp)), take_persons(persons, np.flatnonzero(absent))


def _reached(cells: NDArray[np.int8]) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Cells of sittings with those *not reached* told from the omitted, and the sittings that have an answer.

    A block of rows at a time; the cells themselves come back where nothing was left open at the end.
    """
    found, n_items = cells, cells.shape[1]
    here = np.zeros(len(cells), dtype=bool)
    for rows in _blocks(cells):
        block = cells[rows]
        answered = block >= 0
        here[rows] = answered.any(axis=1)
        after = np.arange(n_items) > (n_items - 1 - answered[:, ::-1].argmax(axis=1))[:, None]
        late = (block == Cell.OMITTED) & after & here[rows, None]
        if late.any():
            found = cells.copy() if found is cells else found
            found[rows][late] = Cell.NOT_REACHED
    return found, here


def _merged(
    person: NDArray[np.int32], cells: NDArray[np.int8], chosen: NDArray[np.signedinteger], policy: AttemptPolicy
) -> tuple[NDArray[np.int32], NDArray[np.int8], NDArray[np.signedinteger], int]:
    """One row a student from rows by student and exam, and how many answers another exam's takes the place of."""
    first = np.ones(len(person), dtype=bool)
    first[1:] = person[1:] != person[:-1]
    start = np.flatnonzero(first)
    turn = np.arange(len(person)) - start[np.cumsum(first) - 1]
    one_cells, one_chosen, n_twice = cells[start], _taken(chosen, start), 0
    for k in range(1, int(turn.max(initial=0)) + 1):
        later = np.flatnonzero(turn == k)
        row = np.cumsum(first)[later] - 1
        given = cells[later] != Cell.NOT_ADMINISTERED
        known = one_cells[row] != Cell.NOT_ADMINISTERED
        n_twice += int((given & known).sum())
        wins = given & ~known
        if policy is AttemptPolicy.LAST:
            wins = given
        elif policy is AttemptPolicy.BEST:
            wins |= given & known & (cells[later] > one_cells[row])
        one_cells[row] = np.where(wins, cells[later], one_cells[row])
        if one_chosen.flags.writeable:
            one_chosen[row] = np.where(wins, chosen[later], one_chosen[row])
    return person[start], one_cells, one_chosen, n_twice


def _taken(chosen: NDArray[np.signedinteger], rows: NDArray[np.bool_] | NDArray[np.intp]) -> NDArray[np.signedinteger]:
    """Rows of the options; where none are recorded, still one number for all of them."""
    if chosen.strides[0] == 0:
        n = int(rows.sum()) if rows.dtype == bool else len(rows)
        return np.broadcast_to(chosen.dtype.type(-1), (n, chosen.shape[1]))
    return chosen[rows]


def _left_out(reason: str, cells: NDArray[np.int8]) -> tuple[Dropped, ...]:
    """The answers of these sittings, if there are any."""
    n = int((cells != Cell.NOT_ADMINISTERED).sum())
    return (Dropped(reason, n),) if n else ()


def _item_exams(sat: Sittings) -> tuple[frozenset[str], ...]:
    """The exams that each item is in."""
    if len(sat.exams) <= 1:
        return (frozenset(sat.exams),) * len(sat.items.item_ids)
    there = [(sat.cells[sat.exam == k] != Cell.NOT_ADMINISTERED).any(axis=0) for k in range(len(sat.exams))]
    return tuple(frozenset(sat.exams[k] for k in np.flatnonzero(column)) for column in np.stack(there, axis=1))


def _blocks(cells: NDArray[np.int8]) -> Iterator[slice]:
    """Slices of rows that hold about as many cells as fit a processor's cache."""
    size = max(1, BLOCK_CELLS // max(cells.shape[1], 1))
    for start in range(0, len(cells), size):
        yield slice(start, start + size)


def _apply_missing(cells: NDArray[np.int8], policy: MissingPolicy) -> NDArray[np.int8]:
    """Scores under the missing-answer policy: 1, 0, -1."""
    wrong = {
        MissingPolicy.IGNORE: (),
        MissingPolicy.OMITTED_WRONG: (Cell.OMITTED,),
        MissingPolicy.WRONG: (Cell.OMITTED, Cell.NOT_REACHED),
    }[policy]
    scores = np.maximum(cells, np.int8(MISSING))
    for rows in _blocks(cells):
        for code in wrong:
            scores[rows][cells[rows] == code] = 0
    return scores
