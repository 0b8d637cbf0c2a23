"""Contract: command line and API over BigQuery (the real client, the double): same numbers, leave, faults, bill."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from dashboard import access, api
from irt.commands import main
from irt.service import open_service
from irt.settings import Settings
from irt.warehouse import jobs, patience
from irt.warehouse.patience import Patience, patient
from tests.warehouse import Warehouse

TABLE = "school-1.exams.answers"
MATHS = {"subject": "Mathematics (simulated)", "exam": "Term 2"}
SELECT = ("--subject", MATHS["subject"], "--exam", MATHS["exam"])
#: An exam without repeated attempts.
LSAT6 = {"subject": "Law School Admission Test", "exam": "Section 6"}
V1 = "/api/v1"
#: A reader who gives up at once, so that a test of what never works need not wait.
HASTY = Patience(call=5.0, retry=0.1, job=5.0)


@pytest.fixture(scope="module")
def stocked(sample_store: Path) -> Iterator[Warehouse]:
    with Warehouse() as warehouse:
        files = f"read_parquet('{sample_store}/**/*.parquet', union_by_name = true)"
        warehouse.put_table(TABLE, f"SELECT * FROM {files}")
        yield warehouse


@pytest.fixture
def served(stocked: Warehouse) -> Iterator[Warehouse]:
    """The sample exams in a warehouse that works and has written nothing down yet."""
    stocked.heal()
    stocked.clear()
    yield stocked
    stocked.heal()


@pytest.fixture
def environment(served: Warehouse, tmp_path: Path) -> dict[str, str]:
    return {
        "ITEMWISE_SOURCE": f"bigquery:{TABLE}",
        "ITEMWISE_BIGQUERY_ENDPOINT": served.endpoint,
        "ITEMWISE_GROUPS": "gender",
        "ITEMWISE_CACHE": str(tmp_path / "cache"),
    }


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(jobs, "QUICK", HASTY)
    monkeypatch.setattr(patience, "PAUSE", 0.0)
    monkeypatch.setattr("irt.commands.chosen.patient", lambda: patient(HASTY))
    with patient(HASTY):
        yield


def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *arguments: str
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    code = main(arguments)
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    return code, told.out, told.err


def client(environment: dict[str, str]) -> Any:
    """The API alone over the source of the settings."""
    settings = Settings.from_environment(environment)
    server = Flask("api")
    api.register(server, open_service(settings), settings)
    access.install(server, settings)
    return server.test_client()


def endpoints(served: Warehouse) -> list[str]:
    return [request.endpoint for request in served.requests]


# Numbers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ("items", *SELECT),
        ("score", *SELECT, "--class", "7A"),
        ("probabilities", *SELECT, "--class", "8B", "--missing", "wrong"),
        ("dif", *SELECT, "--group", "gender"),
        ("check", "--subject", MATHS["subject"]),
        ("items", *SELECT[:2], "--exam", "Term 1", "Term 2"),
        ("items", *SELECT, "--share", "0.5"),
        ("score", *SELECT, "--share", "0.5", "--class", "7A"),
        ("drift", *SELECT[:2], "--exam", "Term 1", "Term 2"),
    ],
    ids=lambda command: " ".join(command[:1] + command[5:]),
)
def test_commands_say_the_same_of_either_source(capsys, monkeypatch, environment, sample_store, command):
    embedded = {"ITEMWISE_SOURCE": f"parquet:{sample_store}", "ITEMWISE_CACHE": "off", "ITEMWISE_GROUPS": "gender"}
    warehouse = run(capsys, monkeypatch, environment, *command)
    assert warehouse[0] == 0
    assert warehouse == run(capsys, monkeypatch, embedded, *command)


def test_a_page_of_items_is_a_question_for_the_catalogue_and_one_for_the_answers(environment, served):
    asked = client(environment)
    assert asked.get(f"{V1}/items", query_string=LSAT6).status_code == 200
    # The columns of the table and a free look at it, then what there is and the answers.
    assert endpoints(served) == ["tables.get", "jobs.insert", "jobs.query", "jobs.query"]
    served.clear()
    for more in ({}, {"model": "1PL"}, {"missing": "wrong"}):
        assert asked.get(f"{V1}/items", query_string=LSAT6 | more).status_code == 200
        assert asked.get(f"{V1}/abilities", query_string=LSAT6 | more).status_code == 200
        assert asked.get(f"{V1}/probabilities", query_string=LSAT6 | more).status_code == 200
    assert endpoints(served) == []


# Leave to read -------------------------------------------------------------------------------------------------------


def test_a_command_says_what_reading_costs_and_how_to_allow_it(capsys, monkeypatch, environment, served):
    asking = environment | {"ITEMWISE_BIGQUERY_ASK_BYTES": "0"}
    code, out, err = run(capsys, monkeypatch, asking, "items", *SELECT)
    assert (code, out) == (2, "")
    assert "This would read about" in err
    assert "To go on, add --allow-bytes " in err
    assert "jobs.query" not in endpoints(served)
    code, out, _ = run(capsys, monkeypatch, asking, "items", *SELECT, "--allow-bytes", "1GB")
    assert code == 0
    assert out.startswith("item_id,")


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 2), ("", 2)])
def test_a_command_at_a_terminal_asks(capsys, monkeypatch, environment, answer, code):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answer * 3))
    monkeypatch.setattr("sys.stderr", Terminal())
    asking = environment | {"ITEMWISE_BIGQUERY_ASK_BYTES": "0"}
    for name, value in asking.items():
        monkeypatch.setenv(name, value)
    assert main(["items", *SELECT]) == code
    assert capsys.readouterr().out.startswith("item_id," if code == 0 else "")


def test_the_api_says_what_reading_costs_and_takes_leave(environment, served):
    asked = client(environment | {"ITEMWISE_BIGQUERY_ASK_BYTES": "0"})
    refused = asked.get(f"{V1}/items", query_string=MATHS)
    assert refused.status_code == 422
    body = refused.json
    assert body["reason"] == "confirmation"
    assert body["bytes"] > 0
    assert body["cost"] > 0
    assert [fault["path"] for fault in body["errors"]] == ["allow_bytes"]
    assert "jobs.query" not in endpoints(served)
    assert asked.get(f"{V1}/items", query_string=MATHS | {"allow_bytes": 10**9}).status_code == 200
    assert asked.get(f"{V1}/items", query_string=MATHS).status_code == 200  # what was read is there


# Faults --------------------------------------------------------------------------------------------------------------

FAULTS = [
    ({"status": 403, "reason": "accessDenied"}, "access", False),
    ({"status": 403, "reason": "quotaExceeded"}, "quota", False),
    ({"status": 404}, "not_found", False),
    ({"status": 401}, "credentials", False),
    ({"status": 503}, "unavailable", True),
    ({"cut": "answer"}, "unavailable", True),
    ({"truncate": True}, "unavailable", True),
]
IDS = [reason for _, reason, _ in FAULTS]


@pytest.mark.parametrize(("fault", "reason", "again"), FAULTS, ids=IDS)
@pytest.mark.parametrize("endpoint", ["tables.get", "jobs.query"])
def test_the_api_says_why_a_source_failed(environment, served, endpoint, fault, reason, again):
    asked = client(environment)
    served.fail(endpoint, times=100, **fault)
    answer = asked.get(f"{V1}/items", query_string=MATHS)
    assert answer.status_code == 503, answer.text
    body = answer.json
    assert answer.content_type == "application/problem+json"
    assert body["reason"] == reason or endpoint == "tables.get"
    assert ("Retry-After" in answer.headers) == again or endpoint == "tables.get"
    assert body["detail"].endswith(".")
    assert "Traceback" not in answer.text
    served.heal()
    assert asked.get(f"{V1}/items", query_string=MATHS).status_code == 200  # nothing of the failure stays


@pytest.mark.parametrize(("fault", "reason", "again"), FAULTS, ids=IDS)
def test_a_command_ends_with_a_sentence_where_a_source_fails(
    capsys, monkeypatch, environment, served, fault, reason, again
):
    served.fail("jobs.query", times=100, **fault)
    code, out, err = run(capsys, monkeypatch, environment, "items", *SELECT)
    assert (code, out) == (3, "")
    assert len(err.strip().splitlines()) == 1
    assert err.strip().endswith(".")


@pytest.mark.parametrize("after", [0, 1])
def test_a_failure_in_the_middle_of_a_request_loses_nothing_that_was_read(environment, served, after):
    asked = client(environment)
    served.fail("jobs.query", times=1, after=after, status=403, reason="quotaExceeded")
    assert asked.get(f"{V1}/items", query_string=LSAT6).status_code == 503
    served.clear()
    assert asked.get(f"{V1}/items", query_string=LSAT6).status_code == 200
    assert endpoints(served).count("jobs.query") == 2 - after


def test_kept_numbers_of_an_unchanged_table_are_shown_while_nothing_can_be_read(environment, served):
    asked = client(environment)
    before = asked.get(f"{V1}/items", query_string=MATHS).json
    served.fail("*", times=1000, status=503)
    assert asked.get(f"{V1}/items", query_string=MATHS).json == before
    other = asked.get(f"{V1}/items", query_string=MATHS | {"exam": "Term 1"})
    assert other.status_code == 503
    assert other.json["reason"] == "unavailable"


def test_health_is_cheap_and_says_which_source_is_away_and_why(environment, served):
    asked = client(environment)
    well = asked.get("/healthz")
    assert well.json["source"] == "bigquery"
    assert "jobs.query" not in endpoints(served)
    served.fail("tables.get", times=100, status=403, reason="accessDenied")
    away = client(environment).get("/healthz")
    assert away.status_code == 503
    assert away.json["reason"] == "access"


# What it costs -------------------------------------------------------------------------------------------------------


def test_the_bill_of_the_day_is_told_by_both(capsys, monkeypatch, environment, served):
    served.touch(TABLE)  # an answer out of the cache of the warehouse is free
    asked = client(environment)
    asked.get(f"{V1}/items", query_string=LSAT6)
    body = asked.get(f"{V1}/spending").json
    assert [row["question"] for row in body["data"]] == ["answers", "catalogue"]
    assert body["provenance"]["table"] == TABLE
    assert body["provenance"]["bytes_billed_today"] == sum(row["bytes_billed"] for row in body["data"]) > 0
    file = Path(environment["ITEMWISE_CACHE"]) / "bill.json"
    code, out, err = run(capsys, monkeypatch, environment, "spending", "--out", str(file))
    assert (code, out) == (0, "")
    assert "in 2 queries of school-1.exams.answers." in err
    written = json.loads(file.read_text("utf-8"))
    assert written["data"] == body["data"]
    assert LSAT6["subject"] not in json.dumps(body)  # values travel apart from the text of a query


def test_files_are_not_imported_into_a_warehouse(capsys, monkeypatch, environment, tmp_path):
    file = tmp_path / "exam.csv"
    file.write_text("student_id,q1\n1,1\n")
    code, _, err = run(capsys, monkeypatch, environment, "import", str(file))
    assert code == 2
    assert "which Itemwise does not write to. Name a folder to import into: --into FOLDER." in err
    own = ("--into", str(tmp_path / "own"), "--subject", "S", "--exam", "E")
    assert run(capsys, monkeypatch, environment, "import", str(file), *own)[0] == 0
