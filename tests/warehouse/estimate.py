"""How many bytes a query reads: the sizes of the columns that it names, table by table."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.scope import traverse_scope

#: The least that is billed for a table.
LEAST_PER_TABLE = 10 * 2**20
_STEP = 2**20


def billed(read: dict[tuple[str, str, str], int]) -> int:
    """Bytes billed for bytes read: at least 10 MB a table, in whole MB."""
    return sum(max(LEAST_PER_TABLE, -(-n_bytes // _STEP) * _STEP) for n_bytes in read.values())


def columns_read(
    tree: exp.Expression, tables: Iterable[tuple[str, str, str]]
) -> dict[tuple[str, str, str], frozenset[str] | None]:
    """The columns of each of these tables that a qualified SELECT, which is changed, reads; None: all of them."""
    known = {".".join(key).lower(): key for key in tables}
    try:
        tree = pushdown_projections(tree)
        found: dict[tuple[str, str, str], frozenset[str] | None] = {}
        for scope in traverse_scope(tree):
            for name, source in scope.sources.items():
                key = known.get(_full(source)) if isinstance(source, exp.Table) else None
                if key is not None:
                    read = frozenset(column.name.lower() for column in scope.source_columns(name))
                    found[key] = read | (found.get(key) or frozenset())
        return found
    except (SqlglotError, KeyError, ValueError):
        return dict.fromkeys(known.values())


def _full(table: exp.Table) -> str:
    return ".".join(part.name for part in table.parts).lower()
