"""Are the items tied together by students who answered both? If not, only an assumption puts them on one scale."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from irt.responses import ResponseMatrix
from irt.threads import one_thread

#: Cells that are looked at together.
BLOCK_CELLS = 2_097_152


@one_thread
def linked_sets(matrix: ResponseMatrix) -> tuple[tuple[int, ...], ...]:
    """Positions of the items in sets such that a chain of students leads from any item of a set to any other.

    Two items are neighbours where at least one person answered both. Items without answers are in no set; the largest
    set comes first. One scale for several sets rests on the assumption that the persons of each are equally able.

    References
    ----------
    Kolen, M. J., & Brennan, R. L. (2014). *Test Equating, Scaling, and Linking*, ch. 1 (random groups design).
    doi:10.1007/978-1-4939-0317-7

    Examples
    --------
    >>> linked_sets(ResponseMatrix.from_array([[1, 0, -1, -1], [-1, 1, 1, -1], [-1, -1, -1, 0]]))
    ((0, 1, 2), (3,))
    """
    if matrix.n_items == 0:
        return ()
    label = np.arange(matrix.n_items)
    answered_at_all = np.zeros(matrix.n_items, dtype=bool)
    for answered in answered_blocks(matrix):
        answered_at_all |= answered.any(axis=0)
        label = _merged(label, answered)
        if answered_at_all.all() and (label == label[0]).all():
            break
    sets = [np.flatnonzero((label == k) & answered_at_all) for k in np.unique(label)]
    return tuple(sorted((tuple(map(int, items)) for items in sets if len(items)), key=lambda items: -len(items)))


def answered_blocks(matrix: ResponseMatrix) -> Iterator[NDArray[np.bool_]]:
    """Which cells hold an answer, a block of persons at a time, shape (n_block, n_items)."""
    size = max(1, BLOCK_CELLS // max(matrix.n_items, 1))
    for start in range(0, matrix.n_persons, size):
        yield matrix.scores[start : start + size] >= 0


def _merged(label: NDArray[np.intp], answered: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Labels of the sets that items are in after a block of persons has tied some of them together.

    Costs persons x items x sets, so that it is cheap as soon as few sets are left.
    """
    sets, place = np.unique(label, return_inverse=True)
    reached = (answered.astype(np.float32) @ np.eye(len(sets), dtype=np.float32)[place] > 0).astype(np.float32)
    neighbours = reached.T @ reached > 0
    merged = np.arange(len(sets))
    for k in range(len(sets)):
        chain = neighbours[k] | (merged == merged[k])
        merged[np.isin(merged, merged[chain])] = merged[chain].min()
    return sets[merged][place]
