"""Refusals as ``application/problem+json`` (RFC 9457): codes.py lists them, :func:`problem` makes the answer of one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from flask import Response, g

from dashboard.problems.codes import CODES, SOURCE_CODES, Code, with_status

__all__ = ["CODES", "MEDIA_TYPE", "SOURCE_CODES", "Code", "RequestFault", "problem", "with_status"]

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class RequestFault:
    """One fault of a request: where (a JSON pointer or the name of a parameter) and what."""

    path: str
    message: str


def problem(
    code: str,
    detail: str,
    *,
    faults: Sequence[RequestFault] = (),
    again: bool = True,
    retry_after: float | None = None,
    **members: object,
) -> Response:
    """A problem as an answer; to be called within a request.

    Parameters
    ----------
    code : str
        One of :data:`CODES`: it decides status, title and type.
    detail : str
        What happened this time, and what to do, in a sentence. Nothing personal.
    faults : sequence of RequestFault
        What ``errors`` lists.
    again : bool
        Whether asking again may help; False leaves ``Retry-After`` out.
    retry_after : float, optional
        Seconds of ``Retry-After``, rounded up; default: those of the code.
    members : object
        Further members of the body.
    """
    known = CODES[code]
    body: dict[str, object] = {
        "type": known.type,
        "code": known.name,
        "title": known.title,
        "status": known.status,
        "detail": detail,
    }
    if request_id := g.get("request_id"):
        body["request_id"] = request_id
    if faults:
        body["errors"] = [{"path": fault.path, "message": fault.message} for fault in faults]
    response = Response(orjson.dumps(body | members), status=known.status, content_type=MEDIA_TYPE)
    seconds = known.retry_after if retry_after is None else math.ceil(retry_after)
    if again and seconds is not None:
        response.headers["Retry-After"] = str(max(seconds, 1))
    return response
