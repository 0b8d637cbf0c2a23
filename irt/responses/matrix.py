"""Scored answers as one table of persons and items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from irt.errors import ResponsesError
from irt.items import closed

#: A cell without a scored answer. Missing is never wrong.
MISSING = -1
#: Cells that are checked at a time.
BLOCK_CELLS = 1_048_576


@dataclass(frozen=True, slots=True)
class ResponseMatrix:
    """Scored answers.

    Parameters
    ----------
    scores : ndarray of int8, shape (n_persons, n_items)
        1 right, 0 wrong, -1 missing; read-only.
    person_ids, item_ids : tuple of str
        Unique names of rows and columns.
    weights : ndarray, shape (n_persons,), optional
        How many persons each row stands for; None means one each.
    """

    scores: NDArray[np.int8]
    person_ids: tuple[str, ...]
    item_ids: tuple[str, ...]
    weights: NDArray[np.float64] | None = None

    @classmethod
    def from_array(
        cls,
        scores: ArrayLike,
        person_ids: Sequence[str] | None = None,
        item_ids: Sequence[str] | None = None,
        weights: ArrayLike | None = None,
    ) -> ResponseMatrix:
        """A response matrix from any array of 0, 1 and missing (-1 or nan).

        Parameters
        ----------
        scores : array_like, shape (n_persons, n_items)
        person_ids, item_ids : sequence of str, optional
            Default: "1", "2", ... for persons and "Item_1", "Item_2", ... for items.
        weights : array_like, shape (n_persons,), optional
            Not negative; pattern counts.

        Raises
        ------
        ResponsesError
            If the array is not two-dimensional, a cell is neither 0, 1 nor missing, or names are not unique.
        """
        table = np.asarray(scores)
        if table.ndim != 2:
            raise ResponsesError(f"Answers must be a table of persons and items (2 dimensions), not {table.ndim}.")
        n_persons, n_items = table.shape
        return cls(
            scores=_scored(table),
            person_ids=_names(person_ids, n_persons, "person", ""),
            item_ids=_names(item_ids, n_items, "item", "Item_"),
            weights=None if weights is None else _weights(weights, n_persons),
        )

    @property
    def n_persons(self) -> int:
        """Number of rows."""
        return len(self.scores)

    @property
    def n_items(self) -> int:
        """Number of columns."""
        return int(self.scores.shape[1])

    def take(
        self,
        persons: NDArray[np.intp] | NDArray[np.bool_] | None = None,
        items: NDArray[np.intp] | NDArray[np.bool_] | None = None,
    ) -> ResponseMatrix:
        """The chosen rows and columns (positions or masks; None = all)."""
        rows = np.arange(self.n_persons)[slice(None) if persons is None else persons]
        columns = np.arange(self.n_items)[slice(None) if items is None else items]
        return ResponseMatrix(
            closed(self.scores[np.ix_(rows, columns)]),
            tuple(self.person_ids[i] for i in rows),
            tuple(self.item_ids[j] for j in columns),
            None if self.weights is None else self.weights[rows],
        )


def _scored(table: NDArray[np.generic]) -> NDArray[np.int8]:
    """Cells as read-only int8, or a sentence that names the first cell that is none of 0, 1, missing.

    A block of rows at a time, so that a large table needs no second one of wider numbers beside it; one that is of the
    right type and closed for writing is not copied.
    """
    kept = table.dtype == np.int8 and table.base is None and not table.flags.writeable and table.flags.c_contiguous
    scores = table.astype(np.int8, copy=False) if kept else np.empty(table.shape, dtype=np.int8)
    size = max(1, BLOCK_CELLS // max(table.shape[1], 1))
    for start in range(0, len(table), size):
        values = _numbers(table[start : start + size])
        if _impossible(values).any():
            raise _refusal(table)
        if not kept:
            scores[start : start + size] = values
    return closed(scores)


def _numbers(cells: NDArray[np.generic]) -> NDArray[np.generic]:
    """Whole numbers as they are, anything else as floats with -1 for nan."""
    if cells.dtype.kind in "biu":
        return cells
    try:
        values = cells.astype(np.float64)
    except (TypeError, ValueError):
        raise ResponsesError(
            "Answers must be numbers: 0 wrong, 1 right, -1 or nan missing. Score letters with a key first."
        ) from None
    values[np.isnan(values)] = MISSING
    return values


def _impossible(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Cells that are none of 0, 1 and -1."""
    if values.dtype.kind == "b":
        return np.zeros(values.shape, dtype=np.bool_)
    impossible: NDArray[np.bool_] = (values < MISSING) | (values > 1)
    if values.dtype.kind == "f":
        impossible |= values != np.trunc(values)
    return impossible


def _refusal(table: NDArray[np.generic]) -> ResponsesError:
    """The sentence for a table with cells that are none of 0, 1 and missing."""
    values: NDArray[Any] = _numbers(table)
    wrong = _impossible(values)
    row, column = np.argwhere(wrong)[0]
    return ResponsesError(
        f"Answers must be 0, 1, or missing (-1 or nan); row {row + 1}, column {column + 1} holds "
        f"{values[row, column]:g} ({int(wrong.sum())} such cells).",
        row=int(row),
        column=int(column),
        n_cells=int(wrong.sum()),
    )


def _names(names: Sequence[str] | None, n: int, kind: str, prefix: str) -> tuple[str, ...]:
    """Names as a tuple of unique strings, or made ones."""
    if names is None:
        return tuple([f"{prefix}{i}" for i in range(1, n + 1)])
    found = tuple(str(name) for name in names)
    if len(found) != n:
        raise ResponsesError(f"There are {n} {kind}s in the table, but {len(found)} {kind} names.")
    if len(set(found)) != n:
        twice = Counter(found).most_common(1)[0][0]
        raise ResponsesError(f"Each {kind} needs a name of its own; {twice!r} occurs twice.", name=twice)
    return found


def _weights(weights: ArrayLike, n: int) -> NDArray[np.float64]:
    """Weights as a read-only array of finite numbers that are not negative."""
    values = np.array(weights, dtype=np.float64)
    if values.shape != (n,) or not np.isfinite(values).all() or (values < 0).any():
        raise ResponsesError(f"Weights must be {n} finite numbers that are not negative, one for each person.")
    return closed(values)
