"""Prepare: where answers live."""

from irt.sources.parquet import ImportReceipt, ParquetStore
from irt.sources.protocol import Catalogue, CatalogueEntry, ResponseSource, Stamp

__all__ = [
    "Catalogue",
    "CatalogueEntry",
    "ImportReceipt",
    "ParquetStore",
    "ResponseSource",
    "Stamp",
]
