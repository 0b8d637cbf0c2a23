"""Before the fit: are the options possible, and which items and persons can take part?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.calibration.fixed import Held
from irt.calibration.layout import MODELS, PRIORS
from irt.calibration.result import CalibrationOptions, Excluded
from irt.errors import FitError, TooFewAnswersError
from irt.items import Floats
from irt.responses.matrix import ResponseMatrix

Mask = NDArray[np.bool_]

#: Cells that are looked at together: 2 MB as floats, so that a block stays in the processor's cache.
BLOCK_CELLS = 262_144

#: Items without which a model is not determined, however many persons answer: J items give 2^J - 1 free shares. An
#: asymptote with a prior needs no more.
FEWEST_ITEMS = {"1PL": 2, "2PL": 3, "3PL": 4, "4PL": 5}

#: What a prior on the logit of an asymptote can say: logits past 30 are 0 or 1, and numbers far past them overflow.
MOST_LOGITS, MOST_SPREAD = 30.0, 1e4


@dataclass(frozen=True, slots=True)
class Usable:
    """The part of a matrix that a model can be fitted to, and what was left out."""

    persons: Mask
    items: Mask
    excluded_items: tuple[Excluded, ...]
    excluded_persons: tuple[Excluded, ...]


def check_options(options: CalibrationOptions) -> None:
    """Raise FitError with a sentence for options that cannot be had."""
    if options.model not in MODELS:
        raise FitError(
            f"The model must be one of {', '.join(MODELS)}; {options.model!r} cannot be fitted.", model=options.model
        )
    if options.prior not in PRIORS:
        raise FitError(f'The prior must be None or "weak", not {options.prior!r}.', prior=options.prior)
    _check_prior("guessing", options.guessing_prior)
    _check_prior("upper", options.upper_prior)
    if options.n_quadrature < 11:
        raise FitError(f"Quadrature needs at least 11 points, not {options.n_quadrature}.")
    if not 0 < options.tolerance < 1:
        raise FitError(f"The tolerance must lie between 0 and 1, not {options.tolerance:g}.")
    if options.max_iterations < 1:
        raise FitError(f"At least 1 iteration is needed, not {options.max_iterations}.")


def _check_prior(name: str, prior: tuple[float, float] | None) -> None:
    """Raise FitError for a prior on the logit of an asymptote that is no mean and standard deviation."""
    if prior is None:
        return
    try:
        mean, sd = (float(value) for value in prior)
    except (TypeError, ValueError):
        mean, sd = np.nan, np.nan
    if not (abs(mean) <= MOST_LOGITS and 1 / MOST_SPREAD <= sd <= MOST_SPREAD):
        raise FitError(
            f"The {name} prior must be None or a mean and a standard deviation above 0 on the logit scale, such as "
            f"(-1.1, 0.5), within {MOST_LOGITS:g} and between {1 / MOST_SPREAD:g} and {MOST_SPREAD:g}, not {prior!r}."
        )


def usable(matrix: ResponseMatrix, names: tuple[str, ...], left_out: dict[int, str], held: Mask) -> Usable:
    """Items that somebody answered right and somebody wrong, and persons who answered at least one of them.

    Leaving out a person can make an item constant and the other way round; repeated until nothing changes.
    ``left_out`` holds the reasons for items that an earlier fit has ruled out; ``held`` (n_items,) the items held at
    given values, which may be answered alike by all.
    """
    weights = person_weights(matrix)
    reasons = dict(left_out)
    persons = weights > 0
    while True:
        items = np.array([j not in reasons for j in range(matrix.n_items)], dtype=bool)
        present, counts, rights = tally(matrix, items, weights)
        constant = items & ((rights == 0) | (rights == counts)) & ~(held & (counts > 0))
        for j in np.flatnonzero(constant):
            reasons[int(j)] = _constant_reason(names[j], counts[j], rights[j])
        if not constant.any():
            break
    excluded_items = tuple(Excluded(matrix.item_ids[j], reasons[j]) for j in sorted(reasons))
    missing = np.flatnonzero(persons & ~present)
    seen = [bool((matrix.scores[i] >= 0).any()) for i in missing]
    excluded_persons = tuple(
        Excluded(matrix.person_ids[i], _absent_reason(some)) for i, some in zip(missing, seen, strict=True)
    )
    return Usable(present, items, excluded_items, excluded_persons)


def tally(matrix: ResponseMatrix, items: Mask, weights: Floats) -> tuple[Mask, Floats, Floats]:
    """Who answered any of these items; answers and right answers of each item. A block of rows at a time."""
    present = np.zeros(matrix.n_persons, dtype=bool)
    counts, rights = np.zeros((2, matrix.n_items))
    size = max(1, BLOCK_CELLS // max(matrix.n_items, 1))
    for start in range(0, matrix.n_persons, size):
        rows = slice(start, start + size)
        scores = matrix.scores[rows]
        if matrix.weights is None and scores.size and scores.min() >= 0:
            present[rows] = items.any()
            counts += len(scores)
        else:
            answered = scores >= 0
            present[rows] = (answered & items).any(axis=1)
            counts += weights[rows] @ answered
        rights += weights[rows] @ (scores == 1)
    return present & (weights > 0), counts * items, rights * items


def check_enough(part: Usable, options: CalibrationOptions, held: Held) -> None:
    """Raise TooFewAnswersError where too few items are left for the model."""
    n_items, n_persons, excluded = int(part.items.sum()), int(part.persons.sum()), part.excluded_items
    if held.any and n_items and not held.free_population and held.items[part.items].all():
        raise TooFewAnswersError(
            "Every item left to calibrate is held fixed, so there is nothing to estimate: leave an item free, or the "
            "population.",
            model=options.model,
            n_items=n_items,
            n_persons=n_persons,
        )
    fewest = _fewest_items(options) if options.prior is None and not held.any else 1
    if n_items >= fewest:
        return
    needs = f"{fewest} item{'s' if fewest > 1 else ''}"
    left = "no item is" if n_items == 0 else f"only {n_items} {'is' if n_items == 1 else 'are'}"
    why = f" {excluded[0].reason}" if excluded else ""
    more = f" {len(excluded) - 1} more were left out as well." if len(excluded) > 1 else ""
    raise TooFewAnswersError(
        f"The {options.model} needs at least {needs} that some answered right and some wrong; {left} left to "
        f"calibrate.{why}{more}",
        model=options.model,
        n_items=n_items,
        n_persons=n_persons,
        excluded=tuple(item.id for item in excluded),
    )


def _fewest_items(options: CalibrationOptions) -> int:
    """Items that the model needs; each asymptote that has a prior makes it one less."""
    given = (options.guessing_prior is not None) * (options.model in ("3PL", "4PL"))
    given += (options.upper_prior is not None) * (options.model == "4PL")
    return FEWEST_ITEMS[options.model] - given


def person_weights(matrix: ResponseMatrix) -> Floats:
    """Weight of each row; one where none are given."""
    return np.ones(matrix.n_persons) if matrix.weights is None else matrix.weights


def called(name: str) -> str:
    """An item at the beginning of a sentence: "Item Q17", but "Item_17" as it is."""
    return name if name.lower().startswith("item") else f"Item {name}"


def _constant_reason(name: str, n: float, n_right: float) -> str:
    """Why an item with equal answers is left out."""
    if n == 0:
        return f"{called(name)} has no scored answers, so nothing can be said of it. It is left out of the calibration."
    what = "correctly" if n_right > 0 else "wrongly"
    who = "the only student who answered it" if n == 1 else f"all {n:g} students who answered it"
    return (
        f"{called(name)} was answered {what} by {who}, so its difficulty cannot be estimated. "
        "It is left out of the calibration."
    )


def _absent_reason(answered_something: bool) -> str:
    """Why a person is left out."""
    if answered_something:
        return "This student answered only items that were left out, which says nothing about the others."
    return "This student has no scored answers."
