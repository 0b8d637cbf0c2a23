"""What GoogleSQL refuses for its types and DuckDB would take: no text beside a number, no sum of truth values.

Only what is known for certain is refused: an expression whose type cannot be told passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from tests.warehouse.estimate import columns_read
from tests.warehouse.wire_types import Field

_T = exp.DataType.Type

#: Types that may stand beside each other, by the name that the service gives them in sentences.
_FAMILIES: dict[exp.DataType.Type, str] = {
    **dict.fromkeys((_T.BIGINT, _T.INT, _T.SMALLINT, _T.TINYINT), "INT64"),
    **dict.fromkeys((_T.DOUBLE, _T.FLOAT), "FLOAT64"),
    **dict.fromkeys((_T.DECIMAL, _T.BIGDECIMAL), "NUMERIC"),
    **dict.fromkeys((_T.TEXT, _T.VARCHAR, _T.NVARCHAR, _T.CHAR), "STRING"),
    **dict.fromkeys((_T.BINARY, _T.VARBINARY), "BYTES"),
    _T.BOOLEAN: "BOOL",
    _T.DATE: "DATE",
    _T.TIME: "TIME",
    **dict.fromkeys((_T.DATETIME, _T.TIMESTAMP, _T.TIMESTAMPNTZ), "DATETIME"),
    _T.TIMESTAMPTZ: "TIMESTAMP",
    _T.ARRAY: "ARRAY",
    _T.STRUCT: "STRUCT",
    _T.JSON: "JSON",
}
_NUMBERS = {"INT64", "FLOAT64", "NUMERIC"}
_TEXTS = {"STRING", "BYTES"}
_TRUTHS = {"BOOL"}
_BITS = {"INT64", "BYTES"}
_DAYS = {"DATE", "DATETIME", "TIMESTAMP", "TIME"}

#: What each kind of expression takes as its first argument.
_TAKES: dict[type[exp.Expression], set[str]] = {
    **dict.fromkeys((exp.Sum, exp.Avg), _NUMBERS | {"INTERVAL"}),
    **dict.fromkeys((exp.Stddev, exp.StddevSamp, exp.StddevPop, exp.Variance, exp.VariancePop, exp.Corr), _NUMBERS),
    **dict.fromkeys((exp.Exp, exp.Ln, exp.Sqrt, exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Pow), _NUMBERS),
    **dict.fromkeys((exp.Lower, exp.Upper, exp.Trim, exp.Substring, exp.Length, exp.MD5Digest), _TEXTS),
    **dict.fromkeys((exp.Split, exp.Replace, exp.StartsWith, exp.EndsWith, exp.RegexpLike, exp.GroupConcat), _TEXTS),
    **dict.fromkeys((exp.Like,), _TEXTS),
    **dict.fromkeys((exp.CountIf, exp.LogicalOr, exp.LogicalAnd, exp.Not, exp.Where, exp.Having), _TRUTHS),
    **dict.fromkeys((exp.BitwiseOrAgg, exp.BitwiseAndAgg, exp.BitwiseXorAgg, exp.BitwiseCount), _BITS),
    **dict.fromkeys((exp.BitwiseLeftShift, exp.BitwiseRightShift), _BITS),
}
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div)

#: What may be cast to what; types that are not here are not looked at.
_CASTS = {
    "INT64": {"INT64", "FLOAT64", "NUMERIC", "STRING", "BOOL"},
    "FLOAT64": {"INT64", "FLOAT64", "NUMERIC", "STRING"},
    "NUMERIC": {"INT64", "FLOAT64", "NUMERIC", "STRING"},
    "BOOL": {"INT64", "BOOL", "STRING"},
    "DATE": {"STRING", "DATE", "DATETIME", "TIMESTAMP"},
    "TIMESTAMP": {"STRING", "DATE", "DATETIME", "TIMESTAMP"},
}


#: Columns by table, and parameters, each with its type: hashable, since questions come again.
Columns = tuple[tuple[tuple[str, str, str], tuple[tuple[str, str], ...]], ...]
Parameters = tuple[tuple[str, str], ...]


@lru_cache(maxsize=512)
def looked_at(
    sql: str, columns: Columns, parameters: Parameters, typed: bool
) -> tuple[str | None, dict[tuple[str, str, str], frozenset[str] | None]]:
    """What is seen of a SELECT in GoogleSQL with whole table names.

    First why the service would refuse it (None where it would not, where none can tell, and where not all is
    ``typed``), then the columns of each table that it reads (None: all of them).
    """
    schema: dict[str, Any] = {}
    for (project, dataset, table), types in columns:
        schema.setdefault(project, {}).setdefault(dataset, {})[table] = dict(types)
    kinds = {name: exp.DataType.build(kind, dialect="bigquery") for name, kind in parameters}
    tree = sqlglot.parse_one(sql, read="bigquery").transform(lambda node: _stand_in(node, kinds), copy=False)
    try:
        tree = qualify(tree, schema=schema, dialect="bigquery", validate_qualify_columns=False, expand_alias_refs=False)
    except (SqlglotError, KeyError, ValueError, AttributeError):
        return None, dict.fromkeys(key for key, _ in columns)
    return _wrong_types(tree, schema) if typed else None, columns_read(tree, [key for key, _ in columns])


def _wrong_types(tree: exp.Expression, schema: dict[str, Any]) -> str | None:
    """What is wrong with the types of a qualified query."""
    try:
        early = [name for select in tree.find_all(exp.Select) for name in _early_aliases(select)]
        typed = annotate_types(tree, schema=schema, dialect="bigquery")
    except (SqlglotError, KeyError, ValueError, AttributeError):
        return None
    if early:
        return f"Unrecognized name: {early[0]}"
    for node in typed.walk():
        for fault in _faults(node):
            return fault
    return None


def _early_aliases(select: exp.Select) -> Iterator[str]:
    """Columns of a SELECT's own making that it uses before they are there: in its list, in WHERE, in ON."""
    made = {column.alias.lower() for column in select.selects if isinstance(column, exp.Alias)}
    joins = [join.args["on"] for join in select.args.get("joins") or [] if join.args.get("on")]
    where = [select.args["where"]] if select.args.get("where") else []
    for part in (*select.selects, *where, *joins):
        for column in part.find_all(exp.Column):
            if not column.table and column.name.lower() in made and column.find_ancestor(exp.Select) is select:
                yield column.name


