"""How long large exams take, from the stored answers to the curve, and what crosses the wire.

    .venv/bin/python -m benchmarks.warehouse [--sizes 20m 97m] [--wire] [--peers] [--shuffled] [--rich] [--only matrix]

Each measure runs in a process of its own, so that its peak memory is its own. The answers are simulated
(``benchmarks.warehouse_data``): 20m is 500,000 students x 40 items, 97m is 1,000,000 x 100, both with 3 % missing. With
``--wire`` the same is asked of BigQuery's own client over HTTP against the tests' stand-in, in another process on the
same processors; its requests and bytes are counted there. ``--peers``: a matrix by plain means, at a size that they can
do, and how many times as long.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.warehouse_data import make

ROOT = Path(__file__).resolve().parents[1]
SIZES = {"1m": (25_000, 40), "20m": (500_000, 40), "97m": (1_000_000, 100)}
#: Seconds and megabytes that the project has set itself, by size, place and step.
BUDGETS: dict[tuple[str, str, str], tuple[float, float]] = {
    ("20m", "parquet", "catalogue"): (0.6, float("inf")),
    ("20m", "parquet", "counts"): (2.0, float("inf")),
    ("20m", "parquet", "matrix"): (1.2, 400),
    ("20m", "parquet", "click to curve"): (5.0, float("inf")),
    ("97m", "parquet", "matrix"): (6.0, 600),
    ("97m", "wire", "matrix"): (25.0, float("inf")),
}
TABLE = "bench.school.answers"
#: The size at which others are timed.
PEER_SIZE = (100_000, 40)

#: Name, seconds, and seconds of processors (of all threads).
Steps = list[tuple[str, float, float]]


# What is measured, in a process of its own ---------------------------------------------------------------------------


class Clock:
    """Seconds of each step, in order."""

    def __init__(self) -> None:
        self.steps: Steps = []

    def __call__(self, name: str, work: Callable[[], Any]) -> Any:
        begin, busy = time.perf_counter(), time.process_time()
        result = work()
        self.steps.append((name, time.perf_counter() - begin, time.process_time() - busy))
        return result

    def together(self, name: str) -> tuple[str, float, float]:
        """All steps so far as one."""
        return name, sum(step[1] for step in self.steps), sum(step[2] for step in self.steps)


def catalogue(clock: Clock) -> None:
    """Subjects, exams and classes with counts."""
    from irt.selection import FULL_SCOPE

    service = _service()
    clock("catalogue", lambda: service.catalogue(FULL_SCOPE))


def counts(clock: Clock) -> None:
    """Item statistics, option shares and scores, added up in SQL."""
    from irt.selection import FULL_SCOPE

    service, selection = _service(), _whole_exam()
    clock("counts", lambda: service.source.counts(selection, FULL_SCOPE))


def matrix(clock: Clock) -> None:
    """The response matrix of the exam."""
    from irt.responses import prepare
    from irt.selection import FULL_SCOPE

    service, selection = _service(), _whole_exam()

    def read() -> Any:
        return prepare(service.source.answers(selection, FULL_SCOPE))

    prepared = clock("matrix", read)
    n_answers = int((prepared.matrix.scores >= 0).sum())
    assert prepared.n_rows == n_answers, (prepared.n_rows, n_answers)


def click(clock: Clock) -> None:
    """From a click on the exam to the curve of an item on screen, everybody calibrated on."""
    _first_look(clock, 1.0)
    clock.steps.append(clock.together("click to curve"))


def click_sample(clock: Clock) -> None:
    """The same as it is set up: above 200,000 students on a sample of so many."""
    _first_look(clock, None)
    clock.steps = [clock.together("the same, sample")]


def students(clock: Clock) -> None:
    """The Students page of everybody, once the exam is there."""
    from irt.selection import FULL_SCOPE

    service, selection = _service(), _whole_exam()
    service.exam(FULL_SCOPE, selection)
    found = clock("list of students", lambda: service.students(FULL_SCOPE, selection))
    clock("one student", lambda: service.student(FULL_SCOPE, selection, found.students[0].handle))
    clock("class map", lambda: service.class_map(FULL_SCOPE, selection))


def score(clock: Clock) -> None:
    """Abilities of everybody in SQL, on the calibration of a sample."""
    import numpy as np

    from irt.scoring import estimate_abilities
    from irt.selection import FULL_SCOPE
    from irt.sources.engine import Duck, DuckEngine
    from irt.sources.scoring import abilities

    service, selection = _service(), _whole_exam()
    calibration = service.calibration(FULL_SCOPE, _whole_exam(0.02))
    folder = os.environ["ITEMWISE_SOURCE"].partition(":")[2]
    on_disk = os.environ["ITEMWISE_SOURCE"].startswith("parquet:")
    engine = DuckEngine(Duck(), sorted(Path(folder).glob("*.parquet")), ()) if on_disk else service.source.engine()
    found = clock("abilities in SQL", lambda: abilities(engine, calibration, selection, FULL_SCOPE))
    part = service.responses(FULL_SCOPE, _whole_exam(0.01)).matrix
    place = {person: k for k, person in enumerate(found.person_ids)}
    there = np.array([place[person] for person in part.person_ids])
    expected = estimate_abilities(part, calibration)
    apart = float(np.abs(found.theta[there] - expected.theta).max())
    assert apart < 1e-9, apart


def _first_look(clock: Clock, share: float | None) -> None:
    """The first look at an exam after its choice: report, item, figure."""
    from dashboard.figures import item_curves
    from irt.selection import FULL_SCOPE

    service, selection = _service(), _whole_exam(share)
    service.catalogue(FULL_SCOPE)
    report = clock("exam", lambda: service.exam(FULL_SCOPE, selection))
    curve = clock("item", lambda: service.item(FULL_SCOPE, selection, report.items[0].item_id))
    clock("figure", lambda: item_curves([curve], analyst=False))


def _service() -> Any:
    """The service of the environment."""
    from irt.service import open_service
    from irt.settings import Settings

    return open_service(Settings.from_environment(os.environ))


def _whole_exam(share: float | None = 1.0) -> Any:
    """The exam, of which everybody or a share is drawn."""
    from benchmarks.warehouse_data import EXAM, SUBJECT
    from irt.selection import Selection

    return Selection(subject=SUBJECT, exams=(EXAM,), share=share)


MEASURES: dict[str, Callable[[Clock], None]] = {
    "catalogue": catalogue,
    "counts": counts,
    "matrix": matrix,
    "click": click,
    "click_sample": click_sample,
    "students": students,
    "score": score,
}


# Others --------------------------------------------------------------------------------------------------------------


def pandas_pivot(clock: Clock) -> None:
    """Rows into pandas, and its pivot."""
    import duckdb

    file = _peer_file()

    def read() -> Any:
        rows = duckdb.sql(f"SELECT student_id, item_id, correct FROM '{file}'").df()
        return rows.pivot(index="student_id", columns="item_id", values="correct").to_numpy()

    _check(clock("pandas", read))


def sql_pivot(clock: Clock) -> None:
    """DuckDB's own PIVOT."""
    import duckdb

    file = _peer_file()

    def read() -> Any:
        rows = f"(SELECT student_id, item_id, correct FROM '{file}')"
        return duckdb.sql(f"PIVOT {rows} ON item_id USING MAX(correct) GROUP BY student_id").df().iloc[:, 1:].to_numpy()

    _check(clock("DuckDB PIVOT", read))


