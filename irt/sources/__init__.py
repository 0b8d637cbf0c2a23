"""Prepare: where answers live."""

from irt.sources.protocol import Catalogue, CatalogueEntry, ResponseSource, Stamp

__all__ = ["Catalogue", "CatalogueEntry", "ResponseSource", "Stamp"]
