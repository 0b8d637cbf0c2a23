"""Two hundred teachers, some analysts and programs, against gunicorn as the Procfile starts it.

    .venv/bin/pip install -r benchmarks/requirements.txt
    .venv/bin/python -m benchmarks.load [--users 200] [--minutes 5]

Fifty ask for one calibration at once that nobody has asked for before; then everybody comes, in the first minute, and
stays; half-way one worker is killed. Everything runs on one machine and shares its processors, so the numbers are an
upper bound. Ends with 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

from irt.callers import Caller, Role
from irt.samples import sample_exams
from irt.selection import FULL_SCOPE
from irt.sources import ParquetStore
from irt.tokens import NewKey, new_key, read_key, sign_token

ROOT = Path(__file__).resolve().parents[1]
METRICS_KEY = "a-key-for-the-metrics-of-this-run"
#: Analysts, and programs, each.
OTHERS = 10
#: How many ask at once for what nobody has asked for before, and for what.
AT_ONCE = 50
FIRST = ("Science (simulated)", "Term 3", "3PL")
#: Seconds in which everybody comes; they are not counted, as little is kept yet.
COMING = 60
#: Goals: milliseconds within which 95 of 100 views of teachers are complete, and by how much a worker's memory may grow
#: in the second half, when what is looked at is kept.
GOAL_MS, GOAL_GROWTH = 300, 0.10


@dataclass
class Server:
    """gunicorn, and what it is asked from here."""

    process: subprocess.Popen[bytes]
    address: str
    key: NewKey
    memory: list[tuple[float, dict[int, int]]] = field(default_factory=list)

    def get(self, path: str, bearer: str, patience: float = 60) -> tuple[int, bytes]:
        """Status and body."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        asked = urllib.request.Request(self.address + path, headers=headers)  # noqa: S310
        try:
            with urllib.request.urlopen(asked, timeout=patience) as answer:  # noqa: S310 - our own address
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def token(self, who: str) -> str:
        """For an analyst who may see everything."""
        caller = Caller(who, FULL_SCOPE, Role.ANALYST)
        return sign_token(caller, read_key(self.key.private), timedelta(minutes=55))

    def total(self, name: str, **labels: str) -> float:
        """A metric, added up."""
        from prometheus_client.parser import text_string_to_metric_families

        text = self.get("/metrics", METRICS_KEY)[1].decode()
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())

    def seconds(self) -> float:
        """What its processes, those that have ended too, have taken of processors."""
        times = [psutil.Process(self.process.pid).cpu_times()]
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):
                times.append(child.cpu_times())
        return sum(one.user + one.system for one in times) + times[0].children_user + times[0].children_system

    def workers(self) -> dict[int, int]:
        """Bytes of each worker that no other process shares, by process id."""
        found = {}
        for child in psutil.Process(self.process.pid).children():
            try:
                found[child.pid] = child.memory_full_info().uss
            except psutil.Error:
                continue  # it has ended meanwhile
        return found


def main() -> int:
    """Run it and print what was found; 1 if a goal was missed."""
    asked = _parser().parse_args()
    store = ParquetStore(asked.folder / "store")
    exams = sample_exams()
    for exam in exams:
        store.add(exam.frame)
    with serving(asked.folder) as server:
        failed = at_once(server)
        there = [(entry.subject, entry.exam) for entry in store.catalogue(FULL_SCOPE).entries]
        failed += lesson(server, sorted(set(there)), asked)
    print("every goal was met" if not failed else "MISSED: " + "; ".join(failed))
    return 1 if failed else 0


def at_once(server: Server) -> list[str]:
    """Many ask for one calibration at once; which goals were missed."""
    subject, exam, model = FIRST
    path = f"/api/v1/items?subject={quote(subject)}&exam={quote(exam)}&model={model}"
    together, seconds, health = threading.Barrier(AT_ONCE + 1, timeout=60), [], []
    done = threading.Event()

    def ask(who: int) -> tuple[int, bytes]:
        token = server.token(f"analyst-{who}")
        together.wait()
        begun = time.perf_counter()
        answer = server.get(path, token)
        seconds.append(time.perf_counter() - begun)
        return answer

    def look() -> None:
        together.wait()
        while not done.is_set():
            begun = time.perf_counter()
            server.get("/healthz", "")
            health.append(time.perf_counter() - begun)

    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        looking = pool.submit(look)
        answers = list(pool.map(ask, range(AT_ONCE)))
        done.set()
        looking.result()
    numbers = {json.dumps(json.loads(body)["data"]) for status, body in answers if status == 200}
    fits = server.total("itemwise_calibration_seconds_count", model=model)
    print(
        f"{AT_ONCE} at once: {sum(status == 200 for status, _ in answers)} answered, {len(numbers)} different answer, "
        f"{fits:.0f} calibration computed; slowest {max(seconds):.2f} s, health meanwhile at most {max(health):.2f} s"
    )
    missed = ["not every first ask was answered alike"] if len(numbers) != 1 or len(answers) != AT_ONCE else []
    return missed + ([f"{fits:.0f} calibrations for one selection"] if fits != 1 else [])


