"""Keys that sign: made anew, and read from where a portal keeps its own."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from irt.strict_json import Unclear, parse_json
from irt.tokens.keys import ALGORITHMS, SHORTEST_RSA, SHORTEST_SECRET, Key, Keys, read_key

#: What a private key is written as, by the ending of its file.
FORMATS = (".json", ".pem")


class NewKey(NamedTuple):
    """A key as a JWK: what verifies, and what signs. They are one and the same where a secret is shared."""

    public: Mapping[str, Any]
    private: Mapping[str, Any]


def new_key(algorithm: str, kid: str) -> NewKey:
    """A new random key.

    Parameters
    ----------
    algorithm : str
        One of :data:`irt.tokens.ALGORITHMS`. EdDSA is Ed25519; RS256 gets 2048 bits.
    kid : str
    """
    named = {"kty": ALGORITHMS[algorithm], "kid": kid, "alg": algorithm, "use": "sig"}
    if algorithm == "HS256":
        secret = base64.urlsafe_b64encode(secrets.token_bytes(SHORTEST_SECRET)).decode().rstrip("=")
        shared = {**named, "k": secret}
        return NewKey(shared, shared)
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    made: Any = (
        ed25519.Ed25519PrivateKey.generate()
        if algorithm == "EdDSA"
        else rsa.generate_private_key(public_exponent=65537, key_size=SHORTEST_RSA)
    )
    return NewKey({**named, **_jwk(made.public_key(), algorithm)}, {**named, **_jwk(made, algorithm)})


def written(jwk: Mapping[str, Any], ending: str) -> str:
    """A key as the text of a file: a JWK, or in PEM (PKCS #8), which has no place for its kid.

    Raises
    ------
    ValueError
        Where the ending is none of :data:`FORMATS`, or a shared secret was asked for in PEM.
    """
    if ending == ".json":
        return json.dumps(jwk, indent=1) + "\n"
    if ending != ".pem" or jwk["kty"] == "oct":
        raise ValueError("a file whose name ends in .json" + (" or .pem" if jwk["kty"] != "oct" else ""))
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem: bytes = read_key(jwk).material.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()


def public_part(key: Key) -> Key:
    """The key that verifies what another signs; of a shared secret the same."""
    return key if key.algorithm == "HS256" else replace(key, material=key.material.public_key())


def read_signing_key(text: str, kid: str | None, keys: Keys | None) -> Key:
    """A key that signs.

    Parameters
    ----------
    text : str
        A private or shared JWK, a JWK set, or a private key in PEM.
    kid : str, optional
        Which key of a set; the name of a key in PEM.
    keys : Keys, optional
        Those that verify; a key in PEM has the name under which its public part stands there.

    Raises
    ------
    ValueError
        With what is wrong, in words that follow "the file"; never with a part of it.
    """
    if "-----BEGIN" in text:
        return _read_pem(text, kid, keys)
    try:
        found = parse_json(text)
    except Unclear:
        raise ValueError("holds neither a JWK nor a private key in PEM") from None
    listed = found.get("keys") if isinstance(found, dict) else None
    key = _chosen([read_key(jwk) for jwk in (listed if isinstance(listed, list) else [found])], kid)
    if key.algorithm != "HS256" and not hasattr(key.material, "sign"):
        raise ValueError("holds a public key, which cannot sign")
    return key


def _chosen(keys: Iterable[Key], kid: str | None) -> Key:
    """The key of that name; without one, the first."""
    for key in keys:
        if kid in (None, key.kid):
            return key
    raise ValueError("holds no key of that kid")


def _read_pem(text: str, kid: str | None, keys: Keys | None) -> Key:
    """A private key in PEM. Raises ValueError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        material = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("holds no private key that can be read (without a password)") from None
    if not isinstance(material, ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey):
        raise ValueError("must hold a key for EdDSA (Ed25519) or RS256 (RSA)")
    algorithm = "RS256" if isinstance(material, rsa.RSAPrivateKey) else "EdDSA"
    known = [key.kid for key in (keys.by_kid.values() if keys else ()) if key.material == material.public_key()]
    if kid is None and not known:
        raise ValueError("holds a key that ITEMWISE_EMBED_KEYS does not; name it with --kid")
    jwk = {"kty": ALGORITHMS[algorithm], "kid": kid or known[0], "alg": algorithm, **_jwk(material, algorithm)}
    return read_key(jwk)


def _jwk(material: Any, algorithm: str) -> dict[str, Any]:
    """What a JWK says of a key, public or private."""
    from jwt.algorithms import get_default_algorithms

    return dict(get_default_algorithms()[algorithm].to_jwk(material, as_dict=True))
