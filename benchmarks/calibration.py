"""How long calibration and scoring take: python -m benchmarks.calibration [--peers] [--large], in the project folder.

Seconds are those of this machine; ratios are nearly the same on all. All programs are timed in turn on the same
simulated answers: this one with standard errors, plain EM (the textbook algorithm in numpy on the same grid, until
steps are as small, without standard errors), and with --peers the packages mirt (61 points, standard errors) and girth
(61 points) where they are installed. Each result's log-likelihood is computed by one and the same plain sum, and given
as the distance below ours. One BLAS thread unless OPENBLAS_NUM_THREADS says otherwise: tables of this size gain nothing
from more, and lose where processors are shared.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import irt
from irt.calibration.file import from_dict, to_dict

#: (persons, items, share missing); the first is a class, the last more items than persons.
SIZES = [
    (40, 36, 0.0),
    (1_000, 40, 0.0),
    (2_000, 40, 0.0),
    (10_000, 50, 0.0),
    (10_000, 50, 0.1),
    (10_000, 60, 0.3),
    (30, 200, 0.0),
]
LARGE = [(100_000, 50, 0.0), (100_000, 100, 0.0), (100_000, 50, 0.3), (1_000_000, 100, 0.0)]
REPEATS = 5
#: Cells up to which plain EM and other packages are timed.
MOST_FOR_OTHERS = 1_000_000

Fit = tuple[np.ndarray, np.ndarray, int]


def exam(n_persons: int, n_items: int, missing: float) -> irt.ResponseMatrix:
    """Simulated answers; the same in every run. In blocks, so that memory is that of the answers."""
    rng = np.random.default_rng(1)
    slopes, intercepts = rng.lognormal(0, 0.3, n_items), rng.normal(0, 1, n_items)
    scores = np.empty((n_persons, n_items), dtype=np.int8)
    for start in range(0, n_persons, 20_000):
        block = scores[start : start + 20_000]
        p = 1 / (1 + np.exp(-(np.outer(rng.normal(size=len(block)), slopes) + intercepts)))
        block[:] = rng.random(p.shape) < p
        if missing:
            block[rng.random(p.shape) < missing] = -1
    return irt.ResponseMatrix.from_array(scores)


def log_likelihood(scores: np.ndarray, slopes: np.ndarray, intercepts: np.ndarray) -> float:
    """The marginal log-likelihood as a plain sum over 241 points on [-8, 8]."""
    theta = np.linspace(-8, 8, 241)
    log_weights = -0.5 * theta**2 - np.log(np.exp(-0.5 * theta**2).sum())
    z = np.outer(slopes, theta) + intercepts[:, None]
    total = 0.0
    for start in range(0, len(scores), 2_000):
        block = scores[start : start + 2_000]
        joint = log_weights - (block == 1) @ np.logaddexp(0, -z) - (block == 0) @ np.logaddexp(0, z)
        top = joint.max(axis=1)
        total += float((np.log(np.exp(joint - top[:, None]).sum(axis=1)) + top).sum())
    return total


def plain_em(scores: np.ndarray, tolerance: float = 1e-6, limit: int = 500) -> Fit:
    """Bock and Aitkin's EM as in the textbook: slopes, intercepts and iterations."""
    theta = np.linspace(-6, 6, 61)
    log_weights = -0.5 * theta**2 - np.log(np.exp(-0.5 * theta**2).sum())
    right, wrong = (scores == 1).astype(float), (scores == 0).astype(float)
    slopes, intercepts, steps = np.ones(scores.shape[1]), np.zeros(scores.shape[1]), 0
    while steps < limit:
        steps += 1
        z = np.outer(slopes, theta) + intercepts[:, None]
        joint = -right @ np.logaddexp(0, -z) - wrong @ np.logaddexp(0, z) + log_weights
        posterior = np.exp(joint - joint.max(axis=1, keepdims=True))
        posterior /= posterior.sum(axis=1, keepdims=True)
        n_right, n = right.T @ posterior, (right + wrong).T @ posterior
        before = np.concatenate([slopes, intercepts])
        for _ in range(10):
            p = 1 / (1 + np.exp(-(np.outer(slopes, theta) + intercepts[:, None])))
            residual, weight = n_right - n * p, n * p * (1 - p)
            aa, ad, dd = weight @ theta**2, weight @ theta, weight.sum(axis=1)
            ga, gd = residual @ theta, residual.sum(axis=1)
            determinant = aa * dd - ad**2
            change = (dd * ga - ad * gd) / determinant, (aa * gd - ad * ga) / determinant
            slopes, intercepts = slopes + change[0], intercepts + change[1]
            if max(np.abs(change[0]).max(), np.abs(change[1]).max()) < tolerance:
                break
        if np.abs(np.concatenate([slopes, intercepts]) - before).max() < tolerance:
            break
    return slopes, intercepts, steps


