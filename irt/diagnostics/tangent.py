"""How the margins move with the estimated parameters, and what is left of a table of margins beside that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.diagnostics.margins import Curves, derivatives
from irt.items import Floats

#: A direction in which margins move less than this share of the most (squared) is none: rounding is all that is left.
SMALLEST_SHARE = 1e-14
#: Times that a table is freed of the space: with directions near that limit each time leaves a hundredth of it.
PASSES = 3


@dataclass(frozen=True, slots=True)
class Tangent:
    """The space of margins that the estimated parameters reach, to first order.

    Tables have shape (n_items, n_items), symmetric, with the first-order margins on the diagonal; each is multiplied
    by ``factor`` (0 for margins that take no part).

    Parameters
    ----------
    factor : ndarray, shape (n_items, n_items)
    first, second : ndarray, shapes (4, n_items) and (4, n_items, n_items)
        As :func:`irt.diagnostics.margins.derivatives` gives them.
    column : ndarray of int, shape (4, n_items)
        Which free parameter each is; -1 where it is not free.
    whole : ndarray, shape (0 or 2, n_items, n_items)
        Tables by which all margins move with the mean and standard deviation of the population, where these are free.
    inverse : ndarray, shape (n_free, n_free)
        Generalised inverse of the inner products of the directions.
    rank : int
        Dimensions of the space.
    """

    factor: Floats
    first: Floats
    second: Floats
    column: NDArray[np.intp]
    whole: Floats
    inverse: Floats
    rank: int

    @classmethod
    def of(cls, curves: Curves, factor: Floats, column: NDArray[np.intp], free_population: bool) -> Tangent:
        """The space for these free parameters."""
        first, second = derivatives(curves)
        whole = _population_tables(curves)[: 2 * free_population] * factor
        bare = cls(factor, first, second, column, whole, np.zeros((0, 0)), 0)
        gram = bare._gram()
        size = np.sqrt(np.maximum(np.diag(gram), np.finfo(float).tiny))
        values, vectors = np.linalg.eigh(gram / np.outer(size, size))
        there = values > SMALLEST_SHARE * values.max(initial=0.0)
        scaled = vectors[:, there] / size[:, None]
        return cls(factor, first, second, column, whole, (scaled / values[there]) @ scaled.T, int(there.sum()))

    def beside(self, table: Floats) -> Floats:
        """The part of a table at right angles to the space."""
        for _ in range(PASSES):
            table = table - self._reached(self.inverse @ self._pull(table))
        return table

    @property
    def n_items(self) -> int:
        """Items."""
        return len(self.factor)

    def _pull(self, table: Floats) -> Floats:
        """Inner products of a table with each direction, shape (n_free,)."""
        weighted = table * self.factor
        values = self.first * np.diag(weighted) + np.einsum("kij,ij->ki", self.second, _hollow(weighted))
        n_own = len(self.inverse) - len(self.whole) if len(self.inverse) else int(self.column.max(initial=-1)) + 1
        own = np.bincount(self.column.ravel() + 1, weights=values.ravel(), minlength=n_own + 1)[1:]
        return np.concatenate([own, [inner(table, whole) for whole in self.whole]])

    def _reached(self, parameters: Floats) -> Floats:
        """The table that is reached by a change of the free parameters."""
        own = np.append(parameters[: len(parameters) - len(self.whole)], 0.0)
        change = own[self.column]  # -1 is the 0 at the end
        half = np.einsum("kij,ki->ij", self.second, change)
        out: Floats = half + half.T
        np.fill_diagonal(out, (self.first * change).sum(axis=0))
        out *= self.factor
        for value, whole in zip(parameters[len(parameters) - len(self.whole) :], self.whole, strict=True):
            out += value * whole
        return out

    def _gram(self) -> Floats:
        """Inner products of the directions, shape (n_free, n_free)."""
        n, square = self.n_items, self.factor**2
        off = _hollow(square)
        blocks = np.einsum("kij,lji,ij->kilj", self.second, self.second, off, optimize=True)
        own = np.einsum("kij,lij,ij->kli", self.second, self.second, off, optimize=True)
        own += self.first[:, None] * self.first * np.diag(square)
        index = np.arange(n)
        blocks[:, index, :, index] += own.transpose(2, 0, 1)
        n_own = int(self.column.max(initial=-1)) + 1
        chosen = np.zeros((4 * n, n_own + 1))
        chosen[np.arange(4 * n), self.column.ravel()] = 1.0
        chosen = chosen[:, :n_own]
        gram = np.zeros((n_own + len(self.whole),) * 2)
        gram[:n_own, :n_own] = chosen.T @ (blocks.reshape(4 * n, 4 * n) @ chosen)
        for place, whole in enumerate(self.whole, start=n_own):
            gram[:, place] = self._pull(whole)
            gram[place] = gram[:, place]
        return gram


def inner(a: Floats, b: Floats) -> float:
    """Inner product of two tables, each margin counted once."""
    return float(0.5 * ((a * b).sum() + np.diag(a) @ np.diag(b)))


def _hollow(table: Floats) -> Floats:
    """The table without its diagonal."""
    out = table.copy()
    np.fill_diagonal(out, 0.0)
    return out


def _population_tables(curves: Curves) -> Floats:
    """How the margins move with the mean and standard deviation of the population, shape (2, n_items, n_items)."""
    weighted = curves.moves * curves.weights
    half = weighted @ curves.mean.T
    out: Floats = half + half.transpose(0, 2, 1)
    index = np.arange(out.shape[1])
    out[:, index, index] = weighted.sum(axis=2)
    return out
