"""Answers of a warehouse on disk: what was read once is not read again while the table stays as it is.

A file holds an answer as it crossed the wire: a line of JSON that says how it is divided, and the texts. It is written
beside and renamed into place, for its owner's eyes only, since answers hold names. Files that were not used for the
longest time are removed when all together are too large.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
import uuid
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from cachetools import LRUCache

from irt.warehouse.patience import LONGEST
from irt.warehouse.wire import Parcel

_log = logging.getLogger(__name__)

_FORMAT = "itemwise-answer/1"
#: Bytes of all files, and of answers in memory where nothing may be kept on disk.
DISK_LIMIT = 4 * 2**30
MEMORY_LIMIT = 192 * 2**20
_N_LOCKS = 64

Parcels = Sequence[Parcel]


class KeptAnswers:
    """Answers by key, each computed by one of all threads and processes that want it.

    Parameters
    ----------
    folder : Path, optional
        Shared by worker processes, kept across restarts; None: in the memory of this process only.
    limit : int, optional
        Bytes.
    """

    def __init__(self, folder: Path | None, limit: int | None = None) -> None:
        self._folder = folder
        self._limit = limit or (MEMORY_LIMIT if folder is None else DISK_LIMIT)
        self._memory: LRUCache[str, Parcels] = LRUCache(self._limit, getsizeof=_size)
        self._locks = [threading.Lock() for _ in range(_N_LOCKS)]
        self._memory_lock = threading.Lock()

    def get(self, key: str, compute: Callable[[], Parcels]) -> Parcels:
        """The kept answer of a key, or a computed one, which is then kept. A failure is not kept.

        Where another is computing it, it is waited for; in vain, it is computed here too.
        """
        name = hashlib.sha256(key.encode()).hexdigest()[:32]
        found = self._find(name)
        if found is not None:
            return found
        with self._turn(name):
            found = self._find(name)
            if found is None:
                found = compute()
                self._keep(name, found)
            return found

    def _find(self, name: str) -> Parcels | None:
        """What is kept under a name."""
        if self._folder is None:
            with self._memory_lock:
                return self._memory.get(name)
        path = self._folder / f"{name}.answer"
        try:
            parcels = _decoded(path.read_bytes())
            os.utime(path)  # the time of its last use
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            _log.warning("A kept answer (%s) cannot be read; it is asked for again.", path.name)
            return None
        return parcels

    def _keep(self, name: str, parcels: Parcels) -> None:
        """Keep an answer. A full disk costs the file, not the answer."""
        if self._folder is None:
            with self._memory_lock:
                if _size(parcels) <= self._limit:
                    self._memory[name] = parcels
            return
        part = self._folder / f"{uuid.uuid4().hex}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.writelines(_encoded(parcels))
            os.replace(part, self._folder / f"{name}.answer")
            self._sweep()
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            _log.warning("An answer of the warehouse could not be kept: %s.", error.strerror)

    def _sweep(self) -> None:
        """Remove what was not used for the longest time until the rest fits, and what killed processes left."""
        assert self._folder is not None  # noqa: S101 - for the type checker: callers have looked
        files = []
        for entry in os.scandir(self._folder):
            state = entry.stat()
            if entry.name.endswith(".answer"):
                files.append((state.st_mtime, state.st_size, entry.path))
            elif entry.name.endswith(".part") and state.st_mtime < time.time() - 3600:
                Path(entry.path).unlink(missing_ok=True)
        excess = sum(size for _, size, _ in files) - self._limit
        for _, size, path in sorted(files):
            if excess <= 0:
                break
            Path(path).unlink(missing_ok=True)
            excess -= size

    @contextmanager
    def _turn(self, name: str) -> Iterator[None]:
        """Wait for whoever computes this answer, for as long as a query may take."""
        place = int(name[:8], 16) % _N_LOCKS
        until = time.monotonic() + LONGEST
        mine = self._locks[place].acquire(timeout=LONGEST)
        try:
            with _file_turn(self._folder, place, until):
                yield
        finally:
            if mine:
                self._locks[place].release()


@contextmanager
def _file_turn(folder: Path | None, place: int, until: float) -> Iterator[None]:
    """Hold a lock among processes, where files can be kept and the system has locks."""
    handle = None if folder is None else _lock_file(folder, place)
    if handle is None:
        yield
        return
    try:
        import fcntl

        while time.monotonic() < until:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # let go by the system if the process is killed
                break
            except BlockingIOError:
                time.sleep(0.05)
        yield
    finally:
        os.close(handle)


def _lock_file(folder: Path, place: int) -> int | None:
    """An open file to lock; None where there can be none."""
    try:
        import fcntl  # noqa: F401 - not on every system

        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(folder / f"{place:02d}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except (ImportError, OSError):
        return None


def _encoded(parcels: Parcels) -> Iterator[bytes]:
    """An answer as the pieces of a file. Texts are encoded twice rather than held twice."""
    check, divided = 0, []
    for parcel in parcels:
        text = parcel.text.encode("utf-8")
        check = zlib.crc32(text, check)
        divided.append([parcel.part, parcel.n_rows, len(text)])
    yield json.dumps({"format": _FORMAT, "check": check, "parcels": divided}).encode() + b"\n"
    for parcel in parcels:
        yield parcel.text.encode("utf-8")


def _decoded(content: bytes) -> list[Parcel]:
    """An answer from a file. Raises ValueError, KeyError or TypeError if it is not whole."""
    at = content.index(b"\n") + 1
    told, body = json.loads(content[:at]), memoryview(content)[at:]
    if told["format"] != _FORMAT or zlib.crc32(body) != told["check"]:
        raise ValueError("not whole")
    parcels, at = [], 0
    for part, n_rows, size in told["parcels"]:
        parcels.append(Parcel(str(part), int(n_rows), str(body[at : at + size], "utf-8")))
        at += size
    return parcels


def _size(parcels: Parcels) -> int:
    """About how many bytes an answer takes."""
    return 1000 + sum(len(parcel.text) for parcel in parcels)
