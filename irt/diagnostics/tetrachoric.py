"""Tetrachoric correlations: of the normal variables through which right-or-wrong answers are thought to cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from irt.items import Floats, closed, frozen
from irt.responses import ResponseMatrix

Cells = NDArray[np.floating[Any]]
#: Points of the Gauss-Legendre rule, and of the finer one past FINE_FROM, where the integrand turns sharply.
POINTS, FINE_POINTS, FINE_FROM = 24, 128, 0.85
#: Steps that find the root: Newton's, or halvings of a bracket of length pi where Newton would leave it.
MOST_STEPS = 60
#: A root is found when its angle moves by less than this: Newton's next step would be its square.
PRECISION = 1e-9
#: Tables of fewer persons than this are solved once for all pairs that have them.
FEW = 1_000
#: Pairs of items solved at a time.
BLOCK = 8192
#: Persons whose answers are counted at a time.
PERSONS = 65_536
#: Persons that a table without an empty cell must have for its empty cells: the continuity correction.
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Tetrachoric:
    """Tetrachoric correlations of all pairs of items.

    Parameters
    ----------
    correlation : ndarray, shape (n_items, n_items)
        1 on the diagonal; nan for pairs that nobody answered both, or of which one was answered alike by all who did.
    n : ndarray, shape (n_items, n_items)
        Persons (weights) who answered both.
    corrected : ndarray of bool, shape (n_items, n_items)
        Pairs of which a cell of the table of right and wrong was empty.
    """

    correlation: Floats
    n: Floats
    corrected: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PairTables:
    """The four cells of each pair of items i, j: both right, only i, only j, neither; each of one shape."""

    both: Floats
    first: Floats
    second: Floats
    neither: Floats


def tetrachoric(matrix: ResponseMatrix) -> Tetrachoric:
    r"""Maximum likelihood tetrachoric correlations of all pairs of items, over the persons who answered both.

    Right answers are taken as a standard normal variable above a threshold. With three parameters (two thresholds and
    r) a table of four shares is met exactly, so the maximum of the likelihood has the thresholds at the pair's own
    margins, and r solves

    .. math:: \Phi_2(h, k; r) = p_{11}, \quad h = \Phi^{-1}(p_{1\cdot}),\; k = \Phi^{-1}(p_{\cdot 1})

    Parameters
    ----------
    matrix : ResponseMatrix
        Missing answers take no part; weights count as so many persons.

    Returns
    -------
    Tetrachoric

    Notes
    -----
    An empty cell would put r at -1 or 1: half a person is moved into it (and into the cell across) from the other two,
    which keeps the margins (Brown & Benedetti 1977); less where those hold less than one person. By Plackett's identity
    :math:`\Phi_2` is the integral of the density over the correlation; with :math:`r = \sin t`

    .. math:: \Phi_2(h, k; \sin t) = \Phi(h)\Phi(k) + \frac{1}{2\pi} \int_0^t
        \exp\left(-\frac{h^2 + k^2 - 2 h k \sin u}{2 \cos^2 u}\right) du

    taken by Gauss-Legendre points and solved for t by Newton steps inside a bracket, all pairs at once. Agrees with a
    root of scipy's bivariate normal to 1e-8. Each pair has persons of its own, so with missing answers the matrix need
    not be positive definite.

    References
    ----------
    Olsson, U. (1979). *Psychometrika*, 44, 443-460. doi:10.1007/BF02296207; Brown, M. B., & Benedetti, J. K. (1977).
    *Psychometrika*, 42, 347-355. doi:10.1007/BF02293655; Drezner, Z., & Wesolowsky, G. O. (1990). *Journal of
    Statistical Computation and Simulation*, 35, 101-107. doi:10.1080/00949659008811236

    Examples
    --------
    >>> matrix = ResponseMatrix.from_array([[1, 1], [1, 0], [0, 1], [0, 0]], weights=[40, 10, 10, 40])
    >>> tetrachoric(matrix).correlation.round(4).tolist()
    [[1.0, 0.809], [0.809, 1.0]]
    """
    return tetrachoric_of(matrix.scores, matrix.weights)


def tetrachoric_of(scores: NDArray[np.int8], weights: Floats | None = None) -> Tetrachoric:
    """The correlations from a table of 0, 1 and -1."""
    tables, upper = pair_tables(scores, weights), np.triu_indices(scores.shape[1], k=1)
    pairs = PairTables(*(cell[upper] for cell in _cells(tables)))
    correlation, corrected = np.eye(scores.shape[1]), np.zeros((scores.shape[1], scores.shape[1]), dtype=bool)
    values, empty = correlations_of(pairs)
    correlation[upper] = correlation.T[upper] = values
    corrected[upper] = corrected.T[upper] = empty
    n = tables.both + tables.first + tables.second + tables.neither
    return Tetrachoric(frozen(correlation), frozen(n), closed(corrected))


def pair_tables(scores: NDArray[np.int8], weights: Floats | None = None) -> PairTables:
    """The tables of all pairs of items, each cell of shape (n_items, n_items)."""
    n_items = scores.shape[1]
    both, right, seen = (np.zeros((n_items, n_items)) for _ in range(3))
    for start in range(0, len(scores), PERSONS):
        block = scores[start : start + PERSONS]
        # Counts below 2^24 are exact in single precision, which is twice as fast.
        kind = np.dtype(np.float32 if weights is None else np.float64)
        one: Cells = (block == 1).astype(kind)
        known: Cells = (block >= 0).astype(kind)
        weighed, weighed_known = one, known
        if weights is not None:
            weight = weights[start : start + PERSONS, None]
            weighed, weighed_known = one * weight, known * weight
        both += weighed.T @ one
        right += weighed.T @ known
        seen += weighed_known.T @ known
    return PairTables(both, right - both, right.T - both, seen - right - right.T + both)


def correlations_of(tables: PairTables) -> tuple[Floats, NDArray[np.bool_]]:
    """Tetrachoric r of each table (arrays of shape (n,)), and whether a cell of it was empty."""
    first, place = _distinct(tables)
    tables, empty = _corrected(PairTables(*(cell[first] for cell in _cells(tables))))
    n = tables.both + tables.first + tables.second + tables.neither
    # Subtractions leave traces of 0 beside weights that are no whole numbers.
    least = 1e-9 * n
    rows = np.minimum(tables.both + tables.first, tables.second + tables.neither)
    columns = np.minimum(tables.both + tables.second, tables.first + tables.neither)
    known = np.flatnonzero((n > 0) & (rows > least) & (columns > least))
    result: Floats = np.full(n.shape, np.nan)
    for start in range(0, len(known), BLOCK):
        part = known[start : start + BLOCK]
        result[part] = np.sin(_angles(*(cell[part] / n[part] for cell in _cells(tables))))
    return result[place], empty[place]


def _cells(tables: PairTables) -> tuple[Floats, Floats, Floats, Floats]:
    """The four cells."""
    return tables.both, tables.first, tables.second, tables.neither


def _distinct(tables: PairTables) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places of the distinct tables, and of each table among them: with few persons many pairs have the same."""
    cells = np.stack(_cells(tables))
    whole = cells.size > 0 and bool((cells < FEW).all() and (cells == np.rint(cells)).all())
    if not whole:
        everything = np.arange(cells.shape[1], dtype=np.intp)
        return everything, everything
    keys = np.array([FEW**3, FEW**2, FEW, 1]) @ cells.astype(np.int64)
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    return first, place


