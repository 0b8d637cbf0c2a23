"""The HTTP server: routes, wire log and faults around them."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from typing import Any

import orjson
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from tests.warehouse.errors import ApiError, refusal
from tests.warehouse.faults import Fault, Faults
from tests.warehouse.wire_log import Request, WireLog


class _Quiet(WSGIRequestHandler):
    """A handler that prints nothing."""

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """The wire log is the log."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nor this."""


def make_app(log: WireLog, faults: Faults, compress: bool) -> Flask:
    """An app without routes yet, whose requests are logged and go wrong on demand."""
    app = Flask("warehouse", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = None

    @app.before_request
    def come_in() -> Response | None:
        endpoint = request.endpoint or "unknown"
        if endpoint.startswith("control."):
            return None
        data = request.get_data()
        g.entry = entry = Request(
            endpoint, request.method, request.path, dict(request.args), dict(request.headers), _decoded(data), len(data)
        )
        log.add(entry)
        g.fault = entry.fault = fault = faults.take(endpoint)
        if fault is None:
            return None
        time.sleep(fault.slow)
        if fault.cut == "before":
            return _cut(b"")
        error = fault.error()
        return None if error is None else _refused(error)

    @app.after_request
    def go_out(response: Response) -> Response:
        entry: Request | None = g.get("entry")
        if entry is None:
            return response
        if (
            compress
            and "gzip" in request.headers.get("Accept-Encoding", "")
            and response.mimetype == "application/json"
        ):
            response.set_data(gzip.compress(response.get_data(), 1))
            response.headers["Content-Encoding"] = "gzip"
        if g.fault is not None:
            response = _spoilt(response, g.fault)
        spoilt = getattr(response, "cut", False)
        entry.status = 0 if spoilt else response.status_code
        entry.bytes_out = 0 if response.is_streamed else len(response.get_data())
        return response

    @app.errorhandler(ApiError)
    def refused(error: ApiError) -> Response:
        return _refused(error)

    @app.errorhandler(HTTPException)
    def not_routed(error: HTTPException) -> Response:
        return _refused(refusal(error.code or 500, None, f"{error.name}: {request.method} {request.path}"))

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        # A fault of the double itself: 400, since a client would ask again and again after 500.
        return _refused(refusal(400, "invalid", f"The test double failed: {error!r}"))

    return app


def _decoded(data: bytes) -> Any:
    """A JSON body as an object, any other as it is."""
    with contextlib.suppress(orjson.JSONDecodeError, OSError, EOFError, zlib.error):
        plain = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        return orjson.loads(plain)
    return data


def _refused(error: ApiError) -> Response:
    return Response(orjson.dumps(error.body()), error.status, content_type="application/json; charset=UTF-8")


# ---- what goes wrong with answers ---------------------------------------------------------------------------------


def _spoilt(response: Response, fault: Fault) -> Response:
    """The answer as the fault has it."""
    data = response.get_data() if not response.is_streamed else b""
    if fault.cut == "answer":
        return _cut(b"")
    if fault.cut == "body":
        return _cut(data, response)
    if fault.truncate:
        response.set_data(data[: len(data) // 2])
    if fault.slow_body and not response.is_streamed:
        response.response = _slowly(data, fault.slow_body)  # type: ignore[assignment]
    return response


def _slowly(data: bytes, seconds: float) -> Iterator[bytes]:
    half = len(data) // 2
    yield data[:half]
    time.sleep(seconds)
    yield data[half:]


def _cut(data: bytes, like: Response | None = None) -> Response:
    """An answer that ends with the connection closed after half of the body; without a body, before the status."""
    wire: socket.socket = request.environ["werkzeug.socket"]

    def chunks() -> Iterator[bytes]:
        if data:
            yield data[: max(1, len(data) // 2)]
        with contextlib.suppress(OSError):
            wire.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError("cut on demand")

    response = Response(chunks(), like.status_code if like else 200)
    if like is not None:
        response.headers = like.headers
        response.headers["Content-Length"] = str(len(data))
    response.cut = True  # type: ignore[attr-defined]
    return response


# ---- serving ------------------------------------------------------------------------------------------------------


class Server:
    """An app served in a thread on a free port."""

    def __init__(self, app: Flask, port: int = 0) -> None:
        self._server: BaseWSGIServer = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
