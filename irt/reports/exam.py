"""The exam's report: every item, the scores, what was left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from irt.analysis import Analysis
from irt.diagnostics import empirical_reliability
from irt.items import Floats
from irt.reports.nouns import DataHealth, ExamReport, ItemReport, Provenance, ScoreSummary
from irt.reports.scale import THETA_GRID, exam_score, in_class
from irt.responses import Cell


def exam_report(analysis: Analysis, provenance: Provenance, n_rows: int, warnings: tuple[str, ...]) -> ExamReport:
    """Did this exam work?"""
    prepared, statistics = analysis.prepared, analysis.statistics
    scores, max_score = statistics.total_score, prepared.matrix.n_items
    class_name = provenance.selection.class_name
    focus = None if class_name is None else score_summary(scores[in_class(prepared, class_name)], max_score)
    reliability = float("nan") if analysis.abilities is None else empirical_reliability(analysis.abilities)
    return ExamReport(
        selection=provenance.selection,
        max_score=max_score,
        scores=score_summary(scores, max_score),
        class_scores=focus,
        alpha=statistics.alpha,
        alpha_lower=statistics.alpha_lower,
        alpha_upper=statistics.alpha_upper,
        sem_classical=statistics.sem_classical,
        empirical_reliability=reliability,
        items=item_reports(analysis),
        calibration=analysis.calibration,
        model_reason=analysis.model_reason,
        health=data_health(analysis, n_rows),
        warnings=warnings,
        provenance=provenance,
    )


def score_summary(scores: NDArray[np.int64], max_score: int) -> ScoreSummary:
    """Mean, spread and counts of number-right scores; nan where there are too few students for one."""
    n = len(scores)
    return ScoreSummary(
        n_students=n,
        mean=float(scores.mean()) if n else float("nan"),
        standard_deviation=float(scores.std(ddof=1)) if n > 1 else float("nan"),
        lowest=int(scores.min()) if n else 0,
        highest=int(scores.max()) if n else 0,
        counts=tuple(int(count) for count in np.bincount(scores, minlength=max_score + 1)),
    )


def data_health(analysis: Analysis, n_rows: int) -> DataHealth:
    """What came in and what was left out."""
    prepared, calibration = analysis.prepared, analysis.calibration
    return DataHealth(
        n_rows=n_rows,
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


def item_reports(analysis: Analysis) -> tuple[ItemReport, ...]:
    """One report an item, in natural order."""
    prepared, statistics = analysis.prepared, analysis.statistics
    parameters = _parameters(analysis)
    omitted = (prepared.cells == Cell.OMITTED).sum(axis=0)
    not_reached = (prepared.cells == Cell.NOT_REACHED).sum(axis=0)
    return tuple(
        ItemReport(
            item_id=item_id,
            item_name=prepared.items.names[j],
            position=j + 1,
            n=int(statistics.n[j]),
            n_omitted=int(omitted[j]),
            n_not_reached=int(not_reached[j]),
            proportion_correct=float(statistics.proportion_correct[j]),
            proportion_lower=float(statistics.proportion_lower[j]),
            proportion_upper=float(statistics.proportion_upper[j]),
            item_total_r=float(statistics.item_total_r[j]),
            item_rest_r=float(statistics.item_rest_r[j]),
            item_rest_lower=float(statistics.item_rest_lower[j]),
            item_rest_upper=float(statistics.item_rest_upper[j]),
            alpha_if_dropped=float(statistics.alpha_if_dropped[j]),
            intended_difficulty=prepared.items.intended_difficulties[j],
            verdict=analysis.verdicts[j],
            **{name: float(values[j]) for name, values in parameters.items()},
        )
        for j, item_id in enumerate(prepared.matrix.item_ids)
    )


def _parameters(analysis: Analysis) -> dict[str, Floats]:
    """Parameters and standard errors in the order of the matrix; nan for items that were not calibrated."""
    calibration, item_ids = analysis.calibration, analysis.prepared.matrix.item_ids
    names = ("discrimination", "difficulty", "intercept", "guessing", "upper_asymptote")
    table = {name: np.full(len(item_ids), np.nan) for name in names}
    table |= {f"{name}_se": np.full(len(item_ids), np.nan) for name in names[:4]}
    table["half_score"] = np.full(len(item_ids), np.nan)
    if calibration is None:
        return table
    where = {item: j for j, item in enumerate(item_ids)}
    columns = np.array([where[item] for item in calibration.items.item_ids], dtype=np.intp)
    for name in names:
        table[name][columns] = getattr(calibration.items, name)
    for name in names[:3]:
        table[f"{name}_se"][columns] = getattr(calibration.standard_errors, name)
    table["half_score"] = _half_scores(table["difficulty"], analysis)
    return table


def _half_scores(difficulty: Floats, analysis: Analysis) -> Floats:
    """Expected score of the exam where each curve crosses one half; nan outside the drawn range of abilities."""
    reachable = np.abs(np.nan_to_num(difficulty, nan=np.inf)) <= THETA_GRID[-1]
    scores = np.full(len(difficulty), np.nan)
    scores[reachable] = exam_score(difficulty[reachable], analysis)
    return scores
