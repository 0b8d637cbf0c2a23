"""Does the model as a whole describe the answers: M2 and the indices that rest on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import chdtrc, chndtr

from irt.calibration import Calibration
from irt.diagnostics.free_parameters import free_parameters
from irt.diagnostics.limited_information import NotSettledError, Observed, observed_margins, quadratic_form
from irt.diagnostics.margins import Curves
from irt.diagnostics.tangent import Tangent
from irt.responses import ResponseMatrix
from irt.scoring.align import align
from irt.scoring.population import population_of
from irt.threads import one_thread

#: Persons who must have answered both items of a pair, so that the pair counts.
LEAST_PAIR = 20
#: The 90 % limits of RMSEA, as everywhere.
TAIL = 0.05
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class ModelFit:
    """M2 and its indices.

    Parameters
    ----------
    m2, df, p_value : float
        Distance of the observed first- and second-order margins from the expected ones; about ``df`` if the model
        holds.
    rmsea, rmsea_lower, rmsea_upper : float
        Misfit per degree of freedom, freed of the number of persons, with 90 % limits.
    srmsr : float
        Root mean square of the differences between observed and expected correlations of two items; nan where no two
        items' answers vary.
    tli, cfi : float
        How much of the dependence among items the model explains: 1 = all of it; nan where there is no more of it than
        chance brings.
    n_persons, n_dropped : int
        Persons (sum of weights) who entered, and who did not.
    reason : str
        Why there is no M2; "" where there is.
    """

    m2: float
    df: float
    p_value: float
    rmsea: float
    rmsea_lower: float
    rmsea_upper: float
    srmsr: float
    tli: float
    cfi: float
    n_persons: int
    n_dropped: int
    reason: str = ""


@one_thread
def model_fit(matrix: ResponseMatrix, calibration: Calibration) -> ModelFit:
    r"""Maydeu-Olivares and Joe's M2, RMSEA, SRMSR, TLI and CFI.

    .. math:: M_2 = N\, e^T \left( \Xi^{-1} - \Xi^{-1} \Delta (\Delta^T \Xi^{-1} \Delta)^{-1} \Delta^T \Xi^{-1}
        \right) e

    where e is observed less expected shares of right answers to each item and to both items of each pair,
    :math:`\Xi` the covariance matrix of these margins of one person and :math:`\Delta` their derivatives by the
    estimated parameters. Under the model it has a chi-square distribution with as many degrees of freedom as there are
    margins less parameters.

    Parameters
    ----------
    matrix : ResponseMatrix
        Weights count persons.
    calibration : Calibration
        Fitted to these answers, with or without priors (whose pull vanishes as answers grow).

    Returns
    -------
    ModelFit
        :math:`\mathrm{RMSEA} = \sqrt{\max(M_2 - df, 0) / (df (N - 1))}`. TLI and CFI compare with the model in which
        all items are independent. nan with a reason where no degree of freedom is left, or no margin can be had.

    Raises
    ------
    ResponsesError
        If the matrix shares no item with the calibration.

    Notes
    -----
    *Cost.* Neither the covariance matrix nor its inverse is made: see :mod:`irt.diagnostics.limited_information`.
    Memory and time grow with n_items², so that 500 items are no difficulty.

    *Missing answers.* Each margin is the share among the persons who answered the item, or both items; its covariance
    with another one is :math:`\Xi_{ab}\, n_{ab} / (n_a n_b)` with :math:`n_{ab}` persons who answered all items of
    both. Pairs that fewer than 20 persons answered take no part. Nobody is dropped but persons without calibrated
    answers, where mirt drops every person with a missing one. It holds if what is missing depends neither on ability
    nor on the answers (booklets handed out at random, items drawn at random); where weak students do not reach the last
    items, margins of these items are those of strong ones, and M2 is too large. RMSEA has the mean number of persons
    behind a pair in place of N. With few persons behind a pair M2 is a little too large: with 500 to 1,000 persons in
    booklets 1 to 2 %, with 2,000 not noticeably; simulated rejection rates at 5 % are in benchmarks/item_fit.py.

    Agrees with mirt's ``M2`` to 1e-4.

    References
    ----------
    Maydeu-Olivares & Joe (2006), Limited information goodness-of-fit testing in multidimensional contingency tables.
    doi:10.1007/s11336-005-1295-9;
    Maydeu-Olivares & Joe (2014), Assessing approximate fit in categorical data analysis.
    doi:10.1080/00273171.2014.911075;
    Browne & Cudeck (1992), Alternative ways of assessing model fit. doi:10.1177/0049124192021002005

    Examples
    --------
    >>> from irt.calibration import calibrate
    >>> from irt.samples import LSAT6_COUNTS, lsat
    >>> exam = lsat(LSAT6_COUNTS)
    >>> fit = model_fit(exam, calibrate(exam))
    >>> round(fit.m2, 3), fit.df, round(fit.rmsea, 3)
    (4.738, 5.0, 0.0)
    """
    shared = align(matrix, calibration)
    scores = shared.answers(matrix)
    weights = np.ones(matrix.n_persons) if matrix.weights is None else matrix.weights
    curves = Curves.of(shared.items, population_of(calibration))
    observed = observed_margins(scores, weights, curves, LEAST_PAIR)
    n_dropped = round(float(weights.sum() - observed.n_persons))
    bare = ModelFit(*(NAN,) * 9, n_persons=round(observed.n_persons), n_dropped=n_dropped)
    if not observed.pairs.any():
        return replace(bare, reason=f"No two items were answered by {LEAST_PAIR} students or more.")
    bare = replace(bare, srmsr=_srmsr(observed, curves))
    column = _columns(calibration, shared.places)
    factor = observed.factor(curves)
    if not np.triu(factor, k=1).any():
        return replace(
            bare, reason="The calibration leaves no doubt of the answers to any two items, so nothing is left to test."
        )
    tangent = Tangent.of(curves, factor, column, np.isfinite(calibration.population.mean_se))
    n_margins = int(np.triu(factor > 0).sum())
    df = float(n_margins - tangent.rank)
    if df <= 0:
        return replace(
            bare,
            df=0.0,
            reason=f"The {len(shared.items)} items and their pairs that {LEAST_PAIR} students or more answered are "
            f"{n_margins} in all, no more than the {calibration.model} has parameters, so nothing is left to test.",
        )
    try:
        m2 = quadratic_form(observed, curves, tangent, factor)
    except NotSettledError as error:
        return replace(bare, df=df, reason=str(error))
    return _indices(bare, m2, df, observed)


def _columns(calibration: Calibration, places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Which free parameter each parameter of each item is, shape (4, n_items); -1 where it is held."""
    free = free_parameters(calibration)[:, places]
    number = np.cumsum(free.ravel()).reshape(free.shape) - 1
    if calibration.model == "1PL" and free[0].any():
        n_slopes = int(free[0].sum())
        number[0] = 0
        number[1:] -= n_slopes - 1
    return np.where(free, number, -1)


