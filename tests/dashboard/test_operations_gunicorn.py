"""Contract: gunicorn as the Procfile starts it, two workers: limits, numbers and log of all, a killed one, new keys."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from irt.callers import Caller, Role
from irt.selection import FULL_SCOPE, Scope, Selection
from irt.service import Service
from irt.sources import ParquetStore
from irt.tokens import new_key, read_key, sign_token
from irt.tokens.signed import MOST_CHARACTERS

ROOT = Path(__file__).parents[2]
METRICS_KEY = "0123456789abcdefghijklmnopqrstuv"
LIMIT = 60
QUIET = "/api/v1/openapi.json"
#: A fit of about a second: a worker can be killed in the middle of it.
SLOW = Selection("Japanese 国語 (simulated)", ("Term 2",))
SLOW_ASKED = f"/api/v1/calibrations/{quote(SLOW.subject or '')}/Term%202?model=4PL"
#: Keys of the portal: the one that there is, and the one that takes its place.
KEYS = {kid: new_key("HS256", kid) for kid in ("old", "new")}


@dataclass(frozen=True)
class Running:
    """A server, and what it writes."""

    process: subprocess.Popen[str]
    port: int
    log: Path
    cache: Path
    keys: Path

    def workers(self) -> set[int]:
        """Their process ids."""
        return {child.pid for child in psutil.Process(self.process.pid).children()}

    def ask(self, path: str, token: str = "") -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers of an answer, over a connection of its own."""
        line = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            line.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
            answer = line.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            line.close()

    def lines(self) -> list[dict[str, Any]]:
        """The log, each line of it JSON; the last one may be on its way."""
        return [json.loads(line) for line in self.log.read_text().rpartition("\n")[0].splitlines()]

    def total(self, name: str, **labels: str) -> float:
        """What a metric shows, over all workers."""
        text = self.ask("/metrics", METRICS_KEY)[1].decode()
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())

    def comes_to(self, wanted: float, name: str, **labels: str) -> bool:
        """Whether a metric gets to this value: a request is counted when its answer is on its way already."""
        until(lambda: self.total(name, **labels) >= wanted)
        return self.total(name, **labels) == wanted


def until(true: Callable[[], Any], patience: float = 40.0, pause: float = 0.02) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(pause)


def token(subject: str, kid: str = "old") -> str:
    """What the portal signs for somebody who may see everything."""
    return sign_token(Caller(subject, FULL_SCOPE, Role.ANALYST), read_key(KEYS[kid].private), timedelta(minutes=30))


@pytest.fixture(scope="module")
def running(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("gunicorn")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ITEMWISE_")}
    settings = {
        "ITEMWISE_SOURCE": f"parquet:{sample_store}",
        "ITEMWISE_CACHE": str(folder / "cache"),
        "ITEMWISE_EMBED_KEYS": str(folder / "keys.json"),
        "ITEMWISE_METRICS_KEY": METRICS_KEY,
        "ITEMWISE_RATE_LIMIT": f"{LIMIT}/hour",
        "TMPDIR": str(folder),
        "PORT": str(port),
    }
    (folder / "keys.json").write_text(json.dumps({"keys": [KEYS["old"].public]}))
    command = shlex.split((ROOT / "Procfile").read_text().partition("web:")[2])
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, env=kept | settings, stdout=log, stderr=log, text=True
        )
    server = Running(process, port, folder / "log", folder / "cache", folder / "keys.json")

    def answers() -> bool:
        assert process.poll() is None, server.log.read_text()
        with suppress(OSError, HTTPException):
            return server.ask("/healthz")[0] == 200
        return False

    try:
        until(answers, pause=0.1)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def test_each_caller_has_so_many_calls_over_all_workers_and_the_numbers_of_all_are_added_up(running: Running) -> None:
    asked = {"route": QUIET, "method": "GET"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: running.ask(QUIET, token("often")), range(LIMIT + 25)))
    assert Counter(status for status, _, _ in answers) == {200: LIMIT, 429: 25}
    assert running.ask(QUIET, token("seldom"))[0] == 200
    assert running.comes_to(LIMIT + 1, "itemwise_requests_total", status="2xx", **asked)
    assert running.comes_to(25, "itemwise_requests_total", status="4xx", **asked)
    assert running.comes_to(25, "itemwise_rate_limited_total", kind="api")
    until(lambda: running.total("itemwise_requests_in_flight") == 1)  # this one


def test_the_log_is_json_and_repeats_nothing_of_a_request(running: Running) -> None:
    assert running.ask("/api/v1/catalogue?student_id=Hanako", token("somebody"))[0] == 400
    assert running.ask("/api/v1/catalogue?student_id=Hanako", "Hanako.x.y")[0] == 401
    assert running.ask(f"{QUIET}?student_id={'x' * 8000}", token("somebody"))[0] == 400
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as line:
        line.sendall(b"GET /download/student.csv?student=Hanako X HTTP/1.1\r\n\r\n")
        assert b"400" in line.recv(2000)
    until(lambda: any(line["message"] == "A request that is no HTTP was refused" for line in running.lines()))

    def found() -> list[tuple[int, str]]:
        told = [line for line in running.lines() if line["logger"] == "itemwise.request"]
        return sorted((line["status"], line["way"]) for line in told if line["route"] == "/api/v1/catalogue")

    until(lambda: len(found()) == 2)
    assert found() == [(400, "signed"), (401, "none")]
    assert running.comes_to(1, "itemwise_refused_total", reason="token_invalid")
    assert "Hanako" not in running.log.read_text()
    assert all(line["time"].endswith(("Z", "+00:00")) and line["level"] for line in running.lines())


