"""Publishing to tables of BigQuery: new rows are made beside, then exchanged for the old ones in one transaction.

Where the answers live in BigQuery too, students are scored by a query that runs there and their rows never leave it.
From any other source the rows are loaded into tables of their own first, which the service removes after a day should
we not come to it. Only the last job, a script, touches the published tables: stopped at any statement, it changes none.
"""

from __future__ import annotations

import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby

from irt.errors import SourceError
from irt.publishing.packed import Stream, gzip_lines
from irt.publishing.publication import Publication, Receipt, moment
from irt.publishing.script import as_script, exchange, score, scored_table
from irt.publishing.slices import Slice, Slices
from irt.publishing.tables import RESULTS, ROW_OF, SELECTION_ID, TABLES, type_of
from irt.publishing.target import FORMS, DatasetTarget
from irt.serialise import Table
from irt.sources.question import Value
from irt.warehouse.jobs import Done, Jobs
from irt.warehouse.table_state import Field

#: For how long a table beside stays, should nobody remove it.
BESIDE = timedelta(days=1)
#: How often the exchange is tried where somebody else publishes at the same moment, and seconds between.
TRIES, PAUSE = 4, 2.0
#: Most rows of one load: below the 4 GB that a compressed file may have.
ROWS_OF_A_LOAD = 20_000_000


@dataclass(frozen=True, slots=True)
class Scoring:
    """Scoring that runs in the warehouse: a SELECT for each result, and the values of their parameters."""

    selects: Mapping[str, str]
    parameters: Mapping[str, Value]


def publish_scored(
    target: DatasetTarget, publication: Publication, scoring: Scoring, jobs: Jobs, tell: Callable[[str], None]
) -> Receipt:
    """Publish with students scored in the warehouse.

    Raises
    ------
    ConfirmationNeeded
        If scoring reads more than goes without asking.
    SourceError
        If it fails; every table is as it was.
    """
    began = time.monotonic()
    estimate = sum(jobs.estimate(text, scoring.parameters, "publish").n_bytes for text in scoring.selects.values())
    jobs.ledger.limits.check(estimate)
    made = {name: scored_table(name) for name in scoring.selects}
    before = [score(name, select) for name, select in scoring.selects.items()]
    with _said(target), _beside(target, jobs) as beside:
        into = _tables(target, jobs)
        beside.load_facts(publication, {})
        script = _Script((*before, *exchange(into, made | beside.tables)), scoring.parameters, estimate)
        done = _exchanged(jobs, publication, target, script, tell)
        rows = {**_scored_rows(jobs, publication, into["publications"]), "item_parameters": beside.item_rows}
    return _receipt(publication, rows, beside, into, began, done)


def publish_loaded(
    target: DatasetTarget, publication: Publication, slices: Slices, jobs: Jobs, tell: Callable[[str], None]
) -> Receipt:
    """Publish students who were scored here.

    Raises
    ------
    SourceError
        If it fails; every table is as it was.
    """
    began = time.monotonic()
    with _said(target), _beside(target, jobs) as beside:
        into = _tables(target, jobs)
        rows = dict.fromkeys(RESULTS.values(), 0)
        for name, parts in _loads(slices()):
            rows[name] += beside.load(name, _told(parts, tell))
        beside.load_facts(publication, rows)
        rows["item_parameters"] = beside.item_rows
        done = _exchanged(jobs, publication, target, _Script(tuple(exchange(into, beside.tables))), tell)
    return _receipt(publication, rows, beside, into, began, done)


