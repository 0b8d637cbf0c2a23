"""What reading a warehouse costs: bytes, money, limits; and the reader's leave to spend them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

_allowed: ContextVar[int] = ContextVar("allowed_bytes", default=0)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may read without asking, at all, and all queries of a day (UTC); US dollars for 2**40 bytes."""

    ask_bytes: int = 10**9
    max_bytes: int = 10**11
    day_bytes: int = 10**12
    price: float = 6.25

    def cost(self, n_bytes: int) -> float:
        """US dollars for so many bytes."""
        return n_bytes / 2**40 * self.price


@dataclass(frozen=True, slots=True)
class Job:
    """One query that was put to the warehouse.

    ``cache_hit``: answered from the warehouse's own cache, free of charge. ``cost``: US dollars for the bytes billed.
    """

    at: datetime
    name: str
    job_id: str
    bytes_processed: int
    bytes_billed: int
    cost: float
    cache_hit: bool
    seconds: float
    slot_seconds: float
    sql: str


@dataclass(frozen=True, slots=True)
class Spending:
    """What reading this source has cost today (UTC), the latest job first; ``as_of`` is the state of the table."""

    table: str
    as_of: datetime
    n_rows: int
    n_bytes: int
    jobs: tuple[Job, ...]
    bytes_billed_today: int
    cost_today: float
    limits: Limits


@contextmanager
def allowing(n_bytes: int) -> Iterator[None]:
    """Within it, a query of up to so many bytes runs without asking the reader first (the hard limits stay)."""
    token = _allowed.set(n_bytes)
    try:
        yield
    finally:
        _allowed.reset(token)


def allowed_bytes() -> int:
    """The largest query that the reader has agreed to; 0 where nobody was asked."""
    return _allowed.get()
