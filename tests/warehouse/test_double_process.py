"""Contract: the double in a process of its own, for demonstrations and measurements."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.warehouse import Warehouse
from tests.warehouse.asking import ask
from tests.warehouse.control import WarehouseProcess
from tests.warehouse.demo import COLUMNS, TABLE, put_folder, put_sample

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "tests.warehouse"]


def test_another_process_takes_orders_and_tells_what_it_was_asked() -> None:
    with WarehouseProcess() as warehouse:
        warehouse.put_table("p.d.t", "SELECT 1 AS x")
        warehouse.fail("tables.get", status=404)
        table = f"{warehouse.endpoint}/bigquery/v2/projects/p/datasets/d/tables/t"
        assert [requests.get(table, timeout=30).status_code for _ in range(2)] == [404, 200]
        assert [request.status for request in warehouse.calls("tables.get")] == [404, 200]
        assert warehouse.sql("SELECT x FROM p.d.t") == [["1"]]
        endpoint = warehouse.endpoint
    with pytest.raises(requests.ConnectionError):
        requests.get(endpoint, timeout=5)


def test_a_command_runs_on_the_double_and_ends_with_it() -> None:
    program = "import os; print('asked', os.environ['ITEMWISE_BIGQUERY_ENDPOINT']); raise SystemExit(3)"
    done = subprocess.run(
        [*COMMAND, "--answers", "none", "--", sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert "asked http://127.0.0.1:" in done.stdout


def test_ctrl_c_stops_both() -> None:
    program = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(600)"
    double = subprocess.Popen(
        [*COMMAND, "--answers", "none", "--", sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert double.stdout is not None
    double.stdout.readline()
    child = int(double.stdout.readline().split()[1])
    double.send_signal(signal.SIGINT)
    double.communicate(timeout=30)
    deadline = time.monotonic() + 30
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()


def test_the_sample_is_a_table_as_a_school_has_it(warehouse: Warehouse) -> None:
    settings = put_sample(warehouse)
    client = warehouse.client("demo")
    fields = {field.name: field.field_type for field in client.get_table(TABLE).schema}
    assert set(COLUMNS.values()) <= fields.keys()
    assert not set(COLUMNS) & fields.keys()
    assert (fields["pupil_no"], fields["is_right"]) == ("INTEGER", "BOOLEAN")
    ((broken, n),) = ask(
        client,
        f"SELECT COUNTIF(pupil_no IS NULL OR IFNULL(question, '') = '' OR test IS NULL), COUNT(*) FROM `{TABLE}`",
    )
    assert 0 < broken < n / 1000
    assert settings["ITEMWISE_SOURCE"] == f"bigquery:{TABLE}"


def test_a_folder_of_parquet_files_is_served_where_it_lies(warehouse: Warehouse, sample_store: Path) -> None:
    put_folder(warehouse, sample_store)
    table = warehouse.client("demo").get_table(TABLE)
    assert table.num_rows > 100_000
    assert table.table_type == "TABLE"
