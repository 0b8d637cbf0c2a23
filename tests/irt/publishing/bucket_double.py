"""A server that speaks the JSON API of Cloud Storage, as far as publishing uses it, over real HTTP on this machine.

Objects appear when they have come whole, have generations and honour ``ifGenerationMatch``; uploads come at once
(``multipart``) or in pieces (``resumable``). Faults on demand and a log of the wire are the warehouse double's.
"""

from __future__ import annotations

import base64
import json
import re
import struct
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import google_crc32c
from flask import Flask, Response, request
from werkzeug.serving import make_server

from tests.warehouse.errors import ApiError
from tests.warehouse.faults import Faults
from tests.warehouse.wire_log import Request, WireLog


@dataclass
class Thing:
    """One object."""

    content: bytes
    generation: int
    content_type: str
    created: datetime


@dataclass
class Session:
    """An upload in pieces that has not ended."""

    bucket: str
    name: str
    content_type: str
    match: int | None
    content: bytearray = field(default_factory=bytearray)
    largest: int = 0


class Buckets:
    """What the service holds."""

    def __init__(self, *names: str) -> None:
        self.buckets: dict[str, dict[str, Thing]] = {name: {} for name in names}
        self.sessions: dict[str, Session] = {}
        self.faults, self.wire = Faults(), WireLog()
        self.lock = threading.RLock()
        self.before: Callable[[str, str], None] = lambda endpoint, name: None
        self._generation = 1_700_000_000_000_000
        self.largest_piece = 0

    def names(self, bucket: str, prefix: str = "") -> list[str]:
        return sorted(name for name in self.buckets[bucket] if name.startswith(prefix))

    def content(self, bucket: str, name: str) -> bytes:
        return self.buckets[bucket][name].content

    def there(self, bucket: str) -> dict[str, Thing]:
        if bucket not in self.buckets:
            raise ApiError("notFound", "The specified bucket does not exist.")
        return self.buckets[bucket]

    def put(self, bucket: str, name: str, content: bytes, content_type: str, match: int | None) -> Thing:
        with self.lock:
            found = self.there(bucket).get(name)
            if match is not None and match != (found.generation if found else 0):
                raise ApiError("conditionNotMet")
            self._generation += 1
            thing = Thing(content, self._generation, content_type, datetime.now(UTC))
            self.buckets[bucket][name] = thing
            return thing


def _described(bucket: str, name: str, thing: Thing) -> dict[str, Any]:
    """The metadata of an object."""
    crc = struct.pack(">I", google_crc32c.value(thing.content))
    return {
        "kind": "storage#object",
        "id": f"{bucket}/{name}/{thing.generation}",
        "bucket": bucket,
        "name": name,
        "generation": str(thing.generation),
        "metageneration": "1",
        "contentType": thing.content_type,
        "size": str(len(thing.content)),
        "crc32c": base64.b64encode(crc).decode(),
        "timeCreated": thing.created.isoformat().replace("+00:00", "Z"),
        "updated": thing.created.isoformat().replace("+00:00", "Z"),
    }


