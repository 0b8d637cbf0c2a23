"""What goes on in the core, told to whoever counts it: :func:`observe`. Nobody does unless asked to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from irt.errors import IrtError

#: How a kept result was had: it was there, was made now, or another was making it.
How = Literal["found", "made", "waited"]


class Observer:
    """Is told what happens, from any thread; each method does nothing unless it is written anew.

    What they are told is of few kinds and holds nothing personal: it may name a metric.
    """

    def kept(self, kind: str, how: How) -> None:
        """A result of this kind was asked for."""

    def fitted(self, model: str, seconds: float) -> None:
        """A model was calibrated."""

    def asked(self, seconds: float, failure: str | None) -> None:
        """A question was put to the source; the reason if it failed."""

    def billed(self, n_bytes: int) -> None:
        """A warehouse has charged for so many bytes."""

    def gave_up(self) -> None:
        """A reader did not wait for a computation any longer."""


_observer = Observer()


def observe(observer: Observer) -> None:
    """Tell this observer from now on, in place of the one before; one a process."""
    global _observer  # noqa: PLW0603 - one a process, as the metrics that it fills
    _observer = observer


def observer() -> Observer:
    """Whom to tell."""
    return _observer


@contextmanager
def asking() -> Iterator[None]:
    """Around a question to the source: told when it ends, or with the reason why it fails."""
    begun, failure = time.perf_counter(), None
    try:
        yield
    except IrtError as error:
        failure = str(error.facts.get("reason", "refused"))
        raise
    except Exception:
        failure = "defect"
        raise
    finally:
        _observer.asked(time.perf_counter() - begun, failure)
