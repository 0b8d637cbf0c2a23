"""Prepare: where answers live, and the files they come from."""

from irt.responses.key import OmittedPolicy
from irt.sources.columns import ColumnPlan, ImportOptions, Layout
from irt.sources.opening import open_source
from irt.sources.parquet import ImportReceipt, ParquetStore
from irt.sources.protocol import Catalogue, CatalogueEntry, ResponseSource, Stamp
from irt.sources.reader import ImportTable, preview_table, read_key, read_table

__all__ = [
    "Catalogue",
    "CatalogueEntry",
    "ColumnPlan",
    "ImportOptions",
    "ImportReceipt",
    "ImportTable",
    "Layout",
    "OmittedPolicy",
    "ParquetStore",
    "ResponseSource",
    "Stamp",
    "open_source",
    "preview_table",
    "read_key",
    "read_table",
]
