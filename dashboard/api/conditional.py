"""Answers that the caller holds already: entity tags and conditional requests (RFC 9110, 8.8.3 and 13.1.2).

A tag is made before the work, of what the answer rests on: so many calls end at 304 with nothing computed. It is weak,
since two answers under one tag say the same but are not the same bytes (``computed_at``, compression, the order in
which workers add up).
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from flask import Response, request

from dashboard.api.asked import Call
from irt import __version__
from irt.settings import Settings


def state_of(call: Call, settings: Settings) -> str:
    """What all answers to a caller rest on, as 32 hex digits: answers, scope, settings, version.

    The key of links is among them: it makes the pseudonyms, and nobody without it can work out another caller's tags.
    """
    rests_on = (
        __version__,
        call.service.stamp().fingerprint,
        call.scope.canonical(),
        settings.source,
        dict(settings.columns),
        settings.groups,
        settings.minimum_group,
        settings.sample,
        call.service.handle("state"),
    )
    return digest(rests_on)


def tag_of(call: Call, media_type: str) -> str | None:
    """The tag of the answer to a call; None where a former state of the answers stands in for the present one."""
    if call.service.stamp().absence is not None:
        return None
    return digest((call.state, request.path, call.asked, media_type, call.service.degraded(call.scope)))


def digest(value: Any) -> str:
    """Any plain value in 32 hex digits; equal values give equal ones."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def is_held(tag: str) -> bool:
    """Whether ``If-None-Match`` names the tag. ``*`` names any answer, which must be made to know that there is one."""
    held = request.if_none_match
    return not held.star_tag and held.contains_weak(tag)


def tagged(response: Response, tag: str | None) -> Response:
    """A good answer with its tag; without its body where the caller holds one."""
    if tag is None or response.status_code != 200:
        return response
    if request.if_none_match.star_tag or is_held(tag):
        return not_modified(tag)
    response.set_etag(tag, weak=True)
    return response


def not_modified(tag: str) -> Response:
    """304: what the caller holds is still so."""
    response = Response(status=304)
    del response.headers["Content-Type"]
    response.set_etag(tag, weak=True)
    return response
