"""The questions put to a table of answers, as SQL that DuckDB and BigQuery both take.

The texts keep to a small subset of GoogleSQL. Only two things differ between engines: what stands for ``{table}`` (each
engine gives a table with every column of :data:`COLUMNS` and the groupings as ``group_0``, ``group_1``, ...), and
the mark of a parameter, here ``@name``. Values travel as parameters only. The order of NULL is always written out,
since its default differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from irt.selection import Scope, Selection

#: Why a row breaks the contract of the table, and the condition. The first that holds is the one counted.
RULES: Mapping[str, str] = {
    "no student id": "IFNULL(student_id, '') = ''",
    "no item id": "IFNULL(item_id, '') = ''",
    "no exam name": "IFNULL(exam_name, '') = ''",
    "correct is neither 0, 1 nor empty": "IFNULL(correct, 0) NOT IN (0, 1)",
}

_VALID = " AND ".join(f"NOT ({rule})" for rule in RULES.values())


@dataclass(frozen=True, slots=True)
class Query:
    """A text in the portable subset and the values of its parameters."""

    sql: str
    parameters: Mapping[str, object]


def limits(scope: Scope, selection: Selection | None = None) -> Query:
    """The WHERE of a scope and a selection (without the class in focus)."""
    conditions = ["TRUE"]
    values: dict[str, object] = {}
    scoped = {"subject_name": scope.subjects, "exam_name": scope.exams, "class_name": scope.classes}
    for column, allowed in scoped.items():
        if allowed is not None:
            conditions.append(f"IFNULL({column}, '') IN (SELECT * FROM UNNEST(@scope_{column}))")
            values[f"scope_{column}"] = sorted(allowed)
    if selection is not None and selection.subject is not None:
        conditions.append("IFNULL(subject_name, '') = @subject")
        values["subject"] = selection.subject
    if selection is not None and selection.exams:
        conditions.append("exam_name IN (SELECT * FROM UNNEST(@exams))")
        values["exams"] = list(selection.exams)
    return Query(" AND ".join(conditions), values)


def exams(scope: Scope) -> Query:
    """Which exams there are in which subjects."""
    where = limits(scope)
    return Query(
        f"""
SELECT DISTINCT IFNULL(subject_name, '') AS subject, exam_name AS exam
FROM {{table}} WHERE {where.sql} AND {_VALID}""",
        where.parameters,
    )


def classes(scope: Scope) -> Query:
    """One row a class in an exam, with counts."""
    where = limits(scope)
    return Query(
        f"""
SELECT IFNULL(subject_name, '') AS subject, exam_name AS exam, NULLIF(class_name, '') AS class,
  MIN(NULLIF(student_grade, '')) AS grade, MAX(answered_at) AS last_answered, {_COUNTS}
FROM {{table}} WHERE {where.sql} AND {_VALID}
GROUP BY subject, exam, class""",
        where.parameters,
    )


def exam_sizes(scope: Scope) -> Query:
    """One row an exam, with counts: a student of two classes counts once."""
    where = limits(scope)
    return Query(
        f"""
SELECT IFNULL(subject_name, '') AS subject, exam_name AS exam, {_COUNTS}
FROM {{table}} WHERE {where.sql} AND {_VALID}
GROUP BY subject, exam""",
        where.parameters,
    )


#: A student who was entered but has no scored answer is not counted: reports leave such students out as well.
_COUNTS = (
    "COUNT(DISTINCT IF(correct IS NULL, NULL, student_id)) AS students, "
    "COUNT(DISTINCT item_id) AS items, COUNT(correct) AS answers"
)


def dropped(selection: Selection, scope: Scope) -> Query:
    """One row: how many rows of the selection break each rule, as ``rule_0``, ``rule_1``, ..."""
    where = limits(scope, selection)
    counts, earlier = [], "TRUE"
    for k, rule in enumerate(RULES.values()):
        counts.append(f"COUNTIF({earlier} AND {rule}) AS rule_{k}")
        earlier += f" AND NOT ({rule})"
    return Query(f"SELECT {', '.join(counts)} FROM {{table}} WHERE {where.sql}", where.parameters)


def persons(selection: Selection, scope: Scope, n_groups: int) -> Query:
    """One row a student and exam, by student in the order of the codes of :func:`codes`."""
    where = limits(scope, selection)
    groups = "".join(f", MIN(NULLIF(group_{k}, '')) AS group_{k}" for k in range(n_groups))
    return Query(
        f"""
