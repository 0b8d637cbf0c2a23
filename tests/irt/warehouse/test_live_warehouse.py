"""Contract: a table in the real BigQuery understands every question. Dry runs only, which are free of charge.

Needs a login (``gcloud auth application-default login``) and a table; run it by itself::

    ITEMWISE_LIVE_TABLE=PROJECT.DATASET.TABLE pytest tests/irt/warehouse/test_live_warehouse.py

``ITEMWISE_LIVE_COLUMNS`` maps columns as ITEMWISE_COLUMNS does; ``ITEMWISE_LIVE_PROJECT`` names who runs the jobs.
"""

from __future__ import annotations

import json
import os

import pytest

from irt.warehouse.source import BigQuerySource
from irt.warehouse.wire import packed
from tests.irt.sources.asked import QUESTIONS

TABLE = os.environ.get("ITEMWISE_LIVE_TABLE", "")

pytestmark = pytest.mark.skipif(not TABLE, reason="ITEMWISE_LIVE_TABLE names no table of the real BigQuery")


@pytest.fixture(scope="module")
def source() -> BigQuerySource:
    columns = json.loads(os.environ.get("ITEMWISE_LIVE_COLUMNS", "{}"))
    # Questions ask for two groupings; any columns of text will do.
    groups = tuple(columns.get(name, name) for name in ("exam_name", "subject_name"))
    endpoint = os.environ.get("ITEMWISE_LIVE_ENDPOINT")
    project = os.environ.get("ITEMWISE_LIVE_PROJECT")
    return BigQuerySource(TABLE, columns=columns, groups=groups, project=project, endpoint=endpoint)


def test_the_table_fits_the_contract(source: BigQuerySource) -> None:
    stamp = source.stamp()
    assert stamp.as_of.tzinfo is not None
    assert source.stamp() == stamp


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_is_understood(source: BigQuerySource, name: str) -> None:
    sql, parameters = packed(QUESTIONS[name], n_rows=10**9)
    estimate = source.jobs.estimate(source.engine().text(sql), parameters, "live")
    assert estimate.n_bytes >= 0
    assert estimate.tables
