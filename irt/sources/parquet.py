"""The embedded store: a folder of Parquet files, read through DuckDB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from irt.errors import ImportFault, SourceError
from irt.responses import Sittings
from irt.responses.table import COLUMNS
from irt.selection import Scope, Selection
from irt.sources.absence import LastKnown
from irt.sources.answers import read_answers
from irt.sources.catalogue import read_catalogue
from irt.sources.counting import Counts, counts
from irt.sources.engine import Duck, DuckEngine, identifier, parquet, quoted
from irt.sources.folder import LiveFiles, StoreFolder, content_of
from irt.sources.protocol import Catalogue, Stamp

if TYPE_CHECKING:
    import pandas as pd

#: The column of a frame that keeps the order of its rows (as in :mod:`irt.sources.frame`).
_ROW = "__row"
_T = TypeVar("_T")
#: An import replaces earlier rows that agree in these (a missing attempt counts as the first).
_KEY = ("IFNULL(subject_name, '')", "exam_name", "student_id", "item_id", "IFNULL(attempt, 1)")


@dataclass(frozen=True, slots=True)
class ImportReceipt:
    """What an import did.

    Parameters
    ----------
    n_rows, n_students, n_items : int
        What the file held.
    subjects, exams : tuple of str
    n_replaced : int
        Rows stored earlier that rows of this import took the place of.
    unchanged : bool
        The very same answers were stored already: nothing was written.
    """

    n_rows: int
    n_students: int
    n_items: int
    subjects: tuple[str, ...]
    exams: tuple[str, ...]
    n_replaced: int
    unchanged: bool


class ParquetStore:
    """A source of answers in a folder of Parquet files; may be used from any thread and any number of processes.

    Parameters
    ----------
    folder : Path
        Made by the first import. Files that were put there by hand are read too; rows of theirs that break the
        contract of the table are left out and counted.
    groups : tuple of str, optional
        Columns that become properties of students, to compare by. None: every other text column of imported files.
    stale : float
        For how many seconds the last known state of the files stands in while they cannot be read.
    """

    def __init__(self, folder: Path | str, groups: tuple[str, ...] | None = None, *, stale: float = 0.0) -> None:
        self._folder = StoreFolder(Path(folder))
        self._groups = groups
        self._duck = Duck()
        self._last = LastKnown[Stamp](stale)

    def stamp(self) -> Stamp:
        """The state of the live files. Raises SourceError where they cannot be read and nothing stands in."""
        state, absence = self._last.look(self._folder.stamp)
        return replace(state, absence=absence)

    def catalogue(self, scope: Scope) -> Catalogue:
        """What there is in scope; empty before the first import."""
        return self._read(lambda engine: read_catalogue(engine, scope))

    def answers(self, selection: Selection, scope: Scope) -> Sittings:
        """The answers of a selection. Raises NotFoundError, SourceError."""
        return self._read(lambda engine: read_answers(engine, selection, scope))

    def counts(self, selection: Selection, scope: Scope) -> Counts:
        """What the answers of a selection add up to. Raises NotFoundError, SourceError."""
        return self._read(lambda engine: counts(engine, selection, scope))

    def spending(self) -> None:
        """Reading one's own files costs nothing."""

    def stop(self) -> int:
        """Questions to one's own files take seconds: none is stopped."""
        return 0

    def add(self, frame: pd.DataFrame) -> ImportReceipt:
        """Store answers: all rows or, at any fault or kill, none.

        Earlier rows with the same subject, exam, student, item and attempt are replaced.

        Parameters
        ----------
        frame : DataFrame
            The responses table (see ``docs/import.md``): one row an answer.

        Raises
        ------
        ImportFault
            With the first faulty rows, if the frame breaks the contract.
        SourceError
            If the folder cannot be written.
        """
        from irt.sources.frame import canonical_frame, coded, summarise

        answers = canonical_frame(frame)
        with self._folder.importing():
            part = self._folder.part()
            try:
                self._duck.write(coded(answers), _copy_frame(list(answers.columns), part))
            except SourceError as error:
                raise self._folder.give_up(part) from error
            live, content = self._folder.live(), content_of(part)
            if any(f"-{content}-" in file.name for file in live.imported):
                part.unlink()
                return ImportReceipt(**summarise(answers), n_replaced=0, unchanged=True)
            self._refuse_foreign(live, part)
            kept, n_replaced = self._without(live, part)
            self._folder.publish([*kept, self._folder.finish(part, content)])
        return ImportReceipt(**summarise(answers), n_replaced=n_replaced, unchanged=False)

    def _read(self, question: Callable[[DuckEngine], _T]) -> _T:
        """Ask a question of the files that are live at one instant; again if an import replaced them meanwhile."""
        for _ in range(5):
            live = self._folder.live()
            try:
                return question(DuckEngine(self._duck, live.all, self._grouping(live)))
            except SourceError:
                if self._folder.live() == live:
                    raise
        raise SourceError("The stored answers change too often to be read. Wait for the imports to end.")

    def _grouping(self, live: LiveFiles) -> tuple[str, ...]:
        """The columns that are properties of students."""
        if self._groups is not None:
            return self._groups
        types = self._duck.column_types(live.imported) if live.imported else {}
        return tuple(sorted(name for name, kind in types.items() if name not in COLUMNS and kind == "VARCHAR"))

    def _without(self, live: LiveFiles, part: Path) -> tuple[list[Path], int]:
        """The imported files less the rows that the part replaces, and how many rows those are."""
        kept, n_replaced = [], 0
        for file in live.imported:
            overlap, rows = self._overlap(file, part)
            n_replaced += overlap
            if not overlap:
                kept.append(file)
            elif overlap < rows:
                rest = self._folder.part()
                self._duck.execute(_copy_rest(file, part, rest))
                kept.append(self._folder.finish(rest, "rest"))
        return kept, n_replaced

    def _overlap(self, file: Path, part: Path) -> tuple[int, int]:
        """Rows of a file that a part replaces, and rows of the file in all."""
        sql = f"SELECT COUNT(*) FILTER (WHERE {_in_part(part)}) AS n, COUNT(*) AS m FROM {parquet([file])}"
        found = self._duck.execute(sql)
        return int(found["n"][0]), int(found["m"][0])

    def _refuse_foreign(self, live: LiveFiles, part: Path) -> None:
        """Files put there by hand are not ours to change: answers that they hold cannot be replaced."""
        for file in live.foreign:
            table = DuckEngine(self._duck, [file], ()).table
            found = self._duck.execute(f"SELECT COUNT(*) AS n FROM {table} WHERE {_in_part(part)}")
            if n := int(found["n"][0]):
                raise ImportFault(
                    f"{n} of these answers are already in {file.name}, which was put into the folder by hand. "
                    "Remove that file to import them.",
                    file=file.name,
                )


