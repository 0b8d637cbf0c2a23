"""The bill of the day: every job is entered before it runs and settled after, across processes and restarts.

One file of JSON lines a day (UTC), which is only added to. A job that is running counts with what it may cost at most;
one that was killed does so for :data:`FORGET` seconds. Neither parameters nor anything personal is entered: texts of
queries hold none, since values travel as parameters.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from irt.errors import SourceError
from irt.observing import observer
from irt.sources.spending import Job, Limits, shown_bytes

_log = logging.getLogger(__name__)

#: For how many seconds a job that never ended counts with what it may cost at most.
FORGET = 1900.0
#: How many days a bill is kept.
_DAYS = 62

_Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bill:
    """What the warehouse says of a job that has ended."""

    job_id: str
    bytes_processed: int
    bytes_billed: int
    cache_hit: bool
    seconds: float
    slot_seconds: float


class Entry:
    """A job that runs: ``settle`` it, or it is taken as not billed.

    ``most`` is what it may be billed for, the cap that the warehouse is given.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.bill: Bill | None = None

    def settle(self, bill: Bill) -> None:
        """Note what it has cost."""
        self.bill = bill
        observer().billed(bill.bytes_billed)


class Ledger:
    """Bills of jobs, in a folder that worker processes share, or in memory.

    Parameters
    ----------
    folder : Path, optional
        None: the budget of the day begins anew with each process.
    limits : Limits
    """

    def __init__(self, folder: Path | None, limits: Limits) -> None:
        self._folder = folder
        self.limits = limits
        self._lock = threading.Lock()
        self._lines: dict[date, list[_Line]] = {}
        self._texts: dict[str, str] = {}

    @contextmanager
    def entered(self, name: str, estimate: int, sql: str) -> Iterator[Entry]:
        """Run a job within: its estimate is set aside first, and what it has cost is entered after.

        Raises
        ------
        SourceError
            Reason day_budget: today's budget does not hold so much.
        """
        day, key = datetime.now(UTC).date(), uuid.uuid4().hex
        text = self._keep_text(sql)
        with self._open(day) as book:
            left = self.limits.day_bytes - _committed(book.lines)
            if estimate > left or left <= 0:
                raise self._spent(left, estimate)
            book.add({"key": key, "at": time.time(), "name": name, "set_aside": estimate, "sql": text})
        entry = Entry(min(self.limits.max_bytes, left))
        began = time.time()
        try:
            yield entry
        finally:
            bill = entry.bill or Bill("", 0, 0, False, time.time() - began, 0.0)
            with self._open(day) as book:
                book.add(
                    {
                        "key": key,
                        "job_id": bill.job_id,
                        "processed": bill.bytes_processed,
                        "billed": bill.bytes_billed,
                        "cache_hit": bill.cache_hit,
                        "seconds": round(bill.seconds, 3),
                        "slot_seconds": round(bill.slot_seconds, 3),
                    }
                )

    def billed_today(self) -> int:
        """Bytes billed today, and those set aside for jobs that run."""
        with self._open(datetime.now(UTC).date()) as book:
            return _committed(book.lines)

    def today(self) -> tuple[Job, ...]:
        """The jobs of today that ran, the latest first."""
        with self._open(datetime.now(UTC).date()) as book:
            begun, ended = _by_key(book.lines)
        jobs = [
            Job(
                at=datetime.fromtimestamp(line["at"], UTC),
                name=str(line["name"]),
                job_id=str(ended[key]["job_id"]),
                bytes_processed=int(ended[key]["processed"]),
                bytes_billed=int(ended[key]["billed"]),
                cost=self.limits.cost(int(ended[key]["billed"])),
                cache_hit=bool(ended[key]["cache_hit"]),
                seconds=float(ended[key]["seconds"]),
                slot_seconds=float(ended[key]["slot_seconds"]),
                sql=self._text(line["sql"]),
            )
            for key, line in begun.items()
            if key in ended and (ended[key]["job_id"] or ended[key]["billed"])
        ]
        return tuple(sorted(jobs, key=lambda job: job.at, reverse=True))

    def _spent(self, left: int, estimate: int) -> SourceError:
        """The refusal of a job that the day's budget does not hold."""
        return SourceError(
            f"Today's budget of {shown_bytes(self.limits.day_bytes)} for reading BigQuery has "
            f"{shown_bytes(max(left, 0))} left, and this needs about {shown_bytes(estimate)}. It begins anew at "
            "midnight UTC; answers that were read before can still be seen. ITEMWISE_BIGQUERY_DAY_BYTES sets it.",
            reason="day_budget",
            again=False,
            limit=self.limits.day_bytes,
            need=estimate,
            left=max(left, 0),
        )

    @contextmanager
    def _open(self, day: date) -> Iterator[_Book]:
        """The book of a day, held by one thread of one process."""
        if self._folder is None:
            with self._lock:
                self._lines = {day: self._lines.setdefault(day, [])}
                yield _Book(self._lines[day], None)
            return
        try:
            handle = self._file(day)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        try:
            _hold(handle)
            yield _Book(_read(handle), handle)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        finally:
            os.close(handle)

    def _file(self, day: date) -> int:
        """The open file of a day; a new one takes the place of those that are too old."""
        assert self._folder is not None  # noqa: S101 - for the type checker: callers have looked
        path = self._folder / f"{day.isoformat()}.jsonl"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for old in sorted(self._folder.glob("*.jsonl"))[:-_DAYS]:
                old.unlink(missing_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)

    def _keep_text(self, sql: str) -> str:
        """Keep the text of a query once; its name."""
        name = hashlib.sha256(sql.encode()).hexdigest()[:24]
        if self._folder is None:
            self._texts[name] = sql
            return name
        path = self._folder / f"{name}.sql"
        try:
            if not path.exists():
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                part = path.with_suffix(f".{uuid.uuid4().hex}.part")
                part.write_text(sql, "utf-8")
                os.replace(part, path)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        return name

    def _text(self, name: str) -> str:
        """A text that was kept; "" where it is gone."""
        if self._folder is None:
            return self._texts.get(name, "")
        try:
            return (self._folder / f"{Path(name).name}.sql").read_text("utf-8")
        except OSError:
            return ""


