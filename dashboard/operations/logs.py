"""How lines of the log are written: as JSON under gunicorn, plainly for a reader at their own machine.

No line holds a message of an exception, a path as it was filled in, or a query: any of these may be personal.
"""

from __future__ import annotations

import logging
import logging.config
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from pythonjsonlogger.orjson import OrjsonFormatter

from dashboard.operations import request_ids

_Failure = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

#: What messages of gunicorn and Flask become that repeat a request, by how they begin.
_REPEATING = {
    "Exception on": "A request could not be answered",
    "Invalid request": "A request that is no HTTP was refused",
    "Error handling request": "A request could not be answered",
}


class AboutRequest(logging.Filter):
    """Gives each line the name of the request that it is about."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Every line passes."""
        if not getattr(record, "request_id", None):
            record.request_id = request_ids.current()
        return True


class Nameless(logging.Filter):
    """Keeps out of lines what gunicorn and Flask repeat of a request: it may name a student."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Every line passes, some with another text."""
        told = str(record.msg)
        for begins, instead in _REPEATING.items():
            if told.startswith(begins):
                record.msg, record.args = instead, ()
        return True


def place(failure: _Failure) -> str:
    """What kind of exception was raised and where; not its message, which may hold what was looked at."""
    kind, _, trace = failure
    where = "".join(traceback.format_tb(trace)).rstrip()
    return f"{'' if kind is None else kind.__name__}\n{where}"


class PlainLine(logging.Formatter):
    """For a reader at their own machine."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging calls it so
        """The place without the message."""
        return place(ei)


class JsonLine(OrjsonFormatter):
    """One JSON object a line: time, level, logger, request_id, message, and what the line adds."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s%(name)s%(request_id)s%(message)s", rename_fields=_NAMES)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging calls it so
        """The place without the message."""
        return place(ei)

    def add_fields(self, log_record: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """What a line holds, the time first and nothing that is empty."""
        moment = datetime.fromtimestamp(record.created, UTC)
        log_record["time"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        super().add_fields(log_record, record, message_dict)
        for name in [name for name, value in log_record.items() if value in (None, "")]:
            del log_record[name]


_NAMES = {"levelname": "level", "name": "logger", "exc_info": "place"}


def as_json() -> dict[str, Any]:
    """The configuration under gunicorn: everything as JSON on standard output."""
    lines = {"handlers": ["lines"], "propagate": False}
    return _configuration(
        {"()": JsonLine},
        "ext://sys.stdout",
        # Loggers of gunicorn's own configuration that ours takes the place of.
        loggers={"gunicorn.error": {"level": "INFO", **lines}, "gunicorn.access": {"level": "CRITICAL", **lines}},
    )


def plainly() -> None:
    """Warnings and errors of this process as plain text on standard error, nothing else."""
    formatter = {"()": PlainLine, "format": "%(levelname)s: %(message)s"}
    logging.config.dictConfig(_configuration(formatter, "ext://sys.stderr", level="WARNING"))


def _configuration(
    formatter: dict[str, Any], stream: str, level: str = "INFO", loggers: dict[str, Any] | None = None
) -> dict[str, Any]:
    """For ``logging.config.dictConfig``: our loggers at this level, those of libraries from warnings on."""
    ours = {name: {"level": level} for name in ("itemwise", "dashboard", "irt")}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"about_request": {"()": AboutRequest}, "nameless": {"()": Nameless}},
        "formatters": {"line": formatter},
        "handlers": {
            "lines": {
                "class": "logging.StreamHandler",
                "stream": stream,
                "formatter": "line",
                "filters": ["about_request", "nameless"],
            }
        },
        "root": {"level": "WARNING", "handlers": ["lines"]},
        "loggers": {**ours, **(loggers or {})},
    }
