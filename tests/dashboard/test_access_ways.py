"""Contract, message: who is let in, by which way and no other; what is refused, and in which words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask, jsonify

from dashboard.access import caller, caller_scope, install, known_caller
from dashboard.access.sites import is_ours
from dashboard.access.ways import host_name
from irt.callers import Grant, Role, Way
from irt.errors import AccessError
from irt.selection import FULL_SCOPE, Scope
from irt.settings import Settings
from tests.signed import KEYS, analyst, bearer, expired, shared_keys, teacher, token_for

ELSEWHERE = {"REMOTE_ADDR": "192.168.0.9"}
PROXY = {"REMOTE_ADDR": "10.0.0.5"}
SIGNED = {"ITEMWISE_EMBED_KEYS": KEYS}
LOGIN = {"ITEMWISE_LOGIN_PROXIES": "10.0.0.5, unix"}
ANYBODY = {"ITEMWISE_ALLOW_ANONYMOUS": "1"}
MATHS = teacher(subjects=frozenset({"Maths"}), classes=frozenset({"7a"}))


def server(environment: Mapping[str, str] = {}, **changes: Any) -> Flask:
    """A guarded server with one place that says who asks."""

    def who() -> Any:
        found = caller()
        return jsonify(subject=found.subject, way=found.way, role=found.role, full=caller_scope() == FULL_SCOPE)

    flask = Flask(__name__, static_folder=None)
    flask.add_url_rule("/who", "who", who, methods=["GET", "POST"])
    settings = Settings.from_environment(environment)
    install(flask, replaced(settings, **changes))
    return flask


def replaced(settings: Settings, **changes: Any) -> Settings:
    from dataclasses import replace

    return replace(settings, **changes)


def ask(environment: Mapping[str, str] = {}, peer: Mapping[str, str] = {}, **headers: str) -> Any:
    """The answer to one call; underscores of header names are hyphens."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return server(environment).test_client().get("/who", headers=sent, environ_overrides=dict(peer))


# This machine ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["localhost", "localhost:8050", "127.0.0.1:8050", "[::1]:8050", "LOCALHOST"])
def test_this_machine_is_answered_with_the_full_scope(name: str) -> None:
    assert ask(Host=name).json == {"subject": "local", "way": "local", "role": "analyst", "full": True}


def test_a_unix_socket_is_this_machine() -> None:
    assert ask(peer={"REMOTE_ADDR": ""}).status_code == 200


def test_another_machine_is_refused_unless_told() -> None:
    answer = ask(peer=ELSEWHERE)
    assert answer.status_code == 403
    assert "ITEMWISE_ALLOW_ANONYMOUS=1" in answer.text
    assert ask(ANYBODY, ELSEWHERE, Host="exams.example.org").json["way"] == "anonymous"


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[::2]", "a b"])
def test_a_foreign_name_is_refused(name: str) -> None:
    # A page may point its own name at 127.0.0.1 and then read answers as its own (DNS rebinding).
    assert ask(Host=name).status_code == 403


@pytest.mark.parametrize("header", ["Forwarded", "X_Forwarded_For", "X_Forwarded_Host", "X_Real_IP", "Via"])
def test_a_proxy_is_not_this_machine(header: str) -> None:
    assert ask(**{header: "127.0.0.1"}).status_code == 403


def test_a_token_opens_nothing_where_no_keys_are_set() -> None:
    assert ask(peer=ELSEWHERE, **bearer(analyst())).status_code == 403


# Tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_says_who_asks_and_what_they_may_see() -> None:
    answer = ask(SIGNED, ELSEWHERE, **bearer(MATHS))
    assert answer.json == {"subject": "t-1", "way": "signed", "role": "teacher", "full": False}
    assert ask(SIGNED, **bearer(analyst("ada"), kid="2027")).json["subject"] == "ada"


