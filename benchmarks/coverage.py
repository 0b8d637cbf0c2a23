"""Do 95 % intervals hold 95 %? python -m benchmarks.coverage [--exams 500], in the project folder.

Exams are simulated, calibrated and scored; the table says how often each interval holds the truth, in percent, with the
standard error over exams. Items differ from exam to exam: slopes lognormal(0, 0.3), difficulties normal(0, 1), with
guessing logit-normal(-1.1, 0.5) in the 3PL, the prior that it is calibrated with. Abilities are normal(0, 1).
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import irt

#: Model, persons, items, and exams for each exam that is asked for: fewer where one takes long.
DESIGNS = [
    ("1PL", 250, 30, 1.0),
    ("1PL", 1_000, 30, 1.0),
    ("1PL", 5_000, 30, 0.5),
    ("2PL", 250, 20, 1.0),
    ("2PL", 250, 40, 1.0),
    ("2PL", 1_000, 30, 1.0),
    ("2PL", 5_000, 40, 0.5),
    ("3PL", 1_000, 30, 0.5),
    ("3PL", 5_000, 30, 0.5),
]
#: Abilities at which pointwise bands are read, and those over which simultaneous ones must hold.
POINTS, WHOLE = np.linspace(-2, 2, 9), np.linspace(-4, 4, 81)
#: Persons of each exam whose abilities and probabilities are counted.
COUNTED = 500
Z95 = 1.959963984540054


def draw(rng: np.random.Generator, model: str, n_persons: int, n_items: int) -> tuple:
    """Items, abilities and answers of one exam."""
    slopes = np.full(n_items, rng.lognormal(0, 0.3)) if model == "1PL" else rng.lognormal(0, 0.3, n_items)
    guessing = 1 / (1 + np.exp(-rng.normal(-1.1, 0.5, n_items))) if model == "3PL" else np.zeros(n_items)
    names = [f"Item_{j}" for j in range(1, n_items + 1)]
    items = irt.ItemParameters.from_arrays(names, slopes, difficulty=rng.normal(0, 1, n_items), guessing=guessing)
    theta = rng.normal(size=n_persons)
    scores = (rng.random((n_persons, n_items)) < irt.irf(theta, items)).astype(int)
    return items, theta, irt.ResponseMatrix.from_array(scores)


def holds(truth: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:
    """Share of intervals that hold the truth, of those that there are; nan where there are none."""
    known = ~(np.isnan(lower) | np.isnan(upper))
    return float(((lower <= truth) & (truth <= upper))[known].mean()) if known.any() else float("nan")


def whole(truth: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:
    """Share of curves (columns) that lie inside their band everywhere, of those that have one."""
    known = ~np.isnan(lower).any(axis=0)
    inside = ((lower <= truth) & (truth <= upper)).all(axis=0)
    return float(inside[known].mean()) if known.any() else float("nan")


def one_exam(rng: np.random.Generator, model: str, n_persons: int, n_items: int) -> dict[str, float]:
    """How often each interval holds in one exam."""
    truth, theta, matrix = draw(rng, model, n_persons, n_items)
    fitted = irt.calibrate(matrix, model=model)
    kept = [truth.item_ids.index(name) for name in fitted.items.item_ids]
    truth, matrix = truth.take(kept), matrix.take(items=np.array(kept))
    found, errors = fitted.items, fitted.standard_errors
    result = {}
    for name in ("discrimination", "intercept", "difficulty"):
        value, half = getattr(found, name), Z95 * getattr(errors, name)
        result[f"{name} +- 1.96 SE"] = holds(getattr(truth, name), value - half, value + half)
    result["difficulty, Fieller"] = holds(truth.difficulty, *irt.difficulty_interval(fitted))
    if model == "3PL":
        logit = np.log(found.guessing / (1 - found.guessing))
        half = Z95 * errors.guessing / (found.guessing * (1 - found.guessing))
        true = np.log(truth.guessing / (1 - truth.guessing))
        result["guessing, on the logit"] = holds(true, logit - half, logit + half)
    return result | bands(truth, fitted) | persons(truth, theta, matrix, fitted)


def bands(truth: irt.ItemParameters, fitted: irt.Calibration) -> dict[str, float]:
    """Curves and expected scores."""
    result = {}
    for name, at, simultaneous, count in (("at an ability", POINTS, False, holds), ("whole", WHOLE, True, whole)):
        band = irt.curve_band(at, fitted, simultaneous=simultaneous)
        result[f"curve, {name}"] = count(irt.irf(at, truth), band.lower, band.upper)
        score = irt.expected_score_band(at, fitted, simultaneous=simultaneous)
        expected = irt.expected_score(at, truth)
        result[f"expected score, {name}"] = count(expected[:, None], score.lower[:, None], score.upper[:, None])
    return result


def persons(
    truth: irt.ItemParameters, theta: np.ndarray, matrix: irt.ResponseMatrix, fitted: irt.Calibration
) -> dict[str, float]:
    """Abilities and probabilities of right answers."""
    matrix, theta = matrix.take(np.arange(min(COUNTED, len(theta)))), theta[:COUNTED]
    abilities = irt.estimate_abilities(matrix, fitted)
    half = Z95 * abilities.se
    found = irt.probabilities(matrix, fitted, abilities)
    return {
        "ability (EAP)": holds(theta, abilities.theta - half, abilities.theta + half),
        "P(correct)": holds(irt.irf(theta, truth), found.lower, found.upper),
    }


def study(model: str, n_persons: int, n_items: int, n_exams: int, seed: int = 0) -> dict[str, tuple[float, float]]:
    """Coverage of each interval and its standard error over exams."""
    rng = np.random.default_rng([seed, n_persons, n_items, int(model[0])])
    exams = [one_exam(rng, model, n_persons, n_items) for _ in range(n_exams)]
    values = {name: np.array([exam[name] for exam in exams]) for name in exams[0]}
    return {name: (float(np.nanmean(v)), float(np.nanstd(v) / np.sqrt(len(v)))) for name, v in values.items()}


def main() -> None:
    """Print one table for each design."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exams", type=int, default=500, help="exams of each design (default 500)")
    parser.add_argument("--only", help="designs whose description holds this text, such as 2PL or '250 x'")
    chosen = parser.parse_args()
    for model, n_persons, n_items, share in DESIGNS:
        title = f"{model}, {n_persons} x {n_items}"
        if chosen.only and chosen.only not in title:
            continue
        n_exams, begin = max(2, int(chosen.exams * share)), time.perf_counter()
        table = study(model, n_persons, n_items, n_exams)
        print(f"\n{title}: {n_exams} exams, {time.perf_counter() - begin:.0f} s", flush=True)
        for name, (coverage, error) in table.items():
            print(f"  {name:32} {100 * coverage:6.2f} +- {100 * error:.2f}", flush=True)


if __name__ == "__main__":
    main()