def type_name(field: Field) -> str:
    """The type of a column or parameter in GoogleSQL."""
    if field["type"] == "RECORD":
        kind = "STRUCT<" + ", ".join(f"`{f['name']}` {type_name(f)}" for f in field["fields"]) + ">"
    else:
        kind = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}.get(field["type"], field["type"])
    return f"ARRAY<{kind}>" if field["mode"] == "REPEATED" else kind


def _stand_in(node: exp.Expression, parameters: Mapping[str, exp.DataType]) -> exp.Expression:
    """A parameter as a value of its type."""
    if isinstance(node, exp.Parameter) and (kind := parameters.get(node.name.lower())) is not None:
        return exp.Cast(this=exp.Null(), to=kind.copy())
    return node


def _family(node: exp.Expression | None) -> str | None:
    """The name of a type; None where it cannot be told, or is that of NULL."""
    if node is None or isinstance(node, exp.Null) or node.type is None:
        return None
    return _FAMILIES.get(node.type.this)


def _apart(nodes: Iterable[exp.Expression | None], literals: bool = True) -> list[str]:
    """The types of expressions that must go together and do not; empty where they do."""
    known = [(node, family) for node in nodes if (family := _family(node)) is not None]
    families = {family for _, family in known}
    if len(families) < 2 or families <= _NUMBERS:
        return []
    if literals:  # a text that is written out may stand for a day
        rest = {family for node, family in known if not (isinstance(node, exp.Literal) and node.is_string)}
        if len(rest) == 1 and rest <= _DAYS:
            return []
    return [family for _, family in known]


def _faults(node: exp.Expression) -> Iterator[str]:
    """What is wrong with one expression."""
    name = node.sql_name() if isinstance(node, exp.Func) else type(node).__name__.upper()
    if isinstance(node, _COMPARISONS) and (kinds := _apart((node.left, node.right))):
        sign = {exp.EQ: "=", exp.NEQ: "!="}.get(type(node), "<")
        yield f"No matching signature for operator {sign} for argument types: {', '.join(kinds)}"
    if isinstance(node, exp.Between) and (kinds := _apart((node.this, node.args["low"], node.args["high"]))):
        yield f"No matching signature for operator BETWEEN for argument types: {', '.join(kinds)}"
    if isinstance(node, exp.In) and (kinds := _apart((node.this, *node.expressions))):
        yield f"No matching signature for operator IN for argument types: {', '.join(kinds)}"
    if isinstance(node, exp.Coalesce) and (kinds := _apart((node.this, *node.expressions))):
        yield f"No matching signature for function COALESCE for argument types: {', '.join(kinds)}"
    if isinstance(node, exp.If | exp.Case) and (kinds := _apart(_branches(node))):
        yield f"No matching signature for function IF for argument types: BOOL, {', '.join(kinds)}"
    if isinstance(node, exp.If) and _family(node.this) not in (None, "BOOL") and not isinstance(node.parent, exp.Case):
        yield f"No matching signature for function IF for argument types: {_family(node.this)}"
    if isinstance(node, exp.DPipe | exp.Concat):
        parts = (node.left, node.right) if isinstance(node, exp.DPipe) else node.expressions
        kinds = [kind for part in parts if (kind := _family(part)) is not None]
        if set(kinds) - _TEXTS - {"ARRAY"}:
            yield f"No matching signature for function CONCAT for argument types: {', '.join(kinds)}"
    if isinstance(node, _ARITHMETIC):
        kinds = [kind for part in (node.left, node.right) if (kind := _family(part)) is not None]
        if set(kinds) & {"STRING", "BOOL", "BYTES"}:
            yield f"No matching signature for operator {name} for argument types: {', '.join(kinds)}"
    takes = next((kinds for kind, kinds in _TAKES.items() if type(node) is kind), None)
    argument = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    if takes is not None and isinstance(argument, exp.Expression) and _family(argument) not in (None, *takes):
        yield f"No matching signature for function {name} for argument types: {_family(argument)}"
    if isinstance(node, exp.Cast):
        to, source = _FAMILIES.get(node.to.this), _family(node.this)
        if to in _CASTS and source is not None and source not in _CASTS[to]:
            yield f"Invalid cast from {source} to {to}"


def _branches(node: exp.If | exp.Case) -> list[exp.Expression | None]:
    """The values that one of IF and CASE may have."""
    if isinstance(node, exp.If):
        return [] if isinstance(node.parent, exp.Case) else [node.args["true"], node.args.get("false")]
    return [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
