"""Cloud Storage's JSON API, as far as its Python client uses it for files of results."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import google_crc32c
import orjson
from flask import Flask, Response, request

from tests.warehouse.errors import ApiError
from tests.warehouse.uploads import Session, Sessions, multipart

#: What a client may set of an object.
_SETTABLE = ("contentType", "contentEncoding", "contentDisposition", "contentLanguage", "cacheControl", "metadata")


@dataclass
class StoredObject:
    """A file in a bucket, as it was uploaded (gzip stays gzip)."""

    bucket: str
    name: str
    data: bytes = field(repr=False)
    generation: int
    properties: dict[str, Any]
    metageneration: int = 1
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def crc32c(self) -> str:
        return base64.b64encode(google_crc32c.Checksum(self.data).digest()).decode()

    @property
    def md5(self) -> str:
        return base64.b64encode(hashlib.md5(self.data, usedforsecurity=False).digest()).decode()

    def resource(self) -> dict[str, Any]:
        time = self.created.isoformat().replace("+00:00", "Z")
        return {
            "kind": "storage#object",
            "id": f"{self.bucket}/{self.name}/{self.generation}",
            "name": self.name,
            "bucket": self.bucket,
            "generation": str(self.generation),
            "metageneration": str(self.metageneration),
            "storageClass": "STANDARD",
            "size": str(len(self.data)),
            "md5Hash": self.md5,
            "crc32c": self.crc32c,
            "etag": f"{self.generation}/{self.metageneration}",
            "timeCreated": time,
            "updated": time,
            **self.properties,
        }


class Buckets:
    """Files by bucket and name."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, StoredObject]] = {}
        self.forbidden: set[str] = set()
        self._generation = 1_700_000_000_000_000
        self.lock = threading.RLock()

    def bucket(self, name: str) -> dict[str, StoredObject]:
        """The objects of a bucket; 404, or 403 where access was taken away."""
        if name in self.forbidden:
            raise ApiError("forbidden", f"Caller does not have storage.objects access to the bucket {name}.", 403)
        if name not in self.objects:
            raise ApiError("notFound", "The specified bucket does not exist.")
        return self.objects[name]

    def get(self, bucket: str, name: str) -> StoredObject:
        """An object, or 404."""
        found = self.bucket(bucket).get(name)
        if found is None:
            raise ApiError("notFound", f"No such object: {bucket}/{name}")
        return found

    def put(self, bucket: str, name: str, data: bytes, properties: dict[str, Any]) -> StoredObject:
        """Store an object; it is seen from now on, whole."""
        with self.lock:
            objects = self.bucket(bucket)
            self._generation += 1
            kept = {key: properties[key] for key in _SETTABLE if properties.get(key) is not None}
            objects[name] = made = StoredObject(bucket, name, bytes(data), self._generation, kept)
            return made

    def read(self, uri: str) -> list[bytes]:
        """The files behind ``gs://bucket/name``, where a name may hold one ``*``."""
        match = re.fullmatch(r"gs://([^/]+)/(.+)", uri)
        if match is None:
            raise ApiError("invalid", f"Source URI must be a Google Cloud Storage location: {uri}")
        bucket, name = match.groups()
        pattern = re.compile(re.escape(name).replace(r"\*", ".*"))
        found = [o.data for key, o in sorted(self.bucket(bucket).items()) if pattern.fullmatch(key)]
        if not found:
            raise ApiError("notFound", f"Not found: URI {uri}")
        return found


def check_generation(found: StoredObject | None, args: Any) -> None:
    """Refuse where the preconditions of a request do not hold."""
    generation, metageneration = (found.generation, found.metageneration) if found else (0, 0)
    wanted = {
        "ifGenerationMatch": lambda value: generation == value,
        "ifGenerationNotMatch": lambda value: generation != value,
        "ifMetagenerationMatch": lambda value: metageneration == value,
        "ifMetagenerationNotMatch": lambda value: metageneration != value,
    }
    for name, holds in wanted.items():
        if name in args and not holds(int(args[name])):
            raise ApiError("conditionNotMet")


