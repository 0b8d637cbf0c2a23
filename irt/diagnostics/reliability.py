"""How reliable ability estimates are."""

from __future__ import annotations

import numpy as np

from irt.calibration import Calibration
from irt.functions import test_information
from irt.quadrature import grid_for
from irt.scoring import AbilityEstimates


def empirical_reliability(abilities: AbilityEstimates) -> float:
    r"""Share of the abilities' variance that is not error, in this group.

    For EAP estimates :math:`\mathrm{var}(\hat\theta) / (\mathrm{var}(\hat\theta) + \overline{SE^2})`, over the persons
    with a calibrated answer. nan with fewer than two.

    References
    ----------
    Bechger, T. M., et al. (2003). *Applied Psychological Measurement*, 27, 319-334. doi:10.1177/0146621603257518
    """
    known = abilities.items_answered > 0
    if known.sum() < 2:
        return float("nan")
    between = float(np.var(abilities.theta[known], ddof=1))
    return between / (between + float(np.mean(abilities.se[known] ** 2)))


def marginal_reliability(calibration: Calibration) -> float:
    r"""Expected reliability of ability estimates in the population that the model assumes.

    .. math:: \int \frac{I(\theta)}{I(\theta) + 1} \, \phi(\theta) \, d\theta

    with the test information I and the standard normal density; nan without items.

    References
    ----------
    Green, B. F., et al. (1984). *Journal of Educational Measurement*, 21, 347-360.
    doi:10.1111/j.1745-3984.1984.tb01039.x
    """
    if len(calibration.items) == 0:
        return float("nan")
    grid = grid_for(calibration.items)
    information = test_information(grid.points, calibration.items)
    return float(np.exp(grid.log_weights) @ (information / (information + 1)))
