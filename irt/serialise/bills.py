"""What reading a warehouse costs, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from irt.serialise.columns import table_of
from irt.serialise.nouns import Table
from irt.serialise.tables import read_columns
from irt.sources.spending import Spending

#: Columns of the table of queries.
SPENDING_COLUMNS = (
    *("asked_at", "question", "bytes_processed", "bytes_billed", "cost", "cache_hit"),
    *("seconds", "slot_seconds", "job_id", "sql"),
)
_FOUND_AT = {"question": "name", "asked_at": "at"}
#: What is said of a source that costs nothing.
FREE = "Reading these answers costs nothing: they are in files of this machine."


def spending_table(spending: Spending | None) -> Table:
    """One row a query of today, the latest first; without a warehouse none, and a sentence."""
    jobs = () if spending is None else spending.jobs
    values = read_columns(SPENDING_COLUMNS, jobs, _FOUND_AT)
    values["asked_at"] = tuple(job.at.isoformat() for job in jobs)
    warnings = (FREE,) if spending is None else ()
    return table_of("spending", values, provenance=bill(spending), warnings=warnings)


def bill(spending: Spending | None) -> Mapping[str, Any]:
    """The sums of the day and the limits, as plain values; nothing without a warehouse."""
    if spending is None:
        return {}
    limits = spending.limits
    return {
        "table": spending.table,
        "as_of": spending.as_of.isoformat(),
        "n_rows": spending.n_rows,
        "n_bytes": spending.n_bytes,
        "bytes_billed_today": spending.bytes_billed_today,
        "cost_today": spending.cost_today,
        "ask_bytes": limits.ask_bytes,
        "max_bytes": limits.max_bytes,
        "day_bytes": limits.day_bytes,
        "price": limits.price,
    }
