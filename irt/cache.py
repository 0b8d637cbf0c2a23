"""Results that are kept: in memory by size, one computation per key at a time; calibrations also as files."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from cachetools import LRUCache

from irt.calibration import Calibration
from irt.calibration.file import text_of
from irt.deadlines import Place, outcome
from irt.errors import ConfirmationNeeded, IrtError
from irt.kept_files import KeptFiles
from irt.observing import observer

T = TypeVar("T")

_log = logging.getLogger(__name__)

#: What the memory cache of one process may hold, in bytes of array data and long tuples (and a flat charge per entry).
#: A million students x 100 items, prepared and analysed, are 350 MB; nearly all else is a hundredth of that.
MEMORY_LIMIT = 512 * 2**20
#: Charge for an entry besides its arrays: short tuples of reports, names.
ENTRY_CHARGE = 50_000
#: Tuples of more members are reckoned from so many of their first ones.
LOOKED_AT = 64


#: Bytes of all calibrations that are kept as files, each of some 10 to 1,000 kB.
CALIBRATIONS_LIMIT = 2**30
#: The longest that another process's fit is waited for, in seconds.
LONGEST_FIT = 600.0


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

    def get(self, key: Hashable, compute: Callable[[], T], *, kind: str = "other", at_most: float = 1.0) -> T:
        """The kept value of a key, computed once if there is none. A failure is not kept.

        Parameters
        ----------
        key : hashable
        compute : callable
        kind : str
            What it is, for those who count; of a few kinds.
        at_most : float
            The share of the cache that the value may take up; a larger one is returned and not kept.

        Raises
        ------
        StillComputing
            At the reader's deadline (:func:`irt.deadlines.within`). The computation goes on, and its value is kept.

        Notes
        -----
        Readers who waited get the refusal that the one who computed got: if a source does not answer, fifty must not
        try it one after the other. Only leave to spend money is personal, so each asks for himself where it lacks.
        """
        with Place() as place:
            while True:
                with self._lock:
                    if key in self._kept:
                        value: T = self._kept[key].value
                        observer().kept(kind, "found")
                        return value
                    running = self._running.get(key)
                    if running is None and place.held:
                        mine: Future[Any] = Future()
                        self._running[key] = mine
                        break
                if running is None:
                    # Before it is told that this is being computed: else those who hold the places might wait for it.
                    place.take()
                    continue
                place.give_back()  # whoever only waits needs none
                error = outcome(running)
                if error is None:
                    observer().kept(kind, "waited")
                    return running.result()  # type: ignore[no-any-return]
                if isinstance(error, IrtError) and not isinstance(error, ConfirmationNeeded):
                    raise error
            observer().kept(kind, "made")
            try:
                place.begin(lambda: self._compute(key, compute, mine, self._limit * at_most))
            except BaseException as fault:  # no thread can be started
                self._failed(key, mine, fault)
        error = outcome(mine)
        if error is not None:
            raise error
        return mine.result()  # type: ignore[no-any-return]

    def _compute(self, key: Hashable, compute: Callable[[], T], mine: Future[Any], largest: float) -> None:
        """Compute a value, keep it, and tell it (or what went wrong) to those who wait."""
        try:
            value = compute()
            holds = holdings(value)
        except BaseException as error:
            self._failed(key, mine, error)
            return
        with self._lock:
            del self._running[key]
            if ENTRY_CHARGE + sum(holds.values()) <= largest:
                self._keep(key, _Entry(value, holds))
        mine.set_result(value)

    def _failed(self, key: Hashable, mine: Future[Any], error: BaseException) -> None:
        """Tell those who wait that there is no value."""
        with self._lock:
            del self._running[key]
        mine.set_exception(error)

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
    """Calibrations as files, kept across restarts; each made by one of all threads and processes that want it.

    Parameters
    ----------
    folder : Path, optional
        Made on first use; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._files = KeptFiles(folder, ".json", CALIBRATIONS_LIMIT)

    def get(self, key: str, compute: Callable[[], Calibration]) -> Calibration:
        """The kept calibration of a key, or a computed one, which is then kept."""
        if self._files.folder is None:
            return _counted(compute)
        found = self._find(key)
        if found is not None:
            return found
        with self._files.turn(key, LONGEST_FIT):
            found = self._find(key)
            if found is None:
                found = _counted(compute)
                self._keep(key, found)
            return found

    def _find(self, key: str) -> Calibration | None:
        """What is kept under a key."""
        try:
            path = self._files.find(key)
            return None if path is None else Calibration.load(path)
        except (IrtError, OSError):
            _log.warning("A kept calibration (%s) cannot be read; it is made again.", self._files.path(key).name)
            return None

    def _keep(self, key: str, calibration: Calibration) -> None:
        """Keep a calibration. A full disk costs the file, not the answer."""
        try:
            self._files.write(key, [text_of(calibration).encode()])
        except IrtError:
            return  # of more items than a file holds
        except OSError as error:
            _log.warning("A calibration could not be kept: %s", error.strerror)


def _counted(compute: Callable[[], Calibration]) -> Calibration:
    """A computed calibration, told to whoever counts."""
    begun = time.perf_counter()
    calibration = compute()
    observer().fitted(calibration.model, time.perf_counter() - begun)
    return calibration
