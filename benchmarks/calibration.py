"""How long calibration and scoring take: python -m benchmarks.calibration, in the project folder.

Seconds are those of this machine. The ratio to plain EM (the textbook algorithm in numpy on the same grid, until steps
are as small, without standard errors) is nearly the same on all; both are timed in turn. Other packages are timed if
they are installed. One BLAS thread unless OPENBLAS_NUM_THREADS says otherwise: tables of this size gain nothing from
more, and lose where processors are shared.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import irt
from irt.calibration.file import from_dict, to_dict

SIZES = [(1_000, 40, 0.0), (10_000, 50, 0.0), (1_000, 40, 0.1), (10_000, 50, 0.1), (30, 200, 0.0)]
REPEATS = 5


def exam(n_persons: int, n_items: int, missing: float) -> irt.ResponseMatrix:
    """Simulated answers; the same in every run."""
    rng = np.random.default_rng(1)
    slopes, intercepts = rng.lognormal(0, 0.3, n_items), rng.normal(0, 1, n_items)
    p = 1 / (1 + np.exp(-(np.outer(rng.normal(size=n_persons), slopes) + intercepts)))
    scores = (rng.random(p.shape) < p).astype(int)
    scores[rng.random(p.shape) < missing] = -1
    return irt.ResponseMatrix.from_array(scores)


def plain_em(scores: np.ndarray, tolerance: float = 1e-6, limit: int = 500) -> tuple[float, int]:
    """Bock and Aitkin's EM as in the textbook: log-likelihood and iterations."""
    theta = np.linspace(-6, 6, 61)
    log_weights = -0.5 * theta**2 - np.log(np.exp(-0.5 * theta**2).sum())
    right, wrong = (scores == 1).astype(float), (scores == 0).astype(float)
    slopes, intercepts = np.ones(scores.shape[1]), np.zeros(scores.shape[1])
    log_likelihood, steps = 0.0, 0
    while steps < limit:
        steps += 1
        z = np.outer(slopes, theta) + intercepts[:, None]
        joint = -right @ np.logaddexp(0, -z) - wrong @ np.logaddexp(0, z) + log_weights
        top = joint.max(axis=1, keepdims=True)
        posterior = np.exp(joint - top)
        total = posterior.sum(axis=1, keepdims=True)
        log_likelihood = float((np.log(total) + top).sum())
        posterior /= total
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
    return log_likelihood, steps


def seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median time of several runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def calibrations() -> None:
    """2PL with standard errors, and plain EM without."""
    print(" persons  items  missing   seconds  steps  plain EM  steps  ratio")
    for n_persons, n_items, missing in SIZES:
        matrix = exam(n_persons, n_items, missing)
        fitted = irt.calibrate(matrix)
        if n_persons < n_items:
            own = seconds(lambda m=matrix: irt.calibrate(m))
            print(f"{n_persons:>8} {n_items:>6} {missing:>8.0%} {own:>9.3f} {len(fitted.history):>6}")
            continue
        log_likelihood, steps = plain_em(matrix.scores)
        assert fitted.log_likelihood > log_likelihood - 1e-3, "plain EM found a higher likelihood"
        pairs = [
            (seconds(lambda m=matrix: irt.calibrate(m), 1), seconds(lambda m=matrix: plain_em(m.scores), 1))
            for _ in range(REPEATS)
        ]
        own, plain = (statistics.median(times) for times in zip(*pairs, strict=True))
        line = f"{n_persons:>8} {n_items:>6} {missing:>8.0%} {own:>9.3f} {len(fitted.history):>6}"
        print(f"{line} {plain:>9.3f} {steps:>6} {plain / own:>5.1f}x")


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


def others() -> None:
    """Other packages on the 1,000 x 40 exam, where installed."""
    matrix = exam(1_000, 40, 0.0)
    own = seconds(lambda: irt.calibrate(matrix))
    if importlib.util.find_spec("girth"):
        from girth import twopl_mml

        theirs = seconds(lambda: twopl_mml(matrix.scores.T.astype(int)), 1)
        print(f"\ngirth twopl_mml, 1,000 x 40: {theirs:.3f} s without standard errors, {theirs / own:.0f}x")
    if importlib.util.find_spec("mirt"):
        import mirt

        theirs = seconds(lambda: mirt.fit_mirt(matrix.scores.astype(int), model="2PL"), 1)
        print(f"\nmirt fit_mirt, 1,000 x 40: {theirs:.3f} s, {theirs / own:.0f}x")


if __name__ == "__main__":
    calibrations()
    scoring()
    others()
