"""The description of the API (OpenAPI 3.1), made from the table of its calls and the schemas that check requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dashboard.api import shapes
from dashboard.api.replies import CSV, JSON, WARNINGS
from dashboard.api.route import RestsOn, Route
from dashboard.api.schemas import Schema
from dashboard.problems import CODES, MEDIA_TYPE, Code
from irt import __version__

#: Groups of calls.
TOPICS = {
    "Results": "What readers of results ask, from stored answers.",
    "Scoring": "On answers that are sent along; nothing of them is stored.",
    "Analysis": "Whether the numbers are any good: fit, models, fairness, drift, dimensions.",
    "Service": "About the server itself.",
}
_HEADERS: Schema = {
    "ETag": {
        "description": "Weak tag of the answer, for If-None-Match; none while a former state of the answers stands in.",
        "schema": {"type": "string", "pattern": '^W/"[0-9a-f]{32}"$'},
    },
    "Link": {"description": 'The following page, as <...>; rel="next".', "schema": {"type": "string"}},
    WARNINGS: {
        "description": "Of a CSV: what it goes on without, as a JSON list of sentences. JSON has them in warnings.",
        "schema": {"type": "string"},
    },
    "Retry-After": {"description": "Seconds after which to ask again.", "schema": {"type": "integer", "minimum": 1}},
    "WWW-Authenticate": {"description": "Bearer, and what is wrong with the token.", "schema": {"type": "string"}},
    "Allow": {"description": "The methods that there are.", "schema": {"type": "string"}},
    "X-Request-Id": {
        "description": "The id of the request: as sent in X-Request-Id (1 to 64 of A-Z a-z 0-9 . _ -), else made.",
        "schema": {"type": "string"},
    },
    "RateLimit-Limit": {"description": "Requests that go within the window.", "schema": {"type": "integer"}},
    "RateLimit-Remaining": {"description": "Requests that are left of it.", "schema": {"type": "integer"}},
    "RateLimit-Reset": {"description": "Seconds to its end.", "schema": {"type": "integer"}},
}
_ALWAYS = ("X-Request-Id",)
_COUNTED = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
#: Headers of refusals, by status.
_OF_STATUS = {401: ("WWW-Authenticate",), 405: ("Allow",), 429: ("Retry-After", *_COUNTED), 503: ("Retry-After",)}


def description(root: str, routes: Sequence[Route]) -> dict[str, Any]:
    """The whole description; ``root`` is where the API is on this server."""
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Itemwise",
            "version": __version__,
            "description": "How each question of an exam works, and each student's chance of answering it correctly.",
        },
        "servers": [{"url": root}],
        "tags": [{"name": name, "description": said} for name, said in TOPICS.items()],
        # Where the server asks nobody who they are, calls need no token.
        "security": [{"token": []}, {}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": shapes.PROBLEM},
            "headers": _HEADERS,
            "responses": {str(status): _refusal(status) for status in sorted({code.status for code in CODES.values()})},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A short-lived token that the portal signs; what it grants limits every answer.",
                }
            },
        },
    }


def refusals_of(route: Route) -> list[Code]:
    """The codes that a call may be refused with."""
    statuses = {400, 401, 403, 405, 406, 429, 500}
    if route.rests_on is not RestsOn.CODE:
        statuses.add(503)
    if route.rests_on in (RestsOn.ANSWERS, RestsOn.REQUEST):
        statuses |= {404, 422}
    if "state" in route.query["properties"]:
        statuses.add(409)
    if route.body is not None:
        statuses |= {413, 415}
    return [code for code in CODES.values() if code.status in statuses]


def _operation(route: Route) -> Schema:
    """One call: its parameters, its answer, how it may be refused."""
    content: Schema = {JSON: {"schema": route.answer}}
    if route.is_list:
        content[CSV] = {"schema": {"type": "string", "description": "The rows, with the columns' names above them."}}
    headers = (*_ALWAYS, *_COUNTED, *(("ETag",) if route.is_conditional else ()))
    headers += ("Link",) if route.is_paged else ()
    headers += (WARNINGS,) if route.is_list and route.is_conditional else ()
    responses: Schema = {"200": {"description": "The answer.", "headers": _named(headers), "content": content}}
    if route.is_conditional:
        held = "What If-None-Match names is still so; no body."
        responses["304"] = {"description": held, "headers": _named((*_ALWAYS, "ETag"))}
    for code in refusals_of(route):
        responses[str(code.status)] = {"$ref": f"#/components/responses/{code.status}"}
    operation: Schema = {
        "operationId": route.name,
        "tags": [route.topic],
        "summary": route.summary,
        "parameters": parameters(route),
        "responses": responses,
    }
    if route.body is not None:
        media = {"schema": route.body, "example": dict(route.example_body)}
        operation["requestBody"] = {"required": True, "content": {JSON: media}}
    return operation


def parameters(route: Route) -> list[Schema]:
    """The parameters of a call: in its path, its query and its headers."""
    found = [
        *_parameters(route.in_path, "path", route.example),
        *_parameters(route.query, "query", {} if route.in_path else route.example),
    ]
    if route.is_conditional:
        found.append(
            {
                "name": "If-None-Match",
                "in": "header",
                "description": "Tags of answers that the caller holds: 304 where one of them is still so.",
                "schema": {"type": "string"},
            }
        )
    return found


def _parameters(schema: Schema, place: str, example: Any) -> Iterable[Schema]:
    """The parameters of one place."""
    needed = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        plain = {key: value for key, value in part.items() if key != "description"}
        found: Schema = {"name": name, "in": place, "required": name in needed, "schema": plain}
        found["description"] = part.get("description", "")
        if part["type"] == "array":
            found |= {"style": "form", "explode": True}
        if name in example:
            found["example"] = example[name]
        yield found


def _refusal(status: int) -> Schema:
    """How a status is told: the codes that come with it."""
    codes = [code for code in CODES.values() if code.status == status]
    return {
        "description": " ".join(f"`{code.name}`: {code.meaning}" for code in codes),
        "headers": _named((*_ALWAYS, *_OF_STATUS.get(status, ()))),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _named(headers: Iterable[str]) -> Schema:
    """References to headers."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
