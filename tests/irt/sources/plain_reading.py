"""What answers of a table come to, worked out row by row in plain Python: slow, and without a word of SQL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from irt.natural import natural_key
from irt.responses import Cell
from irt.selection import AttemptPolicy, MissingPolicy, Scope, Selection

Row = Mapping[str, Any]
Sat = dict[tuple[str, str], dict[str, Row]]

REASONS = {
    "no student id": lambda row: not row["student_id"],
    "no item id": lambda row: not row["item_id"],
    "no exam name": lambda row: not row["exam_name"],
    "correct is neither 0, 1 nor empty": lambda row: row["correct"] not in (0, 1, None),
}


@dataclass(frozen=True)
class Read:
    """The answers of a selection: of each student and exam the row of each item that counts."""

    rows: Sequence[Row]
    sat: Sat
    exams: list[str]
    dropped: dict[str, int]
    n_rows: int

    @property
    def students(self) -> list[str]:
        return sorted({row["student_id"] for row in self.rows}, key=natural_key)

    @property
    def items(self) -> list[str]:
        return sorted({row["item_id"] for row in self.rows}, key=natural_key)

    @property
    def options(self) -> list[str]:
        return sorted({row["answer"] for row in self.rows if row["answer"]}, key=natural_key)

    def told(self, student: str, column: str) -> str | None:
        """The value in the last exam that has one; of several, the first in the alphabet."""
        for exam in reversed(self.exams):
            mine = (row for row in self.rows if (row["student_id"], row["exam_name"]) == (student, exam))
            if values := [row[column] for row in mine if row[column]]:
                return min(values)
        return None


def draw(student: str | None) -> int:
    return int(hashlib.md5((student or "").encode(), usedforsecurity=False).hexdigest()[:5], 16)


def within(row: Row, scope: Scope, selection: Selection) -> bool:
    """Whether a caller may see a row and wants it."""
    limits = [
        (scope.subjects, "subject_name"),
        (scope.exams, "exam_name"),
        (scope.classes, "class_name"),
        (None if selection.subject is None else {selection.subject}, "subject_name"),
        (set(selection.exams) or None, "exam_name"),
        (None if selection.class_name is None else {selection.class_name}, "class_name"),
    ]
    if any(allowed is not None and (row[column] or "") not in allowed for allowed, column in limits):
        return False
    if selection.share in (None, 1):
        return True
    return row["student_id"] is not None and draw(row["student_id"]) < selection.share * 2**20


def chosen_rows(table: Sequence[Row], scope: Scope, selection: Selection) -> list[Row]:
    """The rows of a selection. A class of several exams is those in it in one of them, with all their answers."""
    found = [row for row in table if within(row, scope, selection)]
    if selection.class_name is None or len(selection.exams) == 1:
        return found
    students = {row["student_id"] for row in found} - {None}
    return [row for row in table if within(row, scope, selection.population()) and row["student_id"] in students]


def broken(row: Row) -> str | None:
    return next((reason for reason, holds in REASONS.items() if holds(row)), None)


def counting(rows: list[Row], policy: AttemptPolicy) -> Row:
    """The row that counts of those of a student and item in an exam."""

    def turn(row: Row) -> tuple[Any, ...]:
        ordered = (row["attempt"], row["answered_at"], row["correct"], row["answer"] or None)
        return tuple((value is not None, value if value is not None else 0) for value in ordered)

    by_turn = sorted(rows, key=turn)
    if policy is AttemptPolicy.LAST:
        return by_turn[-1]
    if policy is AttemptPolicy.BEST:
        return max(by_turn, key=lambda row: -1 if row["correct"] is None else row["correct"])
    return by_turn[0]


def read(table: Sequence[Row], scope: Scope, selection: Selection) -> Read:
    rows = chosen_rows(table, scope, selection)
    faults = [broken(row) for row in rows]
    dropped = {reason: faults.count(reason) for reason in REASONS if reason in faults}
    whole = [row for row, fault in zip(rows, faults, strict=True) if fault is None]
    tries: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in whole:
        tries.setdefault((row["student_id"], row["exam_name"]), {}).setdefault(row["item_id"], []).append(row)
    sat = {
        key: {item: counting(several, selection.attempts) for item, several in items.items()}
        for key, items in tries.items()
    }
    if n_again := len(whole) - sum(map(len, sat.values())):
        dropped[f"repeated attempt (the {selection.attempts.value} one counts)"] = n_again

    def begun(exam: str) -> tuple[Any, ...]:
        times = [row["answered_at"] for row in whole if row["exam_name"] == exam and row["answered_at"] is not None]
        return (1, min(times), exam) if times else (0, 0, exam)

    exams = sorted({row["exam_name"] for row in whole}, key=begun)
    return Read(whole, sat, exams, dropped, len(rows))


def class_counts(table: Sequence[Row], scope: Scope) -> dict[tuple[str, str, str | None], tuple[Any, ...]]:
    """Of each class in each exam: lowest grade, last time, students with a scored answer, items, scored answers."""
    return {
        key: (
            min((row["student_grade"] for row in rows if row["student_grade"]), default=None),
            max((row["answered_at"] for row in rows if row["answered_at"]), default=None),
            *sizes(rows),
        )
        for key, rows in grouped(table, scope, lambda row: row["class_name"] or None).items()
    }


def exam_counts(table: Sequence[Row], scope: Scope) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Of each exam of a subject: students with a scored answer, items, scored answers."""
    return {key[:2]: sizes(rows) for key, rows in grouped(table, scope, lambda row: None).items()}


