"""What a calibration is: item parameters, how sure they are, and how the fit went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from irt.items import Floats, ItemParameters


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
    model : {"2PL", "1PL"}
        1PL: one common slope, theta ~ N(0, 1).
    prior : {None, "weak"}
        None: maximum marginal likelihood. ``"weak"``: slope ~ Normal(1, 1) and intercept ~ Normal(0, 3), which keep
        estimates from few answers finite (marginal maximum a posteriori); standard errors then come from the
        curvature of the posterior.
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
    n_quadrature: int = 61
    tolerance: float = 1e-6
    max_iterations: int = 2000


@dataclass(frozen=True, slots=True)
class StandardErrors:
    """Standard errors of the item parameters, each of shape (n_items,); nan where they cannot be had."""

    discrimination: Floats
    difficulty: Floats
    intercept: Floats


@dataclass(frozen=True, slots=True)
class Excluded:
    """An item or person that was left out of a calibration, and why."""

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
    covariance : ndarray, shape (2 * n_items, 2 * n_items)
        Of (discrimination, intercept) of item 1, of item 2, ...: the inverse of the observed information.
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
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def model(self) -> str:
        """The model's name: 1PL or 2PL."""
        return self.options.model

    @property
    def aic(self) -> float:
        """Akaike's information criterion, -2 log L + 2 n_parameters."""
        return -2 * self.log_likelihood + 2 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion, -2 log L + n_parameters log n_persons."""
        return -2 * self.log_likelihood + self.n_parameters * float(np.log(max(self.n_persons, 1)))

    def item_covariance(self) -> Floats:
        """The 2 x 2 block of each item, shape (n_items, 2, 2), of (discrimination, intercept)."""
        n = len(self.items)
        blocks = self.covariance.reshape(n, 2, n, 2)
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
