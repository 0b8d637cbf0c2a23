"""Where on the scale the exam measures well: test information and the standard error that follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from irt.analysis import Analysis
from irt.functions import sem, test_information
from irt.items import Floats, frozen
from irt.reports.provenance import Provenance
from irt.reports.scale import THETA_GRID, exam_score
from irt.scoring import expected_score_band


@dataclass(frozen=True, slots=True)
class PrecisionReport:
    """How precisely the exam measures at each ability, of students who answer every item.

    Parameters
    ----------
    theta : ndarray, shape (n,)
        Abilities in logits; higher = stronger.
    information, sem : ndarray, shape (n,)
        Test information (1 / logit²) and the conditional standard error of measurement (logits).
    expected_score, score_lower, score_upper : ndarray, shape (n,)
        Expected number right with a 95 % band for the uncertainty of the items; items that were not calibrated add
        their observed share.
    share_below : ndarray, shape (n,)
        Share of the students whose estimated ability is at most theta.
    n_students, n_items : int
        Students with an estimated ability; calibrated items.
    max_score : int
        All items, calibrated or not.
    """

    theta: Floats
    information: Floats
    sem: Floats
    expected_score: Floats
    score_lower: Floats
    score_upper: Floats
    share_below: Floats
    n_students: int
    n_items: int
    max_score: int
    provenance: Provenance
    warnings: tuple[str, ...]


def precision_report(analysis: Analysis, provenance: Provenance) -> PrecisionReport:
    """One row a drawn ability. Raises TooFewAnswersError without a calibration."""
    calibration, abilities = analysis.fitted(), analysis.abilities
    theta, band = THETA_GRID, expected_score_band(THETA_GRID, calibration)
    whole = exam_score(theta, analysis)
    known = np.zeros(0) if abilities is None else abilities.theta[abilities.items_answered > 0]
    below = np.searchsorted(np.sort(known), theta, side="right") / max(len(known), 1)
    rest = whole - band.expected
    return PrecisionReport(
        theta=theta,
        information=frozen(test_information(theta, calibration.items)),
        sem=frozen(sem(theta, calibration.items)),
        expected_score=frozen(whole),
        score_lower=frozen(band.lower + rest),
        score_upper=frozen(band.upper + rest),
        share_below=frozen(below),
        n_students=len(known),
        n_items=len(calibration.items),
        max_score=analysis.prepared.matrix.n_items,
        provenance=provenance,
        warnings=analysis.warnings(),
    )
