"""Which source the settings name. Nothing is read yet, and what is not used is not loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from irt.settings import Settings
from irt.sources.parquet import ParquetStore

if TYPE_CHECKING:
    from irt.sources.spending import Limits
    from irt.warehouse.jobs import Jobs
    from irt.warehouse.source import BigQuerySource


def open_source(settings: Settings) -> ParquetStore | BigQuerySource:
    """The source of the settings.

    Raises
    ------
    SettingsError
        If ITEMWISE_COLUMNS names what is no column of the contract.
    """
    if settings.table is None:
        return ParquetStore(settings.folder, groups=settings.groups or None, stale=settings.stale)
    from irt import __version__
    from irt.warehouse.source import BigQuerySource

    return BigQuerySource(
        settings.table,
        columns=settings.columns,
        groups=settings.groups,
        limits=_limits(settings),
        cache=settings.cache,
        project=settings.billing_project,
        location=settings.location,
        endpoint=settings.bigquery_endpoint,
        version=__version__,
        stale=settings.stale,
    )


def open_jobs(settings: Settings, table: str) -> Jobs:
    """Jobs about a table of BigQuery (``project.dataset.table``) that is not the source: to publish to.

    They stand on the same bill as those that read.
    """
    from irt import __version__
    from irt.warehouse.jobs import Jobs
    from irt.warehouse.ledger import Ledger

    return Jobs(
        settings.billing_project or table.rsplit(".", 2)[0],
        table,
        endpoint=settings.bigquery_endpoint,
        location=settings.location,
        ledger=Ledger(settings.cache and settings.cache / "spending", _limits(settings)),
        source="publish",
        version=__version__,
    )


def _limits(settings: Settings) -> Limits:
    """What reading may cost."""
    from irt.sources.spending import Limits

    return Limits(settings.ask_bytes, settings.max_bytes, settings.day_bytes, settings.price)
