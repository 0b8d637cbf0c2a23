"""The API's page in the documents (docs/api.md), written from the schemas that check requests."""

from __future__ import annotations

from dashboard.api.checks import MOST_BYTES
from dashboard.api.openapi import TOPICS, parameters, refusals_of
from dashboard.api.route import Route
from dashboard.api.routes import ROUTES
from dashboard.api.schemas import LARGEST_PAGE, MOST_CELLS, MOST_ITEMS, MOST_RESPONSES, PAGE, PATTERNS, Schema
from dashboard.problems import CODES
from irt.serialise import COLUMNS

_INTRODUCTION = f"""\
# HTTP API

Made from the code by `python -m dashboard.api.document`; a test keeps it so. The same for programs, as OpenAPI 3.1,
is at `/api/v1/openapi.json`. All paths are under `/api/v1` (after `ITEMWISE_PATH_PREFIX`, if that is set);
`/healthz` also stands by itself.

## A session

    base=http://127.0.0.1:8050/api/v1
    token=...                       # from the portal; on one's own machine none is needed: leave -H out

    curl -H "Authorization: Bearer $token" $base/catalogue
    curl -H "Authorization: Bearer $token" -G $base/items \\
         --data-urlencode 'subject=Law School Admission Test' --data-urlencode 'exam=Section 6'
    curl -H "Authorization: Bearer $token" -G $base/abilities -H 'Accept: text/csv' \\
         --data-urlencode 'subject=Law School Admission Test' --data-urlencode 'exam=Section 6' > abilities.csv
    curl -H "Authorization: Bearer $token" $base/probabilities -H 'Content-Type: application/json' -d '{{
      "subject": "Law School Admission Test", "exam": "Section 6",
      "responses": [{{"student_id": "007", "item_id": "LSAT6-1", "correct": 1}}]}}'

    # Asked again: 304 without a body, as long as nothing changed
    curl -i -H "Authorization: Bearer $token" $base/catalogue | grep -i etag
    curl -i -H "Authorization: Bearer $token" -H 'If-None-Match: W/"..."' $base/catalogue

## Access

- A portal signs short-lived tokens ([embedding.md](embedding.md)); each call carries one as `Authorization: Bearer
  ...`. Never put it into an address. A server behind a login proxy, or on one's own machine, asks for none.
- The token's scope limits every answer: what lies outside is not there (404), and counts and estimates are made
  without it. Nothing that a call asks for widens it.
- Where the scope withholds names, `student_id` is a pseudonym, in answers and as a parameter. It stays the same
  from call to call. Groups smaller than `ITEMWISE_MINIMUM_GROUP` are not shown apart.
- `allow_bytes` is for callers who may spend (role analyst); others get 403. Without it, or without leave, a call
  that costs more than goes without asking gets 422 with `bytes` and `cost`.
- 401 comes with `WWW-Authenticate: Bearer`: get a new token and repeat the call.

## Answers

- Lists come as `{{"data": [...], "columns": {{...}}, "provenance": {{...}}, "warnings": [...], "next": url or
  null}}`. Numbers are at full precision; null is a number that cannot be had. `columns` says what each column
  means, `provenance` what the numbers rest on, `warnings` what the answer goes on without: read them.
- `Accept: text/csv` or `?format=csv` (which wins) gives CSV: UTF-8 without byte order mark, the header in the first
  line, every row unless `limit` is given. `note=1` puts lines that begin with `#` in front, which explain the
  columns and repeat the warnings; what the answer goes on without (a source that is away) is in the header
  `Itemwise-Warnings` too. Text that a spreadsheet would run as a formula (`=`, `+`, `-`, `@` in front) gets an
  apostrophe in front; plain numbers do not. An `Accept` that takes neither type of an answer is refused (406).
- Each answer has an `X-Request-Id`, which logs and problems repeat. Send one (1 to 64 of `A-Z a-z 0-9 . _ -`) to
  choose it.
- `HEAD` is answered like `GET` without the body, `OPTIONS` with the methods of a path in `Allow`.
- Unknown parameters and keys are refused, and so are names that stand twice in an object of a body.

## Pages

A page has {PAGE:,} rows unless `limit` says otherwise (at most {LARGEST_PAGE:,}). `next`, and the header `Link`
with `rel="next"`, is the address of the following page; follow it as it is. It carries the `state` that the first
page rests on: if the answers changed since, the page is refused with 409 `list_changed`, and the list is begun
again. Past the end a page has no rows.

## Conditional requests

Answers that rest on stored answers have a weak `ETag`: of the state of the answers, the caller's scope, the
question, the format and the version of Itemwise. Send it back as `If-None-Match` (several, or `*`, as in RFC 9110)
and get 304, which costs next to nothing, while it holds. Keep the answer by yourself: `Cache-Control: no-store`
keeps browsers and proxies from doing so. There is no tag while a former state of the answers stands in for a source
that is away, on `/healthz`, `/spending`, and on answers to what was sent.

## Limits

- Each caller may ask so many times a minute as `ITEMWISE_RATE_LIMIT` says; `RateLimit-Limit`, `RateLimit-Remaining`
  and `RateLimit-Reset` tell how far it is. Beyond: 429 with `Retry-After`.
- What takes longer than `ITEMWISE_TIMEOUT` seconds goes on in the background: 503 `computing` with `Retry-After`.
  Repeat the call.
- An address has at most 8,190 characters; a longer one is refused by the web server, in HTML. Of very many students
  ask for all, page by page.
- A body has at most {MOST_BYTES // 2**20} MB, {MOST_RESPONSES:,} answers, {MOST_ITEMS} items (with those of the
  calibration) and {MOST_CELLS:,} pairs of student and item. 100,000 answers fit into one. Nothing of it is stored.

## Problems

A refusal is `application/problem+json` (RFC 9457) with `type` (`urn:itemwise:problem:` and the code), `code`,
`title`, `status`, `detail`, `request_id` and, for a request with faults, `errors`: `[{{"path", "message"}}]`, where
path is the name of a parameter or a JSON pointer into the body. Codes are stable: branch on them, and show
`detail`. `Retry-After` is there where asking again may help.

| status | code | what happened | what to do |
|---|---|---|---|
"""

