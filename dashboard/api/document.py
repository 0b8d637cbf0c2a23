"""The API's page in the documents (docs/api.md), written from the schemas that check requests."""

from __future__ import annotations

from dashboard.api.openapi import description
from dashboard.api.schemas import LARGEST_PAGE, MOST_CELLS, MOST_ITEMS, MOST_RESPONSES, PAGE, SENT, Schema
from irt.serialise import COLUMNS

_INTRODUCTION = f"""\
# HTTP API

Made from the code by `python -m dashboard.api.document`; a test keeps it so. The same description for programs is
at `/api/v1/openapi.json`. All paths are under `/api/v1` (after `ITEMWISE_PATH_PREFIX`, if that is set); `/healthz`
also stands by itself.

    curl 'http://127.0.0.1:8050/api/v1/items?subject=Law%20School%20Admission%20Test&exam=Section%206'
    curl -X POST http://127.0.0.1:8050/api/v1/probabilities -H 'Content-Type: application/json' -d '{{
      "subject": "Law School Admission Test", "exam": "Section 6",
      "responses": [{{"student_id": "007", "item_id": "LSAT6-1", "correct": 1}}]}}'

## What every call keeps to

- Lists come as `{{"data": [...], "columns": {{...}}, "provenance": {{...}}, "warnings": [...], "next": url or null}}`.
  Numbers are at full precision; null is a number that cannot be had. `columns` says what each column means.
- A page has {PAGE:,} rows unless `limit` says otherwise (at most {LARGEST_PAGE:,}); `next` is the address of the
  following page.
- `Accept: text/csv` or `?format=csv` gives CSV: UTF-8 without byte order mark, the header in the first line, every
  row unless `limit` is given (then a `Link` header names the next page). `note=1` puts lines that begin with `#` in
  front, which explain the columns. Text that a spreadsheet would run as a formula (`=`, `+`, `-`, `@` in front) gets
  an apostrophe in front; plain numbers do not.
- Unknown parameters and keys are refused. A refusal is `application/problem+json` with `title`, `status`, `detail`
  and, for a request with faults, `errors`: `[{{"path", "message"}}]`, where path is the name of a parameter or a JSON
  pointer into the body.

| status | when |
|---|---|
"""

_SENT = f"""
### Body

At most {MOST_RESPONSES:,} answers, {MOST_ITEMS} items (with those of the calibration) and {MOST_CELLS:,} pairs
of student and item. Nothing of it is stored. Without a calibration one is fitted to the answers sent. Without
`item_ids` the answer has the items answered and those of the calibration. A `calibration` is a calibration file, or
`{{"subject": ..., "exam": ...}}` of a stored exam, which may also stand beside `responses`.
"""


def markdown() -> str:
    """The whole page."""
    found = description("/api/v1")
    refusals = found["paths"]["/items"]["get"]["responses"]
    parts = [_INTRODUCTION + "\n".join(f"| {code} | {said['description']} |" for code, said in refusals.items())]
    for path, calls in found["paths"].items():
        for method, call in calls.items():
            parts.append(f"\n## {method.upper()} {path}\n\n{call['summary']}\n")
            parts.append(_parameters(call["parameters"]))
            parts.append(_SENT + "\n" + _keys(SENT) if method == "post" else "")
            parts.append(_columns(call["responses"]["200"]["content"]["application/json"]["schema"]))
    return "\n".join(part for part in parts if part).rstrip() + "\n"


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
        values = "a number above 0 and at most 1, `all`" if "all" in schema["pattern"] else "`MEAN,SD`, `none`"
    else:
        values = f"text, up to {schema['maxLength']} characters" if "maxLength" in schema else "text"
    return f"{values}; default `{schema['default']}`" if "default" in schema else values


if __name__ == "__main__":
    import sys

    sys.stdout.write(markdown())
