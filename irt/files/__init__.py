"""Prepare: files that people bring, in any accepted layout, read into the responses table."""

from irt.files.columns import ColumnPlan, ImportOptions, Layout
from irt.files.reader import ImportTable, preview_table, read_key, read_table
from irt.responses.key import OmittedPolicy

__all__ = [
    "ColumnPlan",
    "ImportOptions",
    "ImportTable",
    "Layout",
    "OmittedPolicy",
    "preview_table",
    "read_key",
    "read_table",
]
