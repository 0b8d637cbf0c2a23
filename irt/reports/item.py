"""Every item in a row: classical statistics, parameters with standard errors, verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from irt.analysis import Analysis
from irt.items import Floats
from irt.reports.scale import THETA_GRID, exam_score
from irt.responses import Cell
from irt.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class ItemReport:
    """One item: classical statistics, parameters with standard errors, verdict.

    ``item_rest_r`` is what "tells students apart" means on screen. ``*_lower`` / ``*_upper`` are 95 % limits.
    ``half_score`` is the expected score of this exam at which half of the students get the item right (nan where the
    curve does not cross one half in reach). Parameters are nan for items that were not calibrated.
    """

    item_id: str
    item_name: str
    position: int
    n: int
    n_omitted: int
    n_not_reached: int
    proportion_correct: float
    proportion_lower: float
    proportion_upper: float
    item_total_r: float
    item_rest_r: float
    item_rest_lower: float
    item_rest_upper: float
    alpha_if_dropped: float
    discrimination: float
    discrimination_se: float
    difficulty: float
    difficulty_se: float
    intercept: float
    intercept_se: float
    guessing: float
    guessing_se: float
    upper_asymptote: float
    upper_asymptote_se: float
    half_score: float
    intended_difficulty: str | None
    verdict: Verdict


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
    table |= {f"{name}_se": np.full(len(item_ids), np.nan) for name in names}
    table["half_score"] = np.full(len(item_ids), np.nan)
    if calibration is None:
        return table
    where = {item: j for j, item in enumerate(item_ids)}
    columns = np.array([where[item] for item in calibration.items.item_ids], dtype=np.intp)
    for name in names:
        table[name][columns] = getattr(calibration.items, name)
        table[f"{name}_se"][columns] = getattr(calibration.standard_errors, name)
    table["half_score"] = _half_scores(table["difficulty"], analysis)
    return table


def _half_scores(difficulty: Floats, analysis: Analysis) -> Floats:
    """Expected score of the exam where each curve crosses one half; nan outside the drawn range of abilities."""
    reachable = np.abs(np.nan_to_num(difficulty, nan=np.inf)) <= THETA_GRID[-1]
    scores = np.full(len(difficulty), np.nan)
    scores[reachable] = exam_score(difficulty[reachable], analysis)
    return scores
