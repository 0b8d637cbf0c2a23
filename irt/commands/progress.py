"""Long work says that it goes on, on a terminal only."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

#: Seconds before the first word, and between words.
PATIENCE, BEAT = 0.7, 0.5


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show what is being done and for how long, until it is done; nothing where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_tell, args=(what, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _tell(what: str, done: threading.Event) -> None:
    """One line that is written over, and wiped at the end."""
    start = time.monotonic()
    shown = False
    while not done.wait(BEAT if shown else PATIENCE):
        shown = True
        sys.stderr.write(f"\r{what} ... {time.monotonic() - start:.0f} s")
        sys.stderr.flush()
    if shown:
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()