def _app(state: Buckets) -> Flask:
    """The routes."""
    app = Flask("bucket-double")

    def answered(endpoint: str, name: str, act: Callable[[], Response]) -> Response:
        entry = Request(
            endpoint,
            request.method,
            request.path,
            request.args.to_dict(),
            dict(request.headers),
            None,
            len(request.data),
        )
        state.wire.add(entry)
        fault = state.faults.take(endpoint)
        try:
            state.before(endpoint, name)
            if fault is not None:
                time.sleep(fault.slow)
                if (error := fault.error()) is not None:
                    raise error
                if fault.cut == "before":
                    return _cut()
            response = act()
            if fault is not None and fault.cut == "answer":
                return _cut()
        except ApiError as error:
            response = Response(json.dumps(error.body()), error.status, content_type="application/json")
        entry.status = response.status_code
        return response

    def shown(bucket: str, name: str, thing: Thing) -> Response:
        return Response(json.dumps(_described(bucket, name, thing)), content_type="application/json")

    @app.post("/upload/storage/v1/b/<bucket>/o")
    def insert(bucket: str) -> Response:
        match = request.args.get("ifGenerationMatch", type=int)

        def at_once() -> Response:
            boundary = re.search(r'boundary="?([^";]+)"?', request.headers["Content-Type"])
            assert boundary is not None
            head, body = request.data.split(b"--" + boundary[1].encode())[1:3]
            metadata = json.loads(head.split(b"\r\n\r\n", 1)[1])
            kind, content = body.split(b"\r\n\r\n", 1)
            name = metadata["name"]
            found = re.search(rb"content-type: *(\S+)", kind)
            return shown(bucket, name, state.put(bucket, name, content[:-2], found[1].decode() if found else "", match))

        def in_pieces() -> Response:
            state.there(bucket)
            metadata = request.get_json()
            key = uuid.uuid4().hex
            name = metadata.get("name") or request.args["name"]
            kind = request.headers.get("X-Upload-Content-Type", "")
            found = state.there(bucket).get(name)
            if match is not None and match != (found.generation if found else 0):
                raise ApiError("conditionNotMet")
            state.sessions[key] = Session(bucket, name, kind, match)
            where = f"{request.host_url}upload/session/{key}"
            return Response("", 200, headers={"Location": where})

        act = in_pieces if request.args.get("uploadType") == "resumable" else at_once
        return answered("storage.objects.insert", request.args.get("name", ""), act)

    @app.put("/upload/session/<key>")
    def piece(key: str) -> Response:
        def act() -> Response:
            session = state.sessions.get(key)
            if session is None:
                raise ApiError("notFound", "No such upload.")
            found = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", request.headers["Content-Range"])
            assert found is not None
            if found[1] is not None:
                assert int(found[1]) <= len(session.content), "a gap"
                assert found[3] != "*" or len(request.data) % (256 * 1024) == 0, "a piece of another size"
                del session.content[int(found[1]) :]
                session.content += request.data
                state.largest_piece = max(state.largest_piece, len(request.data))
            if found[3] == "*" or len(session.content) < int(found[3]):
                held = {"Range": f"bytes=0-{len(session.content) - 1}"} if session.content else {}
                return Response("", 308, headers=held)
            thing = state.put(session.bucket, session.name, bytes(session.content), session.content_type, session.match)
            return shown(session.bucket, session.name, thing)

        name = state.sessions[key].name if key in state.sessions else ""
        return answered("storage.objects.upload", name, act)

    @app.delete("/upload/session/<key>")
    def abandon(key: str) -> Response:
        def act() -> Response:
            state.sessions.pop(key, None)
            return Response("", 499)

        return answered("storage.objects.abandon", "", act)

    def thing_of(bucket: str, name: str) -> Thing:
        found = state.there(bucket).get(name)
        if found is None:
            raise ApiError("notFound", f"No such object: {bucket}/{name}")
        return found

    @app.get("/download/storage/v1/b/<bucket>/o/<path:name>")
    def media(bucket: str, name: str) -> Response:
        def act() -> Response:
            thing = thing_of(bucket, name)
            crc = base64.b64encode(struct.pack(">I", google_crc32c.value(thing.content))).decode()
            return Response(
                thing.content,
                content_type=thing.content_type,
                headers={"X-Goog-Generation": str(thing.generation), "X-Goog-Hash": f"crc32c={crc}"},
            )

        return answered("storage.objects.get", name, act)

    @app.get("/storage/v1/b/<bucket>/o")
    def listing(bucket: str) -> Response:
        def act() -> Response:
            things = state.there(bucket)
            names = [name for name in sorted(things) if name.startswith(request.args.get("prefix", ""))]
            first = int(request.args.get("pageToken", 0))
            page = names[first : first + 3]  # small pages, so that they are followed
            body: dict[str, Any] = {"items": [_described(bucket, name, things[name]) for name in page]}
            if first + 3 < len(names):
                body["nextPageToken"] = str(first + 3)
            return Response(json.dumps(body), content_type="application/json")

        return answered("storage.objects.list", "", act)

    @app.delete("/storage/v1/b/<bucket>/o/<path:name>")
    def delete(bucket: str, name: str) -> Response:
        def act() -> Response:
            thing_of(bucket, name)
            del state.buckets[bucket][name]
            return Response("", 204)

        return answered("storage.objects.delete", name, act)

    return app


def _cut() -> Response:
    """Close the connection without an answer."""
    import socket

    connection = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    return Response("")


@contextmanager
def serving_buckets(*names: str) -> Iterator[tuple[Buckets, str]]:
    """A server with empty buckets of these names, and its address."""
    state = Buckets(*names)
    server = make_server("127.0.0.1", 0, _app(state), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=10)
