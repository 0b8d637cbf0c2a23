"""Faults on demand: what shall go wrong with which of the coming requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from tests.warehouse.errors import USUAL, ApiError, refusal

Cut = Literal["before", "answer", "body"]


@dataclass
class Fault:
    """One thing that goes wrong with the requests to an endpoint.

    Parameters
    ----------
    endpoint : str
        ``jobs.query``, ``tables.get``, ``storage.objects.insert`` ...; ``*`` stands for anything (``jobs.*``). The
        endpoint ``job`` is no request: it makes the next jobs themselves fail, as their ``errorResult``.
    times, after : int
        How many requests it hits, and how many it lets pass before.
    status, reason, message : int, str, str, optional
        The error to answer with, instead of doing what was asked for.
    slow, slow_body : float
        Seconds before anything is done; seconds in the middle of the body.
    cut : {"before", "answer", "body"}, optional
        Close the connection: before anything is done; when it is done, without an answer; in the middle of the body.
    truncate : bool
        Send half of the body as though it were all of it.
    """

    endpoint: str
    times: int = 1
    after: int = 0
    status: int | None = None
    reason: str | None = None
    message: str = ""
    slow: float = 0.0
    slow_body: float = 0.0
    cut: Cut | None = None
    truncate: bool = False
    hits: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if not any((self.status, self.reason, self.slow, self.slow_body, self.cut, self.truncate)):
            raise ValueError("A fault needs one of status, reason, slow, slow_body, cut, truncate.")
        if self.status is not None and self.reason is None and self.status not in USUAL:
            raise ValueError(f"Status {self.status} has no usual reason: name one.")

    def error(self) -> ApiError | None:
        """The error to answer with."""
        if self.status is not None:
            return refusal(self.status, self.reason, self.message)
        return ApiError(self.reason, self.message) if self.reason is not None else None


class Faults:
    """Faults that wait for their requests, first come first served."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> int:
        """How many have not yet hit all the requests that they are meant for."""
        with self._lock:
            return len(self._waiting)

    def take(self, endpoint: str) -> Fault | None:
        """The fault for a request that has come in."""
        with self._lock:
            for fault in self._waiting:
                if not fnmatchcase(endpoint, fault.endpoint):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.hits += 1
                if fault.hits >= fault.times:
                    self._waiting.remove(fault)
                return fault
        return None