class StorageApi:
    """The routes."""

    def __init__(self, buckets: Buckets) -> None:
        self.buckets = buckets
        self._sessions = Sessions()

    def register(self, app: Flask) -> None:
        """Add the routes to an app."""
        base, upload = "/storage/v1/b", "/upload/storage/v1/b/<bucket>/o"
        one = f"{base}/<bucket>/o/<path:name>"
        to = "b/<target>/o/<path:new>"
        for rule, methods, endpoint, view in (
            (base, ["POST"], "storage.buckets.insert", self.insert_bucket),
            (base, ["GET"], "storage.buckets.list", self.list_buckets),
            (f"{base}/<bucket>", ["GET"], "storage.buckets.get", self.get_bucket),
            (f"{base}/<bucket>", ["DELETE"], "storage.buckets.delete", self.delete_bucket),
            (f"{base}/<bucket>/o", ["GET"], "storage.objects.list", self.list_objects),
            (upload, ["POST"], "storage.objects.insert", self.insert_object),
            (upload, ["PUT"], "storage.objects.upload", self.upload_chunk),
            (upload, ["DELETE"], "storage.objects.cancel", self.cancel_upload),
            (one, ["GET"], "storage.objects.get", self.get_object),
            (f"/download{one}", ["GET"], "storage.objects.download", self.download),
            (one, ["PATCH", "PUT"], "storage.objects.patch", self.patch_object),
            (one, ["DELETE"], "storage.objects.delete", self.delete_object),
            (f"{one}/copyTo/{to}", ["POST"], "storage.objects.copy", self.copy_object),
            (f"{one}/rewriteTo/{to}", ["POST"], "storage.objects.rewrite", self.rewrite_object),
            (f"{one}/compose", ["POST"], "storage.objects.compose", self.compose_object),
        ):
            app.add_url_rule(rule, endpoint, view, methods=methods)

    # ---- buckets ----

    def insert_bucket(self) -> Response:
        name = request.get_json()["name"]
        with self.buckets.lock:
            if name in self.buckets.objects:
                raise ApiError("conflict", "Your previous request to create the named bucket succeeded.", 409)
            self.buckets.objects[name] = {}
        return _json(_bucket(name))

    def get_bucket(self, bucket: str) -> Response:
        self.buckets.bucket(bucket)
        return _json(_bucket(bucket))

    def list_buckets(self) -> Response:
        return _json({"kind": "storage#buckets", "items": [_bucket(name) for name in sorted(self.buckets.objects)]})

    def delete_bucket(self, bucket: str) -> Response:
        if self.buckets.bucket(bucket):
            raise ApiError("conflict", "The bucket you tried to delete is not empty.", 409)
        del self.buckets.objects[bucket]
        return Response(status=204)

    # ---- objects in ----

    def insert_object(self, bucket: str) -> Response:
        """POST of an upload: all at once, or the beginning of a resumable one."""
        self.buckets.bucket(bucket)
        kind = request.args.get("uploadType")
        if kind == "resumable":
            metadata = orjson.loads(request.get_data() or b"{}")
            return self._sessions.begin(metadata, {**request.args, "bucket": bucket})
        if kind == "multipart":
            metadata, content_type, data = multipart(request.get_data(), request.headers.get("Content-Type", ""))
        else:
            metadata, content_type, data = {}, request.headers.get("Content-Type", ""), request.get_data()
        return self._store(bucket, {"contentType": content_type, **metadata}, data, request.args)

    def upload_chunk(self, bucket: str) -> Response:
        """PUT of a chunk: nothing is seen of the object before the last has come."""
        session, whole = self._sessions.take()
        if not whole:
            return self._sessions.more(session)
        if session.answer is None:
            session.answer = self._finish(bucket, session)
        return Response(session.answer.get_data(), 200, content_type="application/json; charset=UTF-8")

    def _finish(self, bucket: str, session: Session) -> Response:
        metadata = {"contentType": session.content_type, **session.metadata}
        if match := re.search(r"crc32c=([^,]+)", request.headers.get("X-Goog-Hash", "")):
            metadata["crc32c"] = match[1]
        return self._store(bucket, metadata, bytes(session.data), session.context)

    def _store(self, bucket: str, metadata: dict[str, Any], data: bytes, args: Any) -> Response:
        name = metadata.get("name") or args.get("name")
        if not name:
            raise ApiError("required", "Required object name.", 400)
        with self.buckets.lock:
            check_generation(self.buckets.bucket(bucket).get(name), args)
            candidate = StoredObject(bucket, name, data, 0, {})
            for key, right in (("crc32c", candidate.crc32c), ("md5Hash", candidate.md5)):
                if metadata.get(key, right) != right:
                    raise ApiError("invalid", f"Provided {key} does not match the calculated one.")
            return _json(self.buckets.put(bucket, name, data, metadata).resource())

    def cancel_upload(self, bucket: str) -> Response:
        self._sessions.end(request.args["upload_id"])
        return Response(status=499)

    # ---- objects out ----

    def get_object(self, bucket: str, name: str) -> Response:
        found = self._wanted(bucket, name)
        return self._media(found) if request.args.get("alt") == "media" else _json(found.resource())

    def download(self, bucket: str, name: str) -> Response:
        return self._media(self._wanted(bucket, name))

    def _wanted(self, bucket: str, name: str) -> StoredObject:
        found = self.buckets.get(bucket, name)
        generation = request.args.get("generation")
        if generation is not None and int(generation) != found.generation:
            raise ApiError("notFound", f"No such object: {bucket}/{name}#{generation}")
        check_generation(found, request.args)
        return found

    def _media(self, found: StoredObject) -> Response:
        data, status = found.data, 200
        encoding = found.properties.get("contentEncoding")
        headers = {
            "X-Goog-Hash": f"crc32c={found.crc32c},md5={found.md5}",
            "X-Goog-Generation": str(found.generation),
            "X-Goog-Stored-Content-Encoding": encoding or "identity",
            "X-Goog-Stored-Content-Length": str(len(found.data)),
            "Content-Type": found.properties.get("contentType", "application/octet-stream"),
        }
        if encoding == "gzip" and "gzip" not in request.headers.get("Accept-Encoding", ""):
            data = gzip.decompress(data)  # the service unpacks for clients that cannot
        elif encoding:
            headers["Content-Encoding"] = encoding
        if match := re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", "")):
            begin, end = int(match[1]), min(int(match[2] or len(data) - 1), len(data) - 1)
            if begin >= len(data):
                raise ApiError("requestedRangeNotSatisfiable", "Request range not satisfiable", 416)
            headers["Content-Range"] = f"bytes {begin}-{end}/{len(data)}"
            data, status = data[begin : end + 1], 206
        return Response(data, status, headers=headers)

    def list_objects(self, bucket: str) -> Response:
        args = request.args
        prefix, delimiter = args.get("prefix", ""), args.get("delimiter", "")
        names = sorted(name for name in self.buckets.bucket(bucket) if name.startswith(prefix))
        names = [name for name in names if name > args.get("pageToken", "")]
        folders: dict[str, None] = {}
        if delimiter:
            inner = {name: name[len(prefix) :].find(delimiter) for name in names}
            folders = {name[: len(prefix) + at + len(delimiter)]: None for name, at in inner.items() if at >= 0}
            names = [name for name in names if inner[name] < 0]
        most = int(args.get("maxResults", 1000))
        body: dict[str, Any] = {"kind": "storage#objects"}
        body["items"] = [self.buckets.get(bucket, name).resource() for name in names[:most]]
        if folders:
            body["prefixes"] = list(folders)
        if len(names) > most:
            body["nextPageToken"] = names[most - 1]
        return _json(body)

    # ---- objects changed ----

    def patch_object(self, bucket: str, name: str) -> Response:
        with self.buckets.lock:
            found = self._wanted(bucket, name)
            body = request.get_json()
            changed = {key: body[key] for key in _SETTABLE if key in body}
            found.properties = {k: v for k, v in {**found.properties, **changed}.items() if v is not None}
            found.metageneration += 1
            return _json(found.resource())

    def delete_object(self, bucket: str, name: str) -> Response:
        with self.buckets.lock:
            self._wanted(bucket, name)
            del self.buckets.bucket(bucket)[name]
        return Response(status=204)

    def _copy(self, bucket: str, name: str, target: str, new: str) -> StoredObject:
        with self.buckets.lock:
            source = self.buckets.get(bucket, name)
            if "ifSourceGenerationMatch" in request.args:
                check_generation(source, {"ifGenerationMatch": request.args["ifSourceGenerationMatch"]})
            check_generation(self.buckets.bucket(target).get(new), request.args)
            body = request.get_json(silent=True) or {}
            return self.buckets.put(target, new, source.data, {**source.properties, **body})

    def copy_object(self, bucket: str, name: str, target: str, new: str) -> Response:
        return _json(self._copy(bucket, name, target, new).resource())

    def rewrite_object(self, bucket: str, name: str, target: str, new: str) -> Response:
        made = self._copy(bucket, name, target, new)
        size = str(len(made.data))
        head = {"kind": "storage#rewriteResponse", "done": True, "totalBytesRewritten": size, "objectSize": size}
        return _json({**head, "resource": made.resource()})

    def compose_object(self, bucket: str, name: str) -> Response:
        body = request.get_json()
        with self.buckets.lock:
            check_generation(self.buckets.bucket(bucket).get(name), request.args)
            sources: Iterable[str] = (source["name"] for source in body["sourceObjects"])
            data = b"".join(self.buckets.get(bucket, source).data for source in sources)
            return _json(self.buckets.put(bucket, name, data, body.get("destination") or {}).resource())


def _bucket(name: str) -> dict[str, Any]:
    return {
        "kind": "storage#bucket",
        "id": name,
        "name": name,
        "location": "US",
        "storageClass": "STANDARD",
        "metageneration": "1",
        "timeCreated": "2026-01-01T00:00:00.000Z",
        "updated": "2026-01-01T00:00:00.000Z",
    }


def _json(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), content_type="application/json; charset=UTF-8")
