"""The double as tests hold it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tests.warehouse.bigquery_api import BigQueryApi
from tests.warehouse.catalogue import Catalogue, TableId
from tests.warehouse.faults import Fault, Faults
from tests.warehouse.jobs import Job, Jobs
from tests.warehouse.server import Server, make_app
from tests.warehouse.storage_api import Buckets, StorageApi
from tests.warehouse.wire_log import Request, WireLog

if TYPE_CHECKING:
    import pandas as pd
    from google.cloud.bigquery import Client
    from google.cloud.storage import Client as StorageClient

#: How much of an answer goes into one page, as documented for jobs.query and jobs.getQueryResults.
PAGE_BYTES = 10_000_000


class Warehouse:
    """BigQuery and Cloud Storage on this machine, served in a thread.

    Parameters
    ----------
    page_bytes : int
        Size of a page of an answer.
    compress : bool
        Answers JSON gzipped to clients that take it, as the service does.
    location : str
    port : int
        0: any free one.
    database : str
        DuckDB's own file; in memory by default.
    """

    def __init__(
        self,
        *,
        page_bytes: int = PAGE_BYTES,
        compress: bool = False,
        location: str = "US",
        port: int = 0,
        database: str = ":memory:",
    ) -> None:
        self._log = WireLog()
        self._faults = Faults()
        self.catalogue = Catalogue(database, location)
        self.buckets = Buckets()
        self.jobs = Jobs(self.catalogue, self.buckets, self._faults)
        self.app = make_app(self._log, self._faults, compress)
        BigQueryApi(self.catalogue, self.jobs, page_bytes).register(self.app)
        StorageApi(self.buckets).register(self.app)
        self._port = port
        self._server: Server | None = None

    def __enter__(self) -> Warehouse:
        self._server = Server(self.app, self._port)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop jobs and server, and let go of the data."""
        self.release()
        self.jobs.close()
        if self._server is not None:
            self._server.close()
            self._server = None
        self.catalogue.close()

    @property
    def endpoint(self) -> str:
        """Where it answers: ``http://127.0.0.1:PORT``."""
        if self._server is None:
            raise RuntimeError("The double is not being served: use it in a with block.")
        return self._server.endpoint

    def client(self, project: str = "p", **options: Any) -> Client:
        """The real client, pointed here."""
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import bigquery

        return bigquery.Client(
            project=project,
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": self.endpoint},
            **options,
        )

    def storage(self, project: str = "p") -> StorageClient:
        """The real client of Cloud Storage, pointed here."""
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import storage

        return storage.Client(
            project=project, credentials=AnonymousCredentials(), client_options={"api_endpoint": self.endpoint}
        )

    def put_bucket(self, name: str) -> None:
        """Make an empty bucket."""
        self.buckets.objects.setdefault(name, {})

    def files(self, bucket: str) -> dict[str, bytes]:
        """What is in a bucket, as it was uploaded."""
        return {name: stored.data for name, stored in self.buckets.objects[bucket].items()}

    # ---- tables ----

    def put_table(
        self,
        name: str,
        data: pd.DataFrame | str,
        *,
        copy: bool = True,
        frames: Mapping[str, pd.DataFrame] | None = None,
    ) -> None:
        """Make ``project.dataset.table``, or replace it: from a data frame, or from a SELECT in DuckDB's SQL.

        ``copy=False`` keeps a SELECT (from a Parquet file, say) as it is and runs it whenever the table is read; it
        must always give the same rows. ``frames`` are data frames that the SELECT reads by name.
        """
        key = TableId(*name.split("."))
        self.catalogue.ensure_dataset(key.project, key.dataset)
        cursor = self.catalogue.cursor()
        if not isinstance(data, str):
            frames, data = {"put_table_frame": data}, "SELECT * FROM put_table_frame"
        for register, frame in (frames or {}).items():
            cursor.register(register, frame)
        with self.catalogue.lock:
            if key in self.catalogue.tables:
                cursor.execute(f"DROP {self.catalogue.stored_as(key)} {key.sql}")
            cursor.execute(f"CREATE {'TABLE' if copy else 'VIEW'} {key.sql} AS {data}")
            self.catalogue.register(key)
        cursor.close()

    def put_view(self, name: str, query: str) -> None:
        """Make a view from a SELECT in GoogleSQL."""
        key = TableId(*name.split("."))
        self.catalogue.ensure_dataset(key.project, key.dataset)
        self.jobs.run_now(key.project, f"CREATE OR REPLACE VIEW `{name}` AS {query}")

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        """Run GoogleSQL past the wire, to look at tables or to change them; cells come as their texts on the wire."""
        import orjson

        outcome = self.jobs.run_now("p", text)
        rows = [orjson.loads(row) for row in outcome.rows]
        return [tuple(cell["v"] for cell in row["f"]) for row in rows]

    def touch(self, name: str) -> None:
        """Let a table look changed: another etag, a later time."""
        self.catalogue.touch([TableId(*name.split("."))])

    def stream(self, name: str, n_rows: int) -> None:
        """Say that so many rows of a table are in its streaming buffer (0: none)."""
        self.catalogue.table(TableId(*name.split("."))).streaming_rows = n_rows

    def forbid(self, name: str) -> None:
        """Refuse everybody access to a table."""
        self.catalogue.forbidden.add(TableId(*name.split(".")))

    # ---- faults ----

    def fail(self, endpoint: str, **how: Any) -> Fault:
        """Let coming requests go wrong: see :class:`tests.warehouse.faults.Fault`."""
        fault = Fault(endpoint, **how)
        self._faults.add(fault)
        return fault

    def heal(self) -> None:
        """Forget all faults that have not happened yet."""
        self._faults.clear()

    @property
    def faults_waiting(self) -> int:
        """How many faults have not yet hit all the requests that they are meant for."""
        return self._faults.waiting()

    def hold(self) -> None:
        """Let jobs that start from now on stay RUNNING until :meth:`release`, or until they are cancelled."""
        self.jobs.gate.clear()

    def release(self) -> None:
        """Let jobs run."""
        self.jobs.gate.set()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Within it, jobs that start stay RUNNING."""
        self.hold()
        try:
            yield
        finally:
            self.release()

    # ---- what happened ----

    @property
    def requests(self) -> list[Request]:
        """All requests so far, in order."""
        return self._log.calls()

    def calls(self, endpoint: str = "*") -> list[Request]:
        """The requests to an endpoint; ``*`` stands for anything (``jobs.*``)."""
        return self._log.calls(endpoint)

    def clear(self) -> None:
        """Forget the requests so far (tables, jobs and faults stay)."""
        self._log.clear()

    def running(self, project: str) -> list[Job]:
        """The jobs of a project that are not done."""
        return [job for job in self.jobs.all(project) if job.state != "DONE"]
