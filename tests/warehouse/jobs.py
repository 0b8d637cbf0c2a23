"""Jobs: queries and loads that run in threads, can be polled, can be cancelled."""

from __future__ import annotations

import base64
import bisect
import itertools
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from tests.warehouse.catalogue import Catalogue, now_ms
from tests.warehouse.errors import ApiError
from tests.warehouse.faults import Faults
from tests.warehouse.loads import run_load
from tests.warehouse.queries import Cache, Outcome, Script, said_by_duckdb
from tests.warehouse.storage_api import Buckets

#: How often a cancelled job's engine is told to stop, in seconds: it may not have begun yet.
_AGAIN = 0.02


@dataclass
class Job:
    """One job. ``configuration`` is as the client sent it (``query`` or ``load`` inside)."""

    id: str
    project: str
    location: str
    configuration: dict[str, Any]
    created: int = field(default_factory=now_ms)
    started: int | None = None
    ended: int | None = None
    outcome: Outcome | None = None
    error: ApiError | None = None
    done: threading.Event = field(default_factory=threading.Event, repr=False)
    stop: threading.Event = field(default_factory=threading.Event, repr=False)
    stop_message: str = ""
    cursor: Any = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        return next(kind for kind in ("query", "load", "copy", "extract") if kind in self.configuration)

    @property
    def state(self) -> str:
        if self.done.is_set():
            return "DONE"
        return "PENDING" if self.started is None else "RUNNING"

    def reference(self) -> dict[str, str]:
        return {"projectId": self.project, "jobId": self.id, "location": self.location}

    def check(self) -> None:
        """Raise where the job has been told to stop."""
        if self.stop.is_set():
            raise ApiError("stopped", self.stop_message)

    def resource(self) -> dict[str, Any]:
        """The job as ``jobs.get`` answers it."""
        status: dict[str, Any] = {"state": self.state}
        if self.done.is_set() and self.error is not None:
            status |= {"errorResult": self.error.proto(), "errors": [self.error.proto()]}
        return {
            "kind": "bigquery#job",
            "etag": uuid.uuid5(uuid.NAMESPACE_OID, f"{self.id}{self.state}").hex,
            "id": f"{self.project}:{self.location}.{self.id}",
            "selfLink": f"/bigquery/v2/projects/{self.project}/jobs/{self.id}",
            "user_email": "double@example.com",
            "configuration": self._configuration(),
            "jobReference": self.reference(),
            "statistics": self.statistics(),
            "status": status,
        }

    def _configuration(self) -> dict[str, Any]:
        configuration = {**self.configuration, "jobType": self.kind.upper()}
        query = configuration.get("query")
        if query is not None and "destinationTable" not in query:
            hidden = {"projectId": self.project, "datasetId": "_anonymous", "tableId": f"anon{self.id}"}
            configuration["query"] = {**query, "destinationTable": hidden}
        return configuration

    def statistics(self) -> dict[str, Any]:
        """Times, bytes and counts; whole numbers as text, as everywhere in this API."""
        times = {"creationTime": self.created, "startTime": self.started, "endTime": self.ended}
        statistics: dict[str, Any] = {name: str(value) for name, value in times.items() if value is not None}
        outcome = self.outcome
        if outcome is None or self.kind != "query":
            return statistics | ({"load": outcome.load} if outcome is not None and outcome.load else {})
        slot_ms = max(1, (self.ended or now_ms()) - (self.started or self.created))
        return statistics | {
            "totalBytesProcessed": str(outcome.bytes_processed),
            "totalSlotMs": str(slot_ms),
            "query": query_statistics(outcome, slot_ms),
        }


def query_statistics(outcome: Outcome, slot_ms: int = 0, dry: bool = False) -> dict[str, Any]:
    """``statistics.query`` of a job."""
    affected = outcome.affected
    result: dict[str, Any] = {
        "statementType": outcome.kind,
        "totalBytesProcessed": str(outcome.bytes_processed),
        "totalBytesBilled": "0" if dry else str(outcome.bytes_billed),
        "totalSlotMs": str(slot_ms),
        "cacheHit": outcome.cache_hit,
        "billingTier": 0 if dry or outcome.cache_hit else 1,
        "referencedTables": [key.resource() for key in outcome.read],
    }
    if dry:
        result["totalBytesProcessedAccuracy"] = "PRECISE"
    if outcome.fields is not None:
        result["schema"] = {"fields": outcome.fields}
    if affected is not None:
        result["numDmlAffectedRows"] = str(affected)
        name = {"INSERT": "insertedRowCount", "DELETE": "deletedRowCount", "UPDATE": "updatedRowCount"}
        if outcome.kind in name:
            result["dmlStats"] = {name[outcome.kind]: str(affected)}
    if outcome.kind.startswith(("CREATE", "DROP")) and outcome.target is not None:
        result["ddlTargetTable"] = outcome.target.resource()
    return result


