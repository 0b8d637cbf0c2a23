"""Contract: the example portals in Python, PHP and Node sign what Itemwise reads, and the guide shows their code."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dashboard.words import say
from irt.callers import Role, read_grant
from irt.selection import Scope
from irt.tokens import read_keys, read_token
from tests.example_portal import PEOPLE, PORTAL, example

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "docs" / "embedding.md").read_text("utf-8")

LIFE = 120
ITEMWISE = "http://127.0.0.1:8050/a&b/"

TEACHES = Scope(
    subjects=frozenset({"Mathematics (simulated)", "Japanese 国語 (simulated)"}), classes=frozenset({"7A"}), names=True
)

SECRET = {"kty": "oct", "kid": "of 2026", "alg": "HS256", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}


def pair() -> tuple[dict[str, str], dict[str, str]]:
    """A private key, and what Itemwise is told of it."""
    key = Ed25519PrivateKey.generate()
    text = [
        base64.urlsafe_b64encode(part).rstrip(b"=").decode()
        for part in (key.private_bytes_raw(), key.public_key().public_bytes_raw())
    ]
    public = {"kty": "OKP", "crv": "Ed25519", "kid": "pair", "alg": "EdDSA", "x": text[1]}
    return {**public, "d": text[0]}, public


KEYS = {"HS256": (SECRET, SECRET), "EdDSA": pair()}


def free_port(host: str) -> int:
    """A port that nobody listens at."""
    with socket.socket() as free:
        free.bind((host, 0))
        return int(free.getsockname()[1])


@contextmanager
def started(command: list[str], port: int, environment: dict[str, str]) -> Iterator[str]:
    """A program that serves at a port, until the block ends."""
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(1_000):
            try:
                socket.create_connection(("localhost", port)).close()
                break
            except OSError:
                assert process.poll() is None, f"{command[0]} ended"
                time.sleep(0.05)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(
    scope="module",
    params=[(name, algorithm) for name in ("python", "php", "node") for algorithm in KEYS],
    ids="-".join,
)
def portal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A portal that runs: its address, and the keys that Itemwise would have."""
    name, algorithm = request.param
    signing, known = KEYS[algorithm]
    keys = read_keys(json.dumps({"keys": [known]}))
    tmp_path = tmp_path_factory.mktemp("portal")
    (tmp_path / "key.json").write_text(json.dumps(signing), "utf-8")
    port = free_port("localhost")
    environment = {
        "PORTAL_KEY": str(tmp_path / "key.json"),
        "PORTAL_ITEMWISE": ITEMWISE,
        "PORTAL_PORT": str(port),
        "PORTAL_LIFE": str(LIFE),
    }
    command = {
        "python": [sys.executable, str(PORTAL / "portal.py")],
        "php": ["php", "-S", f"localhost:{port}", str(PORTAL / "portal.php")],
        "node": ["node", str(PORTAL / "portal.mjs")],
    }[name]
    with started(command, port, environment) as address:
        yield SimpleNamespace(address=address, keys=keys, key=signing)


def sign_in(portal: Any, user: str) -> requests.Session:
    """A browser in which somebody has signed in."""
    browser = requests.Session()
    browser.post(f"{portal.address}/", data={"user": user}, timeout=10).raise_for_status()
    return browser


def test_portal_signs_for_whoever_is_signed_in_and_for_nobody_else(portal: Any) -> None:
    browser = sign_in(portal, "ito")
    # What a browser sends has no say in it.
    answer = browser.post(f"{portal.address}/token?sub=berg", json={"sub": "berg", "itemwise": {}}, timeout=10)
    assert answer.headers["Cache-Control"] == "no-store"
    token = answer.json()["token"]

    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims.pop("exp") - claims.pop("iat") == LIFE
    assert claims == {"sub": "ito", "aud": "itemwise", "itemwise": PEOPLE["ito"]["grant"]}
    assert jwt.get_unverified_header(token) == {"alg": portal.key["alg"], "kid": portal.key["kid"], "typ": "JWT"}

    read = read_token(token, portal.keys)
    assert (read.subject, read.scope, read.role, read.key) == ("ito", TEACHES, Role.TEACHER, portal.key["kid"])
    assert read.expires is not None
    assert read.expires - datetime.now(UTC) <= timedelta(seconds=LIFE)

    browser.post(f"{portal.address}/logout", timeout=10)
    for stranger in (browser, requests.Session(), sign_in(portal, "nobody"), sign_in(portal, "__proto__")):
        assert stranger.post(f"{portal.address}/token", timeout=10).status_code == 401


