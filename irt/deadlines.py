"""How long a reader waits: work that takes longer goes on without them, and is kept for when they ask again.

Whoever sets no deadline (the command line, a notebook) computes in their own thread, for as long as it takes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any

from irt.errors import SourceError
from irt.observing import observer

#: Computations of a process that run side by side behind the backs of readers.
PLACES = 4

_places = threading.BoundedSemaphore(PLACES)
#: When the reader gives up, by ``time.monotonic``.
_ends: ContextVar[float | None] = ContextVar("ends", default=None)


class StillComputing(SourceError):
    """A computation that the reader did not wait for; it goes on."""

    def __init__(self) -> None:
        observer().gave_up()
        super().__init__(
            "This takes longer than usual. It goes on being computed and will be there when you ask again in a while.",
            reason="computing",
            again=True,
        )


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Whoever asks within this waits for so long."""
    token = _ends.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends.reset(token)


def left() -> float | None:
    """Seconds until the reader gives up, 0 at least; None: never."""
    ends = _ends.get()
    return None if ends is None else max(ends - time.monotonic(), 0.0)


def outcome(of: Future[Any]) -> BaseException | None:
    """Wait for a computation: what it failed with, None if it has a result.

    Raises
    ------
    StillComputing
        At the reader's deadline.
    """
    try:
        return of.exception(left())
    except TimeoutError:
        raise StillComputing from None


class Place:
    """The right to compute, used as ``with Place() as place``.

    A few computations run side by side behind the backs of readers. The other readers wait for a place, so that there
    are never more threads than readers. Without a deadline, one's own thread is the place.

    A place is given back at the end unless work was begun, which gives it back itself.
    """

    __slots__ = ("_background", "held")

    def __init__(self) -> None:
        self._background = left() is not None
        self.held = not self._background

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *_: object) -> None:
        self.give_back()

    def take(self) -> None:
        """Wait for a place. Raises StillComputing if there is none before the deadline."""
        if not _places.acquire(timeout=left()):
            raise StillComputing
        self.held = True

    def give_back(self) -> None:
        """Let others compute; one's own thread stays one's own."""
        if self._background and self.held:
            self.held = False
            _places.release()

    def begin(self, work: Callable[[], object]) -> None:
        """Begin a piece of work that tells its outcome itself, and never raises.

        In the background, all that is set in this context is set there too, but for the deadline: what the work asks
        for in turn is computed in the same thread.
        """
        if not self._background:
            work()
            return
        context = copy_context()

        def run() -> None:
            try:
                context.run(_ends.set, None)
                context.run(work)
            finally:
                _places.release()

        # A daemon: neither an interrupt nor the end of a worker waits for what nobody waits for.
        threading.Thread(target=run, name="itemwise-computing", daemon=True).start()
        self.held = False
