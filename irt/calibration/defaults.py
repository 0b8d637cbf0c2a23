"""Which model to fit when the reader names none: by how many answers the items have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from irt.calibration.checks import person_weights, tally
from irt.calibration.result import CalibrationOptions
from irt.responses.matrix import ResponseMatrix

#: Answers per item (median) from which a model is fitted by default.
FROM_1PL, FROM_WEAK_2PL, FROM_2PL = 30, 100, 250
#: Answers per item from which the guessing of each item (3PL) can be asked for; it is never chosen by default.
FROM_3PL = 500


@dataclass(frozen=True, slots=True)
class DefaultChoice:
    """The options chosen, or None where there are too few answers for a model; and the reason in a sentence."""

    options: CalibrationOptions | None
    reason: str


def default_options(matrix: ResponseMatrix) -> DefaultChoice:
    """The model for a matrix, by the median number of scored answers of its items.

    Below 30 none; 30 to 99 the 1PL; 100 to 249 the 2PL with a weak prior; from 250 the 2PL. The 3PL is for those who
    ask for it; from 500 the reason says that it can be had.
    """
    _, counts, _ = tally(matrix, np.ones(matrix.n_items, dtype=bool), person_weights(matrix))
    n = float(np.median(counts)) if matrix.n_items else 0.0
    have = f"The items have {n:g} scored answer{'' if n == 1 else 's'} each (median)"
    if n < FROM_1PL:
        return DefaultChoice(None, f"{have}: too few to fit a model, which takes about {FROM_1PL}.")
    if n < FROM_WEAK_2PL:
        return DefaultChoice(
            CalibrationOptions(model="1PL"),
            f"{have}: enough for difficulties and one common slope (1PL), not for a slope of each item "
            f"(from {FROM_WEAK_2PL}).",
        )
    if n < FROM_2PL:
        return DefaultChoice(
            CalibrationOptions(model="2PL", prior="weak"),
            f"{have}: enough for a slope of each item (2PL) held by a weak prior (none from {FROM_2PL}).",
        )
    more = " The guessing of each item (3PL) can be estimated on request." if n >= FROM_3PL else ""
    return DefaultChoice(CalibrationOptions(model="2PL"), f"{have}: enough for a slope of each item (2PL).{more}")
