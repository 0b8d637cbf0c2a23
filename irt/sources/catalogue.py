"""What there is: subjects, exams and classes with counts, as one question."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import isnan

from irt.natural import natural_key
from irt.selection import Scope
from irt.sources.limits import VALID, limits
from irt.sources.protocol import Catalogue, CatalogueEntry
from irt.sources.question import Engine, Part, Question

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def catalogue_question(scope: Scope) -> Question:
    """One row a class in an exam, and one row an exam: a student of two classes counts once.

    A student who was entered but has no scored answer is not counted: reports leave such students out as well.
    """
    where = limits(scope)
    shared = f"""seen AS (
  SELECT IFNULL(subject_name, '') AS subject, exam_name AS exam, NULLIF(class_name, '') AS class, student_id,
    item_id, correct, student_grade, answered_us
  FROM {{table}} WHERE {where.sql} AND {VALID})"""
    counts = (
        "COUNT(DISTINCT IF(correct IS NULL, NULL, student_id)) AS students, "
        "COUNT(DISTINCT item_id) AS items, COUNT(correct) AS answers"
    )
    classes = f"""
SELECT subject, exam, class, MIN(NULLIF(student_grade, '')) AS grade, MAX(answered_us) AS last_us,
  {counts}
FROM seen GROUP BY subject, exam, class"""
    exams = f"""
SELECT subject, exam, {counts}
FROM seen GROUP BY subject, exam"""
    return Question(
        name="catalogue",
        parts={
            "class": Part(
                classes,
                {
                    "subject": "text",
                    "exam": "text",
                    "class": "text",
                    "grade": "text",
                    "last_us": "number",
                    "students": "integer",
                    "items": "integer",
                    "answers": "integer",
                },
            ),
            "exam": Part(
                exams,
                {"subject": "text", "exam": "text", "students": "integer", "items": "integer", "answers": "integer"},
            ),
        },
        parameters=where.parameters,
        shared=shared,
    )


def read_catalogue(engine: Engine, scope: Scope) -> Catalogue:
    """What there is in this scope, in natural order."""
    found = engine.ask(catalogue_question(scope))
    classes, exams = found["class"], found["exam"]
    entries = [
        CatalogueEntry(
            subject=subject or "",
            exam=exam,
            class_name=class_name,
            grade=grade,
            n_students=students,
            n_items=items,
            n_answers=answers,
            last_answered=_time(last),
        )
        for subject, exam, class_name, grade, last, students, items, answers in zip(
            *(classes[name].tolist() for name in ("subject", "exam", "class", "grade", "last_us", *_COUNTS)),
            strict=True,
        )
    ]
    sizes = {
        (subject or "", exam): (students, items, answers)
        for subject, exam, students, items, answers in zip(
            *(exams[name].tolist() for name in ("subject", "exam", *_COUNTS)), strict=True
        )
    }
    return Catalogue(
        entries=tuple(sorted(entries, key=_catalogue_order)),
        exam_sizes={exam: sizes[exam] for exam in sorted(sizes, key=exam_order)},
        groupings=engine.groups,
    )


_COUNTS = ("students", "items", "answers")


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
