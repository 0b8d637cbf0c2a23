"""Clients that do not go on: they shall hold neither all threads of a worker nor the one that hands out the work.

Who sends a byte now and then, on some hundred connections, still holds threads: only a proxy that hands on whole
requests, as nginx does, keeps these away.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import Any

from gunicorn.util import close_graceful
from gunicorn.workers.gthread import ThreadWorker

#: Seconds between two parts of a request, and that a client who was answered may take to close its connection.
PATIENCE, FAREWELL = 10.0, 1.0


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's worker with threads, whose main thread does not wait for clients who keep their connections open."""

    def handle(self, conn: Any) -> Any:
        """Answer a request; the end of a connection is awaited here, by a thread of its own."""
        goes_on = super().handle(conn)
        if not goes_on:
            take_leave(conn.sock)
        return goes_on


def take_leave(line: socket.socket, seconds: float = FAREWELL) -> None:
    """Wait for the other side to close, for so long; whoever closes this end of the line need not wait any more."""
    with contextlib.suppress(OSError):
        close_graceful(line.dup(), timeout=seconds)
        line.shutdown(socket.SHUT_RDWR)


def give_up_stalled(listener: socket.socket, seconds: float = PATIENCE) -> None:
    """Let reading from connections of a listener end after so long with BlockingIOError.

    Connections inherit the option (``SO_RCVTIMEO``, socket(7)) when they are accepted; the timeout of Python's own
    sockets is set anew by gunicorn.
    """
    whole = int(seconds)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", whole, int((seconds - whole) * 1e6)))
