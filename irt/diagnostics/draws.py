"""Answers drawn at random, to tell what chance alone would do: from a fitted model, or shuffled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from irt.calibration import Population
from irt.functions import irf
from irt.items import ItemParameters, closed
from irt.responses import ResponseMatrix

Scores = NDArray[np.int8]


def one_row_a_person(matrix: ResponseMatrix, most: int, rng: np.random.Generator) -> Scores:
    """The answers with each row as often as its weight says, at most so many rows, shape (n_rows, n_items).

    Weights that are no whole numbers are rounded so that running totals stay right; of more rows than ``most`` as many
    are taken at random.
    """
    scores = matrix.scores
    if matrix.weights is not None:
        totals = np.floor(np.cumsum(matrix.weights) + 0.5 + 1e-9)
        times = np.diff(totals, prepend=0.0).astype(np.intp)
        rows = np.repeat(np.arange(len(scores)), times)
        return scores[rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))]
    if len(scores) <= most:
        return scores
    return scores[np.sort(rng.choice(len(scores), most, replace=False))]


def shuffled(scores: Scores, rng: np.random.Generator) -> Scores:
    """The answers to each item dealt out anew among those who answered it: margins and missing cells stay."""
    columns = np.array(scores.T, order="C")
    complete = (columns >= 0).all(axis=1)
    columns[complete] = rng.permuted(columns[complete], axis=1)
    for j in np.flatnonzero(~complete):
        known = np.flatnonzero(columns[j] >= 0)
        columns[j, known] = rng.permutation(columns[j, known])
    return columns.T


def drawn(scores: Scores, items: ItemParameters, population: Population, rng: np.random.Generator) -> ResponseMatrix:
    """Answers of as many persons of a population from the model, missing where these are; columns are the items."""
    theta = population.mean + population.sd * rng.standard_normal(len(scores))
    right = rng.random(scores.shape) < irf(theta, items)
    answers = np.where(scores >= 0, right, -1).astype(np.int8)
    return ResponseMatrix(closed(answers), tuple(map(str, range(len(scores)))), items.item_ids)
