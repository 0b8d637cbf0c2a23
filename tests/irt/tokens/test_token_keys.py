"""Message and contract: which keys a portal may sign with, and what is said of others; keys that are made anew."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from irt.tokens import Keys, new_key, public_part, read_keys, read_signing_key, written
from tests.irt.tokens.signing import ALGORITHMS, encoded, keys, pair, public_pem, signing

SECRET = dict(pair("HS256").public)
EDDSA = dict(pair("EdDSA").public)
RS256 = dict(pair("RS256").public)


def jwk_of(material: Any) -> dict[str, Any]:
    """A public key as a JWK."""
    from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

    kind = RSAAlgorithm if hasattr(material, "key_size") else OKPAlgorithm
    return dict(kind.to_jwk(material, as_dict=True))


def ed448() -> dict[str, Any]:
    from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey

    return {**EDDSA, **jwk_of(Ed448PrivateKey.generate().public_key())}


def short_rsa() -> dict[str, Any]:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return {**RS256, **jwk_of(generate_private_key(65537, 1024).public_key())}  # noqa: S505


def test_all_three_kinds_stand_beside_each_other(tmp_path: Path) -> None:
    text = json.dumps({"keys": [SECRET, EDDSA, RS256]})
    (tmp_path / "keys.json").write_text("\ufeff" + text, encoding="utf-8")
    found = read_keys(str(tmp_path / "keys.json"))
    assert found == read_keys(f" {text}\n") == keys()
    assert {key.kid: key.algorithm for key in found.by_kid.values()} == {name: name for name in ALGORITHMS}


def without(jwk: dict[str, Any], name: str) -> dict[str, Any]:
    return {other: value for other, value in jwk.items() if other != name}


#: A key, and what is said of it.
FAULTS: dict[str, tuple[Callable[[], Any], str]] = {
    "no object": (lambda: "secret", "is no JSON object"),
    "no kid": (lambda: without(SECRET, "kid"), "has no kid"),
    "an empty kid": (lambda: {**SECRET, "kid": ""}, "has no kid"),
    "a kid that is a number": (lambda: {**SECRET, "kid": 1}, "has no kid"),
    "a kid over two lines": (lambda: {**SECRET, "kid": "a\nb"}, "has no kid"),
    "a very long kid": (lambda: {**SECRET, "kid": "k" * 101}, "has no kid"),
    "no alg": (lambda: without(EDDSA, "alg"), "must have alg HS256 with kty oct"),
    "alg none": (lambda: {**SECRET, "alg": "none"}, "must have alg HS256"),
    "alg none without a type": (lambda: {"kid": "a", "alg": "none"}, "must have alg HS256"),
    "alg a list": (lambda: {**SECRET, "alg": ["HS256"]}, "must have alg HS256"),
    "another alg": (lambda: {**SECRET, "alg": "HS512"}, "must have alg HS256"),
    "HS256 with an RSA key": (lambda: {**RS256, "alg": "HS256"}, "must have alg HS256 with kty oct"),
    "EdDSA with a secret": (lambda: {**SECRET, "alg": "EdDSA"}, "EdDSA with OKP"),
    "a private key": (lambda: dict(pair("EdDSA").private), "is a private key; only its public part belongs here"),
    "a private RSA key": (lambda: dict(pair("RS256").private), "is a private key"),
    "a key for encryption": (lambda: {**RS256, "use": "enc"}, "is not for signatures"),
    "Ed448": (ed448, "must be of the curve Ed25519"),
    "X25519": (lambda: {**EDDSA, "crv": "X25519"}, "must be of the curve Ed25519"),
    "no point": (lambda: without(EDDSA, "x"), "cannot be read"),
    "a short point": (lambda: {**EDDSA, "x": "AAAA"}, "cannot be read"),
    "a point that is a number": (lambda: {**EDDSA, "x": 7}, "cannot be read"),
    "no modulus": (lambda: without(RS256, "n"), "cannot be read"),
    "RSA with exponent 1": (lambda: {**RS256, "e": "AQ"}, "cannot be read"),
    "a short RSA key": (short_rsa, "is shorter than 2048 bits"),
    "no secret": (lambda: without(SECRET, "k"), "cannot be read"),
    "an empty secret": (lambda: {**SECRET, "k": ""}, "cannot be read"),
    "a short secret": (lambda: {**SECRET, "k": encoded(bytes(range(31)))}, "is shorter than 32 bytes"),
    "a secret of zeros": (lambda: {**SECRET, "k": encoded(bytes(32))}, "is no random secret"),
    "a secret of one word": (lambda: {**SECRET, "k": encoded(b"secret" * 8)}, "is no random secret"),
    "a public key as secret": (lambda: {**SECRET, "k": encoded(public_pem("RS256"))}, "cannot be read"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_key_that_cannot_be_used_is_named(name: str) -> None:
    make, says = FAULTS[name]
    with pytest.raises(ValueError, match=says) as caught:
        read_keys(json.dumps({"keys": [EDDSA | {"kid": "good"}, make()]}))
    assert str(caught.value).startswith("a JWK set (its key 2 ")
    assert str(SECRET["k"]) not in str(caught.value)


#: A value that is no set of keys, and what is said of it.
NO_SETS = {
    "nothing": ("", "the path of a readable file"),
    "no file": ("no-such-file", "the path of a readable file"),
    "a folder": ("/", "the path of a readable file"),
    "no path": ("a\0b", "the path of a readable file"),
    "too long for a path": ("x" * 5000, "the path of a readable file"),
    "no JSON": ("{", "this is no JSON at line 1"),
    "an empty object": ("{}", "at least one key"),
    "no keys": ('{"keys": []}', "at least one key"),
    "keys that are no list": ('{"keys": {}}', "at least one key"),
    "one key": (json.dumps(SECRET), "at least one key"),
    "two lists": ('{"keys": [], "keys": []}', "a name is there twice"),
    "no number": ('{"keys": NaN}', "NaN is no number"),
    "nested too deeply": ('{"keys":' + "[" * 100_000, "this is no JSON"),
    "a kid twice": (json.dumps({"keys": [SECRET, EDDSA | {"kid": "HS256"}]}), "each kid stands once"),
}


@pytest.mark.parametrize("name", NO_SETS)
def test_what_is_no_set_of_keys_is_said_in_one_sentence(name: str) -> None:
    value, says = NO_SETS[name]
    with pytest.raises(ValueError, match=says) as caught:
        read_keys(value)
    assert len(str(caught.value)) < 200
    assert str(SECRET["k"]) not in str(caught.value)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_new_key_signs_and_its_public_part_verifies(algorithm: str) -> None:
    made = new_key(algorithm, "2026-11")
    read = read_keys(json.dumps({"keys": [made.public]})).by_kid["2026-11"]
    assert public_part(read_signing_key(json.dumps(dict(made.private)), None, None)) == read
    assert ("d" in made.private) is (algorithm != "HS256")
    assert "d" not in made.public
    assert new_key(algorithm, "2026-11").public != made.public


def test_a_new_secret_is_as_long_as_it_must_be() -> None:
    secret = new_key("HS256", "a").public["k"]
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256"])
def test_a_key_in_pem_has_the_name_of_its_public_part(algorithm: str) -> None:
    pem = written(pair(algorithm).private, ".pem")
    assert public_part(read_signing_key(pem, None, keys())) == keys().by_kid[algorithm]
    assert read_signing_key(pem, "mine", None).kid == "mine"
    with pytest.raises(ValueError, match="name it with --kid"):
        read_signing_key(pem, None, Keys({}))


def test_a_key_of_a_set_is_chosen_by_name() -> None:
    both = json.dumps({"keys": [dict(pair("HS256").private), dict(pair("EdDSA").private)]})
    assert read_signing_key(both, None, None) == signing("HS256")
    assert read_signing_key(both, "EdDSA", None).kid == "EdDSA"
    with pytest.raises(ValueError, match="no key of that kid"):
        read_signing_key(both, "2019", None)


def elliptic_pem() -> str:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (lambda: "secret", "neither a JWK nor a private key"),
        (lambda: '{"keys": []}', "no key of that kid"),
        (lambda: json.dumps({**EDDSA, "kid": "a"}), "a public key, which cannot sign"),
        (lambda: public_pem("RS256").decode(), "no private key that can be read"),
        (lambda: "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n", "no private key that can be read"),
        (elliptic_pem, "must hold a key for EdDSA"),
    ],
)
def test_a_file_that_cannot_sign_is_told(text: Callable[[], str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_signing_key(text(), "a", None)


@pytest.mark.parametrize(("algorithm", "ending"), [("HS256", ".pem"), ("EdDSA", ".txt"), ("RS256", "")])
def test_a_key_is_written_in_the_forms_there_are(algorithm: str, ending: str) -> None:
    with pytest.raises(ValueError, match=r"ends in \.json"):
        written(pair(algorithm).private, ending)


def test_libraries_for_signatures_are_loaded_with_the_first_key() -> None:
    code = (
        "import sys\n"
        "from irt.settings import Settings\n"
        "loaded = lambda: [m for m in ('jwt', 'cryptography', 'limits') if m in sys.modules]\n"
        "Settings.from_environment({'ITEMWISE_LOGIN_PROXIES': 'unix'})\n"
        "print(loaded())\n"
        "Settings.from_environment({'ITEMWISE_EMBED_KEYS': sys.argv[1]})\n"
        "print('jwt' in loaded())\n"
    )
    keys = json.dumps({"keys": [SECRET]})
    done = subprocess.run([sys.executable, "-c", code, keys], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "True"]
