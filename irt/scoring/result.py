"""What scoring returns: abilities, and the probability of each right answer."""

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
        Calibrated items with a scored answer; 0 gives the prior: theta 0, se 1.
    """

    person_ids: tuple[str, ...]
    theta: Floats
    se: Floats
    method: str
    items_answered: NDArray[np.int64]


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
