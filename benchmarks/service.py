"""How fast the server answers, without a browser: first and second looks, callbacks, import time, memory of a worker.

    .venv/bin/python benchmarks/service.py

The exam is one of the simulated school year (480 students). Each number is a median; set beside it is the budget.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

REPEATS = 7
SUBJECT = "Mathematics (simulated)"


def main() -> None:
    """Run all and print one line each."""
    report("import irt", 0.5, "s", median(import_seconds, REPEATS))
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        report("fill an empty store with the sample exams", 10, "s", fill(store))
        report(
            "first look at an exam (all rooms, nothing cached)", 0.5, "s", median(lambda: first_look(store), REPEATS)
        )
        report("second look, the slowest callback of a page", 0.05, "s", second_look(store))
        report("memory of a worker after an exam (resident)", 250, "MB", idle_worker(store))


def report(what: str, budget: float, unit: str, found: float) -> None:
    """One line: what, found, budget."""
    verdict = "" if found <= budget else "   OVER"
    print(f"{what:<55}{found:9.3f} {unit:<3} (budget {budget:g} {unit}){verdict}")


def median(measure: Callable[[], float], times: int) -> float:
    """The median of several measurements."""
    return statistics.median(measure() for _ in range(times))


def import_seconds() -> float:
    """Seconds that ``import irt`` takes in a new process, the interpreter's own start taken off."""

    def run(code: str) -> float:
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
        return time.perf_counter() - begin

    return run("import irt") - run("pass")


def fill(store: Path) -> float:
    """Seconds to make and store the sample exams."""
    from irt.samples import sample_exams
    from irt.sources import ParquetStore

    begin = time.perf_counter()
    target = ParquetStore(store)
    for exam in sample_exams():
        target.add(exam.frame)
    return time.perf_counter() - begin


def settings_for(store: Path) -> Any:
    """The settings of a dashboard over a store, keeping nothing."""
    from irt.settings import Settings

    return Settings.from_environment({"ITEMWISE_SOURCE": f"parquet:{store}", "ITEMWISE_CACHE": "off"})


def first_look(store: Path) -> float:
    """Seconds from a new service to an exam's report and the curve of its first item."""
    from irt.selection import FULL_SCOPE, Selection
    from irt.service import open_service

    service = open_service(settings_for(store))
    selection = Selection(subject=SUBJECT, exams=service.catalogue(FULL_SCOPE).exams(SUBJECT)[-1:])
    begin = time.perf_counter()
    report = service.exam(FULL_SCOPE, selection)
    service.item(FULL_SCOPE, selection, report.items[0].item_id)
    return time.perf_counter() - begin


def second_look(store: Path) -> float:
    """Seconds of the slowest callback of the Items page, once everything is cached."""
    from dashboard import create_app
    from irt.service import open_service

    settings = settings_for(store)
    client = create_app(open_service(settings), settings).server.test_client()
    state = {"page": "items", "search": f"?subject={quote(SUBJECT)}"}
    listed = client.get("/_dash-dependencies").get_json()
    requests = [request_for(c, state) for c in listed if not c.get("clientside_function") and reads_state(c)]

    def seconds(request: dict[str, Any]) -> float:
        begin = time.perf_counter()
        answer = client.post("/_dash-update-component", json=request)
        assert answer.status_code in (200, 204), (answer.status_code, request["output"])
        return time.perf_counter() - begin

    for request in requests:  # the first look
        seconds(request)
    return max(median(partial(seconds, request), 2 * REPEATS) for request in requests)


def reads_state(callback: dict[str, Any]) -> bool:
    """Whether a callback runs when the state changes."""
    return any(one["id"] == "state" for one in callback["inputs"])


def request_for(callback: dict[str, Any], state: dict[str, str]) -> dict[str, Any]:
    """The request that a browser sends for a callback; what is not the state is empty."""

    def filled(one: dict[str, Any]) -> dict[str, Any]:
        return {"id": one["id"], "property": one["property"], "value": state if one["id"] == "state" else None}

    targets = [
        dict(zip(("id", "property"), name.rsplit(".", 1), strict=True))
        for name in callback["output"].strip(".").split("...")
    ]
    several = callback["output"].startswith("..")
    return {
        "output": callback["output"],
        "outputs": targets if several else targets[0],
        "inputs": [filled(one) for one in callback["inputs"]],
        "state": [filled(one) for one in callback.get("state", [])],
        "changedPropIds": ["state.data"],
    }


@contextmanager
def gunicorn(store: Path, workers: int = 1) -> Iterator[tuple[str, int]]:
    """The app as Procfile serves it; yields its address and the process id of the parent."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "app:server", "--workers", str(workers), "--threads", "4"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "warning", "--access-logfile", "/dev/null"]
    environment = {**os.environ, "ITEMWISE_SOURCE": f"parquet:{store}", "ITEMWISE_CACHE": "off"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/healthz")
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(url: str, patience: float = 60) -> None:
    """Wait until a server answers."""
    deadline = time.monotonic() + patience
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).read()  # noqa: S310 - our own address
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def idle_worker(store: Path) -> float:
    """Resident megabytes of a worker that has computed an exam."""
    import psutil

    with gunicorn(store) as (address, parent):
        asked = f"{address}/api/v1/items?subject={quote(SUBJECT)}&exam=Term%203"
        urllib.request.urlopen(asked, timeout=60).read()  # noqa: S310 - our own address
        worker = psutil.Process(parent).children()[0]
        return worker.memory_info().rss / 2**20


if __name__ == "__main__":
    main()
