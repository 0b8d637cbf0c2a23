"""Reports as tables: which columns, in which order. The columns of the contract come first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from irt.calibration import Calibration
from irt.reports import (
    Chances,
    ClassMap,
    DataHealth,
    ExamReport,
    ItemCurve,
    Provenance,
    StudentList,
    StudentReport,
    StudentSummary,
)
from irt.scoring import AbilityEstimates, Probabilities
from irt.serialise.columns import COLUMNS, table_of
from irt.serialise.nouns import LongTable, Table, Values
from irt.sources import Catalogue

#: Columns of the table of items.
ITEM_COLUMNS = (
    *("item_id", "item_name", "n", "proportion_correct", "item_total_r", "item_rest_r", "alpha_if_dropped"),
    *("discrimination", "discrimination_se", "difficulty", "difficulty_se", "guessing", "guessing_se"),
    *("upper_asymptote", "verdict", "reason", "position", "n_omitted", "n_not_reached"),
    *("proportion_lower", "proportion_upper", "item_rest_lower", "item_rest_upper"),
    *("intercept", "intercept_se", "half_score", "intended_difficulty", "upper_asymptote_se"),
)
_STUDENT = (
    *("student_id", "student_name", "class_name", "grade", "score", "items_answered"),
    *("theta", "se", "expected_score", "expected_lower", "expected_upper"),
    *("items_given", "zh", "zh_corrected", "p_value_fit"),
)
_CHANCE = (
    *("item_id", "item_name", "probability", "lower", "upper", "correct"),
    *("missing", "answer", "answer_key", "surprise"),
)
PROBABILITY_COLUMNS = ("student_id", "item_id", "probability", "lower", "upper", "correct")
_ENTRY = ("subject", "exam", "class_name", "grade", "n_students", "n_items", "n_answers")
#: Where a column is found when it is not an attribute of its own name.
_FOUND_AT = {"verdict": "verdict.level.value", "reason": "verdict.reason", "student_name": "name"}


def items_table(report: ExamReport) -> Table:
    """One row an item: classical statistics, parameters with standard errors, verdict."""
    return table_of(
        "items", read_columns(ITEM_COLUMNS, report.items), **origin(report.provenance), warnings=report.warnings
    )


def abilities_table(abilities: AbilityEstimates, provenance: Mapping[str, Any]) -> Table:
    """One row a student: ability, its standard error, items answered."""
    n = len(abilities.person_ids)
    values: dict[str, Values] = {
        "student_id": abilities.person_ids,
        "theta": abilities.theta,
        "se": abilities.se,
        "method": (abilities.method,) * n,
        "items_answered": abilities.items_answered,
    }
    return table_of("abilities", values, provenance=provenance)


def probabilities_table(chances: Probabilities, provenance: Mapping[str, Any]) -> Table:
    """One row a student and item: chance of a right answer with its limits, and the answer given."""
    n_persons, n_items = chances.probability.shape
    correct = [None if value < 0 else value for value in chances.correct.ravel().tolist()]
    values: dict[str, Values] = {
        "student_id": np.repeat(np.array(chances.person_ids, dtype=object), n_items),
        "item_id": np.tile(np.array(chances.item_ids, dtype=object), n_persons),
        "probability": chances.probability.ravel(),
        "lower": chances.lower.ravel(),
        "upper": chances.upper.ravel(),
        "correct": correct,
    }
    return table_of("probabilities", values, provenance=provenance)


def long_probabilities_table(
    chances: Chances, provenance: Mapping[str, Any], warnings: tuple[str, ...] = ()
) -> LongTable:
    """:func:`probabilities_table` of very many students, made in parts."""
    n_items = max(len(chances.item_ids), 1)

    def part(start: int, stop: int) -> Table:
        first = start // n_items
        found = probabilities_table(chances.of(slice(first, -(-stop // n_items))), {})
        return found.cut(start - first * n_items, stop - first * n_items)

    columns = tuple(COLUMNS[name] for name in PROBABILITY_COLUMNS)
    length = len(chances.person_ids) * len(chances.item_ids)
    return LongTable("probabilities", columns, length, part, provenance, warnings)


def uncalibrated(chances: Probabilities | Chances, calibration: Calibration) -> tuple[str, ...]:
    """The warning that chances are empty since the calibration does not hold their items; none where it holds all."""
    calibrated = set(calibration.items.item_ids)
    missing = [item_id for item_id in chances.item_ids if item_id not in calibrated]
    if not missing:
        return ()
    shown = ", ".join(missing[:10]) + (", ..." if len(missing) > 10 else "")
    return (f"Not calibrated, so without a chance: {shown} ({len(missing)} of {len(chances.item_ids)} items).",)


def catalogue_table(catalogue: Catalogue) -> Table:
    """One row a class in an exam, with counts; a warning where some classes are not told apart."""
    smallest = catalogue.smallest_group
    merged = f"Classes of fewer than {smallest} students, and who could be told from them, stand under no class."
    warnings = (merged,) if catalogue.merged else ()
    return table_of("catalogue", read_columns(_ENTRY, catalogue.entries), warnings=warnings)


def students_table(students: StudentList) -> Table:
    """One row a student: score, ability and expected score."""
    return table_of("students", read_columns(_STUDENT, students.students), **origin(students.provenance))


def chances_table(report: StudentReport) -> Table:
    """One row an item: one student's chance beside the answer given, surest first; who it is stands in each."""
    values = read_columns(_CHANCE, report.chances)
    values |= {name: column * len(report.chances) for name, column in _who([report.student]).items()}
    return table_of("student", values, **origin(report.provenance))


