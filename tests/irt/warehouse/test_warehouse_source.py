"""Contract: BigQuery through the real client over real HTTP, against the double: requests, limits, faults, changes."""

from __future__ import annotations

import multiprocessing
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from irt.errors import ConfirmationNeeded, NotFoundError, SourceError
from irt.responses import Sittings
from irt.selection import FULL_SCOPE, Scope, Selection
from irt.sources.spending import Limits, allowing
from irt.warehouse import freshness, jobs, patience
from irt.warehouse.patience import Patience, patient
from irt.warehouse.source import BigQuerySource
from tests.irt.sources.test_source_contract import school
from tests.irt.warehouse.warehouse_openers import TABLE, put_answers, source_of
from tests.warehouse import Warehouse

TERM = Selection("Maths", ("Term 2",))
#: A reader who gives up at once, so that a test of what never works need not wait.
HASTY = Patience(call=5.0, retry=0.1, job=5.0)
MIB = 2**20


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse() as warehouse:
        put_answers(warehouse, school(), tmp_path)
        yield warehouse


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(jobs, "QUICK", HASTY)
    monkeypatch.setattr(patience, "PAUSE", 0.0)
    with patient(HASTY):
        yield


def same(one: Sittings, other: Sittings) -> bool:
    return (one.persons, one.items, one.exams) == (other.persons, other.items, other.exams) and all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("person", "exam", "cells", "chosen")
    )


def endpoints(served: Warehouse) -> list[str]:
    return [request.endpoint for request in served.requests]


# Requests ------------------------------------------------------------------------------------------------------------


def test_nothing_is_asked_before_the_first_question(served: Warehouse, tmp_path: Path) -> None:
    source_of(served, tmp_path)
    assert endpoints(served) == []


def test_each_answer_is_one_request_and_none_while_nothing_changes(served: Warehouse, tmp_path: Path) -> None:
    source = source_of(served, tmp_path)
    source.stamp()
    assert endpoints(served) == ["tables.get", "jobs.insert"]  # its columns, and a dry run
    assert served.requests[1].body["configuration"]["dryRun"] is True
    served.clear()
    catalogue, found = source.catalogue(FULL_SCOPE), source.answers(TERM, FULL_SCOPE)
    assert endpoints(served) == ["jobs.query", "jobs.query"]
    served.clear()
    assert source.catalogue(FULL_SCOPE) == catalogue
    assert same(source.answers(TERM, FULL_SCOPE), found)
    source.stamp()
    assert endpoints(served) == []
    again = source_of(served, tmp_path)  # another process, or the next start
    assert same(again.answers(TERM, FULL_SCOPE), found)
    assert endpoints(served) == ["tables.get", "jobs.insert"]


def test_every_job_carries_labels_a_cap_and_a_limit_of_time(served: Warehouse, tmp_path: Path) -> None:
    source = source_of(served, tmp_path, limits=Limits(ask_bytes=0, max_bytes=900 * MIB), version="1.2.3")
    with allowing(100 * MIB):
        source.catalogue(FULL_SCOPE)
        source.answers(TERM, FULL_SCOPE)
    queries = served.calls("jobs.query")
    bodies = [request.body for request in queries]
    bodies += [
        {**request.body["configuration"], **request.body["configuration"]["query"]}
        for request in served.calls("jobs.insert")
    ]
    assert len(bodies) == 5
    for body in bodies:
        assert body["maximumBytesBilled"] == str(900 * MIB)
        assert int(body["jobTimeoutMs"]) <= 50_000
        assert body["useQueryCache"] is True
        labels = body["labels"]
        assert (labels["app"], labels["version"]) == ("itemwise", "1-2-3")
        assert labels["question"] in ("check", "catalogue", "answers")
        assert all(re.fullmatch(r"[a-z0-9_-]{1,63}", value) for value in labels.values())


def test_values_travel_as_parameters_and_not_in_labels_or_addresses(served: Warehouse, tmp_path: Path) -> None:
    scope = Scope(exams=frozenset({"Term 2"}), classes=frozenset({"7-2", ""}))
    source_of(served, tmp_path).answers(TERM, scope)
    (request,) = served.calls("jobs.query")
    told = f"{request.body['query']}{request.body['labels']}{request.path}{request.query}"
    assert not re.search("Maths|Term 2|7-2", told)
    assert "Term 2" in str(request.body["queryParameters"])
    names = [parameter["name"] for parameter in request.body["queryParameters"]]
    assert names == sorted(names)


