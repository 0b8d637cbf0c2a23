"""Invariant: a matrix of answers is not copied where nobody can change it."""

import numpy as np

from irt.items import closed
from irt.responses import ResponseMatrix


def test_cells_that_are_closed_for_writing_are_taken_as_they_are() -> None:
    cells = closed(np.array([[1, 0], [-1, 1]], dtype=np.int8))
    assert ResponseMatrix.from_array(cells).scores is cells


def test_cells_that_somebody_may_change_are_copied() -> None:
    cells = np.array([[1, 0], [-1, 1]], dtype=np.int8)
    seen = closed(cells[:])
    matrices = [ResponseMatrix.from_array(cells), ResponseMatrix.from_array(seen)]
    cells[0, 0] = 0
    for matrix in matrices:
        assert matrix.scores[0, 0] == 1
        assert not matrix.scores.flags.writeable
