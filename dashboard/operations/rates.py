"""How often one may ask: each caller for themselves, the API and the pages counted apart, over all workers."""

from __future__ import annotations

import hashlib
import logging
import math
import sqlite3
import time
from dataclasses import dataclass
from enum import StrEnum

from flask import Flask, Response, g, request
from limits import RateLimitItem, parse_many
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
    folder, limits, prefix = together.folder(), parse_many(settings.rate_limit), settings.path_prefix
    limiter = FixedWindowRateLimiter(SharedWindows(folder and folder / "rates.sqlite"))

    @server.before_request
    def _count() -> Response | None:
        rule = "" if request.url_rule is None else request.url_rule.rule
        caller, kind = g.get("caller"), kind_of(rule.removeprefix(prefix))
        if kind is None or caller is None or caller.way in (Way.LOCAL, Way.ANONYMOUS):
            return None
        try:
            states = [_counted(limiter, limit, caller, kind) for limit in limits]
        except sqlite3.Error:
            # Who may see what does not rest on it: a full disk must not shut everybody out.
            _log.warning("requests cannot be counted")
            return None
        nearest = min(states, key=lambda state: (state.answered, state.remaining))
        g.rate_limit = nearest.headers()
        return None if nearest.answered else _refusal(nearest, kind)

    @server.after_request
    def _tell(response: Response) -> Response:
        response.headers.update(g.get("rate_limit", {}))
        return response


def kind_of(rule: str) -> Kind | None:
    """What a call counts as, by its rule; None for what costs next to nothing: files, health, metrics."""
    if rule.startswith("api/"):
        return Kind.API
    return Kind.PAGES if rule in _OF_PAGES or rule.startswith("download/") else None


@dataclass(frozen=True, slots=True)
class _State:
    """How far a caller has used up a limit: whether they are answered, what is left, seconds until it begins anew."""

    limit: RateLimitItem
    answered: bool
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """What the caller is told."""
        told = {"Limit": self.limit.amount, "Remaining": self.remaining, "Reset": self.reset}
        return {f"RateLimit-{name}": str(value) for name, value in told.items()}


def _counted(limiter: FixedWindowRateLimiter, limit: RateLimitItem, caller: Caller, kind: Kind) -> _State:
    """Count one request of a caller."""
    who = hashlib.sha256(f"{caller.way}\n{caller.subject}".encode()).hexdigest()[:32]
    answered = limiter.hit(limit, kind, who)
    window = limiter.get_window_stats(limit, kind, who)
    return _State(limit, answered, max(window.remaining, 0), max(math.ceil(window.reset_time - time.time()), 1))


def _refusal(state: _State, kind: Kind) -> Response:
    """429: a problem for programs, a sentence for the page."""
    metrics.instruments().rate_limited.labels(str(kind)).inc()
    limit = state.limit
    sentence = _TOO_OFTEN.format(amount=f"{limit.amount:,}", seconds=limit.get_expiry(), wait=state.reset)
    if kind is Kind.API:
        return problem("rate_limited", sentence, retry_after=state.reset)
    return Response(f"{sentence}\n", 429, {"Retry-After": str(state.reset)}, mimetype="text/plain")
