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
    return ScoreTableReport(score_table(analysis.fitted(), analysis.prepared.matrix), provenance, analysis.warnings())
