"""What a page of another site may send: a link to a page of ours, and nothing else.

This matters where a browser is let in for where it is (an address, a login proxy): a page elsewhere could then use
that browser to ask, to import, or to agree to what reading costs. A token is never added by a browser itself.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Request

from dashboard.access.refusals import Refused

_OTHER_SITE = (
    "A page of another site may not send requests to this server. If this is the dashboard's own page, the proxy in "
    "front of it must pass the Host header on."
)


def refuse_other_sites(request: Request, *, follows_link: bool) -> None:
    """Refuse what a page of another site sends, unless the reader follows a link to a page.

    Raises
    ------
    Refused
    """
    if is_ours(request) or (follows_link and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"):
        return
    raise Refused("cross_site", _OTHER_SITE)


def is_ours(request: Request) -> bool:
    """Whether a page of ours sent this, the reader typed it, or it comes from no browser.

    Browsers say so in ``Sec-Fetch-Site``, over https and on loopback; elsewhere ``Origin`` must be the host asked.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site in ("same-origin", "none")
    return origin is None or _host_of(origin) == request.host.lower()


def _host_of(origin: str) -> str:
    """Host and port of an origin; empty for what is none (``null``)."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
