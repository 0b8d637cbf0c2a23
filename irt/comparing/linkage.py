"""Are the items tied together by students who answered both? If not, only an assumption puts them on one scale."""

from __future__ import annotations

import numpy as np

from irt.responses import ResponseMatrix


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
    answered = (matrix.scores >= 0).astype(np.float64)
    neighbours = answered.T @ answered > 0
    left = answered.any(axis=0)
    sets = []
    while left.any():
        reached = neighbours[np.argmax(left)]
        while (wider := neighbours[reached].any(axis=0)).sum() > reached.sum():
            reached = wider
        sets.append(tuple(map(int, np.flatnonzero(reached))))
        left &= ~reached
    return tuple(sorted(sets, key=lambda items: -len(items)))
