"""GoogleSQL: parsed, refused where the service would refuse it, and said again for DuckDB."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import ErrorLevel, exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import ParseError, TokenError, UnsupportedError
from sqlglot.tokens import Token, TokenType

from tests.warehouse.catalogue import TableId
from tests.warehouse.errors import ApiError, beyond
from tests.warehouse.functions import BEYOND, FLEETING, GOOGLESQL, NOT_FUNCTIONS
from tests.warehouse.wire_types import parameter

# What it cannot translate is raised here, not logged.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

#: What the statements are called in a job's statistics.
_KINDS: dict[type[exp.Expression], str] = {
    exp.Select: "SELECT",
    exp.SetOperation: "SELECT",
    exp.Subquery: "SELECT",
    exp.Insert: "INSERT",
    exp.Update: "UPDATE",
    exp.Delete: "DELETE",
    exp.Merge: "MERGE",
    exp.TruncateTable: "TRUNCATE_TABLE",
    exp.Transaction: "BEGIN_TRANSACTION",
    exp.Commit: "COMMIT_TRANSACTION",
    exp.Rollback: "ROLLBACK_TRANSACTION",
}
DML = ("INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE_TABLE")
TRANSACTIONS = ("BEGIN_TRANSACTION", "COMMIT_TRANSACTION", "ROLLBACK_TRANSACTION")

#: Gives a table its place: a :class:`TableId`, or None for a temporary table of the script.
Resolve = Callable[[exp.Table], TableId | None]


@dataclass(frozen=True)
class Statement:
    """One statement as it was written."""

    tree: exp.Expression
    kind: str

    @property
    def target(self) -> exp.Table | None:
        """The table that it changes, makes or drops."""
        this = self.tree.this if self.kind not in ("SELECT", *TRANSACTIONS) else None
        if self.kind == "TRUNCATE_TABLE":
            this = self.tree.expressions[0]
        if self.kind.startswith("DROP"):
            this = self.tree.args["tables"][0]
        if isinstance(this, exp.Schema):
            this = this.this
        return this if isinstance(this, exp.Table) else None

    @property
    def temporary(self) -> bool:
        """It makes a temporary table."""
        properties = self.tree.args.get("properties")
        return properties is not None and properties.find(exp.TemporaryProperty) is not None


@dataclass(frozen=True)
class Translated:
    """A statement for DuckDB: its text, the values to bind and the tables that it reads."""

    sql: str
    values: dict[str, Any]
    reads: tuple[TableId, ...]


# ---- reading ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def parse(text: str) -> tuple[Statement, ...]:
    """The statements of a text, not to be changed; ApiError as the service words it where it would not take them."""
    try:
        tokens = BigQuery().tokenize(text)
        _check_tokens(tokens)
        trees = [tree for tree in sqlglot.parse(text, read="bigquery") if tree is not None]
    except (ParseError, TokenError) as error:
        raise ApiError("invalidQuery", f"Syntax error: {_where(error)}") from None
    if not trees:
        raise ApiError("invalidQuery", "Syntax error: Unexpected end of statement")
    return tuple(Statement(tree, _kind(tree)) for tree in trees)


def fleeting(text: str) -> bool:
    """Whether the answer may differ from run to run."""
    return any(token.text.upper() in FLEETING for token in BigQuery().tokenize(text))


def _where(error: Exception) -> str:
    details = getattr(error, "errors", None)
    if details:
        first = details[0]
        return (
            f"Unexpected {first.get('highlight') or 'end of statement'!r} at [{first.get('line')}:{first.get('col')}]"
        )
    return "Unexpected token"


def _kind(tree: exp.Expression) -> str:
    for kind, name in _KINDS.items():
        if isinstance(tree, kind):
            return name
    if isinstance(tree, exp.Create):
        what = str(tree.args["kind"]).upper()
        if what == "TABLE":
            return "CREATE_TABLE_AS_SELECT" if tree.expression else "CREATE_TABLE"
        if what in ("VIEW", "SCHEMA"):
            return f"CREATE_{what}"
    if isinstance(tree, exp.Drop) and str(tree.args["kind"]).upper() in ("TABLE", "VIEW", "SCHEMA"):
        return f"DROP_{str(tree.args['kind']).upper()}"
    raise beyond(f"the statement {tree.key.upper()}")


def _check_tokens(tokens: Sequence[Token]) -> None:
    """Refuse foreign functions, foreign marks of parameters and what this double would answer wrongly."""
    for before, token, after in _threes(tokens):
        place = f"at [{token.line}:{token.col}]"
        if token.text.startswith("$") and token.token_type == TokenType.VAR:
            raise ApiError("invalidQuery", f'Syntax error: Illegal input character "$" {place}')
        if token.token_type == TokenType.PLACEHOLDER:
            raise beyond("positional parameters")
        if after is None or after.token_type != TokenType.L_PAREN or token.token_type == TokenType.IDENTIFIER:
            continue
        name = token.text.upper()
        if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name) or name in NOT_FUNCTIONS:
            continue
        if before is not None and before.token_type in (TokenType.DOT, TokenType.INTO, TokenType.TABLE):
            continue  # INSERT INTO d.t (a, b)
        if name in BEYOND:
            raise beyond(f"the function {name}")
        if name not in GOOGLESQL:
            raise ApiError("invalidQuery", f"Function not found: {token.text} {place}")


def _threes(tokens: Sequence[Token]) -> Iterator[tuple[Token | None, Token, Token | None]]:
    """Each token with its neighbours."""
    for k, token in enumerate(tokens):
        yield (tokens[k - 1] if k else None), token, (tokens[k + 1] if k + 1 < len(tokens) else None)


# ---- saying it again ----------------------------------------------------------------------------------------------


def translate(
    statement: Statement, resolve: Resolve, parameters: Mapping[str, Mapping[str, Any]], *, named: bool = True
) -> Translated:
    """A statement as DuckDB takes it.

    ``resolve`` gives tables their places; ``parameters`` are those of the request by name; ``named``: columns of the
    answer without a name get the service's (``f0_``, ``f1_``, ...).
    """
    tree = statement.tree.copy()
    reads = _place_tables(tree, resolve)
    if named and statement.kind in ("SELECT", "CREATE_TABLE_AS_SELECT"):
        _name_columns(tree if statement.kind == "SELECT" else tree.expression)
    values: dict[str, Any] = {}
    tree = _from_below(tree, _alike)
    tree = _from_below(tree, lambda node: _bound(node, parameters, values))
    if isinstance(tree, exp.Create):
        tree.set("properties", exp.Properties(expressions=[exp.TemporaryProperty()]) if statement.temporary else None)
    try:
        sql = tree.sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise beyond(str(error).splitlines()[0]) from None
    return Translated(re.sub(r"\bTHEN INSERT ROW\b", "THEN INSERT", sql), values, tuple(reads))


def _from_below(tree: exp.Expression, change: Callable[[exp.Expression], exp.Expression]) -> exp.Expression:
    """Change each node, those within it first."""
    for node in reversed(list(tree.walk())):
        changed = change(node)
        if changed is not node:
            tree = changed if node is tree else tree
            node.replace(changed)
    return tree


def tables(tree: exp.Expression) -> Iterator[exp.Table]:
    """The tables of a statement that are not its own common table expressions."""
    common = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in list(tree.find_all(exp.Table)):
        if table.db or (table.name and table.name.lower() not in common):
            yield table


def _place_tables(tree: exp.Expression, resolve: Resolve) -> dict[TableId, None]:
    """Give each table its place in DuckDB; which ones there are, in order."""
    reads: dict[TableId, None] = {}
    for table in tables(tree):
        key = resolve(table)
        if key is None:
            continue
        reads[key] = None
        table.set("catalog", None)
        table.set("db", exp.to_identifier(f"{key.project}.{key.dataset}", quoted=True))
        table.set("this", exp.to_identifier(key.table, quoted=True))
    return reads


def _name_columns(query: exp.Expression) -> None:
    """Give the columns of an answer the service's names."""
    while isinstance(query, exp.SetOperation | exp.Subquery):
        query = query.this
    unnamed = 0
    for column in query.selects:
        if isinstance(column, exp.Alias | exp.Column | exp.Dot | exp.Star):
            continue
        column.replace(exp.alias_(column.copy(), f"f{unnamed}_"))
        unnamed += 1


