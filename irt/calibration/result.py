"""What a calibration is: item parameters, how sure they are, and how the fit went."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from irt.items import Floats, ItemParameters

#: Columns of the covariance for each item, by model.
PARAMETERS_PER_ITEM = {"1PL": 2, "2PL": 2, "3PL": 3, "4PL": 4}


class FitStatus(Enum):
    """How a fit ended; the value is the sentence shown. Not converging is a result, not an exception."""

    CONVERGED = "The fit converged: the estimates no longer change."
    ITERATION_LIMIT = "The fit stopped at its iteration limit before the estimates settled. Read them as approximate."
    NOT_IDENTIFIED = "The answers do not determine every parameter: some standard errors cannot be had."

    @property
    def code(self) -> str:
        """The name used in files and APIs: ``converged``, ``iteration_limit``, ..."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class CalibrationOptions:
    """How to calibrate.

    Parameters
    ----------
    model : {"2PL", "1PL", "3PL", "4PL"}
        1PL: one common slope, theta ~ N(0, 1). 3PL: with the guessing of each item. 4PL: with its upper asymptote too.
    prior : {None, "weak"}
        None: maximum marginal likelihood. ``"weak"``: slope ~ Normal(1, 1) and intercept ~ Normal(0, 3), which keep
        estimates from few answers finite (marginal maximum a posteriori); standard errors then come from the
        curvature of the posterior.
    guessing_prior : tuple of float or None
        3PL and 4PL: logit(guessing) ~ Normal(mean, standard deviation). The default, Normal(-1.1, 0.5), puts 95 % of
        items between 0.11 and 0.47, about 0.25. None: no prior; few exams determine guessing without one.
    upper_prior : tuple of float or None
        4PL: logit(upper_asymptote) ~ Normal(mean, standard deviation). The default, Normal(3, 1), puts 95 % of items
        between 0.74 and 0.993, about 0.95.
    n_quadrature : int
        Points of the normal quadrature over ability on [-6, 6], at least 11; refined where slopes or the length of
        the exam require it, so that the result does not depend on it.
    tolerance : float
        Largest distance of a parameter from the maximum at which the fit is called converged.
    max_iterations : int
        Passes over the data.
    """

    model: str = "2PL"
    prior: str | None = None
    guessing_prior: tuple[float, float] | None = (-1.1, 0.5)
    upper_prior: tuple[float, float] | None = (3.0, 1.0)
    n_quadrature: int = 61
    tolerance: float = 1e-6
    max_iterations: int = 2000


@dataclass(frozen=True, slots=True)
class StandardErrors:
    """Standard errors of the item parameters, each of shape (n_items,).

    nan where they cannot be had: an asymptote that the model does not know or that lies at the end of its range, a
    parameter that the answers do not determine. 0 for items that were held at given values.
    """

    discrimination: Floats
    difficulty: Floats
    intercept: Floats
    guessing: Floats
    upper_asymptote: Floats


@dataclass(frozen=True, slots=True)
class Population:
    """The distribution of ability that a calibration rests on: normal, with mean 0 and standard deviation 1 by choice.

    Where both were estimated (items held fixed set the scale), ``mean_se`` and ``sd_se`` are their standard errors.
    """

    mean: float = 0.0
    sd: float = 1.0
    mean_se: float = math.nan
    sd_se: float = math.nan

    @property
    def standard(self) -> bool:
        """Whether it is the standard normal that sets the scale."""
        return self.mean == 0 and self.sd == 1


@dataclass(frozen=True, slots=True)
class Excluded:
    """An item or person that something had to be done about (mostly: left out), and why."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted model.

    Parameters
    ----------
    items : ItemParameters
        The calibrated items (excluded items are not among them).
    item_names : tuple of str
        Display names in the order of ``items``.
    standard_errors : StandardErrors
    covariance : ndarray, shape (k * n_items, k * n_items)
        Of (discrimination, intercept[, guessing[, upper_asymptote]]) of item 1, of item 2, ...: the inverse of the
        observed information. k = ``parameters_per_item`` is 2 for the 1PL and 2PL, 3 for the 3PL, 4 for the 4PL. Rows
        of parameters that were held are 0, those of parameters that the answers do not determine nan.
    n_answers : ndarray, shape (n_items,)
        Scored answers of each item.
    log_likelihood : float
        Marginal log-likelihood at the estimates (without priors).
    n_persons, n_parameters : int
    history : tuple of float
        The log-likelihood (with priors the log-posterior) after each step, on the final grid; it never falls.
    status : FitStatus
    options : CalibrationOptions
    excluded_items, excluded_persons : tuple of Excluded
    at_limit : tuple of Excluded
        Items of which an asymptote has its best value at the end of its range (guessing 0, upper asymptote 1), where
        it was held; such an asymptote has no standard error.
    population : Population
        The distribution of ability.
    provenance : mapping
        Source fingerprint, selection, package version, time: what is needed to make it again.
    """

    items: ItemParameters
    item_names: tuple[str, ...]
    standard_errors: StandardErrors
    covariance: Floats
    n_answers: Floats
    log_likelihood: float
    n_persons: int
    n_parameters: int
    history: tuple[float, ...]
    status: FitStatus
    options: CalibrationOptions
    excluded_items: tuple[Excluded, ...] = ()
    excluded_persons: tuple[Excluded, ...] = ()
    at_limit: tuple[Excluded, ...] = ()
    population: Population = Population()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def model(self) -> str:
        """The model's name: 1PL, 2PL, 3PL or 4PL."""
        return self.options.model

    @property
    def parameters_per_item(self) -> int:
        """Columns of the covariance for each item: 2 (1PL, 2PL), 3 (3PL) or 4 (4PL)."""
        return PARAMETERS_PER_ITEM[self.options.model]

    @property
    def aic(self) -> float:
        """Akaike's information criterion, -2 log L + 2 n_parameters."""
        return -2 * self.log_likelihood + 2 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion, -2 log L + n_parameters log n_persons."""
        return -2 * self.log_likelihood + self.n_parameters * float(np.log(max(self.n_persons, 1)))

    @property
    def sabic(self) -> float:
        """Schwarz's criterion adjusted for sample size: with (n_persons + 2) / 24 in place of n_persons.

        References
        ----------
        Sclove (1987), Application of model-selection criteria to some problems in multivariate analysis.
        doi:10.1007/BF02294360
        """
        return -2 * self.log_likelihood + self.n_parameters * float(np.log((self.n_persons + 2) / 24))

    def item_covariance(self) -> Floats:
        """The k x k block of each item, shape (n_items, k, k), with k = ``parameters_per_item``."""
        n, k = len(self.items), self.parameters_per_item
        blocks = self.covariance.reshape(n, k, n, k)
        return blocks[np.arange(n), :, np.arange(n), :]

    def save(self, path: str | Path) -> None:
        """Write the calibration file (JSON, format ``itemwise-calibration/1``)."""
        from irt.calibration.file import write_calibration

        write_calibration(self, path)

    @classmethod
    def load(cls, path: str | Path) -> Calibration:
        """Read a calibration file; raises :class:`irt.errors.ResponsesError` with a sentence if it is none."""
        from irt.calibration.file import read_calibration

        return read_calibration(path)
