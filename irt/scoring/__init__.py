"""Calculate: abilities and probabilities from a calibration.

==============================  =====================================================================================
abilities                       ``ability``: from the ``posterior`` (EAP) or its ``modes`` (MAP, ML, WLE: the roots of
                                ``estimating_equations``); of complete answers by ``weighted_scores``
number right                    ``scores`` (its distribution, a repeat), ``sum_scores`` (ability by number right)
chances and bands               ``chances`` (of each student on each item), ``bands`` (of curves; how wide, if
                                ``simultaneous``), both on ``logits``
for all                         ``align`` (items that answers and calibration share), ``population``, ``result``
==============================  =====================================================================================
"""

from irt.functions import sem
from irt.scoring.ability import estimate_abilities
from irt.scoring.bands import curve_band, difficulty_interval, expected_score_band
from irt.scoring.chances import probabilities
from irt.scoring.result import AbilityEstimates, CurveBand, Probabilities, ScoreBand, ScoreTable
from irt.scoring.scores import score_distribution, score_range, theta_at_score
from irt.scoring.sum_scores import score_table

__all__ = [
    "AbilityEstimates",
    "CurveBand",
    "Probabilities",
    "ScoreBand",
    "ScoreTable",
    "curve_band",
    "difficulty_interval",
    "estimate_abilities",
    "expected_score_band",
    "probabilities",
    "score_distribution",
    "score_range",
    "score_table",
    "sem",
    "theta_at_score",
]
