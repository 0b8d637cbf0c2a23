"""Whatever goes wrong, as ``application/problem+json`` (RFC 9457): a title, a sentence, and every fault."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from irt.errors import (
    AccessError,
    ConfirmationNeeded,
    FitError,
    ImportFault,
    IrtError,
    NotFoundError,
    ResponsesError,
    SourceError,
    TooFewAnswersError,
)

_log = logging.getLogger(__name__)

#: Faults that an answer spells out; the rest are counted.
MOST_FAULTS = 1000
#: Seconds after which a source that could not be reached may be asked again.
RETRY_AFTER = 30

_STATUS: tuple[tuple[type[IrtError], int, str], ...] = (
    (NotFoundError, 404, "Not there"),
    (TooFewAnswersError, 422, "Too few answers"),
    (FitError, 422, "No model can be fitted"),
    (SourceError, 503, "The answers cannot be reached"),
    (AccessError, 403, "Not permitted"),
    (ResponsesError, 400, "The answers cannot be used"),
    (IrtError, 400, "The request cannot be answered"),
)


@dataclass(frozen=True, slots=True)
class RequestFault:
    """One fault of a request: where (a JSON pointer or the name of a parameter) and what."""

    path: str
    message: str


class BadRequestError(IrtError):
    """A request with faults."""

    def __init__(self, faults: Sequence[RequestFault], status: int = 400, n_faults: int | None = None) -> None:
        self.faults = tuple(faults[:MOST_FAULTS])
        self.status = status
        n = len(faults) if n_faults is None else n_faults
        first = f"{faults[0].path or 'The request'} {faults[0].message.rstrip('.')}"
        # Checks end at the first fault past the limit, so what they count from there on is a lower bound.
        count = f"more than {MOST_FAULTS}" if n > MOST_FAULTS else str(n)
        super().__init__(f"{first}." if n == 1 else f"The request has {count} faults; the first: {first}.", n_faults=n)


def problem(
    status: int, title: str, detail: str, faults: Sequence[RequestFault] = (), *, again: bool = True, **more: object
) -> Response:
    """A problem as an answer; the members of RFC 9457 and ``errors``. ``again``: whether asking again may help."""
    body: dict[str, object] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if faults:
        body["errors"] = [{"path": fault.path, "message": fault.message} for fault in faults]
    response = Response(orjson.dumps(body | more), status=status, content_type="application/problem+json")
    if status == HTTPStatus.SERVICE_UNAVAILABLE and again:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def of_error(error: IrtError) -> Response:
    """The problem that an error of the house is."""
    if isinstance(error, BadRequestError):
        title = "Too large" if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else "The request has faults"
        return problem(error.status, title, error.message, error.faults, n_errors=error.facts["n_faults"])
    if isinstance(error, ConfirmationNeeded):
        return _of_leave(error)
    status, title = next((status, title) for kind, status, title in _STATUS if isinstance(error, kind))
    faults = [RequestFault(f.where, f.what) for f in error.faults] if isinstance(error, ImportFault) else []
    return problem(status, title, error.message, faults, **_of_source(error))


def _of_leave(error: ConfirmationNeeded) -> Response:
    """What reading would cost, and how to agree to it."""
    n_bytes = error.facts["bytes"]
    fault = RequestFault("allow_bytes", f"must be at least {n_bytes} for this")
    cost = {"bytes": n_bytes, "cost": error.facts["cost"]}
    return problem(422, "Reading needs leave", error.message, [fault], reason="confirmation", **cost)


def _of_source(error: IrtError) -> dict[str, Any]:
    """Why a source failed, where it says so, and whether asking again may help."""
    if not isinstance(error, SourceError):
        return {}
    reason = {"reason": error.facts["reason"]} if "reason" in error.facts else {}
    return reason | {"again": bool(error.facts.get("again", True))}


def of_http(error: HTTPException) -> Response:
    """The problem that a refusal of the web server is, with its headers (Allow for 405)."""
    details = {
        404: "There is nothing at this path; /api/v1/openapi.json describes what there is.",
        405: f"{request.method} is not possible here; see the Allow header.",
        413: "The request is larger than this server takes.",
    }
    detail = details.get(error.code or 500, error.description or error.name)
    response = problem(error.code or 500, error.name, detail)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def of_surprise(error: Exception) -> Response:
    """A defect of ours: the place goes to the log, without the message, which may hold answers."""
    place = "".join(traceback.format_tb(error.__traceback__))
    _log.error("%s in %s %s\n%s", type(error).__name__, request.method, request.path, place)
    return problem(500, "Internal error", "Something went wrong on our side; the place was written to the log.")


def handle(server: Flask, api_path: str, *blueprints: Blueprint) -> None:
    """Answer every error of these blueprints as a problem; the rest of the site is left as it is."""
    for blueprint in blueprints:
        blueprint.register_error_handler(IrtError, of_error)
        blueprint.register_error_handler(HTTPException, of_http)
        blueprint.register_error_handler(Exception, of_surprise)

    def outside_views(error: HTTPException) -> Response | HTTPException:
        """Unknown paths and methods never reach a blueprint."""
        return of_http(error) if request.path.startswith(f"{api_path}/") else error

    def elsewhere(error: Exception) -> Response:
        """A defect outside the API: its place is logged as here, and never what it was about."""
        of_surprise(error)
        return Response(
            "Something went wrong on our side; the place was written to the log.\n", 500, mimetype="text/plain"
        )

    server.register_error_handler(HTTPException, outside_views)
    server.register_error_handler(Exception, elsewhere)
