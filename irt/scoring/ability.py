"""Abilities of persons from their answers and known item parameters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from irt.calibration.result import Calibration
from irt.errors import FitError
from irt.functions import log_irf
from irt.items import Floats, ItemParameters, frozen
from irt.quadrature import grid_for
from irt.responses.matrix import ResponseMatrix
from irt.scoring.align import align
from irt.scoring.modes import estimate_point
from irt.scoring.result import AbilityEstimates

METHODS = ("EAP", "MAP", "ML", "WLE")
#: Persons whose posteriors are held at a time.
BLOCK = 4096


def estimate_abilities(matrix: ResponseMatrix, calibration: Calibration, method: str = "EAP") -> AbilityEstimates:
    r"""Estimate the ability of each person, item parameters taken as known.

    Parameters
    ----------
    matrix : ResponseMatrix
        Items are matched by id; answers to items that are not in the calibration take no part.
    calibration : Calibration
    method : {"EAP", "MAP", "ML", "WLE"}
        EAP: mean of the posterior under theta ~ N(0, 1), with its standard deviation; exists for every pattern and has
        the smallest mean squared error over the population, hence the default. MAP: its mode. ML: maximum of the
        likelihood. WLE: Warm's weighted likelihood, less biased than ML and finite for every answered pattern.

    Returns
    -------
    AbilityEstimates
        Without answers EAP and MAP give the prior (0, 1), ML and WLE nan. ML is nan where the likelihood has no
        maximum (all right, all wrong). ``se`` is the posterior standard deviation (EAP), :math:`(I + 1)^{-1/2}`
        (MAP), :math:`I^{-1/2}` (ML), or from the curvature of the weighted likelihood (WLE), with I the test
        information of the answered items at the estimate.

    Raises
    ------
    FitError
        For an unknown method.
    ResponsesError
        If answers and calibration share no item.

    Notes
    -----
    The standard error holds the items' parameters for known. Agrees with mirt's ``fscores`` to 1e-5 on LSAT6.

    References
    ----------
    Bock & Mislevy (1982), Adaptive EAP estimation of ability. doi:10.1177/014662168200600405;
    Warm (1989), Weighted likelihood estimation of ability. doi:10.1007/BF02294627
    """
    if method not in METHODS:
        raise FitError(f"The method must be one of {', '.join(METHODS)}, not {method!r}.", method=method)
    shared = align(matrix, calibration)
    scores = matrix.scores[:, shared.columns]
    theta, se = _eap(scores, shared.items)
    if method != "EAP":
        theta, se = estimate_point(scores, shared.items, method, theta)
    return AbilityEstimates(
        person_ids=matrix.person_ids,
        theta=frozen(theta),
        se=frozen(se),
        method=method,
        items_answered=(scores >= 0).sum(axis=1).astype(np.int64),
    )


def _eap(scores: NDArray[np.int8], items: ItemParameters) -> tuple[Floats, Floats]:
    """Posterior mean and standard deviation of each person."""
    grid = grid_for(items)
    right, wrong = (table.T for table in log_irf(grid.points, items))
    mean, sd = np.empty(len(scores)), np.empty(len(scores))
    for start in range(0, len(scores), BLOCK):
        rows = slice(start, start + BLOCK)
        block = scores[rows]
        table = (block == 1).astype(np.float64) @ right + (block == 0).astype(np.float64) @ wrong + grid.log_weights
        table -= table.max(axis=1, keepdims=True)
        np.exp(table, out=table)
        table /= table.sum(axis=1, keepdims=True)
        mean[rows] = table @ grid.points
        sd[rows] = np.sqrt((table * (grid.points - mean[rows, None]) ** 2).sum(axis=1))
    return mean, sd
