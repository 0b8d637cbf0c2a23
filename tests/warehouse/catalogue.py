"""Datasets and tables: what the service knows about them, and where DuckDB keeps them."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import duckdb

from tests.warehouse.errors import ApiError
from tests.warehouse.macros import statements
from tests.warehouse.wire_types import Field, columns_sql, duckdb_type, field_of, quoted, stored_bytes


class TableId(NamedTuple):
    """The three names of a table."""

    project: str
    dataset: str
    table: str

    def __str__(self) -> str:
        return f"{self.project}:{self.dataset}.{self.table}"

    @property
    def sql(self) -> str:
        """Its name in DuckDB: one schema a dataset."""
        return f"{quoted(f'{self.project}.{self.dataset}')}.{quoted(self.table)}"

    def resource(self) -> dict[str, str]:
        return {"projectId": self.project, "datasetId": self.dataset, "tableId": self.table}


@dataclass
class StoredTable:
    """A table or view. ``version`` counts its changes; ``properties`` are what a client set (labels, description)."""

    id: TableId
    fields: list[Field]
    kind: str = "TABLE"
    view_query: str = ""
    version: int = 1
    created: int = 0
    modified: int = 0
    streaming_rows: int = 0
    properties: dict[str, Any] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict, repr=False)

    @property
    def etag(self) -> str:
        return hashlib.md5(f"{self.id}/{self.created}/{self.version}".encode(), usedforsecurity=False).hexdigest()


@dataclass
class Dataset:
    """A dataset, with what a client set of it."""

    project: str
    name: str
    created: int
    properties: dict[str, Any] = field(default_factory=dict)


def now_ms() -> int:
    """The time in milliseconds since 1970."""
    return int(time.time() * 1000)


class Catalogue:
    """All datasets and tables of one double, in one DuckDB database."""

    def __init__(self, database: str = ":memory:", location: str = "US", threads: int | None = None) -> None:
        self.location = location
        self._connection = duckdb.connect(database, config={"threads": threads} if threads else {})
        for statement in statements():
            self._connection.execute(statement)
        self.lock = threading.RLock()
        self.datasets: dict[tuple[str, str], Dataset] = {}
        self.tables: dict[TableId, StoredTable] = {}
        self.forbidden: set[TableId] = set()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of one's own: a job, a request."""
        return self._connection.cursor()

    def close(self) -> None:
        self._connection.close()

    # ---- datasets ----

    def dataset(self, project: str, name: str) -> Dataset:
        """A dataset, or 404."""
        found = self.datasets.get((project, name))
        if found is None:
            raise ApiError("notFound", f"Not found: Dataset {project}:{name} was not found in location {self.location}")
        return found

    def add_dataset(self, project: str, name: str, properties: dict[str, Any] | None = None) -> Dataset:
        """Make a dataset, or 409."""
        with self.lock:
            if (project, name) in self.datasets:
                raise ApiError("duplicate", f"Already Exists: Dataset {project}:{name}")
            self.cursor().execute(f"CREATE SCHEMA {quoted(f'{project}.{name}')}")
            self.datasets[project, name] = made = Dataset(project, name, now_ms(), properties or {})
            return made

    def ensure_dataset(self, project: str, name: str) -> None:
        with self.lock:
            if (project, name) not in self.datasets:
                self.add_dataset(project, name)

    def drop_dataset(self, project: str, name: str, contents: bool) -> None:
        with self.lock:
            self.dataset(project, name)
            inside = [key for key in self.tables if key[:2] == (project, name)]
            if inside and not contents:
                raise ApiError("invalid", f"Dataset {project}:{name} is still in use", 400)
            for key in inside:
                del self.tables[key]
            self.cursor().execute(f"DROP SCHEMA {quoted(f'{project}.{name}')} CASCADE")
            del self.datasets[project, name]

    # ---- tables ----

    def table(self, key: TableId) -> StoredTable:
        """A table, or 404."""
        self.dataset(key.project, key.dataset)
        found = self.tables.get(key)
        if found is None:
            raise ApiError("notFound", f"Not found: Table {key} was not found in location {self.location}")
        return found

    def register(self, key: TableId, kind: str = "TABLE", view_query: str = "", **properties: Any) -> StoredTable:
        """Take a table that DuckDB has into the catalogue, in place of an earlier one of the name."""
        with self.lock:
            now = now_ms()
            earlier = self.tables.get(key)
            version = earlier.version + 1 if earlier else 1
            now = max(now, earlier.modified + 1) if earlier else now
            self.tables[key] = made = StoredTable(
                key, self._fields(key), kind, view_query, version, now, now, properties=properties
            )
            return made

    def create(self, key: TableId, fields: list[Field], **properties: Any) -> StoredTable:
        """Make an empty table, or 409."""
        with self.lock:
            self.dataset(key.project, key.dataset)
            if key in self.tables:
                raise ApiError("duplicate", f"Already Exists: Table {key}")
            # A table without columns is legal there and not here.
            self.cursor().execute(f"CREATE TABLE {key.sql} ({columns_sql(fields) or '_none INTEGER'})")
            made = self.register(key, **properties)
            made.fields = fields
            return made

    def change_schema(self, key: TableId, fields: list[Field]) -> None:
        """Add the columns that a new schema has at its end; any other change is refused, as by the service."""
        with self.lock:
            table = self.table(key)
            old = [(f["name"], f["type"], f["mode"] == "REPEATED") for f in table.fields]
            new = [(f["name"], f["type"], f["mode"] == "REPEATED") for f in fields]
            if new[: len(old)] != old:
                raise ApiError("invalid", f"Provided Schema does not match Table {key}.")
            for added in fields[len(old) :]:
                column = f"{quoted(added['name'])} {duckdb_type(added)}"
                self.cursor().execute(f"ALTER TABLE {key.sql} ADD COLUMN {column}")
            table.fields = fields

    def touch(self, keys: Iterable[TableId]) -> None:
        """Note that tables have changed."""
        with self.lock:
            for key in keys:
                if (table := self.tables.get(key)) is not None:
                    table.version += 1
                    table.modified = max(now_ms(), table.modified + 1)
                    table.counted.clear()

    def drop(self, key: TableId) -> None:
        with self.lock:
            self.table(key)
            self.cursor().execute(f"DROP {self.stored_as(key)} {key.sql}")
            del self.tables[key]

    def stored_as(self, key: TableId) -> str:
        """TABLE or VIEW: how DuckDB keeps what the service calls a table (a big Parquet file stays where it is)."""
        found = (
            self.cursor()
            .execute(
                "SELECT table_type FROM information_schema.tables WHERE table_schema = ? AND table_name = ?",
                [f"{key.project}.{key.dataset}", key.table],
            )
            .fetchall()
        )
        return "VIEW" if found and found[0][0] == "VIEW" else "TABLE"

    def _fields(self, key: TableId) -> list[Field]:
        relation = self.cursor().sql(f"SELECT * FROM {key.sql}")  # binds, reads nothing
        return [field_of(name, kind) for name, kind in zip(relation.columns, relation.types, strict=True)]

    # ---- sizes ----

    def n_rows(self, key: TableId) -> int:
        return self._count(key, ["count(*)"], ["*"])[0]

    def n_bytes(self, key: TableId, columns: Iterable[str] | None = None) -> int:
        """Bytes that some columns take in storage, or all; column names in any case."""
        table = self.table(key)
        wanted = None if columns is None else {name.lower() for name in columns}
        fields = [f for f in table.fields if wanted is None or f["name"].lower() in wanted]
        sums = [f"COALESCE(SUM(CAST({stored_bytes(f, quoted(f['name']))} AS BIGINT)), 0)" for f in fields]
        return sum(self._count(key, sums, [f["name"] for f in fields]))

    def _count(self, key: TableId, expressions: list[str], names: list[str]) -> list[int]:
        """Whole numbers over a table, each reckoned once a version."""
        counted = self.table(key).counted
        missing = {name: sql for name, sql in zip(names, expressions, strict=True) if name not in counted}
        if missing:
            row = self.cursor().execute(f"SELECT {', '.join(missing.values())} FROM {key.sql}").fetchall()[0]
            counted.update(zip(missing, map(int, row), strict=True))
        return [counted[name] for name in names]
