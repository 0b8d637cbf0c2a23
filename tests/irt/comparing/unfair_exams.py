"""Simulated exams that are unfair to one of two groups, for tests of comparisons."""

import numpy as np

from irt import ItemParameters, ResponseMatrix
from irt.samples import simulate_2pl


def exam(n_persons, seed, steeper=(), harder=(), missing=0.0, n_items=12, apart=0.4):
    """Two groups whose abilities differ; for the focal group some items are steeper and some harder."""
    slope, difficulty = np.linspace(0.8, 1.6, n_items), np.linspace(-1.5, 1.5, n_items)
    there = np.arange(n_items)
    rng = np.random.default_rng(seed)
    focal = np.arange(n_persons) % 2 == 1
    theta = rng.standard_normal(n_persons) - apart * focal
    ids = [f"q{j}" for j in range(n_items)]
    fair = ItemParameters.from_arrays(ids, slope, difficulty=difficulty)
    unfair = ItemParameters.from_arrays(
        ids, slope * np.where(np.isin(there, steeper), 2.5, 1), difficulty=difficulty + np.isin(there, harder)
    )
    scores = simulate_2pl(n_persons, fair, seed=seed + 1, theta=theta).scores.copy()
    scores[focal] = simulate_2pl(n_persons, unfair, seed=seed + 2, theta=theta).scores[focal]
    scores[rng.random(scores.shape) < missing] = -1
    return ResponseMatrix.from_array(scores, item_ids=ids), focal, np.ones(n_persons, dtype=bool)
