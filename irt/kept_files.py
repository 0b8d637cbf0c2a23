"""Files of what is worth keeping, shared by worker processes: written whole, made by one at a time, bounded in size.

A file is written beside and renamed into place, for its owner's eyes only. Those that were not used for the longest
time are removed when all together are too large.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_N_LOCKS = 64
#: Seconds between two looks at whether another process is done.
_LOOK_AGAIN = 0.02
#: Seconds after which a file that was begun is taken for a killed process's.
_FORGOTTEN = 3600


class KeptFiles:
    """Files by key.

    Parameters
    ----------
    folder : Path, optional
        Made on first use; None: nothing is written, and only threads wait for each other.
    ending : str
        Of the files' names, such as ``.answer``.
    limit : int
        Bytes of all files.
    """

    def __init__(self, folder: Path | None, ending: str, limit: int) -> None:
        self.folder = folder
        self._ending = ending
        self._limit = limit
        self._locks = [threading.Lock() for _ in range(_N_LOCKS)]

    def find(self, key: str) -> Path | None:
        """The file of a key, noted as used now; None: there is none. Raises OSError."""
        if self.folder is None:
            return None
        path = self.path(key)
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return path

    def read(self, key: str) -> bytes | None:
        """What the file of a key holds, noted as used now; None: there is none. Raises OSError."""
        path = self.find(key)
        return None if path is None else path.read_bytes()

    def write(self, key: str, pieces: Iterable[bytes]) -> None:
        """Keep a file, if there is a folder. Raises OSError, and leaves nothing behind then."""
        if self.folder is None:
            return
        part = self.folder / f"{uuid.uuid4().hex}.part"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.writelines(pieces)
            os.replace(part, self.path(key))
            self._sweep(self.folder)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise

    def path(self, key: str) -> Path:
        """Where the file of a key is, in a folder that there is."""
        assert self.folder is not None  # noqa: S101 - for the type checker: callers have looked
        return self.folder / f"{_name(key)}{self._ending}"

    @contextmanager
    def turn(self, key: str, patience: float) -> Iterator[None]:
        """Be the only one, of all threads and processes, who makes what belongs to a key.

        Whoever has waited for ``patience`` seconds in vain goes on all the same. The system ends the turn of a process
        that is killed.
        """
        place, until = int(_name(key)[:8], 16) % _N_LOCKS, time.monotonic() + patience
        mine = self._locks[place].acquire(timeout=patience)
        try:
            with _turn_among_processes(self.folder, place, until):
                yield
        finally:
            if mine:
                self._locks[place].release()

    def _sweep(self, folder: Path) -> None:
        """Remove what was not used for the longest time until the rest fits, and what killed processes left."""
        files = []
        for entry in os.scandir(folder):
            with suppress(FileNotFoundError):  # another process sweeps too
                state = entry.stat()
                if entry.name.endswith(self._ending):
                    files.append((state.st_mtime, state.st_size, entry.path))
                elif entry.name.endswith(".part") and state.st_mtime < time.time() - _FORGOTTEN:
                    Path(entry.path).unlink(missing_ok=True)
        excess = sum(size for _, size, _ in files) - self._limit
        for _, size, path in sorted(files):
            if excess <= 0:
                break
            Path(path).unlink(missing_ok=True)
            excess -= size


def _name(key: str) -> str:
    """The name of a key's file: keys hold what readers chose."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


@contextmanager
def _turn_among_processes(folder: Path | None, place: int, until: float) -> Iterator[None]:
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
                time.sleep(_LOOK_AGAIN)
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
