"""Calculate: abilities and probabilities from a calibration."""

from irt.scoring.result import AbilityEstimates, Probabilities

__all__ = ["AbilityEstimates", "Probabilities"]
