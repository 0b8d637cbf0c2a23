"""Reports of learning platforms as plain wide tables: Moodle's grades of a quiz, Canvas' student analysis.

An answer is right if it has all the marks that its question carries; part of them counts as wrong, and is reported.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from irt.files.columns import ImportOptions, named
from irt.files.grid import Grid
from irt.files.marks import normalised

_MARKED = re.compile(r"(.+?)\s*/\s*(\d+(?:[.,]\d+)?)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_IDS = ("idnumber", "idナンバー", "sisid", "studentid", "username", "id")
_NAMES = ("lastname", "surname", "firstname", "姓", "名", "nachname", "vorname", "nom", "prénom", "name")
_CANVAS_END = ["ncorrect", "nincorrect", "score"]
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class _Report:
    """Where a report has its questions: their columns, their names and the marks they carry."""

    platform: str
    columns: list[int]
    items: list[str]
    marks: NDArray[np.float64]
    n_before: int


def plain_table(grid: Grid, options: ImportOptions) -> Grid:
    """A platform's report as a table of students and items; any other table, and one with named items, as it is."""
    if options.items or options.key:
        return grid
    report = _moodle(grid) or _canvas(grid)
    return grid if report is None else _plain(grid, report, options)


def _moodle(grid: Grid) -> _Report | None:
    """``..., Grade/10.00, Q. 1 /1.00, Q. 2 /1.00, ...``: the words differ by language, the marks stay."""
    found = [(j, _MARKED.fullmatch(name)) for j, name in enumerate(grid.header)]
    marked = [(j, match[1], _float(match[2])) for j, match in found if match]
    first = len(grid.header) - len(marked)
    if len(marked) < 3 or marked[0][0] != first or first == 0:
        return None
    columns, items, marks = zip(*[one for one in marked[1:] if one[2] > 0], strict=True)
    return _Report("Moodle", list(columns), list(items), np.array(marks), first)


def _canvas(grid: Grid) -> _Report | None:
    """``name,id,...,"17: Question",1.0,"18: Question",1.0,n correct,n incorrect,score``: answer and points by turns."""
    header = grid.header
    if [normalised(name) for name in header[-3:]] != _CANVAS_END:
        return None
    first = next((j for j, name in enumerate(header) if re.match(r"\d+:", name)), len(header))
    questions, points = header[first:-3:2], header[first + 1 : -3 : 2]
    if len(points) < 2 or len(questions) != len(points) or not all(map(_NUMBER.fullmatch, points)):
        return None
    items = [" ".join(name.split())[:_LONGEST_NAME] for name in questions]
    columns = list(range(first + 1, len(header) - 3, 2))
    return _Report("Canvas", columns, items, np.array([_float(point) for point in points]), first)


def _plain(grid: Grid, report: _Report, options: ImportOptions) -> Grid:
    """The table of a report, without rows of unfinished attempts and of averages."""
    before = grid.cells[:, : report.n_before]
    filled = (before != "").sum(axis=1)
    answers = grid.cells[:, report.columns]
    empty = np.isin(answers, ["", "-"])
    average = filled < min(2, report.n_before)
    kept = ~average & ~empty.all(axis=1)
    unfinished = int((~kept & ~average).sum())
    points = np.array([_float(cell) for cell in answers[kept].ravel()]).reshape(-1, len(report.items))
    right = points >= report.marks * (1 - 1e-9)
    partly = int(((points > 0) & ~right).sum())
    unread = int((np.isnan(points) & ~empty[kept]).sum())
    scores = np.where(np.isnan(points), "", np.where(right, "1", "0")).astype(object)
    rest = replace(grid, cells=grid.cells[kept], numbers=grid.numbers[kept])
    header, columns, used = _students(rest, report, options)
    lost = ", ".join(name for j, name in enumerate(grid.header[: report.n_before]) if j not in used and name)
    remarks = [
        f"{grid.name} was read as a report of {report.platform}: an answer with all its marks is right.",
        partly and f"{partly} answers with part of the marks count as wrong.",
        unread and f"{unread} answers without a number as mark are missing.",
        unfinished and f"{unfinished} rows without any mark (attempts not finished) were left out.",
        average.any() and f"{int(average.sum())} rows that are no student (averages) were left out.",
        lost and f"These columns were left out: {lost}.",
    ]
    cells = np.column_stack([*columns, scores]) if columns else scores
    warnings = (*grid.warnings, *(remark for remark in remarks if isinstance(remark, str) and remark))
    return replace(rest, header=(*header, *report.items), cells=cells, warnings=warnings)


def _students(
    grid: Grid, report: _Report, options: ImportOptions
) -> tuple[list[str], list[NDArray[np.object_]], set[int]]:
    """The columns that say who answered: names, their cells, and the columns of the report that were used."""
    header = grid.header[: report.n_before]
    place = _identity(grid, report, options)
    names = [j for j, name in enumerate(header) if normalised(name) in _NAMES]
    joined = np.array([" ".join(filter(None, row)) for row in grid.cells[:, names]], dtype=object)
    table: dict[str, NDArray[np.object_]] = {}
    if place is not None:
        table[header[place] if options.student else "student_id"] = grid.cells[:, place]
        if names:
            table["student_name"] = joined
    elif names:
        table["student_id"] = joined
    stated = next((j for j, name in enumerate(header) if normalised(name) == "attempt"), None)
    students = next(iter(table.values()), None)
    if stated is not None:
        table["attempt"] = grid.cells[:, stated]
    elif students is not None and len({*students}) < len(students):
        seen: Counter[str] = Counter()
        table["attempt"] = np.array([_next(seen, student) for student in students], dtype=object)
    kept = [j for j, name in enumerate(header) if named(name, options.properties)]
    table |= {header[j]: grid.cells[:, j] for j in kept}
    used = {*names, *kept} | {j for j in (place, stated) if j is not None}
    return list(table), list(table.values()), used


def _identity(grid: Grid, report: _Report, options: ImportOptions) -> int | None:
    """The column that names the student: the one asked for, an id or an address that every row has."""
    header = [normalised(name) for name in grid.header[: report.n_before]]
    if options.student is not None:
        return header.index(normalised(options.student)) if normalised(options.student) in header else None
    wanted = [header.index(name) for name in _IDS if name in header]
    addresses = [j for j in range(len(header)) if all("@" in cell for cell in grid.cells[:, j])]
    return next((j for j in (*wanted, *addresses) if (grid.cells[:, j] != "").all()), None)


def _next(seen: Counter[str], student: str) -> str:
    """The number of a student's attempt, in the order of the rows."""
    seen[student] += 1
    return str(seen[student])


def _float(cell: str) -> float:
    """A mark; nan where there is none."""
    return float(cell.replace(",", ".")) if _NUMBER.fullmatch(cell) else float("nan")
