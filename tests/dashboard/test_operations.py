"""Contract: names, lines, numbers and limits of requests; nothing personal in any of them. Message: refusals."""

from __future__ import annotations

import json
import logging
import multiprocessing
import re
import runpy
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asking import ask, place, shown
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from dashboard.operations import logs, metrics, rates, request_ids, together
from dashboard.operations.windows import SharedWindows
from irt.sources import ParquetStore

#: Peers of these addresses say who logged in: everybody in these tests, with the header.
LOGIN = {"ITEMWISE_LOGIN_PROXIES": "127.0.0.1"}
ANNA, BERT = {"X-Remote-User": "anna.geheim"}, {"X-Remote-User": "bert.geheim"}
QUIET = "/api/v1/openapi.json"


def total(name: str, **labels: str) -> float:
    """What a metric shows, added up over the labels that are not named."""
    families = text_string_to_metric_families(metrics.exposed().decode())
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    """The lines of requests so far, as they are written under gunicorn."""
    caplog.set_level(logging.INFO, "itemwise.request")
    return lambda: [json.loads(logs.JsonLine().format(line)) for line in caplog.records if line.name.endswith("quest")]


# Names of requests ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["a", "4bf92f35.77b_34-DA", "x" * 64])
def test_a_proxys_name_of_a_request_is_kept(given: str) -> None:
    assert request_ids.chosen(given) == given


@pytest.mark.parametrize("given", [None, "", "x" * 65, "a b", "生徒", "a\n", '"', "a/b"])
def test_any_other_request_gets_a_new_name(given: str | None) -> None:
    assert request_ids.chosen(given) != request_ids.chosen(given) != given


@pytest.mark.parametrize("path", ["/healthz", QUIET, "/api/v1/none", "/assets/10-state.js", "/assets/none", "/x/y"])
def test_every_answer_bears_its_name(app: Any, path: str) -> None:
    answer = app.server.test_client().get(path, headers={"X-Request-Id": "abc-1"})
    assert answer.headers.getlist("X-Request-Id") == ["abc-1"]
    if answer.mimetype.endswith("problem+json"):
        assert answer.get_json()["request_id"] == "abc-1"
    assert request_ids.current() == ""


def test_refusals_bear_it_too(app: Any) -> None:
    answer = app.server.test_client().get(QUIET, headers={"Host": "evil.example", "X-Request-Id": "abc-2"})
    assert (answer.status_code, answer.headers["X-Request-Id"]) == (403, "abc-2")


# The log -------------------------------------------------------------------------------------------------------------


def test_a_line_says_which_rule_answered_and_nothing_of_what_was_asked(app: Any, lines: Any) -> None:
    client = app.server.test_client()
    sent = {"X-Request-Id": "abc-3"}
    body = client.get("/api/v1/calibrations/Hanako/Taro?note=Jiro", headers=sent).data
    (line,) = lines()
    assert line.pop("time").endswith("Z")
    assert line.pop("ms") > 0
    assert line == {
        "level": "INFO",
        "logger": "itemwise.request",
        "request_id": "abc-3",
        "message": "GET /api/v1/calibrations/<subject>/<exam> 400",
        "method": "GET",
        "route": "/api/v1/calibrations/<subject>/<exam>",
        "status": 400,
        "bytes": len(body),
        "way": "local",
    }


def test_a_path_that_there_is_not_and_a_method_that_is_made_up_are_not_repeated(app: Any, lines: Any) -> None:
    app.server.test_client().open("/assets/Hanako", method="TARO").get_data()
    (line,) = lines()
    assert (line["route"], line["method"]) == ("none", "other")


