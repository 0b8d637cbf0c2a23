"""Types: BigQuery's names, DuckDB's names, the text of a value on the wire, and its size in storage.

The wire text of a row is made by DuckDB itself, as an SQL expression: a million rows cost Python nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from duckdb.sqltypes import DuckDBPyType

from tests.warehouse.errors import ApiError, beyond

Field = dict[str, Any]

#: What a schema or a parameter may say -> the name used in schemas.
LEGACY = {
    "STRING": "STRING",
    "BYTES": "BYTES",
    "INT64": "INTEGER",
    "INTEGER": "INTEGER",
    "FLOAT64": "FLOAT",
    "FLOAT": "FLOAT",
    "BOOL": "BOOLEAN",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIME": "TIME",
    "DATETIME": "DATETIME",
    "TIMESTAMP": "TIMESTAMP",
    "NUMERIC": "NUMERIC",
    "BIGNUMERIC": "BIGNUMERIC",
    "JSON": "JSON",
    "STRUCT": "RECORD",
    "RECORD": "RECORD",
}

_DUCKDB = {
    "STRING": "VARCHAR",
    "BYTES": "BLOB",
    "INTEGER": "BIGINT",
    "FLOAT": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIME": "TIME",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMP": "TIMESTAMPTZ",
    "NUMERIC": "DECIMAL(38,9)",
    "BIGNUMERIC": "DECIMAL(38,18)",
    "JSON": "JSON",
}

_FROM_DUCKDB = {
    "VARCHAR": "STRING",
    "BLOB": "BYTES",
    "DOUBLE": "FLOAT",
    "FLOAT": "FLOAT",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIME": "TIME",
    "TIMESTAMP": "DATETIME",
    "TIMESTAMP_S": "DATETIME",
    "TIMESTAMP_MS": "DATETIME",
    "TIMESTAMP_NS": "DATETIME",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
    "JSON": "JSON",
    "UUID": "STRING",
    '"NULL"': "INTEGER",  # the type of an untyped NULL
    **dict.fromkeys(
        ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
        "INTEGER",
    ),
}


def quoted(name: str) -> str:
    """A name as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A value as a DuckDB string literal."""
    return "'" + value.replace("'", "''") + "'"


# ---- schemas -----------------------------------------------------------------------------------------------------


def field_of(name: str, kind: DuckDBPyType, mode: str = "NULLABLE") -> Field:
    """The schema of a column of a DuckDB result."""
    if kind.id == "list":
        if mode == "REPEATED":
            raise ApiError("invalidQuery", "Cannot construct array with element type ARRAY: nested arrays.")
        return field_of(name, kind.children[0][1], "REPEATED")
    if kind.id == "struct":
        children = [field_of(child, child_kind) for child, child_kind in kind.children]
        return {"name": name, "type": "RECORD", "mode": mode, "fields": children}
    if kind.id == "decimal":
        scale = int(str(kind).rstrip(")").split(",")[1])
        return {"name": name, "type": "NUMERIC" if scale <= 9 else "BIGNUMERIC", "mode": mode}
    if kind.id == "enum":
        return {"name": name, "type": "STRING", "mode": mode}
    if str(kind) not in _FROM_DUCKDB:
        raise beyond(f"a column of type {kind}")
    return {"name": name, "type": _FROM_DUCKDB[str(kind)], "mode": mode}


def declared(fields: Sequence[Mapping[str, Any]]) -> list[Field]:
    """A schema as a client sends it, with the names and modes that the service answers with."""
    result = []
    for given in fields:
        kind = LEGACY.get(str(given.get("type", "")).upper())
        if kind is None:
            raise ApiError("invalid", f"Invalid value for type: {given.get('type')} is not a valid value")
        field = {**given, "type": kind, "mode": str(given.get("mode") or "NULLABLE").upper()}
        if kind == "RECORD":
            field["fields"] = declared(given.get("fields") or [])
        result.append(field)
    return result


def duckdb_type(field: Field) -> str:
    """The DuckDB type of a column with this schema."""
    if field["type"] == "RECORD":
        inner = ", ".join(f"{quoted(child['name'])} {duckdb_type(child)}" for child in field["fields"])
        kind = f"STRUCT({inner})"
    else:
        kind = _DUCKDB[field["type"]]
    return kind + "[]" if field["mode"] == "REPEATED" else kind


def columns_sql(fields: Sequence[Field]) -> str:
    """The columns of a CREATE TABLE."""
    required = {"REQUIRED": " NOT NULL"}
    return ", ".join(f"{quoted(f['name'])} {duckdb_type(f)}{required.get(f['mode'], '')}" for f in fields)


# ---- values on the wire ------------------------------------------------------------------------------------------


def wire_row(fields: Sequence[Field], seconds: bool = False) -> str:
    """An SQL expression for a row as JSON; ``seconds``: timestamps as seconds with a fraction, not as INT64."""
    return _record([wire_cell(field, quoted(field["name"]), seconds) for field in fields])


def _record(cells: Sequence[str]) -> str:
    if not cells:
        return text('{"f":[]}')
    return '\'{"f":[{"v":\' || ' + " || '},{\"v\":' || ".join(cells) + " || '}]}'"


def wire_cell(field: Field, x: str, seconds: bool = False) -> str:
    """An SQL expression, never NULL, for the JSON text of one value."""
    if field["mode"] == "REPEATED":
        # The service has no NULL array: it is the empty one.
        element = wire_cell({**field, "mode": "NULLABLE"}, "e", seconds)
        items = f"list_transform({x}, lambda e: '{{\"v\":' || {element} || '}}')"
        return f"COALESCE('[' || array_to_string({items}, ',') || ']', '[]')"
    if field["type"] == "RECORD":
        cells = [wire_cell(child, f"struct_extract({x}, {text(child['name'])})", seconds) for child in field["fields"]]
        return f"CASE WHEN {x} IS NULL THEN 'null' ELSE {_record(cells)} END"
    return f"COALESCE({_scalar(field['type'], x, seconds)}, 'null')"


def _scalar(kind: str, x: str, seconds: bool) -> str:
    """The JSON text of a scalar; NULL where it is NULL."""
    if kind in ("STRING", "JSON"):
        return f"CAST(to_json(CAST({x} AS VARCHAR)) AS VARCHAR)"
    if kind == "FLOAT":
        words = f"CASE WHEN isnan({x}) THEN 'NaN' WHEN isinf({x}) THEN IF({x} > 0, 'Infinity', '-Infinity')"
        inner = f"{words} ELSE CAST({x} AS VARCHAR) END"
    elif kind in ("NUMERIC", "BIGNUMERIC"):
        inner = f"regexp_replace(CAST({x} AS VARCHAR), '\\.?0*$', '')"
        inner = f"IF(contains(CAST({x} AS VARCHAR), '.'), {inner}, CAST({x} AS VARCHAR))"
    elif kind == "BYTES":
        inner = f"to_base64({x})"
    elif kind == "TIMESTAMP":
        inner = f"CAST(epoch_us({x}) / 1e6 AS VARCHAR)" if seconds else f"CAST(epoch_us({x}) AS VARCHAR)"
    elif kind == "DATETIME":
        inner = f"replace(CAST(CAST({x} AS TIMESTAMP) AS VARCHAR), ' ', 'T')"
    else:
        inner = f"CAST({x} AS VARCHAR)"
    if kind in ("DATETIME", "TIME"):  # a fraction has no digits or six
        inner = f"IF(contains({inner}, '.'), rpad({inner}, {26 if kind == 'DATETIME' else 15}, '0'), {inner})"
    return f"'\"' || {inner} || '\"'"


# ---- sizes -------------------------------------------------------------------------------------------------------

#: Bytes that a value takes in storage, by which the service bills.
_SIZES = {"BOOLEAN": 1, "NUMERIC": 16, "BIGNUMERIC": 32}


def stored_bytes(field: Field, x: str) -> str:
    """An SQL expression for the bytes of a value: 8 a number, 2 + UTF-8 length a text, NULL none."""
    if field["mode"] == "REPEATED":
        element = stored_bytes({**field, "mode": "NULLABLE"}, "e")
        return f"COALESCE(list_sum(list_transform({x}, lambda e: {element})), 0)"
    if field["type"] == "RECORD":
        parts = (stored_bytes(child, f"struct_extract({x}, {text(child['name'])})") for child in field["fields"])
        return "(" + " + ".join(parts) + ")"
    if field["type"] in ("STRING", "JSON"):
        return f"COALESCE(2 + strlen(CAST({x} AS VARCHAR)), 0)"
    if field["type"] == "BYTES":
        return f"COALESCE(2 + octet_length({x}), 0)"
    return f"IF({x} IS NULL, 0, {_SIZES.get(field['type'], 8)})"


# ---- parameters --------------------------------------------------------------------------------------------------


def parameter(resource: Mapping[str, Any]) -> tuple[str, Any]:
    """The SQL that types a query parameter (with ``{mark}`` where it stands) and the value to bind."""
    kind = resource.get("parameterType")
    if not kind or not kind.get("type"):
        raise ApiError("invalid", f"Missing parameterType for query parameter {resource.get('name')}.")
    return _typed(kind, "{mark}"), _bound(kind, resource.get("parameterValue") or {})


def parameter_field(kind: Mapping[str, Any], name: str = "") -> Field:
    """The schema of a parameter's type."""
    if kind["type"] == "ARRAY":
        return {**parameter_field(kind["arrayType"], name), "mode": "REPEATED"}
    legacy = LEGACY.get(kind["type"])
    if legacy is None:
        raise ApiError("invalid", f"Invalid parameter type {kind['type']}.")
    field: Field = {"name": name, "type": legacy, "mode": "NULLABLE"}
    if legacy == "RECORD":
        field["fields"] = [parameter_field(part["type"], part["name"]) for part in kind["structTypes"]]
    return field