def holder(lock: Path) -> int | None:
    """The process that holds a lock of this file."""
    for line in Path("/proc/locks").read_text().splitlines():
        parts = line.split()
        if parts[1] == "FLOCK" and parts[5].endswith(f":{lock.stat().st_ino}"):
            return int(parts[4])
    return None


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="who holds a lock is told by Linux only")
def test_fifty_ask_at_once_and_the_worker_that_computes_for_them_is_killed(
    running: Running, sample_store: Path
) -> None:
    bearer, answers = token("class"), []
    before = running.workers()

    def ask() -> None:
        with suppress(OSError, HTTPException):  # whoever was connected to the killed worker
            answers.append(running.ask(SLOW_ASKED, bearer))

    readers = [threading.Thread(target=ask) for _ in range(50)]
    for reader in readers:
        reader.start()
    locks = running.cache / "calibrations"
    until(lambda: any(holder(lock) for lock in locks.glob("*.lock")), pause=0.005)
    assert running.ask("/healthz")[0] == 200  # they do not hold it up
    assert not answers
    (killed,) = {holder(lock) for lock in locks.glob("*.lock")} - {None}
    os.kill(killed or 0, signal.SIGKILL)
    for reader in readers:
        reader.join(60)
    until(lambda: len(running.workers() - {killed}) == 2)
    answers.append(running.ask(SLOW_ASKED, bearer))
    assert {status for status, _, _ in answers} == {200}
    here = Service(ParquetStore(sample_store)).calibration(FULL_SCOPE, SLOW, "4PL")
    for _, body, _ in answers:
        items = json.loads(body)["items"]
        assert [item["discrimination"] for item in items] == pytest.approx(here.items.discrimination, rel=1e-9)
    assert len(list(locks.glob("*.json"))) == 1
    assert not list(locks.glob("*.part"))
    assert running.comes_to(1, "itemwise_calibration_seconds_count", model="4PL")
    assert killed in before
    # What the killed one had counted is still there, and what it had begun is not.
    assert running.comes_to(25, "itemwise_rate_limited_total", kind="api")
    until(lambda: running.total("itemwise_requests_in_flight") == 1)
    assert running.ask(QUIET, token("often"))[0] == 429


def test_a_new_key_is_taken_after_a_hangup_and_no_request_is_lost(running: Running) -> None:
    before, ended, statuses = running.workers(), threading.Event(), []

    def ask() -> None:
        while not ended.is_set():
            statuses.append(running.ask("/healthz")[0])

    assert running.ask(QUIET, token("somebody", "new"))[0] == 401
    running.keys.write_text(json.dumps({"keys": [KEYS[kid].public for kid in ("old", "new")]}))
    reader = threading.Thread(target=ask)
    reader.start()
    running.process.send_signal(signal.SIGHUP)
    until(lambda: len(running.workers()) == 2 and not running.workers() & before, pause=0.1)
    ended.set()
    reader.join(30)
    assert set(statuses) == {200}
    assert running.ask(QUIET, token("somebody", "new"))[0] == 200
    assert running.ask(QUIET, token("somebody"))[0] == 200


def test_a_client_cannot_say_where_the_application_is(running: Running) -> None:
    for name in ("SCRIPT_NAME", "PATH_INFO", "X_Remote_User"):
        with socket.create_connection(("127.0.0.1", running.port), timeout=10) as line:
            line.sendall(f"GET {QUIET} HTTP/1.1\r\nHost: here\r\n{name}: /healthz\r\n\r\n".encode())
            assert b" 401 " in line.recv(2000).partition(b"\r\n")[0]


def test_the_longest_token_is_looked_at(running: Running) -> None:
    """gunicorn refuses headers of 8 KB in HTML, which a grant of some hundred names gets to."""
    classes = frozenset(f"{k:03} {'class ' * 5}" for k in range(240))
    caller = Caller("many classes", Scope(classes=classes, names=False))
    long = sign_token(caller, read_key(KEYS["old"].private), timedelta(minutes=30))
    assert 12_000 < len(long) < MOST_CHARACTERS
    assert running.ask(QUIET, long)[0] == 200
    assert running.ask(QUIET, "x" * (MOST_CHARACTERS + 1))[0] == 401


def test_what_the_workers_share_ends_with_them(running: Running) -> None:
    opened = {Path(file.path) for pid in running.workers() for file in psutil.Process(pid).open_files()}
    (shared,) = {path.parent for path in opened if path.name == "rates.sqlite"}
    assert shared.stat().st_mode & 0o077 == 0
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(30) == 0
    assert not shared.exists()
