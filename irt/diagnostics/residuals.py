"""Answers beside the chances of the persons who gave them, a block of persons at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.calibration import Calibration
from irt.errors import ResponsesError
from irt.functions import log_irf
from irt.items import Floats, ItemParameters
from irt.responses import ResponseMatrix
from irt.scoring import AbilityEstimates
from irt.scoring.align import align

#: Cells that are held at a time: 1 MB a table.
BLOCK_CELLS = 131_072


@dataclass(frozen=True, slots=True)
class Block:
    """Some persons: tables of shape (n_persons, n_items) over the calibrated items.

    Parameters
    ----------
    rows : ndarray of int
        Their places in the matrix.
    theta : ndarray, shape (n_persons,)
    items : ItemParameters
    right : ndarray of bool
        Right answers.
    seen : ndarray of bool
        Scored answers of persons with an ability.
    p, q : ndarray
        Chances of a right and of a wrong answer, each computed from its own tail; one half where not seen.
    """

    rows: NDArray[np.intp]
    theta: Floats
    items: ItemParameters
    right: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    p: Floats
    q: Floats


def blocks(matrix: ResponseMatrix, calibration: Calibration, abilities: AbilityEstimates) -> Iterator[Block]:
    """The persons in turn.

    Raises
    ------
    ResponsesError
        If the abilities are not one for each person, or matrix and calibration share no item.
    """
    check_abilities(matrix, abilities)
    shared = align(matrix, calibration)
    scores = shared.answers(matrix)
    size = max(1, BLOCK_CELLS // scores.shape[1])
    for start in range(0, len(scores), size):
        rows = np.arange(start, min(start + size, len(scores)))
        block, theta = scores[rows], abilities.theta[rows]
        known = np.isfinite(theta)
        theta = np.where(known, theta, 0.0)
        seen = (block >= 0) & known[:, None]
        log_p, log_q = log_irf(theta, shared.items)
        p, q = (np.where(seen, np.exp(table), 0.5) for table in (log_p, log_q))
        yield Block(rows, theta, shared.items, block == 1, seen, p, q)


def check_abilities(matrix: ResponseMatrix, abilities: AbilityEstimates) -> None:
    """Raise ResponsesError unless there is one ability for each person."""
    if len(abilities.theta) != matrix.n_persons:
        raise ResponsesError(
            f"There are {len(abilities.theta)} abilities for {matrix.n_persons} students. Estimate the abilities of "
            "the students of this table."
        )
