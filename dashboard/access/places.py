"""Where a request goes, by the rule that would answer it: which places are open, and which one hides data.

What is not listed here is :attr:`Place.DATA`, unknown paths and methods included. A place is told by the rule that the
router matched, never by how the path looks, so that a path cannot be dressed up as another one.
"""

from __future__ import annotations

from enum import Enum, auto

from flask import Request

from dashboard.state import PAGES

#: Calls of the API that tell of nobody; the last is for paths that no call has.
_WITHOUT_ANSWERS = ("healthz", "openapi.json", "<path:rest>")


class Place(Enum):
    """What there is behind an address."""

    #: Scripts and styles, the same for everybody.
    FILE = auto()
    #: The document of a page, which holds no data: that comes by callbacks.
    PAGE = auto()
    #: Whether the server works, and how much.
    HEALTH = auto()
    METRICS = auto()
    #: Everything else.
    DATA = auto()


#: What a framework serves from its own packages and from ``assets/``.
_FILES = ("assets/<path:filename>", "_dash-component-suites/<string:package_name>/<path:fingerprinted_path>")


def place_of(request: Request, prefix: str) -> Place:
    """Where a request goes.

    Parameters
    ----------
    request : Request
        A routed one.
    prefix : str
        The path under which the dashboard is shown; begins and ends with a slash.
    """
    if request.url_rule is None or request.method not in ("GET", "HEAD"):
        return Place.DATA
    rule = request.url_rule.rule
    if rule == f"{prefix}_favicon.ico" or (rule in {prefix + file for file in _FILES} and _straight(request.path)):
        return Place.FILE
    if rule in (prefix, f"{prefix}<path:path>") and request.path.removeprefix(prefix) in ("", *PAGES):
        return Place.PAGE
    if rule in ("/healthz", f"{prefix}healthz"):
        return Place.HEALTH
    return Place.METRICS if rule == f"{prefix}metrics" else Place.DATA


def shows_answers(request: Request, prefix: str) -> bool:
    """Whether a request asks for what students answered, or what follows from it."""
    rule = "" if request.url_rule is None else request.url_rule.rule.removeprefix(prefix)
    called = rule.startswith("api/v1/") and rule.removeprefix("api/v1/") not in _WITHOUT_ANSWERS
    return called or rule == "_dash-update-component" or rule.startswith("download/")


def is_for_programs(request: Request, prefix: str) -> bool:
    """Whether programs ask here rather than pages."""
    path = request.path.removeprefix(prefix.rstrip("/"))
    return path in ("/api/v1", "/metrics", "/healthz") or path.startswith("/api/v1/")


def _straight(path: str) -> bool:
    """Whether each part of a path leads further down."""
    return not {"", ".", ".."} & set(path[1:].split("/"))
