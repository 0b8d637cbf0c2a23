"""What the client of BigQuery tells, in our own nouns. It is not imported here: its objects only come by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from irt.sources.spending import billable
from irt.warehouse.ledger import Bill
from irt.warehouse.table_state import Field, TableState

#: The client's names of types, where they differ from GoogleSQL's.
_KINDS = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}


def label(text: str) -> str:
    """A text as the value of a label: lower case, at most 63 characters."""
    return re.sub(r"[^a-z0-9_-]", "-", text.lower())[:63]


def state_of(name: str, table: Any) -> TableState:
    """A table as the client has it, as ours. Rows in the streaming buffer count, although they are not in the sums."""
    buffer = table.streaming_buffer
    return TableState(
        name=name,
        kind=str(table.table_type or "TABLE"),
        fields=tuple(
            Field(field.name, _KINDS.get(field.field_type.upper(), field.field_type.upper()), field.mode or "NULLABLE")
            for field in table.schema
        ),
        etag=str(table.etag or ""),
        modified=table.modified or datetime.fromtimestamp(0, UTC),
        n_rows=int(table.num_rows or 0) + int(getattr(buffer, "estimated_rows", None) or 0),
        n_bytes=int(table.num_bytes or 0) + int(getattr(buffer, "estimated_bytes", None) or 0),
        location=table.location,
    )


def bill_of(rows: Any, said: Mapping[str, Any], seconds: float) -> Bill:
    """What a query has cost. Where the service does not say what it bills, by its rule."""
    processed = int(rows.total_bytes_processed or 0)
    cached, told = bool(said["cacheHit"]), said["totalBytesBilled"]
    billed = int(told) if told is not None else (0 if cached else billable(processed))
    return Bill(str(rows.job_id or ""), processed, billed, cached, seconds, int(rows.slot_millis or 0) / 1000)


def share_of(job: Any) -> float | None:
    """How much of a query is done, by the parts of its stages."""
    stages = getattr(job, "query_plan", None) or []
    parts = sum(int(stage.parallel_inputs or 0) for stage in stages)
    return sum(int(stage.completed_parallel_inputs or 0) for stage in stages) / parts if parts else None


def job_bill(job: Any, seconds: float) -> Bill:
    """What a job that has ended has cost, as it says itself."""
    return Bill(
        job_id=str(job.job_id),
        bytes_processed=int(job.total_bytes_processed or 0),
        bytes_billed=int(job.total_bytes_billed or 0),
        cache_hit=bool(job.cache_hit),
        seconds=seconds,
        slot_seconds=int(job.slot_millis or 0) / 1000,
    )
