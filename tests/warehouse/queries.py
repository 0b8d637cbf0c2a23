"""Queries: from the text of a request to rows for the wire, statement by statement."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
from sqlglot import exp

from tests.warehouse.catalogue import Catalogue, StoredTable, TableId
from tests.warehouse.errors import ApiError, beyond
from tests.warehouse.estimate import billed
from tests.warehouse.googlesql import DML, TRANSACTIONS, Statement, Translated, fleeting, parse, tables, translate
from tests.warehouse.strictness import looked_at, type_name
from tests.warehouse.wire_types import Field, field_of, parameter_field, quoted, wire_row

#: How many answers the cache of results holds.
CACHED = 64


@dataclass
class Outcome:
    """What came of a query: ``rows`` are JSON texts of the wire; ``read`` are the bytes read by table."""

    kind: str
    fields: list[Field] | None = None
    rows: list[bytes] = field(default_factory=list, repr=False)
    affected: int | None = None
    read: dict[TableId, int] = field(default_factory=dict)
    target: TableId | None = None
    cache_hit: bool = False
    load: dict[str, str] = field(default_factory=dict)

    @property
    def bytes_processed(self) -> int:
        return 0 if self.cache_hit else sum(self.read.values())

    @property
    def bytes_billed(self) -> int:
        return 0 if self.cache_hit else billed(self.read)  # type: ignore[arg-type]


class Cache:
    """Answers kept by text, parameters and the state of the tables, as the service keeps them for a day."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Any, Outcome] = OrderedDict()

    def get(self, key: Any) -> Outcome | None:
        return self._kept.get(key)

    def put(self, key: Any, outcome: Outcome) -> None:
        self._kept[key] = outcome
        while len(self._kept) > CACHED:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        self._kept.clear()


