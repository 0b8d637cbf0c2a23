"""Starting: the help, a wrong setting, and the guard under both servers."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from irt.settings import SETTINGS
from tests.signed import KEYS, bearer, teacher

ROOT = Path(__file__).parents[2]
GUNICORN = [sys.executable, "-m", "gunicorn", "app:server"]
PYTHON = [sys.executable, "app.py"]


def environment(store: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ITEMWISE_")}
    return {**kept, "ITEMWISE_SOURCE": f"parquet:{store}", "ITEMWISE_CACHE": "off", "WEB_CONCURRENCY": "1", **settings}


def run(command: list[str], settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=settings, timeout=60)


@contextmanager
def started(command: list[str], settings: dict[str, str], port: int) -> Iterator[subprocess.Popen[str]]:
    """A server that answers, ended with the block."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=settings,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # A shell that runs tests in the background has its children ignore interrupts.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    try:
        deadline = time.monotonic() + 40
        while status(f"http://127.0.0.1:{port}/healthz") is None:
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.2)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def status(url: str, **headers: str) -> int | None:
    """The status of an address, None where nobody answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def no_http(port: int) -> bytes:
    """What is answered to a line with a space too many, which names a student."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(b"GET /download/student.csv?student=Hanako X HTTP/1.1\r\n\r\n")
        return line.recv(2000)


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def test_importing_the_app_starts_nothing() -> None:
    done = run([sys.executable, "-c", "import app, sys; print('dash' in sys.modules)"], {**os.environ, "PORT": "x"})
    assert done.stdout.strip() == "False", done.stderr


def test_help_shows_every_setting(tmp_path: Path) -> None:
    done = run([*PYTHON, "--help"], environment(tmp_path))
    assert done.returncode == 0
    for setting in SETTINGS:
        assert setting.name in done.stdout


@pytest.mark.parametrize("command", [PYTHON, GUNICORN], ids=["python", "gunicorn"])
@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"PORT": "many"}, "PORT must be a whole number"),
        ({"HOST": "0.0.0.0"}, "or ITEMWISE_ALLOW_ANONYMOUS=1"),  # noqa: S104
        ({"ITEMWISE_EMBED_KEYS": "a"}, "must be a JWK set"),
    ],
)
def test_a_wrong_setting_stops_the_start(
    tmp_path: Path, command: list[str], settings: dict[str, str], says: str
) -> None:
    done = run(command, environment(tmp_path, **settings))
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_public_address_on_the_command_line_is_refused_too(tmp_path: Path) -> None:
    done = run([*GUNICORN, "--bind", f"0.0.0.0:{free_port()}"], environment(tmp_path))
    assert done.returncode == 2
    assert "ITEMWISE_ALLOW_ANONYMOUS=1" in done.stderr


def test_a_port_that_is_taken_is_a_sentence(tmp_path: Path, sample_store: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run(PYTHON, environment(sample_store, PORT=str(taken.getsockname()[1])))
    assert done.returncode == 2
    assert done.stderr.startswith("Cannot listen on 127.0.0.1")


def test_python_serves_and_its_log_holds_no_query(sample_store: Path) -> None:
    port = free_port()
    with started(PYTHON, environment(sample_store, PORT=str(port)), port) as process:
        assert status(f"http://127.0.0.1:{port}/api/v1/catalogue?student_id=Hanako") == 400
        assert status(f"http://127.0.0.1:{port}/", Host="evil.example") == 403
        assert b"400" in no_http(port)
        assert b"Server: Itemwise\r\n" in at_the_wire(port, path="/healthz")[1]  # no versions
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=20)[0]
    assert re.search(rf"http://127\.0\.0\.1:{port}/", told)
    assert "Hanako" not in told
    assert "Traceback" not in told


def at_the_wire(port: int, *headers: str, path: str = "/api/v1/catalogue", body: bytes = b"") -> tuple[int, bytes]:
    """Status and answer of a call whose headers are sent as they are written."""
    method = "POST" if body else "GET"
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        told = b""
        while part := line.recv(2**16):
            told += part
    return int(told.split(b" ", 2)[1]), told


def test_gunicorn_hands_over_who_asks_as_it_was_sent(sample_store: Path) -> None:
    port, settings = free_port(), {"ITEMWISE_LOGIN_PROXIES": "127.0.0.1", "ITEMWISE_EMBED_KEYS": KEYS}
    ada, token = "X-Remote-User: ada", bearer(teacher())["Authorization"]
    with started(GUNICORN, environment(sample_store, PORT=str(port), **settings), port):
        assert at_the_wire(port, ada)[0] == 200
        assert at_the_wire(port, f"Authorization: {token}")[0] == 200
        refused = [
            (),
            ("X_Remote_User: ada",),
            (ada, "X-Remote-User: eve"),
            (ada, ada),
            ("X-Remote-User:",),
            (ada, "Authorization: Bearer x.y.z"),
            (f"Authorization: {token}", "Authorization: Bearer x.y.z"),
            (f"Authorization: {token}", f"Authorization: {token}"),
            ("Authorization: Basic eDp5", f"Authorization: {token}"),
            (ada, "Sec-Fetch-Site: cross-site"),
            (ada, "Origin: https://evil.example"),
        ]
        for headers in refused:
            status, told = at_the_wire(port, *headers)
            assert status in (401, 403), headers
            assert b"\r\nCache-Control: no-store\r\n" in told, headers
            assert told.lower().count(b"\r\ncontent-security-policy:") == 1, headers
            assert b"server-timing" not in told.lower(), headers
        callback = "/_dash-update-component"
        chunked = ("Transfer-Encoding: chunked", "Content-Type: application/json")
        whole = b"100000\r\n" + b"[" * 2**20 + b"\r\n0\r\n\r\n"
        assert at_the_wire(port, *chunked, path=callback, body=whole)[0] == 401
        assert at_the_wire(port, *chunked, f"Authorization: {token}", path=callback, body=whole)[0] == 413
