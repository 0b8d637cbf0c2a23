"""The guard in front of every request: what is open is listed, everything else asks who is there."""

from __future__ import annotations

import hmac

from flask import Flask, Request, Response, g, has_request_context, request

from dashboard.access.places import Place, is_for_programs, place_of
from dashboard.access.refusals import Refused, answer
from dashboard.access.ways import asking, token_of
from irt.callers import Caller, Way
from irt.errors import AccessError
from irt.selection import Scope
from irt.settings import Settings

#: Largest request; who takes larger ones says so for the call (a file that is imported, answers that are scored).
MOST_BYTES = 2**20

_NO_METRICS = "The metrics are for whoever has ITEMWISE_METRICS_KEY."


def install(server: Flask, settings: Settings) -> None:
    """Let nobody in who is not to be let in; to be installed before what reads bodies."""
    server.config["MAX_CONTENT_LENGTH"] = MOST_BYTES

    @server.before_request
    def _guard() -> Response | None:
        try:
            found = admitted(request, settings)
        except Refused as refused:
            g.refused = refused.code
            return answer(refused, to_program=is_for_programs(request, settings.path_prefix))
        if found is not None:
            g.caller = found
        return None


def admitted(request: Request, settings: Settings) -> Caller | None:
    """Who asks; None where it is open and nobody needs to be known.

    Raises
    ------
    Refused
        Whoever is not let in.
    """
    place = place_of(request, settings.path_prefix)
    if place is Place.FILE or (place is Place.PAGE and settings.embed_keys is not None):
        return None
    if place is Place.METRICS and _holds_metrics_key(request, settings):
        return None
    try:
        found = asking(request, settings, follows_link=place is Place.PAGE)
    except Refused as refused:
        if place is Place.HEALTH and not refused.of_token:
            return None
        raise
    if place is Place.METRICS and found.way is not Way.LOCAL:
        raise Refused("not_permitted", _NO_METRICS)
    return found


def known_caller() -> Caller | None:
    """Who asks; None where that was not asked, or outside a request."""
    return g.get("caller") if has_request_context() else None


def caller() -> Caller:
    """Who the guard found to be asking.

    Raises
    ------
    AccessError
        Outside a guarded request.
    """
    found = known_caller()
    if found is None:
        raise AccessError("Nobody is asking: a scope belongs to a request.")
    return found


def caller_scope() -> Scope:
    """What the caller of this request may see. Raises AccessError outside a guarded request."""
    return caller().scope


def _holds_metrics_key(request: Request, settings: Settings) -> bool:
    """Whether the key of the metrics was sent."""
    token = token_of(request)
    key = settings.metrics_key
    return key is not None and token is not None and hmac.compare_digest(token.encode(), key)
