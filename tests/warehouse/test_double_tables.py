"""Contract: what the real client sees of tables, loads and scripts on the double."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pandas as pd
import pytest
from google.api_core import exceptions
from google.cloud import bigquery
from google.cloud.bigquery import SchemaField

from tests.warehouse import Warehouse
from tests.warehouse.asking import ask, load_config, start

SCHEMA = [SchemaField("s", "STRING", mode="REQUIRED"), SchemaField("n", "INTEGER"), SchemaField("x", "FLOAT")]
CSV = 's,n,x\n"a",1,NaN\n"",,inf\nb,-2,0.1\n'
ROWS = "SELECT s, n, CAST(x AS STRING) FROM `p.d.t` ORDER BY s"


@pytest.fixture
def client(warehouse: Warehouse) -> bigquery.Client:
    """A client, and a dataset for it."""
    made = warehouse.client()
    made.create_dataset("d")
    return made


# ---- tables -------------------------------------------------------------------------------------------------------


def test_a_table_tells_what_it_holds(warehouse: Warehouse) -> None:
    frame = pd.DataFrame(
        {"student": ["ab", None], "ok": [True, False], "n": [1, 2], "at": pd.to_datetime(["2026", "2027"])}
    )
    warehouse.put_table("p.d.t", frame)
    table = warehouse.client().get_table("p.d.t")
    assert [(field.name, field.field_type) for field in table.schema] == [
        ("student", "STRING"),
        ("ok", "BOOLEAN"),
        ("n", "INTEGER"),
        ("at", "DATETIME"),
    ]
    assert (table.num_rows, table.num_bytes, table.table_type) == (2, 4 + 2 + 16 + 16, "TABLE")
    assert table.streaming_buffer is None


def test_a_change_is_seen_by_etag_and_time(warehouse: Warehouse) -> None:
    warehouse.put_table("p.d.t", "SELECT 1 AS n")
    client = warehouse.client()
    states = [client.get_table("p.d.t")]
    for change in (
        lambda: warehouse.touch("p.d.t"),
        lambda: start(client, "INSERT INTO `p.d.t` (n) VALUES (2)").result(),
        lambda: warehouse.put_table("p.d.t", "SELECT 3 AS n"),
    ):
        change()
        states.append(client.get_table("p.d.t"))
    assert len({state.etag for state in states}) == 4
    assert [state.modified for state in states] == sorted({state.modified for state in states})
    assert client.get_table("p.d.t").etag == states[-1].etag


def test_rows_in_the_streaming_buffer(warehouse: Warehouse) -> None:
    warehouse.put_table("p.d.t", "SELECT 1 AS n")
    warehouse.stream("p.d.t", 7)
    assert warehouse.client().get_table("p.d.t").streaming_buffer.estimated_rows == 7


def test_a_table_is_made_changed_and_deleted(client: bigquery.Client) -> None:
    table = bigquery.Table("p.d.t", schema=SCHEMA)
    table.clustering_fields = ["s"]
    made = client.create_table(table)
    assert (made.schema, made.clustering_fields, made.num_rows) == (SCHEMA, ["s"], 0)
    with pytest.raises(exceptions.Conflict, match=r"Already Exists: Table p:d.t"):
        client.create_table(table)
    made.description, made.labels = "Scores", {"app": "itemwise"}
    made.schema = [*SCHEMA, SchemaField("more", "STRING")]
    changed = client.update_table(made, ["description", "labels", "schema"])
    assert (changed.description, changed.labels, len(changed.schema)) == ("Scores", {"app": "itemwise"}, 4)
    client.delete_table("p.d.t")
    with pytest.raises(exceptions.NotFound):
        client.get_table("p.d.t")
    client.delete_table("p.d.t", not_found_ok=True)


def test_an_update_of_an_older_state_is_refused(client: bigquery.Client) -> None:
    table = client.create_table(bigquery.Table("p.d.t", schema=SCHEMA))
    table.description = "first"
    client.update_table(table, ["description"])
    table.description = "second, without having seen the first"
    with pytest.raises(exceptions.PreconditionFailed):
        client.update_table(table, ["description"])


def test_a_view_reads_its_tables(warehouse: Warehouse) -> None:
    warehouse.put_table("p.d.t", pd.DataFrame({"a": ["x", "y"], "n": [1, 2]}))
    warehouse.put_view("p.d.v", "SELECT a AS b, n FROM `p.d.t` WHERE n > 1")
    client = warehouse.client()
    assert client.get_table("p.d.v").table_type == "VIEW"
    assert ask(client, "SELECT b FROM `p.d.v`") == [("y",)]
    assert start(client, "SELECT b FROM `p.d.v`", dry_run=True).total_bytes_processed == 6 + 16


def test_rows_of_a_table_are_listed_page_by_page() -> None:
    with Warehouse(page_bytes=2000) as warehouse:
        warehouse.put_table("p.d.t", "SELECT range AS n FROM range(1000)")
        client = warehouse.client()
        assert [row.n for row in client.list_rows("p.d.t")] == list(range(1000))
        assert len(warehouse.calls("tabledata.list")) > 5
        assert [row.n for row in client.list_rows("p.d.t", max_results=3)] == [0, 1, 2]


# ---- loads --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resumable", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_a_csv_file_is_loaded(warehouse: Warehouse, client: bigquery.Client, resumable: bool, packed: bool) -> None:
    data = gzip.compress(CSV.encode()) if packed else CSV.encode()
    config = load_config(source_format="CSV", skip_leading_rows=1, schema=SCHEMA)
    size = None if resumable else len(data)
    job = client.load_table_from_file(io.BytesIO(data), "p.d.t", job_config=config, size=size)
    job.result()
    assert job.output_rows == 3
    assert ask(client, ROWS) == [("", None, "inf"), ("a", 1, "nan"), ("b", -2, "0.1")]
    assert len(warehouse.calls("jobs.upload")) == int(resumable)


def test_a_large_file_comes_in_chunks_and_survives_a_fault(warehouse: Warehouse, client: bigquery.Client) -> None:
    lines = b"".join(b'{"s": "%040d", "n": %d}\n' % (k, k) for k in range(60_000))
    warehouse.fail("jobs.upload", status=503)
    client.load_table_from_file(
        io.BytesIO(lines),
        "p.d.t",
        job_config=load_config(source_format="NEWLINE_DELIMITED_JSON", schema=SCHEMA),
    ).result()
    assert client.get_table("p.d.t").num_rows == 60_000
    assert len(warehouse.jobs.all("p")) == 1


def test_rows_are_added_as_json(client: bigquery.Client) -> None:
    client.create_table(bigquery.Table("p.d.t", schema=SCHEMA))
    config = load_config(write_disposition="WRITE_APPEND", schema=SCHEMA)
    for row in ({"s": "a", "n": 1}, {"s": "b", "x": 0.5}):
        client.load_table_from_json([row], "p.d.t", job_config=config).result()
    assert ask(client, ROWS) == [("a", 1, None), ("b", None, "0.5")]


@pytest.mark.parametrize(
    ("data", "kind", "sentence"),
    [
        (b"a,one,1\n", "CSV", "Error while reading data"),
        (b'{"s": "a", "more": 1}\n', "NEWLINE_DELIMITED_JSON", "No such field: more"),
        (b'{"n": 1}\n', "NEWLINE_DELIMITED_JSON", "Error while reading data"),
        (gzip.compress(CSV.encode())[:-9], "CSV", "gzip file is broken"),
    ],
    ids=["type", "field", "required", "gzip"],
)
def test_a_file_that_cannot_be_read_changes_nothing(
    client: bigquery.Client, data: bytes, kind: str, sentence: str
) -> None:
    good = load_config(schema=SCHEMA)
    client.load_table_from_json([{"s": "kept", "n": 1}], "p.d.t", job_config=good).result()
    etag = client.get_table("p.d.t").etag
    config = load_config(source_format=kind, schema=SCHEMA)
    with pytest.raises(exceptions.BadRequest, match=sentence):
        client.load_table_from_file(io.BytesIO(data), "p.d.t", job_config=config).result()
    assert ask(client, "SELECT s FROM `p.d.t`") == [("kept",)]
    assert client.get_table("p.d.t").etag == etag


def test_write_empty_wants_an_empty_table(client: bigquery.Client) -> None:
    config = load_config(schema=SCHEMA, write_disposition="WRITE_EMPTY")
    client.load_table_from_json([{"s": "a"}], "p.d.t", job_config=config).result()
    with pytest.raises(exceptions.Conflict):
        client.load_table_from_json([{"s": "b"}], "p.d.t", job_config=config).result()


def test_a_file_is_loaded_from_a_bucket(warehouse: Warehouse, client: bigquery.Client) -> None:
    warehouse.put_bucket("files")
    bucket = warehouse.storage().bucket("files")
    for name, text in (("part-1.csv", "a,1,\n"), ("part-2.csv", "b,2,\n"), ("other.csv", "c,3,\n")):
        bucket.blob(name).upload_from_string(text)
    client.load_table_from_uri("gs://files/part-*", "p.d.t", job_config=load_config(schema=SCHEMA)).result()
    assert ask(client, "SELECT s, n FROM `p.d.t` ORDER BY s") == [("a", 1), ("b", 2)]


# ---- changes ------------------------------------------------------------------------------------------------------


@pytest.fixture
def scores(warehouse: Warehouse, client: bigquery.Client) -> bigquery.Client:
    """A table of two scores."""
    start(client, "CREATE TABLE d.scores (student STRING NOT NULL, score INT64)").result()
    start(client, "INSERT INTO d.scores (student, score) VALUES ('a', 1), ('b', 2)").result()
    return client


def rows(client: bigquery.Client) -> list[tuple[Any, ...]]:
    """What is in the table of scores."""
    return ask(client, "SELECT student, score FROM d.scores ORDER BY student")


def test_a_script_replaces_rows_at_once(warehouse: Warehouse, scores: bigquery.Client) -> None:
    warehouse.put_table("p.d.fresh", pd.DataFrame({"student": ["b", "c"], "score": [20, 30]}))
    job = start(
        scores,
        """CREATE TEMP TABLE new AS SELECT student, score + 1 AS score FROM `p.d.fresh`;
        BEGIN TRANSACTION;
        DELETE FROM d.scores WHERE student IN (SELECT student FROM new);
        INSERT INTO d.scores (student, score) SELECT student, score FROM new;
        COMMIT TRANSACTION""",
    )
    job.result()
    assert job.statement_type == "SCRIPT"
    assert rows(scores) == [("a", 1), ("b", 21), ("c", 31)]


@pytest.mark.parametrize(
    "ending",
    [
        "INSERT INTO d.scores (student, score) SELECT 'c', CAST('none' AS INT64); COMMIT TRANSACTION",
        "INSERT INTO d.scores (student, score) VALUES (NULL, 1); COMMIT TRANSACTION",
        "SELECT nobody FROM d.scores; COMMIT TRANSACTION",
        "ROLLBACK TRANSACTION",
        "SELECT 1",
    ],
    ids=["value", "required", "name", "rollback", "unfinished"],
)
def test_a_transaction_that_does_not_end_well_changes_nothing(scores: bigquery.Client, ending: str) -> None:
    etag = scores.get_table("p.d.scores").etag
    job = start(scores, f"BEGIN TRANSACTION; DELETE FROM d.scores WHERE TRUE; {ending}")
    job.exception()
    assert rows(scores) == [("a", 1), ("b", 2)]
    assert scores.get_table("p.d.scores").etag == etag


def test_a_cancelled_script_changes_nothing(scores: bigquery.Client) -> None:
    hard = """SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 20000)) AS a, UNNEST(GENERATE_ARRAY(1, 20000)) AS b,
      UNNEST(GENERATE_ARRAY(1, 20000)) AS c WHERE MOD(a * b + c, 7) = 3"""
    job = start(scores, f"BEGIN TRANSACTION; DELETE FROM d.scores WHERE TRUE; {hard}; COMMIT TRANSACTION")
    job.cancel()
    assert job.exception(timeout=60) is not None
    assert rows(scores) == [("a", 1), ("b", 2)]


def test_merge(scores: bigquery.Client) -> None:
    job = start(
        scores,
        """MERGE d.scores AS t USING (SELECT 'b' AS student, 20 AS score UNION ALL SELECT 'c', 30) AS s
        ON t.student = s.student
        WHEN MATCHED THEN UPDATE SET score = s.score
        WHEN NOT MATCHED THEN INSERT ROW
        WHEN NOT MATCHED BY SOURCE THEN DELETE""",
    )
    job.result()
    assert job.num_dml_affected_rows == 3
    assert rows(scores) == [("b", 20), ("c", 30)]


def test_a_change_tells_how_many_rows(scores: bigquery.Client) -> None:
    job = start(scores, "UPDATE d.scores SET score = 0 WHERE score > 0")
    job.result()
    assert (job.num_dml_affected_rows, job.statement_type, job.dml_stats.updated_row_count) == (2, "UPDATE", 2)


def test_a_table_is_replaced_from_a_query(scores: bigquery.Client) -> None:
    start(
        scores,
        """CREATE OR REPLACE TABLE d.scores PARTITION BY day CLUSTER BY student OPTIONS (description = 'new') AS
        SELECT 'z' AS student, 9 AS score, DATE '2026-01-31' AS day""",
    ).result()
    assert rows(scores) == [("z", 9)]
    with pytest.raises(exceptions.Conflict, match=r"Already Exists: Table p:d.scores"):
        start(scores, "CREATE TABLE d.scores AS SELECT 1 AS x").result()
    start(scores, "CREATE TABLE IF NOT EXISTS d.scores AS SELECT 1 AS x").result()
    start(scores, "DROP TABLE d.scores").result()
    start(scores, "DROP TABLE IF EXISTS d.scores").result()


def test_an_answer_goes_into_a_table(scores: bigquery.Client) -> None:
    sql = "SELECT student FROM d.scores WHERE score = 1"
    start(scores, sql, destination="p.d.chosen", write_disposition="WRITE_TRUNCATE").result()
    assert ask(scores, "SELECT student FROM d.chosen") == [("a",)]
    with pytest.raises(exceptions.Conflict):
        start(scores, sql, destination="p.d.chosen", write_disposition="WRITE_EMPTY").result()


def test_a_column_takes_its_own_type_only(scores: bigquery.Client) -> None:
    with pytest.raises(exceptions.BadRequest, match="Query column 1 has type INT64 which cannot be inserted"):
        start(scores, "INSERT INTO d.scores (student, score) SELECT 1, 2").result()
    start(scores, "INSERT INTO d.scores (student, score) SELECT 'c', NULL").result()
    assert rows(scores) == [("a", 1), ("b", 2), ("c", None)]


def test_permanent_tables_are_not_made_within_a_transaction(scores: bigquery.Client) -> None:
    with pytest.raises(exceptions.BadRequest, match="not supported in a transaction"):
        start(scores, "BEGIN TRANSACTION; CREATE TABLE d.x AS SELECT 1 AS y; COMMIT TRANSACTION").result()


def test_a_dataset_that_is_not_there(client: bigquery.Client) -> None:
    with pytest.raises(exceptions.NotFound, match="Dataset p:nowhere"):
        client.create_table(bigquery.Table("p.nowhere.t", schema=SCHEMA))
    with pytest.raises(exceptions.Conflict):
        client.create_dataset("d")
