"""Errors as problems: which code each is, and the handlers that answer them."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from dashboard.problems import CODES, SOURCE_CODES, RequestFault, problem
from dashboard.told import told
from irt.errors import (
    AccessError,
    ConfirmationNeeded,
    FitError,
    ImportFault,
    IrtError,
    NotFoundError,
    ResponsesError,
    SelectionError,
    SourceError,
    TooFewAnswersError,
)

_log = logging.getLogger(__name__)

#: Faults that an answer spells out; the rest are counted.
MOST_FAULTS = 1000

#: The codes of the house's errors; a source names its own.
_CODES: tuple[tuple[type[IrtError], str], ...] = (
    (NotFoundError, "not_there"),
    (TooFewAnswersError, "too_few_answers"),
    (FitError, "no_model"),
    (AccessError, "not_permitted"),
    (ResponsesError, "unusable_answers"),
)
#: The codes of what the web server refuses by itself, and our words for it.
_OF_SERVER = {
    400: ("bad_request", ""),
    403: ("not_permitted", ""),
    404: ("unknown_path", "There is nothing at this path; /api/v1/openapi.json describes what there is."),
    405: ("method_not_allowed", ""),
    406: ("not_acceptable", ""),
    413: ("too_large", "The request is larger than this server takes."),
    415: ("unsupported_media_type", ""),
    429: ("rate_limited", ""),
}


class BadRequestError(IrtError):
    """A request with faults, or (``too_large``) one that holds too much."""

    def __init__(self, faults: Sequence[RequestFault], code: str = "bad_request") -> None:
        self.faults = tuple(faults[:MOST_FAULTS])
        self.code = code
        n = len(faults)
        first = f"{faults[0].path or 'The request'} {faults[0].message.rstrip('.')}"
        # Checks end at the first fault past the limit, so what they count from there on is a lower bound.
        count = f"more than {MOST_FAULTS}" if n > MOST_FAULTS else str(n)
        super().__init__(f"{first}." if n == 1 else f"The request has {count} faults; the first: {first}.", n_faults=n)


class ListChangedError(IrtError):
    """A page of a list whose first page rests on another state of the answers."""


def of_error(error: IrtError) -> Response:
    """The problem that an error of the house is."""
    match error:
        case BadRequestError():
            return problem(error.code, error.message, faults=error.faults, n_errors=error.facts["n_faults"])
        case ListChangedError():
            return problem("list_changed", error.message)
        case ConfirmationNeeded():
            return _of_leave(error)
        case SourceError():
            return _of_source(error)
        case SelectionError():
            return problem("bad_request", error.message, faults=_of_selection(error))
        case ImportFault():
            faults = [RequestFault(fault.where, fault.what) for fault in error.faults]
            return problem("unusable_answers", error.message, faults=faults)
    return problem(next((code for kind, code in _CODES if isinstance(error, kind)), "bad_request"), error.message)


def _of_leave(error: ConfirmationNeeded) -> Response:
    """What reading would cost, and how to agree to it."""
    n_bytes = error.facts["bytes"]
    fault = RequestFault("allow_bytes", f"must be at least {n_bytes} for this")
    cost = {"bytes": n_bytes, "cost": error.facts["cost"]}
    return problem("confirmation", error.message, faults=[fault], reason="confirmation", **cost)


def _of_source(error: SourceError) -> Response:
    """Why a source failed, and whether asking again may help; one that says nothing of it is out of reach."""
    facts = error.facts
    code = facts.get("reason") if facts.get("reason") in SOURCE_CODES else "unavailable"
    reason = {"reason": facts["reason"]} if "reason" in facts else {}
    retry_after = facts.get("retry_after")
    return problem(str(code), told(error), again=bool(facts.get("again", True)), retry_after=retry_after, **reason)


def _of_selection(error: SelectionError) -> list[RequestFault]:
    """The parameter that a selection goes wrong by, where it is one."""
    name = error.facts.get("kind") or error.facts.get("setting")
    return [RequestFault(str(name), error.message)] if name else []


def of_http(error: HTTPException) -> Response:
    """The problem that a refusal of the web server is, with its headers (Allow for 405)."""
    status = error.code or 500
    code, said = _OF_SERVER.get(status, ("bad_request" if status < CODES["internal"].status else "internal", ""))
    if code == "method_not_allowed":
        said = f"{request.method} is not possible here; see the Allow header."
    response = problem(code, said or error.description or error.name)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def of_surprise(error: Exception) -> Response:
    """A defect of ours: the place goes to the log, without the message, which may hold answers."""
    place = "".join(traceback.format_tb(error.__traceback__))
    rule = request.url_rule.rule if request.url_rule else "no route"
    _log.error("%s in %s %s\n%s", type(error).__name__, request.method, rule, place)
    return problem("internal", "Something went wrong on our side; the place was written to the log.")


def handle(server: Flask, api_path: str, *blueprints: Blueprint) -> None:
    """Answer every error of these blueprints as a problem; the rest of the site is left as it is."""
    for blueprint in blueprints:
        blueprint.register_error_handler(IrtError, of_error)
        blueprint.register_error_handler(HTTPException, _of_http)
        blueprint.register_error_handler(Exception, of_surprise)

    def outside_views(error: HTTPException) -> Response | HTTPException:
        """Unknown paths and methods never reach a blueprint."""
        return _of_http(error) if request.path.startswith(f"{api_path}/") else error

    def elsewhere(error: Exception) -> Response:
        """A defect outside the API: its place is logged as here, and never what it was about."""
        of_surprise(error)
        return Response(
            "Something went wrong on our side; the place was written to the log.\n", 500, mimetype="text/plain"
        )

    server.register_error_handler(HTTPException, outside_views)
    server.register_error_handler(Exception, elsewhere)


def _of_http(error: HTTPException) -> Response | HTTPException:
    """A refusal as a problem; one that is a whole answer already stays as it is."""
    return error if error.response is not None else of_http(error)