class _Beside:
    """Tables of our own beside the published ones, with what is to be put into those."""

    def __init__(self, target: DatasetTarget, jobs: Jobs) -> None:
        self._target, self._jobs, self._run = target, jobs, uuid.uuid4().hex[:12]
        self.tables: dict[str, str] = {}
        self.item_rows = 0
        self.n_bytes = 0

    def load(self, name: str, tables: Iterable[Table]) -> int:
        """Add rows to the table beside one of the published ones; how many."""
        table = self._target.table(f"{name}_{self._run}")
        if name not in self.tables:
            # It is named before it is made: what was made half is removed too.
            self.tables[name] = f"`{table}`"
            self._jobs.create(table, _fields(name), description="Removed after a publication.", expires=BESIDE)
        n_rows = 0

        def counted() -> Iterator[Table]:
            nonlocal n_rows
            for part in tables:
                n_rows += len(part)
                yield part

        def sized() -> Iterator[bytes]:
            for piece in gzip_lines(counted()):
                self.n_bytes += len(piece)
                yield piece

        self._jobs.load(Stream(sized()), table, _fields(name), "publish")  # type: ignore[arg-type]
        return n_rows

    def load_facts(self, publication: Publication, rows: Mapping[str, int]) -> None:
        """Add the item parameters, where they are published, and the row of the table of publications."""
        if "items" in publication.results:
            self.item_rows = self.load("item_parameters", [publication.item_rows()])
        self.load("publications", [publication.facts_rows(rows)])

    def remove(self) -> None:
        """Remove these tables, as far as the service lets us: it removes the rest itself after :data:`BESIDE`."""
        for table in self.tables.values():
            with suppress(SourceError):
                self._jobs.drop(table.strip("`"))


@contextmanager
def _beside(target: DatasetTarget, jobs: Jobs) -> Iterator[_Beside]:
    """Tables beside, removed at the end however it comes."""
    beside = _Beside(target, jobs)
    try:
        yield beside
    finally:
        beside.remove()


#: Reasons of a script that has changed nothing for certain.
_BEFORE = frozenset({"conflict", "byte_limit", "day_budget", "confirmation", "query"})


@dataclass(frozen=True, slots=True)
class _Script:
    """The statements of one job, and what scoring in it needs and may read."""

    statements: tuple[str, ...]
    parameters: Mapping[str, Value] = field(default_factory=dict)
    estimate: int = 0


def _exchanged(
    jobs: Jobs, publication: Publication, target: DatasetTarget, script: _Script, tell: Callable[[str], None]
) -> Done:
    """Run the script; again where another publication was writing to the same tables at that moment."""
    parameters: dict[str, Value] = {
        **script.parameters,
        "selection_id": publication.selection_id,
        "published_at": moment(publication.published_at),
    }
    what = "Scoring in BigQuery" if script.estimate else "Putting the rows in place"

    def progress(share: float | None) -> None:
        tell(what if share is None else f"{what}: {share:.0%}")

    tell(what)
    for attempt in range(TRIES):
        try:
            text = as_script(script.statements)
            return jobs.run(text, parameters, "publish", script=True, estimate=script.estimate, progress=progress)
        except SourceError as error:
            reason = error.facts.get("reason")
            if reason not in _BEFORE and _is_there(jobs, publication, target):
                return Done("", None, 0)  # only the answer got lost
            if reason != "conflict" or attempt == TRIES - 1:
                raise
            time.sleep(PAUSE * 2**attempt * (0.5 + random.random()))  # noqa: S311 - keeps two publishers apart
    raise AssertionError("unreachable")  # pragma: no cover


def _is_there(jobs: Jobs, publication: Publication, target: DatasetTarget) -> bool:
    """Whether this very publication is the one that is read, as far as that can be learnt."""
    sql = (
        f"SELECT COUNT(*) AS n FROM `{target.table('publications')}`\n"
        "WHERE selection_id = @selection_id AND published_at = CAST(@published_at AS TIMESTAMP)"
    )
    values = {"selection_id": publication.selection_id, "published_at": moment(publication.published_at)}
    try:
        return bool(jobs.ask(sql, values, "published")[0][0])
    except SourceError:
        return False


def _tables(target: DatasetTarget, jobs: Jobs) -> dict[str, str]:
    """Full names of the published tables, made where they are not there.

    Raises
    ------
    SourceError
        Reason table: if one that is there has other columns.
    """
    names = {name: target.table(name) for name in TABLES}
    for name, table in names.items():
        state = jobs.table(table)
        if state is None:
            jobs.create(table, _fields(name), clustering=(SELECTION_ID.name,), description=ROW_OF[name])
        elif state.kind != "TABLE":
            raise SourceError(
                f"{table} is there and is no table but a {state.kind.lower()}. Publish with another prefix.",
                reason="table",
            )
        else:
            _check(table, {known.name: known.kind for known in state.fields}, name)
    return names


