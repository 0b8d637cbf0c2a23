"""Tables as CSV, JSON and Parquet: numbers at full precision, nothing where a value cannot be had."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from irt.errors import IrtError
from irt.serialise.nouns import Kind, LongTable, Table, Values

#: Text that a spreadsheet would run as a formula.
_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
#: Text that looks like one but is a plain number.
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?\Z", re.ASCII)
_CHUNK = 10_000
#: Rows of a file that is made in memory before it is written.
MOST_ROWS = 10_000_000


def records(table: Table) -> list[dict[str, Any]]:
    """One dict a row, with plain Python values and None where a value cannot be had."""
    names = [column.name for column in table.columns]
    columns = [plain(values) for values in table.values]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def plain(values: Values) -> list[Any]:
    """Python values; nan and infinity become None."""
    listed = values.tolist() if isinstance(values, np.ndarray) else list(values)
    return [None if isinstance(value, float) and not math.isfinite(value) else value for value in listed]


def as_object(table: Table) -> dict[str, Any]:
    """A table as one JSON object: rows, what each column means, where the numbers come from."""
    return {
        "data": records(table),
        "columns": {column.name: column.meaning for column in table.columns},
        "provenance": dict(table.provenance),
        "warnings": list(table.warnings),
    }


def to_json(table: Table) -> str:
    """:func:`as_object` as text."""
    return json.dumps(as_object(table), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def to_csv(table: Table | LongTable, *, note: bool = False, guard: bool = False, bom: bool = False) -> str:
    """:func:`csv_parts` as one text."""
    return "".join(csv_parts(table, note=note, guard=guard, bom=bom))


def spreadsheet_csv(table: Table | LongTable) -> str:
    """CSV for a reader who opens it in a spreadsheet: explained, guarded, and marked as UTF-8."""
    return to_csv(table, note=True, guard=True, bom=True)


def csv_parts(table: Table | LongTable, *, note: bool = False, guard: bool = False, bom: bool = False) -> Iterator[str]:
    """A table as CSV (comma, UTF-8, quoted as in RFC 4180, lines end with LF), in parts of bounded size.

    Parameters
    ----------
    table : Table or LongTable
    note : bool
        Put lines that begin with ``#`` in front: what each column means, where the numbers come from. Off by default,
        so that the first line of a file for programs is the header.
    guard : bool
        Put an apostrophe in front of text that a spreadsheet would run as a formula. Off by default, so that ids come
        back as they were.
    bom : bool
        Begin with a byte order mark, without which Excel misreads Japanese and with which other programs misread the
        first column's name.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    buffer.write("\ufeff" if bom else "")
    if note:
        buffer.writelines(f"# {_one_line(line)}\n" for line in note_lines(table))
    writer.writerow([column.name for column in table.columns])
    texts = [column.kind is Kind.TEXT for column in table.columns]
    for start in range(0, len(table), _CHUNK):
        columns = [
            _cells(values, guard=guard and text)
            for values, text in zip(table.cut(start, start + _CHUNK).values, texts, strict=True)
        ]
        writer.writerows(zip(*columns, strict=True))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def note_lines(table: Table | LongTable) -> list[str]:
    """What each column means and where the numbers come from, a line each."""
    lines = [f"{column.name}: {column.meaning}" for column in table.columns]
    lines += [f"{name} = {_fact(value)}" for name, value in table.provenance.items() if value not in (None, "", [])]
    return lines + [f"Warning: {warning}" for warning in table.warnings]


def guarded(text: str) -> str:
    """Text that no spreadsheet runs as a formula."""
    return f"'{text}" if _FORMULA.match(text) and not _PLAIN_NUMBER.match(text) else text


def write_table(table: Table | LongTable, path: Path) -> None:
    """Write a table; the ending says how: ``.csv``, ``.json`` or ``.parquet``.

    Raises
    ------
    IrtError
        For another ending, if the file cannot be written, or if the table is too long to be held, as JSON and Parquet
        need.
    """
    ending = format_of(path)
    if ending != ".csv" and len(table) > MOST_ROWS:
        raise IrtError(
            f"{len(table):,} rows are too many for a file that ends in {ending} (at most {MOST_ROWS:,}): "
            "write .csv, or publish to a folder, a bucket or BigQuery."
        )
    try:
        if ending == ".parquet":
            _write_parquet(table.cut(0, len(table)), path)
        elif ending == ".json":
            path.write_text(to_json(table.cut(0, len(table))), encoding="utf-8")
        else:
            with path.open("w", encoding="utf-8", newline="") as file:
                file.writelines(csv_parts(table))
    except OSError as error:
        raise IrtError(f"The file {path} cannot be written: {error.strerror}.") from None


def format_of(path: Path) -> str:
    """The ending of a file to write, if it is one of :data:`FORMATS`. Raises IrtError."""
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise IrtError(f"The file {path.name} must end in {', '.join(FORMATS)}: the ending says the format.")
    return ending


#: Endings of files that a table can be written to.
FORMATS = (".csv", ".json", ".parquet")


def _write_parquet(table: Table, path: Path) -> None:
    """One Parquet file, typed by the kinds of the columns."""
    import pandas as pd

    from irt.sources.engine import Duck, quoted

    types = {Kind.TEXT: "string", Kind.NUMBER: "float64", Kind.WHOLE: "Int64", Kind.YES_NO: "boolean"}
    frame = pd.DataFrame(
        {
            column.name: pd.array(plain(values), dtype=types[column.kind])  # type: ignore[call-overload]
            for column, values in zip(table.columns, table.values, strict=True)
        }
    )
    path.open("wb").close()  # A folder that is not there or not writable is said in the words of the system.
    Duck().write(frame, f"COPY (SELECT * FROM frame) TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)")


def _cells(values: Values, *, guard: bool) -> list[Any]:
    """Cells of a column: empty where there is no value, 1 and 0 for yes and no."""
    return [_text(value, guard) if isinstance(value, str) else _number(value) for value in plain(values)]


def _text(text: str, guard: bool) -> str:
    """Text of a cell. A carriage return becomes a line feed: the writer would not quote it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    return guarded(text) if guard else text


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


def _one_line(text: str) -> str:
    """Text without line breaks and without the marks that would split or quote a cell."""
    return " ".join(text.split()).replace(",", ";").replace('"', "'")


def _fact(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {member}" for name, member in value.items())
    return ", ".join(str(member) for member in value) if isinstance(value, list | tuple) else str(value)
