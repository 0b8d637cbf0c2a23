"""Free parameters where a plain layout does not do: asymptotes, items held fixed, a population to be estimated."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from irt.calibration.layout import Layout
from irt.calibration.result import PARAMETERS_PER_ITEM, CalibrationOptions
from irt.items import Floats, ItemParameters

#: Rows of the table of working parameters.
SLOPE, INTERCEPT, GUESSING, UPPER = range(4)
#: An asymptote closer than this to 0 or 1 (0.1 %, on the logit scale) is on its way there.
FARTHEST_LOGIT = 6.9
#: One closer than this (1 %) that would go on is held with the first that is on its way.
NEAR_LOGIT = 4.6
#: Where an asymptote goes on from when it is let go (2 %).
INSIDE_LOGIT = 4.0
#: How far apart it then is, at least, from the other one.
APART_LOGIT = 1.0
#: Where the range of the asymptotes ends: guessing 0, upper asymptote 1.
ENDS = {GUESSING: -np.inf, UPPER: np.inf}


@dataclass(frozen=True, slots=True)
class GeneralLayout(Layout):
    """How the vector of free parameters makes the curves of the items.

    Each item has four *working* parameters: slope, intercept, logit(guessing), logit(upper asymptote). The vector holds
    those that are free, kind after kind, and then, if the population is free, its mean and the logarithm of its
    standard deviation.

    Parameters
    ----------
    held : ndarray, shape (4, n_items)
        Working parameters that do not move (-inf and inf for asymptotes 0 and 1); nan where free.
    n_kinds : int
        How many of the four kinds the model knows: 2, 3 or 4.
    free_population : bool
        Whether ability has a mean and standard deviation to be estimated, rather than 0 and 1.
    without_prior : tuple of int
        The kinds of asymptotes that no prior keeps from the end of their range.
    """

    held: Floats
    n_kinds: int
    free_population: bool = False
    without_prior: tuple[int, ...] = ()

    @property
    def general(self) -> bool:
        """Such a layout needs the steps of :mod:`irt.calibration.asymptotes`."""
        return True

    @property
    def free(self) -> NDArray[np.bool_]:
        """Which working parameters are free, shape (4, n_items)."""
        return np.isnan(self.held)

    @property
    def n_slopes(self) -> int:
        """Free slopes."""
        return int(self.free[SLOPE].sum())

    @property
    def n_item_parameters(self) -> int:
        """Free parameters of items."""
        return int(self.free.sum())

    @property
    def n_parameters(self) -> int:
        """Free parameters."""
        return self.n_item_parameters + 2 * self.free_population

    @property
    def kinds(self) -> NDArray[np.intp]:
        """Kind of each free parameter: 0 to 3 for items, 4 and 5 for mean and log(sd), shape (n_parameters,)."""
        return np.concatenate([np.nonzero(self.free)[0], [4, 5][: 2 * self.free_population]]).astype(np.intp)

    def working(self, parameters: Floats) -> Floats:
        """Working parameters of all items, shape (4, n_items)."""
        table = self.held.copy()
        table[self.free] = parameters[: self.n_item_parameters]
        return table

    def population(self, parameters: Floats) -> tuple[float, float]:
        """Mean and standard deviation of ability."""
        if not self.free_population:
            return 0.0, 1.0
        return float(parameters[-2]), float(np.exp(parameters[-1]))

    def standardised(self, parameters: Floats) -> Floats:
        """Working parameters for abilities counted from the population's mean in its standard deviations."""
        table = self.working(parameters)
        mean, sd = self.population(parameters)
        table[INTERCEPT] += table[SLOPE] * mean
        table[SLOPE] *= sd
        return table

    def slopes(self, parameters: Floats) -> Floats:
        """Slope of each item, shape (n_items,)."""
        return np.asarray(self.working(parameters)[SLOPE])

    def intercepts(self, parameters: Floats) -> Floats:
        """Intercept of each item, shape (n_items,)."""
        return np.asarray(self.working(parameters)[INTERCEPT])

    def asymptotes(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Guessing and upper asymptote of each item, shape (n_items,) each."""
        table = self.working(parameters)
        return np.asarray(expit(table[GUESSING])), np.asarray(expit(table[UPPER]))

    def at_bound(self, parameters: Floats) -> bool:
        """Whether an asymptote is so close to 0 or 1 that it must be held there."""
        return bool(self.past(parameters, FARTHEST_LOGIT).any())

    def past(self, parameters: Floats, limit: float) -> NDArray[np.bool_]:
        """Free asymptotes within this logit of 0 (guessing) or 1 (upper asymptote), shape (4, n_items)."""
        table = self.working(parameters)
        past = np.zeros_like(self.free)
        for kind in self.without_prior:
            past[kind] = table[kind] * np.sign(ENDS[kind]) > limit
        return past & self.free

    def vector(self, table: Floats, parameters: Floats) -> Floats:
        """The free parameters from a table of working parameters; the population as in ``parameters``."""
        return np.concatenate([table[self.free], parameters[len(parameters) - 2 * self.free_population :]])

    def with_held(self, which: NDArray[np.bool_], parameters: Floats) -> tuple[GeneralLayout, Floats]:
        """The layout with these asymptotes held at the end of their range, and the parameters in it."""
        held = self.held.copy()
        for kind, end in ENDS.items():
            held[kind, which[kind]] = end
        after = replace(self, held=held)
        return after, after.vector(self.working(parameters), parameters)

    def with_free(self, which: NDArray[np.bool_], parameters: Floats) -> tuple[GeneralLayout, Floats]:
        """The layout with these asymptotes let go from the end of their range, and parameters a little inside it."""
        table = self.working(parameters)
        low = np.minimum(-INSIDE_LOGIT, table[UPPER] - APART_LOGIT)
        high = np.maximum(INSIDE_LOGIT, table[GUESSING] + APART_LOGIT)
        for kind, inside in ((GUESSING, low), (UPPER, high)):
            table[kind] = np.where(which[kind], inside, table[kind])
        after = replace(self, held=np.where(which, np.nan, self.held))
        return after, after.vector(table, parameters)

    def items(self, parameters: Floats) -> ItemParameters:
        """The items, nameless, for abilities of a standard normal population."""
        table = self.standardised(parameters)
        return ItemParameters.from_arrays(
            [str(j) for j in range(self.n_items)],
            table[SLOPE],
            intercept=table[INTERCEPT],
            guessing=expit(table[GUESSING]),
            upper_asymptote=expit(table[UPPER]),
        )

    def chain(self, parameters: Floats) -> Floats:
        """Derivatives of the standardised working parameters by the free ones, (n_kinds * n_items, n_parameters)."""
        n, free = self.n_items, np.flatnonzero(self.free[: self.n_kinds])
        mean, sd = self.population(parameters)
        matrix = np.zeros((self.n_kinds * n, self.n_parameters))
        matrix[free, np.arange(len(free))] = 1.0
        if self.free_population:
            slopes = self.slopes(parameters)
            n_slopes = self.n_slopes
            matrix[n + free[:n_slopes], np.arange(n_slopes)] = mean
            matrix[free[:n_slopes], np.arange(n_slopes)] = sd
            matrix[n : 2 * n, -2] = slopes
            matrix[:n, -1] = slopes * sd
        return matrix

    def pull_all(self, gradient: Floats, parameters: Floats) -> Floats:
        """The gradient in the free parameters, from one by the standardised ones of shape (n_kinds, n_items)."""
        if self.free_population:
            return np.asarray(gradient.ravel() @ self.chain(parameters))
        return np.asarray(gradient[self.free[: self.n_kinds]])

    def contract_all(self, information: Floats, gradient: Floats, parameters: Floats) -> Floats:
        """Negative second derivatives in the free parameters, from those by the standardised ones (kind after kind)."""
        if not self.free_population:
            free = np.flatnonzero(self.free[: self.n_kinds])
            return np.asarray(information[np.ix_(free, free)])
        chain = self.chain(parameters)
        matrix: Floats = chain.T @ information @ chain
        sd = self.population(parameters)[1]
        of_slopes = np.flatnonzero(self.free[SLOPE])
        at = np.arange(len(of_slopes))
        matrix[at, -1] -= gradient[SLOPE, of_slopes] * sd
        matrix[-1, at] -= gradient[SLOPE, of_slopes] * sd
        matrix[at, -2] -= gradient[INTERCEPT, of_slopes]
        matrix[-2, at] -= gradient[INTERCEPT, of_slopes]
        matrix[-1, -1] -= float(gradient[SLOPE] @ self.slopes(parameters)) * sd
        return matrix

    def spread(self, covariance: Floats, parameters: Floats) -> Floats:
        """Covariance of the natural parameters of item 1, of item 2, ...; 0 for those that are held."""
        n, k = self.n_items, self.n_kinds
        table = self.working(parameters)
        scale = np.ones((4, n))
        for kind in (GUESSING, UPPER):
            scale[kind] = expit(table[kind]) * expit(-table[kind])
        n_free = self.n_item_parameters
        by = scale[self.free]
        of, item = np.nonzero(self.free)
        at = item * k + of
        result = np.zeros((k * n, k * n))
        result[np.ix_(at, at)] = covariance[:n_free, :n_free] * np.multiply.outer(by, by)
        return result


def general_layout(options: CalibrationOptions, held: Floats, free_population: bool = False) -> GeneralLayout:
    """The layout of a model, with what is held besides the asymptotes that the model does not know."""
    model, table = options.model, held.copy()
    priors = {GUESSING: options.guessing_prior, UPPER: options.upper_prior}
    for kind, end in ENDS.items():
        if kind >= PARAMETERS_PER_ITEM[model]:
            table[kind] = np.where(np.isnan(table[kind]), end, table[kind])
    without = tuple(kind for kind, prior in priors.items() if prior is None)
    return GeneralLayout(table.shape[1], False, table, PARAMETERS_PER_ITEM[model], free_population, without)
