"""Contract: the codes of problems, which other programs branch on, and the errors that each stands for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g
from werkzeug.exceptions import Gone, HTTPException, NotAcceptable, NotFound, TooManyRequests

from dashboard.api.refusals import BadRequestError, of_error, of_http
from dashboard.problems import CODES, SOURCE_CODES, RequestFault, problem
from irt.errors import (
    AccessError,
    ConfirmationNeeded,
    Fault,
    FitError,
    ImportFault,
    IrtError,
    NotFoundError,
    ResponsesError,
    SelectionError,
    SourceError,
    TooFewAnswersError,
)
from tests.signed import analyst

#: Every code that was ever given out, with its status. Lines are added here, never changed or taken away.
GIVEN_OUT = {
    "token_missing": 401,
    "token_expired": 401,
    "token_invalid": 401,
    "grant_invalid": 401,
    "not_permitted": 403,
    "foreign_host": 403,
    "cross_site": 403,
    "rate_limited": 429,
    "bad_request": 400,
    "unusable_answers": 400,
    "unknown_path": 404,
    "not_there": 404,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "list_changed": 409,
    "too_large": 413,
    "unsupported_media_type": 415,
    "too_few_answers": 422,
    "no_model": 422,
    "confirmation": 422,
    "internal": 500,
    "computing": 503,
    "unavailable": 503,
    "changed": 503,
    "quota": 503,
    "conflict": 503,
    "timeout": 503,
    "cancelled": 503,
    "access": 503,
    "credentials": 503,
    "byte_limit": 503,
    "day_budget": 503,
    "not_found": 503,
    "table": 503,
    "query": 503,
}


def test_the_codes_are_those_given_out() -> None:
    assert {name: code.status for name, code in CODES.items()} == GIVEN_OUT


def test_every_reason_of_a_source_is_a_code() -> None:
    root = Path(__file__).parents[2] / "irt"
    rooms = [*(root / "sources").glob("*.py"), *(root / "warehouse").glob("*.py"), root / "moments.py"]
    found = {reason for path in rooms for reason in re.findall(r'\breason="(\w+)"', path.read_text("utf-8"))}
    assert len(found) > 8
    assert found - {"confirmation"} <= SOURCE_CODES


def test_codes_are_told_in_sentences() -> None:
    for code in CODES.values():
        assert re.fullmatch(r"[a-z_]+", code.name)
        assert code.meaning.endswith(".")
        assert code.advice.endswith(".")
        assert not code.title.endswith(".")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFoundError("There is no exam."), "not_there"),
        (TooFewAnswersError("Too few."), "too_few_answers"),
        (FitError("Nothing ties them."), "no_model"),
        (AccessError("You may not."), "not_permitted"),
        (ResponsesError("Broken."), "unusable_answers"),
        (ImportFault("Broken.", [Fault("line 3", "is empty")]), "unusable_answers"),
        (SelectionError("Choose one exam: A, B.", kind="exam"), "bad_request"),
        (BadRequestError([RequestFault("limit", "is wrong")]), "bad_request"),
        (BadRequestError([RequestFault("/responses", "is long")], "too_large"), "too_large"),
        (IrtError("Something else."), "bad_request"),
        (SourceError("Gone."), "unavailable"),
        (SourceError("Gone.", reason="never heard of"), "unavailable"),
        (ConfirmationNeeded("It costs.", bytes=5, cost=0.1, reason="confirmation"), "confirmation"),
        *((SourceError("No.", reason=reason), reason) for reason in sorted(SOURCE_CODES)),
    ],
)
def test_errors_of_the_house_have_codes(error: IrtError, code: str) -> None:
    with Flask("one").test_request_context("/api/v1/items"):
        g.caller = analyst()
        body: Any = of_error(error).json
    assert (body["code"], body["type"]) == (code, f"urn:itemwise:problem:{code}")
    assert (body["status"], body["title"]) == (CODES[code].status, CODES[code].title)
    assert body["detail"].startswith(error.message[:3])


def test_faults_of_a_file_and_the_choice_left_open_are_errors() -> None:
    with Flask("one").test_request_context("/api/v1/items"):
        broken: Any = of_error(ImportFault("Broken.", [Fault("line 3", "is empty")])).json
        choice: Any = of_error(SelectionError("Choose one exam: A, B.", kind="exam")).json
    assert broken["errors"] == [{"path": "line 3", "message": "is empty"}]
    assert [fault["path"] for fault in choice["errors"]] == ["exam"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound(), "unknown_path"),
        (NotAcceptable(), "not_acceptable"),
        (TooManyRequests(), "rate_limited"),
        (Gone(), "bad_request"),
    ],
)
def test_refusals_of_the_server_have_codes(error: HTTPException, code: str) -> None:
    with Flask("one").test_request_context("/api/v1/items"):
        answer = of_http(error)
    body: Any = answer.json
    assert body["code"] == code
    assert answer.status_code == body["status"] == CODES[code].status


def test_a_problem_carries_the_id_of_its_request_and_when_to_ask_again() -> None:
    with Flask("one").test_request_context("/"):
        g.request_id = "abc-1"
        known = problem("computing", "It goes on.", retry_after=2.1, more=5)
        default = problem("unavailable", "Gone.")
        never = problem("unavailable", "Gone.", again=False)
    assert known.json is not None
    assert (known.json["request_id"], known.json["more"], known.headers["Retry-After"]) == ("abc-1", 5, "3")
    assert default.headers["Retry-After"] == "30"
    assert "Retry-After" not in never.headers
    assert known.content_type == "application/problem+json"
