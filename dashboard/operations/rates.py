"""How often one may ask: each caller for themselves, the API and the pages counted apart, over all workers."""

from __future__ import annotations

import hashlib
import logging
import math
import sqlite3
import time
from enum import StrEnum

from flask import Flask, Response, g, request
from limits import RateLimitItem, parse
from limits.strategies import FixedWindowRateLimiter

from dashboard.operations import metrics, together
from dashboard.operations.windows import SharedWindows
from dashboard.problems import problem
from irt.callers import Caller, Way
from irt.settings import Settings

_log = logging.getLogger("itemwise.rates")

_TOO_OFTEN = "Too many requests: {amount} in {seconds} seconds are answered. Ask again in {wait} seconds."


#: What a page asks for, besides downloads.
_OF_PAGES = ("_dash-layout", "_dash-dependencies", "_dash-update-component")


class Kind(StrEnum):
    """What is counted together."""

    API = "api"
    PAGES = "pages"


def install(server: Flask, settings: Settings) -> None:
    """Refuse callers who ask too often; after the guard, which says who they are.

    A reader on their own machine is not counted, and neither is anybody where nobody is told apart: all of them would
    share one limit.
    """
    if settings.rate_limit is None:
        return
    folder, item, prefix = together.folder(), parse(settings.rate_limit), settings.path_prefix
    limiter = FixedWindowRateLimiter(SharedWindows(folder and folder / "rates.sqlite"))

    @server.before_request
    def _count() -> Response | None:
        rule = "" if request.url_rule is None else request.url_rule.rule
        caller, kind = g.get("caller"), kind_of(rule.removeprefix(prefix))
        if kind is None or caller is None or caller.way in (Way.LOCAL, Way.ANONYMOUS):
            return None
        try:
            answered, told = _hit(limiter, item, caller, kind)
        except sqlite3.Error:
            # Who may see what does not rest on it: a full disk must not shut everybody out.
            _log.warning("requests cannot be counted")
            return None
        g.rate_limit = told
        return None if answered else _refusal(item, kind, told["RateLimit-Reset"])

    @server.after_request
    def _tell(response: Response) -> Response:
        response.headers.update(g.get("rate_limit", {}))
        return response


def kind_of(rule: str) -> Kind | None:
    """What a call counts as, by its rule; None for what costs next to nothing: files, health, metrics."""
    if rule.startswith("api/"):
        return Kind.API
    return Kind.PAGES if rule in _OF_PAGES or rule.startswith("download/") else None


def _hit(
    limiter: FixedWindowRateLimiter, item: RateLimitItem, caller: Caller, kind: Kind
) -> tuple[bool, dict[str, str]]:
    """Count one request: whether it is answered, and what the caller is told of the limit."""
    who = hashlib.sha256(f"{caller.way}\n{caller.subject}".encode()).hexdigest()[:32]
    answered = limiter.hit(item, kind, who)
    window = limiter.get_window_stats(item, kind, who)
    told = {
        "RateLimit-Limit": str(item.amount),
        "RateLimit-Remaining": str(max(window.remaining, 0)),
        "RateLimit-Reset": str(max(math.ceil(window.reset_time - time.time()), 1)),
    }
    return answered, told


def _refusal(item: RateLimitItem, kind: Kind, wait: str) -> Response:
    """429: a problem for programs, a sentence for the page."""
    metrics.instruments().rate_limited.labels(str(kind)).inc()
    sentence = _TOO_OFTEN.format(amount=f"{item.amount:,}", seconds=item.get_expiry(), wait=wait)
    if kind is Kind.API:
        return problem("rate_limited", sentence, retry_after=int(wait))
    return Response(f"{sentence}\n", 429, {"Retry-After": wait}, mimetype="text/plain")
