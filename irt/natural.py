"""Natural order: item_2 before item_10, Term 1 before Term 2."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

_DIGITS = re.compile(r"(\d+)")

NaturalKey = tuple[tuple[tuple[int, int, str], ...], str]


def natural_key(text: str) -> NaturalKey:
    """A sort key under which numbers within names are compared as numbers.

    Case does not matter except to settle ties, so that the order of a set of names is always the same.

    Examples
    --------
    >>> sorted(["item_10", "item_2", "Item_1"], key=natural_key)
    ['Item_1', 'item_2', 'item_10']
    """
    parts = _DIGITS.split(text)
    return tuple(_part(part) for part in parts if part), text


def _part(part: str) -> tuple[int, int, str]:
    """Numbers sort before words, by size; ``int`` takes digits of any script."""
    if part[0].isdecimal() and len(part) < 1000:
        return 0, int(part), ""
    return 1, 0, part.casefold()


def natural_order(names: NDArray[np.object_]) -> NDArray[np.intp]:
    """Positions of names in natural order; equal names keep their order.

    Examples
    --------
    >>> natural_order(np.array(["q10", "q2", "q1"], dtype=object)).tolist()
    [2, 1, 0]
    """
    keys = [natural_key(name) for name in names]
    return np.array(sorted(range(len(names)), key=keys.__getitem__), dtype=np.intp)
