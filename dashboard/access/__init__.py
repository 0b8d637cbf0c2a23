"""Who asks and what they may see; which hosts are answered; the headers of every answer."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, abort, g, has_request_context, request

from irt.callers import Caller, Role, Way
from irt.errors import AccessError
from irt.selection import FULL_SCOPE, Scope
from irt.settings import Settings, is_loopback

#: Largest request taken at all: a file of answers dropped into the dashboard travels as text in JSON.
MAX_REQUEST_BYTES = 64 * 2**20

#: A reader on their own machine, and anybody where nobody is asked.
LOCAL = Caller("local", FULL_SCOPE, Role.ANALYST, way=Way.LOCAL)
ANYBODY = Caller("anybody", FULL_SCOPE, Role.ANALYST, way=Way.ANONYMOUS)

#: Answers that hold no data and may be kept by a browser.
_STATIC = ("/assets/", "/_dash-component-suites/", "/_favicon.ico")

_STRANGER = (
    "This server answers its own machine only, since nobody is asked who they are. "
    "Set ITEMWISE_ALLOW_ANONYMOUS=1 if something in front of it checks who asks."
)
_FOREIGN_NAME = (
    "This server answers to the name localhost and to loopback addresses only. "
    "Set ITEMWISE_ALLOW_ANONYMOUS=1 if it stands behind a proxy that checks who asks."
)
_OTHER_SITE = "A page of another site may not send requests to this server."
#: Headers that only a proxy adds: the caller is not known to be on this machine.
_PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")


def install(server: Flask, settings: Settings, csp_hashes: Callable[[], list[str]] | None = None) -> None:
    """Put the guard in front of every request and the headers on every answer.

    Parameters
    ----------
    server : Flask
    settings : Settings
    csp_hashes : callable, optional
        The hashes of the page's inline scripts, asked for at the first answer: after all callbacks are registered.
    """
    server.config["MAX_CONTENT_LENGTH"] = MAX_REQUEST_BYTES
    kept: list[str] = []

    def policy() -> str:
        if not kept:
            kept.append(content_security_policy(csp_hashes() if csp_hashes else [], settings.portal_origins))
        return kept[0]

    @server.before_request
    def _guard() -> None:
        g.caller = caller_of_request(settings)

    @server.after_request
    def _headers(response: Response) -> Response:
        return secure(response, policy())


def caller_of_request(settings: Settings) -> Caller:
    """Who asks: on their own machine, somebody who may see everything.

    Aborts with 403 where the caller is another machine although nobody is asked who they are; where the request came
    under a foreign name, since a page elsewhere may point its own name at this machine (DNS rebinding); and where a
    page of another site sends something. The check is made on each request, whichever server runs the app.
    """
    if request.method not in ("GET", "HEAD", "OPTIONS") and request.headers.get("Sec-Fetch-Site") == "cross-site":
        abort(403, _OTHER_SITE)
    if settings.allow_anonymous:
        return ANYBODY
    # An empty address is a Unix socket, which is on this machine.
    proxied = any(name in request.headers for name in _PROXY_HEADERS)
    if proxied or (request.remote_addr and not is_loopback(request.remote_addr)):
        abort(403, _STRANGER)
    if not is_loopback(host_name(request.host)):
        abort(403, _FOREIGN_NAME)
    return LOCAL


def host_name(host: str) -> str:
    """The name in a Host header, without its port."""
    return host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0].lower()


def caller() -> Caller:
    """Who the guard found to be asking.

    Raises
    ------
    AccessError
        Outside a guarded request.
    """
    if not has_request_context() or not isinstance(g.get("caller"), Caller):
        raise AccessError("Nobody is asking: a scope belongs to a request.")
    found: Caller = g.caller
    return found


def caller_scope() -> Scope:
    """What the caller of this request may see. Raises AccessError outside a guarded request."""
    return caller().scope


def content_security_policy(script_hashes: list[str], portal_origins: tuple[str, ...]) -> str:
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
            " ".join(("frame-ancestors 'self'", *portal_origins)),
        )
    )


def secure(response: Response, policy: str) -> Response:
    """The answer with its security headers; data is never kept by browsers or proxies."""
    headers = response.headers
    headers["Content-Security-Policy"] = policy
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if not any(part in request.path for part in _STATIC):
        headers["Cache-Control"] = "no-store"
    return response
