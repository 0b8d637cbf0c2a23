"""The exam's report: the scores, every item, what was left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.analysis import Analysis
from irt.calibration import Calibration, Excluded
from irt.diagnostics import empirical_reliability
from irt.reports.item import ItemReport, item_reports
from irt.reports.provenance import Provenance
from irt.reports.scale import in_class, items_given
from irt.responses import Cell, Dropped
from irt.selection import Selection
from irt.verdicts import Level


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """Scores (number right) of a group of students. ``counts[s]`` students got s right.

    ``fewest_given`` and ``most_given``: how many items they were given. Where these differ (booklets, several exams)
    scores are not out of one maximum.
    """

    n_students: int
    mean: float
    standard_deviation: float
    lowest: int
    highest: int
    counts: tuple[int, ...]
    fewest_given: int
    most_given: int


@dataclass(frozen=True, slots=True)
class DataHealth:
    """What came in, and what was left out and why.

    ``absent_students`` have rows but not one answer; ``excluded_*`` were left out of the calibration.
    """

    n_rows: int
    n_answers: int
    n_students: int
    n_items: int
    n_omitted: int
    n_not_reached: int
    n_not_administered: int
    dropped: tuple[Dropped, ...]
    absent_students: tuple[str, ...]
    excluded_students: tuple[Excluded, ...]
    excluded_items: tuple[Excluded, ...]

    def left_out(self) -> tuple[str, ...]:
        """What no number rests on although it came in, a sentence each: rows, students without an answer."""
        n_rows = sum(dropped.n_rows for dropped in self.dropped)
        why = "; ".join(f"{dropped.reason} ({dropped.n_rows:,})" for dropped in self.dropped)
        n_absent = len(self.absent_students)
        rows = f"{n_rows:,} of {self.n_rows:,} rows {'was' if n_rows == 1 else 'were'} left out: {why}."
        students = f"{n_absent:,} student{' has' if n_absent == 1 else 's have'} no scored answer and were left out."
        return (*([rows] if n_rows else []), *([students] if n_absent else []))


@dataclass(frozen=True, slots=True)
class ExamReport:
    """One exam: did it work?

    ``max_score`` is the most items that one student was given; ``items`` may be more, where students were given
    different ones.
    ``calibration`` is None where there are too few answers for any model; ``model_reason`` says why this model (or
    none). ``alpha`` is Cronbach's alpha (KR-20) with its 95 % interval, ``sem_classical`` the standard error of one
    student's score in points, ``empirical_reliability`` that of the ability estimates. ``class_scores`` is the class
    in focus, None for all classes.
    """

    selection: Selection
    max_score: int
    scores: ScoreSummary
    class_scores: ScoreSummary | None
    alpha: float
    alpha_lower: float
    alpha_upper: float
    sem_classical: float
    empirical_reliability: float
    items: tuple[ItemReport, ...]
    calibration: Calibration | None
    model_reason: str
    health: DataHealth
    warnings: tuple[str, ...]
    provenance: Provenance

    def level_counts(self) -> dict[Level, int]:
        """How many items have each verdict level (0 included), worst first."""
        return {level: sum(item.verdict.level is level for item in self.items) for level in Level}


def exam_report(analysis: Analysis, provenance: Provenance, in_front: Analysis | None = None) -> ExamReport:
    """Did this exam work?

    Parameters
    ----------
    analysis : Analysis
    provenance : Provenance
    in_front : Analysis, optional
        The same with the students in it of whom the class in focus is read; default: ``analysis`` has them.
    """
    statistics = analysis.statistics
    everybody = score_summary(statistics.total_score, items_given(analysis.prepared))
    focus = _class_scores(in_front or analysis, provenance.selection.class_name, everybody.most_given)
    reliability = float("nan") if analysis.abilities is None else empirical_reliability(analysis.abilities)
    health = data_health(analysis)
    return ExamReport(
        selection=provenance.selection,
        max_score=everybody.most_given,
        scores=everybody,
        class_scores=focus,
        alpha=statistics.alpha,
        alpha_lower=statistics.alpha_lower,
        alpha_upper=statistics.alpha_upper,
        sem_classical=statistics.sem_classical,
        empirical_reliability=reliability,
        items=item_reports(analysis),
        calibration=analysis.calibration,
        model_reason=analysis.model_reason,
        health=health,
        warnings=(*analysis.warnings(), *health.left_out()),
        provenance=provenance,
    )


def _class_scores(analysis: Analysis, class_name: str | None, max_score: int) -> ScoreSummary | None:
    """The scores of the class in focus; None without one."""
    if class_name is None:
        return None
    group = in_class(analysis.prepared, class_name)
    given = items_given(analysis.prepared)[group]
    return score_summary(analysis.statistics.total_score[group], given, max(max_score, int(given.max(initial=0))))


def score_summary(scores: NDArray[np.int64], given: NDArray[np.int64], max_score: int | None = None) -> ScoreSummary:
    """Mean, spread and counts of number-right scores; nan where there are too few students for one.

    Parameters
    ----------
    scores, given : ndarray of int, shape (n_persons,)
        Items right, and items that each student was given.
    max_score : int, optional
        Where ``counts`` ends; default: the most items given.
    """
    n = len(scores)
    top = int(given.max(initial=0)) if max_score is None else max_score
    return ScoreSummary(
        n_students=n,
        mean=float(scores.mean()) if n else float("nan"),
        standard_deviation=float(scores.std(ddof=1)) if n > 1 else float("nan"),
        lowest=int(scores.min()) if n else 0,
        highest=int(scores.max()) if n else 0,
        counts=tuple(int(count) for count in np.bincount(scores, minlength=top + 1)),
        fewest_given=int(given.min(initial=top)),
        most_given=int(given.max(initial=0)),
    )


def data_health(analysis: Analysis) -> DataHealth:
    """What came in and what was left out."""
    prepared, calibration = analysis.prepared, analysis.calibration
    return DataHealth(
        n_rows=prepared.n_rows,
        n_answers=int((prepared.cells >= 0).sum()),
        n_students=prepared.matrix.n_persons,
        n_items=prepared.matrix.n_items,
        n_omitted=int((prepared.cells == Cell.OMITTED).sum()),
        n_not_reached=int((prepared.cells == Cell.NOT_REACHED).sum()),
        n_not_administered=int((prepared.cells == Cell.NOT_ADMINISTERED).sum()),
        dropped=prepared.dropped,
        absent_students=prepared.absent.person_ids,
        excluded_students=() if calibration is None else calibration.excluded_persons,
        excluded_items=() if calibration is None else calibration.excluded_items,
    )
