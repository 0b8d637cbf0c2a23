"""What a warehouse tells of a table without reading it: its columns, its size, and when it was last changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

#: Kinds of tables whose contents may change while they themselves do not.
DERIVED = frozenset({"VIEW", "MATERIALIZED_VIEW"})
#: Kinds of tables whose rows the warehouse stores itself: it knows when they changed.
_STORED = frozenset({"TABLE", "SNAPSHOT", "CLONE"})


@dataclass(frozen=True, slots=True)
class Field:
    """A column: ``kind`` in the words of GoogleSQL (STRING, INT64, TIMESTAMP, ...), ``mode`` NULLABLE or REPEATED."""

    name: str
    kind: str = "STRING"
    mode: str = "NULLABLE"


@dataclass(frozen=True, slots=True)
class TableState:
    """A table at one instant.

    Parameters
    ----------
    name : str
        ``project.dataset.table``.
    kind : str
        TABLE, VIEW, MATERIALIZED_VIEW, EXTERNAL or SNAPSHOT.
    fields : tuple of Field
    etag : str
        Changes with the table and with what describes it.
    modified : datetime
    n_rows, n_bytes : int
        Rows that were streamed in a moment ago count as far as the warehouse knows of them; 0 for a view.
    location : str, optional
    """

    name: str
    kind: str
    fields: tuple[Field, ...]
    etag: str
    modified: datetime
    n_rows: int
    n_bytes: int
    location: str | None = None

    @property
    def token(self) -> str:
        """A text that changes when the rows of this table change."""
        return f"{self.name} {self.etag} {self.modified.isoformat()} {self.n_rows} {self.n_bytes}"

    @property
    def is_stored(self) -> bool:
        """Whether the warehouse stores its rows, and so knows when they changed."""
        return self.kind in _STORED

    @property
    def is_sized(self) -> bool:
        """Whether reading it costs at most ``n_bytes``: not so where rows lie elsewhere, or their size is not told."""
        return self.kind in _STORED and (self.n_bytes > 0 or self.n_rows == 0)
