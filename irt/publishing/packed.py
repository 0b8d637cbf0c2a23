"""Tables as compressed text, made in memory a piece at a time: gzip CSV for files, gzip JSON lines for loads."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from irt.serialise import Table, csv_parts, records

#: Effort of the compression: the next steps cost twice the time for a tenth less.
LEVEL = 3
_LINES = 10_000


def gzip_csv(table: Table) -> Iterator[bytes]:
    """A table as gzip CSV: UTF-8, a header, numbers at full precision, nothing that a spreadsheet would run."""
    return gzipped(part.encode() for part in csv_parts(table, guard=True))


def gzip_lines(tables: Iterable[Table]) -> Iterator[bytes]:
    """Tables with the same columns as gzip JSON, one object a row; null where a value cannot be had."""
    return gzipped(
        b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY) for row in rows)
        for table in tables
        for rows in _cut(table)
    )


def gzipped(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Bytes as one gzip stream; equal bytes give an equal stream, since it holds no time."""
    packer = zlib.compressobj(LEVEL, wbits=31)
    for part in parts:
        if piece := packer.compress(part):
            yield piece
    yield packer.flush()


class Stream(io.RawIOBase):
    """Pieces of bytes as a file that is read once from start to end, for uploads that ask for one.

    Parameters
    ----------
    pieces : iterable of bytes
        Taken as they are read, so that no more of them is in memory than was asked for.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""
        self._told = 0

    def readable(self) -> bool:
        """It is read only."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """The next ``size`` bytes: fewer at the end only."""
        wanted = -1 if size is None else size
        held, n_held = [self._rest], len(self._rest)
        while wanted < 0 or n_held < wanted:
            piece = next(self._pieces, None)
            if piece is None:
                break
            held.append(piece)
            n_held += len(piece)
        whole = b"".join(held)
        found, self._rest = (whole, b"") if wanted < 0 else (whole[:wanted], whole[wanted:])
        self._told += len(found)
        return found

    def tell(self) -> int:
        """How many bytes were read."""
        return self._told


def _cut(table: Table) -> Iterator[list[dict[str, Any]]]:
    """The rows of a table, some thousands at a time."""
    for start in range(0, len(table), _LINES):
        yield records(table.cut(start, start + _LINES))
