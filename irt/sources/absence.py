"""A source that is away for a while: for which reasons its last known state may stand in, and how that is said."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

from irt.errors import SourceError

#: Reasons that pass by themselves; that a table or the right to read it is gone must be seen at once.
_PASSING = frozenset({"unavailable", "timeout", "quota"})


@dataclass(frozen=True, slots=True)
class Absence:
    """Why a source cannot be asked.

    Parameters
    ----------
    since : datetime
        When it first could not, in UTC.
    known : datetime
        When the state that stands in was last found to be true.
    error : SourceError
        What it fails with.
    """

    since: datetime
    known: datetime
    error: SourceError

    def sentence(self) -> str:
        """What a reader must know of numbers that rest on the state that stands in."""
        return (
            f"The source of the answers has been out of reach since {_shown(self.since)}. What was read before is "
            f"shown; answers after {_shown(self.known)} are not in it."
        )


T = TypeVar("T")


class Keeping(Protocol[T]):
    """Where the last known state is kept across restarts."""

    def read(self) -> tuple[T, float] | None:
        """The state, and when it was last found to be true (seconds since 1970); None: not kept."""
        ...

    def write(self, state: T, at: float) -> None:
        """Keep a state."""
        ...


class LastKnown(Generic[T]):
    """The last known state of a source, which stands in while the source is away; for any thread.

    Parameters
    ----------
    seconds : float
        How old it may be; 0: it never stands in.
    keeping : Keeping, optional
        Shared by worker processes; default: only what this process has seen.
    """

    def __init__(self, seconds: float, keeping: Keeping[T] | None = None) -> None:
        self._seconds = seconds
        self._keeping = keeping
        self._lock = threading.Lock()
        self._seen: tuple[T, float] | None = None
        self._since: float | None = None

    def look(self, ask: Callable[[], T]) -> tuple[T, Absence | None]:
        """The state as the source tells it; or the one that stands in, and why. Raises SourceError where none does."""
        try:
            state = ask()
        except SourceError as error:
            instead = self._instead(error)
            if instead is None:
                raise
            return instead
        self._found(state)
        return state, None

    def can_stand_in(self) -> bool:
        """Whether there is a state that would stand in if the source were away for a passing reason."""
        seen = self._last()
        return seen is not None and time.time() - seen[1] <= self._seconds

    def _found(self, state: T) -> None:
        """Note a state that the source has told."""
        now = time.time()
        with self._lock:
            self._seen, self._since = (state, now), None
        if self._keeping is not None and self._seconds:
            self._keeping.write(state, now)

    def _instead(self, error: SourceError) -> tuple[T, Absence] | None:
        """The state that stands in for one that could not be had; None for none."""
        if not is_passing(error):
            return None
        seen, now = self._last(), time.time()
        with self._lock:
            self._since = since = self._since or now
        if seen is None or now - seen[1] > self._seconds:
            return None
        return seen[0], Absence(_at(since), _at(seen[1]), error)

    def _last(self) -> tuple[T, float] | None:
        """The last known state, of this process or another, and when it was true."""
        kept = None if self._keeping is None or not self._seconds else self._keeping.read()
        return max(filter(None, (self._seen, kept)), key=lambda one: one[1], default=None)


def is_passing(error: SourceError) -> bool:
    """Whether a source fails for a reason that passes by itself, so that what it last said may still be true."""
    return error.facts.get("reason") in _PASSING and bool(error.facts.get("again"))


def afresh(error: SourceError) -> SourceError:
    """The same refusal, to be raised for another: an exception grows with each place that it passes."""
    return type(error)(error.message, **error.facts)


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _shown(at: datetime) -> str:
    """A time in the server's own zone, which is named."""
    return f"{at.astimezone():%Y-%m-%d %H:%M %Z}"
