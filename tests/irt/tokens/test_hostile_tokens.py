"""Contract and invariant: which tokens are taken, and that no other is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irt.callers import Caller, Role, Way
from irt.selection import Scope
from irt.tokens import LONGEST_LIFE, Keys, TokenRefused, read_token, sign_token
from tests.irt.tokens.signing import ALGORITHMS, by_hand, claims, encoded, keys, pair, public_pem, signed, signing

SECRET: bytes = signing("HS256").material
GRANT = claims()["itemwise"]
#: A signature of RFC 7515's own example: well-formed, and of something else.
FOREIGN = signed(claims(), "HS256").rsplit(".", 1)[1]


pytestmark = pytest.mark.filterwarnings("error")  # of keys that are too short


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_good_token_says_who_asks(algorithm: str) -> None:
    said = claims()
    caller = read_token(signed(said, algorithm), keys())
    assert caller == Caller(
        "teacher-17",
        Scope(frozenset({"Mathematics"}), None, frozenset({"7a"}), names=False),
        Role.TEACHER,
        "en",
        Way.SIGNED,
        algorithm,
        datetime.fromtimestamp(said["exp"], UTC),
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    "scope",
    [Scope(names=True), Scope(frozenset(), frozenset({""}), frozenset({"7a", "組 1"}), names=False)],
    ids=["everything", "a little"],
)
def test_what_is_signed_is_read_back(algorithm: str, scope: Scope) -> None:
    asked = Caller("ada@example.org", scope, Role.ANALYST, "pt-BR")
    found = read_token(sign_token(asked, signing(algorithm), timedelta(minutes=5)), keys())
    assert found.expires is not None
    assert 0 < (found.expires - datetime.now(UTC)).total_seconds() <= 300
    assert found == replace(asked, key=algorithm, expires=found.expires)


def now() -> int:
    """When a test runs, not when it is collected."""
    return int(time.time())


#: Unusual, and good all the same.
GOOD: dict[str, Callable[[], str]] = {
    "an audience of one": lambda: signed(claims(aud=["itemwise"])),
    "a fraction of a second": lambda: signed(claims(iat=now() - 0.5, exp=now() + 600.25)),
    "a clock that is a little ahead": lambda: signed(claims(iat=now() + 15, exp=now() + 600)),
    "a whole hour": lambda: (lambda begun: signed(claims(iat=begun, exp=begun + 3600)))(now()),
    "claims for others": lambda: signed(claims(iss="https://portal.example.org", jti="1", roles=["admin"])),
    "no type": lambda: signed(claims(), typ=None),
    "keys that it brings along, beside the right signature": lambda: signed(
        claims(), "EdDSA", jwk=dict(pair("RS256", "other").public), jku="https://evil.example/keys", x5u="x", x5c=["x"]
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_unusual_tokens_are_taken(name: str) -> None:
    assert read_token(GOOD[name](), keys()).subject == "teacher-17"


def own_key(header: dict[str, Any], algorithm: str = "EdDSA") -> str:
    """Signed by a key of the attacker's own, under the name of a known one."""
    return jwt.encode(
        claims(), signing(algorithm, "attacker").material, algorithm, headers={"kid": algorithm, **header}
    )


def parts(token: str) -> list[str]:
    return token.split(".")


def swapped(**changed: Any) -> str:
    """A good token whose claims were replaced by others."""
    header, _, signature = parts(signed(claims()))
    return ".".join([header, encoded(json.dumps(claims(**changed))), signature])


WIDE = {"subjects": "*", "exams": "*", "classes": "*", "names": True, "role": "analyst"}
HS256 = {"alg": "HS256", "kid": "HS256", "typ": "JWT"}