def _check(table: str, there: Mapping[str, str], name: str) -> None:
    """Refuse a table whose columns are not ours, naming each deviation."""
    wrong = [
        f"no column {column.name}" if kind is None else f"{column.name} is {kind}, not {type_of(column)}"
        for column in TABLES[name]
        if (kind := there.get(column.name)) != type_of(column)
    ]
    if wrong:
        raise SourceError(
            f"The table {table} is there, but has other columns than published ones: {'; '.join(wrong)}. Publish with "
            f"another prefix (--to {FORMS[0]}), or remove that table.",
            reason="table",
            table=table,
            deviations=tuple(wrong),
        )


def _fields(name: str) -> list[Field]:
    """The columns of a published table, as a warehouse has them."""
    return [Field(column.name, type_of(column)) for column in TABLES[name]]


def _loads(slices: Iterable[Slice]) -> Iterator[tuple[str, Iterator[Slice]]]:
    """Slices by table and load: of each load the table and its slices, to be read before the next is asked for."""
    n_rows: Counter[str] = Counter()

    def which(part: Slice) -> tuple[str, int]:
        n_rows[part.name] += len(part.table)
        return part.name, n_rows[part.name] // ROWS_OF_A_LOAD

    for (name, _), parts in groupby(slices, key=which):
        yield name, parts


def _told(parts: Iterable[Slice], tell: Callable[[str], None]) -> Iterator[Table]:
    """The tables of slices, saying how far it is."""
    for part in parts:
        tell(f"Sending: {part.done:,} of {part.of:,} students")
        yield part.table


def _scored_rows(jobs: Jobs, publication: Publication, publications: str) -> dict[str, int]:
    """How many rows were scored in the warehouse, as the table of publications has it.

    Nothing where it cannot be asked: what is published is not a failure for want of a number.
    """
    sql = f"SELECT abilities, probabilities FROM `{publications}` WHERE selection_id = @selection_id"
    try:
        found = jobs.ask(sql, {"selection_id": publication.selection_id}, "published")
    except SourceError:
        return {}
    return dict(zip(("abilities", "probabilities"), map(int, found[0]), strict=True)) if found else {}


def _receipt(
    publication: Publication,
    rows: Mapping[str, int],
    beside: _Beside,
    into: Mapping[str, str],
    began: float,
    done: Done,
) -> Receipt:
    """What was done."""
    seconds = time.monotonic() - began
    whole = {name: rows[name] for name in RESULTS.values() if name in rows}
    return Receipt(publication.selection_id, whole, beside.n_bytes, seconds, tuple(into.values()), done.bytes_billed)


@contextmanager
def _said(target: DatasetTarget) -> Iterator[None]:
    """Refusals of the warehouse as they are for one who publishes: other rights, another place."""
    try:
        yield
    except SourceError as error:
        dataset = f"{target.project}.{target.dataset}"
        reason = error.facts.get("reason")
        if reason == "not_found" and error.facts.get("what") in ("dataset", "project"):
            raise SourceError(
                f"There is no dataset {dataset} to publish to, or it lies in another region than the answers. Make it "
                f"where they are: bq mk --dataset --location=REGION {target.project}:{target.dataset}.",
                **error.facts,
            ) from None
        if reason == "access":
            raise SourceError(
                f"The account of this machine may not publish to {dataset}: it needs the roles "
                f"roles/bigquery.dataEditor on that dataset and roles/bigquery.jobUser on the project that pays"
                f"{_missing(error)}. What was published before is as it was.",
                **error.facts,
            ) from None
        raise


def _missing(error: SourceError) -> str:
    """The permission that the service named."""
    permission = error.facts.get("permission")
    return f" (it lacks {permission})" if permission else ""
