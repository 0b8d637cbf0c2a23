"""From the parts of an answer to :class:`irt.responses.Sittings`: codes in natural order, bits to cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from irt.items import closed
from irt.natural import natural_order
from irt.responses import (
    NOT_ADMINISTERED,
    Column,
    Dropped,
    ItemTable,
    PersonTable,
    Sittings,
    option_type,
    repeated_attempts,
)
from irt.responses.key import is_empty
from irt.selection import AttemptPolicy
from irt.sources.bits import WORD, Rows, count_bits, fill_cells, fill_fields
from irt.sources.question import Table

Objects = NDArray[np.object_]
Places = NDArray[np.intp]


def has_repeats(sitting: Table) -> bool:
    """Whether a student answered an item of an exam more than once: there are more rows than bits."""
    return bool((sitting["n_rows"] > _n_cells(sitting)).any())


def settled(sitting: Table, counting: Table) -> Table:
    """The part ``sitting`` with the words of ``counting`` in those rows that it has."""
    person_ids, person = _coded(sitting["student_id"])
    code = {name: k for k, name in enumerate(person_ids)}
    again = np.array([code[name] for name in counting["student_id"]], dtype=np.int64)
    n_exams, n_blocks = int(sitting["exam"].max()) + 1, int(sitting["block"].max()) + 1

    def key(who: NDArray[np.int64], table: Table) -> NDArray[np.int64]:
        found: NDArray[np.int64] = (who * n_exams + table["exam"]) * n_blocks + table["block"]
        return found

    keys = key(person.astype(np.int64), sitting)
    order = np.argsort(keys)
    where = order[np.searchsorted(keys, key(again, counting), sorter=order)]
    better = dict(sitting)
    for name in counting.keys() - {"student_id", "exam", "block"}:
        better[name] = sitting[name].copy()
        better[name][where] = counting[name]
    return better


def sittings(
    asked: Table,
    sitting: Table,
    options: Table | None,
    *,
    width: int,
    groups: Sequence[str],
    dropped: tuple[Dropped, ...],
    n_rows: int,
    attempts: AttemptPolicy,
) -> Sittings:
    """The noun from the parts of :func:`irt.sources.answers.answers_question`.

    Parameters
    ----------
    asked, sitting, options : Table
        Parts ``item``, ``sitting`` and ``option`` (None: the table has no answers); attempts are settled.
    width : int
        Bits of a field for an option.
    groups : sequence of str
        The names of the groupings.
    dropped : tuple of Dropped
        Rows that break the contract.
    n_rows : int
        The other rows, repeated attempts counted.
    attempts : AttemptPolicy
        By which the attempts were settled.
    """
    items, item_rank = _items(asked)
    exams = tuple(_by_place(asked["exam"], asked["exam_name"]))
    person_ids, code = _coded(sitting["student_id"])
    person, exam, row_of = _numbered(code, sitting["exam"], len(exams))
    labels, option_rank = (_NONE, _NO_PLACE) if options is None else _options(options)
    shape = len(person), len(items.item_ids)
    cells = np.full(shape, NOT_ADMINISTERED, dtype=np.int8)
    kind = option_type(len(labels))
    chosen: NDArray[np.signedinteger] = np.broadcast_to(kind(-1), shape)
    if len(labels):
        chosen = np.full(shape, -1, dtype=kind)
    n_words = sum(name.startswith("scored_") for name in sitting)
    for block in range(-(-shape[1] // (n_words * WORD))):
        picked, rows = _rows_of_block(sitting["block"], block, row_of, len(person))
        for k in range(n_words):
            columns = item_rank[(block * n_words + k) * WORD :][:WORD]
            fill_cells(cells, rows, columns, sitting[f"scored_{k}"][picked], sitting[f"marked_{k}"][picked])
        if len(labels):
            per_word = WORD // width
            for k in range(WORD // per_word):
                columns = item_rank[block * WORD + k * per_word :][:per_word]
                fill_fields(chosen, rows, columns, sitting[f"chosen_{k}"][picked], width, option_rank)
    repeats = n_rows - int(_n_cells(sitting).sum())
    more = (Dropped(repeated_attempts(attempts), repeats),) if repeats else ()
    return Sittings(
        persons=_persons(person_ids, code, sitting, groups),
        items=items,
        person=closed(person),
        exam=closed(exam),
        exams=exams,
        cells=closed(cells),
        chosen=closed(chosen),
        options=tuple(labels),
        dropped=dropped + more,
        n_rows=n_rows + sum(entry.n_rows for entry in dropped),
    )


_NONE: Objects = np.array([], dtype=object)
_NO_PLACE: Places = np.array([], dtype=np.intp)


def _n_cells(sitting: Table) -> NDArray[np.int64]:
    """How many items each row has bits for."""
    counts = np.zeros(len(sitting["n_rows"]), dtype=np.int64)
    k = 0
    while f"scored_{k}" in sitting:
        counts += count_bits(np.bitwise_or(sitting[f"scored_{k}"], sitting[f"marked_{k}"]))
        k += 1
    return counts


def _coded(names: Objects) -> tuple[Objects, NDArray[np.int32]]:
    """Different names in natural order, and the position of each name in them."""
    order = natural_order(names)
    ordered = names[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    code = np.empty(len(order), dtype=np.int32)
    code[order] = np.cumsum(first, dtype=np.int32) - 1
    return ordered[first], code


def _numbered(
    code: NDArray[np.int32], exam: NDArray[np.int64], n_exams: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], Places]:
    """Persons and exams of the sittings, by person and exam; and for each row the sitting it belongs to."""
    if n_exams <= 1:
        person = np.arange(int(code.max(initial=-1)) + 1, dtype=np.int32)
        return person, np.zeros_like(person), code.astype(np.intp)
    keys, row_of = np.unique(code.astype(np.int64) * n_exams + exam, return_inverse=True)
    who, number = np.divmod(keys, n_exams)
    return who.astype(np.int32), number.astype(np.int32), row_of.astype(np.intp)


def _rows_of_block(block: NDArray[np.int64], wanted: int, row_of: Places, n: int) -> tuple[Places, Rows]:
    """The rows of a block of items in the order of their sittings, and those sittings (None: all of them)."""
    here = np.flatnonzero(block == wanted)
    row = np.full(n, -1, dtype=np.intp)
    row[row_of[here]] = here  # a sitting has one row in a block
    if len(here) == n:
        return row, None
    sat = np.flatnonzero(row >= 0)
    return row[sat], sat


def _items(asked: Table) -> tuple[ItemTable, Places]:
    """Items in natural order, and the rank in it of each place."""
    place = asked["item"]
    ids = _by_place(place, asked["item_id"])
    order = natural_order(ids)
    ids = ids[order]
    names, keys, intended = (_least(place, asked[name], len(ids))[order] for name in ("name", "answer_key", "intended"))
    names[is_empty(names)] = ids[is_empty(names)]
    return ItemTable(tuple(ids), tuple(names), tuple(keys), tuple(intended)), _rank(order)


def _options(options: Table) -> tuple[Objects, Places]:
    """Labels in natural order, and the rank in it of each place."""
    labels = _by_place(options["place"] - 1, options["label"])
    order = natural_order(labels)
    return labels[order], _rank(order)


def _by_place(place: NDArray[np.int64], values: Objects) -> Objects:
    """The value at each place; a place may occur more than once."""
    found = np.full(int(place.max()) + 1 if len(place) else 0, None, dtype=object)
    found[place] = values
    return found


def _least(place: NDArray[np.int64], values: Objects, n: int) -> Objects:
    """The first value in alphabetical order at each place, None where there is none."""
    found = np.full(n, None, dtype=object)
    for k, value in zip(place.tolist(), values, strict=True):
        if value is not None and (found[k] is None or value < found[k]):
            found[k] = value
    return found


def _rank(order: Places) -> Places:
    """The position of each place in an order."""
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order))
    return rank


def _persons(ids: Objects, code: NDArray[np.int32], sitting: Table, groups: Sequence[str]) -> PersonTable:
    """What is told of each student: of each column, the value in the last exam that has one."""
    nothing = (None,) * len(ids)

    def told(name: str) -> Column:
        if name not in sitting:
            return nothing
        return tuple(_latest(sitting[name], code, sitting["exam"], len(ids)).tolist())

    return PersonTable(
        person_ids=tuple(ids.tolist()),
        names=told("student_name"),
        grades=told("student_grade"),
        classes=told("class_name"),
        properties={name: told(f"group_{k}") for k, name in enumerate(groups)},
    )


def _latest(values: Objects, code: NDArray[np.int32], exam: NDArray[np.int64], n: int) -> Objects:
    """Of each student the value of the last exam that has one; of several of an exam the first in the alphabet."""
    latest = np.full(n, None, dtype=object)
    told = ~is_empty(values)
    for number in np.unique(exam[told]):
        here = np.flatnonzero(told & (exam == number))
        # Alphabetically backwards, so that of several values the first in the alphabet is written last.
        once = np.bincount(code[here], minlength=n) <= 1
        plain, several = here[once[code[here]]], here[~once[code[here]]]
        latest[code[plain]] = values[plain]
        for row in sorted(several.tolist(), key=values.__getitem__, reverse=True):
            latest[code[row]] = values[row]
    return latest
