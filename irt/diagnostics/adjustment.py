"""P-values of many tests at once."""

from __future__ import annotations

import numpy as np

from irt.items import Floats


def benjamini_hochberg(p_values: Floats) -> Floats:
    """P-values adjusted so that calling those below q significant keeps the false discovery rate below q; nan stays.

    References
    ----------
    Benjamini, Y., & Hochberg, Y. (1995). *JRSS B*, 57, 289-300. doi:10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, np.nan])).round(3).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    known = np.flatnonzero(~np.isnan(p_values))
    adjusted: Floats = np.full(len(p_values), np.nan)
    order = known[np.argsort(p_values[known])[::-1]]
    m = len(order)
    ranks = np.arange(m, 0, -1)
    adjusted[order] = np.minimum(np.minimum.accumulate(p_values[order] * m / ranks), 1.0)
    return adjusted
