"""A table of answers in BigQuery: the same questions as to the embedded store, one request each."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cachetools import LRUCache

from irt.errors import SettingsError
from irt.responses import Sittings
from irt.responses.table import COLUMNS
from irt.selection import Scope, Selection
from irt.sources.absence import afresh
from irt.sources.answers import read_answers
from irt.sources.catalogue import read_catalogue
from irt.sources.counting import Counts, counts
from irt.sources.protocol import Catalogue, Stamp
from irt.sources.question import Question, Table, Value
from irt.sources.spending import Limits, Spending
from irt.warehouse.freshness import Freshness, Snapshot
from irt.warehouse.jobs import Jobs
from irt.warehouse.kept_answers import KeptAnswers
from irt.warehouse.kept_state import KeptState
from irt.warehouse.ledger import Ledger
from irt.warehouse.wire import Parcel, packed, parcels_of, unpacked


class BigQuerySource:
    """A source of answers in a table or view of BigQuery; may be used from any thread and any number of processes.

    Nothing is asked, and nothing of the client is loaded, before the first question.

    Parameters
    ----------
    table : str
        ``project.dataset.table``.
    columns : mapping of str to str
        What the table calls columns of the contract.
    groups : tuple of str
        Columns that become properties of students, to compare by.
    limits : Limits
        What reading may cost.
    cache : Path, optional
        Where answers and the bill of the day are kept across restarts and shared by processes.
    project : str, optional
        Who pays; default: the project of the table.
    location, endpoint : str, optional
        Where the table is stored, and where the service is asked.
    version : str
        Of Itemwise, as a label on jobs.
    stale : float
        For how many seconds the last known state of the table, and what was read of it, stand in while the warehouse
        is away.

    Raises
    ------
    SettingsError
        If ``columns`` names what is no column of the contract.
    """

    def __init__(
        self,
        table: str,
        *,
        columns: Mapping[str, str] | None = None,
        groups: tuple[str, ...] = (),
        limits: Limits | None = None,
        cache: Path | None = None,
        project: str | None = None,
        location: str | None = None,
        endpoint: str | None = None,
        version: str = "0",
        stale: float = 0.0,
    ) -> None:
        names = dict(columns or {})
        _refuse_unknown(names)
        mapped = json.dumps([table, sorted(names.items()), groups, endpoint])
        self._table = table
        self._ledger = Ledger(cache and cache / "spending", limits or Limits())
        self._kept = KeptAnswers(cache and cache / "answers")
        self._estimates: LRUCache[str, int] = LRUCache(1000)
        self._lock = threading.Lock()
        #: Through which jobs are put to the warehouse, for publishing too.
        self.jobs = Jobs(
            project or table.rsplit(".", 2)[0],
            table,
            endpoint=endpoint,
            location=location,
            ledger=self._ledger,
            source=hashlib.sha256(mapped.encode()).hexdigest()[:16],
            version=version,
        )
        self._freshness = Freshness(
            self.jobs, table, names, groups, KeptState(cache and cache / "state", mapped), stale
        )

    def stamp(self) -> Stamp:
        """The state of the table, at most half a minute old, or the last known one. Raises SourceError."""
        now = self._freshness.now()
        return Stamp(now.fingerprint, now.as_of, now.absence)

    def catalogue(self, scope: Scope) -> Catalogue:
        """What there is in scope. Raises SourceError, ConfirmationNeeded."""
        return read_catalogue(self.engine(), scope)

    def answers(self, selection: Selection, scope: Scope) -> Sittings:
        """The answers of a selection. Raises NotFoundError, SourceError, ConfirmationNeeded."""
        return read_answers(self.engine(), selection, scope)

    def counts(self, selection: Selection, scope: Scope) -> Counts:
        """What can be counted without a matrix. Raises NotFoundError, SourceError, ConfirmationNeeded."""
        return counts(self.engine(), selection, scope)

    def engine(self) -> BigQueryEngine:
        """Answers questions from the present state of the table. Raises SourceError."""
        return BigQueryEngine(self, self._freshness.now())

    def spending(self) -> Spending:
        """What reading this source has cost today. Raises SourceError."""
        now = self._freshness.now()
        billed = self._ledger.billed_today()
        limits = self._ledger.limits
        return Spending(
            table=self._table,
            as_of=now.as_of,
            n_rows=now.state.n_rows,
            n_bytes=now.state.n_bytes,
            jobs=self._ledger.today(),
            bytes_billed_today=billed,
            cost_today=limits.cost(billed),
            limits=limits,
        )

    def stop(self) -> int:
        """Stop the running queries of this source, whichever process began them; how many. Raises SourceError."""
        return self.jobs.stop()

    def fetch(self, question: Question, now: Snapshot) -> Mapping[str, Table]:
        """The answer to a question about one state of the table: kept, or asked for once by all that want it."""
        sql, parameters = packed(question, now.state.n_rows)
        sql = now.view.text(sql)
        key = json.dumps([sql, sorted(parameters.items()), self._table, now.fingerprint])

        def ask() -> list[Parcel]:
            if now.absence is not None:
                raise afresh(now.absence.error)
            at_most = self._at_most(key, sql, parameters, question.name, now)
            return parcels_of(self.jobs.ask(sql, parameters, question.name, at_most))

        return unpacked(question, self._kept.get(key, ask))

    def _at_most(self, key: str, sql: str, parameters: Mapping[str, Value], name: str, now: Snapshot) -> int:
        """What a query reads at most: the whole of a small table; else as estimated, once for a state of the table."""
        if now.state.is_sized and now.state.n_bytes <= self._ledger.limits.unasked_bytes:
            return now.state.n_bytes
        with self._lock:
            known = self._estimates.get(key)
        if known is None:
            known = self.jobs.estimate(sql, parameters, name).n_bytes
            with self._lock:
                self._estimates[key] = known
        return known


class BigQueryEngine:
    """Answers questions from one state of a table.

    Parameters
    ----------
    source : BigQuerySource
    now : Snapshot
    """

    def __init__(self, source: BigQuerySource, now: Snapshot) -> None:
        self._source = source
        self._now = now
        self.columns = now.view.columns
        self.groups = now.view.groups

    def ask(self, question: Question) -> Mapping[str, Table]:
        """The table of each part; rows come in no order. Raises SourceError, ConfirmationNeeded."""
        return self._source.fetch(question, self._now)

    def text(self, sql: str) -> str:
        """A portable text with this table in it, to write its rows elsewhere in the warehouse."""
        return self._now.view.text(sql)


def _refuse_unknown(names: Mapping[str, Any]) -> None:
    """A misspelt name of the contract would be a column that is not mapped."""
    if odd := [name for name in names if name not in COLUMNS]:
        raise SettingsError(
            f"ITEMWISE_COLUMNS must map columns of the contract ({', '.join(COLUMNS)}), not {', '.join(odd)}. "
            "Columns to group by stand in ITEMWISE_GROUPS under the table's own names.",
            setting="ITEMWISE_COLUMNS",
        )