def test_equal_questions_are_equal_texts(served: Warehouse) -> None:
    bodies = []
    for _ in range(2):
        source_of(served, None).answers(Selection("Maths", ("Term 2", "Term 10")), FULL_SCOPE)
        bodies.append({**served.calls("jobs.query")[-1].body, "requestId": None})
    assert bodies[0] == bodies[1]


def test_an_answer_of_many_pages_is_the_same(served: Warehouse, tmp_path: Path) -> None:
    whole = source_of(served, None).answers(TERM, FULL_SCOPE)
    with Warehouse(page_bytes=50) as paged:
        put_answers(paged, school(), tmp_path)
        assert same(source_of(paged, None).answers(TERM, FULL_SCOPE), whole)
        assert len(paged.calls("jobs.getQueryResults")) > 1


def test_names_are_not_fetched_where_the_scope_withholds_them(served: Warehouse) -> None:
    source_of(served, None).answers(TERM, Scope(names=False))
    (request,) = served.calls("jobs.query")
    assert "student_name" not in request.body["query"]
    assert "class_name" in request.body["query"]


def test_a_sign_that_parts_fields_is_refused(served: Warehouse, tmp_path: Path) -> None:
    frame = school()
    frame.loc[frame.student_id == "s1", "student_name"] = "A\x1fB"
    put_answers(served, frame, tmp_path)
    with pytest.raises(SourceError, match="control character"):
        source_of(served, None).answers(TERM, FULL_SCOPE)


# Changes -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def watchful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for changes at every call."""
    monkeypatch.setattr(freshness, "BELIEVED", 0.0)


@pytest.mark.usefixtures("watchful")
def test_a_changed_table_is_read_anew(served: Warehouse, tmp_path: Path) -> None:
    source = source_of(served, tmp_path)
    before = source.answers(TERM, FULL_SCOPE)
    stamp = source.stamp()
    put_answers(served, school().query("student_id != 's1'"), tmp_path)
    assert source.stamp().fingerprint != stamp.fingerprint
    assert source.stamp().as_of > stamp.as_of
    assert set(before.persons.person_ids) - set(source.answers(TERM, FULL_SCOPE).persons.person_ids) == {"s1"}
    assert source.stamp() == source.stamp()


@pytest.mark.usefixtures("watchful")
def test_rows_that_are_streamed_in_change_the_stamp(served: Warehouse) -> None:
    source = source_of(served, None)
    before = source.stamp().fingerprint
    served.stream(TABLE, 5)
    assert source.stamp().fingerprint != before


@pytest.mark.usefixtures("watchful")
def test_a_view_changes_with_the_table_behind_it(served: Warehouse) -> None:
    view = "school-1.exams.seen"
    served.put_view(view, f"SELECT * FROM `{TABLE}`")
    source = BigQuerySource(view, endpoint=served.endpoint)
    before = source.stamp()
    assert source.stamp() == before
    served.touch(TABLE)
    assert source.stamp().fingerprint != before.fingerprint
    assert same(
        source.answers(TERM, FULL_SCOPE), BigQuerySource(TABLE, endpoint=served.endpoint).answers(TERM, FULL_SCOPE)
    )


def test_a_table_that_does_not_fit_is_refused_with_each_deviation(served: Warehouse) -> None:
    served.put_table(TABLE, "SELECT 1.5::DOUBLE AS student_id, 'a' AS item_id, [1] AS correct, 'x' AS exam")
    with pytest.raises(SourceError) as caught:
        source_of(served, None).catalogue(FULL_SCOPE)
    assert caught.value.facts["reason"] == "table"
    assert len(caught.value.facts["deviations"]) == 5
    assert endpoints(served) == ["tables.get"]


@pytest.mark.usefixtures("watchful")
def test_a_column_that_is_taken_away_is_noticed(served: Warehouse) -> None:
    source = source_of(served, None)
    source.stamp()
    served.put_table(TABLE, "SELECT 'a' AS student_id, 'a' AS item_id, 'b' AS subject_name, 'x' AS exam_name")
    with pytest.raises(SourceError, match=r"no column correct \(INT64\)"):
        source.stamp()


