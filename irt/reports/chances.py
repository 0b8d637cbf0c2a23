"""Chances of very many students, computed when they are looked at."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from irt.calibration import Calibration
from irt.reports.scale import BLOCK
from irt.responses import ResponseMatrix
from irt.scoring import Probabilities, probabilities

_TABLES = ("probability", "lower", "upper", "correct")


@dataclass(frozen=True, slots=True, eq=False)
class Chances:
    """P(right answer) of students on items: of 200,000 on 100 they would fill half a gigabyte.

    They are computed for the same blocks of students whatever part is looked at, so that each number is the same to
    its last digit in every part.

    Parameters
    ----------
    matrix : ResponseMatrix
        The answers of the students, to all items of the exam.
    calibration : Calibration
    kind : {"estimate", "predictive"}
        See :func:`irt.probabilities`.
    rows, columns : ndarray of int, optional
        Places of the students and items wanted; default: all.
    """

    matrix: ResponseMatrix
    calibration: Calibration
    kind: str = "estimate"
    rows: NDArray[np.intp] | None = None
    columns: NDArray[np.intp] | None = None
    _last: dict[int, Probabilities] = field(default_factory=dict, repr=False)

    @property
    def person_ids(self) -> tuple[str, ...]:
        """The students wanted, in order."""
        ids = self.matrix.person_ids
        return ids if self.rows is None else tuple(ids[i] for i in self.rows)

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The items wanted, in order."""
        ids = self.matrix.item_ids
        return ids if self.columns is None else tuple(ids[j] for j in self.columns)

    def only(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Chances:
        """Some of the students (by rising places) and items."""
        return replace(self, rows=rows, columns=columns, _last={})

    def of(self, places: slice) -> Probabilities:
        """The chances of some of the students wanted."""
        rows = (np.arange(self.matrix.n_persons, dtype=np.intp) if self.rows is None else self.rows)[places]
        columns = np.arange(self.matrix.n_items) if self.columns is None else self.columns
        tables: dict[str, list[NDArray[np.generic]]] = {name: [] for name in _TABLES}
        for k in np.unique(rows // BLOCK).tolist():
            block, within = self._block(k), rows[rows // BLOCK == k] - k * BLOCK
            for name, parts in tables.items():
                parts.append(getattr(block, name)[np.ix_(within, columns)])
        whole = {
            name: np.concatenate(parts) if parts else np.empty((0, len(columns))) for name, parts in tables.items()
        }
        return Probabilities(
            person_ids=tuple(self.matrix.person_ids[i] for i in rows.tolist()),
            item_ids=self.item_ids,
            **whole,  # type: ignore[arg-type]  # each table under its name
        )

    def _block(self, k: int) -> Probabilities:
        """The chances of one block of students; the last one is kept, since parts follow each other."""
        found = self._last.get(k)
        if found is None:
            places = np.arange(k * BLOCK, min((k + 1) * BLOCK, self.matrix.n_persons))
            found = probabilities(self.matrix.take(places), self.calibration, kind=self.kind)
            self._last.clear()
            self._last[k] = found
        return found
