"""Calibrations with chosen items, which no answers were fitted to."""

from collections.abc import Sequence

import numpy as np

from irt.calibration.result import Calibration, CalibrationOptions, FitStatus, Population, StandardErrors
from irt.items import ItemParameters

#: Parameters of an item by model.
MODELS = {"1PL": 2, "2PL": 2, "3PL": 3, "4PL": 4}


def calibration_of(
    items: ItemParameters, model: str, seed: int = 0, population: Population | None = None
) -> Calibration:
    """A calibration with these items and a random covariance of each."""
    k, n = MODELS[model], len(items)
    rng = np.random.default_rng(seed)
    covariance = np.zeros((n * k, n * k))
    for j in range(n):
        root = rng.normal(0, 0.1, (k, k))
        covariance[j * k : (j + 1) * k, j * k : (j + 1) * k] = root @ root.T
    nothing = np.zeros(n)
    return Calibration(
        items=items,
        item_names=items.item_ids,
        standard_errors=StandardErrors(nothing, nothing, nothing, nothing, nothing),
        covariance=covariance,
        n_answers=nothing,
        log_likelihood=0.0,
        n_persons=0,
        n_parameters=0,
        history=(),
        status=FitStatus.CONVERGED,
        options=CalibrationOptions(model=model),
        population=population or Population(),
    )


def random_items(model: str, item_ids: Sequence[str], seed: int = 0, steepness: float = 1.0) -> ItemParameters:
    """Items as a model has them, of which the first has no asymptotes whatever the model."""
    rng = np.random.default_rng(seed)
    n = len(item_ids)
    guessing = rng.uniform(0.05, 0.4, n) if model in ("3PL", "4PL") else np.zeros(n)
    upper = rng.uniform(0.75, 0.99, n) if model == "4PL" else np.ones(n)
    guessing[0], upper[0] = 0.0, 1.0
    slopes = np.full(n, 1.2) if model == "1PL" else rng.lognormal(0, 0.4, n) * rng.choice([1, 1, 1, -0.5], n)
    return ItemParameters.from_arrays(
        item_ids, slopes * steepness, difficulty=rng.normal(0, 1, n), guessing=guessing, upper_asymptote=upper
    )
