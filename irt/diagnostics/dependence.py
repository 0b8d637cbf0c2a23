"""Local dependence: do two items go together more than ability explains?"""

from __future__ import annotations

import numpy as np

from irt.calibration import Calibration
from irt.functions import irf
from irt.items import Floats
from irt.responses import ResponseMatrix
from irt.scoring import AbilityEstimates


def q3(matrix: ResponseMatrix, calibration: Calibration, abilities: AbilityEstimates) -> tuple[Floats, Floats]:
    """Yen's Q3: the correlation of two items' residuals, answer minus P(right) at the estimated ability.

    Parameters
    ----------
    matrix : ResponseMatrix
    calibration : Calibration
    abilities : AbilityEstimates
        Of the persons of the matrix, in its order.

    Returns
    -------
    q3, n : ndarray, shape (n_items, n_items)
        In the order of the matrix, over the persons who answered both; nan for items that were not calibrated, and
        on the diagonal.

    References
    ----------
    Yen, W. M. (1984). *Applied Psychological Measurement*, 8, 125-145. doi:10.1177/014662168400800201
    """
    column = {item_id: j for j, item_id in enumerate(matrix.item_ids)}
    calibrated = np.array([column[item_id] for item_id in calibration.items.item_ids], dtype=np.intp)
    scores = matrix.scores[:, calibrated]
    answered = (scores >= 0).astype(np.float64)
    residual = answered * (scores - irf(abilities.theta, calibration.items))
    correlation, n = _pairwise_correlation(residual, answered)
    np.fill_diagonal(correlation, np.nan)
    return _place(correlation, calibrated, matrix.n_items), _place(n, calibrated, matrix.n_items)


def _pairwise_correlation(x: Floats, known: Floats) -> tuple[Floats, Floats]:
    """Correlations of the columns over the rows known in both (x is 0 where it is not known), and how many rows."""
    n = known.T @ known
    sums, squares = x.T @ known, (x * x).T @ known
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = x.T @ x - sums * sums.T / n
        spread = squares - sums**2 / n
        return covariance / np.sqrt(spread * spread.T), n


def _place(values: Floats, positions: np.ndarray, n_items: int) -> Floats:
    """A matrix over the calibrated items as one over all items; nan elsewhere."""
    out: Floats = np.full((n_items, n_items), np.nan)
    out[np.ix_(positions, positions)] = values
    return out
