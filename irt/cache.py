"""Results that are kept: in memory by size, one computation per key at a time; calibrations also as files."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from cachetools import LRUCache

from irt.calibration import Calibration
from irt.errors import IrtError

T = TypeVar("T")

_log = logging.getLogger(__name__)

#: What the memory cache of one process may hold, in bytes of array data (and a flat charge per entry).
MEMORY_LIMIT = 192 * 2**20
#: Charge for an entry besides its arrays: tuples of reports, names.
ENTRY_CHARGE = 50_000


class Cache:
    """A memory cache bounded by size, in which 50 readers who ask at once wait for one computation."""

    def __init__(self, limit: int = MEMORY_LIMIT) -> None:
        self._limit = limit
        self._kept: LRUCache[Hashable, Any] = LRUCache(limit, getsizeof=size_of)
        self._lock = threading.Lock()
        self._running: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The kept value of a key, computed once if there is none. A failure is not kept."""
        with self._lock:
            if key in self._kept:
                value: T = self._kept[key]
                return value
            turn = self._running.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]  # type: ignore[no-any-return]
            try:
                value = compute()
                self._keep(key, value)
            finally:
                with self._lock:
                    self._running.pop(key, None)
            return value

    def _keep(self, key: Hashable, value: object) -> None:
        """Keep a value, unless it alone is larger than the cache."""
        with self._lock:
            if size_of(value) <= self._limit:
                self._kept[key] = value


def size_of(value: object) -> int:
    """Bytes of the arrays within nested results, and a charge for the rest."""
    return ENTRY_CHARGE + _array_bytes(value)


def _array_bytes(value: object) -> int:
    """Bytes of arrays; long tuples are reckoned from their first members."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if is_dataclass(value):
        return sum(_array_bytes(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, tuple):
        return 80 * len(value) + sum(_array_bytes(member) for member in value[:1]) * len(value)
    if isinstance(value, dict):
        return 200 * len(value)
    return 0


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
