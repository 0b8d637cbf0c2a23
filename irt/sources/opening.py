"""Which source the settings name."""

from __future__ import annotations

from irt.settings import Settings
from irt.sources.parquet import ParquetStore


def open_source(settings: Settings) -> ParquetStore:
    """The source of the settings. This version has one kind, the embedded store; nothing is read yet."""
    return ParquetStore(settings.folder, groups=settings.groups or None)