def _in_part(part: Path) -> str:
    """The condition that a row is replaced by a row of the part."""
    keys = ", ".join(_KEY)
    return f"({keys}) IN (SELECT ({keys}) FROM {parquet([part])})"


def _copy_rest(file: Path, part: Path, rest: Path) -> str:
    """Write the rows of a file that a part does not replace."""
    return _copy(f"SELECT * FROM {parquet([file])} WHERE NOT ({_in_part(part)})", rest)


def _copy_frame(columns: list[str], part: Path) -> str:
    """Write a frame sorted by exam and student. Attempts without a number are numbered by time, then by row."""
    stored = ", ".join(
        "IFNULL(attempt, __turn) AS attempt" if name == "attempt" else identifier(name)
        for name in columns
        if name != _ROW
    )
    order = "subject_name, exam_name, student_id, item_id"
    within = f"PARTITION BY {order} ORDER BY attempt NULLS FIRST, answered_at NULLS FIRST, {_ROW}"
    turn = f"ROW_NUMBER() OVER ({within}) AS __turn"
    return _copy(f"SELECT {stored} FROM (SELECT *, {turn} FROM frame) ORDER BY {order}, attempt, {_ROW}", part)


def _copy(select: str, target: Path) -> str:
    """Write the answer of a SELECT as one Parquet file."""
    return f"COPY ({select}) TO {quoted(str(target))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
