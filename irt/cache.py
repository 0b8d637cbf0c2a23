"""Results that are kept: in memory by size, one computation per key at a time; calibrations also as files."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from cachetools import LRUCache

from irt.calibration import Calibration
from irt.errors import ConfirmationNeeded, IrtError

T = TypeVar("T")

_log = logging.getLogger(__name__)

#: What the memory cache of one process may hold, in bytes of array data and long tuples (and a flat charge per entry).
#: A million students x 100 items, prepared and analysed, are 350 MB; nearly all else is a hundredth of that.
MEMORY_LIMIT = 512 * 2**20
#: Charge for an entry besides its arrays: short tuples of reports, names.
ENTRY_CHARGE = 50_000
#: Tuples of more members are reckoned from so many of their first ones.
LOOKED_AT = 64


@dataclass(frozen=True, slots=True)
class _Entry:
    """A kept value and the bytes of what it holds, by identity."""

    value: Any
    holds: Mapping[int, int]


class Cache:
    """A memory cache bounded by size, in which 50 readers who ask at once wait for one computation.

    Results share arrays (the prepared answers are part of the analysis): each counts once.
    """

    def __init__(self, limit: int = MEMORY_LIMIT) -> None:
        self._limit = limit
        self._kept: LRUCache[Hashable, _Entry] = LRUCache(float("inf"))  # what leaves is decided here
        self._holders: Counter[int] = Counter()
        self._size = 0
        self._lock = threading.Lock()
        self._running: dict[Hashable, Future[Any]] = {}

    def get(self, key: Hashable, compute: Callable[[], T], *, at_most: float = 1.0) -> T:
        """The kept value of a key, computed once if there is none. A failure is not kept.

        Parameters
        ----------
        key : hashable
        compute : callable
        at_most : float
            The share of the cache that the value may take up; a larger one is returned and not kept.

        Notes
        -----
        Readers who waited get the refusal that the one who computed got: if a source does not answer, fifty must not
        try it one after the other. Only leave to spend money is personal, so each asks for himself where it lacks.
        """
        while True:
            with self._lock:
                if key in self._kept:
                    value: T = self._kept[key].value
                    return value
                running = self._running.get(key)
                if running is None:
                    mine: Future[Any] = Future()
                    self._running[key] = mine
                    break
            error = running.exception()
            if error is None:
                return running.result()  # type: ignore[no-any-return]
            if isinstance(error, IrtError) and not isinstance(error, ConfirmationNeeded):
                raise error
        return self._computed(key, compute, mine, self._limit * at_most)

    def _computed(self, key: Hashable, compute: Callable[[], T], mine: Future[Any], largest: float) -> T:
        """The value, kept and told to those who wait."""
        try:
            value = compute()
        except BaseException as error:
            with self._lock:
                del self._running[key]
            mine.set_exception(error)
            raise
        holds = holdings(value)
        with self._lock:
            del self._running[key]
            if ENTRY_CHARGE + sum(holds.values()) <= largest:
                self._keep(key, _Entry(value, holds))
        mine.set_result(value)
        return value

    def _keep(self, key: Hashable, entry: _Entry) -> None:
        """Keep a value, and let the least recently used ones go that there is no room for."""
        self._kept[key] = entry
        self._size += ENTRY_CHARGE + sum(n for held, n in entry.holds.items() if not self._holders[held])
        self._holders.update(entry.holds.keys())
        while self._size > self._limit:
            _, left = self._kept.popitem()
            self._holders.subtract(left.holds.keys())
            gone = [held for held in left.holds if not self._holders[held]]
            self._size -= ENTRY_CHARGE + sum(left.holds[held] for held in gone)
            for held in gone:
                del self._holders[held]


def size_of(value: object) -> int:
    """Bytes of the arrays and tuples within nested results, and a charge for the rest."""
    return ENTRY_CHARGE + sum(holdings(value).values())


def holdings(value: object) -> dict[int, int]:
    """Bytes of each array and tuple within a result, by identity: what is there twice counts once.

    A view counts with the whole array that it keeps alive. Long tuples are reckoned from their first members.
    """
    found: dict[int, int] = {}
    _look_into(value, found)
    return found


def _look_into(value: object, found: dict[int, int]) -> None:
    """Add what a value holds."""
    if isinstance(value, np.ndarray):
        while isinstance(value.base, np.ndarray):
            value = value.base
        found[id(value)] = value.nbytes
    elif id(value) in found:
        return
    elif isinstance(value, tuple):
        found[id(value)] = int(_mean_size(value) * len(value))
        for member in value[:LOOKED_AT]:
            _look_into(member, found)
    elif isinstance(value, Mapping):
        found[id(value)] = 200 * len(value)
        for member in list(value.values())[:LOOKED_AT]:
            _look_into(member, found)
    elif is_dataclass(value):
        for field in fields(value):
            _look_into(getattr(value, field.name), found)


def _mean_size(members: tuple[Any, ...]) -> float:
    """Bytes of a member of a tuple and of its place, from the first ones; what is there many times weighs little."""
    first = members[:LOOKED_AT]
    different = {id(member): sys.getsizeof(member) if isinstance(member, str) else 100 for member in first}
    return 8 + sum(different.values()) / max(len(first), 1) if len(different) > 1 else 8


class CalibrationFolder:
    """Calibrations as files, shared by worker processes and kept across restarts.

    Parameters
    ----------
    folder : Path, optional
        Made on first use; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def get(self, key: str, compute: Callable[[], Calibration]) -> Calibration:
        """The kept calibration of a key, or a computed one, which is then kept."""
        if self._folder is None:
            return compute()
        path = self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
        if path.exists():
            try:
                return Calibration.load(path)
            except (IrtError, OSError):
                _log.warning("A kept calibration (%s) cannot be read; it is made again.", path.name)
        calibration = compute()
        self._write(path, calibration)
        return calibration

    def _write(self, path: Path, calibration: Calibration) -> None:
        """Write beside and rename, so that no reader sees half a file. A full disk costs the file, not the answer."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
            os.close(handle)
            calibration.save(name)
            os.replace(name, path)
        except OSError as error:
            _log.warning("A calibration could not be kept: %s", error.strerror)
