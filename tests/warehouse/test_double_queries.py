"""Contract: what the real client sees of queries and jobs on the double."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import pandas as pd
import pytest
from google.api_core import exceptions

from tests.warehouse import Warehouse
from tests.warehouse.asking import ask, parameters, start

UTC = dt.UTC


@pytest.fixture
def answers(warehouse: Warehouse) -> Warehouse:
    """Three answers: 2 + 1 bytes for each name, 8 for each number, 1 for each truth value."""
    frame = pd.DataFrame({"student": ["a", "b", None], "ok": [True, False, True], "n": [1, 2, 3]})
    warehouse.put_table("p.d.answers", frame)
    return warehouse


# ---- values -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("9007199254740993", 9007199254740993),
        ("1.5", 1.5),
        ("CAST('inf' AS FLOAT64)", math.inf),
        ("TRUE", True),
        ("'é \"quoted\" \\n試験'", 'é "quoted" \n試験'),
        ("b'a\\x00'", b"a\x00"),
        ("DATE '2026-01-31'", dt.date(2026, 1, 31)),
        ("DATETIME '2026-01-31 10:00:00.5'", dt.datetime(2026, 1, 31, 10, 0, 0, 500000)),
        ("TIMESTAMP '2026-01-31 10:00:00.000001+09'", dt.datetime(2026, 1, 31, 1, 0, 0, 1, tzinfo=UTC)),
        ("TIME '10:00:00'", dt.time(10)),
        ("NUMERIC '1.50'", Decimal("1.5")),
        ("NUMERIC '100'", Decimal(100)),
        ("CAST(NULL AS STRING)", None),
        ("[1, 2]", [1, 2]),
        ("STRUCT(1 AS x, 'y' AS y)", {"x": 1, "y": "y"}),
        ("[STRUCT(1 AS x, [TRUE] AS y)]", [{"x": 1, "y": [True]}]),
        ("CAST(NULL AS ARRAY<INT64>)", []),
    ],
)
def test_a_value_crosses_the_wire(warehouse: Warehouse, sql: str, value: object) -> None:
    assert ask(warehouse.client(), f"SELECT {sql} AS value") == [(value,)]


def test_nan_crosses_the_wire(warehouse: Warehouse) -> None:
    ((value,),) = ask(warehouse.client(), "SELECT CAST('nan' AS FLOAT64) AS value")
    assert math.isnan(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("STRING", "it's"),
        ("STRING", None),
        ("INT64", -5),
        ("FLOAT64", 0.1),
        ("BOOL", False),
        ("BYTES", b"\x00\xff"),
        ("DATE", dt.date(2026, 1, 31)),
        ("DATETIME", dt.datetime(2026, 1, 31, 1, 2, 3, 4)),
        ("TIMESTAMP", dt.datetime(2026, 1, 31, 1, 2, 3, tzinfo=UTC)),
        ("NUMERIC", Decimal("1.25")),
        ("STRING", ["a", "it's"]),
        ("INT64", []),
        ("BYTES", [b"\x00"]),
    ],
)
def test_a_parameter_comes_back(warehouse: Warehouse, kind: str, value: object) -> None:
    rows = ask(warehouse.client(), "SELECT @value AS value", query_parameters=parameters(value=(kind, value)))
    assert rows == [(value,)]


def test_parameters_select_rows(answers: Warehouse) -> None:
    sql = """SELECT n FROM `p.d.answers` WHERE student = @s OR n IN UNNEST(@k)
      OR n IN (SELECT * FROM UNNEST(@k)) ORDER BY n"""
    given = parameters(s=("STRING", "a"), k=("INT64", [3]))
    assert ask(answers.client(), sql, query_parameters=given) == [(1,), (3,)]


def test_a_parameter_that_is_not_given_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(exceptions.BadRequest, match="Query parameter 'value' not found"):
        ask(warehouse.client(), "SELECT @value AS value")


def test_columns_without_a_name_get_the_services_names(warehouse: Warehouse) -> None:
    rows = warehouse.client().query_and_wait("SELECT 1, 2 AS b, 3")
    assert [field.name for field in rows.schema] == ["f0_", "b", "f1_"]


# ---- pages --------------------------------------------------------------------------------------------------------


def test_an_answer_that_fits_takes_one_request(answers: Warehouse) -> None:
    ask(answers.client(), "SELECT * FROM `p.d.answers`")
    assert [request.endpoint for request in answers.requests] == ["jobs.query"]


def test_pages_are_cut_by_bytes_and_keep_the_order() -> None:
    with Warehouse(page_bytes=100_000) as warehouse:
        rows = ask(warehouse.client(), "SELECT k FROM UNNEST(GENERATE_ARRAY(1, 20000)) AS k ORDER BY k DESC")
        assert rows == [(k,) for k in range(20000, 0, -1)]
        pages = [r for r in warehouse.requests if r.endpoint in ("jobs.query", "jobs.getQueryResults")]
        assert len(pages) > 4
        assert all(page.bytes_out < 101_000 for page in pages)


def test_pages_are_cut_by_rows(answers: Warehouse) -> None:
    job = start(answers.client(), "SELECT n FROM `p.d.answers` ORDER BY n")
    pages = [[row.n for row in page] for page in job.result(page_size=2).pages]
    assert pages == [[1, 2], [3]]


def test_waiting_takes_no_rows_along(answers: Warehouse) -> None:
    job = start(answers.client(), "SELECT n FROM `p.d.answers`")
    assert len(list(job.result())) == 3
    waiting = [r for r in answers.calls("jobs.getQueryResults") if r.query.get("maxResults") == "0"]
    assert len(waiting) == 1


def test_a_row_larger_than_a_page_comes_all_the_same() -> None:
    with Warehouse(page_bytes=1000) as warehouse:
        rows = ask(warehouse.client(), "SELECT REPEAT('x', 5000) AS x FROM UNNEST([1, 2]) AS k")
        assert [len(x) for (x,) in rows] == [5000, 5000]


def test_json_is_compressed_on_request_of_both() -> None:
    with Warehouse(compress=True) as warehouse:
        assert len(ask(warehouse.client(), "SELECT k FROM UNNEST(GENERATE_ARRAY(1, 1000)) AS k")) == 1000
        assert warehouse.requests[0].bytes_out < 10_000


# ---- bytes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "n_bytes"),
    [
        ("SELECT * FROM `p.d.answers`", 6 + 3 + 24),
        ("SELECT student FROM `p.d.answers` WHERE n > 1", 6 + 24),
        ("WITH a AS (SELECT student AS s, ok, n FROM `p.d.answers`) SELECT COUNT(s) FROM a", 6),
        ("SELECT s FROM (SELECT student AS s, n AS m FROM p.d.answers) LIMIT 1", 6),
        ("SELECT COUNT(*) FROM `p.d.answers`", 0),
        ("SELECT 1", 0),
    ],
)
def test_a_dry_run_tells_the_bytes_of_the_columns_that_are_read(answers: Warehouse, sql: str, n_bytes: int) -> None:
    job = start(answers.client(), sql, dry_run=True)
    assert (job.total_bytes_processed, job.state) == (n_bytes, "DONE")
    assert [request.endpoint for request in answers.requests] == ["jobs.insert"]
    assert answers.jobs.all("p") == []


def test_a_dry_run_tells_the_columns(answers: Warehouse) -> None:
    job = start(answers.client(), "SELECT student, n FROM `p.d.answers`", dry_run=True)
    assert [(field.name, field.field_type) for field in job.schema] == [("student", "STRING"), ("n", "INTEGER")]


def test_a_dry_run_finds_errors_at_once(answers: Warehouse) -> None:
    with pytest.raises(exceptions.BadRequest, match="Unrecognized name: nobody"):
        start(answers.client(), "SELECT nobody FROM `p.d.answers`", dry_run=True)


def test_at_least_ten_megabytes_are_billed_a_table(answers: Warehouse) -> None:
    job = start(answers.client(), "SELECT n FROM `p.d.answers`")
    job.result()
    assert (job.total_bytes_processed, job.total_bytes_billed) == (24, 10 * 2**20)


def test_a_query_above_the_limit_does_not_run(answers: Warehouse) -> None:
    sentence = "Query exceeded limit for bytes billed: 1000. 10485760 or higher required."
    with pytest.raises(exceptions.BadRequest, match=sentence) as error:
        ask(answers.client(), "SELECT n FROM `p.d.answers`", maximum_bytes_billed=1000)
    assert error.value.errors[0]["reason"] == "bytesBilledLimitExceeded"
    assert ask(answers.client(), "SELECT COUNT(n) FROM `p.d.answers`", maximum_bytes_billed=10 * 2**20) == [(3,)]


def test_the_same_question_of_the_same_table_is_free(answers: Warehouse) -> None:
    client, sql = answers.client(), "SELECT n FROM `p.d.answers` WHERE student = @s"
    jobs = [start(client, sql, query_parameters=parameters(s=("STRING", s))) for s in "ab"]
    for job in jobs:
        job.result()
    again = start(client, sql, query_parameters=parameters(s=("STRING", "a")))
    again.result()
    assert [job.cache_hit for job in jobs] == [False, False]
    assert (again.cache_hit, again.total_bytes_processed, again.total_bytes_billed) == (True, 0, 0)


@pytest.mark.parametrize(
    "change",
    [
        lambda warehouse: warehouse.touch("p.d.answers"),
        lambda warehouse: warehouse.sql("DELETE FROM `p.d.answers` WHERE n = 3"),
        lambda warehouse: warehouse.stream("p.d.answers", 5),
    ],
    ids=["touched", "deleted", "streaming"],
)
def test_a_changed_table_is_read_again(answers: Warehouse, change) -> None:
    client, sql = answers.client(), "SELECT COUNT(n) FROM `p.d.answers`"
    start(client, sql).result()
    change(answers)
    job = start(client, sql)
    job.result()
    assert job.cache_hit is False


def test_the_cache_can_be_declined(answers: Warehouse) -> None:
    client, sql = answers.client(), "SELECT n FROM `p.d.answers`"
    start(client, sql).result()
    job = start(client, sql, use_query_cache=False)
    job.result()
    assert job.cache_hit is False


def test_what_changes_by_itself_is_not_cached(warehouse: Warehouse) -> None:
    client = warehouse.client()
    jobs = [start(client, "SELECT CURRENT_TIMESTAMP() AS now") for _ in range(2)]
    for job in jobs:
        job.result()
    assert [job.cache_hit for job in jobs] == [False, False]


# ---- jobs ---------------------------------------------------------------------------------------------------------


def test_labels_and_limits_travel_and_are_listed(answers: Warehouse) -> None:
    ask(answers.client(), "SELECT 1 AS x", labels={"app": "itemwise"}, maximum_bytes_billed=10**9, job_timeout_ms=60000)
    body = answers.calls("jobs.query")[0].body
    assert (body["labels"], body["maximumBytesBilled"], body["jobTimeoutMs"]) == (
        {"app": "itemwise"},
        "1000000000",
        "60000",
    )
    assert [job.labels for job in answers.client().list_jobs()] == [{"app": "itemwise"}]


def test_a_job_that_runs_can_be_seen_and_cancelled(warehouse: Warehouse) -> None:
    client = warehouse.client()
    with warehouse.held():
        job = start(client, "SELECT 1 AS x")
        assert job.running()
        assert [found.job_id for found in client.list_jobs(state_filter="running")] == [job.job_id]
        job.cancel()
        with pytest.raises(exceptions.GoogleAPICallError, match="User requested cancellation"):
            job.result()
    assert [found.job_id for found in client.list_jobs(state_filter="running")] == []
    job.reload()
    assert job.error_result["reason"] == "stopped"


def test_a_query_that_works_hard_is_stopped(warehouse: Warehouse) -> None:
    # 8 * 10^12 rows: it could not end within the test.
    sql = """SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 20000)) AS a, UNNEST(GENERATE_ARRAY(1, 20000)) AS b,
      UNNEST(GENERATE_ARRAY(1, 20000)) AS c WHERE MOD(a * b + c, 7) = 3"""
    job = start(warehouse.client(), sql)
    job.cancel()
    with pytest.raises(exceptions.GoogleAPICallError, match="cancelled"):
        job.result(timeout=60)


def test_a_job_ends_at_its_timeout(warehouse: Warehouse) -> None:
    with warehouse.held(), pytest.raises(exceptions.GoogleAPICallError, match="timed out after"):
        ask(warehouse.client(), "SELECT 1 AS x", job_timeout_ms=50)


def test_a_job_id_is_used_once(warehouse: Warehouse) -> None:
    client = warehouse.client()
    client.query("SELECT 1", job_id="mine", job_retry=None).result()
    with pytest.raises(exceptions.Conflict, match=r"Already Exists: Job p:US.mine"):
        client.query("SELECT 1", job_id="mine", job_retry=None)


def test_a_job_that_is_not_there(warehouse: Warehouse) -> None:
    with pytest.raises(exceptions.NotFound, match="Not found: Job p:nobody"):
        warehouse.client().get_job("nobody")
