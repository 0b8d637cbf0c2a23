"""Files of answers: what is in them, what each column becomes, and the responses table they hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from irt.errors import Fault, ImportFault
from irt.files.columns import (
    ColumnPlan,
    ImportOptions,
    Layout,
    item_key,
    key_of,
    layout_of,
    named,
    plan_columns,
    undecided,
)
from irt.files.grid import Grid, read_grid
from irt.files.marks import MISSING_MARKS, normalised
from irt.files.platforms import plain_table
from irt.responses.key import option_label

if TYPE_CHECKING:
    import pandas as pd

_FIRST_ROWS = 5
#: What the two columns of a key are called.
_KEY_HEADERS = (
    ("itemid", "item", "question", "questionnumber", "問題", "設問", "問"),
    ("answerkey", "key", "correctanswer", "rightanswer", "answer", "正答", "正解"),
)


@dataclass(frozen=True, slots=True)
class ImportTable:
    """A file that was read, ready to be shown and stored.

    Parameters
    ----------
    name : str
        Of the file.
    layout : Layout
        ``long`` or ``wide``.
    encoding, delimiter : str
        How the file was read: ``xlsx`` and "" for a workbook.
    columns : tuple of ColumnPlan
        What each column becomes.
    n_rows : int
        Rows of the file, without header and key.
    first_rows : tuple of tuple of str
        The first rows as they are in the file, aligned with ``columns``.
    frame : DataFrame, optional
        The responses table: one row an answer. None as long as ``fault`` says what is in the way.
    warnings : tuple of str
        What was left out, and what to check.
    fault : ImportFault, optional
        Why the file cannot be imported with these options.
    """

    name: str
    layout: Layout
    encoding: str
    delimiter: str
    columns: tuple[ColumnPlan, ...]
    n_rows: int
    first_rows: tuple[tuple[str, ...], ...]
    frame: pd.DataFrame | None
    warnings: tuple[str, ...]
    fault: ImportFault | None = None


def read_table(source: Path | bytes, name: str, options: ImportOptions | None = None) -> ImportTable:
    """Read a file of answers in any accepted layout (see ``docs/import.md``).

    Parameters
    ----------
    source : Path or bytes
    name : str
        Of the file, for messages.
    options : ImportOptions, optional

    Raises
    ------
    ImportFault
        If it cannot be imported: with file, row and column of the first faults, and how many there are.
    """
    table = preview_table(source, name, options)
    if table.fault is not None:
        raise table.fault
    return table


def preview_table(source: Path | bytes, name: str, options: ImportOptions | None = None) -> ImportTable:
    """As :func:`read_table`, but a file whose columns can be told has its faults in the result.

    So a screen can show the first rows and what each column becomes while subject, exam or key are still missing.

    Raises
    ------
    ImportFault
        If the file is no table at all.
    """
    options = options or ImportOptions()
    grid = plain_table(read_grid(source, name, options.encoding), options)
    layout = layout_of(grid)
    warnings = grid.warnings
    if layout is Layout.WIDE:
        from irt.files.wide import drop_summaries, take_key_row  # pandas is loaded with the first file only

        grid, options = take_key_row(grid, options)
        grid, dropped = drop_summaries(grid, options)
        warnings += dropped
    plans = plan_columns(grid, layout, options)
    frame, fault = None, None
    try:
        frame, found = _frame(grid, layout, plans, options)
        warnings += found
    except ImportFault as error:
        fault = error
    return ImportTable(
        name=name,
        layout=layout,
        encoding=grid.encoding,
        delimiter=grid.delimiter,
        columns=plans,
        n_rows=len(grid.cells),
        first_rows=tuple(tuple(row) for row in grid.cells[:_FIRST_ROWS]),
        frame=frame,
        warnings=warnings + _remarks(plans, layout, options, len(grid.cells)),
        fault=fault,
    )


def read_key(source: Path | bytes, name: str) -> dict[str, str]:
    """The key in a file with the columns item_id and answer_key.

    Raises
    ------
    ImportFault
        If a column is missing, an item has no right option, or an item occurs with two.
    """
    grid = read_grid(source, name)
    found = [next((j for j, h in enumerate(grid.header) if normalised(h) in names), None) for names in _KEY_HEADERS]
    item_place, right_place = found
    if item_place is None or right_place is None:
        raise ImportFault(
            f"A key has the columns item_id and answer_key; {name} has {', '.join(grid.header)}.", file=name
        )
    key: dict[str, str] = {}
    faults = []
    for number, item, right in zip(grid.numbers, grid.cells[:, item_place], grid.cells[:, right_place], strict=True):
        if not item or right in MISSING_MARKS:
            faults.append(Fault(f"row {number}", f"item {item!r} has no right option" if item else "no item"))
        elif key.setdefault(item, option_label(right)) != option_label(right):
            faults.append(Fault(f"row {number}", f"item {item!r} has two right options, {key[item]} and {right}"))
    if faults:
        raise ImportFault(f"{name}: each item of a key needs one right option.", faults, file=name)
    return key


def _frame(
    grid: Grid, layout: Layout, plans: tuple[ColumnPlan, ...], options: ImportOptions
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The responses table with subject and exam, and warnings."""
    question = undecided(plans, grid.name)
    if question is not None:
        raise question
    _refuse_foreign_key(grid, layout, plans, options)
    if layout is Layout.LONG:
        from irt.files.long import long_frame

        frame, warnings = long_frame(grid, plans, options)
    else:
        from irt.files.wide import wide_frame

        frame, warnings = wide_frame(grid, plans, options), ()
    for column, value, option in (("subject_name", options.subject, "subject"), ("exam_name", options.exam, "exam")):
        warnings += _fill(frame, column, value, option, grid.name)
    return frame, warnings


