"""The difference between two groups at equal ability as a share of right answers: an effect one can picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from irt.comparing.strata import Strata
from irt.items import Floats, closed


@dataclass(frozen=True, slots=True)
class ShareDifference:
    """How much more often the focal group gets an item right than equally able persons of the reference group.

    Parameters
    ----------
    difference : ndarray, shape (n_items,)
        From -1 to 1; -0.1: ten percentage points less often. nan where no level has both groups.
    se : ndarray, shape (n_items,)
        Its standard error.
    """

    difference: Floats
    se: Floats


def share_difference(strata: Strata) -> ShareDifference:
    r"""Standardised difference of the shares right (STD P-DIF), weighted by where the focal group is.

    .. math:: \frac{\sum_k n_{Fk} (P_{Fk} - P_{Rk})}{\sum_k n_{Fk}}

    over the matching levels k that both groups have.

    Notes
    -----
    Equal to difR's ``difStd`` on complete answers. The variance of a level's difference is that of dealing its right
    and wrong answers to the groups at random, :math:`m_1 m_0 / (n_R n_F (n - 1))` with :math:`m_1` right and
    :math:`m_0` wrong of n: the one that the Mantel-Haenszel test rests on, with no loss at levels of few persons.

    References
    ----------
    Dorans, N. J., & Kulick, E. (1986). *Journal of Educational Measurement*, 23, 355-368.
    doi:10.1111/j.1745-3984.1986.tb00255.x
    """
    usable = strata.comparable
    reference, focal = np.where(usable, strata.reference, 1.0), np.where(usable, strata.focal, 1.0)
    total = np.where(usable, strata.focal, 0.0).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = np.where(usable, strata.focal, 0.0) / np.where(total > 0, total, np.nan)
        gap = strata.focal_right / focal - strata.reference_right / reference
        spare = np.maximum(reference + focal - 1, 1.0)
        variance = strata.right * strata.wrong / (reference * focal * spare)
    return ShareDifference(
        closed((weight * gap).sum(axis=0)),
        closed(np.sqrt((weight**2 * variance).sum(axis=0))),
    )
