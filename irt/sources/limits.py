"""Which rows a question is about: what a caller may see, what a reader filtered, what a row must hold to count."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from irt.selection import Scope, Selection
from irt.sources.question import DRAWS, Value

#: Why a row breaks the contract of the table, and the condition. The first that holds is the one counted.
RULES: Mapping[str, str] = {
    "no student id": "IFNULL(student_id, '') = ''",
    "no item id": "IFNULL(item_id, '') = ''",
    "no exam name": "IFNULL(exam_name, '') = ''",
    "correct is neither 0, 1 nor empty": "IFNULL(correct, 0) NOT IN (0, 1)",
}

#: That a row breaks no rule.
VALID = " AND ".join(f"NOT ({rule})" for rule in RULES.values())


@dataclass(frozen=True, slots=True)
class Where:
    """A condition and the values of its parameters."""

    sql: str
    parameters: Mapping[str, Value]


def limits(scope: Scope, selection: Selection | None = None) -> Where:
    """The condition of a scope and a selection, its class and the share of students included.

    Each value has a parameter of its own and each column stands bare: so a warehouse skips the blocks of a clustered
    table, and a store those row groups of a file, in which the value does not occur.
    """
    conditions: list[str] = []
    values: dict[str, Value] = {}
    wanted: list[tuple[str, str, Collection[str] | None]] = [
        ("scope_subject", "subject_name", scope.subjects),
        ("scope_exam", "exam_name", scope.exams),
        ("scope_class", "class_name", scope.classes),
    ]
    if selection is not None:
        wanted += [
            ("subject", "subject_name", None if selection.subject is None else (selection.subject,)),
            ("exam", "exam_name", selection.exams or None),
            ("class", "class_name", None if selection.class_name is None else (selection.class_name,)),
        ]
    for name, column, allowed in wanted:
        if allowed is not None:
            found = {f"{name}_{k}": value for k, value in enumerate(sorted(allowed))}
            conditions.append(_among(column, found))
            values.update(found)
    if selection is not None and selection.share not in (None, 1):
        conditions.append("{draw} < @draw_limit")
        values["draw_limit"] = draw_limit(selection.share or 1.0)
    return Where(" AND ".join(conditions) or "TRUE", values)


def selected(scope: Scope, selection: Selection) -> Where:
    """The condition on the rows of a selection.

    The class of several exams is the students who were in it in one of them, with all that they answered.
    """
    where = limits(scope, selection)
    if selection.class_name is None or len(selection.exams) == 1:
        return where
    everybody = limits(scope, selection.population())
    in_class = f"student_id IN (SELECT student_id FROM {{table}} WHERE {where.sql})"
    return Where(f"{everybody.sql} AND {in_class}", where.parameters)


def draw_limit(share: float) -> int:
    """The draws below which a student belongs to a sample."""
    return ceil(share * DRAWS)


def kept(where: Where, columns: Sequence[str]) -> str:
    """The common table expression ``kept``: these columns of the rows within the limits that break no rule."""
    return f"kept AS (\n  SELECT {', '.join(columns)}\n  FROM {{table}} WHERE {where.sql} AND {VALID})"


def _among(column: str, values: Mapping[str, str]) -> str:
    """That a column has one of the values of these parameters; NULL is the empty text."""
    if not values:
        return "FALSE"
    among = f"{column} IN ({', '.join(f'@{name}' for name in values)})"
    return f"({column} IS NULL OR {among})" if "" in values.values() else among
