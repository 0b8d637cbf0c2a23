"""The first sheet of an XLSX workbook as rows of text, refusing workbooks that unfold into more than memory holds."""

from __future__ import annotations

import io
import lzma
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from irt.errors import ImportFault
from irt.files import grid

#: What the parts of a workbook may unfold to, in bytes.
MAX_UNFOLDED = 512 * 2**20
#: What the texts of all cells may take together, in bytes, reckoned from the longest.
MAX_TEXT = 4 * 2**30
#: Excel's own limit.
MAX_ROWS = 1_048_576
#: The opening tag of a cell or row that holds something, with its place.
_CELL = re.compile(rb"""<(?:\w+:)?(?:c|row)\s[^>]*?\br\s*=\s*["']\$?([A-Za-z]*)\$?(\d{1,9})["'][^>]*(?<!/)>""")
_TOO_LARGE = (
    f"{{name}} unfolds to more than an import takes ({grid.MAX_COLUMNS} columns, {grid.MAX_CELLS:,} cells). "
    "Save the table alone, as CSV."
)
_CHUNK = 2**20
#: What the libraries raise over a damaged archive.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    ArithmeticError, EOFError, LookupError, OSError, RuntimeError, ValueError,
)  # fmt: skip

Value = str | float | int | bool | datetime | date | time | timedelta


def read_workbook(content: bytes, name: str) -> tuple[list[list[str]], tuple[str, ...]]:
    """Rows of the first sheet that holds a table (or else anything), and warnings.

    Raises
    ------
    ImportFault
        If it is not a workbook, or too large.
    """
    _check(content, name)
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        found = None
        for position, sheet_name in enumerate(book.sheet_names):
            rows = book.get_sheet_by_index(position).to_python(skip_empty_area=False)
            if any(any(cell != "" for cell in row) for row in rows) and (found is None or _is_table(rows)):
                found = sheet_name, rows
            if found is not None and _is_table(found[1]):
                break
        if found is not None:
            others = len(book.sheet_names) - 1
            warning = f"Only the sheet {found[0]!r} of {name} was read; there are {others} more." if others else ""
            return [[_text(cell) for cell in row] for row in found[1]], (warning,) * bool(warning)
    except (CalamineError, *_BROKEN) as error:
        raise ImportFault(f"{name} is not an XLSX workbook that can be read.", file=name) from error
    raise ImportFault(f"{name} is empty.", file=name)


def _is_table(rows: list[list[Value]]) -> bool:
    """Whether two rows have two cells or more: a sheet of remarks has not."""
    return sum(sum(cell != "" for cell in row) > 1 for row in rows) > 1


def _check(content: bytes, name: str) -> None:
    """Refuse what is no workbook, and one that would unfold beyond the limits (a "zip bomb", or cells far out)."""
    left = MAX_UNFOLDED
    extent = _Extent()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if "xl/workbook.xml" not in {entry.filename for entry in entries}:
                raise ImportFault(f"{name} is a ZIP archive but not an XLSX workbook.", file=name)
            for entry in entries:
                entry.file_size = MAX_UNFOLDED + 1  # the size it claims may be a lie: read to the end
                entry.CRC = None  # type: ignore[assignment] # the check is the library's business
                with archive.open(entry) as stream:
                    while chunk := stream.read(_CHUNK):
                        left -= len(chunk)
                        extent.add(entry.filename, chunk)
                        if left < 0 or extent.too_large:
                            raise ImportFault(_TOO_LARGE.format(name=name), file=name)
    except _BROKEN as error:
        raise ImportFault(f"{name} is not an XLSX workbook that can be read.", file=name) from error


@dataclass(slots=True)
class _Extent:
    """How much memory the sheets seen so far would take.

    A sheet is read as a full rectangle, so one cell far out counts as all cells before it; and each cell holds a copy
    of its text, so one long text that many cells share counts as often.
    """

    rows: int = 0
    columns: int = 0
    cells: int = 0
    longest: int = 0
    _tail: bytes = b""
    _open_text: int = 0

    def add(self, part: str, chunk: bytes) -> None:
        """Take in a piece of a part of the workbook."""
        if part.endswith("sharedStrings.xml"):
            pieces = chunk.split(b"</si>")
            lengths = [self._open_text + len(pieces[0]), *map(len, pieces[1:])]
            self.longest, self._open_text = max(self.longest, *lengths), lengths[-1]
        elif part.startswith("xl/worksheets/"):
            for letters, digits in _CELL.findall(self._tail + chunk):
                self.rows = max(self.rows, int(digits))
                self.columns = max(self.columns, _column(letters))
                self.cells += 1
            self._tail = chunk[-100:]

    @property
    def too_large(self) -> bool:
        """Whether reading on would take more memory than an import may."""
        outside = self.rows > MAX_ROWS or self.columns > grid.MAX_COLUMNS
        return outside or self.rows * self.columns > grid.MAX_CELLS or self.cells * self.longest > MAX_TEXT


def _column(letters: bytes) -> int:
    """The number of a column from its letters: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _text(value: Value) -> str:
    """A cell as the text that a spreadsheet would export: 7 not 7.0, times in ISO 8601."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(value)
