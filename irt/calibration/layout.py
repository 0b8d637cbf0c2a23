"""Which numbers a model moves: the free parameters of the 1PL and the 2PL, and their priors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.items import Floats, ItemParameters

#: Models that can be fitted.
MODELS = ("1PL", "2PL", "3PL", "4PL")


@dataclass(frozen=True, slots=True)
class Layout:
    """How the vector of free parameters makes slopes and intercepts.

    2PL: (slope of each item, intercept of each item). 1PL: (one common slope, intercept of each item).
    """

    n_items: int
    common_slope: bool

    @property
    def general(self) -> bool:
        """Whether this is more than a plain 1PL or 2PL, so that it needs :mod:`irt.calibration.asymptotes`."""
        return False

    def at_bound(self, parameters: Floats) -> bool:
        """Whether a parameter has run to the end of its range, so that it must be held there."""
        return False

    @property
    def n_slopes(self) -> int:
        """Free slopes."""
        return 1 if self.common_slope else self.n_items

    @property
    def n_parameters(self) -> int:
        """Free parameters."""
        return self.n_slopes + self.n_items

    @property
    def kinds(self) -> NDArray[np.intp]:
        """Kind of each free parameter: 0 slope, 1 intercept; shape (n_parameters,)."""
        return np.repeat([0, 1], [self.n_slopes, self.n_items])

    def slopes(self, parameters: Floats) -> Floats:
        """Slope of each item, shape (n_items,)."""
        if self.common_slope:
            return np.full(self.n_items, parameters[0])
        return parameters[: self.n_items]

    def intercepts(self, parameters: Floats) -> Floats:
        """Intercept of each item, shape (n_items,)."""
        return parameters[self.n_slopes :]

    def asymptotes(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Guessing and upper asymptote of each item, shape (n_items,) each."""
        return np.zeros(self.n_items), np.ones(self.n_items)

    def items(self, parameters: Floats) -> ItemParameters:
        """The items, nameless, for abilities of a standard normal population."""
        names = [str(j) for j in range(self.n_items)]
        return ItemParameters.from_arrays(names, self.slopes(parameters), intercept=self.intercepts(parameters))

    def pull(self, by_slope: Floats, by_intercept: Floats) -> Floats:
        """The gradient in the free parameters, from derivatives by each slope and each intercept."""
        return np.concatenate([[by_slope.sum()] if self.common_slope else by_slope, by_intercept])

    def contract(self, matrix: Floats) -> Floats:
        """A matrix of second derivatives by all slopes and intercepts, in the free parameters."""
        if not self.common_slope:
            return matrix
        rows = np.vstack([matrix[: self.n_items].sum(axis=0, keepdims=True), matrix[self.n_items :]])
        return np.hstack([rows[:, : self.n_items].sum(axis=1, keepdims=True), rows[:, self.n_items :]])

    def spread(self, covariance: Floats, parameters: Floats) -> Floats:
        """A covariance of the free parameters as one of (slope, intercept) of item 1, of item 2, ..."""
        n = self.n_items
        slope = np.zeros(n, dtype=np.intp) if self.common_slope else np.arange(n)
        index = np.stack([slope, self.n_slopes + np.arange(n)], axis=1).ravel()
        return covariance[np.ix_(index, index)]


def as_items(layout: Layout, parameters: Floats) -> ItemParameters:
    """The free parameters as nameless items, for abilities of a standard normal population."""
    return layout.items(parameters)


@dataclass(frozen=True, slots=True)
class Prior:
    """Independent normal priors, kind by kind: slopes, intercepts, logit(guessing), logit(upper asymptote).

    On the slope itself rather than its logarithm, so that an item with a wrong key can come out negative. A precision
    (1 / variance) of 0 is no prior. The mean and standard deviation of a free population have none.

    Parameters
    ----------
    means, precisions : tuple of float
        For each of the four kinds.
    """

    means: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    precisions: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    @property
    def flat(self) -> bool:
        """Whether slopes and intercepts have no prior, so that a slope can grow without limit."""
        return self.precisions[0] == 0 and self.precisions[1] == 0

    def log_density(self, layout: Layout, parameters: Floats) -> float:
        """Log-density up to a constant."""
        return -0.5 * float(self.precision(layout) @ (parameters - self._mean(layout)) ** 2)

    def gradient(self, layout: Layout, parameters: Floats) -> Floats:
        """Derivative of the log-density by the free parameters."""
        return -self.precision(layout) * (parameters - self._mean(layout))

    def precision(self, layout: Layout) -> Floats:
        """Diagonal of the negative second derivative, shape (n_parameters,)."""
        return np.array([*self.precisions, 0.0, 0.0])[layout.kinds]

    def held_weakly(self) -> Prior:
        """The same with the weak priors on slopes and intercepts."""
        return Prior((*WEAK_PRIOR.means[:2], *self.means[2:]), (*WEAK_PRIOR.precisions[:2], *self.precisions[2:]))

    def _mean(self, layout: Layout) -> Floats:
        """Mean of each free parameter, shape (n_parameters,)."""
        return np.array([*self.means, 0.0, 0.0])[layout.kinds]


NO_PRIOR = Prior()

#: Slope ~ Normal(1, 1): 95 % of items between -1 and 3, which holds the weak, the steep and the wrongly keyed;
#: intercept ~ Normal(0, 3): at ability 0 anything from 0.3 % to 99.7 % correct. About one answer's worth each.
WEAK_PRIOR = Prior(means=(1.0, 0.0, 0.0, 0.0), precisions=(1.0, 1 / 9, 0.0, 0.0))

PRIORS = {None: NO_PRIOR, "weak": WEAK_PRIOR}


def with_asymptotes(prior: Prior, guessing: tuple[float, float] | None, upper: tuple[float, float] | None) -> Prior:
    """The prior with normal ones (mean, standard deviation) on the logits of the asymptotes."""
    (of_guessing, guessing_precision), (of_upper, upper_precision) = (
        (0.0, 0.0) if given is None else (given[0], given[1] ** -2) for given in (guessing, upper)
    )
    return Prior(
        (*prior.means[:2], of_guessing, of_upper), (*prior.precisions[:2], guessing_precision, upper_precision)
    )