#: What an attacker, a portal with a fault, or a clock that is wrong may send; and the reason for which it is refused.
BAD: dict[str, tuple[Callable[[], str], str]] = {
    # Signatures
    "alg none": (lambda: by_hand({"alg": "none", "kid": "HS256"}, claims()), "invalid"),
    "alg None": (lambda: by_hand({"alg": "None", "kid": "HS256"}, claims(), b""), "invalid"),
    "alg none with a signature": (lambda: by_hand({"alg": "none", "kid": "HS256"}, claims(), SECRET), "invalid"),
    "no alg": (lambda: by_hand({"kid": "HS256"}, claims(), SECRET), "invalid"),
    "alg null": (lambda: by_hand({"alg": None, "kid": "HS256"}, claims(), SECRET), "invalid"),
    "alg a list": (lambda: by_hand({"alg": ["HS256"], "kid": "HS256"}, claims(), SECRET), "invalid"),
    "alg in small letters": (lambda: by_hand({"alg": "hs256", "kid": "HS256"}, claims(), SECRET), "invalid"),
    "HS512 with the key of HS256": (
        lambda: by_hand({"alg": "HS512", "kid": "HS256"}, claims(), SECRET, "sha512"),
        "invalid",
    ),
    "HS256 with the public RSA key as secret": (
        lambda: by_hand({"alg": "HS256", "kid": "RS256"}, claims(), public_pem("RS256")),
        "invalid",
    ),
    "HS256 with the public Ed25519 key as secret": (
        lambda: by_hand({"alg": "HS256", "kid": "EdDSA"}, claims(), public_pem("EdDSA")),
        "invalid",
    ),
    "HS256 with the public JWK as secret": (
        lambda: by_hand({"alg": "HS256", "kid": "EdDSA"}, claims(), json.dumps(dict(pair("EdDSA").public)).encode()),
        "invalid",
    ),
    "EdDSA under the kid of a shared secret": (lambda: signed(claims(), "EdDSA", kid="HS256"), "invalid"),
    "RS256 under the kid of an Ed25519 key": (lambda: signed(claims(), "RS256", kid="EdDSA"), "invalid"),
    "PS256 with the key of RS256": (
        lambda: jwt.encode(claims(), signing("RS256").material, "PS256", headers={"kid": "RS256"}),
        "invalid",
    ),
    "RS512 with the key of RS256": (
        lambda: jwt.encode(claims(), signing("RS256").material, "RS512", headers={"kid": "RS256"}),
        "invalid",
    ),
    "another's key under a known kid": (lambda: own_key({}), "invalid"),
    "another's RSA key under a known kid": (lambda: own_key({}, "RS256"), "invalid"),
    "another's secret under a known kid": (lambda: own_key({}, "HS256"), "invalid"),
    "another's key, brought along": (lambda: own_key({"jwk": dict(pair("EdDSA", "attacker").public)}), "invalid"),
    "another's key, at an address": (lambda: own_key({"jku": "https://evil.example/keys.json"}), "invalid"),
    "another's certificate": (lambda: own_key({"x5u": "https://evil.example/x", "x5c": ["MIIB"]}), "invalid"),
    "another's signature": (lambda: ".".join([*parts(signed(claims(sub="eve")))[:2], FOREIGN]), "invalid"),
    "a signature cut short": (lambda: signed(claims())[:-4], "invalid"),
    "a wide grant under an old signature": (lambda: swapped(itemwise=WIDE), "invalid"),
    "a later end under an old signature": (lambda: swapped(exp=now() + 3000), "invalid"),
    # Keys
    "no kid": (lambda: by_hand({"alg": "HS256"}, claims(), SECRET), "invalid"),
    "an unknown kid": (lambda: signed(claims(), kid="2019"), "invalid"),
    "an empty kid": (lambda: signed(claims(), kid=""), "invalid"),
    "a kid that is a path": (lambda: by_hand({**HS256, "kid": "../../dev/null"}, claims(), b""), "invalid"),
    "a kid that is SQL": (lambda: signed(claims(), kid="' UNION SELECT 'x"), "invalid"),
    "a kid in look-alike letters": (lambda: signed(claims(), kid="ＨＳ256"), "invalid"),
    "a kid with a NUL": (lambda: signed(claims(), kid="HS256\0"), "invalid"),
    **{
        f"a kid that is {json.dumps(kid)}": (
            lambda kid=kid: by_hand({"alg": "HS256", "kid": kid}, claims(), SECRET),
            "invalid",
        )
        for kid in (1, None, ["HS256"], {"HS256": 1}, True)
    },
    # Headers that change what is signed
    "crit unknown": (lambda: signed(claims(), crit=["exp"], exp=1), "invalid"),
    "crit empty": (lambda: by_hand({**HS256, "crit": []}, claims(), SECRET), "invalid"),
    "crit no list": (lambda: by_hand({**HS256, "crit": "b64", "b64": True}, claims(), SECRET), "invalid"),
    "payload not encoded": (lambda: by_hand({**HS256, "crit": ["b64"], "b64": False}, claims(), SECRET), "invalid"),
    "payload left out": (
        lambda: jwt.api_jws.encode(json.dumps(claims()).encode(), SECRET, "HS256", {"kid": "HS256", "b64": False}),
        "invalid",
    ),
    "header no object": (lambda: by_hand(["HS256"], claims(), SECRET), "invalid"),
    "header no JSON": (lambda: by_hand("{", claims(), SECRET), "invalid"),
    "header nested too deeply": (lambda: by_hand("[" * 9_000, claims(), SECRET), "invalid"),
    "a token in a token": (lambda: by_hand({**HS256, "cty": "JWT"}, signed(claims()), SECRET), "invalid"),
    "encrypted": (
        lambda: ".".join([encoded('{"alg":"dir","enc":"A128GCM","kid":"HS256"}'), "", "a", "a", "a"]),
        "invalid",
    ),
    # Form
    "nothing": (lambda: "", "invalid"),
    "a word": (lambda: "token", "invalid"),
    "two parts": (lambda: ".".join(parts(signed(claims()))[:2]), "invalid"),
    "four parts": (lambda: signed(claims()) + ".e30", "invalid"),
    "three empty parts": (lambda: "..", "invalid"),
    "a space before": (lambda: " " + signed(claims()), "invalid"),
    "a line end after": (lambda: signed(claims()) + "\n", "invalid"),
    "a space within": (lambda: signed(claims()).replace(".", ". ", 1), "invalid"),
    "padding": (lambda: signed(claims()) + "=", "invalid"),
    "the other base64": (
        lambda: signed(claims(sub="?????"), kid="HS256").replace("_", "/").replace("-", "+"),
        "invalid",
    ),
    "no ASCII": (lambda: signed(claims()) + "é", "invalid"),
    "half a character": (lambda: signed(claims()) + "\ud800", "invalid"),
    "two tokens": (lambda: f"{signed(claims())}, {signed(claims())}", "invalid"),
    "JSON in place of the compact form": (
        lambda: json.dumps(dict(zip(("protected", "payload", "signature"), parts(signed(claims())), strict=True))),
        "invalid",
    ),
    "very long": (lambda: signed(claims(padding="x" * 20_000)), "invalid"),
    "ten megabytes": (lambda: "a" * 10_000_000, "invalid"),
    # Claims
    "claims no object": (lambda: by_hand(HS256, [claims()], SECRET), "invalid"),
    "claims no JSON": (lambda: by_hand(HS256, "sub=eve", SECRET), "invalid"),
    "claims no UTF-8": (lambda: by_hand(HS256, b"\xff\xfe{}", SECRET), "invalid"),
    "claims nested too deeply": (lambda: by_hand(HS256, '{"x":' * 2_200, SECRET), "invalid"),
    "a claim twice": (
        lambda: by_hand(HS256, json.dumps(claims())[:-1] + f', "itemwise": {json.dumps(WIDE)}}}', SECRET),
        "invalid",
    ),
    "a limit twice": (
        lambda: by_hand(HS256, json.dumps(claims()).replace('"exams":', '"classes": "*", "exams":'), SECRET),
        "invalid",
    ),
    **{
        f"no {name}": (lambda name=name: signed(claims(**{name: None})), "invalid")
        for name in ("sub", "aud", "iat", "exp")
    },
    **{
        f"aud {json.dumps(value)}": (lambda value=value: by_hand(HS256, claims(aud=value), SECRET), "invalid")
        for value in (
            "",
            "other",
            "Itemwise",
            "itemwise ",
            [],
            ["other"],
            ["itemwise", "other"],
            [["itemwise"]],
            {"itemwise": 1},
            1,
            True,
        )
    },
    **{
        f"exp {value[:20]}": (
            lambda value=value: by_hand(
                HS256, json.dumps(claims(exp=0)).replace('"exp": 0', f'"exp": {value}'), SECRET
            ),
            "invalid",
        )
        for value in (
            "true",
            "null",
            '"4000000000"',
            "NaN",
            "Infinity",
            "-Infinity",
            "1e400",
            "-1",
            "1e20",
            "[]",
            "{}",
            "9" * 5_000,
        )
    },
    "exp in the past": (lambda: signed(claims(iat=now() - 700, exp=now() - 100)), "expired"),
    "exp now": (lambda: signed(claims(exp=now())), "expired"),
    "exp 0": (lambda: signed(claims(iat=0, exp=0)), "expired"),
    "exp long before iat": (lambda: signed(claims(exp=now() - 3000)), "expired"),
    "exp more than an hour after iat": (lambda: signed(claims(iat=now(), exp=now() + 3601)), "invalid"),
    "iat long ago": (lambda: signed(claims(iat=0)), "invalid"),
    "iat in the future": (lambda: signed(claims(iat=now() + 120, exp=now() + 600)), "invalid"),
    "iat a word": (lambda: by_hand(HS256, claims(iat="now"), SECRET), "invalid"),
    "iat yes": (lambda: by_hand(HS256, claims(iat=True), SECRET), "invalid"),
    "nbf in the future": (lambda: signed(claims(nbf=now() + 120)), "invalid"),
    "nbf a word": (lambda: by_hand(HS256, claims(nbf="now"), SECRET), "invalid"),
    **{
        f"sub {json.dumps(value)[:20]}": (lambda value=value: by_hand(HS256, claims(sub=value), SECRET), "invalid")
        for value in ("", 17, True, ["teacher-17"], {"id": 17}, "a\nb", "a\0", "\u202eadmin", "x" * 201)
    },
    # Grants: more of them in test_callers.py
    "no grant": (lambda: signed(claims(itemwise=None)), "grant"),
    "a grant that is a text": (lambda: signed(claims(itemwise=json.dumps(GRANT))), "grant"),
    "a forgotten limit": (lambda: signed(claims(itemwise={"subjects": "*", "exams": "*"})), "grant"),
    "a limit that is null": (lambda: signed(claims(itemwise={**GRANT, "classes": None})), "grant"),
    "an unknown part of a grant": (lambda: signed(claims(itemwise={**GRANT, "schools": ["x"]})), "grant"),
    "half a character in a grant": (
        lambda: by_hand(HS256, claims(itemwise={**GRANT, "classes": ["\ud800"]}), SECRET),
        "grant",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_no_other_token_is_taken(name: str) -> None:
    make, reason = BAD[name]
    token = make()
    with pytest.raises(TokenRefused) as caught:
        read_token(token, keys())
    said = caught.value.message
    assert caught.value.facts["reason"] == reason
    assert said.startswith("The access token")
    assert said.endswith(".")
    assert "teacher-17" not in said
    assert len(said) < 300


@cache
def kept(algorithm: str) -> str:
    """One good token."""
    return signed(claims(), algorithm)


@given(st.sampled_from(ALGORITHMS), st.data())
@settings(max_examples=150, deadline=None)
def test_a_token_with_any_character_changed_is_refused(algorithm: str, data: st.DataObject) -> None:
    token = kept(algorithm)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda found: found != token[place]))
    with pytest.raises(TokenRefused):
        read_token(token[:place] + other + token[place + 1 :], keys())


