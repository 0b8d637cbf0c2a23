"""From the bytes of a file to a grid of text cells: encodings, delimiters, workbooks, and limits on what is taken."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from irt.errors import FAULTS_SHOWN, Fault, ImportFault

#: Limits of one import. A grid of this size takes under a gigabyte while it is read.
MAX_BYTES = 64 * 2**20
MAX_COLUMNS = 2000
MAX_CELLS = 20_000_000

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
ENCODINGS = ("utf-8", "utf-16", "cp932", "cp1252")

#: Most rows that may stand above the header.
_TITLES = 20
#: Lines from which the delimiter is told.
_LINES_COMPARED = 200

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of text with a header.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    encoding, delimiter : str
        How the file was read; "xlsx" and "" for a workbook.
    header : tuple of str, length n_columns
    cells : ndarray of object (str), shape (n_rows, n_columns)
        Without surrounding space; rows without any text are left out.
    numbers : ndarray of int, shape (n_rows,)
        Row of each line of cells as a spreadsheet numbers it (the header is row 1).
    warnings : tuple of str
    """

    name: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    cells: NDArray[np.object_]
    numbers: NDArray[np.int64]
    warnings: tuple[str, ...] = ()


def read_grid(source: Path | bytes, name: str, encoding: str | None = None) -> Grid:
    """The cells of a CSV, TSV or XLSX file.

    Parameters
    ----------
    source : Path or bytes
    name : str
        Of the file; the content decides what it is, not the name.
    encoding : str, optional
        One of :data:`ENCODINGS`. Default: the first that fits.

    Raises
    ------
    ImportFault
        If the file is empty, too large, not a table, or its rows do not fit its header.
    """
    content = _content(source, name)
    if content.startswith(b"PK\x03\x04"):
        from irt.files.workbook import read_workbook

        rows, warnings = read_workbook(content, name)
        return _grid(rows, name, "xlsx", "", warnings)
    text, found = _decode(content, name, encoding)
    named = re.match(r'"?sep=([,;\t])"?\r?\n', text)  # Excel's own first line; its place keeps the rows' numbers
    text = text[named.end() - 1 :] if named else text
    delimiter = named[1] if named else _delimiter(text)
    warnings = () if found.startswith("utf") else (f"{name} is not UTF-8; it was read as {found}. Check the names.",)
    return _grid(_lines(text, delimiter, name), name, found, delimiter, warnings)


def _content(source: Path | bytes, name: str) -> bytes:
    """The bytes of a file of bearable size."""
    try:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if size > MAX_BYTES:
            raise ImportFault(
                f"{name} has {size / 2**20:.0f} MB; an import takes at most {MAX_BYTES // 2**20} MB. Split the file.",
                file=name,
            )
        content = source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        raise ImportFault(f"{name} cannot be read: {error.strerror}.", file=name) from error
    if not content.strip():
        raise ImportFault(f"{name} is empty.", file=name)
    return content


def _decode(content: bytes, name: str, encoding: str | None) -> tuple[str, str]:
    """The text and the encoding that fits."""
    candidates = _candidates(content) if encoding is None else [encoding]
    for candidate in candidates:
        try:
            text = content.decode("utf-8-sig" if candidate == "utf-8" else candidate)
        except (UnicodeDecodeError, LookupError):
            continue
        if _CONTROL.search(text):
            break
        return text, candidate
    expected = encoding or "UTF-8, cp932 or cp1252"
    raise ImportFault(f"{name} is not a table of text in {expected}, nor an XLSX workbook.", file=name)