# Limits --------------------------------------------------------------------------------------------------------------


def test_a_large_read_asks_first_and_is_kept_once_agreed_to(served: Warehouse, tmp_path: Path) -> None:
    source = source_of(served, tmp_path, limits=Limits(ask_bytes=100))
    for _ in range(3):
        with pytest.raises(ConfirmationNeeded, match="would read about") as caught:
            source.answers(TERM, FULL_SCOPE)
    assert endpoints(served) == ["tables.get", "jobs.insert", "jobs.insert"]  # the check, and one estimate
    need = caught.value.facts["bytes"]
    assert need > 100
    assert caught.value.facts["cost"] == need / 2**40 * 6.25
    with allowing(need - 1), pytest.raises(ConfirmationNeeded):
        source.answers(TERM, FULL_SCOPE)
    with allowing(need):
        found = source.answers(TERM, FULL_SCOPE)
    assert same(source.answers(TERM, FULL_SCOPE), found)
    assert same(source_of(served, tmp_path, limits=Limits(ask_bytes=100)).answers(TERM, FULL_SCOPE), found)
    assert len(served.calls("jobs.query")) == 1


def test_a_read_beyond_the_limit_of_a_query_is_not_run(served: Warehouse) -> None:
    source = source_of(served, None, limits=Limits(max_bytes=100))
    with allowing(10**12), pytest.raises(SourceError, match="limit of 100 bytes for one query") as caught:
        source.answers(TERM, FULL_SCOPE)
    assert caught.value.facts["reason"] == "byte_limit"
    assert caught.value.facts["need"] > 100
    assert served.calls("jobs.query") == []


def test_the_service_holds_the_cap_too(served: Warehouse) -> None:
    source = source_of(served, None)
    source.stamp()
    limits = Limits(max_bytes=10**6)  # less than is billed at least, but more than the table is large
    with pytest.raises(SourceError, match="limit of 1 MB for one query") as caught:
        source_of(served, None, limits=limits).answers(TERM, FULL_SCOPE)
    assert caught.value.facts["need"] == 10 * MIB


def test_the_budget_of_the_day_is_kept_across_restarts(served: Warehouse, tmp_path: Path) -> None:
    limits = Limits(day_bytes=15 * MIB)
    source_of(served, tmp_path, limits=limits).catalogue(FULL_SCOPE)
    again = source_of(served, tmp_path, limits=limits)
    with pytest.raises(SourceError, match=r"Today's budget .* has 5\.24 MB left") as caught:
        again.answers(TERM, FULL_SCOPE)
    assert caught.value.facts["reason"] == "day_budget"
    assert len(again.catalogue(FULL_SCOPE).entries) == 9  # what was read before can still be seen
    assert len(served.calls("jobs.query")) == 1


def test_what_was_spent_is_told(served: Warehouse, tmp_path: Path) -> None:
    source = source_of(served, tmp_path)
    source.catalogue(FULL_SCOPE)
    source.answers(TERM, FULL_SCOPE)
    source.answers(TERM, FULL_SCOPE)
    told = source.spending()
    assert (told.table, told.n_rows, told.as_of) == (TABLE, 64, source.stamp().as_of)
    assert [job.name for job in told.jobs] == ["answers", "catalogue"]
    assert told.bytes_billed_today == sum(job.bytes_billed for job in told.jobs) == 20 * MIB
    assert told.cost_today == pytest.approx(20 * MIB / 2**40 * 6.25, rel=1e-12)
    answers = told.jobs[0]
    assert 0 < answers.bytes_processed <= told.n_bytes
    assert answers.job_id
    assert not answers.cache_hit
    assert "Maths" not in answers.sql
    assert "STRING_AGG" in answers.sql


def test_the_warehouse_s_own_cache_costs_nothing(served: Warehouse) -> None:
    source_of(served, None).catalogue(FULL_SCOPE)
    again = source_of(served, None)
    again.catalogue(FULL_SCOPE)
    (job,) = again.spending().jobs
    assert (job.cache_hit, job.bytes_billed, job.cost) == (True, 0, 0.0)


