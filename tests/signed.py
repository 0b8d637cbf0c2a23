"""Callers with signed tokens, as a portal makes them out: keys, and the header that carries a token."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

from irt.callers import Caller, Role
from irt.selection import Scope
from irt.tokens import LONGEST_LIFE, read_keys, sign_token


def shared_keys(*names: str) -> str:
    """A JWK set of shared secrets, as it stands in ITEMWISE_EMBED_KEYS."""
    secrets = {name: urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode().rstrip("=") for name in names}
    keys = [{"kty": "oct", "kid": name, "alg": "HS256", "k": secret} for name, secret in secrets.items()]
    return json.dumps({"keys": keys})


#: What a portal and a server share in tests.
KEYS = shared_keys("2026", "2027")


def token_for(caller: Caller, *, kid: str = "2026", keys: str = KEYS, **times: Any) -> str:
    """A token of a caller that holds for as long as one may, unless ``life`` or ``now`` say else.

    Some are made when tests are collected, and have to hold until the last one has run.
    """
    life = times.pop("life", LONGEST_LIFE)
    return sign_token(caller, read_keys(keys).by_kid[kid], life, **times)


def bearer(caller: Caller, **changes: Any) -> dict[str, str]:
    """The header that carries a caller's token."""
    return {"Authorization": f"Bearer {token_for(caller, **changes)}"}


def teacher(subject: str = "t-1", **scope: Any) -> Caller:
    """A teacher with a scope: no names, unless said."""
    return Caller(subject, Scope(**{"names": False, **scope}))


def analyst(subject: str = "a-1", **scope: Any) -> Caller:
    """An analyst, who sees everything unless said."""
    return Caller(subject, Scope(**scope), Role.ANALYST)


def expired(caller: Caller) -> dict[str, str]:
    """The header of a token that has ended."""
    return bearer(caller, now=datetime.now(UTC) - timedelta(hours=2))
