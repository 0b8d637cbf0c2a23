"""The keys of a portal: a JWK set (RFC 7517), each key with a ``kid`` and the one algorithm that it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from irt.strict_json import Unclear, parse_json

#: Algorithms, and the type of key that each needs. ``none`` and everything else is not among them.
ALGORITHMS = {"HS256": "oct", "EdDSA": "OKP", "RS256": "RSA"}
#: Bytes of a shared secret, at least; bits of an RSA key.
SHORTEST_SECRET, SHORTEST_RSA = 32, 2048
#: Different bytes of a secret, at least: 32 random ones, or characters of one written in hexadecimal, have more.
_FEWEST_BYTES = 8


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what its tokens name it, and the only algorithm that it is for."""

    kid: str
    algorithm: str
    material: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys whose tokens are taken, by ``kid``: an old and a new one stand beside each other while they change."""

    by_kid: Mapping[str, Key]


def read_keys(value: str) -> Keys:
    """The keys of a JWK set, given as JSON or as the path of a file that holds it.

    Raises
    ------
    ValueError
        With what was expected. Never with a part of the value, which may be a secret.
    """
    text = value.strip()
    if not text.startswith("{"):
        try:
            text = Path(text).expanduser().read_text("utf-8-sig")
        except (OSError, ValueError):
            raise ValueError("a JWK set as JSON, or the path of a readable file that holds one") from None
    wanted = 'a JWK set: {"keys": [{"kty": "oct", "kid": "2026", "alg": "HS256", "k": "..."}]}'
    try:
        found = parse_json(text)
    except Unclear as unclear:
        raise ValueError(f"{wanted} ({unclear})") from None
    listed = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(listed, list) or not listed:
        raise ValueError(f"{wanted}, with at least one key")
    keys = [_read_key(key, place) for place, key in enumerate(listed, start=1)]
    by_kid = {key.kid: key for key in keys}
    if len(by_kid) < len(keys):
        raise ValueError("a JWK set in which each kid stands once")
    return Keys(by_kid)


def _read_key(key: object, place: int) -> Key:
    """One key of the set. Raises ValueError."""
    import jwt

    which = f"a JWK set (its key {place}"
    if not isinstance(key, dict) or not isinstance(key.get("kid"), str) or not key["kid"]:
        raise ValueError(f"{which} has no kid)")
    algorithm = key.get("alg")
    if algorithm not in ALGORITHMS or key.get("kty") != ALGORITHMS[algorithm]:
        raise ValueError(f"{which} must have alg HS256 with kty oct, EdDSA with OKP, or RS256 with RSA)")
    if "d" in key:
        raise ValueError(f"{which} is a private key; only its public part belongs here)")
    try:
        material = jwt.PyJWK(key, algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError):
        raise ValueError(f"{which} cannot be read)") from None
    if algorithm == "HS256" and len(material) < SHORTEST_SECRET:
        raise ValueError(f"{which} is shorter than {SHORTEST_SECRET} bytes)")
    if algorithm == "HS256" and len(set(material)) < _FEWEST_BYTES:
        raise ValueError(f"{which} is no random secret)")
    if algorithm == "RS256" and material.key_size < SHORTEST_RSA:
        raise ValueError(f"{which} is shorter than {SHORTEST_RSA} bits)")
    return Key(key["kid"], algorithm, material)
