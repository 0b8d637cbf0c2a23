"""Loads: files that come with the request, or from a bucket, into a table. All of a file, or nothing."""

from __future__ import annotations

import gzip
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import orjson

from tests.warehouse.catalogue import Catalogue, TableId
from tests.warehouse.errors import ApiError, beyond
from tests.warehouse.queries import Outcome, quietly
from tests.warehouse.wire_types import Field, columns_sql, declared, duckdb_type, field_of, quoted, text

if TYPE_CHECKING:
    from tests.warehouse.jobs import Job
    from tests.warehouse.storage_api import Buckets

_STAGE = "loaded"


def run_load(catalogue: Catalogue, buckets: Buckets, job: Job, data: bytes | None) -> Outcome:
    """Load what came with the job, or what its ``sourceUris`` name."""
    load: Mapping[str, Any] = job.configuration["load"]
    target = load["destinationTable"]
    key = TableId(target["projectId"], target["datasetId"], target["tableId"])
    catalogue.dataset(key.project, key.dataset)
    there = catalogue.tables.get(key)
    write = load.get("writeDisposition", "WRITE_APPEND")
    if there is None and load.get("createDisposition") == "CREATE_NEVER":
        catalogue.table(key)
    if there is not None and write == "WRITE_EMPTY" and catalogue.n_rows(key):
        raise ApiError("duplicate", f"Already Exists: Table {key}")
    files = [data] if data is not None else [f for uri in load.get("sourceUris") or [] for f in buckets.read(uri)]
    given = declared((load.get("schema") or {}).get("fields") or [])
    fields = given or (there.fields if there is not None and write != "WRITE_TRUNCATE" else [])
    if not fields and not load.get("autodetect"):
        if there is None:
            raise ApiError("invalid", "No schema specified on job or table.")
        fields = there.fields
    n_rows = _stage(job.cursor, load, fields, files)
    job.check()
    made = fields or _fields(job.cursor)
    if there is None or write == "WRITE_TRUNCATE":
        _replace(catalogue, job.cursor, key, made, there is not None)
    else:
        _append(catalogue, job.cursor, key, made)
    counts = {"inputFiles": len(files), "inputFileBytes": sum(map(len, files)), "outputRows": n_rows, "badRecords": 0}
    return Outcome("LOAD", load={name: str(count) for name, count in counts.items()}, target=key)


def _stage(
    cursor: duckdb.DuckDBPyConnection, load: Mapping[str, Any], fields: Sequence[Field], files: Sequence[bytes]
) -> int:
    """Read all files into a temporary table; how many rows."""
    kind = load.get("sourceFormat", "CSV")
    readers = {"CSV": _csv, "NEWLINE_DELIMITED_JSON": _json, "PARQUET": _parquet}
    if kind not in readers:
        raise beyond(f"loading the format {kind}")
    with tempfile.TemporaryDirectory(prefix="warehouse-") as folder:
        paths = []
        for k, file in enumerate(files):
            path = Path(folder) / f"file{k}"
            path.write_bytes(_plain(file, kind))
            paths.append(path)
        try:
            select = " UNION ALL ".join(readers[kind](path, load, fields) for path in paths)
            cursor.execute(f"CREATE TEMP TABLE {_STAGE} AS {select}").fetchall()
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise _unreadable(kind, str(error).split("\n")[0]) from None
    return int(cursor.execute(f"SELECT count(*) FROM {_STAGE}").fetchall()[0][0])


def _unreadable(kind: str, why: str) -> ApiError:
    return ApiError(
        "invalid",
        f"Error while reading data, error message: {kind} table encountered too many errors, giving up. "
        f"Rows: 1; errors: 1. Please look into the errors[] collection for more details. {why}",
    )


def _plain(file: bytes, kind: str) -> bytes:
    """A file without its gzip."""
    if kind == "PARQUET" or file[:2] != b"\x1f\x8b":
        return file
    try:
        return gzip.decompress(file)
    except (OSError, EOFError, zlib.error):
        raise _unreadable(kind, "The gzip file is broken or cut short.") from None


