"""Contract and message: ``python -m irt token`` makes what a server takes, reads it, and makes keys."""

from __future__ import annotations

import io
import json
import re
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from irt.callers import Caller, Role
from irt.commands import main
from irt.selection import Scope
from irt.tokens import read_keys, read_signing_key, read_token, sign_token
from tests.irt.tokens.signing import pair, signing

Run = Callable[..., tuple[int, str, str]]

SETS = {name: json.dumps({"keys": [dict(pair(name).public)]}) for name in ("HS256", "EdDSA", "RS256")}
BOTH = json.dumps({"keys": [dict(pair("EdDSA").public), dict(pair("HS256").public)]})
EVERYTHING = ("--every", "subjects", "exams", "classes")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run ``token`` with these keys set, in an empty folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def go(*arguments: object, keys: str = SETS["HS256"], typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setenv("ITEMWISE_EMBED_KEYS", keys)
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        try:
            code = main(["token", *map(str, arguments)])
        except SystemExit as stop:
            code = int(stop.code or 0)
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return code, told.out, told.err

    return go


def test_a_token_grants_what_was_named(run: Run) -> None:
    code, out, err = run(
        *("--for", "teacher-17", "--subject", "Mathematics", "--exam", "Term 1", "Term 2", "--class", "7a"),
        *("--class", "7b", "--names", "--role", "analyst", "--language", "ja", "--minutes", "5"),
    )
    assert (code, err) == (0, "Signed with the key HS256 (HS256), good for 5 minutes.\n")
    caller = read_token(out.strip(), read_keys(SETS["HS256"]))
    assert caller.subject == "teacher-17"
    assert caller.scope == Scope(
        frozenset({"Mathematics"}), frozenset({"Term 1", "Term 2"}), frozenset({"7a", "7b"}), names=True
    )
    assert (caller.role, caller.language) == (Role.ANALYST, "ja")
    assert caller.expires is not None
    assert timedelta(minutes=4) < caller.expires - datetime.now(UTC) <= timedelta(minutes=5)


def test_what_is_not_said_is_the_least(run: Run) -> None:
    _, out, err = run("--for", "a", "--subject", "", "--every", "exams", "classes")
    caller = read_token(out.strip(), read_keys(SETS["HS256"]))
    assert (caller.scope, caller.role) == (Scope(subjects=frozenset({""}), names=False), Role.TEACHER)
    assert "good for 10 minutes" in err


def test_a_token_is_read_from_stdin(run: Run) -> None:
    _, token, _ = run("--for", "teacher-17", "--class", "7a", "--every", "subjects", "exams")
    code, out, err = run("--read", "-", typed=f"Bearer {token}\n")
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert 590 < said.pop("seconds_left") <= 600
    assert datetime.fromisoformat(said.pop("until")) > datetime.now(UTC)
    assert said == {
        "for": "teacher-17",
        "kid": "HS256",
        "subjects": "*",
        "exams": "*",
        "classes": ["7a"],
        "names": False,
        "role": "teacher",
        "language": "en",
    }
    assert run("--read", token.strip())[0] == 0


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256"])
@pytest.mark.parametrize("ending", [".json", ".pem"])
def test_a_new_pair_of_keys_signs(run: Run, tmp_path: Path, algorithm: str, ending: str) -> None:
    private = tmp_path / f"portal{ending}"
    code, public, err = run("--new-key", algorithm, "--kid", "new", "--out", private)
    assert (code, err) == (0, f"{private}: the key new that the portal signs with. Keep it secret.\n")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert '"d"' not in public
    code, token, err = run("--for", "a", *EVERYTHING, "--key", private, keys=public)
    assert (code, err) == (0, f"Signed with the key new ({algorithm}), good for 10 minutes.\n")
    assert run("--read", "-", keys=public, typed=token)[0] == 0


def test_a_new_secret_is_printed_or_kept_in_a_file(run: Run, tmp_path: Path) -> None:
    code, out, err = run("--new-key", "HS256")
    assert code == 0
    (kid,) = read_keys(out).by_kid
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-[0-9a-f]{4}", kid)
    assert err == f"The key {kid} is a secret that portal and dashboard share.\n"
    file = tmp_path / "secret.json"
    code, out, _ = run("--new-key", "HS256", "--out", file)
    assert code == 0
    assert read_signing_key(file.read_text(), None, None) in read_keys(out).by_kid.values()
    assert run("--new-key", "RS256", "--out", file)[0] == 2
    assert json.loads(file.read_text())["alg"] == "HS256"


def test_the_key_is_chosen_by_name(run: Run, tmp_path: Path) -> None:
    (tmp_path / "portal.json").write_text(json.dumps(dict(pair("EdDSA").private)))
    assert "the key HS256 " in run("--for", "a", *EVERYTHING, "--kid", "HS256", keys=BOTH)[2]
    assert "the key EdDSA " in run("--for", "a", *EVERYTHING, "--key", "portal.json", keys=BOTH)[2]
    assert run("--for", "a", *EVERYTHING, "--key", "portal.json", keys="")[0] == 0


REFUSED: dict[str, tuple[tuple[str, ...], dict[str, Any], str]] = {
    "nothing to do": ((), {}, "One of the arguments --for --read --new-key is required"),
    "two things to do": (("--for", "a", "--new-key", "HS256"), {}, "not allowed with"),
    "a forgotten limit": (
        ("--for", "a", "--subject", "M", "--class", "7a"),
        {},
        "Name the exams that may be seen (--exam), or say --every exams; so that nothing is seen by mistake.",
    ),
    "no limit at all": (("--for", "a"), {}, "Name the subjects that may be seen (--subject)"),
    "a limit and none": (("--for", "a", "--class", "7a", *EVERYTHING), {}, "or say --every classes; not both."),
    "an unknown limit": (("--for", "a", "--every", "schools"), {}, "invalid choice: 'schools'"),
    "nobody": (("--for", "", *EVERYTHING), {}, "The access token names nobody (sub)."),
    "a role": (("--for", "a", *EVERYTHING, "--role", "admin"), {}, "invalid choice: 'admin'"),
    "a language": (("--for", "a", *EVERYTHING, "--language", "en_GB"), {}, "language of a grant must be a tag"),
    "an empty language": (("--for", "a", *EVERYTHING, "--language", ""), {}, "language of a grant must be a tag"),
    "no minutes": (("--for", "a", *EVERYTHING, "--minutes", "0"), {}, "no number of minutes from 1 to 60"),
    "too many minutes": (("--for", "a", *EVERYTHING, "--minutes", "61"), {}, "no number of minutes from 1 to 60"),
    "no keys to sign": (("--for", "a", *EVERYTHING), {"keys": ""}, "ITEMWISE_EMBED_KEYS holds no key to sign with"),
    "a public key": (("--for", "a", *EVERYTHING), {"keys": SETS["EdDSA"]}, "name the private one: --key FILE."),
    "an unknown kid": (("--for", "a", *EVERYTHING, "--kid", "x"), {}, "has no key 'x'; it has HS256."),
    "a key that is not set": (
        ("--for", "a", *EVERYTHING, "--key", "portal.json"),
        {},
        "does not hold the public part of the key EdDSA: the token would be refused.",
    ),
    "another key of that name": (
        ("--for", "a", *EVERYTHING, "--key", "other.json"),
        {},
        "does not hold the public part of the key HS256: the token would be refused.",
    ),
    "no key file": (("--for", "a", *EVERYTHING, "--key", "none.json"), {}, "The file none.json cannot be read."),
    "no key in the file": (
        ("--for", "a", *EVERYTHING, "--key", "notes.txt"),
        {},
        "The file notes.txt cannot be used: it holds neither a JWK nor a private key in PEM.",
    ),
    "a file for no key": (("--for", "a", *EVERYTHING, "--out", "x.json"), {}, "--out does not go with --for"),
    "a word": (("--read", "word"), {}, "The access token is not valid."),
    "nothing to read": (("--read", "-"), {}, "The access token is not valid."),
    "an empty token": (("--read", ""), {}, "The access token is not valid."),
    "no keys to read": (("--read", "-"), {"keys": ""}, "ITEMWISE_EMBED_KEYS is not set: no key to check it with."),
    "reading with a limit": (("--read", "-", "--class", "7a"), {}, "--class does not go with --read; leave it out."),
    "reading with a role": (("--read", "-", "--role", "teacher"), {}, "--role does not go with --read; leave it out."),
    "an unknown algorithm": (("--new-key", "none"), {}, "invalid choice: 'none'"),
    "nowhere to put a private key": (("--new-key", "EdDSA"), {}, "name a file for it, --out FILE."),
    "a secret in PEM": (("--new-key", "HS256", "--out", "x.pem"), {}, "whose name ends in .json, not x.pem."),
    "a key in a form of its own": (("--new-key", "EdDSA", "--out", "x"), {}, "ends in .json or .pem, not x."),
    "a key over another": (("--new-key", "EdDSA", "--out", "portal.json"), {}, "portal.json is there already"),
    "a key nowhere": (("--new-key", "EdDSA", "--out", "no/x.pem"), {}, "cannot be written: No such file"),
    "a new key with names": (("--new-key", "HS256", "--names"), {}, "--names does not go with --new-key"),
    "a key without a name": (("--new-key", "HS256", "--kid", ""), {}, "the name of a key has 1 to 100 characters"),
    "settings with a fault": (("--for", "a", *EVERYTHING), {"keys": "x"}, "ITEMWISE_EMBED_KEYS must be a JWK set"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_one_sentence(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "portal.json").write_text(json.dumps(dict(pair("EdDSA").private)))
    (tmp_path / "other.json").write_text(json.dumps({**pair("HS256", "other").private, "kid": "HS256"}))
    (tmp_path / "notes.txt").write_text("nothing of that kind")
    arguments, more, says = REFUSED[name]
    code, out, err = run(*arguments, **more)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert pair("HS256").private["k"] not in err


def test_a_token_that_has_ended_is_told(run: Run) -> None:
    token = sign_token(
        Caller("a", Scope()), signing("HS256"), timedelta(minutes=1), now=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert run("--read", "-", typed=token) == (2, "", "The access token has ended.\n")
