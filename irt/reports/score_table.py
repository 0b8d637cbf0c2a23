"""From a number of right answers to an ability."""

from __future__ import annotations

from dataclasses import dataclass

from irt.analysis import Analysis
from irt.reports.provenance import Provenance
from irt.scoring import ScoreTable, score_table


@dataclass(frozen=True, slots=True)
class ScoreTableReport:
    """The ability that each number of right answers stands for, of students who answered every item."""

    table: ScoreTable
    provenance: Provenance
    warnings: tuple[str, ...]


def score_table_report(analysis: Analysis, provenance: Provenance) -> ScoreTableReport:
    """One row a score. Raises TooFewAnswersError without a calibration."""
    calibration, matrix = analysis.fitted(), analysis.prepared.matrix
    left_out = tuple(item_id for item_id in matrix.item_ids if item_id not in calibration.items.item_ids)
    return ScoreTableReport(
        score_table(calibration, matrix), provenance, (*analysis.warnings(), *_without(left_out, matrix.n_items))
    )


def _without(left_out: tuple[str, ...], n_items: int) -> tuple[str, ...]:
    """That the scores are not those of the whole exam."""
    if not left_out:
        return ()
    shown = ", ".join(left_out[:10]) + (", ..." if len(left_out) > 10 else "")
    return (f"Scores are counted over the {n_items - len(left_out)} calibrated items, without {shown}.",)