SELECT student_id, exam_name AS exam, MIN(NULLIF(student_name, '')) AS name, MIN(NULLIF(student_grade, '')) AS grade,
  MIN(NULLIF(class_name, '')) AS class{groups}
FROM {{table}} WHERE {where.sql} AND {_VALID}
GROUP BY student_id, exam_name ORDER BY student_id, exam_name""",
        where.parameters,
    )


def items(selection: Selection, scope: Scope) -> Query:
    """One row an item, in the order of the codes of :func:`codes`."""
    where = limits(scope, selection)
    return Query(
        f"""
SELECT item_id, MIN(NULLIF(item_name, '')) AS name, MIN(NULLIF(answer_key, '')) AS answer_key,
  MIN(NULLIF(intended_difficulty, '')) AS intended
FROM {{table}} WHERE {where.sql} AND {_VALID}
GROUP BY item_id ORDER BY item_id""",
        where.parameters,
    )


def options(selection: Selection, scope: Scope) -> Query:
    """One row an option that was chosen, in the order of the codes of :func:`codes`."""
    where = limits(scope, selection)
    return Query(
        f"""
SELECT DISTINCT answer FROM {{table}} WHERE {where.sql} AND {_VALID} AND IFNULL(answer, '') <> ''
ORDER BY answer""",
        where.parameters,
    )


def sittings(selection: Selection, scope: Scope) -> Query:
    """One row an exam, in the order of the codes of :func:`codes`: of its first answer, without times by name."""
    where = limits(scope, selection)
    return Query(
        f"""
SELECT exam_name AS exam FROM {{table}} WHERE {where.sql} AND {_VALID}
GROUP BY exam_name ORDER BY {_FIRST_SAT}""",
        where.parameters,
    )


#: The order of exams.
_FIRST_SAT = "MIN(answered_at) NULLS FIRST, exam_name"


def codes(selection: Selection, scope: Scope) -> Query:
    """One row an answer as small integers, ordered by student, item, exam, attempt, time."""
    where = limits(scope, selection)
    return Query(
        f"""
WITH kept AS (
  SELECT student_id, item_id, correct, NULLIF(answer, '') AS answer, attempt, answered_at, exam_name
  FROM {{table}} WHERE {where.sql} AND {_VALID}),
student AS (
  SELECT student_id, ROW_NUMBER() OVER (ORDER BY student_id) - 1 AS code
  FROM (SELECT DISTINCT student_id FROM kept)),
item AS (
  SELECT item_id, ROW_NUMBER() OVER (ORDER BY item_id) - 1 AS code
  FROM (SELECT DISTINCT item_id FROM kept)),
choice AS (
  SELECT answer, ROW_NUMBER() OVER (ORDER BY answer) - 1 AS code
  FROM (SELECT DISTINCT answer FROM kept WHERE answer IS NOT NULL)),
sitting AS (
  SELECT exam_name, ROW_NUMBER() OVER (ORDER BY {_FIRST_SAT}) - 1 AS code
  FROM kept GROUP BY exam_name)
SELECT student.code AS person, item.code AS item, IFNULL(kept.correct, -1) AS correct,
  IFNULL(choice.code, -1) AS choice, sitting.code AS exam
FROM kept
JOIN student ON student.student_id = kept.student_id
JOIN item ON item.item_id = kept.item_id
JOIN sitting ON sitting.exam_name = kept.exam_name
LEFT JOIN choice ON choice.answer = kept.answer
ORDER BY person, item, exam, kept.attempt NULLS FIRST, kept.answered_at NULLS FIRST, correct""",
        where.parameters,
    )
