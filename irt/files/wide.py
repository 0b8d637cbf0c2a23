"""Wide files: one row a student, one column an item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from irt.errors import FAULTS_SHOWN, Fault, ImportFault
from irt.files.columns import ColumnPlan, ImportOptions, item_key, key_of, shown
from irt.files.grid import Grid
from irt.files.marks import ALIASES, KEY_MARKS, MISSING_MARKS, ONES, SUMMARY_MARKS, ZEROS, normalised
from irt.responses.key import OmittedPolicy, option_label, score_options


def take_key_row(grid: Grid, options: ImportOptions) -> tuple[Grid, ImportOptions]:
    """The grid without a first row marked as key, and options that hold that key (a key that was given counts more)."""
    place = _student_place(grid, options)
    if normalised(grid.cells[0, place]) not in KEY_MARKS:
        return grid, options
    if len(grid.cells) == 1:
        raise ImportFault(f"{grid.name} holds a key but no answers.", file=grid.name)
    found = {
        name: right
        for column, (name, right) in enumerate(zip(grid.header, grid.cells[0], strict=True))
        if column != place and right not in MISSING_MARKS
    }
    rest = replace(grid, cells=grid.cells[1:], numbers=grid.numbers[1:])
    return rest, options if options.key else replace(options, key=found)


def drop_summaries(grid: Grid, options: ImportOptions) -> tuple[Grid, tuple[str, ...]]:
    """The grid without rows at its end that sum up the others ("Overall average"), and a warning for each."""
    place, last = _student_place(grid, options), len(grid.cells)
    while last > 1 and normalised(grid.cells[last - 1, place]) in SUMMARY_MARKS:
        last -= 1
    warnings = tuple(
        f"Row {number} of {grid.name} ({shown(label)}) is not a student and was left out."
        for number, label in zip(grid.numbers[last:], grid.cells[last:, place], strict=True)
    )
    return replace(grid, cells=grid.cells[:last], numbers=grid.numbers[:last]), warnings


def wide_frame(grid: Grid, plans: tuple[ColumnPlan, ...], options: ImportOptions) -> pd.DataFrame:
    """The responses table of a wide file: one row a cell, by student, then by item.

    Raises
    ------
    ImportFault
        If a student occurs twice or has no name, or a cell cannot be scored.
    """
    columns = [j for j, plan in enumerate(plans) if plan.becomes == "item"]
    if not columns and len(plans) == 1:
        raise ImportFault(
            f"{grid.name} has one column only, {shown(plans[0].name)}. "
            "Cells are separated by commas, semicolons or tabs.",
            file=grid.name,
        )
    if not columns:
        raise ImportFault(
            f"{grid.name} has no column of items: none holds only 0, 1 and empty cells. "
            "For option letters give the key (--key), or name the items (--items).",
            file=grid.name,
        )
    students = _students(grid, plans)
    cells = grid.cells[:, columns]
    key = key_of(options)
    keyed = np.array([item_key(plans[j].name) in key for j in columns])
    right = np.array([key.get(item_key(plans[j].name)) for j in columns], dtype=object)
    missing = _lookup(cells, dict.fromkeys(MISSING_MARKS, True), False).astype(bool)
    scores = np.full(cells.shape, -1, dtype=np.int8)
    scores[:, ~keyed] = _plain_scores(
        grid, cells[:, ~keyed], [plans[j].name for j in np.array(columns)[~keyed]], options
    )
    chosen = _labels(cells)
    chosen[missing] = None
    scores[:, keyed] = score_options(chosen[:, keyed], right[keyed], options.omitted)
    chosen[:, ~keyed] = None
    return _melted(grid, plans, columns, students, scores, chosen, right)


def _melted(
    grid: Grid,
    plans: tuple[ColumnPlan, ...],
    columns: list[int],
    students: list[str],
    scores: NDArray[np.int8],
    chosen: NDArray[np.object_],
    right: NDArray[np.object_],
) -> pd.DataFrame:
    """One row a cell."""
    n_persons, n_items = scores.shape
    correct = pd.Series(scores.ravel(), dtype="Int8")
    table: dict[str, object] = {
        "student_id": np.repeat(np.array(students, dtype=object), n_items),
        "item_id": np.tile(np.array([plans[j].name for j in columns], dtype=object), n_persons),
        "correct": correct.mask(correct < 0),
    }
    if any(option is not None for option in right):
        table["answer"] = chosen.ravel()
        table["answer_key"] = np.tile(right, n_persons)
    for j, plan in enumerate(plans):
        if plan.becomes not in ("item", "left out", "student_id"):
            values = _lookup(grid.cells[:, j], dict.fromkeys(MISSING_MARKS, None), ...)
            table[plan.name if plan.becomes == "property" else plan.becomes] = np.repeat(values, n_items)
    return pd.DataFrame(table)


def _student_place(grid: Grid, options: ImportOptions) -> int:
    """The column that names the student, or the first."""
    wanted = options.student.strip().casefold() if options.student else None
    names = [name.casefold() if wanted is not None else normalised(name) for name in grid.header]
    others = (mark for mark, column in ALIASES.items() if column == "student_id")
    marks = [wanted] if wanted is not None else ["studentid", *others]
    return next((names.index(mark) for mark in marks if mark in names), 0)


def _students(grid: Grid, plans: tuple[ColumnPlan, ...]) -> list[str]:
    """A name for each row: from its column, or the number of the row."""
    place = next((j for j, plan in enumerate(plans) if plan.becomes == "student_id"), None)
    if place is None:
        return [str(number) for number in range(1, len(grid.cells) + 1)]
    names = pd.Series(grid.cells[:, place])
    attempt = next((grid.cells[:, j] for j, plan in enumerate(plans) if plan.becomes == "attempt"), "")
    header = plans[place].name
    faults = [Fault(f"row {grid.numbers[i]}, column {header}", "no student") for i in np.flatnonzero(names == "")]
    again = pd.DataFrame({"name": names, "attempt": attempt}).duplicated() & (names != "")
    first = {name: i for i, name in reversed(list(enumerate(names)))}
    faults += [
        Fault(
            f"row {grid.numbers[i]}, column {header}",
            f"{shown(names[i])} is in row {grid.numbers[first[names[i]]]} already",
        )
        for i in np.flatnonzero(again)
    ]
    if faults:
        raise ImportFault(f"{grid.name}: each row must name a student of its own.", faults, file=grid.name)
    return list(names)


def _plain_scores(grid: Grid, cells: NDArray[np.object_], names: list[str], options: ImportOptions) -> NDArray[np.int8]:
    """Scores of cells that hold 0, 1 or nothing."""
    empty = 0 if options.omitted is OmittedPolicy.WRONG else -1
    known = dict.fromkeys(ONES, 1) | dict.fromkeys(ZEROS, 0) | dict.fromkeys(MISSING_MARKS, empty)
    scores = _lookup(cells, known, -9).astype(np.int8)
    wrong = np.argwhere(scores == -9)
    if len(wrong):
        faults = [
            Fault(f"row {grid.numbers[i]}, column {names[j]}", f"must be 0, 1 or empty, not {shown(cells[i, j])}")
            for i, j in wrong[:FAULTS_SHOWN]
        ]
        raise ImportFault(
            f"{grid.name}: some answers are neither 0 nor 1. For option letters give the key (--key).",
            faults,
            len(wrong),
            file=grid.name,
        )
    return scores


def _labels(cells: NDArray[np.object_]) -> NDArray[np.object_]:
    """Options as they are stored."""
    distinct = pd.unique(cells.ravel())
    return _lookup(cells, {cell: option_label(cell) for cell in distinct}, None)


def _lookup(cells: NDArray[np.object_], known: Mapping[str, object], other: object) -> NDArray[np.object_]:
    """Each cell replaced through a dictionary; Ellipsis keeps cells that are not in it."""
    codes, distinct = pd.factorize(cells.ravel())
    values = np.empty(len(distinct), dtype=object)
    values[:] = [known.get(cell, cell if other is ... else other) for cell in distinct]
    return values[codes].reshape(cells.shape)
