"""Answers beside the chances of the persons who gave them, a block of persons at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from irt.calibration import Calibration
from irt.errors import ResponsesError
from irt.items import Floats
from irt.responses import ResponseMatrix
from irt.scoring import AbilityEstimates
from irt.scoring.align import align
from irt.threads import row_blocks, side_by_side

T = TypeVar("T")
#: Cells that are held at a time: 1 MB a table.
BLOCK_CELLS = 131_072


@dataclass(frozen=True, slots=True)
class Block:
    """Some persons: tables of shape (n_persons, n_items) over the calibrated items.

    Parameters
    ----------
    rows : slice
        Their places in the matrix.
    right : ndarray of bool
        Right answers.
    seen : ndarray of bool
        Scored answers of persons with an ability.
    p, q : ndarray
        Chances of a right and of a wrong answer, each computed from its own tail; one half where not seen.
    slope : ndarray
        Derivative of p by ability; 0 where not seen.
    """

    rows: slice
    right: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    p: Floats
    q: Floats
    slope: Floats


def by_block(
    work: Callable[[Block], T], matrix: ResponseMatrix, calibration: Calibration, abilities: AbilityEstimates
) -> Iterator[T]:
    """What the work makes of the persons, a block at a time and in their order.

    Raises
    ------
    ResponsesError
        If the abilities are not one for each person, or matrix and calibration share no item.
    """
    check_abilities(matrix, abilities)
    shared = align(matrix, calibration)
    scores, items = shared.answers(matrix), shared.items
    span = items.upper_asymptote - items.guessing

    def done(rows: slice) -> T:
        block, theta = scores[rows], abilities.theta[rows]
        known = np.isfinite(theta)
        seen = (block >= 0) & known[:, None]
        z = np.multiply.outer(np.where(known, theta, 0.0), items.discrimination) + items.intercept
        up, down = expit(z), expit(-z)
        p, q = items.guessing + span * up, (1 - items.upper_asymptote) + span * down
        p[~seen] = q[~seen] = 0.5
        return work(Block(rows, block == 1, seen, p, q, items.discrimination * span * up * down * seen))

    return side_by_side(done, row_blocks(len(scores), BLOCK_CELLS // scores.shape[1]))


def check_abilities(matrix: ResponseMatrix, abilities: AbilityEstimates) -> None:
    """Raise ResponsesError unless there is one ability for each person."""
    if len(abilities.theta) != matrix.n_persons:
        raise ResponsesError(
            f"There are {len(abilities.theta)} abilities for {matrix.n_persons} students. Estimate the abilities of "
            "the students of this table."
        )
