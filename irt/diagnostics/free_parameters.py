"""Which parameters of each item a calibration has estimated: each costs a test of fit a degree of freedom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from irt.calibration import Calibration

#: Slope, intercept, guessing, upper asymptote: the order of :func:`irt.functions.irf_derivatives`.
KINDS = ("discrimination", "intercept", "guessing", "upper_asymptote")


def free_parameters(calibration: Calibration) -> NDArray[np.bool_]:
    """Whether each parameter of each item was estimated, shape (4, n_items), items in the order of the calibration.

    Not so are parameters that were held at given values (their standard error is 0), asymptotes that the model does
    not have, and asymptotes whose best value is the end of their range. The common slope of the 1PL counts for each
    item.
    """
    n = len(calibration.items)
    known = np.zeros((len(KINDS), n), dtype=bool)
    known[: calibration.parameters_per_item] = True
    errors = np.stack([getattr(calibration.standard_errors, name) for name in KINDS])
    inside = np.stack([calibration.items.guessing > 0, calibration.items.upper_asymptote < 1])
    known &= errors != 0
    known[2:] &= inside
    return known
