"""Who asks: a signed token, a login proxy, or the reader's own machine; each way only where the settings open it."""

from __future__ import annotations

import re

from flask import Request

from dashboard.access.refusals import Refused
from dashboard.access.sites import refuse_other_sites
from irt.callers import Caller, Grant, Role, Way, is_text
from irt.selection import FULL_SCOPE
from irt.setting_values import is_among, is_loopback
from irt.settings import Settings
from irt.tokens import Keys, TokenRefused, read_token

#: A reader on their own machine, and anybody where nobody is asked.
LOCAL = Caller("local", FULL_SCOPE, Role.ANALYST, way=Way.LOCAL)
ANYBODY = Caller("anybody", FULL_SCOPE, Role.ANALYST, way=Way.ANONYMOUS)
#: Whoever a login proxy names, where no file says what each may see.
_EVERYTHING = Grant(FULL_SCOPE, Role.ANALYST)

#: The header of a token: one scheme and one token.
_BEARER = re.compile(r"bearer +([!-~]+)", re.IGNORECASE)
#: A header in which a token was meant, whatever else stands in it.
_MEANS_BEARER = re.compile(r"(^|,)\s*bearer(\s|,|$)", re.IGNORECASE)

_NOTHING_SENT = "This call carries no access token. Open the dashboard from your portal."
_NOT_ONE = "The Authorization header must hold one access token: Authorization: Bearer TOKEN."
_NOT_THE_PROXY = (
    "This server answers its login proxy only. Ask through it, or have its address added to ITEMWISE_LOGIN_PROXIES."
)
_NO_LOGIN = "The login proxy did not say who asks. Log in again."
_ODD_LOGIN = "The login proxy must name one login, without commas and control characters."
_NO_GRANT = "Nothing was granted to this login. Ask whoever runs this dashboard."
_STRANGER = (
    "This server answers its own machine only, since nobody is asked who they are. Let people in by a portal "
    "(ITEMWISE_EMBED_KEYS) or a login proxy (ITEMWISE_LOGIN_PROXIES), or set ITEMWISE_ALLOW_ANONYMOUS=1 if something "
    "in front of it checks who asks."
)
_FOREIGN_NAME = (
    "This server answers to the name localhost and to loopback addresses only. Behind a proxy it must be told who "
    "asks: see ITEMWISE_LOGIN_PROXIES and ITEMWISE_ALLOW_ANONYMOUS."
)
#: Headers that only a proxy adds: the caller is not known to be on this machine.
_PROXY_HEADER = re.compile(r"forwarded|x-forwarded-.*|x-real-ip|via", re.IGNORECASE)


def asking(request: Request, settings: Settings, *, follows_link: bool = False) -> Caller:
    """Who asks.

    A token is looked at wherever keys are set, and one that is not taken is the end: nobody falls back to another way.
    What a browser adds by itself (an address, a proxy's header) counts only for what the dashboard's own pages send.

    Parameters
    ----------
    request : Request
    settings : Settings
    follows_link : bool
        Whether this may be a link of another site.

    Raises
    ------
    Refused
    """
    if settings.embed_keys is not None and means_token(request):
        return _signed(request, settings.embed_keys)
    behind_proxy = is_among(request.remote_addr or "", settings.login_proxies)
    if behind_proxy and settings.login_header in request.headers:
        caller = _logged_in(request, settings)
    elif settings.embed_keys is not None:
        raise Refused("token_missing", _NOTHING_SENT)
    elif settings.login_proxies:
        raise Refused("not_permitted", _NO_LOGIN if behind_proxy else _NOT_THE_PROXY)
    else:
        caller = ANYBODY if settings.allow_anonymous else _local(request)
    refuse_other_sites(request, follows_link=follows_link)
    return caller


def token_of(request: Request) -> str | None:
    """The one token of a request; None where there is none that can be read."""
    found = _BEARER.fullmatch(request.headers.get("Authorization", "").strip())
    return found[1] if found else None


def means_token(request: Request) -> bool:
    """Whether a request was meant to carry a token. Other schemes are for a proxy, not for us."""
    return _MEANS_BEARER.search(request.headers.get("Authorization", "")) is not None


def _signed(request: Request, keys: Keys) -> Caller:
    """Whom a portal signed for."""
    token = token_of(request)
    if token is None:
        raise Refused("token_invalid", _NOT_ONE)
    try:
        return read_token(token, keys)
    except TokenRefused as refused:
        code = {"expired": "token_expired", "grant": "grant_invalid"}.get(refused.facts["reason"], "token_invalid")
        raise Refused(code, refused.message) from None


def _logged_in(request: Request, settings: Settings) -> Caller:
    """Whom the login proxy names."""
    login = _text_of(request.headers[settings.login_header])
    # Servers join a header that was sent twice by a comma.
    if not is_text(login) or not login.isprintable() or "," in login:
        raise Refused("not_permitted", _ODD_LOGIN)
    if not login:
        raise Refused("not_permitted", _NO_LOGIN)
    grants = settings.login_grants
    grant = _EVERYTHING if grants is None else grants.get(login) or grants.get("*")
    if grant is None:
        raise Refused("not_permitted", _NO_GRANT)
    return Caller(login, grant.scope, grant.role, grant.language, Way.LOGIN)


def _text_of(value: str) -> str:
    """A header that was sent as UTF-8, which servers hand over as Latin-1."""
    try:
        return value.encode("latin-1").decode("utf-8").strip()
    except UnicodeError:
        raise Refused("not_permitted", _ODD_LOGIN) from None


def _local(request: Request) -> Caller:
    """A reader on this machine, asking under a name of this machine.

    A page elsewhere may point its own name at this machine (DNS rebinding), and a reverse proxy here makes everybody
    look local. The check is made on each request, whichever server runs the app.
    """
    # An empty address is a Unix socket, which is on this machine.
    elsewhere = bool(request.remote_addr) and not is_loopback(str(request.remote_addr))
    if elsewhere or any(_PROXY_HEADER.fullmatch(name) for name, _ in request.headers):
        raise Refused("not_permitted", _STRANGER)
    if not is_loopback(host_name(request.host)):
        raise Refused("foreign_host", _FOREIGN_NAME)
    return LOCAL


def host_name(host: str) -> str:
    """The name in a Host header, without its port."""
    return host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0].lower()
