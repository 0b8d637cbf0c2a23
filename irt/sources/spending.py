"""What reading a warehouse costs: bytes, money, limits; and the reader's leave to spend them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from irt.errors import ConfirmationNeeded, SourceError

_allowed: ContextVar[int] = ContextVar("allowed_bytes", default=0)

_MIB = 2**20
#: The least that BigQuery bills for a query that reads anything.
LEAST_BILLED = 10 * _MIB


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

    @property
    def unasked_bytes(self) -> int:
        """What a query may read without a look at its estimate."""
        return min(self.ask_bytes, self.max_bytes)

    def check(self, n_bytes: int) -> None:
        """Refuse a query that would read so many bytes.

        Raises
        ------
        SourceError
            Reason byte_limit: more than any query may read.
        ConfirmationNeeded
            More than goes without asking, and more than the reader has agreed to.
        """
        if n_bytes > self.max_bytes:
            raise over_limit(self.max_bytes, n_bytes)
        if n_bytes > max(self.ask_bytes, allowed_bytes()):
            raise ConfirmationNeeded(
                f"This would read about {shown_bytes(n_bytes)} from BigQuery, which costs about "
                f"${self.cost(n_bytes):,.2f}. Agree to it, or choose less: one exam, or a sample of the students.",
                reason="confirmation",
                again=False,
                bytes=n_bytes,
                cost=self.cost(n_bytes),
            )


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


def billable(n_bytes: int) -> int:
    """What is billed for reading so many bytes: whole MiB, ten at least; nothing for nothing."""
    return max(LEAST_BILLED, -(-n_bytes // _MIB) * _MIB) if n_bytes else 0


def over_limit(limit: int, need: int | None) -> SourceError:
    """The refusal of a query that reads more than any may."""
    wants = f" It would read {shown_bytes(need)}." if need is not None else ""
    return SourceError(
        f"The limit of {shown_bytes(limit)} for one query was reached, so it was not run and costs nothing.{wants} "
        "Choose less (one exam, or a sample of the students), or raise ITEMWISE_BIGQUERY_MAX_BYTES.",
        reason="byte_limit",
        again=False,
        limit=limit,
        need=need,
    )


def shown_bytes(n_bytes: int) -> str:
    """A number of bytes for a sentence: ``4.2 GB``."""
    for unit, size in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n_bytes >= size:
            return f"{n_bytes / size:,.3g} {unit}"
    return f"{n_bytes} bytes"