def _typed(kind: Mapping[str, Any], mark: str) -> str:
    field = parameter_field(kind)
    if field["type"] == "BYTES":
        decoded = f"list_transform(CAST({mark} AS VARCHAR[]), lambda e: from_base64(e))"
        return decoded if field["mode"] == "REPEATED" else f"from_base64(CAST({mark} AS VARCHAR))"
    return f"CAST({mark} AS {duckdb_type(field)})"


def _bound(kind: Mapping[str, Any], value: Mapping[str, Any]) -> Any:
    """A parameter's value, its scalars as text, which DuckDB casts to their types."""
    if kind["type"] == "ARRAY":
        given = value.get("arrayValues")
        return None if given is None else [_bound(kind["arrayType"], element) for element in given]
    if kind["type"] in ("STRUCT", "RECORD"):
        given = value.get("structValues")
        return None if given is None else {p["name"]: _bound(p["type"], given[p["name"]]) for p in kind["structTypes"]}
    scalar = value.get("value")
    if isinstance(scalar, float) and LEGACY.get(kind["type"]) == "FLOAT":
        scalar = repr(scalar)  # the service takes a number here, and its own client sends one
    if scalar is not None and not isinstance(scalar, str):
        raise ApiError("invalid", f"Invalid value at 'query_parameters.value' (TYPE_STRING), {scalar!r}")
    if scalar is not None and LEGACY.get(kind["type"]) == "INTEGER" and not re.fullmatch(r"[+-]?\d+", scalar):
        raise ApiError("invalidQuery", "Invalid value for a query parameter of type INT64")
    return scalar
