"""New answers on the scale of an earlier calibration, whose items stay as they are."""

from __future__ import annotations

import numpy as np

from irt.calibration import Calibration, CalibrationOptions, calibrate
from irt.errors import FitError
from irt.responses import ResponseMatrix


def calibrate_on(matrix: ResponseMatrix, base: Calibration, options: CalibrationOptions | None = None) -> Calibration:
    """Calibrate the other items of an exam beside the base's items, which are held at their values.

    Fixed parameter calibration: the mean and standard deviation of the new students' abilities are estimated on the
    base scale, so that they may be stronger or weaker than those of the base.

    Parameters
    ----------
    matrix : ResponseMatrix
    base : Calibration
        Its items that rise with ability are held; their errors are not carried over: they count as known.
    options : CalibrationOptions, optional
        Default: those of the base.

    Returns
    -------
    Calibration
        With the ``population`` on the base scale.

    Raises
    ------
    FitError
        If no item of the base is among these, or the model cannot be fitted.

    References
    ----------
    Kim, S. (2006). *Journal of Educational Measurement*, 43, 355-381. doi:10.1111/j.1745-3984.2006.00021.x
    """
    items = base.items
    here = np.array([item_id in set(matrix.item_ids) for item_id in items.item_ids], dtype=bool)
    fine = here & (items.discrimination > 0) & np.isfinite(items.intercept)
    if not fine.any():
        raise FitError(
            "No item of the base calibration is among these answers (or none that rises with ability), so nothing ties "
            "them to its scale. Use exams that share items."
        )
    return calibrate(
        matrix,
        options=base.options if options is None else options,
        fixed_items=items.take(np.flatnonzero(fine)),
        free_population=True,
    )