PEERS: dict[str, Callable[[Clock], None]] = {"pandas": pandas_pivot, "sql_pivot": sql_pivot}


def _peer_file() -> Path:
    """The file of answers."""
    return next(Path(os.environ["ITEMWISE_SOURCE"].partition(":")[2]).glob("*.parquet"))


def _check(table: Any) -> None:
    """That others do the same work."""
    assert table.shape == PEER_SIZE, table.shape


# Running -------------------------------------------------------------------------------------------------------------


def child(name: str) -> None:
    """Run one measure and print what it found."""
    clock = Clock()
    {**MEASURES, **PEERS}[name](clock)
    print(json.dumps({"steps": clock.steps, "megabytes": _peak_megabytes()}))


def _peak_megabytes() -> float:
    """The most memory that this process has had (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return float("nan")


def run(name: str, settings: dict[str, str]) -> tuple[Steps, float]:
    """Run one measure in a new process."""
    environment = {**os.environ, "ITEMWISE_CACHE": "off", **settings}
    command = [sys.executable, "-m", "benchmarks.warehouse", "--measure", name]
    found = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    if found.returncode:
        raise SystemExit(f"{name} failed:\n{found.stderr}")
    answer = json.loads(found.stdout.splitlines()[-1])
    return [(step, seconds, busy) for step, seconds, busy in answer["steps"]], answer["megabytes"]


@contextmanager
def stand_in(file: Path) -> Iterator[tuple[Any, dict[str, str]]]:
    """The tests' stand-in for BigQuery on a file of answers, and the settings that read it."""
    from tests.warehouse.control import WarehouseProcess

    with WarehouseProcess(page_bytes=10**9) as warehouse:
        warehouse.put_table(TABLE, f"SELECT * FROM read_parquet('{file}')", copy=False)
        yield (
            warehouse,
            {
                "ITEMWISE_SOURCE": f"bigquery:{TABLE}",
                "ITEMWISE_BIGQUERY_ENDPOINT": warehouse.endpoint,
                "ITEMWISE_BIGQUERY_ASK_BYTES": "1TB",
                "ITEMWISE_BIGQUERY_MAX_BYTES": "1TB",
                "ITEMWISE_BIGQUERY_DAY_BYTES": "10TB",
            },
        )


