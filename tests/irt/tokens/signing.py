"""Keys and tokens for tests, made with PyJWT itself: also those that our own functions would not make."""

from __future__ import annotations

import base64
import hmac
import json
import time
from functools import cache
from typing import Any

import jwt

from irt.tokens import Key, Keys, NewKey, new_key, read_key, read_keys

ALGORITHMS = ("HS256", "EdDSA", "RS256")


def pair(algorithm: str, kid: str | None = None) -> NewKey:
    """A key of each algorithm, made once: ``kid`` is the algorithm unless it is named."""
    return _made(algorithm, kid or algorithm)


@cache
def _made(algorithm: str, kid: str) -> NewKey:
    return new_key(algorithm, kid)


@cache
def keys(*algorithms: str) -> Keys:
    """The keys that a server takes."""
    return read_keys(json.dumps({"keys": [pair(algorithm).public for algorithm in algorithms or ALGORITHMS]}))


def signing(algorithm: str, kid: str | None = None) -> Key:
    """The key that a portal signs with."""
    return read_key(pair(algorithm, kid).private)


def claims(**changed: Any) -> dict[str, Any]:
    """Claims that are good; None leaves one out."""
    now = int(time.time())
    grant = {"subjects": ["Mathematics"], "exams": "*", "classes": ["7a"]}
    found = {"sub": "teacher-17", "aud": "itemwise", "iat": now, "exp": now + 600, "itemwise": grant, **changed}
    return {name: value for name, value in found.items() if value is not None}


def signed(said: dict[str, Any], algorithm: str = "HS256", **header: Any) -> str:
    """Claims, signed by the portal's key, under a header with changes; None leaves one out."""
    key = signing(algorithm)
    return jwt.encode(said, key.material, algorithm=algorithm, headers={"kid": algorithm, **header})


def by_hand(header: Any, payload: Any, secret: bytes | None = None, digest: str = "sha256") -> str:
    """A token with this header and payload (JSON text or what becomes it), with HMAC or without a signature."""
    parts = [encoded(part if isinstance(part, str | bytes) else json.dumps(part)) for part in (header, payload)]
    begun = ".".join(parts)
    if secret is None:
        return f"{begun}."
    return f"{begun}.{encoded(hmac.new(secret, begun.encode(), digest).digest())}"


def encoded(content: str | bytes) -> str:
    """Base64url without padding."""
    content = content.encode() if isinstance(content, str) else content
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def public_pem(algorithm: str) -> bytes:
    """The public key as text, as an attacker has it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem: bytes = keys().by_kid[algorithm].material.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem
