"""The texts that publishing runs in a warehouse: scoring there, and the exchange of a selection's rows in one step.

They keep to the subset of GoogleSQL of :mod:`irt.sources.question`, with the statements of scripts and transactions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from irt.publishing.tables import PUBLISHED_AT, RESULTS, SELECTION_ID, TABLES

#: Columns of what is scored in the warehouse, as they are called in the tables.
_SCORED = {
    "abilities": "student_id, theta, se, 'EAP' AS method, items_answered",
    "probabilities": "student_id, item_id, probability, lower, upper, correct",
}


def scored_table(result: str) -> str:
    """The temporary table that holds what was scored in the warehouse."""
    return f"scored_{result}"


def score(result: str, select: str) -> str:
    """The statement that scores students into a temporary table."""
    return f"CREATE TEMP TABLE {scored_table(result)} AS SELECT {_SCORED[result]} FROM (\n{select}\n)"


def exchange(into: Mapping[str, str], made: Mapping[str, str]) -> list[str]:
    """The statements that replace the rows of ``@selection_id`` in all tables by new ones, or change nothing.

    Parameters
    ----------
    into : mapping
        Full name of each table.
    made : mapping
        Where the new rows of a table are found; the rows of a table that is not named are only removed.
        ``publications`` is always named: one row, in which the numbers of rows are filled in here.
    """
    statements = ["BEGIN TRANSACTION"]
    for name, columns in TABLES.items():
        statements.append(f"DELETE FROM `{into[name]}` WHERE selection_id = @selection_id")
        if name in made:
            values = {column.name: column.name for column in columns}
            values[SELECTION_ID.name] = "@selection_id"
            values[PUBLISHED_AT.name] = "CAST(@published_at AS TIMESTAMP)"
            if name == "publications":
                values |= {table: _count(made.get(table)) for table in RESULTS.values()}
            chosen = ", ".join(text if text == name else f"{text} AS {name}" for name, text in values.items())
            statements.append(f"INSERT INTO `{into[name]}` ({', '.join(values)})\nSELECT {chosen} FROM {made[name]}")
    return [*statements, "COMMIT TRANSACTION"]


def as_script(statements: Iterable[str]) -> str:
    """Statements as one text."""
    return "".join(f"{statement};\n" for statement in statements)


def _count(table: str | None) -> str:
    """How many rows a table has."""
    return "0" if table is None else f"(SELECT COUNT(*) FROM {table})"
