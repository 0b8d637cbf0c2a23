"""One scale for two calibrations: the line that takes abilities of one to the other, with its uncertainty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from irt.calibration import Calibration, Excluded, Population
from irt.calibration.uncertainty import standard_errors
from irt.comparing.anchors import Shared, parameters_of, usable_anchors
from irt.comparing.curve_matching import Abilities, Criterion, match_curves
from irt.comparing.linking_constants import Constants, mean_mean, mean_sigma
from irt.errors import FitError
from irt.items import Floats, ItemParameters, frozen
from irt.quadrature import grid_for
from irt.scoring.population import population_of, standardised

#: Ways to link, best first: Stocking and Lord's uses whole curves and is least upset by a single anchor.
METHODS = ("stocking-lord", "haebara", "mean-sigma", "mean-mean")


@dataclass(frozen=True, slots=True)
class Link:
    """The line between the scales of two calibrations, theta_base = slope * theta_new + intercept.

    Parameters
    ----------
    slope, intercept : float
        With a standard normal population in both calibrations: standard deviation and mean of the new students'
        abilities on the base scale.
    slope_se, intercept_se : float
        By the delta method from the covariances of both calibrations, taken as independent (no student in both); nan
        where these cannot be had.
    method : str
    anchor_ids : tuple of str
        The items that tie the scales together.
    covariance : ndarray, shape (2, 2)
        Of slope and intercept.
    left_out : tuple of Excluded
        Shared items that could not be anchors, and why.
    by_new, by_base : ndarray, shape (2, 4, n_anchors)
        Derivatives of (slope, intercept) by discrimination, intercept, guessing and upper asymptote of the anchors.
    """

    slope: float
    intercept: float
    slope_se: float
    intercept_se: float
    method: str
    anchor_ids: tuple[str, ...]
    covariance: Floats
    left_out: tuple[Excluded, ...]
    by_new: Floats
    by_base: Floats


def link(
    new: Calibration, base: Calibration, method: str = "stocking-lord", anchors: Sequence[str] | None = None
) -> Link:
    r"""The line that takes abilities of a new calibration to the scale of a base, from the items that both have.

    .. math:: \theta_{base} = A\, \theta_{new} + B, \quad a_{base} = a_{new} / A, \quad b_{base} = A\, b_{new} + B

    Guessing and upper asymptote do not depend on the scale.

    Parameters
    ----------
    new, base : Calibration
    method : {"stocking-lord", "haebara", "mean-sigma", "mean-mean"}
        By the sum of the curves, by each curve, by means and standard deviations of difficulties, or by the means of
        discriminations and of difficulties.
    anchors : sequence of str, optional
        The items to link by; default: all that both calibrations have.

    Raises
    ------
    FitError
        For an unknown method, an anchor that is not shared, or fewer than two usable anchors. One is enough between
        two 1PL calibrations, whose slopes give A.

    Notes
    -----
    Curves are compared over the populations of both calibrations, on at least 61 equally spaced points from -6 to 6
    standard deviations with normal weights, refined for steep items: going backwards gives the inverse line (Kim &
    Kolen 2007, doi:10.1080/08957340701301371). Between two 1PL calibrations A is the ratio of the common slopes in
    every method, so that the linked scale has one slope again. Shared items that do not rise with ability are left
    out.

    References
    ----------
    Kolen, M. J., & Brennan, R. L. (2014). *Test Equating, Scaling, and Linking*, ch. 6.
    doi:10.1007/978-1-4939-0317-7

    Ogasawara, H. (2000, 2001): standard errors. doi:10.1177/01466216010251004
    """
    if method not in METHODS:
        raise FitError(f"There is no way to link called {method!r}; there is: {', '.join(METHODS)}.")
    one_slope = new.model == base.model == "1PL"
    shared = usable_anchors(new, base, anchors, needed=1 if one_slope else 2)
    found = _constants(new, base, shared, method, one_slope)
    covariance = link_covariance(found.by_new, new, shared.new) + link_covariance(found.by_base, base, shared.base)
    errors = np.sqrt(np.diag(covariance))
    return Link(
        slope=found.slope,
        intercept=found.intercept,
        slope_se=float(errors[0]),
        intercept_se=float(errors[1]),
        method=method,
        anchor_ids=tuple(base.items.item_ids[j] for j in shared.base),
        covariance=frozen(covariance),
        left_out=shared.left_out,
        by_new=frozen(found.by_new),
        by_base=frozen(found.by_base),
    )


def _constants(new: Calibration, base: Calibration, shared: Shared, method: str, one_slope: bool) -> Constants:
    """Slope and intercept by a method."""
    tables = parameters_of(new.items, shared.new), parameters_of(base.items, shared.base)
    if method in ("mean-mean", "mean-sigma"):
        means: Callable[[Floats, Floats], Constants] = mean_mean if one_slope or method == "mean-mean" else mean_sigma
        return means(*tables)
    criterion = Criterion(*tables, _abilities(new, base, shared), summed=method == "stocking-lord")
    return match_curves(criterion, common_slope=one_slope)


def _abilities(new: Calibration, base: Calibration, shared: Shared) -> Abilities:
    """Points and weights of both populations, close enough together for the anchors."""
    parts = []
    for calibration, positions in ((new, shared.new), (base, shared.base)):
        mean, sd = population_of(calibration)
        grid = grid_for(standardised(calibration.items.take(positions), (mean, sd)))
        parts += [mean + sd * grid.points, np.exp(grid.log_weights)]
    return Abilities(*parts)


def link_covariance(by: Floats, calibration: Calibration, positions: NDArray[np.intp]) -> Floats:
    """Covariance of quantities with derivatives ``by``, shape (m, 4, n), by the parameters of some items, (m, m)."""
    rows = spread(by, calibration, positions)
    used = rows.any(axis=0)  # 0 times nan is 0 here: what does not depend on a parameter does not ask for its error
    part: Floats = rows[:, used] @ calibration.covariance[np.ix_(used, used)] @ rows[:, used].T
    return part


def spread(by: Floats, calibration: Calibration, positions: NDArray[np.intp]) -> Floats:
    """Derivatives by some items' parameters, shape (m, 4, n), as rows over all columns of the covariance."""
    k, n_items = calibration.parameters_per_item, len(calibration.items)
    rows = np.zeros((len(by), n_items, k))
    rows[:, positions] = by[:, :k].transpose(0, 2, 1)
    return rows.reshape(len(by), n_items * k)