class Script:
    """The statements of one request.

    ``query`` is the request's ``configuration.query``, ``project`` the one that pays and that table names default to.
    """

    def __init__(self, catalogue: Catalogue, project: str, query: Mapping[str, Any]) -> None:
        if query.get("useLegacySql", True):
            raise beyond("legacy SQL (set useLegacySql to false)")
        self._catalogue = catalogue
        self._project = project
        self._query = query
        self._text = str(query.get("query", ""))
        self._parameters = {p.get("name", ""): p for p in query.get("queryParameters") or []}
        self._types = tuple(
            (name.lower(), type_name(parameter_field(given["parameterType"])))
            for name, given in self._parameters.items()
            if given.get("parameterType")
        )
        self._temporary: set[str] = set()
        self.statements = parse(self._text)
        self.kind = self.statements[0].kind if len(self.statements) == 1 else "SCRIPT"

    # ---- before it runs ----

    def estimate(self) -> Outcome:
        """What it would read and answer, as a dry run tells."""
        outcome = Outcome(self.kind)
        for statement in self.statements:
            if statement.temporary and statement.target is not None:
                self._temporary.add(statement.target.name.lower())
            for key, n_bytes in self._bytes(statement).items():
                outcome.read[key] = outcome.read.get(key, 0) + n_bytes
        if self.kind == "SELECT":
            done = translate(self.statements[0], self._resolve, self._parameters)
            outcome.fields = _fields(self._catalogue.cursor(), done)
        elif self.kind != "SCRIPT" and self.kind in DML:
            self._checked(self.statements[0])
        return outcome

    def cache_key(self) -> Any | None:
        """By what its answer may be kept; None: not at all."""
        if self.kind != "SELECT" or self._query.get("destinationTable") or fleeting(self._text):
            return None
        read = sorted(self._base_tables(self.statements[0].tree))
        stored = [self._catalogue.table(key) for key in read]
        if any(table.streaming_rows for table in stored):
            return None
        parameters = json.dumps(self._query.get("queryParameters"), sort_keys=True)
        default = json.dumps(self._query.get("defaultDataset"), sort_keys=True)
        return self._project, self._text, parameters, default, tuple((table.id, table.etag) for table in stored)

    # ---- running ----

    def run(self, cursor: duckdb.DuckDBPyConnection, check: Callable[[], None], limit: int | None) -> Outcome:
        """All statements one after the other; a transaction that does not end well is rolled back.

        ``check`` raises where the job has been cancelled; ``limit`` is the most that may be billed.
        """
        total = Outcome(self.kind)
        open_transaction = False
        changed: set[TableId] = set()
        try:
            for statement in self.statements:
                check()
                step = self._step(cursor, statement, open_transaction, total, limit)
                if statement.kind in DML and step.target is not None:
                    changed.add(step.target)
                if statement.kind in TRANSACTIONS:
                    open_transaction = statement.kind == "BEGIN_TRANSACTION"
                    if statement.kind == "ROLLBACK_TRANSACTION":
                        changed.clear()
                if not open_transaction:
                    self._catalogue.touch(changed)
                    changed.clear()
                if step.fields is not None or total.fields is None:
                    total.fields, total.rows = step.fields, step.rows
                total.affected = step.affected if step.affected is not None else total.affected
                total.target = step.target or total.target
        finally:
            if open_transaction:
                quietly(cursor, "ROLLBACK")
        return total

    def _step(
        self,
        cursor: duckdb.DuckDBPyConnection,
        statement: Statement,
        in_transaction: bool,
        total: Outcome,
        limit: int | None,
    ) -> Outcome:
        for key, n_bytes in self._bytes(statement).items():
            total.read[key] = total.read.get(key, 0) + n_bytes
        if limit is not None and total.bytes_billed > limit:
            raise ApiError(
                "bytesBilledLimitExceeded",
                f"Query exceeded limit for bytes billed: {limit}. {total.bytes_billed} or higher required.",
            )
        kind = statement.kind
        if kind in TRANSACTIONS:
            return self._transact(cursor, kind, in_transaction)
        if kind == "SELECT":
            return self._select(cursor, statement)
        if kind in DML:
            done = translate(*self._checked(statement))
            self._check_insert(cursor, statement)
            affected = cursor.execute(done.sql, done.values or None).fetchall()
            return Outcome(kind, affected=int(affected[0][0]) if affected else 0, target=self._target(statement))
        if in_transaction and not statement.temporary:
            raise ApiError(
                "invalidQuery", f"{kind.replace('_', ' ')} of a permanent entity is not supported in a transaction"
            )
        return self._define(cursor, statement)

    def _transact(self, cursor: duckdb.DuckDBPyConnection, kind: str, in_transaction: bool) -> Outcome:
        if kind == "BEGIN_TRANSACTION":
            if in_transaction:
                raise ApiError("invalidQuery", "Nested transactions are not supported")
            if self.kind != "SCRIPT":
                raise ApiError(
                    "invalidQuery", "Transaction control statements are supported only in scripts or sessions"
                )
        elif not in_transaction:
            raise ApiError("invalidQuery", "There is no active transaction")
        cursor.execute(kind.removesuffix("_TRANSACTION"))
        return Outcome(kind)

    def _select(self, cursor: duckdb.DuckDBPyConnection, statement: Statement) -> Outcome:
        destination = self._query.get("destinationTable")
        if destination and self.kind == "SELECT":
            return self._select_into(cursor, statement, TableId(*_ids(destination)))
        done = translate(statement, self._resolve, self._parameters)
        fields = _fields(cursor, done)
        sql = f"SELECT {wire_row(fields)} AS r FROM ({done.sql}) AS answer"
        rows = cursor.execute(sql, done.values or None).fetchnumpy()["r"]
        return Outcome("SELECT", fields, [row.encode() for row in rows])

    def _select_into(self, cursor: duckdb.DuckDBPyConnection, statement: Statement, key: TableId) -> Outcome:
        """A query whose answer goes into a table that the request names."""
        disposition = self._query.get("writeDisposition", "WRITE_EMPTY")
        self._catalogue.dataset(key.project, key.dataset)
        there = self._catalogue.tables.get(key)
        if there is not None and disposition == "WRITE_EMPTY" and self._catalogue.n_rows(key):
            raise ApiError("duplicate", f"Already Exists: Table {key}")
        done = translate(statement, self._resolve, self._parameters)
        if there is None or disposition == "WRITE_TRUNCATE":
            self._replace(cursor, key, f"CREATE TABLE {key.sql} AS {done.sql}", done.values)
        else:
            cursor.execute(f"INSERT INTO {key.sql} {done.sql}", done.values or None).fetchall()
            self._catalogue.touch([key])
        back = Script(
            self._catalogue,
            self._project,
            {"query": f"SELECT * FROM `{key.project}.{key.dataset}.{key.table}`", "useLegacySql": False},
        )
        return back._select(cursor, back.statements[0])

    def _replace(
        self, cursor: duckdb.DuckDBPyConnection, key: TableId, sql: str, values: dict[str, Any], **also: Any
    ) -> StoredTable:
        """Make a table in place of another of its name, in one step."""
        new = TableId(key.project, key.dataset, f"{key.table} (new)")
        cursor.execute("BEGIN")
        try:
            cursor.execute(sql.replace(key.sql, new.sql, 1), values or None).fetchall()
            with self._catalogue.lock:
                if key in self._catalogue.tables:
                    cursor.execute(f"DROP {self._catalogue.stored_as(key)} {key.sql}")
                cursor.execute(f"ALTER TABLE {new.sql} RENAME TO {quoted(key.table)}")
                cursor.execute("COMMIT")
                return self._catalogue.register(key, **also)
        except duckdb.Error:
            quietly(cursor, "ROLLBACK")
            raise

    def _define(self, cursor: duckdb.DuckDBPyConnection, statement: Statement) -> Outcome:
        """CREATE and DROP."""
        tree, kind, target = statement.tree, statement.kind, statement.target
        if target is None:
            raise beyond(f"this form of {kind}")
        if kind.endswith("SCHEMA"):
            return self._define_schema(statement, target)
        if statement.temporary:
            if self.kind != "SCRIPT":
                raise ApiError("invalidQuery", "Use of CREATE TEMPORARY TABLE requires a script or session")
            self._temporary.add(target.name.lower())
            done = translate(statement, self._resolve, self._parameters)
            cursor.execute(done.sql, done.values or None).fetchall()
            return Outcome(kind)
        if target.name.lower() in self._temporary and not target.db:
            cursor.execute(f"DROP TABLE {quoted(target.name)}")
            self._temporary.discard(target.name.lower())
            return Outcome(kind)
        key = self._id(target)
        there = self._catalogue.tables.get(key)
        if kind.startswith("DROP"):
            if there is None and tree.args.get("exists"):
                return Outcome(kind, target=key)
            self._catalogue.drop(key)
            return Outcome(kind, target=key)
        if there is not None and tree.args.get("exists"):
            return Outcome(kind, target=key)
        if there is not None and not tree.args.get("replace"):
            raise ApiError("duplicate", f"Already Exists: Table {key}")
        self._catalogue.dataset(key.project, key.dataset)
        self._create(cursor, statement, key)
        return Outcome(kind, target=key)

    def _create(self, cursor: duckdb.DuckDBPyConnection, statement: Statement, key: TableId) -> None:
        tree = statement.tree.copy()
        tree.set("exists", None)
        tree.set("replace", None)
        done = translate(Statement(tree, statement.kind), self._placing(key), self._parameters)
        if statement.kind == "CREATE_VIEW":
            with self._catalogue.lock:
                if key in self._catalogue.tables:
                    self._catalogue.drop(key)
                cursor.execute(done.sql)
                self._catalogue.register(key, "VIEW", statement.tree.expression.sql(dialect="bigquery"))
            return
        made = self._replace(cursor, key, done.sql, done.values)
        required = {c.name.lower() for c in tree.find_all(exp.ColumnDef) if c.find(exp.NotNullColumnConstraint)}
        for made_field in made.fields:
            if made_field["name"].lower() in required:
                made_field["mode"] = "REQUIRED"

    def _define_schema(self, statement: Statement, target: exp.Table) -> Outcome:
        project, name = target.catalog or self._project, target.db
        if statement.kind == "CREATE_SCHEMA":
            if not (statement.tree.args.get("exists") and (project, name) in self._catalogue.datasets):
                self._catalogue.add_dataset(project, name)
        else:
            self._catalogue.drop_dataset(project, name, bool(statement.tree.args.get("cascade")))
        return Outcome(statement.kind)

    # ---- tables and columns ----

    def _id(self, table: exp.Table) -> TableId:
        """The whole name of a table."""
        if any("INFORMATION_SCHEMA" in part.name.upper() for part in table.parts):
            raise beyond("INFORMATION_SCHEMA")
        names = [part.name for part in table.parts]
        default = self._query.get("defaultDataset") or {}
        if len(names) == 1:
            if not default:
                raise ApiError(
                    "invalid", f'Table "{names[0]}" must be qualified with a dataset (e.g. dataset.table).', 400
                )
            names = [default["datasetId"], *names]
        if len(names) == 2:
            names = [default.get("projectId", self._project) if not table.db else self._project, *names]
        if len(names) != 3:
            raise ApiError("invalidQuery", f"Invalid table name: {'.'.join(names)}")
        return TableId(*names)

    def _resolve(self, table: exp.Table) -> TableId | None:
        if not table.db and table.name.lower() in self._temporary:
            return None
        key = self._id(table)
        if key in self._catalogue.forbidden:
            raise ApiError(
                "accessDenied",
                f"Access Denied: Table {key}: User does not have permission to query table {key}, "
                "or perhaps it does not exist.",
            )
        self._catalogue.table(key)
        return key

    def _placing(self, new: TableId) -> Callable[[exp.Table], TableId | None]:
        """Like ``_resolve``, for a statement that makes a table."""

        def resolve(table: exp.Table) -> TableId | None:
            if isinstance(table.parent, exp.Create | exp.Schema) and table.arg_key == "this":
                return new
            return self._resolve(table)

        return resolve

    def _target(self, statement: Statement) -> TableId | None:
        return self._resolve(statement.target) if statement.target is not None else None

    def _checked(self, statement: Statement) -> tuple[Statement, Callable[[exp.Table], TableId | None], Any]:
        """What ``translate`` takes, once a statement that changes a table is known to be legal."""
        if statement.kind in ("DELETE", "UPDATE") and not statement.tree.args.get("where"):
            raise ApiError("invalidQuery", f"{statement.kind} must have a WHERE clause")
        return statement, self._resolve, self._parameters

    def _check_insert(self, cursor: duckdb.DuckDBPyConnection, statement: Statement) -> None:
        """Refuse to write what a column of another type would not take (DuckDB makes text of anything)."""
        target, query = self._target(statement), statement.tree.expression
        if statement.kind != "INSERT" or target is None or not isinstance(query, exp.Query):
            return
        fields = self._catalogue.table(target).fields
        listed = [column.name.lower() for column in getattr(statement.tree.this, "expressions", [])]
        by_name = {field["name"].lower(): field for field in fields}
        wanted = [by_name[name] for name in listed if name in by_name] if listed else fields
        done = translate(Statement(query, "SELECT"), self._resolve, self._parameters)
        relation = cursor.sql(done.sql, params=done.values or None)
        for k, (to, kind) in enumerate(zip(wanted, relation.types, strict=False), 1):
            if str(kind) == '"NULL"':
                continue
            came = field_of(to["name"], kind)
            if not _assignable(came, to):
                raise ApiError(
                    "invalidQuery",
                    f"Query column {k} has type {type_name(came)} which cannot be inserted into column "
                    f"{to['name']}, which has type {type_name(to)}",
                )

    # ---- bytes ----

    def _base_tables(self, tree: exp.Expression) -> set[TableId]:
        """The tables behind a statement, views replaced by what they read."""
        found: set[TableId] = set()
        for table in tables(tree):
            key = self._resolve(table)
            if key is None:
                continue
            stored = self._catalogue.table(key)
            found |= self._base_tables(parse(stored.view_query)[0].tree) if stored.kind == "VIEW" else {key}
        return found

    def _bytes(self, statement: Statement) -> dict[TableId, int]:
        """Bytes that a statement reads, by table; refuses what is wrong with its types."""
        if statement.kind in TRANSACTIONS or statement.kind.startswith(
            ("DROP", "CREATE_VIEW", "CREATE_SCHEMA", "TRUNCATE")
        ):
            return {}
        query = statement.tree if statement.kind == "SELECT" else statement.tree.expression
        if statement.kind in ("DELETE", "UPDATE", "MERGE"):
            return {key: self._catalogue.n_bytes(key) for key in self._base_tables(statement.tree)}
        if not isinstance(query, exp.Query):
            return {}
        sql = self._whole(query).sql(dialect="bigquery")
        keys = sorted(self._base_tables(query))
        fields = [(tuple(key), self._catalogue.table(key).fields) for key in keys]
        types = tuple((key, tuple((f["name"], type_name(f)) for f in columns)) for key, columns in fields)
        # Columns of a temporary table are not known here: its statement is left to the engine.
        known = all(self._resolve(table) is not None for table in tables(query))
        wrong, read = looked_at(sql, types, self._types, known)
        if wrong is not None:
            raise ApiError("invalidQuery", wrong)
        return {key: self._catalogue.n_bytes(key, read[key]) if key in read else 0 for key in keys}  # type: ignore[index]

    def _whole(self, query: exp.Expression) -> exp.Expression:
        """A query with whole table names, its views written out."""
        query = query.copy()
        for table in tables(query):
            key = self._resolve(table)
            if key is None:
                continue
            stored = self._catalogue.table(key)
            alias = table.alias or table.name
            if stored.kind == "VIEW":
                inner = self._whole(parse(stored.view_query)[0].tree)
                table.replace(exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier(alias))))
            else:
                names = (exp.to_identifier(name, quoted=True) for name in (key.table, key.dataset, key.project))
                for part, name in zip(("this", "db", "catalog"), names, strict=True):
                    table.set(part, name)
                table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
        return query


