"""Answers as a source hands them over: one row for each exam that a student sat, never one object an answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.items import closed
from irt.responses.rows import AnswerRows, Dropped, ItemTable, PersonTable
from irt.selection import AttemptPolicy

#: A cell of an item that a student was not given in an exam.
NOT_ADMINISTERED = -3


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


def sittings_of(rows: AnswerRows, attempts: AttemptPolicy = AttemptPolicy.FIRST) -> Sittings:
    """Rows in memory as sittings: of several rows of a student and item in one exam, one counts.

    Parameters
    ----------
    rows : AnswerRows
    attempts : AttemptPolicy
        ``first``, ``last`` or ``best`` row. Of equally good ones, the first is the best.
    """
    n_items, n_exams = len(rows.items.item_ids), max(len(rows.exams), 1)
    code = rows.person.astype(np.int64) * n_exams + (0 if rows.exam is None else rows.exam)
    counted = _one_each(code * max(n_items, 1) + rows.item, rows.correct, attempts)
    keys, sitting = np.unique(code[counted], return_inverse=True)
    cells = np.full((len(keys), n_items), NOT_ADMINISTERED, dtype=np.int8)
    cells[sitting, rows.item[counted]] = rows.correct[counted]
    kind = option_type(len(rows.options))
    if (rows.option >= 0).any():
        chosen = np.full(cells.shape, -1, dtype=kind)
        chosen[sitting, rows.item[counted]] = rows.option[counted]
    else:
        chosen = np.broadcast_to(kind(-1), cells.shape)
    again = rows.n_rows - len(counted)
    more = (Dropped(repeated_attempts(attempts), again),) if again else ()
    person, exam = np.divmod(keys, n_exams)
    return Sittings(
        persons=rows.persons,
        items=rows.items,
        person=closed(person.astype(np.int32)),
        exam=closed(exam.astype(np.int32)),
        exams=rows.exams,
        cells=closed(cells),
        chosen=closed(chosen),
        options=rows.options,
        dropped=rows.dropped + more,
        n_rows=rows.n_rows + sum(entry.n_rows for entry in rows.dropped),
    )


def repeated_attempts(policy: AttemptPolicy) -> str:
    """Why a row does not count that another one of the same student, item and exam takes the place of."""
    return f"repeated attempt (the {policy.value} one counts)"


def option_type(n_options: int) -> type[np.int8] | type[np.int16] | type[np.int32]:
    """The narrowest type that holds the positions of so many options, and -1."""
    return np.int8 if n_options <= 2**7 else np.int16 if n_options <= 2**15 else np.int32


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