def lesson(server: Server, exams: list[tuple[str, str]], asked: argparse.Namespace) -> list[str]:
    """Everybody works for some minutes; which goals were missed."""
    seconds = COMING + asked.minutes * 60
    told, news = asked.folder / "stats.json", asked.folder / "killed"
    command = [sys.executable, "-m", "locust", "-f", str(ROOT / "benchmarks" / "load_users.py"), "--headless"]
    command += [
        "--host",
        server.address,
        "--users",
        str(asked.users + 2 * OTHERS),
        "--json-file",
        str(told.with_suffix("")),
    ]
    command += ["--spawn-rate", str((asked.users + 2 * OTHERS) / COMING), "--run-time", f"{seconds:.0f}s"]
    command += ["--reset-stats", "--only-summary", "--exit-code-on-error", "0", "--stop-timeout", "30"]
    environment = {
        **os.environ,
        "LOAD_KEY": json.dumps(server.key.private),
        "LOAD_EXAMS": json.dumps(exams),
        "LOAD_TEACHERS": str(asked.users),
        "LOAD_OTHERS": str(OTHERS),
        "LOAD_KILLED": str(news),
        "PYTHONPATH": str(ROOT),
    }
    with (asked.folder / "locust.log").open("w") as log:
        users = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        begun, worked, killed = time.monotonic(), 0.0, None
        while users.poll() is None:
            time.sleep(2)
            now = time.monotonic() - begun
            server.memory.append((now, server.workers()))
            if now < COMING:
                worked = server.seconds()
            if killed is None and not asked.no_kill and now > COMING + asked.minutes * 30:
                killed = min(server.workers())
                news.touch()
                os.kill(killed, signal.SIGKILL)
                print(f"after {now:.0f} s worker {killed} was killed")
    if not told.exists():
        raise SystemExit((asked.folder / "locust.log").read_text()[-3000:])
    found = json.loads(told.read_text())
    n_requests = sum(one["num_requests"] for one in found if one["method"] in ("GET", "POST"))
    print(f"{server.seconds() - worked:.0f} s of processors for {n_requests} requests, in {asked.minutes:g} minutes")
    return tell(found) + flat(server, killed) + ([] if killed is None else replaced(server, killed))


def tell(found: list[dict[str, Any]]) -> list[str]:
    """What everybody had to wait; which goals were missed."""
    print(f"{'':<44}{'number':>8}{'a second':>9}{'failed':>7}{'p50':>7}{'p95':>7}{'p99':>7}  ms")
    failed, slow = 0, [] if any(one["method"] == "VIEW" for one in found) else ["nobody saw anything"]
    for one in sorted(found, key=lambda one: (one["method"] or "", one["name"])):
        times = {float(ms): n for ms, n in one["response_times"].items()}
        p50, p95, p99 = (percentile(times, share) for share in (0.50, 0.95, 0.99))
        lasted = max(one["last_request_timestamp"] - one["start_time"], 1)
        what = f"{one['method'] or 'GET'} {one['name']}"
        n = one["num_requests"]
        print(f"{what:<44}{n:8d}{n / lasted:9.1f}{one['num_failures']:7d}{p50:7.0f}{p95:7.0f}{p99:7.0f}")
        failed += one["num_failures"]
        if one["method"] == "VIEW" and p95 >= GOAL_MS:
            slow.append(f"p95 of {what} is {p95:.0f} ms")
    return slow + ([f"{failed} failures"] if failed else [])


def percentile(times: dict[float, int], share: float) -> float:
    """The time below which this share of all lie."""
    left = share * sum(times.values())
    for ms, n in sorted(times.items()):
        left -= n
        if left <= 0:
            return ms
    return 0.0


def flat(server: Server, killed: int | None) -> list[str]:
    """Whether workers take no more memory at the end than half-way, when results are kept; which goals were missed."""
    after = [workers for now, workers in server.memory if now > COMING]
    missed = []
    for pid in sorted(set().union(*after) - {killed}):
        sizes = [workers[pid] / 2**20 for workers in after if pid in workers]
        tenth = max(len(sizes) // 10, 1)
        parts = (sizes[:tenth], sizes[5 * tenth : 6 * tenth] or sizes[-1:], sizes[-tenth:])
        first, middle, last = (statistics.median(part) for part in parts)
        print(f"worker {pid}: {first:.0f} MB at first, {middle:.0f} MB half-way, {last:.0f} MB at the end")
        if len(sizes) > 0.9 * len(after) and last > middle * (1 + GOAL_GROWTH):
            missed.append(f"memory of worker {pid} grew by {last / middle - 1:.0%}")
    return missed


def replaced(server: Server, killed: int) -> list[str]:
    """Whether there are as many workers as before; which goals were missed."""
    now = server.workers()
    return [] if len(now) == len(server.memory[0][1]) and killed not in now else ["the killed worker was not replaced"]


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """gunicorn as the Procfile starts it, over a store in this folder."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    key = new_key("HS256", "load")
    settings = {
        "ITEMWISE_SOURCE": f"parquet:{folder / 'store'}",
        "ITEMWISE_CACHE": str(folder / "cache"),
        "ITEMWISE_EMBED_KEYS": json.dumps({"keys": [key.public]}),
        "ITEMWISE_METRICS_KEY": METRICS_KEY,
        "ITEMWISE_AUDIT_LOG": str(folder / "audit.log"),
        "PORT": str(port),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ITEMWISE_")}
    command = shlex.split((ROOT / "Procfile").read_text().partition("web:")[2])
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, env=kept | settings, stdout=log, stderr=log
        )
    server = Server(process, f"http://127.0.0.1:{port}", key)
    try:
        for _ in range(300):
            with suppress(OSError):
                if server.get("/healthz", "")[0] == 200:
                    break
            time.sleep(0.2)
        else:
            raise SystemExit((folder / "server.log").read_text()[-3000:])
        yield server
    finally:
        process.terminate()
        process.wait(timeout=60)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--users", type=int, default=200, help="teachers")
    parser.add_argument("--minutes", type=float, default=5, help="after everybody came")
    parser.add_argument("--no-kill", action="store_true", help="let all workers live")
    parser.add_argument("--folder", type=Path, default=None, help="where data and logs are kept; default: nowhere")
    return parser


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        sys.argv += [] if "--folder" in sys.argv else ["--folder", temporary]
        sys.exit(main())
