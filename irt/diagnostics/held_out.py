"""Predicted chances beside what was answered: log-loss, Brier score, and whether 70 % means 70 %."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.diagnostics.draws import Scores
from irt.diagnostics.intervals import wilson
from irt.items import Floats

#: Chances are held this far from 0 and 1, so that one wrong certainty does not make a log-loss infinite.
LEAST = 1e-6
#: Bins of the comparison of predicted and observed shares.
N_BINS = 10


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Held-out answers with a predicted chance from lower to upper: the mean prediction and the share right.

    With Wilson's 95 % interval of that share. nan in a bin without answers.
    """

    lower: float
    upper: float
    n: int
    predicted: float
    observed: float
    observed_lower: float
    observed_upper: float


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """How well one model predicts answers that it has not seen.

    Parameters
    ----------
    model : str
    log_loss : float
        Mean of -log(chance given to what happened), in nats; 0.693 is a coin.
    brier : float
        Mean squared distance of chance and answer; 0.25 is a coin.
    accuracy : float
        Share of answers on the likelier side.
    calibration : tuple of CalibrationBin
        Tenths of the range of chances: does 70 % mean 70 %?
    log_loss_se, brier_se : float
        Standard errors; answers of one person are one cluster.
    difference, difference_se : float
        Log-loss minus that of the first model, and its standard error: negative is better. nan in the first row.
    reason : str
        Why the model could not predict (all numbers are nan then), else empty.
    """

    model: str
    log_loss: float
    brier: float
    accuracy: float
    calibration: tuple[CalibrationBin, ...]
    log_loss_se: float
    brier_se: float
    difference: float
    difference_se: float
    reason: str = ""


def score_predictions(scores: Scores, predictions: Mapping[str, Floats | str]) -> tuple[PredictionRow, ...]:
    """The rows of models from their chances (or the reason for none), the first of them the one compared with.

    Parameters
    ----------
    scores : ndarray of int8, shape (n_persons, n_items)
        What was answered; -1 takes no part.
    predictions : mapping of str to ndarray of the same shape, or str
        P(right answer) by model, or the sentence why there is none.
    """
    seen = scores >= 0
    person, right = np.nonzero(seen)[0], scores[seen] == 1
    base: Floats | None = None
    rows = []
    for k, (model, chances) in enumerate(predictions.items()):
        if isinstance(chances, str):
            rows.append(_no_row(model, chances))
            continue
        p = np.clip(chances[seen], LEAST, 1 - LEAST)
        losses = -np.log(np.where(right, p, 1 - p))
        base = losses if k == 0 else base
        rows.append(_row(model, p, right, person, losses, base if k else None))
    return tuple(rows)


def _row(
    model: str, p: Floats, right: NDArray[np.bool_], person: NDArray[np.intp], losses: Floats, base: Floats | None
) -> PredictionRow:
    """The row of a model that predicts; base are the losses of the model that it is compared with."""
    log_loss, log_loss_se = _mean_and_error(losses, person)
    brier, brier_se = _mean_and_error((right - p) ** 2, person)
    nan = float("nan")
    difference, difference_se = (nan, nan) if base is None else _mean_and_error(losses - base, person)
    return PredictionRow(
        model=model,
        log_loss=log_loss,
        brier=brier,
        accuracy=float(np.where(p == 0.5, 0.5, (p > 0.5) == right).mean()),
        calibration=_bins(p, right),
        log_loss_se=log_loss_se,
        brier_se=brier_se,
        difference=difference,
        difference_se=difference_se,
    )


def _no_row(model: str, reason: str) -> PredictionRow:
    """The row of a model that could not predict."""
    nan = float("nan")
    return PredictionRow(model, nan, nan, nan, (), nan, nan, nan, nan, reason)


def _mean_and_error(values: Floats, person: NDArray[np.intp]) -> tuple[float, float]:
    """Mean over answers, and its standard error with persons as clusters; nan for one person."""
    mean = float(values.mean())
    totals = np.bincount(person, values - mean)[np.bincount(person) > 0]
    n = len(totals)
    if n < 2:
        return mean, float("nan")
    return mean, float(np.sqrt((totals**2).sum() * n / (n - 1)) / len(values))


def _bins(p: Floats, right: NDArray[np.bool_]) -> tuple[CalibrationBin, ...]:
    """Tenths of the range of chances."""
    place = np.minimum((p * N_BINS).astype(np.intp), N_BINS - 1)
    n = np.bincount(place, minlength=N_BINS)
    count = np.where(n > 0, n, np.nan)
    predicted = np.bincount(place, p, N_BINS) / count
    observed = np.bincount(place, right, N_BINS) / count
    lower, upper = wilson(np.nan_to_num(observed), n)
    return tuple(
        CalibrationBin(
            k / N_BINS,
            (k + 1) / N_BINS,
            int(n[k]),
            float(predicted[k]),
            float(observed[k]),
            float(lower[k]),
            float(upper[k]),
        )
        for k in range(N_BINS)
    )
