"""Start the dashboard: ``python app.py`` on a reader's own machine, ``gunicorn app:server`` elsewhere."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

# Before numpy is loaded: several threads of matrix products in each of several workers fight over the processors.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from irt.errors import IrtError
from irt.settings import Settings, check_bind, settings_text

if TYPE_CHECKING:
    from flask import Flask


@cache
def build() -> Flask:
    """The WSGI application that the settings describe, made once a process.

    Raises
    ------
    SettingsError, SourceError
    """
    from dashboard import create_app
    from irt.service import open_service

    settings = Settings.from_environment()
    server: Flask = create_app(open_service(settings), settings).server
    return server


def __getattr__(name: str) -> Any:
    """``server``, made when it is asked for: importing this module costs nothing and cannot fail."""
    if name == "server":
        return build()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; 2 and one sentence where a setting or the source stops the start."""
    _parser().parse_args(arguments)
    try:
        settings = Settings.from_environment()
        check_bind(settings.host, settings)
        return _serve(settings)
    except IrtError as error:
        print(error, file=sys.stderr)
        return 2


def _serve(settings: Settings) -> int:
    """A threaded server, until it is interrupted."""
    from werkzeug.serving import make_server

    from dashboard.operations import logs

    logs.plainly()

    six = ":" in settings.host
    try:
        listening = socket.create_server(
            (settings.host, settings.port), family=socket.AF_INET6 if six else socket.AF_INET
        )
    except OSError as error:
        print(f"Cannot listen on {settings.host}, port {settings.port}: {error.strerror}. Set PORT.", file=sys.stderr)
        return 2
    handler, fd = _quiet_handler(), listening.fileno()
    http = make_server(settings.host, settings.port, build(), threaded=True, request_handler=handler, fd=fd)
    shown = f"[{settings.host}]" if six else settings.host
    print(f"Itemwise is at http://{shown}:{settings.port}{settings.path_prefix} (Ctrl+C stops it)", flush=True)
    try:
        http.serve_forever()
    except KeyboardInterrupt:
        print()
    finally:
        http.server_close()
    return 0


def _quiet_handler() -> Any:
    """A request handler that tells of no versions, and whose log holds no query: a query may name a student."""
    from werkzeug.serving import WSGIRequestHandler

    class QuietHandler(WSGIRequestHandler):
        def version_string(self) -> str:
            """What answers, without the versions of what it is made of."""
            return "Itemwise"

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing of requests that were answered; errors are logged by the app."""

        def log_error(self, format: str, *args: object) -> None:
            """Say nothing of requests that are no HTTP: the message would repeat them, with their query."""

    return QuietHandler


def _parser() -> argparse.ArgumentParser:
    """No arguments: the help shows the settings."""
    return argparse.ArgumentParser(
        prog="python app.py",
        description="Show how each question of an exam works, and what each student can be expected to answer.",
        epilog=f"Settings (environment variables):\n{settings_text()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


if __name__ == "__main__":
    sys.exit(main())