def mirt_package(scores: np.ndarray) -> Fit:
    """The package mirt, with standard errors."""
    import mirt

    found = mirt.fit_mirt(scores.astype(int), model="2PL", n_quadpts=61)
    slopes, difficulty = (np.ravel(found.model.parameters[name]) for name in ("discrimination", "difficulty"))
    return slopes, -slopes * difficulty, found.n_iterations


def girth_package(scores: np.ndarray) -> Fit:
    """The package girth, without standard errors; it does not tell its iterations."""
    import girth

    table = np.where(scores < 0, girth.INVALID_RESPONSE, scores.astype(int)).T
    found = girth.twopl_mml(table, {"quadrature_n": 61})
    return found["Discrimination"], -found["Discrimination"] * found["Difficulty"], 0


def timed(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Least time of several runs: what else the machine does only adds to it."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median time of several runs."""
    return statistics.median(timed(work, 1) for _ in range(repeats))


def others(peers: bool) -> Iterator[tuple[str, Callable[[np.ndarray], Fit]]]:
    """What we are timed beside."""
    yield "plain EM", plain_em
    for name, fit in (("mirt", mirt_package), ("girth", girth_package)) if peers else ():
        try:
            __import__(name)
        except ImportError:
            print(f"{name} is not installed")
        else:
            yield name, fit


def calibrations(sizes: list[tuple[int, int, float]], beside: list[tuple[str, Callable[[np.ndarray], Fit]]]) -> None:
    """2PL with standard errors, and the others in turn."""
    print("  persons  items  missing   seconds  passes   log-likelihood")
    for n_persons, n_items, missing in sizes:
        matrix = exam(n_persons, n_items, missing)
        fitted = irt.calibrate(matrix)
        own = timed(lambda m=matrix: irt.calibrate(m), 2 if matrix.scores.size > MOST_FOR_OTHERS else REPEATS)
        line = f"{n_persons:>9} {n_items:>6} {missing:>8.0%} {own:>9.4f} {len(fitted.history):>7}"
        print(f"{line}  {fitted.log_likelihood:.4f}  {fitted.status.code}", flush=True)
        if n_persons <= n_items or fitted.excluded_items or matrix.scores.size > MOST_FOR_OTHERS:
            continue
        reached = log_likelihood(matrix.scores, fitted.items.discrimination, fitted.items.intercept)
        for name, fit in beside:
            slopes, intercepts, steps = fit(matrix.scores)
            theirs = timed(lambda f=fit, m=matrix: f(m.scores), 2)
            below = reached - log_likelihood(matrix.scores, slopes, intercepts)
            print(
                f"{name:>25} {theirs:>9.3f} {steps or '-':>7}  {below:+.1e} below ours, {theirs / own:.0f} x the time"
            )
            assert below > -1e-3, f"{name} found a higher likelihood"


def memory() -> None:
    """Memory of a process that calibrates 1,000,000 x 100, answers included."""
    code = (
        "import resource, irt; from benchmarks.calibration import exam; m = exam(1_000_000, 100, 0.0); "
        "irt.calibrate(m); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    print(f"peak memory of the last, answers and their simulation included: {found.stdout.strip()} MB")


def scoring() -> None:
    """Abilities, probabilities and files of 10,000 persons and 60 items."""
    matrix = exam(10_000, 60, 0.0)
    fitted = irt.calibrate(matrix)
    abilities = irt.estimate_abilities(matrix, fitted)
    print("\n10,000 persons x 60 items")
    for method in ("EAP", "MAP", "ML", "WLE"):
        print(f"  abilities, {method:<20} {seconds(lambda m=method: irt.estimate_abilities(matrix, fitted, m)):.3f} s")
    for name, work in (
        ("probabilities and intervals", lambda: irt.probabilities(matrix, fitted, abilities)),
        ("score ranges", lambda: irt.score_range(abilities.theta, abilities.se, fitted.items)),
        ("calibration file and back", lambda: from_dict(to_dict(fitted))),
    ):
        print(f"  {name:<31} {seconds(work):.3f} s")


def main() -> None:
    """The table, and with --large the large ones."""
    parser = argparse.ArgumentParser(description="Time calibration and scoring.")
    parser.add_argument("--peers", action="store_true", help="time the packages mirt and girth too")
    parser.add_argument("--large", action="store_true", help="up to 1,000,000 persons, with the memory it takes")
    chosen = parser.parse_args()
    calibrations(SIZES, list(others(chosen.peers)))
    if chosen.large:
        calibrations(LARGE, [])
        memory()
    scoring()


if __name__ == "__main__":
    main()