#: Types that a column takes besides its own.
_WIDER = {
    "INTEGER": {"FLOAT", "NUMERIC", "BIGNUMERIC"},
    "NUMERIC": {"FLOAT", "BIGNUMERIC"},
    "BIGNUMERIC": {"FLOAT"},
    "STRING": {"DATE", "TIME", "DATETIME", "TIMESTAMP"},  # where it is written out
}


def _assignable(came: Field, to: Field) -> bool:
    """Whether a column takes what comes."""
    if (came["mode"] == "REPEATED") != (to["mode"] == "REPEATED"):
        return False
    return came["type"] == to["type"] or to["type"] in _WIDER.get(came["type"], ())


def _fields(cursor: duckdb.DuckDBPyConnection, done: Translated) -> list[Field]:
    """The columns of a SELECT; binds it, reads nothing."""
    relation = cursor.sql(done.sql, params=done.values or None)
    names = [name.lower() for name in relation.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ApiError(
            "invalidQuery",
            f"Duplicate column names in the result are not supported. Found duplicate(s): {', '.join(twice)}",
        )
    return [field_of(name, kind) for name, kind in zip(relation.columns, relation.types, strict=True)]


def _ids(resource: Mapping[str, str]) -> tuple[str, str, str]:
    return resource["projectId"], resource["datasetId"], resource["tableId"]


def quietly(cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Do what may have been done already."""
    try:
        cursor.execute(sql)
    except duckdb.Error:
        return


#: What DuckDB says -> reason and sentence of the service.
_SENTENCES = (
    (r"Could not convert string '(.*?)' to (?:INT64|BIGINT)", "invalidQuery", "Bad int64 value: {0}"),
    (r"Could not convert string '(.*?)' to DOUBLE", "invalidQuery", "Bad double value: {0}"),
    (r"[Dd]ivision by zero", "invalidQuery", "division by zero"),
    (r"cannot take logarithm of", "invalidQuery", "Floating point error in function: LN"),
    (r"[Oo]verflow|out of range", "invalidQuery", "int64 overflow"),
    (r"[Cc]onflict", "invalidQuery", "Transaction is aborted due to concurrent update against a table."),
    (r'Referenced column "(.*?)" not found', "invalidQuery", "Unrecognized name: {0}"),
    (
        r"must appear in the GROUP BY clause",
        "invalidQuery",
        "SELECT list expression references a column which is neither grouped nor aggregated",
    ),
)


def said_by_duckdb(error: duckdb.Error) -> ApiError:
    """A failure of DuckDB, as the service would word it."""
    if isinstance(error, duckdb.InterruptException):
        return ApiError("stopped")
    if isinstance(error, duckdb.OutOfMemoryException):
        return ApiError("resourcesExceeded")
    said = str(error)
    for pattern, reason, sentence in _SENTENCES:
        if match := re.search(pattern, said):
            return ApiError(reason, sentence.format(*match.groups()))
    if isinstance(error, duckdb.InternalException | duckdb.IOException):
        return ApiError("internalError")
    return ApiError("invalidQuery", re.sub(r"^\w+( \w+)? Error: ", "", said.split("\n")[0]))
