"""Two exams that share items, sat by groups of different abilities: for tests of links, drift and fixed anchors."""

import numpy as np

from irt import ItemParameters, calibrate
from irt.samples import simulate_2pl

#: Standard deviation and mean of the new group on the scale of the base.
SLOPE, INTERCEPT = 1.2, 0.5
SHARED = 12


def items(first, n, guessing=0.0, moved=None, model="2PL"):
    """Items from the same long list; ``moved``: by how much some became harder."""
    rng = np.random.default_rng(3)
    slope, difficulty = np.exp(rng.normal(0.1, 0.3, 40)), rng.normal(0, 1, 40)
    if model == "1PL":
        slope[:] = 1.3
    for j, change in (moved or {}).items():
        difficulty[j] += change
    which = np.r_[np.arange(SHARED), np.arange(first, first + n - SHARED)]
    ids = [f"q{j}" for j in which]
    return ItemParameters.from_arrays(ids, slope[which], difficulty=difficulty[which], guessing=guessing)


def answers(seed, n_persons=1000, guessing=0.0, moved=None, model="2PL"):
    """Answers to the base exam, and of the other group to the new one."""
    rng = np.random.default_rng(seed)
    base = simulate_2pl(n_persons, items(12, 18, guessing, model=model), seed=seed + 1)
    theta = rng.normal(INTERCEPT, SLOPE, n_persons)
    new = simulate_2pl(n_persons, items(25, 16, guessing, moved, model), seed=seed + 2, theta=theta)
    return base, new


def two_scales(seed, model="2PL", **changes):
    """The calibrations of both: (new, base)."""
    guessing = 0.2 if model == "3PL" else 0.0
    base, new = answers(seed, guessing=guessing, model=model, **changes)
    return calibrate(new, model), calibrate(base, model)
