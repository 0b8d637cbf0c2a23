"""Calculate: abilities and probabilities from a calibration."""

from irt.scoring.ability import estimate_abilities
from irt.scoring.chances import CurveBand, curve_band, probabilities
from irt.scoring.result import AbilityEstimates, Probabilities
from irt.scoring.scores import score_distribution, score_range, theta_at_score

__all__ = [
    "AbilityEstimates",
    "CurveBand",
    "Probabilities",
    "curve_band",
    "estimate_abilities",
    "probabilities",
    "score_distribution",
    "score_range",
    "theta_at_score",
]
