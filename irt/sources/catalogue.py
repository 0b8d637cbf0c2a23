"""What there is: subjects, exams and classes with counts, as one question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isnan

from irt.natural import natural_key
from irt.selection import FULL_SCOPE, Scope
from irt.sources.limits import VALID, limits
from irt.sources.protocol import Catalogue, CatalogueEntry
from irt.sources.question import Engine, Kind, Part, Question

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def catalogue_question(scope: Scope, n_groups: int = 0) -> Question:
    """One row for each class in an exam, and one for each exam as a ``whole``: a student of two classes counts once.

    With ``n_groups``, also how many answers have a value in each of so many groupings.

    A student who was entered but has no scored answer is not counted: reports leave such students out as well.
    Students are brought together before they are counted: COUNT(DISTINCT) over all rows takes twice as long.
    """
    where = limits(scope)
    shared = f"""seen AS (
  SELECT IFNULL(subject_name, '') AS subject, exam_name AS exam, IFNULL(class_name, '') AS class, student_id, item_id,
    correct, student_grade, answered_us
  FROM {{table}} WHERE {where.sql} AND {VALID}),
sat AS (SELECT DISTINCT subject, exam, class, student_id FROM seen WHERE correct IS NOT NULL),
asked AS (
  SELECT subject, exam, class, item_id, COUNT(correct) AS answers, MIN(NULLIF(student_grade, '')) AS grade,
    MAX(answered_us) AS last_us
  FROM seen GROUP BY subject, exam, class, item_id),
student AS (
  SELECT 0 AS whole, subject, exam, class, COUNT(*) AS students FROM sat GROUP BY subject, exam, class
  UNION ALL
  SELECT 1 AS whole, subject, exam, '' AS class, COUNT(DISTINCT student_id) AS students FROM sat
  GROUP BY subject, exam),
item AS (
  SELECT 0 AS whole, subject, exam, class, COUNT(*) AS items, SUM(answers) AS answers, MIN(grade) AS grade,
    MAX(last_us) AS last_us
  FROM asked GROUP BY subject, exam, class
  UNION ALL
  SELECT 1 AS whole, subject, exam, '' AS class, COUNT(DISTINCT item_id) AS items, SUM(answers) AS answers,
    MIN(grade) AS grade, MAX(last_us) AS last_us
  FROM asked GROUP BY subject, exam)"""
    sql = """
SELECT item.whole, item.subject, item.exam, item.class, grade, last_us, IFNULL(students, 0) AS students, items, answers
FROM item LEFT JOIN student ON student.whole = item.whole AND student.subject = item.subject
  AND student.exam = item.exam AND student.class = item.class"""
    parts = {"class": Part(sql, _COLUMNS)}
    if n_groups:
        counted = ", ".join(f"COUNT(NULLIF(group_{k}, '')) AS group_{k}" for k in range(n_groups))
        columns: dict[str, Kind] = {f"group_{k}": "integer" for k in range(n_groups)}
        parts["held"] = Part(f"SELECT {counted} FROM {{table}} WHERE {where.sql} AND {VALID}", columns)
    return Question("catalogue", parts, where.parameters, shared)


_COLUMNS: Mapping[str, Kind] = {
    "whole": "integer",
    "subject": "text",
    "exam": "text",
    "class": "text",
    "grade": "text",
    "last_us": "number",
    "students": "integer",
    "items": "integer",
    "answers": "integer",
}


def read_catalogue(engine: Engine, scope: Scope) -> Catalogue:
    """What there is in this scope, in natural order; of the groupings those of which a limited scope holds a value."""
    n_looked_at = 0 if replace(scope, names=True) == FULL_SCOPE else len(engine.groups)
    parts = engine.ask(catalogue_question(scope, n_looked_at))
    found, held = parts["class"], parts.get("held")
    groupings = [name for k, name in enumerate(engine.groups) if held is None or held[f"group_{k}"][0] > 0]
    entries, sizes = [], {}
    for whole, subject, exam, class_name, grade, last, students, items, answers in zip(
        *(found[name].tolist() for name in _COLUMNS), strict=True
    ):
        if whole:
            sizes[subject or "", exam] = (students, items, answers)
        else:
            entry = (subject or "", exam, class_name, grade, students, items, answers, _time(last))
            entries.append(CatalogueEntry(*entry))
    return Catalogue(
        entries=tuple(sorted(entries, key=_catalogue_order)),
        exam_sizes={exam: sizes[exam] for exam in sorted(sizes, key=exam_order)},
        groupings=tuple(groupings),
    )


def exam_order(exam: tuple[str, str]) -> tuple[object, ...]:
    """Sort key of (subject, exam): natural order."""
    return natural_key(exam[0]), natural_key(exam[1])


def _catalogue_order(entry: CatalogueEntry) -> tuple[object, ...]:
    """Natural order of subject, exam, class; students without a class last."""
    return (
        natural_key(entry.subject),
        natural_key(entry.exam),
        entry.class_name is None,
        natural_key(entry.class_name or ""),
    )


def _time(microseconds: float) -> datetime | None:
    """A time in UTC; None for no time and for one that no calendar has."""
    try:
        return None if isnan(microseconds) else _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return None
