"""Do the answers of a person go together: the standardised log-likelihood and its correction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from irt.calibration import Calibration
from irt.diagnostics.residuals import Block, by_block
from irt.items import Floats, frozen
from irt.responses import ResponseMatrix
from irt.scoring import AbilityEstimates

#: A statistic with less of its variance left than this share has none: rounding is all that remains.
SMALLEST_SHARE = 1e-8


@dataclass(frozen=True, slots=True)
class PersonFit:
    """How well each person's answers go together; arrays of shape (n_persons,).

    Parameters
    ----------
    zh : ndarray
        l_z at the estimated ability; low where easy items were missed and hard ones solved.
    zh_corrected : ndarray
        l_z*, freed of the effect of estimating the ability: about standard normal under the model.
    p_value : ndarray
        Probability of a value as low or lower, from ``zh_corrected``.
    n : ndarray
        Calibrated items that were answered.
    """

    zh: Floats
    zh_corrected: Floats
    p_value: Floats
    n: Floats


def person_fit(matrix: ResponseMatrix, calibration: Calibration, abilities: AbilityEstimates) -> PersonFit:
    r"""The standardised log-likelihood l_z of each person (mirt's Zh) and its correction l_z*.

    .. math:: l_z = \frac{\sum_j (x_j - P_j) w_j}{\sqrt{\sum_j w_j^2 P_j Q_j}}, \qquad w_j = \log \frac{P_j}{Q_j}

    at the estimated ability: the log-likelihood less its expectation, over its standard deviation. Because the ability
    comes from the same answers l_z varies less than a standard normal variable and rejects too rarely. Snijders'
    correction replaces w by what is left of it when the direction in which the ability moves is taken out,

    .. math:: l_z^* = \frac{\sum_j (x_j - P_j) \tilde w_j}{\sqrt{\sum_j \tilde w_j^2 P_j Q_j}}, \qquad
        \tilde w_j = w_j - \frac{\sum_k P_k' w_k}{\sum_k P_k' r_k} r_j, \qquad r_j = \frac{P_j'}{P_j Q_j}

    Parameters
    ----------
    matrix : ResponseMatrix
        Missing answers take no part; weights play no role.
    calibration : Calibration
    abilities : AbilityEstimates
        Of the persons of the matrix, in its order, by any method.

    Returns
    -------
    PersonFit
        ``zh`` is nan for persons without calibrated answers or without an ability (ML of perfect patterns); with EAP,
        MAP and WLE perfect patterns have one. The correction is nan where nothing is left to vary: fewer than two
        answers, or items that are all alike.

    Raises
    ------
    ResponsesError
        If the abilities are not one for each person, or matrix and calibration share no item.

    Notes
    -----
    Snijders writes the numerator as :math:`\sum_j (x_j - P_j) w_j + c\, r_0`, with :math:`r_0` from the estimating
    equation :math:`r_0 + \sum_j (x_j - P_j) r_j = 0`: 0 for ML, :math:`-\theta` for MAP, :math:`J / 2I` for WLE. At the
    solution of that equation this is the sum above, which does not need to know how the ability was estimated. As
    :math:`\tilde w` is uncorrelated with the direction of the ability, the sum does not change, to first order, when
    another consistent estimate is put in (Neyman's C(alpha)); that is why EAP may be used as well. Below about 20
    answers the normal approximation is rough: the lower tail is longer.

    Zh agrees with mirt's ``personfit`` to 1e-5.

    References
    ----------
    Drasgow, Levine & Williams (1985), Appropriateness measurement with polychotomous item response models.
    doi:10.1111/j.2044-8317.1985.tb00817.x;
    Snijders (2001), Asymptotic null distribution of person fit statistics with estimated person parameter.
    doi:10.1007/BF02294437;
    Magis, Raiche & Beland (2012), A didactic presentation of Snijders's l_z* index of person fit.
    doi:10.3102/1076998610396894

    Examples
    --------
    >>> from irt.calibration import calibrate
    >>> from irt.samples import LSAT6_COUNTS, lsat
    >>> from irt.scoring import estimate_abilities
    >>> exam = lsat(LSAT6_COUNTS)
    >>> calibration = calibrate(exam)
    >>> person_fit(exam, calibration, estimate_abilities(exam, calibration)).zh[0].round(2).item()
    -1.21
    """
    table = np.full((3, matrix.n_persons), np.nan)
    for rows, part in by_block(lambda block: (block.rows, _statistics(block)), matrix, calibration, abilities):
        table[:, rows] = part
    n, zh, corrected = table
    return PersonFit(frozen(zh), frozen(corrected), frozen(ndtr(corrected)), frozen(n))


def _statistics(block: Block) -> Floats:
    """Answers, l_z and l_z* of each person, shape (3, n_persons)."""
    slope = block.slope
    variance = block.p * block.q * block.seen
    residual = np.where(block.right, block.q, -block.p) * block.seen
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.nan_to_num(np.log(block.p) - np.log(block.q), posinf=0.0, neginf=0.0)
        direction = np.divide(slope, variance, out=np.zeros_like(slope), where=variance > 0)
        share = (slope * weight).sum(axis=1) / (slope * direction).sum(axis=1)
        left = weight - np.nan_to_num(share)[:, None] * direction
        spread = (weight**2 * variance).sum(axis=1)
        remaining = (left**2 * variance).sum(axis=1)
        plain = (residual * weight).sum(axis=1) / np.sqrt(np.where(spread > 0, spread, np.nan))
        enough = remaining > SMALLEST_SHARE * spread
        corrected = (residual * left).sum(axis=1) / np.sqrt(np.where(enough, remaining, np.nan))
    return np.stack([block.seen.sum(axis=1), plain, corrected])