def _bound(node: exp.Expression, parameters: Mapping[str, Mapping[str, Any]], values: dict[str, Any]) -> exp.Expression:
    """A parameter with its type; its value goes into ``values``."""
    if not isinstance(node, exp.Parameter):
        return node
    if isinstance(node.this, exp.Parameter):
        raise beyond("system variables (@@)")
    by_name = {name.lower(): resource for name, resource in parameters.items()}
    name = node.name.lower()
    if name not in by_name:
        raise ApiError("invalidQuery", f"Query parameter '{node.name}' not found")
    sql, values[name] = parameter(by_name[name])
    return exp.Var(this=sql.replace("{mark}", f"${name}"))


def _call(name: str, *arguments: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def _alike(node: exp.Expression) -> exp.Expression:
    """A node, changed where DuckDB (or sqlglot) would mean something else by it."""
    if isinstance(node, exp.Unnest) and node.args.get("offset"):
        raise beyond("UNNEST WITH OFFSET")
    if isinstance(node, exp.TimeToStr) and node.args.get("zone"):
        raise beyond("FORMAT_TIMESTAMP with a time zone")
    if isinstance(node, exp.SafeFunc):
        raise beyond("SAFE. before a function")
    if isinstance(node, exp.SafeAdd | exp.SafeSubtract | exp.SafeMultiply | exp.SafeNegate):
        raise beyond(f"the function {node.sql_name()}")
    if isinstance(node, exp.Literal) and not node.is_string and re.search(r"[.eE]", node.this):
        return exp.Literal.number(node.this if "e" in node.this.lower() else f"{node.this}e0")  # FLOAT64, no DECIMAL
    if isinstance(node, exp.In) and node.args.get("unnest"):
        inner = exp.select("*").from_(node.args["unnest"].copy())
        return exp.In(this=node.this, query=exp.Subquery(this=inner))
    if isinstance(node, exp.BitwiseLeftShift | exp.BitwiseRightShift) and node.this.is_int:
        node.set("this", exp.Var(this=f"CAST({node.this.this} AS BIGINT)"))
        return node
    if isinstance(node, exp.Cast):
        return _cast(node)
    change = _CHANGES.get(type(node)) or _CHANGES.get(node.name.upper() if isinstance(node, exp.Anonymous) else "")
    return change(node) if change else node


def _cast(node: exp.Cast) -> exp.Expression:
    """CAST and SAFE_CAST with GoogleSQL's notion of what a number or a truth value looks like."""
    safe = "_safe" if isinstance(node, exp.TryCast) else ""
    kind = node.to
    if kind.this == exp.DataType.Type.BIGINT:
        return _call(f"g_int64{safe}", node.this)
    if kind.this == exp.DataType.Type.BOOLEAN:
        return _call(f"g_bool{safe}", node.this)
    if kind.this == exp.DataType.Type.TEXT and not kind.expressions and not safe:
        return _call("g_text", node.this)
    if kind.this == exp.DataType.Type.DECIMAL and not kind.expressions:
        node.set("to", exp.DataType.build("DECIMAL(38, 9)", dialect="duckdb"))
    return node


def _unix_to_time(node: exp.UnixToTime) -> exp.Expression:
    scale = node.args.get("scale")
    unit = {None: "seconds", "3": "millis", "6": "micros"}[scale.name if scale else None]
    return _call(f"g_timestamp_{unit}", node.this)


#: Functions that mean something else in DuckDB, or that sqlglot leaves as they are.
_CHANGES: dict[Any, Callable[[Any], exp.Expression]] = {
    exp.Exp: lambda node: _call("g_exp", node.this),
    exp.Pow: lambda node: _call("g_pow", node.this, node.expression),
    exp.ByteLength: lambda node: _call("strlen", node.this),
    exp.UnixToTime: _unix_to_time,
    exp.UnixSeconds: lambda node: _call("g_unix_seconds", node.this),
    exp.TimestampDiff: lambda node: _call(
        "date_sub", exp.Literal.string(node.args["unit"].name), node.expression, node.this
    ),
    exp.ToCodePoints: lambda node: _call("g_to_code_points", node.this),
    "CODE_POINTS_TO_STRING": lambda node: _call("g_code_points_to_string", *node.expressions),
    exp.CodePointsToString: lambda node: _call("g_code_points_to_string", node.this),
    "IEEE_DIVIDE": lambda node: _call("g_ieee_divide", *node.expressions),
}
