"""Does it predict? Answers are held back from each model and then compared with the chances that it gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from irt.calibration import CalibrationOptions, calibrate
from irt.diagnostics.draws import Scores, one_row_a_person
from irt.diagnostics.held_out import PredictionRow, score_predictions
from irt.errors import FitError, IrtError, TooFewAnswersError
from irt.functions import irf
from irt.items import Floats, ItemParameters
from irt.responses import ResponseMatrix
from irt.scoring import estimate_abilities
from irt.scoring.align import align
from irt.scoring.posterior import posterior_irf
from irt.threads import one_thread

#: Most persons that take part; of more as many are drawn.
MOST_PERSONS = 10_000
#: What may follow a model's name: with the weak prior.
WEAK = " weak"
KINDS = ("predictive", "estimate")
_PLAIN = ("share", "person")


@dataclass(frozen=True, slots=True)
class Prediction:
    """Models side by side over the same held-out answers."""

    rows: tuple[PredictionRow, ...]
    n_answers: int
    n_folds: int
    n_persons: int


@one_thread
def cross_validate(
    matrix: ResponseMatrix,
    *,
    models: Sequence[str] = ("share", "1PL", "2PL"),
    n_folds: int = 10,
    seed: int = 0,
    kind: str = "predictive",
) -> Prediction:
    r"""Hold back each answer once, and compare the chance that each model gives it with what was answered.

    Each fold hides a random tenth (1 / n_folds) of each person's answers; the model is fitted to the others, and the
    person's ability comes from the person's other answers.

    .. math:: L = -\frac{1}{n} \sum \left( x \log p + (1 - x) \log (1 - p) \right), \quad B = \frac{1}{n} \sum (x - p)^2

    with the log-loss L and the Brier score B of chances p of n answers x.

    Parameters
    ----------
    matrix : ResponseMatrix
        Weights count as so many persons; of more than 10,000 persons as many are drawn at random.
    models : sequence of str
        "share": the share correct of the item, (right + 1/2) / (n + 1), the same chance for all persons. "person":
        the share correct moved on the logit scale by how the person did on the other items, without a model. "1PL",
        "2PL", "3PL", "4PL" by marginal maximum likelihood, or "2PL weak" and so on with the weak prior.
    n_folds : int
        At least 2.
    seed : int
    kind : {"predictive", "estimate"}
        "predictive": the curve averaged over what is known of the ability (its posterior). "estimate": the curve at
        the estimated ability (EAP).

    Returns
    -------
    Prediction
        A model that cannot be fitted is a row with the reason. Where a fold leaves an item without a calibration, all
        models give the item's share correct.

    Raises
    ------
    FitError
        For an unknown model, kind or number of folds.
    TooFewAnswersError
        If there are no answers.

    Notes
    -----
    The log-loss is the fair price of a chance: no model can better the true one in the mean. Chances are held between
    1e-6 and 1 - 1e-6.

    References
    ----------
    Gneiting, T., & Raftery, A. E. (2007). *JASA*, 102, 359-378. doi:10.1198/016214506000001437; Stenhaug, B. A., &
    Domingue, B. W. (2022). *Psychological Methods*. doi:10.1037/met0000532; Brier (1950).
    doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2
    """
    _check(models, n_folds, kind)
    rng = np.random.default_rng(seed)
    scores = one_row_a_person(matrix, MOST_PERSONS, rng)
    folds = folds_of(scores, n_folds, rng)
    if not (folds >= 0).any():
        raise TooFewAnswersError("There are no scored answers, so there is nothing to predict.")
    predictions = [_predictions(scores, folds, n_folds, model, kind) for model in models]
    return Prediction(
        score_predictions(scores, dict(zip(models, predictions, strict=True))),
        int((folds >= 0).sum()),
        n_folds,
        int((folds >= 0).any(axis=1).sum()),
    )


def _check(models: Sequence[str], n_folds: int, kind: str) -> None:
    """Raise FitError with a sentence for what cannot be asked."""
    if n_folds < 2:
        raise FitError(f"Cross-validation needs at least 2 folds, not {n_folds}.", n_folds=n_folds)
    if kind not in KINDS:
        raise FitError(f"The kind of a prediction must be one of {', '.join(KINDS)}, not {kind!r}.", kind=kind)
    if not models:
        raise FitError("Name at least one model whose predictions are to be compared.")
    known = (*_PLAIN, "1PL", "2PL", "3PL", "4PL")
    for model in models:
        if model.removesuffix(WEAK) not in known:
            raise FitError(f"The model must be one of {', '.join(known)}, not {model!r}.", model=model)


def folds_of(scores: Scores, n_folds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The fold that hides each answer, -1 where there is none: a person's answers are dealt out evenly.

    Each person's folds begin at a random one, so that short exams fill all folds alike.
    """
    order = np.argsort(np.where(scores >= 0, rng.random(scores.shape), 2.0), axis=1)
    rank = np.argsort(order, axis=1)
    first = rng.integers(n_folds, size=(len(scores), 1))
    return np.where(scores >= 0, (rank + first) % n_folds, -1)


def _predictions(scores: Scores, folds: NDArray[np.int64], n_folds: int, model: str, kind: str) -> Floats | str:
    """The chance of each answer by a model that has not seen it (nan where missing), or why there is none."""
    predicted = np.full(scores.shape, np.nan)
    for fold in range(n_folds):
        hidden = folds == fold
        if not hidden.any():
            continue
        try:
            chances = chances_of(np.where(hidden, -1, scores).astype(np.int8), model, kind)
        except IrtError as error:
            return error.message
        predicted[hidden] = chances[hidden]
    return predicted


def chances_of(scores: Scores, model: str, kind: str = "predictive") -> Floats:
    """P(right) of each person on each item from these answers, shape (n_persons, n_items)."""
    share = _shares(scores)
    if model == "share":
        return np.broadcast_to(share, scores.shape)
    if model == "person":
        return _by_person(scores, share)
    matrix = ResponseMatrix.from_array(scores)
    options = CalibrationOptions(model.removesuffix(WEAK), "weak" if model.endswith(WEAK) else None)
    fitted = calibrate(matrix, options=options)
    shared = align(matrix, fitted)
    chances = np.tile(share, (len(scores), 1))
    if kind == "estimate":
        chances[:, shared.columns] = irf(estimate_abilities(matrix, fitted).theta, shared.items)
    else:
        chances[:, shared.columns] = averaged_chances(shared.answers(matrix), shared.items)
    return chances


def averaged_chances(scores: Scores, items: ItemParameters) -> Floats:
    """Each curve averaged over each person's posterior under theta ~ N(0, 1), shape (n_persons, n_items)."""
    return posterior_irf(scores, items, (0.0, 1.0))


def _shares(scores: Scores) -> Floats:
    """Share correct of each item, half an answer of each kind added."""
    share: Floats = ((scores == 1).sum(axis=0) + 0.5) / ((scores >= 0).sum(axis=0) + 1.0)
    return share


def _by_person(scores: Scores, share: Floats) -> Floats:
    """The shares, moved on the logit scale by the person's score beside the expected one (one answer added to each)."""
    seen = scores >= 0
    n = seen.sum(axis=1) + 2.0
    surplus = logit(((scores == 1).sum(axis=1) + 1) / n) - logit((seen @ share + 1) / n)
    moved: Floats = expit(logit(share) + surplus[:, None])
    return moved