def test_with_keys_this_machine_needs_a_token_too() -> None:
    # A reverse proxy on this machine makes everybody look local.
    answer = ask(SIGNED)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Itemwise"'
    assert answer.text.startswith("This call carries no access token.")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_may_be_written_in_any_case(scheme: str) -> None:
    assert ask(SIGNED, Authorization=f"{scheme} {token_for(MATHS)}").status_code == 200


GOOD = token_for(MATHS)
FORGED = token_for(analyst(), keys=shared_keys("another").replace('"another"', '"2026"'))


@pytest.mark.parametrize(
    "sent",
    [
        "Bearer",
        "Bearer ",
        "Bearer  ,",
        f"Bearer {GOOD}x",
        f"Bearer {GOOD[:-1]}",
        f"Bearer {FORGED}",
        f"Bearer {GOOD} {GOOD}",
        f"Bearer {GOOD},Bearer {GOOD}",
        f"Bearer {GOOD}, Basic eDp5",
        f"Basic eDp5,Bearer {GOOD}",
        f"Bearer {GOOD.rpartition('.')[0]}.",
        f"Bearer {'a' * 20_000}",
        "Bearer a.b.c",
        "Bearer ü.ü.ü",
        expired(MATHS)["Authorization"],
        bearer(MATHS, kid="old", keys=shared_keys("old"))["Authorization"],
    ],
)
@pytest.mark.parametrize("ways", [SIGNED, SIGNED | LOGIN], ids=["signed", "either"])
def test_a_bad_token_is_refused_and_never_falls_back(ways: dict[str, str], sent: str) -> None:
    answer = ask(ways, PROXY, Authorization=sent, X_Remote_User="ada")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Itemwise", error="invalid_token"'
    assert "Traceback" not in answer.text
    assert len(sent) < 20 or sent.partition(" ")[2] not in answer.text


@pytest.mark.parametrize("sent", ["Basic eDp5", "Digest username=x, realm=y", "Bearers x", ""])
def test_other_schemes_are_no_token(sent: str) -> None:
    assert ask(SIGNED, Authorization=sent).headers["WWW-Authenticate"] == 'Bearer realm="Itemwise"'


def test_a_token_stands_in_its_header_alone() -> None:
    client = server(SIGNED).test_client()
    for name in ("token", "access_token", "jwt", "authorization"):
        assert client.get("/who", query_string={name: GOOD}).status_code == 401
        assert client.post("/who", data={name: GOOD}).status_code == 401
        client.set_cookie(name, GOOD)
    assert client.get("/who").status_code == 401


def test_a_token_needs_no_name_and_no_site() -> None:
    sent = bearer(MATHS) | {"Host": "exams.example.org", "Sec_Fetch_Site": "cross-site", "X_Forwarded_For": "1.2.3.4"}
    assert ask(SIGNED, ELSEWHERE, **sent).status_code == 200


# A login proxy ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", [PROXY, {"REMOTE_ADDR": ""}, {"REMOTE_ADDR": "::ffff:10.0.0.5"}])
def test_a_login_proxy_names_who_asks(peer: dict[str, str]) -> None:
    answer = ask(LOGIN, peer, X_Remote_User="ada", X_Forwarded_For="192.168.0.9", Host="exams.example.org")
    assert answer.json == {"subject": "ada", "way": "login", "role": "analyst", "full": True}


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.0.0.50", "10.0.0.4", "::1", "not an address"])
def test_nobody_else_may_name_who_asks(peer: str) -> None:
    answer = ask(
        LOGIN, {"REMOTE_ADDR": peer}, X_Remote_User="ada", X_Forwarded_For="10.0.0.5", Forwarded="for=10.0.0.5"
    )
    assert answer.status_code == 403
    assert "login proxy only" in answer.text


@pytest.mark.parametrize(
    "login", ["", "  ", "ada,eve", "ada, eve", "a\tb", "a\x7fb", "x" * 201, "a\u2028b", "\xff\xfe"]
)
def test_a_login_that_is_none_or_several_is_refused(login: str) -> None:
    sent = login.encode().decode("latin-1") if login != "\xff\xfe" else login
    answer = server(LOGIN).test_client().get("/who", environ_overrides={**PROXY, "HTTP_X_REMOTE_USER": sent})
    assert answer.status_code == 403
    assert "login" in answer.text


