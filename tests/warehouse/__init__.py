"""A warehouse on this machine: BigQuery and Cloud Storage as their real clients see them, over real HTTP.

Flask answers, DuckDB reckons, sqlglot translates. For tests and demonstrations only::

    with Warehouse() as warehouse:
        warehouse.put_table("p.d.answers", frame)              # or a SELECT in DuckDB's SQL
        client = warehouse.client("p")                         # or ITEMWISE_BIGQUERY_ENDPOINT=warehouse.endpoint
        warehouse.fail("jobs.query", status=503, times=2)      # faults.Fault tells what else can go wrong
        list(client.query_and_wait("SELECT COUNT(*) FROM `p.d.answers`"))
        assert len(warehouse.calls("jobs.query")) == 3         # the wire log: method, path, body, bytes in and out

As a pytest fixture: ``warehouse`` (fresh for each test). From a shell: ``python -m tests.warehouse``.

What it cannot do it refuses with a sentence; it never answers otherwise than the service would, as far as is known.
It cannot prove permissions, prices or the service's own bytes.
"""

from __future__ import annotations

from tests.warehouse.faults import Fault
from tests.warehouse.warehouse import PAGE_BYTES, Warehouse
from tests.warehouse.wire_log import Request

__all__ = ["PAGE_BYTES", "Fault", "Request", "Warehouse"]
