"""Publishing to a bucket of Cloud Storage, as gzip CSV made in memory. The only file that imports its client.

    PREFIX/SELECTION_ID/RUN/abilities-00000.csv.gz    one run; a table has as many parts as it needs
    PREFIX/SELECTION_ID/manifest.json                 which run is current, its objects, and where its numbers come from

A run is current from the moment at which the manifest names it. That is written last, and only if it is still the one
that was there at the beginning: of two who publish a selection at once, the later is refused and removes what it wrote.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from irt.errors import SourceError
from irt.publishing.packed import gzip_csv
from irt.publishing.publication import Publication, Receipt
from irt.publishing.slices import Slices, write_tables
from irt.publishing.tables import TABLES
from irt.publishing.target import BucketTarget
from irt.serialise import Table

if TYPE_CHECKING:
    from google.cloud.storage import Bucket

FORMAT = "itemwise-publication/1"
#: Bytes that are held and sent at a time; the service asks for a multiple of 256 KiB.
CHUNK = 8 * 2**20
#: Seconds for connecting and for each answer, and for all tries of one request.
TIMEOUT, DEADLINE = (10.0, 60.0), 120.0
#: For how long a run without a manifest is taken for one that is still being written.
UNFINISHED = timedelta(days=1)
_MANIFEST = "manifest.json"


def publish_to_bucket(
    target: BucketTarget, publication: Publication, slices: Slices, tell: Callable[[str], None]
) -> Receipt:
    """Write a publication and make it the current one.

    Raises
    ------
    SourceError
        If it cannot be written, or somebody else published the selection meanwhile; what was current is so still.
    """
    began = time.monotonic()
    place = _Place(_bucket(target), f"{target.prefix}{publication.selection_id}/")
    before, generation = place.current()
    run = _Run(place, f"{place.prefix}{uuid.uuid4().hex}/")
    try:
        rows = write_tables(
            run,
            publication,
            slices,
            lambda part: tell(f"Sending: {part.done:,} of {part.of:,} students, {run.n_bytes / 1e6:,.0f} MB"),
        )
    except BaseException:
        _give_up(run)
        raise
    _make_current(run, publication.facts(rows), generation)
    with suppress(SourceError, KeyboardInterrupt):
        place.sweep(run, before)
    where = (f"{target}/{publication.selection_id}/{_MANIFEST}",)
    return Receipt(publication.selection_id, rows, run.n_bytes, time.monotonic() - began, where)


def _make_current(run: _Run, facts: Mapping[str, Any], generation: int) -> None:
    """Let the manifest name a run; where that fails, look whether it does so all the same: an answer may get lost."""
    try:
        run.place.write_manifest(run, facts, generation)
    except BaseException:
        current = run.place.current_run()
        if current == run.prefix:
            return
        if current is None:
            manifest = f"gs://{run.place.bucket}/{run.place.prefix}{_MANIFEST}"
            raise SourceError(
                f"Cloud Storage broke off at the last step: {manifest} says which publication is current. Both are "
                "whole. Publish again when the network is back.",
                reason="unavailable",
                again=True,
            ) from None
        _give_up(run)
        raise


def _give_up(run: _Run) -> None:
    """Remove what a run wrote, as far as the service lets us; the rest goes when it is next published."""
    with suppress(SourceError):
        run.place.remove(run.prefix)


@dataclass(slots=True)
class _Run:
    """The objects of one publication while they are written."""

    place: _Place
    prefix: str
    objects: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    n_bytes: int = 0

    def add(self, name: str, table: Table) -> None:
        """Write one more part of a table."""
        parts = self.objects.setdefault(name, [])
        path = f"{self.prefix}{name}-{len(parts):05}.csv.gz"
        size = self.place.write(path, gzip_csv(table), "application/gzip")
        parts.append({"name": path, "rows": len(table), "bytes": size})
        self.rows[name] = self.rows.get(name, 0) + len(table)
        self.n_bytes += size


class _Place:
    """Where one selection is published in a bucket."""

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        from google.cloud.storage.retry import DEFAULT_RETRY

        self._bucket, self.bucket, self.prefix = bucket, str(bucket.name), prefix
        self._patience = {"timeout": TIMEOUT, "retry": DEFAULT_RETRY.with_timeout(DEADLINE)}

    def current(self) -> tuple[str | None, int]:
        """The prefix of the current run (None for none that we know), and the generation of the manifest (0: none)."""
        from google.api_core.exceptions import NotFound

        with _said(self.bucket):
            blob = self._bucket.blob(self.prefix + _MANIFEST)
            try:
                # Of a bucket that is not there, too, it is said that it is not found: writing will tell the two apart.
                content = blob.download_as_bytes(**self._patience)
                generation = blob.generation
                if generation is None:  # not every service tells it with the content
                    blob.reload(**self._patience)
                    generation = blob.generation
                    content = blob.download_as_bytes(if_generation_match=generation, **self._patience)
            except NotFound:
                return None, 0
        return _run_of(content), int(generation)

    def current_run(self) -> str | None:
        """The prefix of the current run as it is now, "" for none; None where it cannot be read."""
        try:
            return self.current()[0] or ""
        except SourceError:
            return None

    def write(self, name: str, pieces: Iterable[bytes], content_type: str, generation: int = 0) -> int:
        """Write an object, no more than :data:`CHUNK` bytes of it in memory; how many bytes it has.

        It is there when all of it is, and only if its generation is as it was (0: not there).
        """
        n_bytes = 0
        with _said(self.bucket):
            blob = self._bucket.blob(name)
            blob.cache_control = "no-store"
            writer = blob.open(
                "wb",
                chunk_size=CHUNK,
                content_type=content_type,
                if_generation_match=generation,
                **self._patience,
            )
            try:
                for piece in pieces:
                    n_bytes += writer.write(piece)
                writer.close()
            except BaseException:
                with suppress(Exception):
                    writer.terminate()
                raise
        return n_bytes

    def write_manifest(self, run: _Run, facts: Mapping[str, Any], generation: int) -> None:
        """Let the manifest name a run, if it is still that of this generation."""
        manifest = {
            "format": FORMAT,
            "run": run.prefix,
            "guarded": True,
            "publication": dict(facts),
            "tables": {
                name: {
                    "rows": run.rows[name],
                    "columns": {column.name: column.meaning for column in TABLES[name]},
                    "objects": objects,
                }
                for name, objects in run.objects.items()
            },
        }
        text = json.dumps(manifest, ensure_ascii=False, allow_nan=False, indent=1)
        self.write(self.prefix + _MANIFEST, [text.encode()], "application/json", generation)

    def sweep(self, run: _Run, before: str | None) -> None:
        """Remove the run that was current before, and what killed runs left long ago."""
        old = datetime.now(UTC) - UNFINISHED
        for name, made in self._objects(self.prefix):
            if name.startswith((run.prefix, self.prefix + _MANIFEST)):
                continue
            if (before is not None and name.startswith(before)) or made < old:
                self._remove(name)

    def remove(self, prefix: str) -> None:
        """Remove all objects whose names begin so."""
        for name, _ in self._objects(prefix):
            self._remove(name)

    def _objects(self, prefix: str) -> list[tuple[str, datetime]]:
        """Names and times of objects."""
        with _said(self.bucket):
            found = self._bucket.client.list_blobs(self._bucket, prefix=prefix, **self._patience)
            return [(blob.name, blob.time_created) for blob in found]

    def _remove(self, name: str) -> None:
        """Remove one object, if it is there."""
        from google.api_core.exceptions import NotFound

        with _said(self.bucket), suppress(NotFound):
            self._bucket.blob(name).delete(**self._patience)


def _run_of(content: bytes) -> str | None:
    """The run that a manifest names; None if it is none of ours."""
    try:
        found = json.loads(content)
        return str(found["run"]) if found["format"] == FORMAT else None
    except (ValueError, KeyError, TypeError):
        return None


def _bucket(target: BucketTarget) -> Bucket:
    """The bucket, not asked yet whether it is there."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    with _said(target.bucket):
        if target.endpoint is None:
            client = storage.Client()
        else:
            plain = target.endpoint.startswith("http://")
            client = storage.Client(
                project="none",
                credentials=AnonymousCredentials() if plain else None,
                client_options={"api_endpoint": target.endpoint},
            )
        return client.bucket(target.bucket)


