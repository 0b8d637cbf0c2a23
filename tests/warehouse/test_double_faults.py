"""Contract: faults on demand reach the real client as those of the service would, and the wire log counts them."""

from __future__ import annotations

import pytest
import requests
from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError
from google.cloud.bigquery import DEFAULT_RETRY

from tests.warehouse import Warehouse
from tests.warehouse.asking import ask, start

#: Tries again, and gives up soon.
SOON = DEFAULT_RETRY.with_delay(initial=0.01, maximum=0.05).with_timeout(10)


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (400, exceptions.BadRequest, "invalid"),
        (403, exceptions.Forbidden, "accessDenied"),
        (404, exceptions.NotFound, "notFound"),
        (409, exceptions.Conflict, "duplicate"),
        (429, exceptions.TooManyRequests, "rateLimitExceeded"),
        (500, exceptions.InternalServerError, "internalError"),
        (503, exceptions.ServiceUnavailable, "backendError"),
    ],
)
def test_a_status(warehouse: Warehouse, status: int, error: type[Exception], reason: str) -> None:
    warehouse.fail("jobs.query", status=status)
    with pytest.raises(error) as caught:
        ask(warehouse.client(), "SELECT 1 AS x")
    assert caught.value.errors[0]["reason"] == reason
    assert [request.status for request in warehouse.requests] == [status]
    assert warehouse.jobs.all("p") == []


@pytest.mark.parametrize("reason", ["accessDenied", "quotaExceeded", "rateLimitExceeded", "billingNotEnabled"])
def test_a_reason(warehouse: Warehouse, reason: str) -> None:
    warehouse.fail("jobs.query", reason=reason, message="A sentence.")
    with pytest.raises(exceptions.Forbidden, match=r"A sentence\.") as caught:
        ask(warehouse.client(), "SELECT 1 AS x")
    assert caught.value.errors[0]["reason"] == reason


def test_no_credentials(warehouse: Warehouse) -> None:
    warehouse.fail("jobs.query", status=401)
    with pytest.raises(GoogleAuthError, match="Anonymous credentials cannot be refreshed"):
        ask(warehouse.client(), "SELECT 1 AS x")


@pytest.mark.parametrize("cut", ["before", "answer", "body"])
def test_a_connection_that_is_cut(warehouse: Warehouse, cut: str) -> None:
    warehouse.fail("jobs.query", cut=cut)
    with pytest.raises(requests.RequestException):
        ask(warehouse.client(), "SELECT 1 AS x")
    assert len(warehouse.jobs.all("p")) == (0 if cut == "before" else 1)


def test_half_an_answer(warehouse: Warehouse) -> None:
    warehouse.fail("jobs.query", truncate=True)
    with pytest.raises(requests.JSONDecodeError):
        ask(warehouse.client(), "SELECT 1 AS x")


@pytest.mark.parametrize("slow", ["slow", "slow_body"])
def test_an_answer_that_does_not_come_in_time(warehouse: Warehouse, slow: str) -> None:
    warehouse.fail("tables.get", **{slow: 1.0})
    warehouse.put_table("p.d.t", "SELECT 1 AS x")
    client = warehouse.client()
    with pytest.raises(requests.RequestException):
        client.get_table("p.d.t", retry=None, timeout=0.2)
    assert client.get_table("p.d.t", retry=None).num_rows == 1


def test_what_passes_is_tried_again(warehouse: Warehouse) -> None:
    warehouse.fail("jobs.query", status=503, times=2)
    assert [row.x for row in warehouse.client().query_and_wait("SELECT 1 AS x", retry=SOON)] == [1]
    assert [request.status for request in warehouse.requests] == [503, 503, 200]
    assert warehouse.faults_waiting == 0


def test_an_answer_that_was_lost_is_not_reckoned_twice(warehouse: Warehouse) -> None:
    warehouse.fail("jobs.query", cut="answer")
    assert [row.x for row in warehouse.client().query_and_wait("SELECT 1 AS x", retry=SOON)] == [1]
    assert len(warehouse.calls("jobs.query")) == 2
    assert len(warehouse.jobs.all("p")) == 1


def test_the_nth_request(warehouse: Warehouse) -> None:
    warehouse.fail("jobs.*", status=403, after=1)
    client = warehouse.client()
    assert ask(client, "SELECT 1 AS x") == [(1,)]
    with pytest.raises(exceptions.Forbidden):
        ask(client, "SELECT 1 AS x")
    assert ask(client, "SELECT 1 AS x") == [(1,)]


def test_a_job_that_fails_by_itself(warehouse: Warehouse) -> None:
    warehouse.fail("job", reason="resourcesExceeded")
    job = start(warehouse.client(), "SELECT 1 AS x")
    with pytest.raises(exceptions.BadRequest, match="Resources exceeded"):
        job.result()
    assert job.error_result["reason"] == "resourcesExceeded"


def test_a_fault_that_is_taken_back(warehouse: Warehouse) -> None:
    warehouse.fail("*", status=500, times=1000)
    warehouse.heal()
    assert ask(warehouse.client(), "SELECT 1 AS x") == [(1,)]


def test_a_fault_must_say_what_goes_wrong(warehouse: Warehouse) -> None:
    with pytest.raises(ValueError, match="needs one of"):
        warehouse.fail("jobs.query")


def test_a_table_that_nobody_may_read(warehouse: Warehouse) -> None:
    warehouse.put_table("p.d.t", "SELECT 1 AS x")
    warehouse.forbid("p.d.t")
    with pytest.raises(exceptions.Forbidden, match=r"Access Denied: Table p:d.t"):
        ask(warehouse.client(), "SELECT x FROM `p.d.t`")
    with pytest.raises(exceptions.Forbidden, match=r"bigquery.tables.get denied"):
        warehouse.client().get_table("p.d.t")


def test_the_wire_log_counts_bytes_and_keeps_bodies(warehouse: Warehouse) -> None:
    ask(warehouse.client(), "SELECT 1 AS x")
    (request,) = warehouse.requests
    assert (request.method, request.path, request.status) == ("POST", "/bigquery/v2/projects/p/queries", 200)
    assert request.body["query"] == "SELECT 1 AS x"
    assert request.bytes_in > len("SELECT 1 AS x")
    assert request.bytes_out > 100
    warehouse.clear()
    assert warehouse.requests == []