def _fill(frame: pd.DataFrame, column: str, value: str | None, option: str, name: str) -> tuple[str, ...]:
    """Put a subject or exam where the file has none."""
    value = (value or "").strip() or None
    if column not in frame:
        frame[column] = None
    empty = frame[column].isna()
    if value is None and empty.any():
        part = "does not say" if empty.all() else f"does not say in {int(empty.sum())} of its {len(frame)} rows"
        raise ImportFault(f"{name} {part} which {option} it belongs to: name the {option} (--{option}).", file=name)
    if value is not None:
        frame[column] = frame[column].astype(object).where(~empty, value)
        others = [other for other in frame[column].unique() if other != value]
        if others:
            return (
                f"{name} names the {option} itself ({', '.join(map(str, others[:5]))}); that counts, not {value!r}.",
            )
    return ()


def _refuse_foreign_key(grid: Grid, layout: Layout, plans: tuple[ColumnPlan, ...], options: ImportOptions) -> None:
    """A key for other items is the wrong file."""
    if not options.key or layout is Layout.LONG:
        return
    if not {item_key(plan.name) for plan in plans} & set(key_of(options)):
        items = ", ".join(list(options.key)[:5])
        raise ImportFault(f"The key is for other items ({items}, ...): {grid.name} has no column of that name.")


def _remarks(plans: tuple[ColumnPlan, ...], layout: Layout, options: ImportOptions, n_rows: int) -> tuple[str, ...]:
    """What a reader should know before storing: columns left out, students numbered, items without answers."""
    remarks = [
        f"The column {plan.name!r} was left out: {_why(plan)}."
        for plan in plans
        if plan.becomes == "left out" and plan.name
    ]
    unnamed = sum(plan.becomes == "left out" and not plan.name and bool(plan.examples) for plan in plans)
    if unnamed:
        remarks.append(f"{unnamed} columns without a name were left out.")
    if layout is Layout.WIDE:
        known = {item_key(plan.name) for plan in plans}
        lost = [item for item in options.key or {} if item_key(item) not in known]
        if lost:
            remarks.append(f"The key names items that the file does not have: {', '.join(lost[:10])}.")
        remarks += _unkeyed(plans, options)
        if not any(plan.becomes == "student_id" for plan in plans):
            remarks.append(
                f"No column names the students, so the {n_rows} rows are numbered. If one does, say which (--student)."
            )
    return tuple(remarks)


def _unkeyed(plans: tuple[ColumnPlan, ...], options: ImportOptions) -> list[str]:
    """Columns of options that the key forgot would pass for properties in silence."""
    rights = set(key_of(options).values())
    forgotten = [
        plan.name
        for plan in plans
        if plan.becomes == "property"
        and not named(plan.name, options.properties)
        and {option_label(example) for example in plan.examples} <= rights
    ]
    if not forgotten:
        return []
    names = ", ".join(forgotten[:10]) + (", ..." if len(forgotten) > 10 else "")
    return [
        f"The key does not name {names}, which hold options: they are properties here, not items. Complete the key."
    ]


def _why(plan: ColumnPlan) -> str:
    return "it is empty" if not plan.examples else "it holds numbers and was not named as a property"