# Faults --------------------------------------------------------------------------------------------------------------

SECRET = "Keiko Tanaka"
REFUSALS: list[tuple[dict[str, Any], str, bool]] = [
    ({"reason": "invalidQuery"}, "query", False),
    ({"status": 401}, "credentials", False),
    ({"reason": "accessDenied"}, "access", False),
    ({"reason": "quotaExceeded"}, "quota", False),
    ({"reason": "rateLimitExceeded"}, "quota", True),
    ({"reason": "notFound"}, "not_found", False),
    ({"status": 429}, "quota", True),
    ({"status": 500}, "unavailable", True),
    ({"status": 503}, "unavailable", True),
    ({"cut": "before"}, "unavailable", True),
    ({"cut": "body"}, "unavailable", True),
    ({"truncate": True}, "unavailable", True),
]


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("endpoint", ["tables.get", "jobs.insert", "jobs.query"])
@pytest.mark.parametrize(("fault", "reason", "again"), REFUSALS, ids=lambda value: str(value) if value else "")
def test_a_lasting_fault_is_a_sentence_and_nothing_is_lost(
    served: Warehouse, caplog: pytest.LogCaptureFixture, endpoint: str, fault: dict[str, Any], reason: str, again: bool
) -> None:
    source = source_of(served, None)
    message = {} if "cut" in fault or "truncate" in fault else {"message": f"Bad value: {SECRET}"}
    served.fail(endpoint, times=100, **fault, **message)
    with pytest.raises(SourceError) as caught:
        source.answers(TERM, FULL_SCOPE)
    assert (caught.value.facts["reason"], caught.value.facts["again"]) == (reason, again)
    assert re.fullmatch(r"[A-Z][^\n]*\.", str(caught.value))
    assert SECRET not in f"{caught.value}{caught.value.facts}{caplog.text}"
    served.heal()
    assert source.answers(TERM, FULL_SCOPE).cells.shape == (4, 11)
    assert len(source.catalogue(FULL_SCOPE).entries) == 9


@pytest.mark.parametrize("endpoint", ["tables.get", "jobs.insert", "jobs.query"])
@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"status": 429}, {"cut": "before"}, {"cut": "answer"}, {"cut": "body"}, {"slow": 0.1}]
)
def test_a_passing_fault_is_not_noticed(served: Warehouse, endpoint: str, fault: dict[str, Any]) -> None:
    source = source_of(served, None)
    served.fail(endpoint, **fault)
    assert source.answers(TERM, FULL_SCOPE).cells.shape == (4, 11)
    assert len(source.spending().jobs) == 1


def test_a_page_that_is_cut_off_is_fetched_again(tmp_path: Path) -> None:
    with Warehouse(page_bytes=50) as paged:
        put_answers(paged, school(), tmp_path)
        paged.fail("jobs.getQueryResults", cut="body")
        paged.fail("jobs.getQueryResults", status=503)
        assert source_of(paged, None).answers(TERM, FULL_SCOPE).cells.shape == (4, 11)


@pytest.mark.usefixtures("hasty")
def test_a_job_that_fails_is_a_sentence(served: Warehouse) -> None:
    source = source_of(served, None)
    served.fail("job", reason="resourcesExceeded", message=SECRET)
    with pytest.raises(SourceError, match="more than BigQuery computes") as caught:
        source.answers(TERM, FULL_SCOPE)
    assert caught.value.facts["reason"] == "quota"
    assert source.answers(TERM, FULL_SCOPE).cells.shape == (4, 11)


def test_a_table_that_may_not_be_read_says_which_permission(served: Warehouse) -> None:
    served.forbid(TABLE)
    with pytest.raises(SourceError, match=r"permission bigquery\.tables\.get") as caught:
        source_of(served, None).catalogue(FULL_SCOPE)
    assert caught.value.facts["dataset"] == "school-1.exams"


def test_a_table_that_is_not_there_says_where_to_look(served: Warehouse) -> None:
    with pytest.raises(SourceError, match=r"no table school-1\.exams\.other\. Check the name in ITEMWISE_SOURCE"):
        BigQuerySource("school-1.exams.other", endpoint=served.endpoint).stamp()
    with pytest.raises(SourceError, match=r"no dataset"):
        BigQuerySource("school-1.other.answers", endpoint=served.endpoint).stamp()


