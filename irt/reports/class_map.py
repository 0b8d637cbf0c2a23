"""A class as a table of students and items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from irt.analysis import Analysis
from irt.items import Floats
from irt.reports.item import ItemReport
from irt.reports.provenance import Provenance
from irt.reports.student import StudentSummary, is_surprise
from irt.scoring import Probabilities


@dataclass(frozen=True, slots=True)
class ClassMap:
    """Students x items: chance, answer and surprise of each cell.

    Students run from strongest to weakest, items from easiest to hardest. Arrays have shape (n_students, n_items);
    ``correct`` is 1, 0, -1 missing. At most ``limit`` students are shown; ``n_students`` is how many there are.
    """

    students: tuple[StudentSummary, ...]
    items: tuple[ItemReport, ...]
    probability: Floats
    lower: Floats
    upper: Floats
    correct: Any
    surprise: Any
    n_students: int
    provenance: Provenance


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
