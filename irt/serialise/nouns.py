"""Columns and tables: what every export is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from numpy.typing import NDArray

from irt.errors import IrtError

#: The values of one column.
Values = Sequence[Any] | NDArray[Any]


class Kind(StrEnum):
    """What a column holds; the values are the types of JSON Schema."""

    TEXT = "string"
    NUMBER = "number"
    WHOLE = "integer"
    YES_NO = "boolean"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export: its name, what it holds and what it means."""

    name: str
    kind: Kind
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """A report as columns, ready for any format.

    Parameters
    ----------
    name : str
        What one row is, for file names: ``items``, ``probabilities``.
    columns : tuple of Column
    values : tuple of sequences
        One for each column, all of the same length; None (or nan in numbers) where a value cannot be had.
    provenance : mapping
        Where the numbers come from.
    warnings : tuple of str
    """

    name: str
    columns: tuple[Column, ...]
    values: tuple[Values, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.columns) != len(self.values) or len({len(values) for values in self.values}) > 1:
            raise IrtError(f"The columns of the table {self.name} are not of one length.")

    def __len__(self) -> int:
        return len(self.values[0]) if self.values else 0

    def cut(self, start: int, stop: int) -> Table:
        """The rows from ``start`` up to ``stop``."""
        values = tuple(column[start:stop] for column in self.values)
        return Table(self.name, self.columns, values, self.provenance, self.warnings)

    def column(self, name: str) -> Values:
        """The values of one column."""
        return self.values[[column.name for column in self.columns].index(name)]


@dataclass(frozen=True, slots=True)
class LongTable:
    """A table that is made in parts when they are asked for, since it is too long to be held.

    Parameters
    ----------
    name, columns, provenance, warnings
        As of :class:`Table`.
    length : int
        How many rows it has.
    part : callable
        The rows from one place up to another, as a table.
    """

    name: str
    columns: tuple[Column, ...]
    length: int
    part: Callable[[int, int], Table]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.length

    def cut(self, start: int, stop: int) -> Table:
        """The rows from ``start`` up to ``stop``."""
        stop = min(stop, self.length)
        values = self.part(min(start, stop), stop).values
        return Table(self.name, self.columns, values, self.provenance, self.warnings)
