"""Which model describes the answers: log-likelihood, information criteria and likelihood ratios side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from irt.calibration import Calibration, CalibrationOptions, calibrate
from irt.errors import FitError
from irt.responses import ResponseMatrix
from irt.threads import one_thread

#: The model of which each is a case with more parameters.
SIMPLER = {"2PL": "1PL", "3PL": "2PL", "4PL": "3PL"}
#: Models that decide which items are compared: those that a richer one cannot do with are its own trouble.
PLAIN = ("1PL", "2PL")
#: Status of a model that could not be fitted; others have the code of their ``FitStatus``.
NOT_FITTED = "not_fitted"


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model in a comparison.

    Parameters
    ----------
    model : str
    status : str
        How the fit ended (``converged``, ...), or ``not_fitted``.
    log_likelihood : float
        Marginal, without priors; nan where the model could not be fitted, and so are the criteria.
    n_parameters : int
        Free parameters; 0 where it could not be fitted.
    aic, bic, sabic : float
        Smaller is better.
    chi2, df, p_value : float
        Likelihood ratio test against the row before; nan where there is none, see ``reason``.
    reason : str
        Why the model could not be fitted, or why it has no test; empty where it has one, and in the first row.
    """

    model: str
    status: str
    log_likelihood: float
    n_parameters: int
    aic: float
    bic: float
    sabic: float
    chi2: float
    df: float
    p_value: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """Models fitted to the same answers.

    ``best_aic`` and ``best_bic`` are the models with the smallest criterion, None if none could be fitted. All are
    fitted to the same ``n_items`` items and ``n_persons`` persons: ``left_out`` are the ids of items that the 1PL or
    the 2PL cannot do with.
    """

    rows: tuple[ModelRow, ...]
    best_aic: str | None
    best_bic: str | None
    n_persons: float
    n_items: int
    left_out: tuple[str, ...] = ()


@one_thread
def compare_models(
    matrix: ResponseMatrix, models: Sequence[str] = ("1PL", "2PL", "3PL"), prior: str | None = None
) -> ModelComparison:
    r"""Fit several models to the same answers and set them side by side.

    .. math:: \chi^2 = 2 (\log L_2 - \log L_1), \quad df = m_2 - m_1

    with m free parameters each.

    Parameters
    ----------
    matrix : ResponseMatrix
    models : sequence of str
        "1PL", "2PL", "3PL" or "4PL", from simple to rich.
    prior : {None, "weak"}
        As in ``CalibrationOptions``.

    Returns
    -------
    ModelComparison
        A model that cannot be fitted is a row with the reason.

    Raises
    ------
    FitError
        If no model is named.

    Notes
    -----
    Log-likelihoods compare only over the same answers: if the 1PL or the 2PL has to leave an item out, it is left out
    of all, and a 3PL or 4PL that has to leave out more is a row without numbers. The test is given for the 2PL against
    the 1PL by maximum likelihood. The guessing of the 3PL and the upper asymptote of the 4PL have priors, and their
    simpler models lie at the end of the parameters' range, where twice the difference does not follow a chi-square
    (Self & Liang 1987). Their criteria count the log-likelihood at the mode of the
    posterior, a little below its maximum, where that of the 3PL can even lie below that of the 2PL: they err on the
    side of the simpler model.

    References
    ----------
    Akaike (1974). doi:10.1109/TAC.1974.1100705; Schwarz (1978). doi:10.1214/aos/1176344136; Sclove (1987).
    doi:10.1007/BF02294360; Self, S. G., & Liang, K.-Y. (1987). *JASA*, 82, 605-610. doi:10.1080/01621459.1987.10478472
    """
    if not models:
        raise FitError("Name at least one model to compare.")
    fits, part = _fits(matrix, models, prior)
    rows = tuple(_row(k, tuple(models), fits, prior) for k in range(len(models)))
    fitted = [fit for fit in fits if isinstance(fit, Calibration)]
    kept = set(part.item_ids)
    return ModelComparison(
        rows=rows,
        best_aic=min(fitted, key=lambda fit: fit.aic).model if fitted else None,
        best_bic=min(fitted, key=lambda fit: fit.bic).model if fitted else None,
        n_persons=fitted[0].n_persons if fitted else 0,
        n_items=len(fitted[0].items) if fitted else 0,
        left_out=tuple(item_id for item_id in matrix.item_ids if item_id not in kept),
    )