def _srmsr(observed: Observed, curves: Curves) -> float:
    """Root mean square difference of observed and expected correlations over the pairs."""
    difference = (observed.correlation - curves.correlation)[observed.pairs]
    known = np.isfinite(difference)
    return float(np.sqrt(np.mean(difference[known] ** 2))) if known.any() else NAN


def _indices(bare: ModelFit, m2: float, df: float, observed: Observed) -> ModelFit:
    """M2 with all that follows from it."""
    n = float(observed.n[observed.pairs].mean())
    found = observed.pairs & np.isfinite(observed.correlation)
    null = 0.5 * float((observed.n * observed.correlation**2)[found].sum())
    df_null = float(found.sum()) / 2
    lower, upper = rmsea_limits(m2, df, n)
    excess, excess_null = max(m2 - df, 0.0), null - df_null
    return replace(
        bare,
        m2=m2,
        df=df,
        p_value=float(chdtrc(df, m2)),
        rmsea=float(np.sqrt(excess / (df * (n - 1)))),
        rmsea_lower=lower,
        rmsea_upper=upper,
        tli=(null / df_null - m2 / df) / (null / df_null - 1) if excess_null > 0 else NAN,
        cfi=float(np.clip(1 - (m2 - df) / excess_null, 0.0, 1.0)) if excess_null > 0 else NAN,
    )


def rmsea_limits(m2: float, df: float, n: float) -> tuple[float, float]:
    """90 % limits of RMSEA from those of the noncentrality of M2."""

    def noncentrality(share: float) -> float:
        """Where M2 has this share of the distribution below it; 0 if even there it has less."""
        if chndtr(m2, df, 0.0) <= share:
            return 0.0
        top = max(m2, 1.0)
        while chndtr(m2, df, top) > share:
            top *= 2
        return float(brentq(lambda value: chndtr(m2, df, value) - share, 0.0, top, xtol=1e-10))

    lower, upper = (np.sqrt(noncentrality(share) / (df * n)) for share in (1 - TAIL, TAIL))
    return float(lower), float(upper)
