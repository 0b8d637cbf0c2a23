"""Tables to pass on: pseudonyms in the place of ids, no names, and rows in an order that tells nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from irt.serialise.nouns import Column, Table, Values

#: What stands in every pseudonymous file.
EXPLAINED = (
    "pseudonymous: student_id stands for a student and is the same in every file and exam; it is not the id, and names "
    "are left out. Other columns may still tell who somebody is, so pass the file on with care."
)
_WHO = "student_id"
_NAMES = frozenset({"student_name"})
_MEANING = "A pseudonym of the student: the same in every file and exam."


def pseudonymous(table: Table, handle: Callable[[str], str]) -> Table:
    """The same table without ids and names of students; one that is not about students comes back as it is.

    Parameters
    ----------
    table : Table
    handle : callable
        From what stands in ``student_id`` to the pseudonym.
    """
    if _WHO not in (column.name for column in table.columns):
        return table
    ids = table.column(_WHO)
    names = {student_id: None if student_id is None else handle(student_id) for student_id in dict.fromkeys(ids)}
    order = _order(ids, names)
    columns: list[Column] = []
    values: list[Values] = []
    for column, found in zip(table.columns, table.values, strict=True):
        if column.name in _NAMES:
            continue
        is_who = column.name == _WHO
        columns.append(replace(column, meaning=_MEANING) if is_who else column)
        values.append([names[ids[k]] for k in order.tolist()] if is_who else _taken(found, order))
    provenance = dict(table.provenance) | {"students": EXPLAINED}
    return replace(table, columns=tuple(columns), values=tuple(values), provenance=provenance)


def _order(ids: Values, names: Mapping[str | None, str | None]) -> NDArray[np.intp]:
    """The places of the rows by pseudonym, those about no student first; rows of a student stay in order."""
    rank = {student_id: k for k, student_id in enumerate(sorted(names, key=lambda one: names[one] or ""))}
    ranks = np.fromiter((rank[student_id] for student_id in ids), dtype=np.int64, count=len(ids))
    return np.argsort(ranks, kind="stable")


def _taken(values: Values, order: NDArray[np.intp]) -> Values:
    """The values at these places."""
    return values[order] if isinstance(values, np.ndarray) else [values[k] for k in order.tolist()]
