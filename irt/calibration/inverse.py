"""The inverse of an information matrix, and in which directions there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from irt.items import Floats

#: Eigenvalues of the information (scaled to a unit diagonal) below this are zero: nothing is known that way.
SINGULAR = 1e-7


@dataclass(frozen=True, slots=True)
class Inverse:
    """The inverse over the directions of which something is known.

    Parameters
    ----------
    matrix : ndarray, shape (n, n)
    unknown : ndarray, shape (n,)
        Share of each parameter in directions of which nothing is known.
    firm : bool
        Whether there are none.
    rising : ndarray, shape (n,), or None
        A direction of negative information: the place is no maximum.
    """

    matrix: Floats
    unknown: Floats
    firm: bool
    rising: Floats | None = None


def inverse_of(information: Floats) -> Inverse:
    """Invert; by the eigenvalues where a Cholesky factor does not vouch for all of them."""
    scale = 1 / np.sqrt(np.maximum(np.diag(information), 1e-12))
    outer = np.multiply.outer(scale, scale)
    scaled = information * outer
    inverse = _definite_inverse(scaled)
    if inverse is not None:
        return Inverse((inverse + inverse.T) * (outer / 2), np.zeros(len(scale)), firm=True)
    values, vectors = np.linalg.eigh(scaled)
    firm = values > SINGULAR
    inside = vectors[:, firm]
    matrix = (inside / values[firm]) @ inside.T * outer
    unknown = (vectors[:, ~firm] ** 2).sum(axis=1)
    rising = vectors[:, 0] * scale if values[0] < -SINGULAR else None
    return Inverse((matrix + matrix.T) / 2, unknown, bool(firm.all()), rising)


def _definite_inverse(scaled: Floats) -> Floats | None:
    """The inverse if its norm shows that every eigenvalue of the matrix is past ``SINGULAR``; 5 times sooner."""
    try:
        np.linalg.cholesky(scaled)
        inverse: Floats = np.linalg.inv(scaled).astype(np.float64, copy=False)
    except np.linalg.LinAlgError:
        return None
    return inverse if np.linalg.norm(inverse) < 1 / SINGULAR else None
