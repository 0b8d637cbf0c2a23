"""Jobs of BigQuery, through its own client: the only file that imports google.cloud.bigquery, when it is asked first.

Every job carries labels, a cap on the bytes that it may be billed for and a limit of time; what it may cost is looked
at before it runs and entered in the bill of the day. Requests are tried again for seconds, not for the ten minutes
that the client has as default. Answers come as REST: neither the Storage API nor pyarrow nor pandas is used.
"""

from __future__ import annotations

import io
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from irt.errors import SourceError
from irt.sources.question import Value
from irt.sources.spending import Limits, billable
from irt.warehouse.breaker import Breaker
from irt.warehouse.ledger import Bill, Ledger
from irt.warehouse.patience import BATCH, QUICK, Patience, current_patience
from irt.warehouse.refusals import Asked, refusal
from irt.warehouse.table_state import Field, TableState
from irt.warehouse.told import bill_of, job_bill, label, share_of, state_of

if TYPE_CHECKING:
    from google.cloud import bigquery

#: Told how much of a job is done, from 0 to 1; None where that is not known.
Progress = Callable[[float | None], None]

_SCALARS: Mapping[type, str] = {str: "STRING", bool: "BOOL", int: "INT64", float: "FLOAT64"}
#: Jobs that began longer ago than any may run are not looked for.
_OLDEST = timedelta(days=1)
#: Seconds in which a job that was told to stop is waited for.
_STOPPING = 10.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a query would read at most, and the tables that it rests on (those behind views)."""

    n_bytes: int
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """A long job that has ended: rows that it changed (None where that is not said) and what it has cost."""

    job_id: str
    n_rows: int | None
    bytes_billed: int


class Jobs:
    """Puts queries and loads to one project, from any thread of any process; nothing is asked before the first call.

    Parameters
    ----------
    project : str
        Runs the jobs and pays for them.
    table : str
        The table that they are about, ``project.dataset.table``, for sentences.
    endpoint : str, optional
        Another address of the service; ``http://`` is asked without credentials.
    location : str, optional
    ledger : Ledger, optional
        Limits and the bill of the day; default: those of :class:`Limits`, kept in memory.
    source : str
        A word that jobs of this source bear as a label, by which they are found again.
    version : str
        Of Itemwise.
    """

    def __init__(
        self,
        project: str,
        table: str,
        *,
        endpoint: str | None = None,
        location: str | None = None,
        ledger: Ledger | None = None,
        source: str = "none",
        version: str = "0",
    ) -> None:
        self.project = project
        self.table_name = table
        self.ledger = ledger or Ledger(None, Limits())
        self._endpoint = endpoint
        self._location = location
        self._labels = {"app": "itemwise", "version": label(version), "source": label(source)}
        self._breaker = Breaker()
        self._lock = threading.Lock()
        self._client: bigquery.Client | None = None
        self._pid = 0

    # Questions -------------------------------------------------------------------------------------------------------

    def ask(
        self, sql: str, parameters: Mapping[str, Value], name: str, at_most: int | None = None
    ) -> list[tuple[Any, ...]]:
        """The rows of a query, in one request where they fit into one answer.

        Parameters
        ----------
        sql, parameters
        name : str
            What is asked, in lower case; stands on bills.
        at_most : int, optional
            Bytes that it cannot exceed, where that is known; else they are estimated first.

        Raises
        ------
        SourceError, ConfirmationNeeded
        """
        estimate = self._agreed(sql, parameters, name, at_most)
        patience, began = current_patience().reading(estimate), time.monotonic()
        with self.ledger.entered(name, billable(estimate), sql) as entry:
            try:
                with self._breaker.closed(), self._told(name, sql):
                    rows = self._connect().query_and_wait(
                        sql,
                        job_config=self._config(name, parameters, entry.most, patience),
                        api_timeout=patience.call,
                        wait_timeout=patience.job,
                        retry=_retry(patience),
                        job_retry=_retry(patience, job=True),
                    )
                    first = rows._first_page_response or {}  # the client shows neither of these
                    said = {name: first.get(name) for name in ("cacheHit", "totalBytesBilled")}
                    found = [tuple(row.values()) for row in rows]
                    _refuse_part(rows, len(found), first)
            except SourceError as error:
                self._presume(entry.settle, error, estimate, began)
                raise
            entry.settle(bill_of(rows, said, time.monotonic() - began))
        return found

    def estimate(self, sql: str, parameters: Mapping[str, Value], name: str) -> Estimate:
        """What a query would read; free of charge. Raises SourceError."""
        with self._breaker.closed(), self._told(name, sql):
            job = self._connect().query(
                sql,
                job_config=self._config(name, parameters, self.ledger.limits.max_bytes, QUICK, dry_run=True),
                job_id=f"itemwise-{uuid.uuid4().hex}",  # or the client looks ten minutes for what it takes for a twin
                retry=_retry(QUICK),
                job_retry=None,
                timeout=QUICK.call,
            )
            tables = tuple(f"{ref.project}.{ref.dataset_id}.{ref.table_id}" for ref in job.referenced_tables)
            return Estimate(int(job.total_bytes_processed or 0), tables)

    # Long work -------------------------------------------------------------------------------------------------------

    def run(
        self,
        sql: str,
        parameters: Mapping[str, Value],
        name: str,
        *,
        destination: str | None = None,
        script: bool = False,
        estimate: int | None = None,
        progress: Progress | None = None,
    ) -> Done:
        """Run a query or a script for as long as long work takes; an interrupt stops it in the warehouse too.

        Parameters
        ----------
        sql, parameters, name
        destination : str, optional
            Table whose rows those of the query replace, in one step.
        script : bool
            Several statements, the last step of something. They cannot be estimated as one, so only the caps hold.
        estimate : int, optional
            Bytes that it reads, where that was found (and agreed to) before; default: estimated here.
        progress : callable, optional

        Raises
        ------
        SourceError, ConfirmationNeeded
        """
        from google.cloud import bigquery

        if estimate is None:
            estimate = 0 if script else self._agreed(sql, parameters, name, None)
        began = time.monotonic()
        with self.ledger.entered(name, billable(estimate), sql) as entry:
            config = self._config(name, parameters, entry.most, BATCH)
            if script:
                config.script_options = bigquery.ScriptOptions(statement_byte_budget=entry.most)
            if destination is not None:
                config.destination = destination
                config.write_disposition = bigquery.WriteDisposition.WRITE_TRUNCATE
            try:
                with self._told(name, sql):
                    job = self._connect().query(
                        sql,
                        job_config=config,
                        job_id_prefix="itemwise-",
                        retry=_retry(BATCH),
                        job_retry=None,
                        timeout=BATCH.call,
                    )
                    _wait(job, progress, final=script)
            except SourceError as error:
                self._presume(entry.settle, error, estimate, began)
                raise
            seconds = time.monotonic() - began
            billed = int(job.total_bytes_billed or 0)
            entry.settle(job_bill(job, seconds))
        return Done(job.job_id, job.num_dml_affected_rows, billed)

    def load(
        self,
        data: bytes | BinaryIO,
        table: str,
        fields: Sequence[Field],
        name: str,
        *,
        replace: bool = False,
        kind: Literal["NEWLINE_DELIMITED_JSON", "CSV"] = "NEWLINE_DELIMITED_JSON",
        progress: Progress | None = None,
    ) -> Done:
        """Load rows (plain or gzip) into a table, all or none; ``replace``: instead of those that are there.

        Loading is free of charge. Raises SourceError.
        """
        from google.cloud import bigquery

        config = bigquery.LoadJobConfig(
            schema=_schema(fields),
            source_format=kind,
            write_disposition="WRITE_TRUNCATE" if replace else "WRITE_APPEND",
            labels={**self._labels, "question": label(name)},
            job_timeout_ms=int(BATCH.job * 1000),
        )
        with self._told(name):
            job = self._connect().load_table_from_file(
                io.BytesIO(data) if isinstance(data, bytes) else data,
                table,
                job_id_prefix="itemwise-",
                job_config=config,
                timeout=BATCH.call,
            )
            _wait(job, progress)
        return Done(job.job_id, job.output_rows, 0)

    # Tables ----------------------------------------------------------------------------------------------------------

    def table(self, name: str, patience: Patience | None = None) -> TableState | None:
        """What the warehouse tells of a table, free of charge; None where there is none. Raises SourceError."""
        patience = patience or QUICK
        try:
            with self._told("table", table=name):
                found = self._connect().get_table(name, retry=_retry(patience), timeout=patience.call)
                return state_of(name, found)
        except SourceError as error:
            if error.facts.get("reason") == "not_found" and error.facts.get("what") == "table":
                return None
            raise

    def create(
        self,
        name: str,
        fields: Sequence[Field],
        *,
        clustering: Sequence[str] = (),
        description: str = "",
        expires: timedelta | None = None,
    ) -> None:
        """Make a table unless it is there. Raises SourceError."""
        from google.cloud import bigquery

        with self._told("create", table=name):
            table = bigquery.Table(name, schema=_schema(fields))
            table.clustering_fields = list(clustering) or None
            table.description = description or None
            table.labels = {"app": "itemwise"}
            if expires is not None:
                table.expires = datetime.now(UTC) + expires
            self._connect().create_table(table, exists_ok=True, retry=_retry(QUICK), timeout=QUICK.call)

    def drop(self, name: str) -> None:
        """Remove a table if it is there. Raises SourceError."""
        with self._told("drop", table=name):
            self._connect().delete_table(name, not_found_ok=True, retry=_retry(QUICK), timeout=QUICK.call)

    # Stopping --------------------------------------------------------------------------------------------------------

    def stop(self) -> int:
        """Cancel the running jobs of this source, whichever process began them; how many. Raises SourceError."""
        with self._told("stop"):
            client, own = self._connect(), {name: self._labels[name] for name in ("app", "source")}
            since, retry = datetime.now(UTC) - _OLDEST, _retry(QUICK)
            running = {
                job.job_id: job
                for state in ("running", "pending")
                for job in client.list_jobs(
                    state_filter=state, min_creation_time=since, retry=retry, timeout=QUICK.call
                )
                if job.state in ("RUNNING", "PENDING") and own.items() <= dict(job.labels or {}).items()
            }
            for job in running.values():
                client.cancel_job(
                    job.job_id, project=job.project, location=job.location, retry=retry, timeout=QUICK.call
                )
        return len(running)

    # Parts -----------------------------------------------------------------------------------------------------------

    def _agreed(self, sql: str, parameters: Mapping[str, Value], name: str, at_most: int | None) -> int:
        """The bytes that a query may read, looked at against the limits."""
        n_bytes = self.estimate(sql, parameters, name).n_bytes if at_most is None else at_most
        self.ledger.limits.check(n_bytes)
        return n_bytes

    def _config(
        self,
        name: str,
        parameters: Mapping[str, Value],
        most: int,
        patience: Patience,
        dry_run: bool = False,
    ) -> bigquery.QueryJobConfig:
        """What every query carries. Parameters come in the order of their names: equal questions are equal texts."""
        from google.cloud import bigquery

        config = bigquery.QueryJobConfig(
            labels={**self._labels, "question": label(name)},
            maximum_bytes_billed=most,
            job_timeout_ms=int(patience.job * 1000),
            query_parameters=[_parameter(key, parameters[key]) for key in sorted(parameters)],
            use_query_cache=True,
        )
        if dry_run:
            config.dry_run = True
        return config

    def _connect(self) -> bigquery.Client:
        """The client of this process: a forked worker must not use its parent's connections."""
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import bigquery

        with self._lock:
            if self._client is None or self._pid != os.getpid():
                open_door = (self._endpoint or "").startswith("http://")
                self._client = bigquery.Client(
                    project=self.project,
                    location=self._location,
                    credentials=AnonymousCredentials() if open_door else None,
                    client_options={"api_endpoint": self._endpoint} if self._endpoint else None,
                )
                self._pid = os.getpid()
            return self._client

    @contextmanager
    def _told(self, name: str, sql: str = "", table: str | None = None) -> Iterator[None]:
        """Errors of the client come out as SourceError."""
        try:
            yield
        except SourceError:
            raise
        except Exception as error:
            asked = Asked(
                name=name,
                table=table or self.table_name,
                project=self.project,
                location=self._location,
                endpoint=self._endpoint,
                max_bytes=self.ledger.limits.max_bytes,
                sql=sql,
            )
            found = refusal(error, asked)
            if found is None:
                raise
            raise found from None  # the client's message may quote values

    @staticmethod
    def _presume(settle: Callable[[Bill], None], error: SourceError, estimate: int, began: float) -> None:
        """A query that was stopped half-way, or of which nothing was heard, may be billed all the same."""
        if error.facts.get("reason") in ("timeout", "cancelled"):
            settle(Bill("", estimate, billable(estimate), False, time.monotonic() - began, 0.0))