def test_a_login_may_be_written_in_any_script() -> None:
    sent = "山田".encode().decode("latin-1")
    answer = server(LOGIN).test_client().get("/who", environ_overrides={**PROXY, "HTTP_X_REMOTE_USER": sent})
    assert answer.json["subject"] == "山田"


def test_a_login_sees_what_was_granted_to_it() -> None:
    grants = {"ada": Grant(FULL_SCOPE, Role.ANALYST), "*": Grant(Scope(classes=frozenset({"7a"}), names=False))}

    def look(login: str, known: Any = grants) -> Any:
        sent = {**PROXY, "HTTP_X_REMOTE_USER": login}
        return server(LOGIN, login_grants=known).test_client().get("/who", environ_overrides=sent)

    assert look("ada").json["full"] is True
    assert look("eve").json == {"subject": "eve", "way": "login", "role": "teacher", "full": False}
    assert look("Ada").json["role"] == "teacher", "a login is as it is written"
    assert look("eve", {"ada": grants["ada"]}).status_code == 403


def test_beside_keys_the_proxy_names_who_has_no_token() -> None:
    both = SIGNED | LOGIN
    assert ask(both, PROXY, X_Remote_User="ada").json["way"] == "login"
    assert ask(both, PROXY, X_Remote_User="ada", Authorization="Basic eDp5").json["way"] == "login"
    assert ask(both, PROXY, X_Remote_User="ada", **bearer(MATHS)).json["way"] == "signed"
    assert ask(both, PROXY).status_code == 401
    assert ask(both, ELSEWHERE, X_Remote_User="ada").status_code == 401


def test_another_header_may_name_who_asks() -> None:
    named = LOGIN | {"ITEMWISE_LOGIN_HEADER": "X-Auth-User"}
    assert ask(named, PROXY, X_Auth_User="ada").json["subject"] == "ada"
    assert ask(named, PROXY, X_Remote_User="ada").status_code == 403


# Other sites -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ways", "peer"), [({}, {}), (LOGIN, PROXY), (ANYBODY, ELSEWHERE)], ids=["local", "login", "any"]
)
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 403),
        ({"Sec-Fetch-Site": "nonsense"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://proxy.example"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "https://localhost"}, 200),
        ({"Origin": "http://localhost:8080"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost@evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[x"}, 403),
        ({"Origin": ""}, 403),
        ({}, 200),
    ],
)
def test_a_page_of_another_site_may_not_send(
    ways: dict[str, str], peer: dict[str, str], sent: dict[str, str], status: int
) -> None:
    client = server(ways).test_client()
    headers = sent | ({"X-Remote-User": "ada"} if ways == LOGIN else {})
    for method in ("GET", "POST"):
        answer = client.open("/who", method=method, headers=headers, environ_overrides=peer)
        assert answer.status_code == status


def test_a_host_is_compared_as_it_is_meant() -> None:
    flask = Flask(__name__)
    with flask.test_request_context(
        headers={"Host": "Exams.example.org:8443", "Origin": "https://exams.EXAMPLE.org:8443"}
    ):
        from flask import request

        assert is_ours(request)


# Outside a request -----------------------------------------------------------------------------------------------


def test_a_scope_belongs_to_a_request() -> None:
    with pytest.raises(AccessError, match="belongs to a request"):
        caller_scope()
    assert known_caller() is None


@pytest.mark.parametrize(
    ("host", "name"), [("a:1", "a"), ("A", "a"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("", ""), (":80", "")]
)
def test_host_name(host: str, name: str) -> None:
    assert host_name(host) == name


def test_every_way_is_tried_here() -> None:
    assert {Way.LOCAL, Way.ANONYMOUS, Way.SIGNED, Way.LOGIN} == set(Way)
