"""The audit log: who looked, within what scope, and when; and who was refused. No answers, no names, no queries.

One JSON line for each call that shows answers and for each refusal. The file is opened for each line and written to
in one go at its end: so several processes add whole lines, and a file that was moved away is begun anew.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, Response, g, request

from dashboard.access.places import shows_answers
from irt.callers import Caller
from irt.errors import SettingsError
from irt.settings import Settings

_log = logging.getLogger("itemwise.audit")


def install(server: Flask, settings: Settings) -> None:
    """Write the audit log of a server.

    Raises
    ------
    SettingsError
        If the file cannot be written.
    """
    path, prefix = settings.audit_log, settings.path_prefix
    if path is not None:
        _check(path)

    @server.after_request
    def _audit(response: Response) -> Response:
        if g.get("refused") or (g.get("caller") and shows_answers(request, prefix)):
            note(entry(g.get("caller"), response.status_code), path)
        return response


def entry(caller: Caller | None, status: int) -> dict[str, object]:
    """What is noted of the present request; ``caller`` is None where nobody was let in."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "request_id": g.get("request_id"),
        "subject": caller and caller.subject,
        "way": caller and str(caller.way),
        "kid": caller and caller.key,
        "role": caller and str(caller.role),
        "scope": caller and json.loads(caller.scope.canonical()),
        "route": request.url_rule.rule if request.url_rule else None,
        "callback": g.get("callback"),
        "refused": g.get("refused"),
        "method": request.method,
        "status": status,
    }


def note(entry: Mapping[str, object], path: Path | None) -> None:
    """Add one line to the file; without a file, to the ordinary log. What cannot be written is told there."""
    if path is None:
        _log.info("audit", extra=dict(entry))
        return
    try:
        _append(path, json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
    except OSError as error:
        _log.error("A line of the audit log cannot be written: %s", error.strerror)


def _append(path: Path, line: bytes) -> None:
    """One write at the end of the file, which only its owner may read."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, line)
    finally:
        os.close(handle)


def _check(path: Path) -> None:
    """Stop the start where nothing could be written."""
    try:
        _append(path, b"")
    except OSError as error:
        raise SettingsError(
            f"ITEMWISE_AUDIT_LOG must be a file that can be written, and {path} cannot: {error.strerror}.",
            setting="ITEMWISE_AUDIT_LOG",
        ) from None
