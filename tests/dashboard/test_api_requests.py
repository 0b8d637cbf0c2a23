"""The HTTP API: methods, formats and leave of requests; bodies of many answers, and bodies that mean harm."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from dashboard.api.checks import Validator
from dashboard.api.replies import media_type
from dashboard.api.schemas import MOST_ITEMS, SENT
from irt.sources import ParquetStore
from tests.dashboard.small_exams import small_exam
from tests.signed import KEYS, analyst, bearer, teacher

LSAT6 = {"subject": "Law School Admission Test", "exam": "Section 6"}
V1 = "/api/v1"
MILLION = 10**6


@pytest.fixture
def client(app: Any) -> Any:
    return app.server.test_client()


def code(answer: Any, status: int) -> str:
    """The code of a refusal."""
    assert answer.status_code == status, answer.text[:300]
    assert answer.content_type == "application/problem+json"
    found: str = answer.json["code"]
    return found


def post(client: Any, content: bytes, path: str = "probabilities", **headers: str) -> Any:
    return client.post(f"{V1}/{path}", data=content, content_type="application/json", headers=headers)


# Methods and formats -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("catalogue", {"GET", "HEAD", "OPTIONS"}),
        ("probabilities", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("calibrations/a/b", {"GET", "HEAD", "OPTIONS"}),
        ("openapi.json", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_methods_are_those_that_there_are(client: Any, path: str, methods: set[str]) -> None:
    told = client.options(f"{V1}/{path}")
    assert (told.status_code, told.data, set(told.allow)) == (204, b"", methods)
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} - methods:
        refused = client.open(f"{V1}/{path}", method=method)
        assert code(refused, 405) == "method_not_allowed"
        assert set(refused.allow) == methods


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PUT", "PROPFIND"])
def test_where_nothing_is_there_is_no_method(client: Any, method: str) -> None:
    assert code(client.open(f"{V1}/calibrations/a/b/c", method=method), 404) == "unknown_path"


def test_head_has_the_headers_of_get(client: Any) -> None:
    got, head = (ask(f"{V1}/items", query_string=LSAT6) for ask in (client.get, client.head))
    assert (head.status_code, head.data) == (200, b"")
    assert {n: v for n, v in head.headers if n != "X-Request-Id"} == {
        n: v for n, v in got.headers if n != "X-Request-Id"
    }
    assert client.head(f"{V1}/items?limit=0").status_code == 400


@pytest.mark.parametrize(
    ("accept", "found"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "application/json"),
        ("application/json; charset=utf-8", "application/json"),
        ("text/csv;header=present", "text/csv"),
        ("text/*", "text/csv"),
        ("application/json;q=0.2, text/csv", "text/csv"),
        ("application/xml", None),
        ("application/json;q=0, text/csv;q=0", None),
    ],
)
def test_the_accept_header_says_the_format(client: Any, accept: str, found: str | None) -> None:
    answer = client.get(f"{V1}/items", query_string=LSAT6, headers={"Accept": accept})
    if found is None:
        assert code(answer, 406) == "not_acceptable"
        assert "text/csv" in answer.json["detail"]
    else:
        assert (answer.status_code, answer.mimetype) == (200, found)
    assert "Accept" in answer.vary


def test_a_file_is_no_table_and_the_parameter_wins(client: Any, app: Any) -> None:
    assert code(client.get(f"{V1}/calibrations", query_string=LSAT6, headers={"Accept": "text/csv"}), 406)
    with app.server.test_request_context("/?format=json", headers={"Accept": "text/csv"}):
        assert media_type({"format": "json"}, ("application/json", "text/csv")) == "application/json"


# Who may what --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory, open_app: Callable[..., Any]) -> Any:
    """A client of a server that takes signed tokens, over two small exams."""
    folder: Path = tmp_path_factory.mktemp("two-exams")
    for name in ("June", "July"):
        ParquetStore(folder).add(small_exam(name, n_students=60, n_items=6))
    return open_app(folder, ITEMWISE_EMBED_KEYS=KEYS).server.test_client()


@pytest.mark.parametrize(("caller", "status"), [(teacher(), 403), (analyst(), 200)])
def test_only_who_may_spend_gives_leave_to_read(signed: Any, caller: Any, status: int) -> None:
    answer = signed.get(f"{V1}/catalogue?allow_bytes=1", headers=bearer(caller))
    assert answer.status_code == status
    assert signed.get(f"{V1}/catalogue?allow_bytes=0", headers=bearer(caller)).status_code == 200
    body = orjson.dumps(
        {"responses": [{"student_id": "s", "item_id": "q0", "correct": 1}], "subject": "x", "exam": "y"}
    )
    sent = post(signed, body, "probabilities?allow_bytes=1", **bearer(caller))
    assert sent.status_code == (403 if status == 403 else 404)
    if status == 403:
        assert sent.json["code"] == answer.json["code"] == "not_permitted"


@pytest.mark.parametrize("path", ["probabilities", "abilities"])
def test_a_stored_calibration_is_lent_within_the_scope(signed: Any, path: str) -> None:
    june = bearer(teacher(exams=frozenset({"June"})))
    rows = [{"student_id": "s", "item_id": "q0", "correct": 1}]
    own = post(signed, orjson.dumps({"subject": "Maths", "exam": "June", "responses": rows}), path, **june)
    assert own.status_code == 200, own.text
    for stored in ({"subject": "Maths", "exam": "July"}, {"calibration": {"subject": "Maths", "exam": "July"}}):
        other = post(signed, orjson.dumps({**stored, "responses": rows}), path, **june)
        nowhere = post(signed, orjson.dumps({**stored, "responses": rows}).replace(b"July", b"Yule"), path, **june)
        assert code(other, 404) == "not_there"
        assert other.json["detail"] == nowhere.json["detail"].replace("Yule", "July")


def test_health_tells_strangers_nothing(signed: Any) -> None:
    assert signed.get("/healthz").json == {"status": "ok"}
    assert signed.get(f"{V1}/healthz").status_code == 401
    assert signed.get(f"{V1}/healthz", headers=bearer(teacher())).json["source"] == "parquet"


# Answers sent --------------------------------------------------------------------------------------------------------


def calibration(n_items: int) -> dict[str, Any]:
    """A calibration of items q0, q1, ..."""
    items = [{"item_id": f"q{j}", "discrimination": 1.0, "difficulty": j / n_items} for j in range(n_items)]
    return {"format": "itemwise-calibration/1", "model": "2PL", "status": "converged", "items": items}


def rows(n_students: int, n_items: int) -> list[dict[str, Any]]:
    return [
        {"student_id": f"s{s}", "item_id": f"q{i}", "correct": (s + i) % 2}
        for s in range(n_students)
        for i in range(n_items)
    ]


def test_abilities_of_sent_answers_are_those_of_stored_ones(client: Any) -> None:
    stored = client.get(f"{V1}/abilities", query_string=LSAT6 | {"method": "WLE", "limit": 1}).json
    student = stored["data"][0]["student_id"]
    found = client.get(f"{V1}/probabilities", query_string=LSAT6 | {"student_id": student}).json["data"]
    sent = [{name: row[name] for name in ("student_id", "item_id", "correct")} for row in found]
    told = post(client, orjson.dumps({**LSAT6, "responses": sent, "method": "WLE"}), "abilities").json
    assert told["data"][0] == pytest.approx(stored["data"][0], abs=1e-9)
    assert told["provenance"]["model"] == stored["provenance"]["model"]
    refused = post(client, orjson.dumps({**LSAT6, "responses": sent, "item_ids": ["LSAT6-1"]}), "abilities")
    assert refused.json["errors"][0]["path"] == "/item_ids"


def test_a_hundred_thousand_answers_in_one_post(client: Any) -> None:
    body = orjson.dumps({"calibration": calibration(2), "responses": rows(50_000, 2)})
    answer = post(client, body, "probabilities?format=csv")
    assert answer.status_code == 200
    assert answer.is_streamed
    lines = answer.text.splitlines()
    assert len(lines) == 1 + 100_000
    assert lines[-1].startswith("s49999,q1,")


def test_long_answers_are_whole_json(client: Any) -> None:
    body = orjson.dumps({"calibration": calibration(100), "responses": rows(300, 5)})
    answer = post(client, body)
    assert answer.is_streamed
    found = answer.json
    assert len(found["data"]) == 300 * 100
    assert [found["data"][k]["student_id"] for k in (0, 9_999, 10_000, 29_999)] == ["s0", "s99", "s100", "s299"]
    assert found["next"] is None
    chosen = post(client, orjson.dumps(orjson.loads(body) | {"item_ids": ["q7", "q3"]})).json["data"]
    assert chosen == [row for k in range(0, 30_000, 100) for row in (found["data"][k + 7], found["data"][k + 3])]


def test_the_file_of_a_long_exam_comes_back(client: Any) -> None:
    n = 2 * 300
    covariance = {"lower_triangle": [0.01 if i == j else 0.0 for i in range(n) for j in range(i + 1)]}
    body = {"calibration": calibration(300) | {"covariance": covariance}, "responses": rows(1, 3)}
    assert len(post(client, orjson.dumps(body)).json["data"]) == 300


# Bodies that mean harm -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        b'{"responses": [], "responses": []}',
        b'{"responses": [{"student_id": "a", "student_id": "b", "item_id": "q", "correct": 1}]}',
        b'{"responses": [{"student_id": "a:b", "item_id": "q", "correct": 1, "correct": 0}]}',
        b'{"responses": [{"student_id": "a", "item_id": "q", "correct": 1}], "calibration": {"exam": 1, "exam": 2}}',
    ],
)
def test_a_name_stands_once(client: Any, text: bytes) -> None:
    answer = post(client, text)
    assert code(answer, 400) == "bad_request"
    assert "twice" in answer.json["detail"]


def test_colons_in_ids_are_no_names(client: Any) -> None:
    sent = [
        {"student_id": 'a:"b', "item_id": "LSAT6-1", "correct": 1.0},
        {"student_id": ":", "item_id": ":{", "correct": 0},
    ]
    assert post(client, json.dumps({**LSAT6, "responses": sent}).encode()).status_code == 200


@pytest.mark.parametrize("text", [b"null", b"1", b'"text"', b"[]", b"true", b"{}"])
def test_what_is_no_object_is_refused(client: Any, text: bytes) -> None:
    assert code(post(client, text), 400) == "bad_request"


ONE = b'{"responses":[{"student_id":"s","item_id":"q","correct":1}],'


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"[" + b"0," * 5 * MILLION + b"0]",
        lambda: b'{"responses":[' + b"[]," * 3 * MILLION + b"[]]}",
        lambda: b'{"responses":[' + b"{}," * 3 * MILLION + b"{}]}",
        lambda: b"[" * 10 * MILLION,
        lambda: ONE + b'"item_ids":[' + b",".join(b"%d" % k for k in range(MILLION)) + b"]}",
        lambda: b"{" + b",".join(b'"k%d":0' % k for k in range(850_000)) + b"}",
    ],
    ids=["numbers", "arrays", "objects", "deep", "items", "names"],
)
def test_ten_megabytes_that_would_fill_the_memory_are_413(client: Any, make: Callable[[], bytes]) -> None:
    assert code(post(client, make()), 413) == "too_large"


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"\0" * 10 * MILLION,
        lambda: b'"' + b"x" * 10 * MILLION + b'"',
        lambda: ONE + b'"' + b"k" * 10 * MILLION + b'":1}',
        lambda: ONE + b'"model":"' + b"k" * 10 * MILLION + b'"}',
        lambda: ONE + b'"item_ids":[' + b",".join(b'"q%d"' % k for k in range(500_000)) + b"]}",
    ],
    ids=["zeros", "text", "name", "value", "items"],
)
def test_ten_megabytes_of_nonsense_are_refused_in_a_few_words(client: Any, make: Callable[[], bytes]) -> None:
    answer = post(client, make())
    assert code(answer, 400) == "bad_request"
    assert len(answer.data) < 2_000


def test_members_of_an_array_are_not_compared_each_with_each() -> None:
    class Compared(dict[str, int]):
        def __eq__(self, other: object) -> bool:
            raise AssertionError("compared")

        __hash__ = None  # type: ignore[assignment]

    schema = SENT["sent_probabilities"]["properties"]["item_ids"]
    errors = list(Validator(schema).iter_errors([Compared(a=k) for k in range(MOST_ITEMS)]))
    assert {error.validator for error in errors} == {"type"}
    assert [e.validator for e in Validator(schema).iter_errors(["a", "b", "a"])] == ["uniqueItems"]