def _corrected(tables: PairTables) -> tuple[PairTables, NDArray[np.bool_]]:
    """Tables whose empty cells got half a person from their neighbours, margins kept."""
    least = 1e-9 * (tables.both + tables.first + tables.second + tables.neither)
    straight, across = np.minimum(tables.both, tables.neither), np.minimum(tables.first, tables.second)
    no_straight, no_across = straight <= least, across <= least
    # With both diagonals at 0 a margin is 0: such a table has no correlation, and nothing to correct.
    moved = np.where(no_straight & ~no_across, np.minimum(HALF, across / 2), 0.0)
    moved -= np.where(no_across & ~no_straight, np.minimum(HALF, straight / 2), 0.0)
    fixed = PairTables(tables.both + moved, tables.first - moved, tables.second - moved, tables.neither + moved)
    return fixed, moved != 0


def _angles(both: Floats, first: Floats, second: Floats, neither: Floats) -> Floats:
    """The t with sin t = r for tables of shares, shape (n,)."""
    right_i, right_j = both + first, both + second
    h, k = ndtri(right_i), ndtri(right_j)
    # both - right_i * right_j, without the loss of digits of that difference.
    target = 2 * np.pi * (both * neither - first * second)
    odds = np.sqrt(both * neither / (first * second))
    t = np.pi / 2 - np.pi / (1 + odds)  # Pearson's approximation, exact at equal halves
    low, high = np.full(len(t), -np.pi / 2), np.full(len(t), np.pi / 2)
    moving = np.arange(len(t))
    for _ in range(MOST_STEPS):
        here = t[moving]
        distance = _integral(here, h[moving], k[moving]) - target[moving]
        high[moving] = np.where(distance > 0, here, high[moving])
        low[moving] = np.where(distance > 0, low[moving], here)
        slope = _density(here, h[moving], k[moving])
        step = np.divide(distance, slope, out=np.full(len(here), np.inf), where=slope > 1e-300)
        new = here - step
        inside = (new > low[moving]) & (new < high[moving])
        new = np.where(inside | (distance == 0), new, (low[moving] + high[moving]) / 2)
        t[moving] = new
        moving = moving[np.abs(new - here) > PRECISION]
        if len(moving) == 0:
            break
    return t


def _density(t: Floats, h: Floats, k: Floats) -> Floats:
    """The integrand: the bivariate normal density at the thresholds, times 2 pi cos t."""
    # (h - k)^2 + 2 h k (1 - sin t), so that nothing cancels near 1 for equal thresholds; the other way round near -1.
    falling = 2 * np.sin(np.pi / 4 - np.abs(t) / 2) ** 2  # 1 - |sin t|
    sign = np.where(t < 0, -1.0, 1.0)
    square = (h - sign * k) ** 2 + 2 * sign * h * k * falling
    with np.errstate(divide="ignore", under="ignore"):
        density: Floats = np.exp(-square / (2 * falling * (2 - falling)))
    return density


def _integral(t: Floats, h: Floats, k: Floats) -> Floats:
    """The integral of the density from 0 to t."""
    result = np.empty(len(t))
    fine = np.abs(np.sin(t)) > FINE_FROM
    for part, (points, weights) in ((~fine, _RULE), (fine, _FINE_RULE)):
        if part.any():
            own_t, own_h, own_k = t[part, None], h[part, None], k[part, None]
            result[part] = t[part] * (_density(own_t * points, own_h, own_k) @ weights)
    return result


def _rule(n: int) -> tuple[Floats, Floats]:
    """Gauss-Legendre points and weights on [0, 1]."""
    points, weights = np.polynomial.legendre.leggauss(n)
    return (points + 1) / 2, weights / 2


_RULE, _FINE_RULE = _rule(POINTS), _rule(FINE_POINTS)
