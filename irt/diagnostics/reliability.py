"""How reliable ability estimates are."""

from __future__ import annotations

import numpy as np

from irt.calibration import Calibration
from irt.errors import ResponsesError
from irt.functions import test_information
from irt.items import Floats
from irt.quadrature import grid_for
from irt.scoring import AbilityEstimates
from irt.scoring.population import population_of, standardised


def empirical_reliability(abilities: AbilityEstimates, weights: Floats | None = None) -> float:
    r"""Share of the abilities' variance that is not error, in this group.

    For EAP estimates :math:`\mathrm{var}(\hat\theta) / (\mathrm{var}(\hat\theta) + \overline{SE^2})`, over the persons
    with a calibrated answer. nan with fewer than two, or where neither abilities nor errors vary from 0.

    Parameters
    ----------
    abilities : AbilityEstimates
    weights : ndarray, shape (n_persons,), optional
        How many persons each row stands for; None means one each.

    Raises
    ------
    ResponsesError
        If there is not one weight for each person.

    Notes
    -----
    Equal to mirt's ``empirical_rxx`` to 1e-7 on LSAT6, LSAT7 and exams of 20 and 32 items.

    References
    ----------
    Bechger, T. M., et al. (2003). *Applied Psychological Measurement*, 27, 319-334. doi:10.1177/0146621603257518
    """
    if weights is not None and len(weights) != len(abilities.theta):
        raise ResponsesError(f"There are {len(abilities.theta)} abilities, but {len(weights)} weights.")
    w = (abilities.items_answered > 0) * (np.ones(len(abilities.theta)) if weights is None else weights)
    n = float(w.sum())
    if n < 2:
        return float("nan")
    theta, error = abilities.theta[w > 0], abilities.se[w > 0]
    w = w[w > 0]
    between = float(w @ (theta - w @ theta / n) ** 2) / (n - 1)
    total = between + float(w @ error**2) / n
    return between / total if total > 0 else float("nan")


def marginal_reliability(calibration: Calibration) -> float:
    r"""Expected reliability of ability estimates in the population that the model assumes.

    .. math:: \int \frac{I(\theta)}{I(\theta) + \sigma^{-2}} \, \phi(\theta) \, d\theta

    with the test information I and the density of the calibration's normal population, whose standard deviation is
    :math:`\sigma` (1 unless items were held fixed); nan without items.

    Notes
    -----
    Equal to mirt's ``marginal_rxx`` to 1e-7 on LSAT6, LSAT7 and exams of 20 and 32 items.

    References
    ----------
    Green, B. F., et al. (1984). *Journal of Educational Measurement*, 21, 347-360.
    doi:10.1111/j.1745-3984.1984.tb01039.x
    """
    if len(calibration.items) == 0:
        return float("nan")
    items = standardised(calibration.items, population_of(calibration))
    grid = grid_for(items)
    information = test_information(grid.points, items)
    return float(np.exp(grid.log_weights) @ (information / (information + 1)))