def sizes(rows: list[Row]) -> tuple[int, int, int]:
    scored = [row["student_id"] for row in rows if row["correct"] is not None]
    return len(set(scored)), len({row["item_id"] for row in rows}), len(scored)


def grouped(
    table: Sequence[Row], scope: Scope, name: Callable[[Row], str | None]
) -> dict[tuple[str, str, str | None], list[Row]]:
    """The whole rows that a caller may see, by subject, exam and something else."""
    found: dict[tuple[str, str, str | None], list[Row]] = {}
    for row in read(table, scope, Selection()).rows:
        found.setdefault((row["subject_name"] or "", row["exam_name"], name(row)), []).append(row)
    return found


# What prepare makes of it --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prepared:
    cells: dict[str, dict[str, int]]
    options: dict[str, dict[str, str | None]]
    scores: dict[str, dict[str, int]]
    absent: list[str]
    dropped: dict[str, int]


def cell(row: Row, after: bool) -> int:
    if row["correct"] is not None:
        return int(row["correct"])
    return int(Cell.NOT_REACHED if after else Cell.OMITTED)


def prepared(found: Read, missing: MissingPolicy, attempts: AttemptPolicy) -> Prepared:
    rank = {item: k for k, item in enumerate(found.items)}
    given: dict[str, dict[str, list[tuple[int, str | None]]]] = {}
    dropped, n_absent, n_twice = dict(found.dropped), 0, 0
    for exam in found.exams:
        for student in found.students:
            rows = found.sat.get((student, exam), {})
            answered = [rank[item] for item, row in rows.items() if row["correct"] is not None]
            if not answered:
                n_absent += len(rows)
                continue
            for item, row in rows.items():
                entry = cell(row, rank[item] > max(answered)), row["answer"] or None
                given.setdefault(student, {}).setdefault(item, []).append(entry)
    if n_absent and len(found.exams) > 1:
        dropped["student without an answer in this one of the exams"] = n_absent
    cells: dict[str, dict[str, int]] = {}
    options: dict[str, dict[str, str | None]] = {}
    for student, items in given.items():
        for item, entries in items.items():
            n_twice += len(entries) - 1
            counted = entries[0]
            if attempts is AttemptPolicy.LAST:
                counted = entries[-1]
            elif attempts is AttemptPolicy.BEST:
                counted = max(entries, key=lambda entry: entry[0])
            cells.setdefault(student, {})[item] = counted[0]
            options.setdefault(student, {})[item] = counted[1]
    if n_twice:
        dropped[f"item answered in several exams (the {attempts.value} answer counts)"] = n_twice
    wrong = {
        MissingPolicy.IGNORE: (),
        MissingPolicy.OMITTED_WRONG: (Cell.OMITTED,),
        MissingPolicy.WRONG: (Cell.OMITTED, Cell.NOT_REACHED),
    }[missing]
    scores = {
        student: {item: 0 if value in wrong else max(value, -1) for item, value in items.items()}
        for student, items in cells.items()
    }
    absent = [student for student in found.students if student not in cells]
    return Prepared(cells, options, scores, absent, dropped)
