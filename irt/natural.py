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
    """Positions of names in the order of :func:`natural_key`; equal names in any order.

    A million names of one pattern, as the ids of students are, are sorted as numbers in a fifth of a second.

    Examples
    --------
    >>> natural_order(np.array(["q10", "q2", "q1"], dtype=object)).tolist()
    [2, 1, 0]
    """
    keys = _plain_keys(names) if len(names) > _FEW else None
    if keys is None:
        every = [natural_key(name) for name in names]
        return np.array(sorted(range(len(names)), key=every.__getitem__), dtype=np.intp)
    return np.argsort(keys[0]) if len(keys) == 1 else np.lexsort(keys[::-1])


#: So few names are not worth a second way.
_FEW = 1000
#: Digits of a number that fits 64 bits.
_DIGITS_64 = 18


def _plain_keys(names: NDArray[np.object_]) -> list[NDArray[np.uint64]] | None:
    """Numbers that sort names alike, the first one first, if they are plain: ASCII, and digits in the same places.

    At the end of a name there may be numbers of different lengths.
    """
    letters = _letters(names.tolist())
    if letters is None:
        return None
    there = letters != 0
    lower = np.where((letters >= ord("A")) & (letters <= ord("Z")), letters | 0x20, letters)
    digit = letters - np.uint8(ord("0")) < 10
    same = (digit == digit[0]).all(axis=0) & there.all(axis=0)
    exact = [] if np.array_equal(lower, letters) else _words(letters)
    if same.all():
        return _words(lower) + exact
    n_head = int(np.argmin(same))
    while n_head and digit[0, n_head - 1]:
        n_head -= 1
    tail = slice(n_head, None)
    if letters.shape[1] - n_head > _DIGITS_64 or not digit[:, n_head].all() or (there & ~digit)[:, tail].any():
        return None
    number = np.zeros(len(names), dtype=np.uint64)
    for column, here in zip(letters[:, tail].T, there[:, tail].T, strict=True):
        number = np.where(here, number * np.uint64(10) + (column - np.uint8(ord("0"))), number)
    # Numbers may be equal and their digits not, as 01 and 1.
    return [*_words(lower[:, :n_head]), number, *_words(letters)]


def _letters(names: list[str]) -> NDArray[np.uint8] | None:
    """One row of ASCII codes a name, filled up with 0; None if a name holds other characters."""
    text = "".join(names)
    if not text or not text.isascii() or "\0" in text:
        return None
    codes, length = np.frombuffer(text.encode("ascii"), dtype=np.uint8), np.fromiter(map(len, names), dtype=np.intp)
    longest = int(length.max())
    if len(codes) == len(names) * longest:
        return codes.reshape(len(names), longest)
    letters = np.zeros((len(names), longest), dtype=np.uint8)
    letters[np.arange(longest) < length[:, None]] = codes
    return letters


def _words(letters: NDArray[np.uint8]) -> list[NDArray[np.uint64]]:
    """Columns of bytes, eight at a time, as numbers of the same order."""
    n_words = -(-letters.shape[1] // 8)
    filled = np.zeros((len(letters), n_words * 8), dtype=np.uint8)
    filled[:, : letters.shape[1]] = letters
    words = filled.view(">u8").astype(np.uint64)
    return [words[:, k] for k in range(n_words)]
