"""Answers as bits of whole numbers: how a query packs the items of a student, and how numpy unpacks them.

A word is an INT64 of which 60 bits are used: DuckDB refuses a shift into the sign.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from irt.responses import NOT_ADMINISTERED

#: Bits used of a word.
WORD = 60
#: Words that are unpacked at a time, so that what is between fits the processor's cache.
BLOCK = 8192

#: What the two bits of a cell stand for, ``scored`` first: no row, a row that is not scored, wrong, right.
_CELL = np.array([NOT_ADMINISTERED, -1, 0, 1], dtype=np.int8)

Rows = NDArray[np.intp] | None
Columns = NDArray[np.intp]


def mask(place: str, word: int, n_words: int) -> str:
    """SQL: the bit of an item, by its place, if it lies in this one of the words of a row, else 0."""
    bit = f"CAST(1 AS INT64) << MOD({place}, {WORD})"
    if n_words == 1:
        return bit
    return f"IF(CAST(FLOOR(MOD({place}, {n_words * WORD}) / {WORD}) AS INT64) = {word}, {bit}, 0)"


def fill_cells(
    cells: NDArray[np.int8], rows: Rows, columns: Columns, scored: NDArray[np.int64], marked: NDArray[np.int64]
) -> None:
    """Set cells from two words a row: bit k of them is column ``columns[k]``.

    Parameters
    ----------
    cells : ndarray of int8, shape (n_rows, n_columns)
        Written to.
    rows : ndarray of int, optional
        The row of each word; None: the words are those of all rows, in order.
    columns : ndarray of int, at most :data:`WORD`
    scored, marked : ndarray of int64
        Right: both bits; wrong: ``scored`` alone; presented and not scored: ``marked`` alone.
    """
    n = len(columns)
    for start in range(0, len(scored), BLOCK):
        part = slice(start, start + BLOCK)
        code = _unpacked(scored[part], n)
        code <<= 1
        code |= _unpacked(marked[part], n)
        _put(cells, part, rows, columns, _CELL[code])


def fill_fields(
    table: NDArray[np.signedinteger],
    rows: Rows,
    columns: Columns,
    words: NDArray[np.int64],
    bits: int,
    values: NDArray[np.signedinteger],
) -> None:
    """Set cells from fields of some bits in a word a row: field k is column ``columns[k]``, 0 leaves it as it is.

    ``values[f - 1]`` is what a field f stands for.
    """
    shifts = np.arange(len(columns), dtype=np.int64) * bits
    meaning = np.append(table.dtype.type(-1), values).astype(table.dtype)
    for start in range(0, len(words), BLOCK):
        part = slice(start, start + BLOCK)
        field = (words[part, None] >> shifts) & ((1 << bits) - 1)
        _put(table, part, rows, columns, meaning[field])


def count_bits(words: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many bits of each word are set."""
    return np.bitwise_count(words).astype(np.int64)


def _unpacked(words: NDArray[np.int64], n: int) -> NDArray[np.uint8]:
    """The first n bits of each word."""
    little = words if sys.byteorder == "little" else words.byteswap()
    return np.unpackbits(np.ascontiguousarray(little).view(np.uint8).reshape(-1, 8), axis=1, count=n, bitorder="little")


def _put(
    table: NDArray[np.signedinteger], part: slice, rows: Rows, columns: Columns, values: NDArray[np.signedinteger]
) -> None:
    """Write a block into the rows and columns it belongs to; neighbouring columns at once."""
    n = len(columns)
    together = n > 0 and bool((np.diff(columns) == 1).all())
    where = slice(columns[0], columns[0] + n) if together else columns
    if rows is None:
        table[part, where] = values
    elif together:
        table[rows[part], where] = values
    else:
        table[rows[part, None], columns] = values
