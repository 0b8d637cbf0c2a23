"""Moments: one state of the source for all that one question asks, so that its numbers belong together.

While a source is away for a passing reason this is its last known state (:mod:`irt.sources.absence`). What is kept of
it is shown; that it is out of date belongs to the moment, never to what is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from irt.errors import SourceError
from irt.observing import asking
from irt.sources import ResponseSource, Stamp
from irt.sources.absence import afresh

T = TypeVar("T")

#: States of sources that were looked up for the question that is being answered; None: no question.
_moments: ContextVar[dict[int, Stamp] | None] = ContextVar("moments", default=None)


class AnswersChanged(SourceError):
    """The answers changed while they were read for one question."""

    def __init__(self) -> None:
        super().__init__(
            "The answers changed while they were being read, so that the numbers would not have belonged together. "
            "Ask again.",
            reason="changed",
            again=True,
        )


class Moments:
    """The states of a source, each looked up once for the question that is being answered.

    Parameters
    ----------
    source : ResponseSource
    """

    def __init__(self, source: ResponseSource) -> None:
        self.source = source

    @contextmanager
    def moment(self) -> Iterator[None]:
        """One state of the source for all that is asked within, looked up at most once; the outermost one counts."""
        if _moments.get() is not None:
            yield
            return
        token = _moments.set({})
        try:
            yield
        finally:
            _moments.reset(token)

    def stamp(self) -> Stamp:
        """The state of the source, of this moment. Raises SourceError where it is away and no known state stands in."""
        looked_up = _moments.get()
        if looked_up is None:
            return self.source.stamp()
        if id(self) not in looked_up:
            looked_up[id(self)] = self.source.stamp()
        return looked_up[id(self)]

    def fresh_stamp(self) -> Stamp:
        """The state as the source itself tells it. Raises SourceError where it is away, whatever stands in."""
        stamp = self.stamp()
        if stamp.absence is not None:
            raise afresh(stamp.absence.error)
        return stamp

    def degraded(self) -> tuple[str, ...]:
        """What answers of this moment go on without, a sentence each. Raises SourceError as :meth:`stamp`."""
        absence = self.stamp().absence
        return () if absence is None else (absence.sentence(),)

    def steadily(self, ask: Callable[[], T]) -> T:
        """The answer to a question, from one state of the source; asked once more where that changed meanwhile.

        Raises
        ------
        AnswersChanged
            If it changed again.
        """
        if _moments.get() is not None:
            return ask()
        try:
            with self.moment():
                return ask()
        except AnswersChanged:
            with self.moment():
                return ask()

    def read(self, ask: Callable[[], T]) -> T:
        """What the source says, if it is still in the state of this moment. Raises AnswersChanged, SourceError.

        A source that is away answers only with what it has kept of its last known state; one that is back in another
        state has changed.
        """
        state = self.stamp().fingerprint
        with asking():
            found = ask()
        if self.source.stamp().fingerprint != state:
            raise AnswersChanged
        return found
