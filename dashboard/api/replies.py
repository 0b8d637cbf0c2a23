"""Tables as answers: one page of JSON with a link to the next, or CSV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request

from dashboard.api.schemas import LARGEST_PAGE, PAGE
from irt.serialise import LongTable, Table, csv_parts, records

JSON = "application/json"
CSV = "text/csv"


def reply(table: Table | LongTable, asked: Mapping[str, Any], **more: object) -> Response:
    """A table in the format that the caller asked for.

    Parameters
    ----------
    table : Table or LongTable
    asked : mapping
        Checked query parameters: format, note, limit, offset.
    more : object
        Further members of the JSON answer.
    """
    as_csv = wants_csv(asked)
    if as_csv and "limit" not in asked and not asked.get("offset"):
        return _csv(table, None, note=asked.get("note") == "1")
    start = asked.get("offset", 0)
    limit = asked.get("limit", len(table) if as_csv else PAGE)
    page = table.cut(start, start + limit)
    further = next_url(start + limit) if start + limit < len(table) else None
    if as_csv:
        return _csv(page, further, note=asked.get("note") == "1")
    body = {
        "data": records(page),
        "columns": {column.name: column.meaning for column in page.columns},
        "provenance": dict(page.provenance),
        "warnings": list(page.warnings),
        "next": further,
    }
    return json_reply(body | more)


def json_reply(body: Any) -> Response:
    """Any value as JSON; nan becomes null."""
    return Response(orjson.dumps(body), content_type=JSON)


def wants_csv(asked: Mapping[str, Any]) -> bool:
    """CSV by ``?format=csv``, or where the Accept header prefers it; the parameter wins."""
    if "format" in request.args:
        return bool(asked["format"] == "csv")
    return request.accept_mimetypes.best_match([JSON, CSV], default=JSON) == CSV


def next_url(offset: int) -> str:
    """The address of the same request from another row on."""
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name != "offset"]
    return f"{request.root_path}{request.path}?{urlencode([*pairs, ('offset', offset)])}"


def _csv(table: Table | LongTable, further: str | None, note: bool) -> Response:
    """CSV without a byte order mark, which programs misread; warnings and the next page travel in headers."""
    parts = csv_parts(table, note=note, guard=True)
    # A long file is sent while it is made.
    content = (part.encode() for part in parts) if len(table) > LARGEST_PAGE else "".join(parts)
    response = Response(content, content_type=f"{CSV}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{table.name}.csv"'
    if further:
        response.headers["Link"] = f'<{further}>; rel="next"'
    return response
