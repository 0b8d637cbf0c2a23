"""What went over the wire, request by request."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tests.warehouse.faults import Fault


@dataclass
class Request:
    """One request: ``body`` is the decoded JSON, else the bytes; ``bytes_in`` and ``bytes_out`` count bodies alone.

    ``status`` is 0 while it is being answered and where the connection was cut.
    """

    endpoint: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    bytes_in: int
    status: int = 0
    bytes_out: int = 0
    fault: Fault | None = field(default=None, repr=False)


class WireLog:
    """All requests since the start, or since the last ``clear``."""

    def __init__(self) -> None:
        self._requests: list[Request] = []
        self._lock = threading.Lock()

    def add(self, request: Request) -> None:
        with self._lock:
            self._requests.append(request)

    def clear(self) -> None:
        with self._lock:
            self._requests.clear()

    def calls(self, endpoint: str = "*") -> list[Request]:
        """The requests to an endpoint; ``*`` stands for anything."""
        with self._lock:
            return [request for request in self._requests if fnmatchcase(request.endpoint, endpoint)]
