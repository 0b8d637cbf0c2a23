"""From the number right to ability, for persons who answered every item."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from irt.calibration.result import Calibration
from irt.items import Floats, ItemParameters, closed, frozen
from irt.quadrature import grid_for
from irt.responses.matrix import ResponseMatrix
from irt.scoring.align import align
from irt.scoring.population import population_of, standardised
from irt.scoring.result import ScoreTable
from irt.scoring.scores import score_distribution, theta_at_score


def score_table(
    calibration: Calibration,
    matrix: ResponseMatrix | None = None,
    *,
    population: tuple[float, float] | None = None,
) -> ScoreTable:
    r"""Ability for each number of right answers: the mean of its posterior given the number right alone.

    .. math:: E(\theta \mid s) = \frac{\int \theta\, L_s(\theta) \phi(\theta)\, d\theta}
        {\int L_s(\theta) \phi(\theta)\, d\theta}

    with :math:`L_s` the probability of s right answers at an ability (Lord and Wingersky's recursion).

    Parameters
    ----------
    calibration : Calibration
    matrix : ResponseMatrix, optional
        Answers whose numbers right are counted beside the expected shares; only persons who answered all calibrated
        items enter, with their weights.
    population : (mean, sd), optional
        Normal distribution of ability; default: that of the group that was calibrated.

    Returns
    -------
    ScoreTable

    Raises
    ------
    FitError
        If the standard deviation of the population is not positive.
    ResponsesError
        If the matrix shares no item with the calibration.

    Notes
    -----
    Two persons with the same number right get the same ability here, whichever items they solved; EAP from the pattern
    tells them apart in the 2PL. Agrees with mirt's ``fscores(method = "EAPsum")`` to 1e-5. The reliability is that of
    Kolen, Zeng & Hanson (1996) for the number right: the share of its variance that the expected score has.

    References
    ----------
    Thissen, Pommerich, Billeaud & Williams (1995), Item response theory for scores on tests including polytomous items
    with ordered responses. doi:10.1177/014662169501900105;
    Lord & Wingersky (1984), doi:10.1177/014662168400800409;
    Kolen, Zeng & Hanson (1996), Conditional standard errors of measurement for scale scores using IRT.
    doi:10.1111/j.1745-3984.1996.tb00485.x
    """
    mean, sd = population_of(calibration, population)
    known = np.flatnonzero(np.isfinite(calibration.items.discrimination) & np.isfinite(calibration.items.intercept))
    items = calibration.items.take(known)
    standard = standardised(items, (mean, sd))
    grid = grid_for(standard)
    joint = np.exp(grid.log_weights)[:, None] * score_distribution(grid.points, standard)
    share = joint.sum(axis=0)
    place, spread = _moments(grid.points, joint, share)
    score = np.arange(len(items) + 1)
    observed, n_observed = _observed(calibration, matrix, len(items))
    return ScoreTable(
        score=closed(score.astype(np.int64)),
        theta=frozen(mean + sd * place),
        se=frozen(sd * spread),
        theta_expected=_expected_at(score, items, population_of(calibration)),
        expected=frozen(share),
        observed=frozen(observed),
        n_observed=n_observed,
        reliability=_reliability(joint, score.astype(np.float64)),
        population=(mean, sd),
    )


def _expected_at(score: NDArray[np.int64], items: ItemParameters, own: tuple[float, float]) -> Floats:
    """Abilities at which scores are the expected ones, sought around the population that was calibrated."""
    mean, sd = own
    return frozen(mean + sd * theta_at_score(score, standardised(items, own)))


def _moments(points: Floats, joint: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of ability given each score; nan for scores that cannot be."""
    with np.errstate(divide="ignore", invalid="ignore"):
        posterior = joint / np.where(share > 0, share, np.nan)
        mean = points @ posterior
        return mean, np.sqrt((posterior * (points[:, None] - mean) ** 2).sum(axis=0))


def _observed(calibration: Calibration, matrix: ResponseMatrix | None, n_items: int) -> tuple[Floats, float]:
    """Share of each score among persons who answered all items, and their number."""
    nothing = np.full(n_items + 1, np.nan)
    if matrix is None:
        return nothing, 0.0
    scores = matrix.scores[:, align(matrix, calibration).columns]
    if scores.shape[1] < n_items:
        return nothing, 0.0
    weights = np.ones(len(scores)) if matrix.weights is None else matrix.weights
    complete = (scores >= 0).all(axis=1)
    counts = np.bincount(scores[complete].sum(axis=1), weights=weights[complete], minlength=n_items + 1)
    total = float(counts.sum())
    return (counts / total if total > 0 else nothing), total


def _reliability(joint: Floats, score: Floats) -> float:
    """Variance of the expected score over the variance of the score; nan where scores do not vary."""
    weights = joint.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        conditional = np.where(weights > 0, joint @ score / np.where(weights > 0, weights, 1.0), 0.0)
    mean = float(weights @ conditional)
    total = float(joint.sum(axis=0) @ (score - mean) ** 2)
    return float(weights @ (conditional - mean) ** 2) / total if total > 0 else float("nan")