@given(st.text(max_size=60) | st.binary(max_size=60).map(encoded), st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_whatever_is_signed_is_read_or_refused(payload: str, kid: str) -> None:
    header = {"alg": "HS256", "kid": kid or "HS256"}
    with pytest.raises(TokenRefused):
        read_token(by_hand(header, payload, SECRET), keys())


def test_keys_change_while_both_are_taken() -> None:
    old, new = signed(claims(), "HS256"), signed(claims(), "EdDSA")
    before, between, after = keys("HS256"), keys("HS256", "EdDSA"), keys("EdDSA")
    assert [read_token(token, between).key for token in (old, new)] == ["HS256", "EdDSA"]
    assert read_token(old, before).key == "HS256"
    assert read_token(new, after).key == "EdDSA"
    for token, known in ((new, before), (old, after), (old, Keys({}))):
        with pytest.raises(TokenRefused, match="a key that is not known here"):
            read_token(token, known)


def test_a_token_ends_on_our_clock_to_the_second() -> None:
    said = claims()
    token = signed(said)
    ends = datetime.fromtimestamp(said["exp"], UTC)
    assert read_token(token, keys(), now=ends - timedelta(milliseconds=1)).expires == ends
    with pytest.raises(TokenRefused, match="has ended") as caught:
        read_token(token, keys(), now=ends)
    assert caught.value.facts["reason"] == "expired"


def test_a_token_for_longer_than_is_allowed_can_be_signed_and_is_not_taken() -> None:
    caller = Caller("ada", Scope())
    token = sign_token(caller, signing("HS256"), LONGEST_LIFE + timedelta(seconds=1))
    with pytest.raises(TokenRefused, match="more than 1 hour"):
        read_token(token, keys())