def report(size: str, place: str, found: tuple[Steps, float], wire: str = "") -> None:
    """One line a step."""
    for step, seconds, busy in found[0]:
        budget = BUDGETS.get((size, place, step))
        said = "" if budget is None else f"   budget {budget[0]:g} s" + f", {budget[1]:g} MB" * (budget[1] < 1e9)
        over = budget is not None and (seconds > budget[0] or found[1] > budget[1])
        line = f"{size:<5}{place:<9}{step:<20}{seconds:8.2f} s {busy:7.2f} busy {found[1]:7.0f} MB"
        print(f"{line}{wire}{said}{'   OVER' * over}", flush=True)


def on_disk(size: str, file: Path, names: list[str]) -> None:
    """All measures on the embedded store."""
    for name in names:
        report(size, "parquet", run(name, {"ITEMWISE_SOURCE": f"parquet:{file.parent}"}))


def on_wire(size: str, file: Path, names: list[str]) -> None:
    """All measures through BigQuery's client."""
    for name in names:
        with stand_in(file) as (warehouse, settings):
            found = run(name, settings)
            calls = [call for call in warehouse.requests if not call.path.startswith("/control")]
            queries = sum(call.endpoint == "jobs.query" for call in calls)
            wire = f"  {len(calls)} requests, {queries} of queries, {sum(c.bytes_out for c in calls) / 1e6:.1f} MB in"
            report(size, "wire", found, wire)


def beside_others(folder: Path) -> None:
    """The matrix by plain means, as a multiple of ours."""
    file = make(folder / "peers", *PEER_SIZE)
    settings = {"ITEMWISE_SOURCE": f"parquet:{file.parent}"}
    [(_, own, _)], own_megabytes = run("matrix", settings)
    print(f"matrix of {PEER_SIZE[0]:,} x {PEER_SIZE[1]}: {own:.2f} s, {own_megabytes:.0f} MB")
    for name in PEERS:
        [(step, seconds, _)], megabytes = run(name, settings)
        print(f"  {step:<14}{seconds / own:6.1f} x the time, {megabytes / own_megabytes:.1f} x the memory", flush=True)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description="Time large exams.")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["20m"])
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--wire", action="store_true", help="through BigQuery's client and the stand-in, too")
    parser.add_argument("--shuffled", action="store_true", help="rows in random order")
    parser.add_argument("--rich", action="store_true", help="with options, names, classes and times")
    parser.add_argument("--peers", action="store_true", help="beside other ways to a matrix")
    parser.add_argument("--data", type=Path, help="where the answers are, or are made (default: a temporary folder)")
    chosen = parser.parse_args()
    if chosen.measure:
        child(chosen.measure)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.data or Path(temporary)
        for size in chosen.sizes:
            kind = size + "-shuffled" * chosen.shuffled + "-rich" * chosen.rich
            file = make(folder / kind, *SIZES[size], shuffled=chosen.shuffled, rich=chosen.rich)
            on_disk(size, file, chosen.only)
            if chosen.wire:
                on_wire(size, file, chosen.only)
        if chosen.peers:
            beside_others(folder)


if __name__ == "__main__":
    main()
