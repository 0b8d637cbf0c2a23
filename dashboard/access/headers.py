"""The headers of every answer: what a page may load, who may frame it, and that data is kept nowhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from http import HTTPStatus

from flask import Flask, Response, request

from dashboard.access.places import Place, place_of
from irt.settings import Settings

#: What no page of ours uses; copying a link is for the page itself.
_PERMISSIONS = "camera=(), clipboard-write=(self), geolocation=(), microphone=(), payment=(), usb=()"


def install(server: Flask, settings: Settings, csp_hashes: Callable[[], list[str]]) -> None:
    """Put the headers on every answer of a server.

    Parameters
    ----------
    server : Flask
    settings : Settings
    csp_hashes : callable
        The hashes of the page's inline scripts, asked for at the first answer: after all callbacks are registered.
    """

    @cache
    def policy() -> str:
        return content_security_policy(csp_hashes(), frame_ancestors(settings))

    asked_by = [
        *(["Authorization"] if settings.embed_keys else []),
        *([settings.login_header] if settings.login_proxies else []),
    ]

    @server.after_request
    def _headers(response: Response) -> Response:
        is_file = place_of(request, settings.path_prefix) is Place.FILE
        keeps = is_file and response.status_code < HTTPStatus.BAD_REQUEST
        return secure(response, policy(), () if is_file else asked_by, may_be_kept=keeps)


def frame_ancestors(settings: Settings) -> tuple[str, ...]:
    """Who may frame the pages: the portals, exactly; without any, nobody where a portal would have to, else we."""
    return settings.portal_origins or (("'none'",) if settings.embed_keys is not None else ("'self'",))


def content_security_policy(script_hashes: Sequence[str], ancestors: Sequence[str]) -> str:
    """What the page may load, and who may frame it. Dash components set styles inline, scripts are named by hash."""
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self'", *script_hashes)),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            " ".join(("frame-ancestors", *ancestors)),
        )
    )


def secure(response: Response, policy: str, asked_by: Sequence[str] = (), *, may_be_kept: bool = False) -> Response:
    """The answer with its security headers.

    Parameters
    ----------
    response : Response
    policy : str
        The content security policy.
    asked_by : sequence of str
        Headers that say who asks, on which the answer depends.
    may_be_kept : bool
        Whether a browser may keep it; data is never kept by browsers or proxies.
    """
    headers = response.headers
    headers["Content-Security-Policy"] = policy
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = _PERMISSIONS
    for name in asked_by:
        response.vary.add(name)
    if not may_be_kept:
        headers["Cache-Control"] = "no-store"
    return response