def _fits(
    matrix: ResponseMatrix, models: Sequence[str], prior: str | None
) -> tuple[list[Calibration | FitError], ResponseMatrix]:
    """A calibration or the reason for none of each model, all over the same items; and the answers to these items."""
    deciding = [model in PLAIN for model in models]
    if not any(deciding):
        deciding = [True] * len(models)
    while True:
        fits = [_fit(matrix, model, prior) for model in models]
        kept = set(matrix.item_ids)
        for fit, decides in zip(fits, deciding, strict=True):
            if isinstance(fit, Calibration) and decides:
                kept &= set(fit.items.item_ids)
        if len(kept) == matrix.n_items:
            return [_over_all(fit, matrix.n_items) for fit in fits], matrix
        matrix = matrix.take(items=np.array([item_id in kept for item_id in matrix.item_ids]))


def _over_all(fit: Calibration | FitError, n_items: int) -> Calibration | FitError:
    """The fit, or why it cannot stand beside fits of all items."""
    if isinstance(fit, FitError) or len(fit.items) == n_items:
        return fit
    return FitError(
        f"The {fit.model} cannot be fitted to all items that the others have. {fit.excluded_items[0].reason}"
    )


def _fit(matrix: ResponseMatrix, model: str, prior: str | None) -> Calibration | FitError:
    """One model, or why not."""
    try:
        return calibrate(matrix, options=CalibrationOptions(model=model, prior=prior))
    except FitError as error:
        return error


def _row(k: int, models: tuple[str, ...], fits: list[Calibration | FitError], prior: str | None) -> ModelRow:
    """The row of the k-th model."""
    nan, fit = float("nan"), fits[k]
    if not isinstance(fit, Calibration):
        return ModelRow(models[k], NOT_FITTED, nan, 0, nan, nan, nan, nan, nan, nan, fit.message)
    chi2, df, p_value, reason = nan, nan, nan, ""
    before = fits[k - 1] if k else None
    if k:
        reason = _no_test(models[k - 1], models[k], before, prior)
    if isinstance(before, Calibration) and not reason:
        chi2 = max(2 * (fit.log_likelihood - before.log_likelihood), 0.0)
        df = float(fit.n_parameters - before.n_parameters)
        p_value = float(chdtrc(df, chi2))
    return ModelRow(
        models[k],
        fit.status.code,
        fit.log_likelihood,
        fit.n_parameters,
        fit.aic,
        fit.bic,
        fit.sabic,
        chi2,
        df,
        p_value,
        reason,
    )


def _no_test(simple: str, rich: str, before: Calibration | FitError | None, prior: str | None) -> str:
    """Why there is no likelihood ratio test of a model against the one before; empty if there is."""
    if SIMPLER.get(rich) != simple:
        return f"The {simple} is not the {rich} with fewer parameters, so there is no likelihood ratio test."
    if not isinstance(before, Calibration):
        return f"The {simple} could not be fitted, so there is nothing to test the {rich} against."
    if prior is not None:
        return "With a prior the log-likelihoods are not at their maximum, so their ratio is no test."
    if rich != "2PL":
        what = "Guessing" if rich == "3PL" else "The upper asymptote"
        return (
            f"{what} has a prior, and the {simple} lies at the end of its range, so twice the difference of the "
            "log-likelihoods does not follow a chi-square. Compare AIC and BIC."
        )
    return ""
