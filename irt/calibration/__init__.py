"""Calculate: from a response matrix to item parameters."""

from irt.calibration.defaults import DefaultChoice, default_options
from irt.calibration.marginal import calibrate
from irt.calibration.result import Calibration, CalibrationOptions, Excluded, FitStatus, Population, StandardErrors

__all__ = [
    "Calibration",
    "CalibrationOptions",
    "DefaultChoice",
    "Excluded",
    "FitStatus",
    "Population",
    "StandardErrors",
    "calibrate",
    "default_options",
]
