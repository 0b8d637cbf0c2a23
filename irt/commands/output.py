"""Where results go: a file, or stdout."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from irt.calibration import Calibration
from irt.calibration.file import to_dict
from irt.errors import IrtError
from irt.serialise import LongTable, Table, csv_parts, records, write_table


def write(table: Table | LongTable, out: Path | None) -> None:
    """A table to a file, or as CSV on stdout."""
    if out is not None:
        write_table(table, out)
        return
    for part in csv_parts(table):
        sys.stdout.write(part)


def write_calibration(calibration: Calibration, out: Path | None) -> None:
    """A calibration file, or its text on stdout."""
    if out is None:
        sys.stdout.write(json.dumps(to_dict(calibration), ensure_ascii=False, allow_nan=False, indent=1) + "\n")
    else:
        calibration.save(out)
        sys.stderr.write(f"{out}: {len(calibration.items)} items, {calibration.n_persons} students.\n")


def write_object(table: Table, out: Path | None) -> None:
    """A table of one row as one JSON object, with its provenance and warnings; .csv and .parquet hold the row."""
    if out is not None and out.suffix.lower() != ".json":
        write_table(table, out)
        return
    found = records(table)[0] | {"provenance": dict(table.provenance), "warnings": list(table.warnings)}
    text = json.dumps(found, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise IrtError(f"The file {out} cannot be written: {error.strerror}.") from None
