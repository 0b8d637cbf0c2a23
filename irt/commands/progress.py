"""Long work says that it goes on, on a terminal only."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Seconds before the first word, and between words.
PATIENCE, BEAT = 0.7, 0.5


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """Show what is being done and for how long, until it is done; nothing where stderr is not a terminal.

    Within it, what is shown can be changed: ``say("Sending: 3 of 7")``.
    """
    shown = [what]

    def say(now: str) -> None:
        shown[0] = now

    if not sys.stderr.isatty():
        yield say
        return
    done = threading.Event()
    thread = threading.Thread(target=_tell, args=(shown, done), daemon=True)
    thread.start()
    try:
        yield say
    finally:
        done.set()
        thread.join()


def _tell(what: list[str], done: threading.Event) -> None:
    """One line that is written over, and wiped at the end."""
    start = time.monotonic()
    shown = False
    while not done.wait(BEAT if shown else PATIENCE):
        shown = True
        sys.stderr.write(f"\r{what[0]} ... {time.monotonic() - start:.0f} s\033[K")
        sys.stderr.flush()
    if shown:
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()