def test_portal_shows_the_frame_under_a_strict_policy_and_serves_no_other_file(portal: Any) -> None:
    page = sign_in(portal, "berg").get(f"{portal.address}/", timeout=10)
    assert page.headers["Content-Type"].lower() == "text/html; charset=utf-8"
    assert page.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
        f"frame-src {ITEMWISE}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert f'src="{ITEMWISE}"' in html.unescape(page.text)
    assert ITEMWISE not in page.text  # its ampersand was written as HTML
    assert "Mr Berg" in page.text
    assert "{{" not in page.text
    script = requests.get(f"{portal.address}/itemwise.js", timeout=10)
    assert script.text == (PORTAL / "itemwise.js").read_text("utf-8")
    assert script.headers["Content-Type"].startswith("text/javascript")
    for name in ("people.json", "portal.py", "portal.php", "..%2f..%2fREADME.md", "key.json"):
        assert requests.get(f"{portal.address}/{name}", timeout=10).status_code == 404


def test_portal_in_python_says_what_it_takes() -> None:
    said = subprocess.run(
        [sys.executable, str(PORTAL / "portal.py"), "--help"], capture_output=True, text=True, check=True
    )
    assert "PORTAL_KEY " in said.stdout


# ---- The guide


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language in the guide."""
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.M | re.S)


def flush_left(text: str) -> str:
    """A text without what its lines are indented by."""
    return re.sub(r"^ +", "", text, flags=re.M)


@pytest.mark.parametrize(
    ("language", "name", "number"), [("python", "portal.py", 2), ("php", "portal.php", 1), ("js", "portal.mjs", 1)]
)
def test_code_of_the_guide_is_that_of_the_example(language: str, name: str, number: int) -> None:
    code = flush_left((PORTAL / name).read_text("utf-8"))
    of_example = [block for block in blocks(language) if not block.startswith("import")]
    assert len(of_example) == number
    assert [block for block in of_example if flush_left(block) not in code] == []


def test_frame_of_the_guide_is_that_of_the_example() -> None:
    (frame,) = blocks("html")
    assert flush_left(frame) in flush_left((PORTAL / "index.html").read_text("utf-8"))
    for attribute in re.findall(r'[\s<]([a-z-]+)="', frame):
        assert attribute in ("id", "role", "href") or f"`{attribute}" in GUIDE


def test_every_message_is_in_the_guide_in_the_portals_script_and_in_the_frames() -> None:
    documented = set(re.findall(r'^\| (?:frame|portal) \| `\{type: "(itemwise:\w+)"', GUIDE, re.M))
    for script in (PORTAL / "itemwise.js", ROOT / "assets" / "portal.js"):
        assert set(re.findall(r'"(itemwise:\w+)"', script.read_text("utf-8"))) == documented


def test_grants_of_the_guide_are_read() -> None:
    prose = re.sub(r"^```.*?^```$", "", GUIDE, flags=re.M | re.S)
    grants = [json.loads(text) for text in re.findall(r'(\{"subjects".*?\})', prose)]
    assert len(grants) >= 6
    for grant in grants:
        read_grant(grant)


def test_sentences_of_the_guide_are_those_on_screen() -> None:
    for kind in ("alone", "silent", "ended"):
        assert f'| "{say(f"frame.portal_{kind}_title")}" |' in GUIDE


def test_program_of_the_guide_calls_the_api(
    sample_store: Path, open_app: Callable[..., Any], serve: Callable[[Any], str]
) -> None:
    (program,) = (block for block in blocks("python") if block.startswith("import"))
    app = open_app(sample_store, ITEMWISE_EMBED_KEYS=json.dumps({"keys": [SECRET]}))
    names: dict[str, Any] = {"itemwise": serve(app), "key": SECRET, "sign": example().sign}
    exec(program, names)  # noqa: S102 - our own guide
    assert len(names["items"]) == 36


# ---- Both with one command


def test_demo_starts_portal_and_dashboard_with_keys_of_their_own(sample_store: Path, tmp_path: Path) -> None:
    ports = [free_port("127.0.0.1"), free_port("localhost")]
    command = [
        sys.executable,
        str(PORTAL / "demo.py"),
        "--portal=php",
        f"--port={ports[0]}",
        f"--portal-port={ports[1]}",
    ]
    settings = {"ITEMWISE_SOURCE": f"parquet:{sample_store}", "ITEMWISE_CACHE": str(tmp_path)}
    with started(command, ports[0], settings):
        running = SimpleNamespace(address=f"http://localhost:{ports[1]}")
        token = sign_in(running, "ito").post(f"{running.address}/token", timeout=10).json()["token"]
        catalogue = f"http://127.0.0.1:{ports[0]}/api/v1/catalogue"
        assert requests.get(catalogue, timeout=10).status_code == 401
        seen = requests.get(catalogue, headers={"Authorization": f"Bearer {token}"}, timeout=10).json()["data"]
        assert {row["class_name"] for row in seen} == {"7A"}
        assert {row["subject"] for row in seen} == TEACHES.subjects
    for port in ports:  # what it started ends with it
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("localhost", port)).close()
