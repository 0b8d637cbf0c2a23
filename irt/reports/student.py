"""Students' reports: the list, one student's chances, the class as a table of students and items."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from irt.analysis import Analysis
from irt.quadrature import Z95
from irt.reports.nouns import ClassMap, ItemChance, ItemReport, Provenance, StudentList, StudentReport, StudentSummary
from irt.reports.scale import exam_score, in_class
from irt.responses import Cell, PreparedResponses
from irt.scoring import Probabilities, score_range

#: An answer with at most this probability is a surprise.
SURPRISE = 0.10

_MISSING_WORDS = {Cell.OMITTED: "omitted", Cell.NOT_REACHED: "not reached", Cell.NOT_ADMINISTERED: "not administered"}


def student_list(
    analysis: Analysis, provenance: Provenance, handle: Callable[[str], str], names: bool = True
) -> StudentList:
    """The students of the class in focus, in natural order."""
    rows = np.flatnonzero(in_class(analysis.prepared, provenance.selection.class_name))
    return StudentList(student_summaries(analysis, rows, handle, names), analysis.prepared.matrix.n_items, provenance)


def student_summaries(
    analysis: Analysis, rows: Sequence[int] | NDArray[np.intp], handle: Callable[[str], str], names: bool
) -> tuple[StudentSummary, ...]:
    """Scores and abilities of the students in these rows."""
    prepared, abilities = analysis.prepared, analysis.abilities
    rows = np.asarray(rows, dtype=np.intp)
    scores = analysis.statistics.total_score[rows]
    answered = analysis.statistics.items_answered[rows]
    theta = np.full(len(rows), np.nan) if abilities is None else abilities.theta[rows]
    se = np.full(len(rows), np.nan) if abilities is None else abilities.se[rows]
    middle, lower, upper = (exam_score(theta + k * Z95 * se, analysis) for k in (0, -1, 1))
    return tuple(
        StudentSummary(
            handle=handle(prepared.persons.person_ids[i]),
            student_id=prepared.persons.person_ids[i],
            name=prepared.persons.names[i] if names else None,
            class_name=prepared.persons.classes[i],
            grade=prepared.persons.grades[i],
            score=int(scores[k]),
            items_answered=int(answered[k]),
            theta=float(theta[k]),
            se=float(se[k]),
            expected_score=float(middle[k]),
            expected_lower=float(lower[k]),
            expected_upper=float(upper[k]),
        )
        for k, i in enumerate(rows)
    )


def student_report(
    analysis: Analysis, summary: StudentSummary, row: int, chances: Probabilities, provenance: Provenance
) -> StudentReport:
    """One student. ``chances`` holds that student's row only."""
    prepared = analysis.prepared
    class_name = provenance.selection.class_name
    group = analysis.statistics.total_score[in_class(prepared, class_name)]
    repeat = _repeat_range(analysis, summary)
    return StudentReport(
        student=summary,
        max_score=prepared.matrix.n_items,
        repeat_lower=repeat[0],
        repeat_upper=repeat[1],
        group_label=class_name,
        group_n=len(group),
        group_median=float(np.median(group)) if len(group) else float("nan"),
        chances=tuple(sorted(_chances(prepared, row, chances), key=_surest_first)),
        provenance=provenance,
    )


def _repeat_range(analysis: Analysis, summary: StudentSummary) -> tuple[int, int]:
    """95 % range of the number right on a repeat; of items that were not calibrated and vary, nothing is ruled out."""
    calibration = analysis.fitted()
    calibrated = np.isin(analysis.prepared.matrix.item_ids, calibration.items.item_ids)
    others = analysis.statistics.proportion_correct[~calibrated]
    lower, upper = score_range(np.array([summary.theta]), np.array([summary.se]), calibration.items)
    return int(lower[0] + (others == 1).sum()), int(upper[0] + (others != 0).sum())


def _chances(prepared: PreparedResponses, row: int, chances: Probabilities) -> list[ItemChance]:
    """One entry an item, in natural order."""
    surprise = is_surprise(chances)[0]
    return [
        ItemChance(
            item_id=item_id,
            item_name=prepared.items.names[j],
            probability=float(chances.probability[0, j]),
            lower=float(chances.lower[0, j]),
            upper=float(chances.upper[0, j]),
            correct=None if prepared.matrix.scores[row, j] < 0 else int(prepared.matrix.scores[row, j]),
            missing=_MISSING_WORDS.get(Cell(int(prepared.cells[row, j])), ""),
            answer=_option(prepared, int(prepared.chosen[row, j])),
            answer_key=prepared.items.answer_keys[j],
            surprise=bool(surprise[j]),
        )
        for j, item_id in enumerate(prepared.matrix.item_ids)
    ]


def is_surprise(chances: Probabilities) -> NDArray[np.bool_]:
    """Answers that had a probability of at most 10 % by the model, shape (n_persons, n_items)."""
    missed = (chances.correct == 0) & (chances.probability >= 1 - SURPRISE)
    lucky = (chances.correct == 1) & (chances.probability <= SURPRISE)
    surprise: NDArray[np.bool_] = missed | lucky
    return surprise


def _option(prepared: PreparedResponses, code: int) -> str | None:
    """The label of a chosen option."""
    return prepared.options[code] if code >= 0 else None


def _surest_first(chance: ItemChance) -> tuple[bool, float]:
    """Highest probability first, items without one last."""
    return np.isnan(chance.probability), -chance.probability


def class_map(
    analysis: Analysis,
    reports: tuple[ItemReport, ...],
    summaries: tuple[StudentSummary, ...],
    chances: Probabilities,
    provenance: Provenance,
    n_students: int,
) -> ClassMap:
    """Students from strongest to weakest, items from easiest to hardest."""
    rows = np.array(sorted(range(len(summaries)), key=lambda i: -summaries[i].theta), dtype=np.intp)
    columns = np.array(sorted(range(len(reports)), key=lambda j: _easiest_first(reports[j])), dtype=np.intp)
    cut = np.ix_(rows, columns)
    return ClassMap(
        students=tuple(summaries[i] for i in rows),
        items=tuple(reports[j] for j in columns),
        probability=chances.probability[cut],
        lower=chances.lower[cut],
        upper=chances.upper[cut],
        correct=chances.correct[cut],
        surprise=is_surprise(chances)[cut],
        n_students=n_students,
        provenance=provenance,
    )


def _easiest_first(report: ItemReport) -> float:
    """Items by share correct, highest first; items without answers last."""
    return 1.0 if np.isnan(report.proportion_correct) else -report.proportion_correct
