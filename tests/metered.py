"""A store that charges for what it reads, as a warehouse does: it asks first, can be stopped, and fails on demand."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from irt.errors import ConfirmationNeeded, SourceError
from irt.sources import ParquetStore
from irt.sources.spending import Job, Limits, Spending, allowed_bytes

GIGABYTES = 4_200_000_000
LIMITS = Limits()
TIME = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def job(name: str = "answers", **changes: Any) -> Job:
    """One query of a large exam."""
    values = {
        "at": TIME,
        "name": name,
        "job_id": "itemwise-1",
        "bytes_processed": GIGABYTES,
        "bytes_billed": GIGABYTES + 10**6,
        "cost": LIMITS.cost(GIGABYTES),
        "cache_hit": False,
        "seconds": 6.25,
        "slot_seconds": 80.0,
        "sql": "SELECT item_id\nFROM `p.d.t`",
    }
    return Job(**(values | changes))


def spending(*jobs: Job) -> Spending:
    """A day on which so much was read."""
    billed = sum(one.bytes_billed for one in jobs)
    return Spending("p.d.t", TIME, 97_000_000, 9_000_000_000, jobs, billed, LIMITS.cost(billed), LIMITS)


class Metered:
    """The sample exams behind a meter.

    Every question costs ``n_bytes`` until it was read once. ``fault`` is raised instead of an answer. While ``gate`` is
    shut, reading waits for it, and :meth:`stop` cancels it.
    """

    def __init__(self, folder: Path, n_bytes: int = GIGABYTES, what: tuple[str, ...] = ("answers",)) -> None:
        self._store = ParquetStore(folder)
        self.n_bytes, self.what = n_bytes, what
        self.fault: SourceError | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = threading.Event()
        self.reads: list[str] = []
        self._kept: set[Any] = set()
        self._cancelled = False

    def stamp(self) -> Any:
        if self.fault:
            raise self.fault
        return self._store.stamp()

    def catalogue(self, scope: Any) -> Any:
        self._charge("catalogue", scope)
        return self._store.catalogue(scope)

    def answers(self, selection: Any, scope: Any) -> Any:
        self._charge("answers", selection)
        return self._store.answers(selection, scope)

    def spending(self) -> Spending:
        return spending(*(job(name) for name in self.reads))

    def stop(self) -> int:
        waiting = self.waiting.is_set()
        self._cancelled = waiting
        self.gate.set()
        return int(waiting)

    def _charge(self, name: str, what: Any) -> None:
        if self.fault:
            raise self.fault
        if name not in self.what or (name, what) in self._kept:
            return
        if allowed_bytes() < self.n_bytes:
            raise ConfirmationNeeded("This would be a large read.", bytes=self.n_bytes, cost=LIMITS.cost(self.n_bytes))
        if not self.gate.is_set():
            self.waiting.set()
            self.gate.wait(20)
            self.waiting.clear()
        if self._cancelled:
            self._cancelled = False
            raise SourceError("Reading was stopped.", reason="cancelled", again=True)
        self.reads.append(name)
        self._kept.add((name, what))


def metered_app(source: Metered, **environment: str) -> Any:
    """The dashboard over it."""
    from dashboard import create_app
    from irt.service import Service
    from irt.settings import Settings

    settings = Settings.from_environment({"ITEMWISE_CACHE": "off", **environment})
    return create_app(Service(source, sample=settings.sample), settings)
