"""A question as one text of GoogleSQL, and its answer from the few rows in which it comes.

Rows by REST cost 14 microseconds each, so a table never crosses the wire row by row: each part is joined into texts
in the warehouse, fields with U+001F between them and rows with U+001E. Control characters do not occur in names; where
one does, the count of the pieces does not fit, and the answer is refused rather than read askew.

Numbers travel as the shortest decimals that give the same float64. The order of rows is not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from irt.errors import SourceError
from irt.sources.question import Kind, Part, Question, Value

_ROW, _FIELD = "\x1e", "\x1f"
#: A bucket of students holds about so many rows of the table, and no answer has more than so many buckets.
_ROWS_PER_BUCKET = 400_000
_MOST_BUCKETS = 4096


class Parcel(NamedTuple):
    """One row of an answer: some rows of a part, joined."""

    part: str
    n_rows: int
    text: str


def packed(question: Question, n_rows: int) -> tuple[str, dict[str, Value]]:
    """The text and the parameters that bring all parts of a question at once.

    Parameters
    ----------
    question : Question
    n_rows : int
        Rows of the table: by them tall parts are split.
    """
    selects = [_select(name, part) for name, part in question.parts.items()]
    shared = f"WITH {question.shared.strip()}\n" if question.shared.strip() else ""
    parameters: dict[str, Value] = {**question.parameters, "wire_field": _FIELD, "wire_row": _ROW}
    if any(part.tall for part in question.parts.values()):
        parameters["wire_buckets"] = min(_MOST_BUCKETS, 1 + n_rows // _ROWS_PER_BUCKET)
    return shared + "\nUNION ALL\n".join(selects), parameters


def unpacked(question: Question, parcels: Iterable[Parcel]) -> dict[str, dict[str, NDArray[Any]]]:
    """The table of each part. Raises SourceError where a field holds one of the signs that part the fields."""
    by_part: dict[str, list[Parcel]] = {name: [] for name in question.parts}
    for parcel in parcels:
        by_part[parcel.part].append(parcel)
    return {name: _table(part, by_part[name]) for name, part in question.parts.items()}


def parcels_of(rows: Sequence[tuple[Any, ...]]) -> list[Parcel]:
    """The parcels that hold anything, from the rows of a query."""
    return [Parcel(str(part), int(n_rows), text or "") for part, n_rows, text in rows if n_rows]


def _select(name: str, part: Part) -> str:
    """A SELECT that joins a part into texts."""
    fields = ", @wire_field, ".join(_as_text(column, kind) for column, kind in part.columns.items())
    row = f"CONCAT({fields})" if len(part.columns) > 1 else fields
    by_bucket = "\nGROUP BY MOD(draw, @wire_buckets)" if part.tall else ""
    return (
        f"SELECT '{name}' AS part, COUNT(*) AS n, STRING_AGG({row}, @wire_row) AS text\n"
        f"FROM ({part.sql.strip()}) AS {name}_rows{by_bucket}"
    )


def _as_text(column: str, kind: Kind) -> str:
    """A column as text; NULL and the empty text are the same. A count of no rows is 0, which engines differ about."""
    if kind == "text":
        return f"IFNULL({column}, '')"
    return f"IFNULL(CAST({column} AS STRING), '{'0' if kind == 'integer' else ''}')"


def _table(part: Part, parcels: Sequence[Parcel]) -> dict[str, NDArray[Any]]:
    """The columns of a part. Parcels are read one by one, since texts take many times the room of numbers."""
    pieces = [_columns(part, parcel) for parcel in parcels] or [_columns(part, None)]
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in part.columns}


def _columns(part: Part, parcel: Parcel | None) -> dict[str, NDArray[Any]]:
    """The columns of a parcel; of none, empty ones."""
    fields = [] if parcel is None else _fields(parcel, len(part.columns))
    return {name: _column(fields[k :: len(part.columns)], kind) for k, (name, kind) in enumerate(part.columns.items())}


def _fields(parcel: Parcel, n_columns: int) -> list[str]:
    """The fields of a parcel, row after row."""
    text, n = parcel.text, parcel.n_rows
    if text.count(_ROW) != n - 1 or text.count(_FIELD) != n * (n_columns - 1):
        raise SourceError(
            f"A text in the table holds a control character (U+001E or U+001F), which cannot be read ({parcel.part}). "
            "Remove it from the names and ids in the table.",
            reason="table",
            again=False,
        )
    return text.replace(_ROW, _FIELD).split(_FIELD)


def _column(texts: list[str], kind: Kind) -> NDArray[Any]:
    """A column of its kind from its texts."""
    if kind == "integer":
        try:
            return np.array(list(map(int, texts)), dtype=np.int64)
        except ValueError:  # a whole number that the engine reckons as a float: "3.0"
            return np.array(list(map(float, texts)), dtype=np.float64).astype(np.int64)
    if kind == "number":
        return np.array([float(text) if text else np.nan for text in texts], dtype=np.float64)
    column = np.empty(len(texts), dtype=object)
    column[:] = texts
    column[column == ""] = None
    return column
