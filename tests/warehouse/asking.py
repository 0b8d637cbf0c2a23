"""How tests of the double ask it: once, without the client's patience."""

from __future__ import annotations

from typing import Any

from google.cloud import bigquery
from google.cloud.bigquery import ArrayQueryParameter, Client, QueryJob, QueryJobConfig, ScalarQueryParameter


def parameters(**given: tuple[str, Any]) -> list[ScalarQueryParameter | ArrayQueryParameter]:
    """Named parameters: ``name=(type, value)``, a list for an array."""
    return [
        (ArrayQueryParameter if isinstance(value, list) else ScalarQueryParameter)(name, kind, value)
        for name, (kind, value) in given.items()
    ]


def ask(client: Client, sql: str, **config: Any) -> list[tuple[Any, ...]]:
    """The rows of a query by jobs.query; nothing is tried twice."""
    rows = client.query_and_wait(sql, job_config=QueryJobConfig(**config), retry=None, job_retry=None)
    return [tuple(row) for row in rows]


def start(client: Client, sql: str, **config: Any) -> QueryJob:
    """A query by jobs.insert; nothing is tried twice."""
    return client.query(sql, job_config=QueryJobConfig(**config), retry=None, job_retry=None)


def load_config(**config: Any) -> bigquery.LoadJobConfig:
    """The configuration of a load that replaces the table."""
    return bigquery.LoadJobConfig(**{"write_disposition": "WRITE_TRUNCATE", **config})
