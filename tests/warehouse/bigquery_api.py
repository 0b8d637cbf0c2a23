"""BigQuery's REST API, version 2, as far as its Python client uses it."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Flask, Response, request

from tests.warehouse.catalogue import Catalogue, StoredTable, TableId
from tests.warehouse.errors import ApiError
from tests.warehouse.jobs import Job, Jobs, page, page_start, page_token, query_statistics
from tests.warehouse.uploads import Sessions, multipart
from tests.warehouse.wire_types import declared, wire_row

#: How long a query may take until its first answer says that it is not done, in milliseconds, as documented.
TIMEOUT_MS = 10_000

#: What belongs to the request and not to the query in the body of jobs.query.
_REQUEST_KEYS = {
    "kind",
    "maxResults",
    "timeoutMs",
    "dryRun",
    "labels",
    "jobTimeoutMs",
    "requestId",
    "location",
    "formatOptions",
}

#: Properties of a table that a client may set and read back.
_SETTABLE = (
    "description",
    "friendlyName",
    "labels",
    "clustering",
    "timePartitioning",
    "rangePartitioning",
    "expirationTime",
    "requirePartitionFilter",
)


def answer(body: dict[str, Any], status: int = 200, rows: bytes | None = None) -> Response:
    """A JSON answer; ``rows`` are spliced in as they are. ``fields`` of the request narrows it."""
    wanted = request.args.get("fields")
    if wanted and "(" not in wanted and "/" not in wanted:
        names = set(wanted.split(","))
        body = {name: value for name, value in body.items() if name in names}
        rows = rows if "rows" in names else None
    text = orjson.dumps(body)
    if rows is not None:
        text = text[:-1] + b',"rows":' + rows + b"}"
    return Response(text, status, content_type="application/json; charset=UTF-8")


class BigQueryApi:
    """The routes. ``page_bytes`` is how much of an answer goes into one page."""

    def __init__(self, catalogue: Catalogue, jobs: Jobs, page_bytes: int) -> None:
        self.catalogue = catalogue
        self.jobs = jobs
        self.page_bytes = page_bytes
        self._sessions = Sessions()

    def register(self, app: Flask) -> None:
        """Add the routes to an app; their endpoints are named as in the service's reference."""
        base = "/bigquery/v2/projects/<project>"
        tables = f"{base}/datasets/<dataset>/tables"
        for rule, methods, endpoint, view in (
            (f"{base}/queries", ["POST"], "jobs.query", self.query),
            (f"{base}/queries/<job_id>", ["GET"], "jobs.getQueryResults", self.get_query_results),
            (f"{base}/jobs", ["POST"], "jobs.insert", self.insert_job),
            (f"/upload{base}/jobs", ["POST"], "jobs.insert", self.insert_job),
            (f"/upload{base}/jobs", ["PUT"], "jobs.upload", self.upload_chunk),
            (f"{base}/jobs", ["GET"], "jobs.list", self.list_jobs),
            (f"{base}/jobs/<job_id>", ["GET"], "jobs.get", self.get_job),
            (f"{base}/jobs/<job_id>/cancel", ["POST"], "jobs.cancel", self.cancel_job),
            (f"{base}/datasets", ["POST"], "datasets.insert", self.insert_dataset),
            (f"{base}/datasets", ["GET"], "datasets.list", self.list_datasets),
            (f"{base}/datasets/<dataset>", ["GET"], "datasets.get", self.get_dataset),
            (f"{base}/datasets/<dataset>", ["DELETE"], "datasets.delete", self.delete_dataset),
            (tables, ["POST"], "tables.insert", self.insert_table),
            (tables, ["GET"], "tables.list", self.list_tables),
            (f"{tables}/<table>", ["GET"], "tables.get", self.get_table),
            (f"{tables}/<table>", ["PATCH", "PUT"], "tables.patch", self.patch_table),
            (f"{tables}/<table>", ["DELETE"], "tables.delete", self.delete_table),
            (f"{tables}/<table>/data", ["GET"], "tabledata.list", self.list_rows),
        ):
            app.add_url_rule(rule, endpoint, view, methods=methods)

    # ---- queries ----

    def query(self, project: str) -> Response:
        """POST queries: the answer at once, if it is ready in time."""
        body = request.get_json()
        query = {name: value for name, value in body.items() if name not in _REQUEST_KEYS}
        configuration = {"query": query, **{k: body[k] for k in ("labels", "jobTimeoutMs") if k in body}}
        if body.get("dryRun"):
            outcome = self.jobs.dry_run(project, configuration)
            schema = {"schema": {"fields": outcome.fields}} if outcome.fields is not None else {}
            processed = str(outcome.bytes_processed)
            head = {
                "kind": "bigquery#queryResponse",
                "jobReference": {"projectId": project, "location": self.catalogue.location},
            }
            return answer({**head, **schema, "totalBytesProcessed": processed, "jobComplete": True, "cacheHit": False})
        job = self.jobs.submit(project, configuration, request_id=body.get("requestId"))
        job.done.wait(min(TIMEOUT_MS, int(body.get("timeoutMs", TIMEOUT_MS))) / 1000)
        return self._results(job, "bigquery#queryResponse", 0, body.get("maxResults"))

    def get_query_results(self, project: str, job_id: str) -> Response:
        """GET queries/ID: a page of the answer; with ``maxResults=0`` whether there is one."""
        job = self.jobs.get(project, job_id)
        if job.kind != "query":
            raise ApiError("invalid", f"Job {job_id} is not a query job")
        args = request.args
        job.done.wait(min(TIMEOUT_MS, int(args.get("timeoutMs", TIMEOUT_MS))) / 1000)
        start = page_start(args["pageToken"]) if args.get("pageToken") else int(args.get("startIndex", 0))
        return self._results(job, "bigquery#getQueryResultsResponse", start, args.get("maxResults"))

    def _results(self, job: Job, kind: str, start: int, max_results: Any) -> Response:
        head: dict[str, Any] = {"kind": kind, "jobReference": job.reference(), "jobComplete": job.done.is_set()}
        if not job.done.is_set():
            return answer(head)
        if job.error is not None:
            raise job.error
        outcome = job.outcome
        assert outcome is not None
        statistics = job.statistics()
        head |= {
            "cacheHit": outcome.cache_hit,
            "totalBytesProcessed": str(outcome.bytes_processed),
            "totalBytesBilled": str(outcome.bytes_billed),
            "totalSlotMs": statistics["totalSlotMs"],
            "creationTime": statistics["creationTime"],
            "startTime": statistics["startTime"],
            "endTime": statistics["endTime"],
            "location": job.location,
        }
        if outcome.affected is not None:
            head["numDmlAffectedRows"] = str(outcome.affected)
            head["dmlStats"] = query_statistics(outcome).get("dmlStats", {})
        if outcome.fields is None:
            return answer(head)
        head |= {"schema": {"fields": outcome.fields}, "totalRows": str(len(outcome.rows))}
        most = None if max_results is None else int(max_results)
        if most == 0:  # no rows key and no token, or the client takes the answer for empty
            return answer(head)
        stop, rows = page(outcome.rows, start, most, self.page_bytes)
        if stop < len(outcome.rows):
            head["pageToken"] = page_token(stop)
        return answer(head, rows=rows if outcome.rows else None)

    # ---- jobs ----

    def insert_job(self, project: str) -> Response:
        """POST jobs: start a job, or say what it would read; with a file, at once or resumable."""
        kind = request.args.get("uploadType")
        if kind == "resumable":
            return self._sessions.begin(request.get_json(), {"project": project})
        if kind == "multipart":
            body, _, data = multipart(request.get_data(), request.headers.get("Content-Type", ""))
            return self.start(project, body, data)
        return self.start(project, request.get_json(), None)

    def upload_chunk(self, project: str) -> Response:
        """PUT of a chunk of a file: the job starts when the last has come, once."""
        session, whole = self._sessions.take()
        if not whole:
            return self._sessions.more(session)
        if session.answer is None:
            session.answer = self.start(project, session.metadata, bytes(session.data))
        return Response(session.answer.get_data(), 200, content_type="application/json; charset=UTF-8")

    def start(self, project: str, body: dict[str, Any], data: bytes | None) -> Response:
        """Start the job of a request; ``data`` is the file that came with it."""
        configuration, reference = body.get("configuration") or {}, body.get("jobReference") or {}
        if not {"query", "load", "copy", "extract"} & configuration.keys():
            raise ApiError("invalid", "Required parameter is missing: configuration")
        project = reference.get("projectId", project)
        if configuration.get("dryRun"):
            outcome = self.jobs.dry_run(project, configuration)
            job = Job(reference.get("jobId", ""), project, self.catalogue.location, configuration, outcome=outcome)
            job.done.set()
            resource = job.resource()
            resource["statistics"]["query"] = query_statistics(outcome, dry=True)
            resource["statistics"]["totalBytesProcessed"] = str(outcome.bytes_processed)
            return answer(resource)
        return answer(self.jobs.submit(project, configuration, reference.get("jobId"), data=data).resource())

    def get_job(self, project: str, job_id: str) -> Response:
        return answer(self.jobs.get(project, job_id).resource())

    def cancel_job(self, project: str, job_id: str) -> Response:
        """POST jobs/ID/cancel: answers at once; the job ends in its own time."""
        job = self.jobs.get(project, job_id)
        self.jobs.cancel(job)
        return answer({"kind": "bigquery#jobCancelResponse", "job": job.resource()})

    def list_jobs(self, project: str) -> Response:
        """GET jobs: the latest first."""
        args = request.args
        states = {state.upper() for state in args.getlist("stateFilter")}
        earliest, latest = int(args.get("minCreationTime", 0)), int(args.get("maxCreationTime", 2**62))
        jobs = [
            job
            for job in self.jobs.all(project)
            if (not states or job.state in states) and earliest <= job.created <= latest
        ]
        start, most = page_start(args.get("pageToken")), int(args.get("maxResults", 50))
        body: dict[str, Any] = {"kind": "bigquery#jobList", "etag": "jobs", "jobs": []}
        for job in jobs[start : start + most]:
            resource = job.resource()
            body["jobs"].append({**resource, "state": job.state})
        if start + most < len(jobs):
            body["nextPageToken"] = page_token(start + most)
        return answer(body)

    # ---- datasets ----

    def insert_dataset(self, project: str) -> Response:
        body = request.get_json()
        name = body["datasetReference"]["datasetId"]
        self.catalogue.add_dataset(project, name, body)
        return self.get_dataset(project, name)

    def get_dataset(self, project: str, dataset: str) -> Response:
        found = self.catalogue.dataset(project, dataset)
        return answer(
            {
                "kind": "bigquery#dataset",
                "id": f"{project}:{dataset}",
                "etag": f"d{found.created}",
                "labels": found.properties.get("labels", {}),
                "datasetReference": {"projectId": project, "datasetId": dataset},
                "creationTime": str(found.created),
                "lastModifiedTime": str(found.created),
                "location": self.catalogue.location,
            }
        )

    def list_datasets(self, project: str) -> Response:
        names = sorted(name for owner, name in self.catalogue.datasets if owner == project)
        listed = [{"id": f"{project}:{n}", "datasetReference": {"projectId": project, "datasetId": n}} for n in names]
        return answer({"kind": "bigquery#datasetList", "datasets": listed})

    def delete_dataset(self, project: str, dataset: str) -> Response:
        self.catalogue.drop_dataset(project, dataset, request.args.get("deleteContents") == "true")
        return Response(status=204)

    # ---- tables ----

    def get_table(self, project: str, dataset: str, table: str) -> Response:
        key = TableId(project, dataset, table)
        if key in self.catalogue.forbidden:
            raise ApiError(
                "accessDenied",
                f"Access Denied: Table {key}: Permission bigquery.tables.get denied on table {key} "
                "(or it may not exist).",
            )
        return answer(self._resource(self.catalogue.table(key)))

    def _resource(self, table: StoredTable) -> dict[str, Any]:
        view = table.kind == "VIEW"
        resource = {
            "kind": "bigquery#table",
            "etag": table.etag,
            "id": f"{table.id.project}:{table.id.dataset}.{table.id.table}",
            "selfLink": f"/bigquery/v2/projects/{table.id.project}/datasets/{table.id.dataset}/tables/{table.id.table}",
            "tableReference": table.id.resource(),
            "schema": {"fields": table.fields},
            "numBytes": "0" if view else str(self.catalogue.n_bytes(table.id)),
            "numLongTermBytes": "0",
            "numRows": "0" if view else str(self.catalogue.n_rows(table.id)),
            "creationTime": str(table.created),
            "lastModifiedTime": str(table.modified),
            "type": table.kind,
            "location": self.catalogue.location,
            **table.properties,
        }
        if view:
            resource["view"] = {"query": table.view_query, "useLegacySql": False}
        if table.streaming_rows:
            oldest = str(table.modified)
            resource["streamingBuffer"] = {
                "estimatedRows": str(table.streaming_rows),
                "estimatedBytes": str(table.streaming_rows * 100),
                "oldestEntryTime": oldest,
            }
        return resource

    def insert_table(self, project: str, dataset: str) -> Response:
        body = request.get_json()
        key = TableId(project, dataset, body["tableReference"]["tableId"])
        properties = {name: body[name] for name in _SETTABLE if body.get(name) is not None}
        if body.get("view"):
            query = f"CREATE VIEW `{project}.{dataset}.{key.table}` AS {body['view']['query']}"
            self.jobs.run_now(project, query)
            self.catalogue.table(key).properties.update(properties)
        else:
            self.catalogue.create(key, declared((body.get("schema") or {}).get("fields") or []), **properties)
        return answer(self._resource(self.catalogue.table(key)))

    def patch_table(self, project: str, dataset: str, table: str) -> Response:
        """PATCH tables/ID: properties, and new columns at the end of the schema."""
        stored = self.catalogue.table(TableId(project, dataset, table))
        wanted = request.headers.get("If-Match")
        if wanted is not None and wanted != stored.etag:
            raise ApiError("conditionNotMet", "Precondition check failed.")
        body = request.get_json()
        for name in _SETTABLE:
            if name in body:
                if body[name] is None:
                    stored.properties.pop(name, None)
                elif name == "labels":
                    labels = {**stored.properties.get("labels", {}), **body["labels"]}
                    stored.properties["labels"] = {k: v for k, v in labels.items() if v is not None}
                else:
                    stored.properties[name] = body[name]
        if body.get("schema"):
            self.catalogue.change_schema(stored.id, declared(body["schema"]["fields"]))
        self.catalogue.touch([stored.id])
        return answer(self._resource(stored))

    def delete_table(self, project: str, dataset: str, table: str) -> Response:
        self.catalogue.drop(TableId(project, dataset, table))
        return Response(status=204)

    def list_tables(self, project: str, dataset: str) -> Response:
        self.catalogue.dataset(project, dataset)
        keys = sorted(key for key in self.catalogue.tables if key[:2] == (project, dataset))
        listed = [
            {
                "kind": "bigquery#table",
                "id": str(key),
                "tableReference": key.resource(),
                "type": self.catalogue.tables[key].kind,
            }
            for key in keys
        ]
        return answer({"kind": "bigquery#tableList", "tables": listed, "totalItems": len(keys)})

    def list_rows(self, project: str, dataset: str, table: str) -> Response:
        """GET tables/ID/data: rows of the table itself, free of charge."""
        stored = self.catalogue.table(TableId(project, dataset, table))
        if stored.kind == "VIEW":
            raise ApiError("invalid", "Cannot list a table of type VIEW.")
        args = request.args
        fields = stored.fields
        if selected := args.get("selectedFields"):
            names = {name.lower() for name in selected.split(",")}
            fields = [f for f in fields if f["name"].lower() in names]
        start = page_start(args["pageToken"]) if args.get("pageToken") else int(args.get("startIndex", 0))
        n_rows = self.catalogue.n_rows(stored.id)
        head: dict[str, Any] = {"kind": "bigquery#tableDataList", "etag": stored.etag, "totalRows": str(n_rows)}
        most = int(args["maxResults"]) if "maxResults" in args else n_rows
        sql = f"SELECT {wire_row(fields)} AS r FROM {stored.id.sql} LIMIT {most} OFFSET {start}"
        found = [row.encode() for row in self.catalogue.cursor().execute(sql).fetchnumpy()["r"]]
        stop, rows = page(found, 0, None, self.page_bytes)
        if start + stop < n_rows and found:
            head["pageToken"] = page_token(start + stop)
        return answer(head, rows=rows if found else None)
