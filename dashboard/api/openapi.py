"""The description of the API (OpenAPI 3.1), made from the schemas that check requests."""

from __future__ import annotations

from itertools import chain
from typing import Any

from dashboard.api.findings import FINDINGS
from dashboard.api.schemas import QUERIES, SENT, Schema
from irt import __version__
from irt.serialise import COLUMNS, COUNTS_COLUMNS, FINDING_COLUMNS, ITEM_COLUMNS, SPENDING_COLUMNS, Column

_PROBLEM: Schema = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
                "required": ["path", "message"],
            },
        },
        "n_errors": {"type": "integer"},
        "reason": {"type": "string", "description": "Why a source of answers could not be read, in a word."},
        "bytes": {"type": "integer", "description": "What reading would cost, in bytes that the warehouse reads."},
        "cost": {"type": "number", "description": "The same in US dollars."},
    },
    "required": ["type", "title", "status", "detail"],
}
_REFUSALS = {
    "400": "Faults in the request, each listed under errors.",
    "403": "The caller may not ask here.",
    "404": "A subject, exam, class, student or item that is not there.",
    "405": "Another method; Allow names those there are.",
    "413": "The request is too large.",
    "415": "The body is not application/json.",
    "422": "The selection has too few answers for what was asked, or exams that nothing puts on one scale; or reading "
    "costs more than goes without leave: bytes and cost say how much, allow_bytes gives it.",
    "503": "The source of answers cannot be read; reason says why. Retry-After: where asking again may help.",
}
#: Columns of one row of each list.
_ROWS = {
    "catalogue": ("subject", "exam", "class_name", "grade", "n_students", "n_items", "n_answers"),
    "abilities": ("student_id", "theta", "se", "method", "items_answered"),
    "probabilities": ("student_id", "item_id", "probability", "lower", "upper", "correct"),
}
_CALIBRATION_FILE: Schema = {"type": "object", "description": "A calibration file, format itemwise-calibration/1."}


def description(path: str) -> dict[str, Any]:
    """The whole description; ``path`` is where the API is on this server."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Itemwise",
            "version": __version__,
            "description": "How each question of an exam works, and each student's chance of answering it correctly.",
        },
        "servers": [{"url": path}],
        "paths": {
            "/healthz": _get("healthz", "Whether the source of answers can be reached.", {"type": "object"}),
            "/catalogue": _get("catalogue", "Subjects, exams and classes with counts.", _list(_ROWS["catalogue"])),
            "/spending": _get(
                "spending", "What reading a warehouse has cost today, a row a query.", _list(SPENDING_COLUMNS)
            ),
            "/items": _get("items", "Item statistics and parameters.", _list(ITEM_COLUMNS)),
            "/counts": _get(
                "counts",
                "What the answers add up to without a model. Each column is there for one or several values of what.",
                _list(tuple(dict.fromkeys(chain.from_iterable(COUNTS_COLUMNS.values()))), every=False),
            ),
            "/abilities": _get("abilities", "One record a student.", _list(_ROWS["abilities"])),
            "/probabilities": {
                **_get("probabilities", "P(correct) from stored answers.", _list(_ROWS["probabilities"])),
                **_post("sent_probabilities", "P(correct) for answers sent.", _list(_ROWS["probabilities"]), SENT),
            },
            **{path: _get(name, summary, _list(FINDING_COLUMNS[name])) for path, name, _, summary in FINDINGS},
            "/calibrations": _get("calibrations", "The calibration file of a selection.", _CALIBRATION_FILE),
            "/calibrations/{subject}/{exam}": _at_path(),
            "/openapi.json": _get("openapi", "This description.", {"type": "object"}),
        },
        "components": {"schemas": {"Problem": _PROBLEM}},
    }


def _get(name: str, summary: str, answer: Schema) -> Schema:
    return {"get": _operation(name, summary, answer)}


def _post(name: str, summary: str, answer: Schema, body: Schema) -> Schema:
    content = {"application/json": {"schema": body}}
    return {"post": _operation(name, summary, answer) | {"requestBody": {"required": True, "content": content}}}


def _at_path() -> Schema:
    """The calibration file of the exam named in the path."""
    operation = _operation("calibrations", "The calibration file of an exam.", _CALIBRATION_FILE)
    rest = [p for p in operation["parameters"] if p["name"] not in ("subject", "exam")]
    named = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in ("subject", "exam")
    ]
    return {"get": operation | {"operationId": "calibration_of", "parameters": named + rest}}


def _operation(name: str, summary: str, answer: Schema) -> Schema:
    """One call: its parameters, its answer, how it may be refused."""
    content = {"application/json": {"schema": answer}}
    if "format" in QUERIES[name]["properties"]:
        content["text/csv"] = {"schema": {"type": "string"}}
    refusal = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses = {"200": {"description": "The answer.", "content": content}}
    responses |= {status: {"description": meaning, "content": refusal} for status, meaning in _REFUSALS.items()}
    return {"operationId": name, "summary": summary, "parameters": _parameters(name), "responses": responses}


def _parameters(name: str) -> list[Schema]:
    """The query parameters of a call."""
    needed = QUERIES[name].get("required", ())
    return [
        {
            "name": key,
            "in": "query",
            "required": key in needed,
            "description": schema.get("description", ""),
            "schema": schema,
        }
        | ({"style": "form", "explode": True} if schema["type"] == "array" else {})
        for key, schema in QUERIES[name]["properties"].items()
    ]


def _list(columns: tuple[str, ...], *, every: bool = True) -> Schema:
    """A list of rows with provenance, warnings and the next page; ``every``: each row has all columns."""
    row = {
        "type": "object",
        "properties": {name: _cell(COLUMNS[name]) for name in columns},
    } | ({"required": list(columns)} if every else {})
    return {
        "type": "object",
        "properties": {
            "data": {"type": "array", "items": row},
            "columns": {"type": "object", "additionalProperties": {"type": "string"}},
            "provenance": {"type": "object"},
            "warnings": {"type": "array", "items": {"type": "string"}},
            "next": {"type": ["string", "null"]},
        },
        "required": ["data", "columns", "provenance", "warnings", "next"],
    }


def _cell(column: Column) -> Schema:
    """A value, or null where it cannot be had."""
    return {"type": [column.kind.value, "null"], "description": column.meaning}
