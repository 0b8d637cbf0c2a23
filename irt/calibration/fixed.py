"""Items held at given values: what they fix of a calibration, and whether it can be had."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from irt.calibration.general import GUESSING, INTERCEPT, SLOPE, UPPER
from irt.calibration.loop import STEEPEST
from irt.errors import FitError
from irt.items import Floats, ItemParameters
from irt.responses.matrix import ResponseMatrix


@dataclass(frozen=True, slots=True)
class Held:
    """What does not move.

    Parameters
    ----------
    table : ndarray, shape (4, n_items)
        Working parameters (slope, intercept, logits of the asymptotes) that are held; nan where free.
    items : ndarray of bool, shape (n_items,)
        Items that are held as a whole.
    free_population : bool
        Whether the mean and standard deviation of ability are estimated.
    """

    table: Floats
    items: NDArray[np.bool_]
    free_population: bool = False

    @property
    def any(self) -> bool:
        """Whether any item is held."""
        return bool(self.items.any())

    def take(self, which: NDArray[np.bool_]) -> Held:
        """The same for some of the items."""
        return replace(self, table=self.table[:, which], items=self.items[which])


def held_of(matrix: ResponseMatrix, model: str, fixed: ItemParameters | None, free_population: bool) -> Held:
    """What is held of the items of a matrix.

    Raises
    ------
    FitError
        If the fixed items are none of the matrix, or have values that cannot be held.
    """
    table = np.full((4, matrix.n_items), np.nan)
    column = {item_id: j for j, item_id in enumerate(matrix.item_ids)}
    shared = [k for k, item_id in enumerate(fixed.item_ids if fixed else ()) if item_id in column]
    if fixed is None or not shared:
        if fixed is not None:
            raise FitError("None of the fixed items is among the items of these answers, so they hold nothing.")
        if free_population:
            raise FitError(
                "A population can only be free where items held fixed set the scale: give fixed items as well."
            )
        return Held(table, np.zeros(matrix.n_items, dtype=bool))
    given = fixed.take(shared)
    _check_values(given, model)
    where = [column[item_id] for item_id in given.item_ids]
    table[SLOPE, where], table[INTERCEPT, where] = given.discrimination, given.intercept
    table[GUESSING, where], table[UPPER, where] = logit(given.guessing), logit(given.upper_asymptote)
    if model == "1PL":
        table[SLOPE] = given.discrimination[0]
    held = np.zeros(matrix.n_items, dtype=bool)
    held[where] = True
    return Held(table, held, free_population)


def _check_values(items: ItemParameters, model: str) -> None:
    """Raise FitError for values that no item can be held at."""
    if len(set(items.item_ids)) < len(items):
        raise FitError("An item is held fixed twice; give each fixed item once.")
    fine = np.isfinite(items.discrimination) & np.isfinite(items.intercept)
    fine &= np.abs(items.discrimination) <= STEEPEST
    fine &= (items.guessing >= 0) & (items.guessing < items.upper_asymptote) & (items.upper_asymptote <= 1)
    if not fine.all():
        name = items.item_ids[int(np.flatnonzero(~fine)[0])]
        raise FitError(
            f"The fixed values of item {name} cannot be held: an item has a finite intercept, a discrimination within "
            f"{STEEPEST:g} of 0, and a guessing below its upper asymptote, both from 0 to 1.",
            item_id=name,
        )
    if model == "1PL" and np.ptp(items.discrimination) > 1e-9:
        raise FitError(
            "The 1PL has one slope for all items, but the fixed items have several. Calibrate the 2PL, or fix items of "
            "one slope."
        )
