"""What scoring returns: abilities, probabilities of right answers, bands, and what scores stand for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.items import Floats


@dataclass(frozen=True, slots=True)
class AbilityEstimates:
    """Abilities of persons.

    Parameters
    ----------
    person_ids : tuple of str
    theta : ndarray, shape (n_persons,)
        Logits; higher = stronger.
    se : ndarray, shape (n_persons,)
        For EAP the posterior standard deviation.
    method : str
        ``EAP``, ...
    items_answered : ndarray of int, shape (n_persons,)
        Calibrated items with a scored answer; 0 gives the population's mean and standard deviation (EAP, MAP) or nan.
    population : (mean, sd)
        The normal distribution of ability that EAP and MAP start from.
    """

    person_ids: tuple[str, ...]
    theta: Floats
    se: Floats
    method: str
    items_answered: NDArray[np.int64]
    population: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Probabilities:
    """P(right answer) of each person on each item, with a 95 % interval.

    Arrays have shape (n_persons, n_items) in the order of the response matrix; items that are not in the calibration
    are nan. ``correct`` is the answer given: 1, 0, -1 missing.
    """

    person_ids: tuple[str, ...]
    item_ids: tuple[str, ...]
    probability: Floats
    lower: Floats
    upper: Floats
    correct: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class CurveBand:
    """Item characteristic curves with a 95 % band, each of shape (n, n_items).

    ``simultaneous``: whether the band holds whole curves, or the probability at each ability by itself.
    """

    probability: Floats
    lower: Floats
    upper: Floats
    simultaneous: bool = False


@dataclass(frozen=True, slots=True)
class ScoreBand:
    """Expected number right at each ability with a 95 % band, each of shape (n,); simultaneous as in ``CurveBand``."""

    expected: Floats
    lower: Floats
    upper: Floats
    simultaneous: bool = False


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """What each number of right answers stands for, for persons who answered all items.

    Parameters
    ----------
    score : ndarray of int, shape (n_items + 1,)
        Number right: 0, 1, ..., n_items.
    theta, se : ndarray, shape (n_items + 1,)
        Mean and standard deviation of the ability of persons with this score, in logits. nan for a score that nobody
        can have.
    theta_expected : ndarray, shape (n_items + 1,)
        Ability at which this score is the expected one; nan where there is none, as for 0 and full marks.
    expected, observed : ndarray, shape (n_items + 1,)
        Share of persons with this score: by the model in its population, and among the persons given (nan without).
    n_observed : float
        Persons who answered all items; 0 without answers.
    reliability : float
        Of the number right in the population: variance of the expected score over that of the score.
    population : (mean, sd)
        The normal distribution of ability.
    """

    score: NDArray[np.int64]
    theta: Floats
    se: Floats
    theta_expected: Floats
    expected: Floats
    observed: Floats
    n_observed: float
    reliability: float
    population: tuple[float, float] = (0.0, 1.0)