def test_bytes_and_time_are_those_on_the_wire(app: Any, lines: Any) -> None:
    answer = app.server.test_client().get("/api/v1/catalogue", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert lines()[-1:] == []  # it is not over before it is read
    sent = answer.get_data()
    assert lines()[-1]["bytes"] == len(sent)


def failing(app: Any, at: str) -> Flask:
    """A server with the layer of the app around what fails with a name in its message."""
    from dashboard.operations import install
    from irt.settings import Settings

    server = Flask(__name__)
    install(server, Settings.from_environment({}))

    student = "Hanako"

    def fail(*_: object, **__: object) -> Any:
        raise ValueError(student)

    if at == "after":
        server.after_request(fail)
    server.add_url_rule("/of/<who>", view_func=fail if at == "view" else lambda who: who)
    if at == "view":
        server.register_error_handler(Exception, fail)
    return server


@pytest.mark.parametrize("at", ["view", "after"])
def test_whatever_fails_is_a_500_and_its_place_is_logged_without_its_message(
    app: Any, at: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = failing(app, at).test_client().get("/of/Jiro?student=Taro")
    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"]
    written = f"{answer.text}\n"
    for line in filter(logs.Nameless().filter, caplog.records):
        line.exc_text = None  # which the test's own handler has filled in
        written += logs.JsonLine().format(line)
        line.exc_text = None
        written += logs.PlainLine().format(line)
    assert "ValueError" in written
    assert "in fail" in written
    assert not [name for name in ("Hanako", "Jiro", "Taro") if name in written]


@pytest.mark.parametrize("formatter", [logs.JsonLine(), logs.PlainLine()])
def test_an_exception_in_a_line_is_its_kind_and_place(formatter: logging.Formatter) -> None:
    student = "Hanako"
    try:
        raise KeyError(student)
    except KeyError as error:
        failure = (type(error), error, error.__traceback__)
    line = formatter.format(logging.LogRecord("a", logging.ERROR, "f", 1, "It failed", (), failure))
    assert "KeyError" in line
    assert "test_operations.py" in line
    assert "Hanako" not in line


@pytest.mark.parametrize(
    "said",
    [
        ("Invalid request from ip=10.0.0.1: Invalid HTTP request line: 'GET /?student=Hanako'", ()),
        ("Error handling request %s %s", ("GET", "/?student=Hanako")),
        ("Error handling request %s", ("/?student=Hanako",)),
    ],
)
def test_what_gunicorn_repeats_of_a_request_is_left_out(said: tuple[str, tuple[str, ...]]) -> None:
    line = logging.LogRecord("gunicorn.error", logging.WARNING, "f", 1, said[0], said[1], None)
    assert logs.Nameless().filter(line)
    assert "request" in line.getMessage()
    assert "Hanako" not in line.getMessage()
    assert "10.0.0.1" not in line.getMessage()


def test_gunicorns_present_messages_are_those_that_are_left_out() -> None:
    from gunicorn.workers import base

    source = Path(base.__file__).read_text()
    assert 'msg = "Invalid request from ip={ip}: {error}"' in source
    repeated = [line.strip() for line in source.splitlines() if "req.uri" in line and "log" in line]
    assert repeated
    assert all('"Error handling request' in line for line in repeated)


# Numbers -------------------------------------------------------------------------------------------------------------


def test_requests_and_results_are_counted(app: Any) -> None:
    client = app.server.test_client()
    asked = {"route": "/api/v1/items", "method": "GET", "status": "2xx"}
    before = total("itemwise_requests_total", **asked), total("itemwise_request_seconds_count", route="/api/v1/items")
    found = total("itemwise_kept_results_total", kind="exam", how="found")
    for _ in range(2):
        assert client.get("/api/v1/items?subject=Law School Admission Test&exam=Section 6").get_data()
    assert total("itemwise_requests_total", **asked) == before[0] + 2
    assert total("itemwise_request_seconds_count", route="/api/v1/items") == before[1] + 2
    assert total("itemwise_kept_results_total", kind="exam", how="found") >= found + 1
    assert total("itemwise_kept_results_total", kind="exam", how="made") >= 1
    assert total("itemwise_calibration_seconds_count", model="2PL") >= 1
    assert total("itemwise_source_seconds_count") >= 1
    assert total("itemwise_resident_bytes") > 1e7


def test_refusals_are_counted_by_their_code(app: Any) -> None:
    before = total("itemwise_refused_total", reason="foreign_host")
    app.server.test_client().get(QUIET, headers={"Host": "evil.example"}).get_data()
    assert total("itemwise_refused_total", reason="foreign_host") == before + 1


def test_what_is_shown_to_prometheus_is_for_whoever_holds_the_key(sample_store: Path, open_app: Any) -> None:
    key = "0123456789abcdefghijklmnopqrstuv"
    client = open_app(sample_store, **LOGIN, ITEMWISE_METRICS_KEY=key).server.test_client()
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers=ANNA).status_code == 403
    assert client.get("/metrics", headers={"Authorization": f"Bearer {key[:-1]}"}).status_code in (401, 403)
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    assert "itemwise_requests_total{" in answer.text


def test_no_label_holds_what_was_asked(app: Any) -> None:
    client = app.server.test_client()
    client.get("/download/Hanako.csv?student=Taro", headers={"X-Request-Id": "Jiro"}).get_data()
    client.open("/Saburo", method="SHIRO").get_data()
    shown = metrics.exposed().decode()
    assert not [name for name in ("Hanako", "Taro", "Jiro", "Saburo", "SHIRO") if name in shown]


# How often -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def limited(sample_store: Path, open_app: Any) -> Any:
    """An app in which each caller has three calls an hour."""
    return open_app(sample_store, **LOGIN, ITEMWISE_RATE_LIMIT="3/hour, 1000/day")


def test_each_caller_has_so_many_calls_and_then_a_sentence(limited: Any) -> None:
    client = limited.server.test_client()
    for left in ("2", "1", "0"):
        answer = client.get(QUIET, headers=ANNA)
        assert (answer.status_code, answer.headers["RateLimit-Remaining"]) == (200, left)
    refused = client.get(QUIET, headers=ANNA)
    assert refused.status_code == 429
    assert refused.get_json()["code"] == "rate_limited"
    assert "3 in 3600 seconds are answered" in refused.get_json()["detail"]
    assert refused.headers["RateLimit-Limit"] == "3"
    assert 3500 < int(refused.headers["Retry-After"]) <= 3600
    assert refused.headers["Retry-After"] == refused.headers["RateLimit-Reset"]
    assert client.get(QUIET, headers=BERT).status_code == 200


def test_pages_are_counted_apart_and_their_own_files_and_health_not_at_all(limited: Any) -> None:
    client = limited.server.test_client()
    before = total("itemwise_rate_limited_total", kind="pages")
    carl = {"X-Remote-User": "carl"}
    for _ in range(3):
        assert client.get("/_dash-layout", headers=carl).status_code == 200
    refused = client.get("/_dash-dependencies", headers=carl)
    assert (refused.status_code, refused.mimetype) == (429, "text/plain")
    assert refused.text.startswith("Too many requests: 3 in 3600 seconds")
    assert total("itemwise_rate_limited_total", kind="pages") == before + 1
    for path in (QUIET, "/", "/assets/10-state.js", "/healthz", "/healthz"):
        assert client.get(path, headers=carl).status_code == 200


def test_a_reader_on_their_own_machine_is_not_counted(sample_store: Path, open_app: Any) -> None:
    client = open_app(sample_store, ITEMWISE_RATE_LIMIT="1/day").server.test_client()
    answers = [client.get(QUIET) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert "RateLimit-Limit" not in answers[0].headers


@pytest.mark.parametrize("rule", ["api/v1/items", "api/v1/<path:rest>", "_dash-update-component", "download/items.csv"])
def test_whatever_shows_data_is_counted(rule: str) -> None:
    assert rates.kind_of(rule) is not None


def test_every_rule_of_the_app_is_counted_or_known_to_cost_little(app: Any) -> None:
    free = {rule.rule for rule in app.server.url_map.iter_rules() if rates.kind_of(rule.rule[1:]) is None}
    assert free <= {
        "/",
        "/<path:path>",
        "/_favicon.ico",
        "/_reload-hash",
        "/assets/<path:filename>",
        "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
        "/healthz",
        "/metrics",
        "/static/<path:filename>",
    }


def test_requests_that_cannot_be_counted_are_answered(limited: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    def full(*_: object, **__: object) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(SharedWindows, "incr", full)
    for _ in range(4):
        assert limited.server.test_client().get(QUIET, headers={"X-Remote-User": "dora"}).status_code == 200


def _count(file: Path, n: int) -> None:
    windows = SharedWindows(file)
    for _ in range(n):
        windows.incr("key", 3600)


def test_no_request_is_lost_between_processes(tmp_path: Path) -> None:
    file, fork = tmp_path / "rates.sqlite", multiprocessing.get_context("fork")
    others = [fork.Process(target=_count, args=(file, 300)) for _ in range(2)]
    for process in others:
        process.start()
    _count(file, 300)
    for process in others:
        process.join(60)
    assert SharedWindows(file).get("key") == 900


def test_a_window_ends_and_what_has_ended_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("dashboard.operations.windows.time.time", lambda: now[0])
    windows = SharedWindows(None)
    assert [windows.incr("a", 60), windows.incr("a", 60), windows.incr("b", 3600, amount=5)] == [1, 2, 5]
    assert (windows.get("a"), windows.get_expiry("a")) == (2, 1060.0)
    now[0] = 1060.0
    assert (windows.get("a"), windows.get_expiry("a")) == (0, 1060.0)
    assert windows.incr("a", 60) == 1
    now[0] -= 7200
    assert (windows.incr("a", 60), windows.get_expiry("a")) == (1, now[0] + 60)  # the clock was set back
    now[0] = 1130.0
    windows.incr("b", 3600)
    assert windows.reset() == 1
    assert windows.check()


# How long ------------------------------------------------------------------------------------------------------------


def until_answered(client: Any, path: str) -> None:
    """Ask until there is an answer, on a busy machine several times."""
    statuses = []
    while len(statuses) < 200 and statuses[-1:] != [200]:
        statuses.append(client.get(path).status_code)
    assert statuses[-1] == 200


def test_what_takes_too_long_goes_on_and_is_there_when_it_is_asked_for_again(
    sample_store: Path, open_app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, read, questions = threading.Event(), ParquetStore.answers, []

    def slowly(*asked: Any) -> Any:
        questions.append(1)
        assert go_on.wait(60)
        return read(*asked)

    app = open_app(sample_store, ITEMWISE_TIMEOUT="0.2")
    client, asked = app.server.test_client(), "/api/v1/items?subject=Law School Admission Test&exam=Section 7"
    until_answered(client, "/api/v1/catalogue")
    monkeypatch.setattr(ParquetStore, "answers", slowly)
    before = total("itemwise_given_up_total")
    for _ in range(2):
        answer = client.get(asked)
        assert (answer.status_code, answer.get_json()["code"]) == (503, "computing")
        assert int(answer.headers["Retry-After"]) >= 1
    assert total("itemwise_given_up_total") == before + 2
    page = ask(
        app,
        "overview.children",
        {"state.data": place("overview", subject="Law School Admission Test", exam="Section 7")},
    )
    assert "goes on being computed" in shown(page)
    assert "data-again" in shown(page)  # the button that asks once more
    go_on.set()
    until_answered(client, asked)
    assert questions == [1]


# What processes share ------------------------------------------------------------------------------------------------


def test_a_new_worker_takes_the_number_of_one_that_has_ended() -> None:
    assert together.free_number([]) == 0
    assert together.free_number({0, 1}) == 2
    assert together.free_number({0, 2}) == 1


def test_a_single_process_shares_nothing() -> None:
    assert (together.folder(), together.number()) == (None, 0)


# The documentation ---------------------------------------------------------------------------------------------------

DOCS = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()


def test_the_table_of_metrics_is_the_one_in_the_documentation() -> None:
    assert metrics.metrics_markdown() in DOCS


def test_alerts_are_about_metrics_that_there_are() -> None:
    counted = metrics.instruments()
    counted.request_seconds.labels("/").observe(1)
    names = {name for line in metrics.exposed().decode().splitlines() for name in re.findall(r"itemwise_\w+", line)}
    named = set(re.findall(r"itemwise_\w+", DOCS))
    assert {"itemwise_requests_total", "itemwise_request_seconds_bucket"} <= named <= names


def test_the_example_of_a_line_is_one(app: Any, lines: Any) -> None:
    app.server.test_client().get(QUIET).get_data()
    (example,) = re.findall(r"```json\n(.*)\n```", DOCS)
    assert list(json.loads(example)) == list(lines()[-1])


def test_what_is_said_of_gunicorn_is_what_is_set() -> None:
    found = runpy.run_path(str(Path(__file__).parents[2] / "gunicorn.conf.py"))
    for row in (
        f"| worker class, threads | `{found['worker_class']}`, {found['threads']} |",
        f"| `worker_connections` | {found['worker_connections']:,} |",
        f"| `timeout` | {found['timeout']} s |",
        f"| `keepalive` | {found['keepalive']} s |",
        f"| `max_requests` | {found['max_requests']:,}, and up to {found['max_requests_jitter']:,} more |",
    ):
        assert row in DOCS
    assert found["graceful_timeout"] == 60
    assert "| `graceful_timeout` | `ITEMWISE_TIMEOUT` + 10 s |" in DOCS
