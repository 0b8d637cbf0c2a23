"""Whether a table has changed, asked of its metadata: free of charge, and at most every half minute.

While the warehouse is away for a passing reason, the last known state of the table stands in: what was read of it
before can still be shown.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from irt.errors import SourceError
from irt.sources.absence import Absence, LastKnown, afresh
from irt.warehouse import patience as limits
from irt.warehouse.jobs import Jobs
from irt.warehouse.kept_state import KeptState, Known
from irt.warehouse.patience import BRIEF, SHORT, Patience
from irt.warehouse.table_state import DERIVED, TableState
from irt.warehouse.table_view import TableView, table_view

#: For how many seconds a state is believed.
BELIEVED = 30.0
#: How long answers live that rest on tables which do not tell when they change.
_CLOCK = 600.0
_CHECK = "SELECT COUNT(*) AS n FROM {table}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A table that fits the contract, at one instant. ``fingerprint`` changes when its answers may have changed.

    ``absence``: why the warehouse cannot be asked, where this is the last known state.
    """

    state: TableState
    view: TableView
    fingerprint: str
    as_of: datetime
    absence: Absence | None = None


@dataclass(frozen=True, slots=True)
class _Checked:
    """A table whose columns were found to fit, and the tables behind it (none but itself, unless it is a view)."""

    state: TableState
    behind: tuple[str, ...]


class Freshness:
    """The state of one table: looked up by one thread at a time, and checked against the contract when it is new.

    Parameters
    ----------
    jobs : Jobs
    table : str
    names, groups
        As in :func:`irt.warehouse.table_view.table_view`.
    kept : KeptState, optional
        Where the last known state is kept across restarts.
    stale : float
        For how many seconds the last known state stands in.
    """

    def __init__(
        self,
        jobs: Jobs,
        table: str,
        names: dict[str, str],
        groups: Sequence[str],
        kept: KeptState | None = None,
        stale: float = 0.0,
    ) -> None:
        self._jobs = jobs
        self._table = table
        self._names = names
        self._groups = tuple(groups)
        self._last = LastKnown[Known](stale, kept)
        self._lock = threading.Lock()
        self._checked: _Checked | None = None
        #: What was found last, and until when it is believed.
        self._held: tuple[Snapshot | SourceError | None, float] = (None, 0.0)

    def now(self) -> Snapshot:
        """The state of the table, at most :data:`BELIEVED` seconds old; or the last known one.

        A failure is believed for a few seconds, since the callbacks of one page must not each try it with patience.
        Then one caller looks, and nobody waits for that one while a known state stands in.

        Raises
        ------
        SourceError
            Also if the table does not fit the contract: with each deviation.
        """
        asked = time.monotonic()
        found, _ = self._held
        stands_in = isinstance(found, Snapshot) and found.absence is not None
        if self._lock.acquire(blocking=not stands_in):
            try:
                if asked >= self._held[1]:
                    self._held = self._found(BRIEF if stands_in else SHORT if self._last.can_stand_in() else None)
                found, _ = self._held
            finally:
                self._lock.release()
        if isinstance(found, SourceError):
            raise afresh(found)
        assert found is not None  # noqa: S101 - for the type checker: what is held was found
        return found

    def _found(self, patience: Patience | None) -> tuple[Snapshot | SourceError, float]:
        """What is found now, and until when it is believed."""
        try:
            known, absence = self._last.look(lambda: self._look(patience))
            snapshot = self._snapshot(known)
        except SourceError as error:
            return error, time.monotonic() + limits.PAUSE
        believed = BELIEVED if absence is None else limits.PAUSE
        return replace(snapshot, absence=absence), time.monotonic() + believed

    def _look(self, patience: Patience | None) -> Known:
        """Ask for the state of the table and, for a view, of those behind it."""
        state = self._jobs.table(self._table, patience)
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
        tokens = tuple(self._token(name) for name in checked.behind) or (_own_token(state),)
        return Known(state, tokens)

    def _snapshot(self, known: Known) -> Snapshot:
        """A known state, with what of it is the same in every process that reads the table in the same way."""
        view = table_view(known.state, self._names, self._groups)
        parts = [view.sql, *view.groups, *(token for token, _ in known.tokens)]
        fingerprint = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
        return Snapshot(known.state, view, fingerprint, max(at for _, at in known.tokens))

    def _check(self, state: TableState) -> _Checked:
        """The contract, against the table's columns and (free of charge) against the service that will read them."""
        last = self._checked
        if last is not None and last.state.fields == state.fields and _definition(last.state) == _definition(state):
            return _Checked(state, last.behind)
        view = table_view(state, self._names, self._groups)
        estimate = self._jobs.estimate(view.text(_CHECK), {}, "check")
        behind = tuple(sorted({*estimate.tables} - {state.name})) if state.kind in DERIVED else ()
        return _Checked(state, behind)

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