@pytest.mark.usefixtures("hasty")
def test_where_nobody_listens_the_address_is_told() -> None:
    source = BigQuerySource(TABLE, endpoint="http://127.0.0.1:9")
    with pytest.raises(SourceError, match=r"BigQuery at http://127\.0\.0\.1:9 cannot be reached") as caught:
        source.stamp()
    assert caught.value.facts["reason"] == "unavailable"


def test_without_credentials_it_says_how_to_log_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    with pytest.raises(SourceError, match="gcloud auth application-default login") as caught:
        BigQuerySource(TABLE).stamp()
    assert caught.value.facts["reason"] == "credentials"


def test_those_who_wait_for_a_failing_look_share_its_failure(
    served: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "QUICK", HASTY)
    source = source_of(served, None)
    served.fail("tables.get", times=100, status=403, slow=0.3)
    failures: list[SourceError] = []

    def look() -> None:
        try:
            source.stamp()
        except SourceError as error:
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(failures) == 5
    assert len(served.calls("tables.get")) < 5


# Waiting and stopping ------------------------------------------------------------------------------------------------


def failing(source: BigQuerySource, into: list[SourceError]) -> threading.Thread:
    """A reader in a thread, whose failure is noted."""

    def read() -> None:
        try:
            source.answers(TERM, FULL_SCOPE)
        except SourceError as error:
            into.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def until_running(served: Warehouse, n: int) -> None:
    pause = threading.Event()
    for _ in range(600):
        if len(served.running("school-1")) >= n:
            return
        pause.wait(0.05)
    raise AssertionError("no job began")


def test_a_read_can_be_stopped_by_another_process_s_source(served: Warehouse, tmp_path: Path) -> None:
    source, other = source_of(served, tmp_path), BigQuerySource(TABLE, endpoint=served.endpoint)
    source.stamp()
    other.stamp()
    stopped: list[SourceError] = []
    not_ours: list[SourceError] = []
    with served.held():
        thread, other_thread = failing(source, stopped), failing(other, not_ours)
        until_running(served, 2)
        assert source_of(served, tmp_path).stop() == 1
        thread.join(30)
        assert [error.facts["reason"] for error in stopped] == ["cancelled"]
        assert len(served.running("school-1")) == 1  # of a source that is another
    other_thread.join(30)
    assert not_ours == []
    assert source.stop() == 0
    assert source.answers(TERM, FULL_SCOPE).cells.shape == (4, 11)


@pytest.mark.usefixtures("hasty")
def test_a_query_that_takes_too_long_is_given_up_and_stopped(served: Warehouse) -> None:
    source = source_of(served, None)
    source.stamp()
    with served.held(), patient(Patience(call=0.5, retry=0.1, job=1.0)):
        with pytest.raises(SourceError, match="did not answer in time") as caught:
            source.answers(TERM, FULL_SCOPE)
        assert caught.value.facts["reason"] == "timeout"
    # What it may have cost counts, since nothing was heard of it.
    assert source.spending().bytes_billed_today == 10 * MIB


def _read_in_a_process(endpoint: str, cache: Path) -> None:
    source = BigQuerySource(TABLE, groups=("gender",), endpoint=endpoint, cache=cache)
    assert source.answers(TERM, FULL_SCOPE).cells.shape == (4, 11)


def test_processes_that_ask_at_once_cost_one_query(served: Warehouse, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_read_in_a_process, args=(served.endpoint, tmp_path / "cache")) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(served.calls("jobs.query")) == 1


def test_threads_that_ask_at_once_cost_one_query(served: Warehouse) -> None:
    source = source_of(served, None)
    failures: list[SourceError] = []
    threads = [failing(source, failures) for _ in range(6)]
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert [name for name in endpoints(served) if name != "jobs.getQueryResults"] == [
        *("tables.get", "jobs.insert", "jobs.query")
    ]


def test_what_is_not_in_the_data_is_not_found(served: Warehouse) -> None:
    with pytest.raises(NotFoundError, match='There is no exam "Term 3"'):
        source_of(served, None).answers(Selection("Maths", ("Term 3",)), FULL_SCOPE)
