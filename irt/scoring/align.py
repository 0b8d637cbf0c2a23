"""Which columns of a response matrix are items of a calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.calibration.result import Calibration
from irt.errors import ResponsesError
from irt.items import ItemParameters
from irt.responses.matrix import ResponseMatrix


@dataclass(frozen=True, slots=True)
class Aligned:
    """Items that matrix and calibration share: their columns, their places in the calibration, their parameters."""

    columns: NDArray[np.intp]
    places: NDArray[np.intp]
    items: ItemParameters

    def answers(self, matrix: ResponseMatrix) -> NDArray[np.int8]:
        """The answers to these items; the matrix's own table where that is all of it."""
        everything = len(self.columns) == matrix.n_items
        return matrix.scores if everything else matrix.scores[:, self.columns]


def align(matrix: ResponseMatrix, calibration: Calibration) -> Aligned:
    """The shared items whose parameters are known, in the order of the matrix.

    Raises
    ------
    ResponsesError
        If there are none.
    """
    items = calibration.items
    known = np.isfinite(items.discrimination) & np.isfinite(items.intercept)
    place = {item_id: k for k, item_id in enumerate(items.item_ids) if known[k]}
    columns = np.array([j for j, item_id in enumerate(matrix.item_ids) if item_id in place], dtype=np.intp)
    if len(columns) == 0:
        raise ResponsesError(
            f"None of the {matrix.n_items} items in the answers is among the {len(items)} calibrated items "
            f"(answers: {_some(matrix.item_ids)}; calibration: {_some(items.item_ids)}). "
            "Score with the calibration of this exam.",
            item_ids=matrix.item_ids,
        )
    places = np.array([place[matrix.item_ids[j]] for j in columns], dtype=np.intp)
    return Aligned(columns, places, items.take(places))


def _some(names: tuple[str, ...]) -> str:
    """The first few names."""
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "") if names else "none"
