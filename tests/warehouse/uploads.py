"""Uploads as both services take them: in one multipart request, or resumable, chunk by chunk."""

from __future__ import annotations

import re
import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import Response, request

from tests.warehouse.errors import ApiError

#: Chunks but the last are multiples of this, as documented.
CHUNK = 256 * 1024


def multipart(body: bytes, content_type: str) -> tuple[dict[str, Any], str, bytes]:
    """The metadata, the media type and the file of a multipart/related body."""
    match = re.search(r'boundary="?([^";]+)"?', content_type)
    if match is None:
        raise ApiError("invalid", "Multipart body without a boundary.")
    mark = b"--" + match[1].encode()
    first = body.find(mark)
    second = body.find(b"\r\n" + mark, first)
    last = body.rfind(b"\r\n" + mark + b"--")
    if first < 0 or second < 0 or last <= second:
        raise ApiError("invalid", "Malformed multipart body.")
    _, metadata = _part(body[first + len(mark) : second])
    head, data = _part(body[second + len(mark) + 2 : last])
    kind = re.search(rb"content-type:\s*([^\r\n]+)", head, re.IGNORECASE)
    return orjson.loads(metadata), kind[1].decode() if kind else "application/octet-stream", data


def _part(part: bytes) -> tuple[bytes, bytes]:
    head, _, content = part.partition(b"\r\n\r\n")
    return head, content


@dataclass
class Session:
    """A resumable upload under way; ``context`` is what the request that began it asked for."""

    id: str
    metadata: dict[str, Any]
    content_type: str
    context: dict[str, str]
    data: bytearray = field(default_factory=bytearray, repr=False)
    answer: Response | None = None


class Sessions:
    """All resumable uploads."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def begin(self, metadata: dict[str, Any], context: dict[str, str]) -> Response:
        """Answer the request that begins one: where its chunks go."""
        kind = request.headers.get("X-Upload-Content-Type", "application/octet-stream")
        session = Session(uuid.uuid4().hex, metadata, kind, context)
        with self._lock:
            self._sessions[session.id] = session
        place = f"{request.base_url}?uploadType=resumable&upload_id={session.id}"
        return Response(status=200, headers={"Location": place, "X-GUploader-UploadID": session.id})

    def take(self) -> tuple[Session, bool]:
        """Add the chunk of this request; whether the file is whole now."""
        session = self._sessions.get(request.args["upload_id"])
        if session is None:
            raise ApiError("notFound", "The upload session is not known or has ended.", 404)
        if session.answer is not None:
            return session, True
        chunk = request.get_data()
        begin, total = _content_range(request.headers.get("Content-Range"), len(chunk))
        if begin is None:  # a question how far it is
            return session, total is not None and len(session.data) == total
        if begin > len(session.data):
            raise ApiError("invalid", f"Chunk begins at {begin}, {len(session.data)} bytes are stored.", 503)
        whole = total is not None and begin + len(chunk) == total
        if not whole and len(chunk) % CHUNK:
            raise ApiError("invalid", f"Chunk size {len(chunk)} is not a multiple of {CHUNK}.")
        session.data[begin:] = chunk
        return session, whole

    def more(self, session: Session) -> Response:
        """Answer a chunk that is not the last: how much is stored."""
        stored = len(session.data)
        return Response(status=308, headers={"Range": f"bytes=0-{stored - 1}"} if stored else {})

    def end(self, upload_id: str) -> None:
        """Forget an upload."""
        with self._lock:
            self._sessions.pop(upload_id, None)


def _content_range(header: str | None, length: int) -> tuple[int | None, int | None]:
    """Where a chunk begins (None: there is no chunk) and the whole size, where it is known."""
    if header is None:
        return 0, length
    match = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", header)
    if match is None:
        raise ApiError("invalid", f"Invalid Content-Range {header!r}.")
    total = None if match[3] == "*" else int(match[3])
    if match[1] is None:
        # An empty file has no bytes to name: ``bytes */0`` is its only chunk.
        return (0, 0) if total == 0 else (None, total)
    if int(match[2]) - int(match[1]) + 1 != length:
        raise ApiError("invalid", f"Content-Range {header!r} does not fit {length} bytes.")
    return int(match[1]), total
