"""Whether a table has changed, asked of its metadata: free of charge, and at most every half minute."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from irt.errors import SourceError
from irt.warehouse.jobs import Jobs
from irt.warehouse.table_state import DERIVED, TableState
from irt.warehouse.table_view import TableView, table_view

#: For how many seconds a state is believed.
BELIEVED = 30.0
#: How long answers live that rest on tables which do not tell when they change.
_CLOCK = 600.0
_CHECK = "SELECT COUNT(*) AS n FROM {table}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A table that fits the contract, at one instant. ``fingerprint`` changes when its answers may have changed."""

    state: TableState
    view: TableView
    fingerprint: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class _Checked:
    """A table whose columns were found to fit, and the tables behind it (none but itself, unless it is a view)."""

    state: TableState
    view: TableView
    behind: tuple[str, ...]


class Freshness:
    """The state of one table: looked up by one thread at a time, and checked against the contract when it is new.

    Parameters
    ----------
    jobs : Jobs
    table : str
    names, groups
        As in :func:`irt.warehouse.table_view.table_view`.
    """

    def __init__(self, jobs: Jobs, table: str, names: dict[str, str], groups: Sequence[str]) -> None:
        self._jobs = jobs
        self._table = table
        self._names = names
        self._groups = tuple(groups)
        self._lock = threading.Lock()
        self._checked: _Checked | None = None
        self._kept: Snapshot | None = None
        self._until = 0.0
        self._failed: tuple[float, SourceError] | None = None

    def now(self) -> Snapshot:
        """The state of the table, at most :data:`BELIEVED` seconds old.

        Raises
        ------
        SourceError
            Also if the table does not fit the contract: with each deviation. Those who waited while it failed for
            another share that failure; the next caller asks anew.
        """
        asked = time.monotonic()
        with self._lock:
            if self._kept is not None and asked < self._until:
                return self._kept
            if self._failed is not None and asked < self._failed[0]:
                raise self._failed[1]
            try:
                self._kept = self._look()
            except SourceError as error:
                self._failed = (time.monotonic(), error)
                raise
            self._until = time.monotonic() + BELIEVED
            return self._kept

    def _look(self) -> Snapshot:
        """Ask for the state of the table and, for a view, of those behind it."""
        state = self._jobs.table(self._table)
        if state is None:
            raise SourceError(
                f"BigQuery has no table {self._table}. Check the name in ITEMWISE_SOURCE (PROJECT.DATASET.TABLE), and "
                "ITEMWISE_BIGQUERY_LOCATION if it is stored in another region.",
                reason="not_found",
                again=False,
                what="table",
                name=self._table,
            )
        checked = self._checked = self._check(state)
        tokens = [self._token(name) for name in checked.behind] or [_own_token(state)]
        parts = [checked.view.sql, *checked.view.groups, *(token for token, _ in tokens)]
        fingerprint = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
        return Snapshot(state, checked.view, fingerprint, max(at for _, at in tokens))

    def _check(self, state: TableState) -> _Checked:
        """The contract, against the table's columns and (free of charge) against the service that will read them."""
        last = self._checked
        if last is not None and last.state.fields == state.fields and _definition(last.state) == _definition(state):
            return _Checked(state, last.view, last.behind)
        view = table_view(state, self._names, self._groups)
        estimate = self._jobs.estimate(view.text(_CHECK), {}, "check")
        behind = tuple(sorted({*estimate.tables} - {state.name})) if state.kind in DERIVED else ()
        return _Checked(state, view, behind)

    def _token(self, name: str) -> tuple[str, datetime]:
        """The token of a table behind a view; of one that may not be looked at, the time in steps."""
        try:
            state = self._jobs.table(name)
        except SourceError as error:
            if error.facts.get("reason") != "access":
                raise
            state = None
        return _by_clock(name) if state is None else _own_token(state)


def _own_token(state: TableState) -> tuple[str, datetime]:
    """What changes when a table's rows do, and when they last did."""
    if state.is_stored:
        return state.token, state.modified
    token, at = _by_clock(state.token)
    return token, max(at, state.modified)


def _by_clock(name: str) -> tuple[str, datetime]:
    """A token that is another every ten minutes."""
    step = int(time.time() // _CLOCK)
    return f"{name} {step}", datetime.fromtimestamp(step * _CLOCK, UTC)


def _definition(state: TableState) -> tuple[str, str]:
    """What says which tables are behind a table: a view is defined anew under a new etag."""
    return state.kind, state.etag if state.kind in DERIVED else ""
