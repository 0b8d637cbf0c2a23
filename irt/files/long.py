"""Long files: one row an answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from irt.errors import Fault, ImportFault
from irt.files.columns import ColumnPlan, ImportOptions, item_key, key_of, shown
from irt.files.grid import Grid
from irt.files.marks import MISSING_MARKS, ONES, ZEROS
from irt.responses.key import OmittedPolicy, is_empty, option_label, score_options


def long_frame(
    grid: Grid, plans: tuple[ColumnPlan, ...], options: ImportOptions
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The responses table of a long file, and warnings.

    Raises
    ------
    ImportFault
        If a row lacks its student or item, or its answer cannot be scored.
    """
    columns = {
        plan.name if plan.becomes == "property" else plan.becomes: pd.Series(grid.cells[:, j])
        for j, plan in enumerate(plans)
        if plan.becomes != "left out"
    }
    if "student_id" not in columns:
        raise ImportFault(
            f"{grid.name} has one row an answer but no column student_id. Say which names the student (--student).",
            file=grid.name,
        )
    frame = pd.DataFrame(
        {name: values if name in _IDS else values.mask(values.isin(MISSING_MARKS)) for name, values in columns.items()}
    )
    for name in ("answer", "answer_key"):
        if name in frame:
            frame[name] = frame[name].map(option_label, na_action="ignore")
    faults = _empty_ids(grid, frame) + _unreadable(grid, frame)
    scores, score_faults, warnings = _scores(grid, frame, options)
    faults += score_faults
    if faults:
        raise ImportFault(f"{grid.name}: some rows cannot be stored.", faults, file=grid.name)
    correct = pd.Series(scores, dtype="Int8")
    frame["correct"] = correct.mask(correct < 0)
    return frame, warnings


_IDS = ("student_id", "item_id")


def _empty_ids(grid: Grid, frame: pd.DataFrame) -> list[Fault]:
    """Rows without a student or an item."""
    return [
        Fault(f"row {grid.numbers[i]}, column {name}", "is empty")
        for name in _IDS
        for i in np.flatnonzero((frame[name] == "").to_numpy())
    ]


def _unreadable(grid: Grid, frame: pd.DataFrame) -> list[Fault]:
    """Attempts that are not whole numbers and times that are not times."""
    from irt.sources.frame import attempts, times

    readers = {"attempt": (attempts, "a whole number"), "answered_at": (times, "a time such as 2026-04-09 13:05")}
    faults = []
    for name, (read, expected) in readers.items():
        if name in frame:
            lost = frame[name].notna() & read(frame[name]).isna()
            faults += [
                Fault(f"row {grid.numbers[i]}, column {name}", f"must be {expected}, not {shown(frame[name][i])}")
                for i in np.flatnonzero(lost.to_numpy())
            ]
    return faults


def _scores(
    grid: Grid, frame: pd.DataFrame, options: ImportOptions
) -> tuple[NDArray[np.int8], list[Fault], tuple[str, ...]]:
    """Scores from the column ``correct``, or from options and a key; a key that was given counts more."""
    key = key_of(options)
    if key and "answer" not in frame:
        raise ImportFault(f"{grid.name} has no column answer, so the key has nothing to score.", file=grid.name)
    if key:
        given = frame["item_id"].map({item: key.get(item_key(item)) for item in frame["item_id"].unique()})
        frame["answer_key"] = given.where(given.notna(), frame.get("answer_key"))
    if "correct" in frame and not key:
        scores, faults = _stated_scores(grid, frame["correct"], options)
        return scores, faults, ()
    return _keyed_scores(grid, frame, options)


def _stated_scores(grid: Grid, correct: pd.Series[str], options: ImportOptions) -> tuple[NDArray[np.int8], list[Fault]]:
    """Scores as the file states them."""
    empty = 0 if options.omitted is OmittedPolicy.WRONG else -1
    known = dict.fromkeys(ONES, 1) | dict.fromkeys(ZEROS, 0)
    scores = correct.map(known).where(correct.notna(), empty)
    faults = [
        Fault(f"row {grid.numbers[i]}, column correct", f"must be 0, 1 or empty, not {shown(correct[i])}")
        for i in np.flatnonzero(scores.isna().to_numpy())
    ]
    return np.asarray(scores.fillna(-1), dtype=np.int8), faults


def _keyed_scores(
    grid: Grid, frame: pd.DataFrame, options: ImportOptions
) -> tuple[NDArray[np.int8], list[Fault], tuple[str, ...]]:
    """Scores of options by the key; items that it lacks keep the score that the file states."""
    if "answer_key" not in frame:
        raise ImportFault(
            f"{grid.name} has options but no column correct. Give the key (--key), or a column answer_key.",
            file=grid.name,
        )
    right = frame["answer_key"].astype(object).where(frame["answer_key"].notna(), None).to_numpy()
    chosen = frame["answer"].astype(object).where(frame["answer"].notna(), None).to_numpy()
    unkeyed = is_empty(right)
    scores = score_options(chosen, right, options.omitted)
    faults: list[Fault] = []
    warnings: tuple[str, ...] = ()
    if "correct" in frame:
        stated, faults = _stated_scores(grid, frame["correct"], options)
        n_changed = int(((scores != stated) & ~unkeyed).sum())
        if n_changed:
            warnings = (f"The key scores {n_changed} answers otherwise than the column correct; the key counts.",)
        scores = np.where(unkeyed, stated, scores)
    else:
        faults = [
            Fault(f"row {grid.numbers[i]}, item {frame['item_id'][i]}", "has no right option in the key")
            for i in np.flatnonzero(unkeyed)
        ]
    return scores, faults, warnings
