"""Invariant: requests made from the description of the API, good ones and bad ones, are answered as it says.

The description is held against the standard by a validator of its own (openapi-spec-validator); the requests and the
checks are schemathesis's. Each call gets few of them here, always the same ones; a long run is

    st run http://127.0.0.1:8050/api/v1/openapi.json --phases examples,coverage,fuzzing --max-examples 500
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode, checks

from dashboard.api.routes import ROUTES
from irt.sources import ParquetStore
from tests.dashboard.small_exams import small_exam

V1 = "/api/v1"
NAMES = [route.name for route in ROUTES]
BY_NAME = {route.name: route for route in ROUTES}
#: What every answer keeps to.
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
]
#: Parameters that say which answers are asked for: left out, they are those of the only exam that there is.
WHICH = {"subject", "exam", "class", "state", "student_id", "item_id", "share"}


@pytest.fixture(scope="module")
def description(app: Any) -> dict[str, Any]:
    found: dict[str, Any] = app.server.test_client().get(f"{V1}/openapi.json").json
    return found


def test_the_description_keeps_to_the_standard(description: dict[str, Any]) -> None:
    from openapi_spec_validator import OpenAPIV31SpecValidator

    assert [error.message for error in OpenAPIV31SpecValidator(description).iter_errors()] == []


def closed(schema: Any) -> Any:
    """A schema in which objects have the members that are described and no other."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(part) for name, part in schema.items()}
    if "properties" in found and "additionalProperties" not in found:
        found["additionalProperties"] = False
    return found


@pytest.mark.parametrize("name", [name for name in NAMES if name != "openapi"])
def test_the_examples_are_answered_as_described_to_the_last_member(app: Any, name: str) -> None:
    route, client = BY_NAME[name], app.server.test_client()
    path = V1 + route.path.format(**route.example) if route.in_path else V1 + route.path
    if route.body is not None:
        answer = client.post(path, json=dict(route.example_body))
    else:
        answer = client.get(path, query_string={} if route.in_path else dict(route.example))
    assert answer.status_code == 200, answer.text
    Draft202012Validator(closed(deepcopy(route.answer))).validate(answer.json)


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory, open_app: Callable[..., Any]) -> dict[str, Any]:
    """The calls of a server that has one exam, by their names."""
    folder = tmp_path_factory.mktemp("one-exam")
    ParquetStore(folder).add(small_exam("June", n_students=60, n_items=6))
    schema = schemathesis.openapi.from_wsgi(f"{V1}/openapi.json", open_app(folder, ITEMWISE_GROUPS="house").server)
    found = [operation.ok() for operation in schema.get_all_operations()]
    return {operation.definition.raw["operationId"]: operation for operation in found}


def answered(operation: Any, mode: GenerationMode, n: int, leave_out: set[str]) -> list[int]:
    """The statuses of answers to requests made from the description, each of which keeps to it."""
    statuses: list[int] = []

    @settings(
        max_examples=n,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.query = {name: value for name, value in (case.query or {}).items() if name not in leave_out}
        response = case.call(headers={"Accept-Encoding": "identity"})
        case.validate_response(response, checks=CHECKS)
        statuses.append(response.status_code)

    ask()
    return statuses


@pytest.mark.parametrize("name", [name for name in NAMES if name != "openapi"])
def test_good_requests_are_answered_as_described(operations: dict[str, Any], name: str) -> None:
    assert answered(operations[name], GenerationMode.POSITIVE, 4, set())
    assert answered(operations[name], GenerationMode.POSITIVE, 4, WHICH)


@pytest.mark.parametrize("name", [name for name in NAMES if BY_NAME[name].query["properties"]])
def test_bad_requests_are_refused(operations: dict[str, Any], name: str) -> None:
    statuses = answered(operations[name], GenerationMode.NEGATIVE, 4, set())
    assert set(statuses) <= {400, 404, 406, 413, 415, 422}