def _csv(path: Path, load: Mapping[str, Any], fields: Sequence[Field]) -> str:
    """A SELECT over a CSV file, its cells cast to the schema."""
    options = {
        "delim": text(load.get("fieldDelimiter", ",")),
        "quote": text(load.get("quote", '"')),
        "escape": text('"'),
        "nullstr": text(load.get("nullMarker", "")),
        "skip": str(int(load.get("skipLeadingRows", 0))),
        "allow_quoted_nulls": "false",
        "max_line_size": str(100 * 2**20),
    }
    if not fields:
        named = ", ".join(f"{name} = {value}" for name, value in options.items() if name not in ("skip", "escape"))
        return f"SELECT * FROM read_csv({text(str(path))}, header = true, {named})"
    if any(field["mode"] == "REPEATED" or field["type"] == "RECORD" for field in fields):
        raise ApiError("invalid", "CSV files do not support nested or repeated columns.")
    columns = ", ".join(f"{text(field['name'])}: 'VARCHAR'" for field in fields)
    options |= {"columns": "{" + columns + "}", "header": "false", "auto_detect": "false"}
    if load.get("allowJaggedRows"):
        options["null_padding"] = "true"
    named = ", ".join(f"{name} = {value}" for name, value in options.items())
    casts = ", ".join(f"{_cast(field)} AS {quoted(field['name'])}" for field in fields)
    return f"SELECT {casts} FROM read_csv({text(str(path))}, {named})"


def _cast(field: Field) -> str:
    """A text cell as its column's type."""
    x = quoted(field["name"])
    if field["type"] == "INTEGER":
        return f"g_int64({x})"
    if field["type"] == "BYTES":
        return f"from_base64({x})"
    return f"CAST({x} AS {duckdb_type(field)})"


def _json(path: Path, load: Mapping[str, Any], fields: Sequence[Field]) -> str:
    """A SELECT over a file with one JSON object a line."""
    if not fields:
        return f"SELECT * FROM read_json({text(str(path))}, format = 'newline_delimited')"
    known = {field["name"].lower() for field in fields}
    for number, line in enumerate(path.read_bytes().splitlines()):
        if not line.strip():
            continue
        try:
            unknown = {name.lower() for name in orjson.loads(line)} - known
        except (orjson.JSONDecodeError, AttributeError):
            raise _unreadable("JSON", f"Row {number} is no JSON object.") from None
        if unknown and not load.get("ignoreUnknownValues"):
            raise _unreadable("JSON", f"JSON parsing error in row {number}: No such field: {sorted(unknown)[0]}.")
    kinds = {f["name"]: "VARCHAR" if f["type"] == "BYTES" else duckdb_type(f) for f in fields}
    columns = ", ".join(f"{text(name)}: {text(kind)}" for name, kind in kinds.items())
    casts = ", ".join(_cast(f) if f["type"] == "BYTES" else quoted(f["name"]) for f in fields)
    options = "format = 'newline_delimited', maximum_object_size = 104857600"
    return f"SELECT {casts} FROM read_json({text(str(path))}, columns = {{{columns}}}, {options})"


def _parquet(path: Path, load: Mapping[str, Any], fields: Sequence[Field]) -> str:
    return f"SELECT * FROM read_parquet({text(str(path))})"


def _fields(cursor: duckdb.DuckDBPyConnection) -> list[Field]:
    """The columns of the temporary table."""
    relation = cursor.sql(f"SELECT * FROM {_STAGE}")
    return [field_of(name, kind) for name, kind in zip(relation.columns, relation.types, strict=True)]


def _replace(
    catalogue: Catalogue, cursor: duckdb.DuckDBPyConnection, key: TableId, fields: list[Field], there: bool
) -> None:
    """Put the rows in the place of the table."""
    with catalogue.lock:
        properties = catalogue.table(key).properties if there else {}
        cursor.execute("BEGIN")
        try:
            if there:
                cursor.execute(f"DROP {catalogue.stored_as(key)} {key.sql}")
            cursor.execute(f"CREATE TABLE {key.sql} ({columns_sql(fields)})")
            cursor.execute(f"INSERT INTO {key.sql} SELECT * FROM {_STAGE}").fetchall()
            cursor.execute("COMMIT")
        except duckdb.Error as error:
            quietly(cursor, "ROLLBACK")
            raise _unwritable(error) from None
        catalogue.register(key, **properties).fields = fields


def _append(catalogue: Catalogue, cursor: duckdb.DuckDBPyConnection, key: TableId, fields: Sequence[Field]) -> None:
    """Add the rows to the table, column by name."""
    known = {field["name"].lower() for field in catalogue.table(key).fields}
    if new := [field["name"] for field in fields if field["name"].lower() not in known]:
        raise ApiError("invalid", f"Provided Schema does not match Table {key}. Cannot add fields (field: {new[0]})")
    try:
        cursor.execute(f"INSERT INTO {key.sql} BY NAME SELECT * FROM {_STAGE}").fetchall()
    except duckdb.Error as error:
        raise _unwritable(error) from None
    catalogue.touch([key])


def _unwritable(error: duckdb.Error) -> Exception:
    if isinstance(error, duckdb.ConstraintException):
        return ApiError("invalid", "Error while reading data, error message: Only optional fields can be set to NULL.")
    return error