@dataclass(frozen=True, slots=True)
class _Book:
    """The lines of a day, and where to write another."""

    lines: list[_Line]
    handle: int | None

    def add(self, line: _Line) -> None:
        """Enter a line: one write, so that no reader sees half of it."""
        self.lines.append(line)
        if self.handle is not None:
            # The line begins with a break of its own, should a killed process have left half a line.
            os.write(self.handle, b"\n" + json.dumps(line, separators=(",", ":")).encode() + b"\n")


def _by_key(lines: Sequence[_Line]) -> tuple[Mapping[str, _Line], Mapping[str, _Line]]:
    """The lines that begin a job and those that end one, by its key."""
    begun = {line["key"]: line for line in lines if "set_aside" in line}
    return begun, {line["key"]: line for line in lines if "billed" in line}


def _committed(lines: Sequence[_Line]) -> int:
    """Bytes billed, and those set aside for jobs that run."""
    begun, ended = _by_key(lines)
    since = time.time() - FORGET
    running = sum(int(line["set_aside"]) for key, line in begun.items() if key not in ended and line["at"] > since)
    return running + sum(int(line["billed"]) for line in ended.values())


def _read(handle: int) -> list[_Line]:
    """The lines of a file; one that a killed process left half is passed over."""
    os.lseek(handle, 0, os.SEEK_SET)
    with os.fdopen(os.dup(handle), "rb") as stream:
        lines = []
        for text in filter(bytes.strip, stream):
            try:
                line = json.loads(text)
            except ValueError:
                _log.warning("A line of the bill of the day cannot be read and is passed over.")
                continue
            if isinstance(line, dict) and "key" in line:
                lines.append(line)
        return lines


def _hold(handle: int) -> None:
    """Hold a file alone, where the system can."""
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(handle, fcntl.LOCK_EX)


def _unwritable(folder: Path, error: OSError) -> SourceError:
    """Without a bill there is no budget, so nothing is spent."""
    return SourceError(
        f"The bill of the day cannot be kept in {folder}: {error.strerror}. Without it nothing is read from BigQuery. "
        "Make the folder writable, or name another in ITEMWISE_CACHE.",
        reason="day_budget",
        again=True,
    )
