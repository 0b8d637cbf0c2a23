"""Message: every error of the client becomes a reason and what to do, and never what the service quoted."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from irt.warehouse.refusals import Asked, refusal

ASKED = Asked(
    "answers", "school.exams.answers", "payer", endpoint="http://127.0.0.1:9", max_bytes=10**9, sql="SELECT 1"
)
#: What a message of the service may quote.
SECRET = "Keiko Tanaka"


def told(code: int, reason: str, message: str = "") -> Exception:
    """An answer of the service, as the client raises it."""
    text = f"{message} '{SECRET}'"
    return api.from_http_status(code, text, errors=[{"reason": reason, "message": text, "location": "q"}])


CASES: list[tuple[Exception, str, bool, str]] = [
    (told(403, "accessDenied", "does not have bigquery.jobs.create permission in project payer"), "access", False,
     "permission bigquery.jobs.create on project payer (it is part of roles/bigquery.jobUser)"),
    (told(403, "accessDenied", "User does not have permission bigquery.tables.getData on table"), "access", False,
     "bigquery.tables.getData on dataset school.exams (it is part of roles/bigquery.dataViewer)"),
    (told(403, "accessDenied"), "access", False, "and bigquery.jobs.create on project payer"),
    (told(403, "billingNotEnabled"), "access", False, "Project payer has no billing account"),
    (told(403, "quotaExceeded", "Custom quota exceeded"), "quota", False, "quota of project payer"),
    (told(403, "rateLimitExceeded"), "quota", True, "Try again in a minute"),
    (told(429, ""), "quota", True, "Try again in a minute"),
    (told(400, "bytesBilledLimitExceeded", "limit for bytes billed: 1000000000. 4200000000 or higher required."),
     "byte_limit", False, "The limit of 1 GB for one query was reached, so it was not run and costs nothing. "
     "It would read 4.2 GB"),
    (told(404, "notFound", "Not found: Table school:exams.answers"), "not_found", False,
     "no table school.exams.answers. Check the name in ITEMWISE_SOURCE"),
    (told(404, "notFound", "Not found: Dataset school:exams"), "not_found", False, "no dataset"),
    (told(404, "notFound", "Not found: Project payer"), "not_found", False, "no project payer"),
    (told(404, ""), "not_found", False, "ITEMWISE_BIGQUERY_LOCATION"),
    (told(401, "authError"), "credentials", False, "gcloud auth application-default login"),
    (auth.DefaultCredentialsError("no key"), "credentials", False, "GOOGLE_APPLICATION_CREDENTIALS"),
    (auth.RefreshError("expired"), "credentials", False, "gcloud auth application-default login"),
    (auth.InvalidOperation("Anonymous credentials cannot be refreshed"), "credentials", False, "credentials"),
    (auth.TransportError("no route"), "unavailable", True, "cannot be reached"),
    (requests.exceptions.ConnectionError("refused"), "unavailable", True, "BigQuery at http://127.0.0.1:9 cannot be"),
    (requests.exceptions.ChunkedEncodingError("cut"), "unavailable", True, "cannot be reached"),
    (requests.exceptions.ReadTimeout("slow"), "timeout", True, "did not answer in time"),
    (TimeoutError(), "timeout", True, "choose less"),
    (told(503, "backendError"), "unavailable", True, "out of order just now"),
    (told(500, "internalError"), "unavailable", True, "out of order just now"),
    (told(502, ""), "unavailable", True, "out of order just now"),
    (told(504, ""), "timeout", True, "did not answer in time"),
    (told(200, "stopped", "Job cancelled by user"), "cancelled", True, "stopped on request"),
    (told(200, "stopped", "Job timed out after 50s"), "timeout", True, "did not answer in time"),
    (told(400, "invalidQuery", "Syntax error near"), "query", False, "a query of Itemwise (answers, "),
    (told(400, "invalidQuery", "Transaction is aborted due to concurrent update against table"), "conflict", True,
     "writing to the same tables"),
    (told(400, "invalidQuery", "Cannot query over table 'x' without a filter over column(s) 'day'"), "table", False,
     "Switch its require_partition_filter off"),
    (told(403, "responseTooLarge"), "quota", False, "a sample of the students"),
    (told(400, "resourcesExceeded"), "quota", False, "a sample of the students"),
    (api.RetryError("given up", cause=told(503, "backendError")), "unavailable", True, "out of order"),
    (api.RetryError("given up", cause=requests.exceptions.ConnectionError("x")), "unavailable", True, "reached"),
    (api.RetryError("given up", cause=None), "unavailable", True, "reached"),
    (requests.exceptions.JSONDecodeError("Expecting value", SECRET, 0), "unavailable", True, "cannot be understood"),
    (KeyError("jobReference"), "unavailable", True, "cannot be understood"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "reason", "again", "says"), CASES, ids=lambda value: getattr(value, "reason", None))
def test_an_error_becomes_a_reason_and_what_to_do(
    error: Exception, reason: str, again: bool, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        found = refusal(error, ASKED)
    assert found is not None
    assert (found.facts["reason"], found.facts["again"]) == (reason, again)
    assert says in str(found)
    assert SECRET not in f"{found}{found.facts}{caplog.text}"
    assert "\n" not in str(found)


def test_what_is_not_of_the_service_is_left_alone() -> None:
    class Bug(Exception):
        pass

    assert refusal(Bug(), ASKED) is None


def test_a_query_that_is_not_understood_has_a_name_to_report() -> None:
    found = refusal(told(400, "invalidQuery"), ASKED)
    again: Any = refusal(told(400, "invalidQuery"), ASKED)
    assert found is not None
    assert found.facts["mark"] == again.facts["mark"]
    assert len(found.facts["mark"]) == 8
