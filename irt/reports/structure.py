"""Do the items measure one thing? Dimensions, and pairs of items that depend on each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from irt.analysis import Analysis
from irt.diagnostics import Dimensionality, Q3Limit, dimensionality, q3, q3_limit
from irt.reports.provenance import Provenance

#: Pairs of items that are listed, those that go together most.
MOST_PAIRS = 1000


@dataclass(frozen=True, slots=True)
class DependentPair:
    """Two items and the correlation of what ability leaves unexplained in them (Yen's Q3), over ``n`` students."""

    item_a: str
    item_b: str
    q3: float
    n: int


@dataclass(frozen=True, slots=True)
class DimensionReport:
    """Whether one ability explains the answers: eigenvalues beside chance, and Q3 beside its reference limit.

    ``pairs`` goes from the strongest dependence down, at most :data:`MOST_PAIRS` of them. ``n_students`` is everybody
    (0: not said); of many, the parts were worked out on as many as they say, drawn at random.
    """

    dimensionality: Dimensionality
    q3: Q3Limit
    pairs: tuple[DependentPair, ...]
    provenance: Provenance
    n_students: int = 0


def dimension_report(analysis: Analysis, provenance: Provenance) -> DimensionReport:
    """One dimension or more? Raises TooFewAnswersError without a calibration."""
    calibration, matrix = analysis.fitted(), analysis.prepared.matrix
    found, limit = dimensionality(matrix), q3_limit(matrix, calibration)
    return DimensionReport(found, limit, _strongest_pairs(analysis), provenance, matrix.n_persons)


def _strongest_pairs(analysis: Analysis) -> tuple[DependentPair, ...]:
    """The pairs of items with the largest Q3, largest first."""
    matrix = analysis.prepared.matrix
    values, n = q3(matrix, analysis.fitted(), analysis.scored())
    rows, columns = np.triu_indices(matrix.n_items, k=1)
    known = np.isfinite(values[rows, columns])
    rows, columns = rows[known], columns[known]
    order = np.argsort(-values[rows, columns], kind="stable")[:MOST_PAIRS]
    return tuple(
        DependentPair(matrix.item_ids[i], matrix.item_ids[j], float(values[i, j]), int(n[i, j]))
        for i, j in zip(rows[order], columns[order], strict=True)
    )
