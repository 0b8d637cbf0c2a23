"""Who predicts answers best that nobody has shown it: python -m benchmarks.prediction [FILE[:KEY]] ...

Each file is a table of answers in any accepted layout, KEY the key of its options; ``--properties`` names columns that
are no items, as in the command line. Without files: LSAT6, LSAT7 and simulated exams.

A random tenth of each student's answers is hidden at a time; each model is fitted to the others, and its chances of
the hidden ones are compared with what was answered. Other packages predict the same cells in the same run, if they are
installed: their item parameters, and the same posterior of ability for all, so that nothing but the parameters
differs. "2PL at EAP" takes the curve at the estimated ability instead of its average over the posterior.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import irt
from irt.diagnostics.held_out import PredictionRow, score_predictions
from irt.diagnostics.prediction import averaged_chances, chances_of, folds_of
from irt.errors import IrtError
from irt.files import ImportOptions, read_key, read_table
from irt.samples import LSAT6_COUNTS, LSAT7_COUNTS, lsat

Scores = np.ndarray
Predictor = Callable[[Scores], np.ndarray]
FOLDS, SEED = 10, 1
#: Peers' parameters are those of curves with a finite slope; an item without one has its share correct.
OWN = ("share", "person", "1PL", "2PL weak", "3PL")


def from_file(argument: str, properties: list[str]) -> Scores:
    """The answers of a file as a table of 0, 1 and -1."""
    path, _, key = argument.partition(":")
    right = read_key(Path(key), Path(key).name) if key else None
    options = ImportOptions("subject", "exam", properties=tuple(properties), key=right)
    frame = read_table(Path(path), Path(path).name, options).frame
    table = frame.drop_duplicates(["student_id", "item_id"]).pivot(index="student_id", columns="item_id")["correct"]
    return table.astype("Float64").fillna(-1).to_numpy(dtype=np.int8)


def simulated(n_persons: int, n_items: int, guessing: float, missing: float) -> Scores:
    """An exam from a 2PL or 3PL; the same in every run."""
    rng = np.random.default_rng(SEED)
    slopes, intercepts = rng.lognormal(0.1, 0.4, n_items), rng.normal(0, 1, n_items)
    z = np.outer(rng.normal(size=n_persons), slopes) + intercepts
    scores = (rng.random(z.shape) < guessing + (1 - guessing) / (1 + np.exp(-z))).astype(np.int8)
    scores[rng.random(z.shape) < missing] = -1
    return scores


def exams(files: list[str], properties: list[str]) -> Iterator[tuple[str, Scores]]:
    """Names and answers of the exams to look at."""
    if files:
        yield from ((Path(file.partition(":")[0]).stem, from_file(file, properties)) for file in files)
        return
    yield "LSAT6", lsat(LSAT6_COUNTS).scores
    yield "LSAT7", lsat(LSAT7_COUNTS).scores
    yield "2PL, 150 x 20", simulated(150, 20, 0.0, 0.0)
    yield "2PL, 1,000 x 30", simulated(1_000, 30, 0.0, 0.0)
    yield "2PL, 1,000 x 30, 30 % missing", simulated(1_000, 30, 0.0, 0.3)
    yield "3PL, 1,000 x 30", simulated(1_000, 30, 0.2, 0.0)


def by_parameters(scores: Scores, slopes: np.ndarray, intercepts: np.ndarray) -> np.ndarray:
    """Chances from item parameters; the share correct where they are not finite."""
    chances = chances_of(scores, "share").copy()
    known = np.flatnonzero(np.isfinite(slopes) & np.isfinite(intercepts))
    items = irt.ItemParameters.from_arrays([str(j) for j in known], slopes[known], intercept=intercepts[known])
    chances[:, known] = averaged_chances(scores[:, known], items)
    return chances


def mirt_2pl(scores: Scores) -> np.ndarray:
    """PyPI mirt with 61 points."""
    import mirt

    fitted = mirt.fit_mirt(scores.astype(int), model="2PL", n_quadpts=61, compute_standard_errors=False)
    parameters = fitted.model.parameters
    slopes = np.asarray(parameters["discrimination"], dtype=float).ravel()
    return by_parameters(scores, slopes, -slopes * np.asarray(parameters["difficulty"], dtype=float).ravel())


def girth(scores: Scores, model: str) -> np.ndarray:
    """Girth, with its defaults."""
    from girth import onepl_mml, tag_missing_data, twopl_mml

    fitted = {"1PL": onepl_mml, "2PL": twopl_mml}[model](tag_missing_data(scores.T.astype(int), [0, 1]))
    difficulty = np.asarray(fitted["Difficulty"], dtype=float)
    slopes = np.broadcast_to(np.asarray(fitted["Discrimination"], dtype=float), difficulty.shape)
    return by_parameters(scores, slopes, -slopes * difficulty)


def predictors() -> dict[str, Predictor]:
    """The models by name, the 2PL first: the others are compared with it."""
    found: dict[str, Predictor] = {
        "2PL": lambda scores: chances_of(scores, "2PL"),
        "2PL at EAP": lambda scores: chances_of(scores, "2PL", "estimate"),
    }
    found |= {model: lambda scores, model=model: chances_of(scores, model) for model in OWN}
    if importlib.util.find_spec("mirt"):
        found["mirt 2PL"] = mirt_2pl
    if importlib.util.find_spec("girth"):
        found |= {f"girth {model}": lambda scores, model=model: girth(scores, model) for model in ("1PL", "2PL")}
    return found


def predicted(scores: Scores, folds: np.ndarray, predictor: Predictor) -> np.ndarray | str:
    """The chance of each answer from a fit without it, or why there is none."""
    chances = np.full(scores.shape, np.nan)
    for fold in range(FOLDS):
        hidden = folds == fold
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                chances[hidden] = predictor(np.where(hidden, -1, scores).astype(np.int8))[hidden]
        except IrtError as error:
            return error.message
        except Exception as error:  # another package may fail in any way
            return f"{type(error).__name__}: {error}"
    return chances if np.isfinite(chances[folds >= 0]).all() else "a chance that is no number"


def line(row: PredictionRow) -> str:
    """One model: scores, distance to the 2PL, and where 60-80 % came true."""
    if row.reason:
        return f"  {row.model:<12} {row.reason[:100]}"
    beside = "" if np.isnan(row.difference) else f"{row.difference:+.5f} ± {row.difference_se:.5f}"
    seventy = [b for b in row.calibration if b.lower in (0.6, 0.7) and b.n]
    n = sum(b.n for b in seventy)
    said, came = (
        sum(b.n * value(b) for b in seventy) / max(n, 1) for value in (lambda b: b.predicted, lambda b: b.observed)
    )
    return (
        f"  {row.model:<12} {row.log_loss:.5f}  {row.brier:.5f}  {row.accuracy:7.2%}  {beside:<20}  "
        f"{said:.1%} -> {came:.1%} ({n})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Who predicts answers best that nobody has shown it?")
    parser.add_argument("files", nargs="*", metavar="FILE[:KEY]")
    parser.add_argument("--properties", nargs="*", default=[], metavar="COLUMN")
    asked = parser.parse_args()
    for name, scores in exams(asked.files, asked.properties):
        folds = folds_of(scores, FOLDS, np.random.default_rng(SEED))
        print(f"\n{name}: {scores.shape[0]:,} x {scores.shape[1]}, {(scores >= 0).sum():,} answers held back in tenths")
        print("  model        log-loss  Brier   accuracy  log-loss minus 2PL    chances of 60-80 % -> came true (n)")
        chances = {model: predicted(scores, folds, predictor) for model, predictor in predictors().items()}
        for row in score_predictions(scores, chances):
            print(line(row))


if __name__ == "__main__":
    main()
