"""The normal population of ability: the one that applies, and items by standard deviations from its mean."""

from __future__ import annotations

import math

from irt.calibration.result import Calibration
from irt.errors import FitError
from irt.items import ItemParameters


def population_of(calibration: Calibration, population: tuple[float, float] | None = None) -> tuple[float, float]:
    """The population asked for, or else the calibration's own.

    Raises
    ------
    FitError
        Unless mean and standard deviation are finite and the latter is positive.
    """
    own = calibration.population
    mean, sd = (own.mean, own.sd) if population is None else (float(value) for value in population)
    if not (math.isfinite(mean) and math.isfinite(sd) and sd > 0):
        raise FitError(
            f"The population needs a finite mean and a positive standard deviation, not ({mean:g}, {sd:g}).",
            population=(mean, sd),
        )
    return mean, sd


def standardised(items: ItemParameters, population: tuple[float, float]) -> ItemParameters:
    """The same curves by (theta - mean) / sd."""
    mean, sd = population
    if (mean, sd) == (0.0, 1.0):
        return items
    return ItemParameters(
        items.item_ids,
        items.discrimination * sd,
        items.intercept + items.discrimination * mean,
        items.guessing,
        items.upper_asymptote,
    )
