"""Persons of two groups matched on the score: how many of each got an item right and wrong at each level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from irt.errors import ResponsesError
from irt.items import Floats, closed
from irt.responses import ResponseMatrix


@dataclass(frozen=True, slots=True)
class Strata:
    """Answers counted by matching level, arrays of shape (n_levels, n_items); level k is a matching score of k.

    Parameters
    ----------
    reference_right, reference_wrong, focal_right, focal_wrong : ndarray
        Persons; weights count as so many.
    """

    reference_right: Floats
    reference_wrong: Floats
    focal_right: Floats
    focal_wrong: Floats

    @property
    def reference(self) -> Floats:
        """Answers of the reference group."""
        return self.reference_right + self.reference_wrong

    @property
    def focal(self) -> Floats:
        """Answers of the focal group."""
        return self.focal_right + self.focal_wrong

    @property
    def right(self) -> Floats:
        """Right answers of both groups."""
        return self.reference_right + self.focal_right

    @property
    def wrong(self) -> Floats:
        """Wrong answers of both groups."""
        return self.reference_wrong + self.focal_wrong

    @property
    def comparable(self) -> NDArray[np.bool_]:
        """Levels at which both groups are."""
        return (self.reference > 0) & (self.focal > 0)


def matched(
    matrix: ResponseMatrix,
    focal: NDArray[np.bool_],
    keep: NDArray[np.bool_],
    anchors: NDArray[np.bool_] | None = None,
) -> Strata:
    """Persons matched on the number right, the studied item included, and counted.

    With missing answers they are matched on the share right of the items answered, in as many steps as there are
    items: 6 of 8 answered is level 15 of a 20-item exam.

    Parameters
    ----------
    matrix : ResponseMatrix
    focal : ndarray of bool, shape (n_persons,)
        The focal group; the others are the reference group.
    keep : ndarray of bool, shape (n_persons,)
        Who is in either group.
    anchors : ndarray of bool, shape (n_items,), optional
        Items that persons are matched on, besides the studied one; default: all.

    Raises
    ------
    ResponsesError
        If these are not one value for each person, or item.
    """
    focal, keep = (_mask(values, matrix.n_persons, "persons") for values in (focal, keep))
    anchors = _mask(np.ones(matrix.n_items) if anchors is None else anchors, matrix.n_items, "items")
    scores = matrix.scores if keep.all() else matrix.scores[keep]
    weights = None if matrix.weights is None else matrix.weights[keep]
    n_levels = matrix.n_items + 1
    counts = np.zeros((2, n_levels, 3, matrix.n_items))
    start = focal[keep] * (3 * n_levels) + 1
    for columns, level in _levels(scores, anchors):
        cell = start + 3 * level
        for j in columns:
            found = np.bincount(cell + scores[:, j], weights=weights, minlength=6 * n_levels)
            counts[..., j] = found.reshape(2, n_levels, 3)
    closed(counts)
    return Strata(counts[0, :, 2], counts[0, :, 1], counts[1, :, 2], counts[1, :, 1])


def _mask(values: ArrayLike, n: int, of: str) -> NDArray[np.bool_]:
    """Truth values, one for each person or item; raises ResponsesError unless there are so many."""
    mask = np.asarray(values, dtype=bool)
    if mask.shape != (n,):
        raise ResponsesError(f"There are {n} {of} in the matrix, but {mask.size} truth values for them.")
    return mask


def _levels(
    scores: NDArray[np.int8], anchors: NDArray[np.bool_]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.int64]]]:
    """Items that share a matching score, and the level of each person: the anchors, then each other item with them."""
    inside = scores if anchors.all() else scores[:, anchors]
    n_answered, n_right = (inside >= 0).sum(axis=1), (inside == 1).sum(axis=1)
    n_anchors = int(anchors.sum())
    if n_anchors:
        yield np.flatnonzero(anchors), _level(n_right, n_answered, n_anchors)
    for j in np.flatnonzero(~anchors):
        answered, right = scores[:, j] >= 0, scores[:, j] == 1
        yield np.array([j]), _level(n_right + right, n_answered + answered, n_anchors + 1)


def _level(n_right: NDArray[np.int64], n_answered: NDArray[np.int64], n_items: int) -> NDArray[np.int64]:
    """Number right; with missing answers, the share right in as many steps as there are items."""
    level: NDArray[np.int64] = np.rint(n_right / np.maximum(n_answered, 1) * n_items).astype(np.int64)
    return level