def _retry(patience: Patience, job: bool = False) -> Any:
    """When to ask again: after passing faults, for as long as a reader waits."""
    from google.cloud.bigquery.retry import DEFAULT_JOB_RETRY, DEFAULT_RETRY

    kind = DEFAULT_JOB_RETRY if job else DEFAULT_RETRY
    return kind.with_timeout(patience.retry).with_delay(initial=0.5, maximum=8.0, multiplier=2.0)


def _refuse_part(rows: Any, n_rows: int, first: Mapping[str, Any]) -> None:
    """Refuse an answer that failed, or of which rows are lost: it would be taken, and kept, for that of a small table.

    A query that has answered may carry ``errors`` as well; these are warnings then.
    """
    from google.api_core.exceptions import BadRequest

    if rows.schema and n_rows == rows.total_rows and (n_rows or not first.get("errors")):
        return
    if first.get("errors"):
        raise BadRequest("the query failed", errors=first["errors"])
    raise ValueError("not the whole answer")


def _parameter(name: str, value: Value) -> Any:
    """A value as the client sends it."""
    from google.cloud import bigquery

    if isinstance(value, tuple | list):
        kinds = {_SCALARS[type(member)] for member in value} or {"STRING"}
        kind = kinds.pop() if len(kinds) == 1 else "FLOAT64"
        return bigquery.ArrayQueryParameter(name, kind, list(value))
    return bigquery.ScalarQueryParameter(name, _SCALARS[type(value)], value)


