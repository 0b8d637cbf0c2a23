"""What stands around the whole application: each request has a name, a deadline, a line in the log and its numbers.

It is a layer of WSGI rather than hooks of Flask, so that whatever answers, and whatever fails, is seen as it goes over
the wire: compressed, streamed, refused.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, g, request

from dashboard.operations import logs, metrics, request_ids
from irt.deadlines import within
from irt.observing import observe
from irt.settings import Settings

_log = logging.getLogger("itemwise.request")

#: Under which the environment of a request holds what is seen of it.
_SEEN = "itemwise.seen"
#: Seconds between two looks at this process's memory.
_MEMORY_EVERY = 5.0

_Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(slots=True)
class Seen:
    """What is known of a request, as it goes through the house."""

    request_id: str
    method: str
    begun: float = field(default_factory=time.perf_counter)
    route: str = "none"
    way: str = "none"
    refused: str | None = None
    begun_to_answer: bool = False
    status: int = 500
    n_bytes: int = 0


def install(server: Flask, settings: Settings) -> None:
    """Put the layer around a server, before anything else is installed: what refuses a request shall be seen too."""
    counted = metrics.instruments()
    observe(metrics.Counting(counted))
    server.wsgi_app = Layer(server.wsgi_app, settings.timeout, counted)  # type: ignore[method-assign]

    @server.before_request
    def _begin() -> None:
        seen = _seen()
        g.request_id = seen.request_id
        # The rule, never the path as it was filled in.
        seen.route = "none" if request.url_rule is None else request.url_rule.rule

    @server.after_request
    def _end(response: Response) -> Response:
        seen, caller = _seen(), g.get("caller")
        seen.way = "none" if caller is None else str(caller.way)
        seen.refused = g.get("refused")
        return response

    @server.get(f"{settings.path_prefix}metrics", endpoint="metrics")
    def _metrics() -> Response:
        return Response(metrics.exposed(), content_type=metrics.MEDIA_TYPE)


def _seen() -> Seen:
    """What is seen of the request that is being answered."""
    found = request.environ.get(_SEEN)
    # Without the layer around it, as with Flask's ``test_request_context``.
    return found if isinstance(found, Seen) else Seen(request_ids.chosen(None), request.method)


class Layer:
    """A WSGI application around another.

    Parameters
    ----------
    application : callable
    timeout : float
        Seconds that a reader waits for what is being computed.
    counted : Instruments
    """

    def __init__(self, application: _Application, timeout: float, counted: metrics.Instruments) -> None:
        self._application = application
        self._timeout = timeout
        self._counted = counted
        self._memory_looked_at = 0.0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        seen = Seen(request_ids.chosen(environ.get("HTTP_X_REQUEST_ID")), metrics.method(environ["REQUEST_METHOD"]))
        environ[_SEEN] = seen
        self._counted.in_flight.inc()

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            seen.status, seen.begun_to_answer = int(status[:3]), True
            return start_response(status, [*headers, ("X-Request-Id", seen.request_id)], *more)

        name = request_ids.naming.set(seen.request_id)
        try:
            with within(self._timeout):
                body = self._application(environ, start)
        except Exception:
            _log.error("an answer failed: %s", logs.place(sys.exc_info()))
            instead = [sys.exc_info()] if seen.begun_to_answer else []
            start("500 INTERNAL SERVER ERROR", [("Content-Type", "text/plain; charset=utf-8")], *instead)
            body = [b"Something went wrong on our side; the place was written to the log.\n"]
        finally:
            request_ids.naming.reset(name)
        return _Body(body, seen, self._done)

    def _done(self, seen: Seen) -> None:
        """A request was answered whole, or its reader went away."""
        seconds, counted = time.perf_counter() - seen.begun, self._counted
        counted.in_flight.dec()
        counted.requests.labels(seen.route, seen.method, f"{seen.status // 100}xx").inc()
        counted.request_seconds.labels(seen.route).observe(seconds)
        if seen.refused is not None:
            counted.refused.labels(seen.refused).inc()
        if seen.begun > self._memory_looked_at + _MEMORY_EVERY:
            self._memory_looked_at = seen.begun
            counted.resident.set(metrics.resident_bytes())
        _log.log(
            logging.WARNING if seen.status >= 500 else logging.INFO,
            "%s %s %s",
            seen.method,
            seen.route,
            seen.status,
            extra={
                "request_id": seen.request_id,
                "method": seen.method,
                "route": seen.route,
                "status": seen.status,
                "ms": round(seconds * 1000, 1),
                "bytes": seen.n_bytes,
                "way": seen.way,
            },
        )


class _Body:
    """The body of an answer: its bytes are counted, and its end is told once."""

    def __init__(self, body: Iterable[bytes], seen: Seen, done: Callable[[Seen], None]) -> None:
        self._body = body
        self._seen = seen
        self._done: Callable[[Seen], None] | None = done

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body:
            self._seen.n_bytes += len(part)
            yield part
        self._end()

    def close(self) -> None:
        """The server is done with it, or the reader went away."""
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        finally:
            self._end()

    def _end(self) -> None:
        if self._done is not None:
            done, self._done = self._done, None
            done(self._seen)
