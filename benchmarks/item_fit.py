"""Do the tests of fit keep their level, and what do they find: python -m benchmarks.item_fit [DRAWS].

Exams are simulated from the model that is fitted to them, so that one test in twenty should reject at 5 %: with all
answers there, with one of three blocks of items left out of each booklet, with two forms that share anchor items, and
with 30 % of the answers missing anywhere. The odd item can be guessed by three in ten, or is right for the middle of
the class only: the share of exams in which its test rejects is the power.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from irt import ResponseMatrix, calibrate, estimate_abilities
from irt.diagnostics import item_mean_squares, model_fit, person_fit, s_x2

DESIGNS = ("complete", "booklets", "anchored forms", "30 % missing")
SIZES = ((500, 20), (1000, 30), (2000, 40))


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of tests that reject at 5 %."""

    items: float
    odd: float
    persons: float
    persons_plain: float
    model: float
    model_ratio: float


def missing(design: str, n: int, n_items: int, rng: np.random.Generator) -> np.ndarray:
    """Which answers are not there."""
    if design == "booklets":
        return np.arange(n_items) * 3 // n_items == rng.integers(0, 3, n)[:, None]
    if design == "anchored forms":
        part, form = np.arange(n_items) * 5 // n_items, rng.integers(0, 2, n)[:, None]
        return ((part < 2) & (form == 0)) | ((part > 2) & (form == 1))
    if design == "30 % missing":
        return rng.random((n, n_items)) < 0.3
    return np.zeros((n, n_items), dtype=bool)


def exam(n: int, n_items: int, design: str, odd: str, rng: np.random.Generator) -> ResponseMatrix:
    """One simulated exam; ``odd``: what the first item is like ("", "guessed", "falling")."""
    slopes, difficulty, theta = rng.lognormal(0.1, 0.3, n_items), rng.normal(0, 1, n_items), rng.normal(size=n)
    p = 1 / (1 + np.exp(-slopes * (theta[:, None] - difficulty)))
    if odd == "guessed":
        p[:, 0] = 0.3 + 0.7 / (1 + np.exp(-2 * (theta - 1)))
    if odd == "falling":
        p[:, 0] = 0.25 + 0.5 * np.exp(-(theta**2))
    scores = (rng.random(p.shape) < p).astype(int)
    return ResponseMatrix.from_array(np.where(missing(design, n, n_items, rng), -1, scores))


def rates(n: int, n_items: int, design: str, odd: str, draws: int) -> Rates:
    """Rejections over simulated exams."""
    rng = np.random.default_rng(1)
    rows = []
    for _ in range(draws):
        matrix = exam(n, n_items, design, odd, rng)
        calibration = calibrate(matrix)
        p_items = s_x2(matrix, calibration).p_value
        persons = person_fit(matrix, calibration, estimate_abilities(matrix, calibration))
        model = model_fit(matrix, calibration)
        rows.append(
            (
                np.nanmean(p_items[1:] < 0.05),
                p_items[0] < 0.05,
                np.nanmean(persons.p_value < 0.05),
                np.nanmean(persons.zh < -1.6448536),
                model.p_value < 0.05,
                model.m2 / model.df,
            )
        )
    return Rates(*np.mean(rows, axis=0))


def table(draws: int) -> None:
    """Print the rates of all designs and sizes."""
    print(f"{draws} exams each; share of tests that reject at 5 %")
    print(f"{'persons x items':16}{'design':16}{'S-X2':>8}{'l_z*':>8}{'l_z':>8}{'M2':>8}{'M2/df':>8}")
    for n, n_items in SIZES:
        for design in DESIGNS:
            r = rates(n, n_items, design, "", draws)
            numbers = (r.items, r.persons, r.persons_plain, r.model, r.model_ratio)
            print(f"{n:>7} x {n_items:<6}{design:16}" + "".join(f"{value:8.3f}" for value in numbers), flush=True)
    print("\none odd item: share of exams in which its S-X2 rejects")
    for odd in ("guessed", "falling"):
        for n, n_items, design in (
            (1000, 30, "complete"),
            (667, 20, "complete"),
            *((1000, 30, d) for d in DESIGNS[1:]),
        ):
            print(
                f"{odd:10}{n:>7} x {n_items:<6}{design:16}{rates(n, n_items, design, odd, draws).odd:8.3f}", flush=True
            )


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The shortest of a few runs."""
    best = np.inf
    for _ in range(times):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return float(best)


def speed() -> None:
    """Print how long each statistic takes."""
    print(f"\n{'seconds':22}{'S-X2':>8}{'squares':>9}{'l_z*':>8}{'M2':>8}")
    for n, n_items, design in ((10_000, 50, "complete"), (10_000, 50, "30 % missing"), (5_000, 200, "complete")):
        matrix = exam(n, n_items, design, "", np.random.default_rng(2))
        calibration = calibrate(matrix)
        abilities = estimate_abilities(matrix, calibration)
        times = (
            seconds(lambda m=matrix, c=calibration: s_x2(m, c)),
            seconds(lambda m=matrix, c=calibration, a=abilities: item_mean_squares(m, c, a)),
            seconds(lambda m=matrix, c=calibration, a=abilities: person_fit(m, c, a)),
            seconds(lambda m=matrix, c=calibration: model_fit(m, c), times=1),
        )
        print(
            f"{n:>6} x {n_items:<4}{design:>12}{times[0]:8.2f}{times[1]:9.2f}{times[2]:8.2f}{times[3]:8.2f}", flush=True
        )


if __name__ == "__main__":
    table(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
    speed()
