"""Tokens: a :class:`irt.callers.Caller` as a signed JWT (RFC 7519), and back.

Nothing that was verified is kept: reading a token takes 0.1 ms (HS256) to 0.2 ms (EdDSA), a small part of any call.
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from irt.callers import LONGEST, Caller, Way, read_grant, write_grant
from irt.errors import AccessError
from irt.strict_json import parse_json
from irt.tokens.keys import Key, Keys

#: Whom tokens are for (``aud``).
AUDIENCE = "itemwise"
#: The claim that holds the grant.
CLAIM = "itemwise"
#: Longest time for which a token may be made out.
LONGEST_LIFE = timedelta(hours=1)
#: Longest token that is looked at, in characters.
MOST_CHARACTERS = 16_384
#: By how much the clocks of portal and server may differ, in seconds. The end of a token is taken by our clock alone.
_LEEWAY = 30
#: Header, claims and signature, in base64url without padding: nothing that libraries read with more or less goodwill.
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+", re.ASCII)


class TokenRefused(AccessError):
    """A token that is not taken; ``facts["reason"]`` is expired, invalid (forged, malformed, another's) or grant."""


def sign_token(caller: Caller, key: Key, life: timedelta, *, now: datetime | None = None) -> str:
    """A token that says who a caller is and what they may see.

    Parameters
    ----------
    caller : Caller
    key : Key
        A shared secret, or a private key.
    life : timedelta
        :func:`read_token` takes at most :data:`LONGEST_LIFE`.
    now : datetime, optional
    """
    import jwt

    begun = now or datetime.now(UTC)
    claims = {
        "sub": caller.subject,
        "aud": AUDIENCE,
        "iat": begun,
        "exp": begun + life,
        CLAIM: write_grant(caller.scope, caller.role, caller.language),
    }
    return jwt.encode(claims, key.material, algorithm=key.algorithm, headers={"kid": key.kid})


def read_token(token: str, keys: Keys, *, now: datetime | None = None) -> Caller:
    """Who a token says is asking.

    Raises
    ------
    TokenRefused
        The sentence says why. It repeats nothing of a token whose signature is not right.
    """
    claims, key = _verified(token, keys)
    moment = now or datetime.now(UTC)
    ends, begun = _time(claims["exp"]), _time(claims["iat"])
    if ends <= moment:
        raise TokenRefused("The access token has ended.", reason="expired")
    if begun > moment + timedelta(seconds=_LEEWAY):
        raise TokenRefused(
            "The access token is not valid yet; compare the clocks of portal and server.", reason="invalid"
        )
    if ends - begun > LONGEST_LIFE:
        hours = LONGEST_LIFE // timedelta(hours=1)
        raise TokenRefused(f"The access token is made out for more than {hours} hour.", reason="invalid")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST or not subject.isprintable():
        raise TokenRefused("The access token names nobody (sub).", reason="invalid")
    try:
        grant = read_grant(claims.get(CLAIM))
    except AccessError as error:
        raise TokenRefused(f"The access token's grant (its claim {CLAIM}): {error.message}", reason="grant") from None
    return Caller(subject, grant.scope, grant.role, grant.language, Way.SIGNED, key.kid, ends)


def _verified(token: str, keys: Keys) -> tuple[dict[str, Any], Key]:
    """The claims of a token whose signature, audience and form are right, and the key that signed it.

    The key is chosen by ``kid`` and the algorithm by the key, never by the token's ``alg``; keys that a token brings
    along (``jwk``, ``jku``, ``x5c``) are not looked at.
    """
    import jwt

    refused = TokenRefused("The access token is not valid.", reason="invalid")
    form = _COMPACT.fullmatch(token) if len(token) <= MOST_CHARACTERS else None
    if form is None:
        raise refused
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = keys.by_kid.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise TokenRefused("The access token is signed with a key that is not known here.", reason="invalid")
        jwt.decode(
            token,
            key.material,
            algorithms=[key.algorithm],
            audience=AUDIENCE,
            leeway=_LEEWAY,
            # The times are looked at by the caller of this function.
            options={"require": ["sub", "aud", "iat", "exp"], "verify_exp": False, "verify_iat": False},
        )
        # Once more, and strictly: a claim that stands twice has no meaning, and PyJWT takes the last.
        claims = parse_json(base64.urlsafe_b64decode(form[1] + "=="))
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise refused from None
    # A token for others as well could be used here by any of them.
    if not isinstance(claims, dict) or claims["aud"] not in (AUDIENCE, [AUDIENCE]):
        raise refused
    return claims, key


def _time(value: object) -> datetime:
    """A moment from a claim; raises TokenRefused for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**33:
        raise TokenRefused("The access token is not valid.", reason="invalid")
    return datetime.fromtimestamp(value, UTC)
