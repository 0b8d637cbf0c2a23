"""After a failure to reach the warehouse nothing is asked of it for a few seconds: the failure stands for all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from irt.errors import SourceError
from irt.sources.absence import afresh
from irt.warehouse import patience


class Breaker:
    """Lets questions through unless one has just failed to reach the warehouse; for any thread.

    The callbacks of one page put a dozen questions, and each would wait with patience of its own.
    """

    def __init__(self) -> None:
        self._failed: tuple[SourceError, float] | None = None

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Put a question within. Raises the last failure instead while it is fresh."""
        failed = self._failed
        if failed is not None and time.monotonic() < failed[1]:
            raise afresh(failed[0])
        try:
            yield
        except SourceError as error:
            if error.facts.get("reason") == "unavailable":
                self._failed = error, time.monotonic() + patience.PAUSE
            raise
