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
FEWEST_BYTES = 8
#: Longest name of a key.
LONGEST_KID = 100


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
    keys = [_read_public(key, place) for place, key in enumerate(listed, start=1)]
    by_kid = {key.kid: key for key in keys}
    if len(by_kid) < len(keys):
        raise ValueError("a JWK set in which each kid stands once")
    return Keys(by_kid)


def _read_public(jwk: object, place: int) -> Key:
    """One key of the set: a shared secret, or the public part of a pair. Raises ValueError."""
    try:
        if isinstance(jwk, dict) and "d" in jwk:
            raise ValueError("is a private key; only its public part belongs here")
        return read_key(jwk)
    except ValueError as error:
        raise ValueError(f"a JWK set (its key {place} {error})") from None


def read_key(jwk: object) -> Key:
    """One key, public, private or shared.

    Raises
    ------
    ValueError
        With what is wrong with it, in words that follow "this key"; never with a part of it.
    """
    if not isinstance(jwk, dict):
        raise ValueError("is no JSON object")
    kid, algorithm = jwk.get("kid"), jwk.get("alg")
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_KID or not kid.isprintable():
        raise ValueError(f"has no kid, a name of 1 to {LONGEST_KID} characters")
    if not isinstance(algorithm, str) or jwk.get("kty") != ALGORITHMS.get(algorithm, ""):
        raise ValueError("must have alg HS256 with kty oct, EdDSA with OKP, or RS256 with RSA")
    if algorithm == "EdDSA" and jwk.get("crv") != "Ed25519":
        raise ValueError("must be of the curve Ed25519")
    if jwk.get("use", "sig") != "sig":
        raise ValueError("is not for signatures (use)")
    material = _material(jwk, algorithm)
    if algorithm == "HS256" and len(material) < SHORTEST_SECRET:
        raise ValueError(f"is shorter than {SHORTEST_SECRET} bytes")
    if algorithm == "HS256" and len(set(material)) < FEWEST_BYTES:
        raise ValueError("is no random secret")
    if algorithm == "RS256" and material.key_size < SHORTEST_RSA:
        raise ValueError(f"is shorter than {SHORTEST_RSA} bits")
    return Key(kid, algorithm, material)


def _material(jwk: Mapping[str, Any], algorithm: str) -> Any:
    """What signs or verifies: bytes, or a key of ``cryptography``."""
    import jwt

    try:
        found = jwt.PyJWK(dict(jwk), algorithm)
        # A shared secret that is somebody's public key would let anybody sign: this refuses it.
        return found.Algorithm.prepare_key(found.key)
    except (jwt.PyJWTError, LookupError, ValueError, TypeError, AttributeError):
        raise ValueError("cannot be read") from None