_SENT = """
### Body

Without a calibration one is fitted to the answers sent. Without `item_ids` the answer has the items answered and
those of the calibration. A `calibration` is a calibration file, or `{"subject": ..., "exam": ...}` of a stored
exam, which may also stand beside `responses`.
"""


def markdown() -> str:
    """The whole page."""
    rows = [f"| {c.status} | `{c.name}` | {c.meaning} | {c.advice} |" for c in CODES.values()]
    parts = [_INTRODUCTION + "\n".join(rows)]
    for topic, said in TOPICS.items():
        parts.append(f"\n# {topic}\n\n{said}")
        parts += [part for route in ROUTES if route.topic == topic for part in _call(route)]
    return "\n".join(part for part in parts if part).rstrip() + "\n"


def _call(route: Route) -> list[str]:
    """A call: its parameters, its body, its columns, how it may be refused."""
    statuses = dict.fromkeys(code.status for code in refusals_of(route))
    return [
        f"\n## {route.method} {route.path}\n\n{route.summary}\n",
        _parameters([p for p in parameters(route) if p["in"] != "header"]),
        "" if route.body is None else _SENT + "\n" + _keys(route.body),
        _columns(route.answer),
        f"Statuses: 200, {'304, ' if route.is_conditional else ''}{', '.join(map(str, sorted(statuses)))}.\n",
    ]


def _parameters(parameters: list[Schema]) -> str:
    """A table of query and path parameters."""
    rows = [f"| `{p['name']}` | {_values(p['schema'])} | {p.get('description', '')} |" for p in parameters]
    return "\n".join(["| parameter | values | meaning |", "|---|---|---|", *rows, ""]) if rows else ""


def _keys(schema: Schema) -> str:
    """A table of the keys of a body."""
    rows = [f"| `{name}` | {_values(part)} |" for name, part in schema["properties"].items()]
    return "\n".join(["| key | values |", "|---|---|", *rows, ""])


def _columns(schema: Schema) -> str:
    """A table of the columns of a row, for lists."""
    row = schema.get("properties", {}).get("data", {}).get("items", {}).get("properties", {})
    rows = [f"| `{name}` | {COLUMNS[name].kind.value} | {COLUMNS[name].meaning} |" for name in row]
    return "\n".join(["| column | type | meaning |", "|---|---|---|", *rows, ""]) if rows else ""


def _values(schema: Schema) -> str:
    """The admissible values of a schema, in a few words."""
    if "enum" in schema:
        values = ", ".join("null" if v is None else f"`{v}`" for v in schema["enum"])
    elif schema.get("type") == "array":
        values = f"up to {schema['maxItems']:,}: {_values(schema['items'])}"
    elif schema.get("type") == "integer":
        values = f"{schema['minimum']:,} to {schema['maximum']:,}"
    elif schema.get("type") == "object":
        values = "; ".join(f"`{name}` ({_values(part)})" for name, part in schema["properties"].items())
    elif "if" in schema:
        values = "a calibration file, or `subject` and `exam`"
    elif "pattern" in schema:
        values = PATTERNS[schema["pattern"]]
    else:
        values = f"text, up to {schema['maxLength']} characters" if "maxLength" in schema else "text"
    return f"{values}; default `{schema['default']}`" if "default" in schema else values


if __name__ == "__main__":
    import sys

    sys.stdout.write(markdown())