@contextmanager
def _said(bucket: str) -> Iterator[None]:
    """Errors of the service as sentences by reason. Its own messages may name accounts: they are not passed on."""
    import requests
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.storage.exceptions import DataCorruption, InvalidResponse

    def reason(error: BaseException | None) -> str:
        if isinstance(error, RetryError):
            return reason(error.cause)
        if isinstance(error, GoogleAuthError):
            return "credentials"
        if isinstance(error, InvalidResponse):
            return _reason(error.response.status_code)
        return _reason(int(error.code or 0)) if isinstance(error, GoogleAPICallError) else "unavailable"

    try:
        yield
    except (
        *(GoogleAuthError, GoogleAPICallError, RetryError, InvalidResponse),
        *(DataCorruption, requests.RequestException, ConnectionError),
    ) as error:
        raise _refusal(reason(error), bucket) from None


def _reason(status: int) -> str:
    """Why the service refused, by its HTTP status; one that says that all is well came with an answer that is none."""
    known = {401: "credentials", 403: "access", 404: "not_found", 412: "conflict", 429: "quota"}
    return known.get(status, "unavailable" if status >= 500 or status < 400 or status == 408 else "query")


#: What each refusal means and what to do; the second says whether trying again may help.
_SENTENCES = {
    "credentials": (
        "Cloud Storage does not know who asks. Log in with: gcloud auth application-default login; on a server, give "
        "it a service account.",
        False,
    ),
    "access": (
        "The account may not publish in gs://{bucket}. It needs storage.objects.create, get, list and delete: the role "
        "Storage Object User (roles/storage.objectUser) on this bucket.",
        False,
    ),
    "not_found": (
        "There is no bucket gs://{bucket}. Check its name, or make it: gcloud storage buckets create gs://{bucket}.",
        False,
    ),
    "conflict": (
        "Somebody else published this selection to gs://{bucket} at the same time; theirs is the current one. Publish "
        "again if yours is newer.",
        True,
    ),
    "quota": ("Cloud Storage takes no more requests for gs://{bucket} at the moment. Try again in some minutes.", True),
    "unavailable": (
        "Cloud Storage could not be reached, or broke off. Check the network and try again in a minute.",
        True,
    ),
    "query": ("Cloud Storage refused a request to gs://{bucket} that it should take. Please report it.", False),
}


def _refusal(reason: str, bucket: str) -> SourceError:
    """The sentence of a reason."""
    sentence, again = _SENTENCES[reason]
    return SourceError(sentence.format(bucket=bucket), reason=reason, again=again)
