"""Tables as answers: a page of JSON with a link to the next, or CSV. Long ones are sent while they are made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotAcceptable

from dashboard.api.asked import Call
from dashboard.api.schemas import LARGEST_PAGE, PAGE
from irt.serialise import LongTable, Table, csv_parts, records

JSON = "application/json"
CSV = "text/csv"
#: The header in which a CSV tells what it goes on without: a list of sentences, as JSON in ASCII.
WARNINGS = "Itemwise-Warnings"
#: Rows that are made at once.
_PART = 10_000


def reply(call: Call, table: Table | LongTable, **more: object) -> Response:
    """A table in the format that the caller asked for.

    Parameters
    ----------
    call : Call
        With the checked parameters format, note, limit, offset, as far as it takes them.
    table : Table or LongTable
    more : object
        Further members of the JSON answer.
    """
    asked = call.asked
    as_csv = media_type(asked, (JSON, CSV)) == CSV
    start = asked.get("offset", 0)
    whole = as_csv or bool(call.sent)
    stop = start + asked.get("limit", len(table) if whole else PAGE)
    degraded = call.degraded()
    page = _between(replace(table, warnings=(*table.warnings, *degraded)), start, stop)
    further = next_url(call, stop) if stop < len(table) else None
    parts = csv_parts(page, note=asked.get("note") == "1", guard=True) if as_csv else _json_parts(page, further, more)
    encoded = (part.encode() if isinstance(part, str) else part for part in parts)
    content = encoded if len(page) > LARGEST_PAGE else b"".join(encoded)
    response = Response(content, content_type=f"{CSV}; charset=utf-8" if as_csv else JSON)
    if as_csv:
        response.headers["Content-Disposition"] = f'attachment; filename="{table.name}.csv"'
        if degraded:  # rows alone would not tell
            response.headers[WARNINGS] = json.dumps(degraded)
    if further:
        response.headers["Link"] = f'<{further}>; rel="next"'
    return response


def json_reply(body: Any) -> Response:
    """Any value as JSON; nan becomes null."""
    return Response(orjson.dumps(body), content_type=JSON)


def media_type(asked: Mapping[str, Any], offered: Sequence[str]) -> str:
    """The type of the answer: by ``?format=``, which wins, else by the Accept header; of equals the first.

    Raises
    ------
    NotAcceptable
        If the header takes none of those offered.
    """
    if "format" in request.args:
        return CSV if asked["format"] == "csv" else JSON
    # Parameters of types (charset, header) change nothing in what can be answered.
    wanted = MIMEAccept([(value.partition(";")[0].strip(), quality) for value, quality in request.accept_mimetypes])
    found = wanted.best_match(offered) if wanted else offered[0]
    if found is None:
        raise NotAcceptable(f"Accept takes none of the types of this answer: {', '.join(offered)}.")
    return found


def next_url(call: Call, offset: int) -> str:
    """The address of the same request from another row on, good as long as the answers are the same."""
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name not in ("offset", "state")]
    state = [("state", call.state)] if call.state else []
    return f"{request.root_path}{request.path}?{urlencode([*pairs, ('offset', offset), *state])}"


def _between(table: Table | LongTable, start: int, stop: int) -> LongTable:
    """The rows from one place up to another, made in parts."""
    length = max(min(stop, len(table)) - start, 0)
    return LongTable(
        table.name,
        table.columns,
        length,
        lambda first, last: table.cut(start + first, start + last),
        table.provenance,
        table.warnings,
    )


def _json_parts(page: LongTable, further: str | None, more: Mapping[str, object]) -> Iterator[bytes]:
    """A page as JSON, its rows first."""
    yield b'{"data":['
    for start in range(0, len(page), _PART):
        yield (b"," if start else b"") + orjson.dumps(records(page.cut(start, start + _PART)))[1:-1]
    rest: dict[str, object] = {
        "columns": {column.name: column.meaning for column in page.columns},
        "provenance": dict(page.provenance),
        "warnings": list(page.warnings),
        "next": further,
    }
    yield b"]," + orjson.dumps({**rest, **more})[1:]