def class_map_table(found: ClassMap) -> Table:
    """One row a student and item of a class."""
    shape = found.probability.shape
    students = _who(found.students)
    items = read_columns(("item_id", "item_name"), found.items)
    values: dict[str, Values] = {
        **{name: np.repeat(np.array(column, dtype=object), shape[1]) for name, column in students.items()},
        **{name: np.tile(np.array(column, dtype=object), shape[0]) for name, column in items.items()},
        "probability": found.probability.ravel(),
        "lower": found.lower.ravel(),
        "upper": found.upper.ravel(),
        "correct": [None if value < 0 else value for value in np.asarray(found.correct).ravel().tolist()],
        "surprise": np.asarray(found.surprise).ravel(),
    }
    return table_of("class", values, **origin(found.provenance))


def curve_table(curve: ItemCurve) -> Table:
    """One row a drawn ability: the item's curve with its band and information."""
    n = len(curve.probability)
    names = ("theta", "expected_score", "probability", "lower", "upper", "information")
    return table_of("curve", {name: getattr(curve, name)[:n] for name in names}, **origin(curve.provenance))


def observed_table(curve: ItemCurve) -> Table:
    """One row a group of students of similar ability: what share got the item right."""
    names = ("n", "theta", "expected_score", "proportion", "lower", "upper")
    return table_of("observed", read_columns(names, curve.observed), **origin(curve.provenance))


def options_table(curve: ItemCurve) -> Table:
    """One row an option and fifth of the students: what share chose it."""
    cells = [(o, fifth, share) for o in curve.options for fifth, share in enumerate(o.shares, start=1)]
    values: dict[str, Values] = {
        "option": [option.option for option, _, _ in cells],
        "is_key": [option.is_key for option, _, _ in cells],
        "ability_fifth": [fifth for _, fifth, _ in cells],
        "share": [share for _, _, share in cells],
    }
    return table_of("options", values, **origin(curve.provenance))


def scores_table(report: ExamReport) -> Table:
    """One row a score: how many students have it."""
    counts = (report.class_scores or report.scores).counts
    values: dict[str, Values] = {"score": range(len(counts)), "count": counts}
    return table_of("scores", values, **origin(report.provenance))


def health_table(health: DataHealth, provenance: Provenance | None = None) -> Table:
    """One row a fact about the data: what was found, what was left out, which and why."""
    no_answer = "no scored answer"
    facts: list[tuple[str, str, int, str | None, str | None]] = [
        ("rows", "", health.n_rows, None, None),
        ("students", "", health.n_students, None, None),
        ("items", "", health.n_items, None, None),
        ("scored answers", "", health.n_answers, None, None),
        ("answers omitted", "missing, not wrong", health.n_omitted, None, None),
        ("answers not reached", "after the student's last answer", health.n_not_reached, None, None),
        ("answers not administered", "no row for this student and item", health.n_not_administered, None, None),
        *(("rows left out", dropped.reason, dropped.n_rows, None, None) for dropped in health.dropped),
        *(("item left out of the calibration", e.reason, 1, None, e.id) for e in health.excluded_items),
        *(("student left out", no_answer, 1, student, None) for student in health.absent_students),
        *(("student left out of the calibration", e.reason, 1, e.id, None) for e in health.excluded_students),
    ]
    columns = zip(*facts, strict=True)
    values: dict[str, Values] = dict(zip(("what", "detail", "count", "student_id", "item_id"), columns, strict=True))
    return table_of("health", values, **({} if provenance is None else origin(provenance)))


def _who(students: Iterable[StudentSummary]) -> dict[str, tuple[str | None, ...]]:
    """The columns that say who a student is."""
    listed = tuple(students)
    return {"student_id": tuple(s.student_id for s in listed), "student_name": tuple(s.name for s in listed)}


def read_columns(
    names: Iterable[str], rows: Iterable[Any], found_at: Mapping[str, str] = _FOUND_AT
) -> dict[str, Values]:
    """Columns from attributes of the rows; ``found_at`` says where those are that have another name."""
    listed = tuple(rows)
    return {name: tuple(map(attrgetter(found_at.get(name, name)), listed)) for name in names}


def origin(provenance: Provenance) -> dict[str, Any]:
    """Provenance as an argument of :func:`irt.serialise.table_of`."""
    return {"provenance": provenance.as_dict()}
