"""Abilities of persons from their answers and known item parameters."""

from __future__ import annotations

import numpy as np

from irt.calibration.result import Calibration
from irt.errors import FitError
from irt.items import closed, frozen
from irt.responses.matrix import ResponseMatrix
from irt.scoring.align import align
from irt.scoring.modes import estimate_point
from irt.scoring.population import population_of
from irt.scoring.posterior import posterior_moments
from irt.scoring.result import AbilityEstimates
from irt.threads import one_thread

METHODS = ("EAP", "MAP", "ML", "WLE")


@one_thread
def estimate_abilities(
    matrix: ResponseMatrix,
    calibration: Calibration,
    method: str = "EAP",
    *,
    population: tuple[float, float] | None = None,
) -> AbilityEstimates:
    r"""Estimate the ability of each person, item parameters taken as known.

    Parameters
    ----------
    matrix : ResponseMatrix
        Items are matched by id; answers to items that are not in the calibration take no part, nor do weights.
    calibration : Calibration
    method : {"EAP", "MAP", "ML", "WLE"}
        EAP: mean of the posterior under theta ~ N(mean, sd), with its standard deviation; exists for every pattern and
        has the smallest mean squared error over the population, hence the default. MAP: its mode. ML: maximum of the
        likelihood. WLE: Warm's weighted likelihood, less biased than ML and finite for every answered pattern.
    population : (mean, sd), optional
        Normal distribution of ability for EAP and MAP, in logits of the calibration's scale. Default: that of the group
        that was calibrated, (0, 1) unless it was estimated beside fixed items. For another group, that group's own.

    Returns
    -------
    AbilityEstimates
        Without answers EAP and MAP give the population's mean and standard deviation, ML and WLE nan. ML is nan where
        the likelihood has no maximum: where it is as high at infinite ability as anywhere (all right, all wrong; with
        guessing also fewer right answers than guessing alone would bring). All methods are nan beyond 40 logits, where
        items with nearly flat curves can lead. ``se`` is the posterior standard deviation (EAP),
        :math:`(I + sd^{-2})^{-1/2}` (MAP), :math:`I^{-1/2}` (ML), or from the curvature of the weighted likelihood
        (WLE), with I the expected (Fisher) information of the answered items at the estimate; in the 1PL and 2PL the
        observed information is the same. nan where it is past 1,000 logits: the answers contradict items so steep or so
        far away that nothing is known.

    Raises
    ------
    FitError
        For an unknown method, or a population whose standard deviation is not positive.
    ResponsesError
        If answers and calibration share no item.

    Notes
    -----
    The standard error holds the items' parameters for known. Agrees with mirt's ``fscores`` to 1e-5 on LSAT6. With
    asymptotes a likelihood can have several maxima (Samejima 1973): the highest is found by a scan before it is
    refined. Mirt gives -Inf and Inf for ML where this gives nan.

    References
    ----------
    Bock & Mislevy (1982), Adaptive EAP estimation of ability. doi:10.1177/014662168200600405;
    Warm (1989), Weighted likelihood estimation of ability. doi:10.1007/BF02294627;
    Samejima (1973), A comment on Birnbaum's three-parameter logistic model. doi:10.1007/BF02291115
    """
    if method not in METHODS:
        raise FitError(f"The method must be one of {', '.join(METHODS)}, not {method!r}.", method=method)
    mean, sd = population_of(calibration, population)
    shared = align(matrix, calibration)
    scores = shared.answers(matrix)
    if method == "EAP":
        theta, se = posterior_moments(scores, shared.items, (mean, sd))
    else:
        theta, se = estimate_point(scores, shared.items, method, (mean, sd))
    return AbilityEstimates(
        person_ids=matrix.person_ids,
        theta=frozen(theta),
        se=frozen(se),
        method=method,
        items_answered=closed((scores >= 0).sum(axis=1, dtype=np.int64)),
        population=(mean, sd),
    )
