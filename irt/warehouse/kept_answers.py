"""Answers of a warehouse on disk: what was read once is not read again while the table stays as it is.

A file holds an answer as it crossed the wire: a line of JSON that says how it is divided, and the texts.
"""

from __future__ import annotations

import json
import logging
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from cachetools import LRUCache

from irt.kept_files import KeptFiles
from irt.warehouse.patience import LONGEST
from irt.warehouse.wire import Parcel

_log = logging.getLogger(__name__)

_FORMAT = "itemwise-answer/1"
#: Bytes of all files, and of answers in memory where nothing may be kept on disk.
DISK_LIMIT = 4 * 2**30
MEMORY_LIMIT = 192 * 2**20

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
        self._limit = limit or (MEMORY_LIMIT if folder is None else DISK_LIMIT)
        self._files = KeptFiles(folder, ".answer", self._limit)
        self._memory: LRUCache[str, Parcels] = LRUCache(self._limit, getsizeof=_size)
        self._memory_lock = threading.Lock()

    def get(self, key: str, compute: Callable[[], Parcels]) -> Parcels:
        """The kept answer of a key, or a computed one, which is then kept. A failure is not kept.

        Where another is computing it, it is waited for; in vain, it is computed here too.
        """
        found = self._find(key)
        if found is not None:
            return found
        with self._files.turn(key, LONGEST):  # for as long as a query may take
            found = self._find(key)
            if found is None:
                found = compute()
                self._keep(key, found)
            return found

    def _find(self, key: str) -> Parcels | None:
        """What is kept under a key."""
        if self._files.folder is None:
            with self._memory_lock:
                return self._memory.get(key)
        try:
            content = self._files.read(key)
            return None if content is None else _decoded(content)
        except (OSError, ValueError, KeyError, TypeError):
            _log.warning("A kept answer (%s) cannot be read; it is asked for again.", self._files.path(key).name)
            return None

    def _keep(self, key: str, parcels: Parcels) -> None:
        """Keep an answer. A full disk costs the file, not the answer."""
        if self._files.folder is None:
            with self._memory_lock:
                if _size(parcels) <= self._limit:
                    self._memory[key] = parcels
            return
        try:
            self._files.write(key, _encoded(parcels))
        except OSError as error:
            _log.warning("An answer of the warehouse could not be kept: %s.", error.strerror)


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