def _schema(fields: Sequence[Field]) -> list[Any]:
    """Columns as the client has them."""
    from google.cloud import bigquery

    return [bigquery.SchemaField(field.name, field.kind, mode=field.mode) for field in fields]


def _wait(job: Any, progress: Progress | None, final: bool = False) -> None:
    """Wait for a job; an interrupt, or being out of patience, stops it in the warehouse.

    ``final``: it is the last step of something. If it had ended before it could be stopped, it is done, and whoever
    interrupts must not be told otherwise.
    """
    until, pause = time.monotonic() + BATCH.job, 0.2
    try:
        while not job.done(retry=_retry(BATCH), timeout=BATCH.call):
            if time.monotonic() > until:
                raise TimeoutError
            if progress is not None:
                progress(share_of(job))
            time.sleep(pause)
            pause = min(2.0, pause * 1.5)
    except BaseException as error:
        _cancel(job)
        if not (final and isinstance(error, KeyboardInterrupt) and _ended_well(job)):
            raise
    if (failed := job.exception(timeout=BATCH.call)) is not None:
        raise failed
    if progress is not None:
        progress(1.0)


def _ended_well(job: Any) -> bool:
    """Whether a job that was told to stop had done its work by then, as far as that can be learnt."""
    until = time.monotonic() + _STOPPING
    with suppress(Exception):
        while time.monotonic() < until:
            if job.done(retry=_retry(QUICK), timeout=QUICK.call):
                return job.error_result is None
            time.sleep(0.2)
    return False


def _cancel(job: Any) -> None:
    """Stop a job as well as can be: what made us stop it is what the reader hears of."""
    with suppress(Exception):
        job.cancel(retry=_retry(QUICK), timeout=QUICK.call)