def _candidates(content: bytes) -> list[str]:
    """Encodings in the order in which they are tried."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ["utf-16"]
    western_first = not _looks_japanese(content)
    return ["utf-8", "cp1252", "cp932"] if western_first else ["utf-8", "cp932", "cp1252"]


def _looks_japanese(content: bytes) -> bool:
    """Whether bytes read as cp932 give words of Japanese rather than lone rare characters between Latin letters.

    Accented letters of cp1252 turn into single half-width kana or second-level kanji; Japanese has kana, kanji of the
    first level, or several characters in a row.
    """
    try:
        text = content.decode("cp932")
    except UnicodeDecodeError:
        return False
    runs = re.findall(r"[^\x00-\x7f]+", text)
    return any(len(run) > 1 and not _halfwidth(run) for run in runs) or any(_first_level(run) for run in runs)


def _halfwidth(run: str) -> bool:
    return all("\uff61" <= character <= "\uff9f" for character in run)


def _first_level(run: str) -> bool:
    """Whether a lone character is kana or a first-level kanji (lead byte 0x82 to 0x97 in cp932)."""
    lead = run[0].encode("cp932")[0]
    return 0x82 <= lead <= 0x97


def _delimiter(text: str) -> str:
    """The delimiter that occurs equally often, outside quotes, in the most of the first lines.

    So neither titles above the header nor a name that holds another sign decides.
    """
    lines = (line for line in io.StringIO(text) if line.strip())
    bare = [re.sub(r'"[^"]*"', "", line) for line in islice(lines, _LINES_COMPARED)]

    def agreement(mark: str) -> tuple[int, int, bool]:
        counts = Counter(count for line in bare if (count := line.count(mark)))
        usual, n_lines = max(counts.items(), key=lambda pair: (pair[1], pair[0]), default=(0, 0))
        return n_lines, usual, mark == ","

    return max(DELIMITERS, key=agreement)


def _lines(text: str, delimiter: str, name: str) -> Iterable[list[str]]:
    """The records of a delimited text."""
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise ImportFault(f"{name} cannot be split into rows: {error}. Check the quotation marks.", file=name) from None


def _grid(rows: Iterable[list[str]], name: str, encoding: str, delimiter: str, warnings: tuple[str, ...]) -> Grid:
    """Header and cells from records, each as long as the header."""
    rows, n_above = _below_titles(rows)
    if n_above:
        warnings += (f"The first {n_above} rows of {name} are no part of the table and were left out.",)
    header: list[str] = []
    kept: list[list[str]] = []
    numbers: list[int] = []
    faults: list[Fault] = []
    n_faults = 0
    for number, row in enumerate(rows, start=1 + n_above):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if not header:
            header = _header(cells, name)
            continue
        if len(cells) != len(header):
            cells, fault = _fitted(cells, len(header), number)
            n_faults += fault is not None
            if fault is not None and len(faults) < FAULTS_SHOWN:
                faults.append(fault)
        kept.append(cells)
        numbers.append(number)
        if len(kept) * len(header) > MAX_CELLS:
            raise ImportFault(f"{name} has more than {MAX_CELLS:,} cells. Split the file.", file=name)
    if n_faults:
        raise ImportFault(
            f"{name}: every row must have {len(header)} cells, as many as the header.", faults, n_faults, file=name
        )
    if not header:
        raise ImportFault(f"{name} is empty.", file=name)
    if not kept:
        raise ImportFault(f"{name} has a header but no rows.", file=name)
    cells_array = np.array(kept, dtype=object).reshape(len(kept), len(header))
    return Grid(name, encoding, delimiter, tuple(header), cells_array, np.array(numbers), warnings)


def _below_titles(rows: Iterable[list[str]]) -> tuple[Iterable[list[str]], int]:
    """The rows from the header on, and how many stand above it: a title, a date, the name of a class.

    Rows are titles if they have one or two filled cells and the first row that fills more than half of the widest
    row's cells looks like a header: no name twice, and not numbers alone. A data row of 0 and 1 never does.
    """
    left = iter(rows)
    head = list(islice(left, _TITLES + 1))
    filled = [[cell.strip() for cell in row if cell.strip()] for row in head]
    widest = max(map(len, filled), default=0)
    place = next((k for k, cells in enumerate(filled) if 2 * len(cells) > widest), 0)
    header = filled[place] if filled else []
    titled = any(filled[:place]) and widest > 3 and all(len(cells) <= 2 for cells in filled[:place])
    if not titled or len({*header}) < len(header) or all(re.fullmatch(r"[\d.,]+", cell) for cell in header):
        place = 0
    return chain(head[place:], left), place


def _header(cells: list[str], name: str) -> list[str]:
    """The names of the columns, without empty ones at the end."""
    while cells and not cells[-1]:
        cells = cells[:-1]
    if len(cells) > MAX_COLUMNS:
        raise ImportFault(f"{name} has {len(cells)} columns; an import takes at most {MAX_COLUMNS}.", file=name)
    return cells


def _fitted(cells: list[str], width: int, number: int) -> tuple[list[str], Fault | None]:
    """A row cut to the width of the header: only empty cells may be cut off."""
    if len(cells) > width and not any(cells[width:]):
        return cells[:width], None
    return (cells + [""] * width)[:width], Fault(f"row {number}", f"{len(cells)} cells")