class Jobs:
    """All jobs of one double, and the threads that they run in."""

    def __init__(self, catalogue: Catalogue, buckets: Buckets, faults: Faults) -> None:
        self.catalogue = catalogue
        self.buckets = buckets
        self.cache = Cache()
        self.gate = threading.Event()  # closed: jobs stay RUNNING
        self.gate.set()
        self._faults = faults
        self._jobs: dict[tuple[str, str], Job] = {}
        self._requests: dict[str, Job] = {}
        self._lock = threading.Lock()

    # ---- from outside ----

    def submit(
        self,
        project: str,
        configuration: dict[str, Any],
        job_id: str | None = None,
        request_id: str | None = None,
        data: bytes | None = None,
    ) -> Job:
        """Start a job; a request that comes again (``request_id``) gets the job that it has, a job id is used once."""
        with self._lock:
            if request_id is not None and request_id in self._requests:
                return self._requests[request_id]
            job = Job(job_id or f"job_{uuid.uuid4().hex}", project, self.catalogue.location, configuration)
            if (project, job.id) in self._jobs:
                raise ApiError("duplicate", f"Already Exists: Job {project}:{job.location}.{job.id}")
            self._jobs[project, job.id] = job
            if request_id is not None:
                self._requests[request_id] = job
        threading.Thread(target=self._run, args=(job, data), daemon=True, name=job.id).start()
        if timeout := configuration.get("jobTimeoutMs"):
            threading.Thread(target=self._time_out, args=(job, int(timeout) / 1000), daemon=True).start()
        return job

    def dry_run(self, project: str, configuration: Mapping[str, Any]) -> Outcome:
        """What a query would read."""
        try:
            return Script(self.catalogue, project, configuration["query"]).estimate()
        except duckdb.Error as error:
            raise said_by_duckdb(error) from None

    def run_now(self, project: str, sql: str) -> Outcome:
        """A statement of the double's own, without a job."""
        script = Script(self.catalogue, project, {"query": sql, "useLegacySql": False})
        cursor = self.catalogue.cursor()
        try:
            return script.run(cursor, lambda: None, None)
        except duckdb.Error as error:
            raise said_by_duckdb(error) from None
        finally:
            cursor.close()

    def get(self, project: str, job_id: str) -> Job:
        """A job, or 404."""
        with self._lock:
            job = self._jobs.get((project, job_id))
        if job is None:
            raise ApiError("notFound", f"Not found: Job {project}:{job_id}")
        return job

    def all(self, project: str) -> list[Job]:
        """The jobs of a project, the latest first."""
        with self._lock:
            return [job for (owner, _), job in reversed(self._jobs.items()) if owner == project]

    def cancel(self, job: Job, message: str = "") -> None:
        """Tell a job to stop; it does so in its own time."""
        job.stop_message = message
        job.stop.set()
        threading.Thread(target=_interrupt, args=(job,), daemon=True).start()

    def close(self) -> None:
        """Stop everything that still runs."""
        with self._lock:
            running = [job for job in self._jobs.values() if not job.done.is_set()]
        for job in running:
            self.cancel(job)
        for job in running:
            job.done.wait(5)

    # ---- inside ----

    def _time_out(self, job: Job, seconds: float) -> None:
        if not job.done.wait(seconds):
            self.cancel(job, f"Job execution was cancelled: Job timed out after {seconds:g}s")

    def _run(self, job: Job, data: bytes | None) -> None:
        """The life of a job."""
        job.started = now_ms()
        try:
            self._wait_at_gate(job)
            fault = self._faults.take("job")
            if fault is not None and (error := fault.error()) is not None:
                raise error
            job.cursor = self.catalogue.cursor()
            job.outcome = self._query(job) if job.kind == "query" else run_load(self.catalogue, self.buckets, job, data)
        except ApiError as error:
            job.error = error
        except duckdb.Error as error:
            job.error = said_by_duckdb(error)
            if job.error.reason == "stopped" and job.stop_message:
                job.error = ApiError("stopped", job.stop_message)
        except Exception as error:  # a fault of the double must not leave a client waiting
            job.error = ApiError("internalError", f"The test double failed: {error!r}", 400)
        finally:
            job.ended = now_ms()
            job.done.set()
            if job.cursor is not None:
                job.cursor.close()

    def _wait_at_gate(self, job: Job) -> None:
        while not self.gate.wait(_AGAIN):
            job.check()
        job.check()

    def _query(self, job: Job) -> Outcome:
        query = job.configuration["query"]
        script = Script(self.catalogue, job.project, query)
        key = script.cache_key() if query.get("useQueryCache", True) else None
        if key is not None and (kept := self.cache.get(key)) is not None:
            return Outcome(kept.kind, kept.fields, kept.rows, read=kept.read, cache_hit=True)
        limit = query.get("maximumBytesBilled")
        outcome = script.run(job.cursor, job.check, None if limit is None else int(limit))
        job.check()
        if key is not None:
            self.cache.put(key, outcome)
        return outcome


def _interrupt(job: Job) -> None:
    """Stop a job's engine, again and again until it has stopped."""
    while not job.done.wait(_AGAIN):
        if (cursor := job.cursor) is not None:
            cursor.interrupt()


# ---- pages --------------------------------------------------------------------------------------------------------


def page(rows: Sequence[bytes], start: int, max_rows: int | None, max_bytes: int) -> tuple[int, bytes]:
    """Where a page that begins at ``start`` ends, and its rows as JSON; at least one row."""
    stop = len(rows) if max_rows is None else min(len(rows), start + max_rows)
    ends = list(itertools.accumulate(len(row) + 1 for row in rows[start:stop]))
    fit = bisect.bisect_right(ends, max_bytes)
    stop = start + min(len(ends), max(1, fit))
    return stop, b"[" + b",".join(rows[start:stop]) + b"]"


def page_token(start: int) -> str:
    """An opaque name for the page that begins there."""
    return base64.urlsafe_b64encode(f"row:{start}".encode()).decode()


def page_start(token: str | None) -> int:
    """Where the page of a token begins."""
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).removeprefix(b"row:"))
    except ValueError:
        raise ApiError("invalid", "Invalid value for pageToken") from None
