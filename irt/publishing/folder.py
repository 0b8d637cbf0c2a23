"""Publishing to a folder of Parquet files: beside what is there, then put in its place in one step.

    FOLDER/SELECTION_ID/abilities/part-00000.parquet     what is read; SELECTION_ID is a link to a run
    FOLDER/.runs/RUN/...                                 the runs; the one that is being written ends in .part

The link is made beside and renamed over the one before: one step of the file system, for all four tables at once. A
killed run leaves files that nothing links to, and the next one removes them. A replaced run stays for a while, so
that readers who began with it can end.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from irt.errors import SourceError
from irt.publishing.publication import Publication, Receipt
from irt.publishing.slices import Slices, write_tables
from irt.publishing.tables import PUBLISHED_AT, SELECTION_ID, type_of
from irt.publishing.target import FolderTarget
from irt.serialise import Kind, Table
from irt.serialise.nouns import Values
from irt.sources.engine import Duck, quoted
from irt.sources.folder import to_disk

if TYPE_CHECKING:
    import pandas as pd

#: For how many seconds at least a replaced run is kept for readers who began before.
GRACE = 60.0
_RUNS, _PART, _LOCK = ".runs", ".part", ".lock"
_CONSTANT = (SELECTION_ID.name, PUBLISHED_AT.name)
_TYPES = {
    "STRING": "VARCHAR",
    "FLOAT64": "DOUBLE",
    "INT64": "BIGINT",
    "BOOL": "BOOLEAN",
    "TIMESTAMP": "TIMESTAMP WITH TIME ZONE",
}


def publish_to_folder(
    target: FolderTarget, publication: Publication, slices: Slices, tell: Callable[[str], None]
) -> Receipt:
    """Write a publication and put it in the place of the one before.

    Raises
    ------
    SourceError
        If it cannot be written; what was there before is as it was.
    """
    began, link = time.monotonic(), target.folder / publication.selection_id
    with _held(target.folder):
        _sweep(target.folder)
        run = target.folder / _RUNS / f"{uuid.uuid4().hex}{_PART}"
        try:
            rows = write_tables(
                _Writer(run),
                publication,
                slices,
                lambda part: tell(f"Writing: {part.done:,} of {part.of:,} students"),
            )
            n_bytes = sum(file.stat().st_size for file in run.rglob("*.parquet"))
            _exchange(run, link)
        except BaseException:
            shutil.rmtree(run, ignore_errors=True)
            raise
        with suppress(OSError, KeyboardInterrupt):
            _sweep(target.folder)
    return Receipt(publication.selection_id, rows, n_bytes, time.monotonic() - began, (str(link),))


class _Writer:
    """Writes the parts of tables as Parquet files ``TABLE/part-00000.parquet``, ..."""

    def __init__(self, run: Path) -> None:
        self._run, self._duck = run, Duck()
        self._parts: dict[str, int] = {}
        self.rows: dict[str, int] = {}

    def add(self, name: str, table: Table) -> None:
        """Write one more part of a table."""
        part = self._parts.get(name, 0)
        file = self._run / name / f"part-{part:05}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        columns = ", ".join(
            f"CAST({_value(column.name, values)} AS {_TYPES[type_of(column)]}) AS {column.name}"
            for column, values in zip(table.columns, table.values, strict=True)
        )
        try:
            self._duck.write(
                _frame(table),
                f"COPY (SELECT {columns} FROM frame) TO {quoted(str(file))} (FORMAT parquet, COMPRESSION zstd)",
            )
        except SourceError:
            raise _unwritable(self._run) from None
        to_disk(file)
        self._parts[name] = part + 1
        self.rows[name] = self.rows.get(name, 0) + len(table)


def _value(name: str, values: Values) -> str:
    """A column of the frame, or the one value of a column that is the same in every row."""
    return quoted(str(values[0])) if name in _CONSTANT and len(values) else name


def _frame(table: Table) -> pd.DataFrame:
    """A table as a frame that DuckDB reads: text as objects with None, numbers with nan where there is none."""
    import pandas as pd

    def column(kind: Kind, values: Values) -> Any:
        if kind is Kind.TEXT:
            return np.asarray(values, dtype=object)
        return values if isinstance(values, np.ndarray) else np.array(values, dtype=np.float64)

    return pd.DataFrame(
        {
            known.name: column(known.kind, values)
            for known, values in zip(table.columns, table.values, strict=True)
            if known.name not in _CONSTANT or not len(values)
        }
    )


def _exchange(run: Path, link: Path) -> None:
    """Make a written run the one that is read, in one step."""
    finished = run.with_name(run.name.removesuffix(_PART))
    for folder in (*(path for path in run.iterdir() if path.is_dir()), run):
        to_disk(folder)
    before = link.resolve() if link.is_symlink() else None
    if link.exists() and before is None:
        raise SourceError(f"{link} is not a publication of Itemwise: remove it, or publish to another folder.")
    os.replace(run, finished)
    beside = run.with_name(f"{link.name}{_PART}")  # among the runs: readers who take any folder do not see it
    try:
        beside.unlink(missing_ok=True)
        beside.symlink_to(Path(_RUNS) / finished.name)
        to_disk(finished.parent)
        os.replace(beside, link)
    except BaseException as error:
        if link.resolve() != finished.resolve():
            shutil.rmtree(finished, ignore_errors=True)
            raise
        if not isinstance(error, KeyboardInterrupt):
            raise  # an interruption after the exchange comes too late: it is this run that is read
    to_disk(link.parent)
    if before is not None and before.exists():
        os.utime(before)  # from now on it is kept for the time of grace


def _sweep(folder: Path) -> None:
    """Remove what killed runs left and replaced runs after their time. Only with the folder held."""
    live = {path.resolve() for path in folder.iterdir() if path.is_symlink()}
    for run in (folder / _RUNS).iterdir():
        if run.is_symlink():
            run.unlink()
        elif run.name.endswith(_PART) or (run.resolve() not in live and _age(run) >= GRACE):
            shutil.rmtree(run, ignore_errors=True)


def _age(run: Path) -> float:
    """Seconds since a run was written or replaced; of one from the future, as good as for ever."""
    age = time.time() - run.stat().st_mtime
    return age if age >= 0 else float("inf")


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a folder for one publisher at a time; the system lets go also where the process is killed."""
    try:
        import fcntl
    except ImportError:
        raise SourceError("Publishing to a folder needs a system with POSIX file locks (Linux, macOS).") from None
    try:
        (folder / _RUNS).mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise SourceError(f"Nothing can be published in {folder}: {error.strerror}.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    except OSError as error:
        raise SourceError(f"Nothing could be published in {folder}: {error.strerror}.") from None
    finally:
        os.close(lock)


def _unwritable(run: Path) -> SourceError:
    """Why a file could not be written: most often its disk is full."""
    folder = run.parent.parent
    free = shutil.disk_usage(folder).free / 2**20
    return SourceError(
        f"Nothing could be published in {folder}: writing failed. Check that its disk has space (there were "
        f"{free:,.0f} MB left) and can be written. What was published before is as it was."
    )
