"""Calculate: from a response matrix to item parameters."""

from irt.calibration.result import Calibration, CalibrationOptions, Excluded, FitStatus, StandardErrors

__all__ = ["Calibration", "CalibrationOptions", "Excluded", "FitStatus", "StandardErrors"]
