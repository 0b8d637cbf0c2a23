"""Contract: long jobs, loads and tables through the real client, against the double: whole or not at all."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from irt.errors import ConfirmationNeeded, SourceError
from irt.sources.spending import Limits, allowing
from irt.warehouse import jobs as jobs_module
from irt.warehouse.jobs import Jobs
from irt.warehouse.ledger import Ledger
from irt.warehouse.patience import Patience
from irt.warehouse.table_state import Field
from irt.warehouse.told import label
from tests.warehouse import Warehouse

ROOT = Path(__file__).resolve().parents[3]
TABLE = "p.d.answers"
FIELDS = (Field("student_id", "STRING"), Field("theta", "FLOAT64"))
ROWS = b'{"student_id": "s1", "theta": 0.1}\n{"student_id": "s2", "theta": null}\n'


@pytest.fixture
def served() -> Iterator[Warehouse]:
    with Warehouse() as warehouse:
        warehouse.put_table(TABLE, "SELECT range AS k, 'text ' || range AS t FROM range(1000)")
        yield warehouse


@pytest.fixture
def jobs(served: Warehouse) -> Jobs:
    return Jobs("p", TABLE, endpoint=served.endpoint, source="publish")


def test_values_of_every_kind_travel_as_parameters(jobs: Jobs) -> None:
    sql = "SELECT @t, @i, @x, @b, ARRAY_LENGTH(@many), ARRAY_LENGTH(@none), ARRAY_LENGTH(@numbers)"
    hostile = "x'); DROP TABLE t; -- @i `"
    given = {"t": hostile, "i": 2**53 + 1, "x": 0.1, "b": True, "many": ("a", "b"), "none": (), "numbers": (1.5, 2.5)}
    ((*found,),) = jobs.ask(sql, given, "test")  # type: ignore[arg-type]
    assert found == [hostile, 2**53 + 1, 0.1, True, 2, 0, 2]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"errors": [{"reason": "resourcesExceeded", "message": "Keiko Tanaka"}]}, "quota"),
        ({"totalRows": "0"}, "unavailable"),
        (
            {"schema": {"fields": [{"name": "n", "type": "INT64"}]}, "totalRows": "2", "rows": [{"f": [{"v": "1"}]}]},
            "unavailable",
        ),
    ],
)
def test_an_answer_that_lacks_rows_is_not_taken_for_a_small_one(more: dict[str, Any], reason: str) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            reference = {"projectId": "p", "jobId": "j", "location": "US"}
            body = json.dumps({"jobComplete": True, "jobReference": reference, **more}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        asked = Jobs("p", TABLE, endpoint=f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(SourceError) as caught:
            asked.ask("SELECT 1 AS n", {}, "test", 0)
        server.shutdown()
    assert caught.value.facts["reason"] == reason
    assert "Keiko" not in str(caught.value)


def test_a_long_query_replaces_a_table_in_one_step_and_is_on_the_bill(served: Warehouse, jobs: Jobs) -> None:
    shares: list[float | None] = []
    done = jobs.run(
        f"SELECT k FROM `{TABLE}` WHERE k < @n", {"n": 10}, "score", destination="p.d.made", progress=shares.append
    )
    assert served.sql("SELECT COUNT(*) FROM `p.d.made`") == [("10",)]
    assert shares[-1] == 1.0
    (job,) = jobs.ledger.today()
    assert (job.name, job.job_id, job.bytes_billed) == ("score", done.job_id, done.bytes_billed)
    assert done.bytes_billed == 10 * 2**20
    sent = served.calls("jobs.insert")[-1].body
    assert sent["configuration"]["labels"]["question"] == "score"
    assert sent["configuration"]["query"]["maximumBytesBilled"] == str(10**11)
    assert sent["configuration"]["jobTimeoutMs"] == "1800000"
    assert sent["jobReference"]["jobId"].startswith("itemwise-")


def test_a_large_long_query_asks_first(served: Warehouse) -> None:
    ledger = Ledger(None, Limits(ask_bytes=100))
    jobs = Jobs("p", TABLE, endpoint=served.endpoint, ledger=ledger)
    with pytest.raises(ConfirmationNeeded):
        jobs.run(f"SELECT k FROM `{TABLE}`", {}, "score", destination="p.d.made")
    assert jobs.table("p.d.made") is None
    with allowing(10**6):
        jobs.run(f"SELECT k FROM `{TABLE}`", {}, "score", destination="p.d.made")
    assert jobs.table("p.d.made") is not None


def test_a_script_changes_all_or_nothing_and_each_statement_is_capped(served: Warehouse, jobs: Jobs) -> None:
    delete = f"DELETE FROM `{TABLE}` WHERE k"
    script = f"BEGIN TRANSACTION; {delete} < @n; {delete} = {{}}; COMMIT TRANSACTION;"
    with pytest.raises(SourceError) as caught:
        jobs.run(script.format("CAST('no number' AS INT64)"), {"n": 10}, "publish", script=True)
    assert caught.value.facts["reason"] == "query"
    assert "no number" not in str(caught.value)
    assert served.sql(f"SELECT COUNT(*) FROM `{TABLE}`") == [("1000",)]
    jobs.run(script.format(500), {"n": 10}, "publish", script=True)
    assert served.sql(f"SELECT COUNT(*) FROM `{TABLE}`") == [("989",)]
    sent = served.calls("jobs.insert")[-1].body["configuration"]
    assert sent["query"]["scriptOptions"]["statementByteBudget"] == sent["query"]["maximumBytesBilled"]


@pytest.mark.parametrize("packed", [False, True])
def test_rows_are_loaded_into_a_new_table_and_replaced(served: Warehouse, jobs: Jobs, packed: bool) -> None:
    data = gzip.compress(ROWS) if packed else ROWS
    jobs.create("p.d.made", FIELDS, clustering=("student_id",), description="Test.", expires=timedelta(hours=1))
    jobs.create("p.d.made", FIELDS)
    for _ in range(2):
        assert jobs.load(data, "p.d.made", FIELDS, "publish", replace=True).n_rows == 2
    assert served.sql("SELECT student_id, theta FROM `p.d.made` ORDER BY 1") == [("s1", "0.1"), ("s2", None)]
    jobs.load(data, "p.d.made", FIELDS, "publish")
    state = jobs.table("p.d.made")
    assert state is not None
    assert (state.n_rows, state.fields) == (4, FIELDS)
    jobs.drop("p.d.made")
    jobs.drop("p.d.made")
    assert jobs.table("p.d.made") is None


def test_rows_that_do_not_fit_are_a_sentence_and_load_nothing(served: Warehouse, jobs: Jobs) -> None:
    jobs.create("p.d.made", FIELDS)
    rows = json.dumps({"student_id": "s1", "theta": "Keiko Tanaka"}).encode()
    with pytest.raises(SourceError) as caught:
        jobs.load(rows, "p.d.made", FIELDS, "publish")
    assert "Keiko" not in f"{caught.value}{caught.value.facts}"
    assert served.sql("SELECT COUNT(*) FROM `p.d.made`") == [("0",)]


def test_an_interrupt_stops_the_job_in_the_warehouse_too(served: Warehouse, jobs: Jobs) -> None:
    def interrupt(_: float | None) -> None:
        raise KeyboardInterrupt

    with served.held():
        with pytest.raises(KeyboardInterrupt):
            jobs.run(f"SELECT k FROM `{TABLE}`", {}, "score", destination="p.d.made", progress=interrupt)
        pause = threading.Event()
        for _ in range(200):
            if not served.running("p"):
                break
            pause.wait(0.05)
        assert served.running("p") == []
    assert jobs.table("p.d.made") is None


def test_a_long_job_that_takes_too_long_is_stopped(
    served: Warehouse, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "BATCH", Patience(call=5.0, retry=0.1, job=0.5))
    with served.held(), pytest.raises(SourceError, match="did not answer in time"):
        jobs.run(f"SELECT k FROM `{TABLE}`", {}, "score", destination="p.d.made")
    assert jobs.table("p.d.made") is None


def test_what_is_no_label_is_made_one() -> None:
    assert label("Élan Vital 1.2") == "-lan-vital-1-2"
    assert len(label("x" * 100)) == 63


LAZY = """
import sys
import irt, dashboard, irt.service
from irt.settings import Settings
from irt.opening import open_source
for source in ("parquet:{folder}", "bigquery:p.d.t"):
    open_source(Settings.from_environment({{"ITEMWISE_SOURCE": source, "ITEMWISE_CACHE": "off"}}))
    found = sorted(name for name in sys.modules if name.startswith("google"))
    assert not found, (source, found)
"""


def test_nothing_of_the_client_is_loaded_before_it_is_asked(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ITEMWISE_")}
    code = LAZY.format(folder=tmp_path)
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=environment)


def test_only_one_file_knows_the_client() -> None:
    files = [path for room in ("irt", "dashboard") for path in (ROOT / room).rglob("*.py")]
    knowing = [path.name for path in files if "google.cloud import bigquery" in path.read_text("utf-8")]
    assert knowing == ["jobs.py"]
