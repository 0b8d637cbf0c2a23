"""How long a warehouse is waited for: a reader before a screen for seconds, long work for minutes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

#: Seconds more for each GB that a query reads, and the most of them.
_PER_GB, _MOST_MORE = 45.0, 180.0


@dataclass(frozen=True, slots=True)
class Patience:
    """Limits of time, in seconds.

    Parameters
    ----------
    call : float
        One HTTP request.
    retry : float
        From the first request until failing ones are given up.
    job : float
        A query from its beginning to its answer. The warehouse is told to stop it then.
    """

    call: float
    retry: float
    job: float

    def reading(self, n_bytes: int) -> Patience:
        """For a query that reads so many bytes: large ones, to which a reader has agreed, may take longer."""
        more = min(_MOST_MORE, n_bytes / 10**9 * _PER_GB)
        return Patience(self.call + more, self.retry, self.job + more)


#: What is told of a table is small, but a warehouse may have to count first.
QUICK = Patience(call=20.0, retry=10.0, job=20.0)
#: A known state can stand in: a hiccup is waited out, no more.
SHORT = Patience(call=5.0, retry=2.0, job=5.0)
#: Is it back? What was read before is shown meanwhile, to all but the one who looks.
BRIEF = Patience(call=3.0, retry=0.1, job=3.0)
#: A reader waits before a screen. The request stays open while the query runs, so it may take as long.
WEB = Patience(call=50.0, retry=12.0, job=50.0)
#: Commands, publishing, scoring in the warehouse.
BATCH = Patience(call=120.0, retry=120.0, job=1800.0)

#: For how many seconds nothing is asked of a warehouse that is away.
PAUSE = 3.0

#: The longest that another's answer is waited for.
LONGEST = WEB.job + _MOST_MORE

_patience: ContextVar[Patience] = ContextVar("patience", default=WEB)


@contextmanager
def patient(patience: Patience = BATCH) -> Iterator[None]:
    """Within it, queries of this thread may take as long as long work does."""
    token = _patience.set(patience)
    try:
        yield
    finally:
        _patience.reset(token)


def current_patience() -> Patience:
    """How long queries of this thread may take."""
    return _patience.get()
