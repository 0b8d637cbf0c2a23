"""The responses table as a pandas frame: checked before it is stored."""

from __future__ import annotations

import unicodedata
from typing import Any

import pandas as pd

from irt.errors import FAULTS_SHOWN, Fault, ImportFault
from irt.natural import natural_key
from irt.responses.table import COLUMNS, REQUIRED

#: Numbers the rows while they are written; never stored.
ROW = "__row"
#: Text that is alike in many rows, and the most values that are worth a code.
_OFTEN_ALIKE = tuple(name for name, kind in COLUMNS.items() if kind == "STRING" and not name.startswith("student_"))
_MOST_CODES = 2000
_NEVER_EMPTY = ("student_id", "item_id", "exam_name")


def canonical_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every column of the contract in its type, text in NFC, and further columns as text.

    The column :data:`ROW` keeps the order of the rows.

    Raises
    ------
    ImportFault
        If a required column or value is missing, or ``correct`` is not 0, 1 or empty.
    """
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise ImportFault(
            f"The table of answers must have the columns {', '.join(REQUIRED)}; {', '.join(missing)} is missing."
        )
    _refuse_doubles([str(name) for name in frame.columns])
    if not len(frame):
        raise ImportFault("There is not one answer to store.")
    frame = frame.reset_index(drop=True)
    answers = pd.DataFrame(index=frame.index)
    for name, kind in COLUMNS.items():
        answers[name] = _typed(frame, name, kind)
    for name in frame.columns:
        if name not in COLUMNS:
            answers[str(name)] = _text(frame[name])
    answers["subject_name"] = answers["subject_name"].fillna("")
    _check(frame, answers)
    answers[ROW] = range(len(answers))
    return answers


def _refuse_doubles(names: list[str]) -> None:
    """Refuse columns that differ in case only: engines take them for one."""
    seen: dict[str, str] = {ROW: ROW}
    for name in names:
        if seen.setdefault(name.casefold(), name) != name or name == ROW:
            raise ImportFault(f"Each column needs a name of its own; {name!r} and {seen[name.casefold()]!r} are alike.")


def coded(answers: pd.DataFrame) -> pd.DataFrame:
    """The same answers with text of few values as codes, by which the engine sorts and groups in half of the time."""
    found = answers.copy(deep=False)
    for name in answers.columns:
        if name in _OFTEN_ALIKE or (name not in COLUMNS and name != ROW):
            values = pd.Categorical(answers[name])
            if len(values.categories) <= _MOST_CODES:
                found[name] = values
    return found


def summarise(answers: pd.DataFrame) -> dict[str, Any]:
    """Counts and names for a receipt."""
    return {
        "n_rows": len(answers),
        "n_students": answers["student_id"].nunique(),
        "n_items": answers["item_id"].nunique(),
        "subjects": tuple(sorted(answers["subject_name"].unique(), key=natural_key)),
        "exams": tuple(sorted(answers["exam_name"].unique(), key=natural_key)),
    }


def _typed(frame: pd.DataFrame, name: str, kind: str) -> pd.Series[Any]:
    """A column of the contract; empty where the frame lacks it."""
    if name not in frame.columns:
        kinds = {"STRING": "str", "INT64": "Int16", "TIMESTAMP": "datetime64[us]"}
        return pd.Series(pd.NA if kind == "INT64" else None, index=frame.index, dtype=kinds[kind])
    if kind == "STRING":
        return _text(frame[name])
    if kind == "TIMESTAMP":
        return times(frame[name])
    return attempts(frame[name]) if name == "attempt" else _whole(frame[name])


def attempts(values: pd.Series[Any]) -> pd.Series[Any]:
    """Numbers of attempts; missing where a value is no whole number."""
    return _whole(values)


def _whole(values: pd.Series[Any]) -> pd.Series[Any]:
    """Whole numbers; other values become missing (and are found by comparing with the frame)."""
    numbers = pd.to_numeric(values, errors="coerce").astype("Float64")
    fits = (numbers % 1 == 0) & (numbers.abs() < 2**15)
    return numbers.where(fits.fillna(False)).astype("Int16")


def _text(values: pd.Series[Any]) -> pd.Series[Any]:
    """Text in NFC without surrounding space; empty text is missing."""
    distinct = pd.Series(values.unique()).dropna()
    clean = {value: _clean(value) for value in distinct}
    return values.map(clean).astype("str")


def _clean(value: object) -> str | None:
    """One value as text; a whole number loses the decimal point that a reader of numbers gave it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = unicodedata.normalize("NFC", str(value)).strip()
    return text or None


def times(values: pd.Series[Any]) -> pd.Series[Any]:
    """Times in UTC without a zone; a time without a zone is taken as UTC, and what is no time becomes missing."""
    if not pd.api.types.is_datetime64_any_dtype(values):
        values = values.astype("str").str.replace("/", "-")
    moments = pd.to_datetime(values, errors="coerce", format="ISO8601", utc=True)
    return moments.dt.tz_localize(None).astype("datetime64[us]")


def _check(frame: pd.DataFrame, answers: pd.DataFrame) -> None:
    """Refuse values that break the contract, naming the first rows."""
    faults: list[Fault] = []
    count = 0
    tests = {name: (answers[name].isna(), "is empty") for name in _NEVER_EMPTY}
    present = _text(frame["correct"].astype(object)).notna()
    wrong = (present & answers["correct"].isna()) | ~answers["correct"].fillna(0).isin([0, 1])
    tests["correct"] = (wrong, "must be 1, 0 or empty, not {value}")
    for name in ("attempt", "answered_at"):
        if name in frame.columns:
            lost = frame[name].notna() & (frame[name].astype(str).str.strip() != "") & answers[name].isna()
            tests[name] = (lost, "cannot be understood: {value}")
    for name, (faulty, what) in tests.items():
        rows = faulty.to_numpy().nonzero()[0]
        count += len(rows)
        faults += [
            Fault(f"row {row + 1}, column {name}", what.format(value=repr(frame[name].iloc[row])))
            for row in rows[:FAULTS_SHOWN].tolist()
        ]
    if faults:
        raise ImportFault("Nothing was stored: some rows break the contract of the responses table.", faults, count)
