"""What the worker processes of one machine share while they run: a folder, and a number that tells each apart.

gunicorn's parent makes the folder before it starts workers and removes it when it ends (``gunicorn.conf.py``). Any
other server has one process, and shares nothing.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

#: In memory where the system has that: nothing here outlives the processes.
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it


@dataclass(slots=True)
class _Shared:
    """The folder, and the number of this process."""

    folder: Path | None = None
    number: int = 0


_shared = _Shared()


def begin() -> Path:
    """Make the folder; processes that are forked from this one share it."""
    parent = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK | os.X_OK) else None
    _shared.folder = Path(tempfile.mkdtemp(prefix="itemwise-", dir=parent))
    # Read by prometheus-client.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_shared.folder)
    return _shared.folder


def end() -> None:
    """Remove the folder."""
    if _shared.folder is not None:
        shutil.rmtree(_shared.folder, ignore_errors=True)


def folder() -> Path | None:
    """The folder; None where this is the only process."""
    return _shared.folder


def number() -> int:
    """The number of this process. A worker that takes another's place gets its number, so that files do not pile up."""
    return _shared.number


def free_number(taken: Collection[int]) -> int:
    """The least number that no worker has."""
    return next(n for n in range(len(taken) + 1) if n not in taken)


def be(number: int) -> None:
    """Be the worker with this number: called in the worker, before it loads the application."""
    _shared.number = number


def forget(number: int) -> None:
    """A worker has ended, however it did: what it told of its present state holds no longer."""
    from prometheus_client.multiprocess import mark_process_dead

    if _shared.folder is not None:
        mark_process_dead(number, str(_shared.folder))  # type: ignore[no-untyped-call]