def transform(calibration: Calibration, link: Link) -> Calibration:
    """A calibration on the base scale of a link: items, errors, covariance and population.

    Parameters
    ----------
    calibration : Calibration
        The new calibration of the link.
    link : Link

    Returns
    -------
    Calibration
        Its probabilities are those before; ``covariance`` is that of its own answers, with the line taken as known.
        What the line adds is in ``link.covariance``, and :func:`irt.comparing.drift` counts it in.
    """
    items, k = calibration.items, calibration.parameters_per_item
    a, b = link.slope, link.intercept
    moved = ItemParameters(
        items.item_ids,
        items.discrimination / a,
        items.intercept - b / a * items.discrimination,
        items.guessing,
        items.upper_asymptote,
    )
    block = np.eye(k)
    block[:2, :2] = [[1 / a, 0.0], [-b / a, 1.0]]
    n = len(items)
    wide = calibration.covariance.reshape(n, k, n, k)
    covariance = np.einsum("pq,iqjr,sr->ipjs", block, wide, block, optimize=True).reshape(n * k, n * k)
    people = calibration.population
    held = np.zeros((4, n), dtype=bool)
    errors = standard_errors(moved, covariance, held)
    own = calibration.standard_errors
    return replace(
        calibration,
        items=moved,
        covariance=frozen(covariance),
        standard_errors=replace(errors, guessing=own.guessing, upper_asymptote=own.upper_asymptote),
        population=Population(
            mean=a * people.mean + b,
            sd=a * people.sd,
            mean_se=link.intercept_se if people.standard else a * people.mean_se,
            sd_se=link.slope_se if people.standard else a * people.sd_se,
        ),
    )
