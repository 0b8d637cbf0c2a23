"""Where DuckDB answers otherwise than GoogleSQL: settings and macros that make it answer alike."""

from __future__ import annotations

#: Division by zero and logarithms of zero are errors, times are in UTC, results keep their order.
SETTINGS = (
    "SET GLOBAL TimeZone = 'UTC'",
    "SET GLOBAL ieee_floating_point_ops = false",
    "SET GLOBAL error_on_division_by_zero = true",
    "SET GLOBAL preserve_insertion_order = true",
)

# What DuckDB would take for a whole number and GoogleSQL does not: '1.0', '1e3', '1_000', '0b1'.
_LOOSE = "(contains(x, '.') OR contains(x, '_') OR (NOT contains(lower(x), '0x') AND regexp_matches(x, '[eEbB]')))"

_INT64 = """CASE typeof(x)
    WHEN 'VARCHAR' THEN CASE WHEN {loose} THEN {bad} ELSE {cast}(x AS BIGINT) END
    WHEN 'DOUBLE' THEN {cast}(round(CAST(x AS DOUBLE)) AS BIGINT)
    WHEN 'FLOAT' THEN {cast}(round(CAST(x AS DOUBLE)) AS BIGINT)
    ELSE {cast}(x AS BIGINT) END"""
_BOOL = """CASE typeof(x)
    WHEN 'VARCHAR' THEN CASE lower(CAST(x AS VARCHAR)) WHEN 'true' THEN true WHEN 'false' THEN false ELSE {bad} END
    WHEN 'BIGINT' THEN {cast}(x AS BOOLEAN) WHEN 'INTEGER' THEN {cast}(x AS BOOLEAN)
    WHEN 'HUGEINT' THEN {cast}(x AS BOOLEAN) WHEN 'BOOLEAN' THEN {cast}(x AS BOOLEAN)
    WHEN '"NULL"' THEN NULL ELSE error('Invalid cast from ' || typeof(x) || ' to BOOL') END"""


def _text(body: str) -> str:
    return body.replace("(x,", "(CAST(x AS VARCHAR),").replace("lower(x)", "lower(CAST(x AS VARCHAR))")


#: Names start with g_, which no GoogleSQL function does.
MACROS = {
    "g_int64(x)": _text(
        _INT64.format(loose=_LOOSE, cast="CAST", bad="error('Bad int64 value: ' || CAST(x AS VARCHAR))")
    ),
    "g_int64_safe(x)": _text(_INT64.format(loose=_LOOSE, cast="TRY_CAST", bad="NULL")),
    "g_bool(x)": _BOOL.format(cast="CAST", bad="IF(x IS NULL, NULL, error('Bad bool value: ' || CAST(x AS VARCHAR)))"),
    "g_bool_safe(x)": _BOOL.format(cast="TRY_CAST", bad="NULL"),
    "g_text(x)": "CASE typeof(x) WHEN 'DOUBLE' THEN regexp_replace(CAST(x AS VARCHAR), '\\.0$', '') "
    "WHEN 'BLOB' THEN decode(CAST(x AS BLOB)) ELSE CAST(x AS VARCHAR) END",
    "g_exp(x)": "IF(x > 709.782712893384, error('Floating point error in function: EXP'), exp(x))",
    "g_pow(x, y)": "CASE WHEN isinf(pow(CAST(x AS DOUBLE), CAST(y AS DOUBLE))) AND NOT isinf(CAST(x AS DOUBLE)) "
    "THEN error('Floating point error in function: POW') ELSE pow(CAST(x AS DOUBLE), CAST(y AS DOUBLE)) END",
    "g_ieee_divide(x, y)": "CASE WHEN y <> 0 THEN x / y WHEN x > 0 THEN CAST('inf' AS DOUBLE) "
    "WHEN x < 0 THEN CAST('-inf' AS DOUBLE) WHEN x = 0 THEN CAST('nan' AS DOUBLE) END",
    "g_timestamp_micros(x)": "CAST(make_timestamp(CAST(x AS BIGINT)) AS TIMESTAMPTZ)",
    "g_timestamp_millis(x)": "CAST(make_timestamp(CAST(x AS BIGINT) * 1000) AS TIMESTAMPTZ)",
    "g_timestamp_seconds(x)": "CAST(make_timestamp(CAST(x AS BIGINT) * 1000000) AS TIMESTAMPTZ)",
    "g_unix_seconds(x)": "CAST(floor(epoch_us(x) / 1000000) AS BIGINT)",
    "g_to_code_points(x)": "list_transform(string_split(x, ''), lambda c: CAST(unicode(c) AS BIGINT))",
    "g_code_points_to_string(x)": "array_to_string(list_transform(x, lambda c: chr(CAST(c AS INTEGER))), '')",
    "g_to_hex(x)": "lower(hex(x))",
}


def statements() -> list[str]:
    """What a new database is told first."""
    return [*SETTINGS, *(f"CREATE OR REPLACE MACRO {name} AS {body}" for name, body in MACROS.items())]
