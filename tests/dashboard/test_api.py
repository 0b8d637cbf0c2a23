"""The HTTP API: right requests, wrong ones, huge and hostile ones."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from dashboard import access, api
from dashboard.api.checks import plainly_good
from dashboard.api.document import markdown
from dashboard.api.findings import FINDINGS
from dashboard.api.routes import ROUTES
from dashboard.api.schemas import MOST_RESPONSES, RESPONSE
from irt.errors import ConfirmationNeeded, SourceError
from irt.serialise import COUNTS_COLUMNS, FINDING_COLUMNS
from irt.service import Service
from irt.settings import Settings

LSAT6 = {"subject": "Law School Admission Test", "exam": "Section 6"}
MATHS = {"subject": "Mathematics (simulated)", "exam": "Term 2"}
ITEMS = [f"LSAT6-{j}" for j in range(1, 6)]
V1 = "/api/v1"


@pytest.fixture
def client(app: Any) -> Any:
    return app.server.test_client()


def problem(answer: Any, status: int) -> dict[str, Any]:
    """The body of a refusal, after the checks that every refusal passes."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    body: dict[str, Any] = answer.json
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert "Traceback" not in answer.text
    return body


def post(client: Any, body: Any) -> Any:
    return client.post(f"{V1}/probabilities", data=json.dumps(body), content_type="application/json")


def answers(n_students: int = 80, n_items: int = 5) -> list[dict[str, Any]]:
    """Answers with a plain order of students and items, and some noise."""
    return [
        {"student_id": f"s{s}", "item_id": f"q{i}", "correct": int((s * 7 + i * 13) % 80 > 15 + 12 * i - (s + i) % 3)}
        for s in range(n_students)
        for i in range(n_items)
    ]


# Right requests ------------------------------------------------------------------------------------------------------


def test_healthz(client: Any) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json["status"] == "ok"
    assert answer.json["source"] == "parquet"


def test_catalogue_counts(client: Any) -> None:
    body = client.get(f"{V1}/catalogue").json
    exam = next(e for e in body["exams"] if e["exam"] == "Section 6")
    assert exam == {**LSAT6, "n_students": 1000, "n_items": 5, "n_answers": 5000}
    assert {"subject", "exam", "class_name", "n_students"} <= set(body["data"][0])
    assert set(body) >= {"data", "provenance", "warnings", "next"}


def test_items_of_lsat6(client: Any) -> None:
    body = client.get(f"{V1}/items", query_string=LSAT6).json
    assert [row["item_id"] for row in body["data"]] == ITEMS
    # Bock & Lieberman (1970), 2PL by marginal maximum likelihood; printed to four digits.
    assert [row["discrimination"] for row in body["data"]] == pytest.approx(
        [0.8257, 0.7228, 0.8909, 0.6884, 0.6569], abs=1e-4
    )
    assert body["provenance"]["model"] == "2PL"
    assert body["model_reason"]


def test_pages_join_to_the_whole(client: Any) -> None:
    whole = client.get(f"{V1}/abilities", query_string=LSAT6).json["data"]
    joined, url = [], f"{V1}/abilities?subject=Law+School+Admission+Test&exam=Section+6&limit=300"
    while url:
        body = client.get(url).json
        joined += body["data"]
        url = body["next"]
    assert joined == whole
    assert len(joined) == 1000


def test_csv_by_accept_and_by_parameter(client: Any) -> None:
    by_parameter = client.get(f"{V1}/items", query_string=LSAT6 | {"format": "csv"})
    by_accept = client.get(f"{V1}/items", query_string=LSAT6, headers={"Accept": "text/csv"})
    assert by_parameter.text == by_accept.text
    assert by_parameter.content_type == "text/csv; charset=utf-8"
    assert not by_parameter.text.startswith("\ufeff")
    data = client.get(f"{V1}/items", query_string=LSAT6, headers={"Accept": "text/csv, application/json;q=0.1"})
    assert data.text == by_parameter.text
    rows = list(csv.DictReader(io.StringIO(by_parameter.text)))
    found = client.get(f"{V1}/items", query_string=LSAT6).json["data"]
    assert [float(row["difficulty"]) for row in rows] == [row["difficulty"] for row in found]


def test_csv_pages_say_where_the_next_is(client: Any) -> None:
    answer = client.get(f"{V1}/abilities", query_string=LSAT6 | {"format": "csv", "limit": 10, "note": "1"})
    assert re.search(r'[?&]offset=10&state=[0-9a-f]{32}>; rel="next"$', answer.headers["Link"])
    assert answer.text.startswith("# student_id: ")
    assert len(client.get(f"{V1}/abilities", query_string=LSAT6 | {"format": "csv"}).text.splitlines()) == 1001


def test_probabilities_of_chosen_students_and_items(client: Any) -> None:
    query = {**LSAT6, "student_id": ["LSAT6-0007", "LSAT6-0003"], "item_id": ["LSAT6-5", "LSAT6-2"]}
    rows = client.get(f"{V1}/probabilities", query_string=query).json["data"]
    found = [(row["student_id"], row["item_id"]) for row in rows]
    assert found == [(f"LSAT6-000{s}", f"LSAT6-{i}") for s in (3, 7) for i in (2, 5)]
    assert all(row["lower"] < row["probability"] < row["upper"] for row in rows)


def test_calibration_by_query_and_by_path(client: Any) -> None:
    by_query = client.get(f"{V1}/calibrations", query_string=LSAT6).json
    assert by_query == client.get(f"{V1}/calibrations/Law%20School%20Admission%20Test/Section%206").json
    assert by_query["format"] == "itemwise-calibration/1"
    assert by_query["log_likelihood"] == pytest.approx(-2466.6533, abs=1e-3)  # Bock & Lieberman (1970): -2466.653


def test_a_calibration_travels_there_and_back(client: Any) -> None:
    calibration = client.get(f"{V1}/calibrations", query_string=LSAT6).json
    stored = client.get(f"{V1}/probabilities", query_string=LSAT6 | {"student_id": "LSAT6-0500"}).json["data"]
    sent = [{name: row[name] for name in ("student_id", "item_id", "correct")} for row in stored]
    for body in (
        {"calibration": calibration, "responses": sent},
        {"calibration": LSAT6, "responses": sent},
        {**LSAT6, "responses": sent},
    ):
        told = post(client, body).json["data"]
        # One student is scored alone, the stored ones together: equal up to the order of summation.
        assert told == [
            {
                name: pytest.approx(value, abs=1e-12) if isinstance(value, float) else value
                for name, value in row.items()
            }
            for row in stored
        ]


def test_chances_averaged_over_the_ability(client: Any) -> None:
    asked = LSAT6 | {"student_id": "LSAT6-0500"}
    plain, averaged = (
        client.get(f"{V1}/probabilities", query_string=asked | {"kind": kind}).json
        for kind in ("estimate", "predictive")
    )
    assert averaged["provenance"]["kind"] == "predictive"
    sent = [{name: row[name] for name in ("student_id", "item_id", "correct")} for row in plain["data"]]
    told = post(client, {**LSAT6, "responses": sent, "kind": "predictive"}).json["data"]
    for here, there, posted in zip(plain["data"], averaged["data"], told, strict=True):
        # Averaging over what is not known of the ability draws a chance towards a half.
        assert abs(there["probability"] - 0.5) < abs(here["probability"] - 0.5)
        assert posted["probability"] == pytest.approx(there["probability"], abs=1e-9)
    problem(client.get(f"{V1}/probabilities", query_string=asked | {"kind": "best"}), 400)


def test_a_3pl_calibration_travels_there_and_back(client: Any) -> None:
    asked = LSAT6 | {"model": "3PL", "guessing_prior": "-1.4,0.4"}
    calibration = client.get(f"{V1}/calibrations", query_string=asked).json
    assert calibration["options"]["guessing_prior"] == [-1.4, 0.4]
    assert all(0 < item["guessing"] < 0.5 and item["se"]["guessing"] > 0 for item in calibration["items"])
    stored = client.get(f"{V1}/probabilities", query_string=asked | {"student_id": "LSAT6-0500"}).json["data"]
    sent = [{name: row[name] for name in ("student_id", "item_id", "correct")} for row in stored]
    told = post(client, {"calibration": calibration, "responses": sent}).json["data"]
    for name in ("probability", "lower", "upper"):
        # One student is scored alone, the stored ones together: equal up to the order of summation.
        assert [row[name] for row in told] == pytest.approx([row[name] for row in stored], abs=1e-9)


@pytest.mark.parametrize(("path", "name"), [(route.path, route.name) for route in FINDINGS if route.name != "drift"])
def test_questions_of_analysts_come_as_json_and_csv(client: Any, path: str, name: str) -> None:
    asked = MATHS | {"group": "gender"} if name == "dif" else LSAT6
    answer = client.get(f"{V1}{path}", query_string=asked)
    assert answer.status_code == 200, answer.text
    body = answer.json
    assert list(body["columns"]) == list(FINDING_COLUMNS[name])
    assert [list(row) for row in body["data"]] == [list(FINDING_COLUMNS[name])] * len(body["data"])
    assert body["provenance"]["source_fingerprint"]
    by_csv = client.get(f"{V1}{path}", query_string=asked | {"format": "csv"})
    assert by_csv.text.splitlines()[0] == ",".join(FINDING_COLUMNS[name])
    assert len(by_csv.text.splitlines()) == 1 + len(body["data"])


def test_several_exams_are_one_calibration(client: Any) -> None:
    both = client.get(f"{V1}/items", query_string=MATHS | {"exam": ["Term 1", "Term 2"]}).json
    alone = [
        client.get(f"{V1}/items", query_string=MATHS | {"exam": exam}).json["data"] for exam in ("Term 1", "Term 2")
    ]
    assert {row["item_id"] for row in both["data"]} == {row["item_id"] for rows in alone for row in rows}
    assert both["provenance"]["exams"] == ["Term 1", "Term 2"]
    assert len(both["data"]) < sum(map(len, alone))


def test_one_answer_tells_of_every_calibrated_item(client: Any) -> None:
    body = post(client, {**LSAT6, "responses": [{"student_id": "七", "item_id": ITEMS[0], "correct": 0}]}).json
    assert [row["item_id"] for row in body["data"]] == ITEMS
    assert [row["correct"] for row in body["data"]] == [0, None, None, None, None]
    asked = {
        **LSAT6,
        "item_ids": [ITEMS[3], ITEMS[1]],
        "responses": [{"student_id": "七", "item_id": ITEMS[0], "correct": 0}],
    }
    assert [row["item_id"] for row in post(client, asked).json["data"]] == [ITEMS[3], ITEMS[1]]


def test_without_a_calibration_one_is_fitted(client: Any) -> None:
    body = post(client, {"responses": answers(), "model": "1PL"}).json
    assert body["provenance"]["model"] == "1PL"
    assert len(body["data"]) == 80 * 5
    assert body["next"] is None


def test_not_scored_and_not_calibrated_are_said(client: Any) -> None:
    rows = [
        {"student_id": "a", "item_id": ITEMS[0], "correct": 1},
        {"student_id": "a", "item_id": "unknown", "correct": 1},
        {"student_id": "b", "item_id": ITEMS[0], "correct": None},
    ]
    body = post(client, {**LSAT6, "responses": rows}).json
    assert {row["student_id"] for row in body["data"]} == {"a"}
    assert next(row for row in body["data"] if row["item_id"] == "unknown")["probability"] is None
    assert any("no scored answer" in warning for warning in body["warnings"])
    assert any("unknown" in warning for warning in body["warnings"])


# Wrong requests ------------------------------------------------------------------------------------------------------


def test_every_fault_of_a_query_is_listed(client: Any) -> None:
    body = problem(client.get(f"{V1}/items?model=9PL&limit=0&foo=1&bar=2&subject=a&subject=b"), 400)
    assert [error["path"] for error in body["errors"]] == ["subject", "model", "limit", "foo", "bar"]


@pytest.mark.parametrize("name", [route.name for route in ROUTES if route.method == "GET" and not route.in_path])
def test_unknown_parameters_are_refused_everywhere(client: Any, name: str) -> None:
    path = next(route.path for route in ROUTES if route.name == name)
    assert problem(client.get(f"{V1}{path}?nonsense=1"), 400)["errors"][0]["path"] == "nonsense"


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("items", 400, "Choose one subject"),
        ("items?subject=Law+School+Admission+Test", 400, "Choose one exam: Section 6, Section 7"),
        ("items?subject=Alchemy", 404, "Alchemy"),
        (
            "items?subject=Law+School+Admission+Test&exam=Section+6&exam=Section+7",
            422,
            "share no items and no students",
        ),
        (
            "items?subject=Law+School+Admission+Test&exam=Section+6&guessing_prior=none",
            400,
            "guessing_prior needs model",
        ),
        ("items?model=2PL&guessing_prior=none", 400, "guessing_prior is for the 3PL and 4PL, not the 2PL"),
        ("items?model=3PL&guessing_prior=-1.1,0", 400, "SD above 0"),
        ("items?model=3PL&guessing_prior=low", 400, "must be MEAN,SD with an SD above 0, or none"),
        ("dif?subject=Law+School+Admission+Test&exam=Section+6", 400, "lacks group"),
        ("dif?subject=Law+School+Admission+Test&exam=Section+6&group=school", 404, "no column 'school'"),
        ("drift?subject=Law+School+Admission+Test&exam=Section+6", 400, "name two"),
        ("items?subject=Law+School+Admission+Test&exam=Section+6&class=7A", 404, "7A"),
        ("abilities?subject=Law+School+Admission+Test&exam=Section+6&method=magic", 400, "must be one of EAP"),
        ("probabilities?subject=Law+School+Admission+Test&exam=Section+6&student_id=nobody", 404, "nobody"),
        ("probabilities?subject=Law+School+Admission+Test&exam=Section+6&item_id=nothing", 404, "nothing"),
        ("items?subject=Law+School+Admission+Test&exam=Section+6&prior=weak", 400, "prior needs model"),
        ("probabilities?limit=1e3", 400, "must be of type integer"),
        ("calibrations/Law%20School%20Admission%20Test/Section%209", 404, "Section 9"),
        ("calibrations/a/b?subject=c", 400, "is not a name known here"),
        ("calibrations/a/" + "b" * 201, 400, "at most 200 characters"),
        ("items?subject=%00", 404, "There is no subject"),
        ("items?subject=%FF%FE", 404, "There is no subject"),
        ("items?subject=' OR 1=1 --", 404, "There is no subject"),
        ("items?subject=" + "x" * 201, 400, "at most 200 characters"),
        ("nothing", 404, "nothing at this path"),
        ("", 404, "nothing at this path"),
    ],
)
def test_a_refusal_is_a_problem_with_its_sentence(client: Any, path: str, status: int, says: str) -> None:
    assert says in json.dumps(problem(client.get(f"{V1}/{path}"), status), ensure_ascii=False)


def test_methods_that_are_not_there(client: Any) -> None:
    answer = client.put(f"{V1}/items")
    problem(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    problem(client.delete(f"{V1}/calibrations/a/b"), 405)
    problem(client.post(f"{V1}/nothing"), 404)


@pytest.mark.parametrize(
    ("body", "path", "says"),
    [
        ({}, "", "lacks responses"),
        ([], "", "type object"),
        (None, "", "type object"),
        ("text", "", "type object"),
        ({"responses": []}, "/responses", "must not be empty"),
        ({"responses": {}}, "/responses", "type array"),
        ({"responses": [1]}, "/responses/0", "type object"),
        ({"responses": [{}]}, "/responses/0", "lacks student_id, item_id, correct"),
        (
            {"responses": [{"student_id": 7, "item_id": "q", "correct": 1}]},
            "/responses/0/student_id",
            "type string, not 7",
        ),
        ({"responses": [{"student_id": "", "item_id": "q", "correct": 1}]}, "/responses/0/student_id", "not be empty"),
        ({"responses": [{"student_id": "s", "item_id": "q" * 201, "correct": 1}]}, "/responses/0/item_id", "200"),
        (
            {"responses": [{"student_id": "s", "item_id": "q", "correct": 2}]},
            "/responses/0/correct",
            "0, 1, null, not 2",
        ),
        ({"responses": [{"student_id": "s", "item_id": "q", "correct": True}]}, "/responses/0/correct", "0, 1, null"),
        ({"responses": [{"student_id": "s", "item_id": "q", "correct": "1"}]}, "/responses/0/correct", "0, 1, null"),
        ({"responses": [{"student_id": "s", "item_id": "q", "correct": 1, "x": 1}]}, "/responses/0/x", "not a name"),
        ({"responses": answers(1, 1) * 2}, "/responses/1", "repeats the student and item"),
        ({"responses": answers(1, 1), "extra/~": 1}, "/extra~1~0", "not a name"),
        ({"responses": answers(1, 1), "model": "7PL"}, "/model", "1PL, 2PL"),
        ({"responses": answers(1, 1), "item_ids": ["a", "a"]}, "/item_ids", "twice"),
        ({"responses": answers(1, 1), "item_ids": []}, "/item_ids", "must not be empty"),
        ({"responses": answers(1, 1), "item_ids": ["nope"]}, "/item_ids/0", "neither answered nor calibrated"),
        ({"responses": answers(1, 1), "subject": "S"}, "", "subject needs exam"),
        ({"responses": answers(1, 1), "calibration": {}}, "/calibration", "lacks subject, exam"),
        ({"responses": answers(1, 1), "calibration": 5}, "/calibration", "type object"),
        (
            {"responses": answers(1, 1), "calibration": {"format": "other/1"}},
            "/calibration/format",
            "itemwise-calibration/1",
        ),
        (
            {
                "responses": answers(1, 1),
                "calibration": {
                    "format": "itemwise-calibration/1",
                    "model": "2PL",
                    "status": "converged",
                    "items": [{"item_id": "q0", "discrimination": "steep", "difficulty": 0}],
                },
            },
            "/calibration/items/0/discrimination",
            "number or null",
        ),
        (
            {
                "responses": answers(1, 1),
                "calibration": {
                    "format": "itemwise-calibration/1",
                    "model": "2PL",
                    "status": "converged",
                    "items": [{"item_id": "q0", "discrimination": 1e300, "difficulty": 0}],
                },
            },
            "/calibration",
            "discrimination",
        ),
    ],
)
def test_a_fault_in_the_body_is_named(client: Any, body: Any, path: str, says: str) -> None:
    errors = problem(post(client, body), 400)["errors"]
    assert any(error["path"] == path and says in error["message"] for error in errors), errors


def test_more_faults_than_are_listed_are_not_counted_wrong(client: Any) -> None:
    body = problem(post(client, {"responses": [{"x": 1}] * 5000}), 400)
    assert len(body["errors"]) == 1000
    assert "more than 1000 faults" in body["detail"]


def test_every_fault_of_a_body_is_listed(client: Any) -> None:
    rows = [{"student_id": k, "item_id": "q", "correct": 1} for k in range(25)]
    body = problem(post(client, {"responses": rows, "zz": 1, "model": "?"}), 400)
    assert [error["path"] for error in body["errors"][2:]] == [f"/responses/{k}/student_id" for k in range(25)]
    assert {error["path"] for error in body["errors"][:2]} == {"/zz", "/model"}
    assert body["n_errors"] == 27


def test_a_sentence_of_the_calibration_file_ends_once(client: Any) -> None:
    calibration = client.get(f"{V1}/calibrations", query_string=LSAT6).json | {"n_persons": -5}
    detail = problem(post(client, {"calibration": calibration, "responses": answers(1, 1)}), 400)["detail"]
    assert detail.endswith("not -5.")


def test_a_calibration_is_named_once(client: Any) -> None:
    calibration = client.get(f"{V1}/calibrations", query_string=LSAT6).json
    body = {"calibration": calibration, "responses": answers(1, 1)}
    assert problem(post(client, body | LSAT6), 400)["errors"][0]["path"] == "/calibration"
    assert problem(post(client, body | {"model": "2PL"}), 400)["errors"][0]["path"] == "/model"


def test_too_few_answers_are_422_with_the_sentence(client: Any) -> None:
    body = problem(post(client, {"responses": answers(10)}), 422)
    assert "too few to fit a model" in body["detail"]


def test_no_shared_item_is_a_sentence(client: Any) -> None:
    body = problem(post(client, {**LSAT6, "responses": answers(3)}), 400)
    assert "no scored answer to a calibrated item" in body["detail"]


def test_students_who_answered_nothing_calibrated_are_said(client: Any) -> None:
    rows = [*answers(3), {"student_id": "known", "item_id": ITEMS[0], "correct": 1}]
    warnings = post(client, {**LSAT6, "responses": rows}).json["warnings"]
    assert any(warning.startswith("3 students have no scored answer to a calibrated item") for warning in warnings)


# Hostile requests ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_another_kind_of_body_is_415(client: Any, kind: str) -> None:
    problem(client.post(f"{V1}/probabilities", data=b"{}", content_type=kind), 415)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b'{"responses": NaN}',
        b'{"responses": [{"student_id": "s", "item_id": "q", "correct": Infinity}]}',
        b'{"responses": ["\\ud800"]}',
        b"[" * 200_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    ],
)
def test_what_is_no_json_is_400(client: Any, text: bytes) -> None:
    body = problem(client.post(f"{V1}/probabilities", data=text, content_type="application/json"), 400)
    assert "not JSON" in body["detail"]


def test_deep_nesting_never_recurses(client: Any) -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    problem(post(client, {"responses": answers(1, 1), "calibration": deep}), 413)
    problem(post(client, {"responses": [deep]}), 413)
    problem(post(client, {"responses": [*answers(1, 1), deep]}), 400)


def test_huge_requests_are_413(client: Any) -> None:
    row = b'{"student_id":"s","item_id":"q","correct":1}'
    many = b'{"responses":[' + b",".join([b"0"] * (MOST_RESPONSES + 1)) + b"]}"
    wide = b'{"responses":[' + row + b'],"calibration":[' + b",".join([b"0"] * 1_000_000) + b"]}"
    long = b" " * (25 * 2**20)
    for text in (many, wide, long):
        problem(client.post(f"{V1}/probabilities", data=text, content_type="application/json"), 413)
    sparse = [{"student_id": f"s{k}", "item_id": f"q{k}", "correct": k % 2} for k in range(2_000)]
    assert "at most 500" in problem(post(client, {"responses": sparse}), 413)["detail"]
    many = [{"student_id": f"s{k}", "item_id": f"q{k % 400}", "correct": k % 2} for k in range(6_000)]
    assert "6000 students x 400 items" in problem(post(client, {"responses": many}), 413)["detail"]


def test_a_body_in_chunks_is_bounded_too(client: Any) -> None:
    answer = client.post(
        f"{V1}/probabilities",
        input_stream=io.BytesIO(b" " * (25 * 2**20)),
        headers={"Content-Type": "application/json"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    problem(answer, 413)


def test_long_values_are_not_repeated_back(client: Any) -> None:
    answer = post(
        client, {"responses": [{"student_id": "s", "item_id": "q", "correct": "z" * 100_000}], "y" * 100_000: 1}
    )
    problem(answer, 400)
    assert len(answer.data) < 2_000


def test_ids_of_every_script_come_back_as_they_were(client: Any) -> None:
    names = ["007", "=1+1", "木村 花子", "Ω\u0000", "a" * 200, "🙂", "' OR 1=1 --", "<b>", "\u202e"]
    rows = [{"student_id": name, "item_id": ITEMS[0], "correct": 1} for name in names]
    found = post(client, {**LSAT6, "responses": rows, "item_ids": ITEMS[:1]})
    assert {row["student_id"] for row in found.json["data"]} == set(names)
    as_csv = client.post(f"{V1}/probabilities?format=csv", json={**LSAT6, "responses": rows, "item_ids": ITEMS[:1]})
    assert "\n'=1+1," in as_csv.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["responses", "calibration", "item_ids", "model", "student_id", "item_id", "correct", "format"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=JSON)
def test_invariant_no_body_breaks_the_server(client: Any, body: Any) -> None:
    answer = post(client, body)
    assert answer.status_code in (200, 400, 413, 422), answer.text


@settings(max_examples=300, deadline=None)
@given(
    row=JSON
    | st.fixed_dictionaries(
        {"student_id": st.text(max_size=3), "item_id": st.text(max_size=3)},
        optional={"correct": st.sampled_from([0, 1, None, True, 2, 1.0, "1"]), "x": st.none()},
    )
)
def test_identity_the_fast_check_never_passes_what_the_schema_refuses(row: Any) -> None:
    if plainly_good(row):
        assert Draft202012Validator(RESPONSE).is_valid(row)


# The source and the description --------------------------------------------------------------------------------------


class Unreachable:
    """A source that has gone away."""

    def stamp(self) -> Any:
        raise SourceError("The stored answers could not be read.")

    catalogue = answers = lambda self, *_: self.stamp()


def bare(source: Any) -> Any:
    """A client of the API alone over a source."""
    from flask import Flask

    server = Flask("api")
    api.register(server, Service(source), Settings())
    access.install(server, Settings())
    return server.test_client()


@pytest.mark.parametrize("what", ["items", "options", "scores"])
def test_counts_come_with_the_columns_that_are_described(client: Any, what: str) -> None:
    body = client.get(f"{V1}/counts", query_string=MATHS | {"what": what}).json
    assert body["data"]
    assert tuple(body["data"][0]) == COUNTS_COLUMNS[what]
    schema = client.get(f"{V1}/openapi.json").json["paths"]["/counts"]["get"]["responses"]["200"]
    Draft202012Validator(schema["content"]["application/json"]["schema"]).validate(body)
    assert (
        COUNTS_COLUMNS[what][0] in client.get(f"{V1}/counts", query_string=MATHS | {"what": what, "format": "csv"}).text
    )


def test_a_share_of_the_students_is_told(client: Any) -> None:
    body = client.get(f"{V1}/items", query_string=LSAT6 | {"share": "0.5"}).json
    sample = body["provenance"]["sample"]
    assert body["provenance"]["share"] == sample["share"] == 0.5
    assert sample["n_population"] == 1000
    assert any("drawn at random" in warning for warning in body["warnings"])
    everybody = client.get(f"{V1}/items", query_string=LSAT6 | {"share": "all"}).json
    assert everybody["provenance"]["sample"] is None
    assert everybody["data"] == client.get(f"{V1}/items", query_string=LSAT6).json["data"]


@pytest.mark.parametrize("share", ["0", "0.0", "2", "1.5", "-0.1", "half", "", "nan", "1e-3", "0.5.5"])
def test_a_share_that_is_none_is_refused(client: Any, share: str) -> None:
    body = problem(client.get(f"{V1}/items", query_string=LSAT6 | {"share": share}), 400)
    assert [fault["path"] for fault in body["errors"]] == ["share"]
    assert "all" in body["detail"]


def test_reading_files_costs_nothing(client: Any) -> None:
    body = client.get(f"{V1}/spending").json
    assert body["data"] == []
    assert body["warnings"] == ["Reading these answers costs nothing: they are in files of this machine."]


class Refusing:
    """A source that refuses for a reason."""

    def __init__(self, error: SourceError) -> None:
        self.error = error

    def stamp(self) -> Any:
        raise self.error


@pytest.mark.parametrize(("again", "retry"), [(True, True), (False, False)])
def test_asking_again_is_proposed_where_it_may_help(again: bool, retry: bool) -> None:
    answer = bare(Refusing(SourceError("No.", reason="quota", again=again))).get(f"{V1}/items")
    assert problem(answer, 503)["reason"] == "quota"
    assert ("Retry-After" in answer.headers) == retry


def test_what_reading_costs_is_a_refusal_with_numbers() -> None:
    needed = ConfirmationNeeded("It costs a dollar.", bytes=10**12, cost=1.25, reason="confirmation", again=False)
    body = problem(bare(Refusing(needed)).get(f"{V1}/items"), 422)
    assert (body["bytes"], body["cost"], body["reason"]) == (10**12, 1.25, "confirmation")
    assert body["errors"] == [{"path": "allow_bytes", "message": "must be at least 1000000000000 for this"}]


@pytest.mark.parametrize("path", ["/healthz", f"{V1}/healthz", f"{V1}/catalogue", f"{V1}/items"])
def test_a_source_that_is_gone_is_503(path: str) -> None:
    answer = bare(Unreachable()).get(path)
    problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0


def test_a_defect_of_ours_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    secret = "Hana" + "ko"

    class Broken:
        def stamp(self) -> Any:
            raise KeyError(secret)

    body = problem(bare(Broken()).get(f"{V1}/catalogue"), 500)
    assert "Hanako" not in json.dumps(body)
    assert "KeyError" in caplog.text
    assert "Hanako" not in caplog.text


def test_the_description_names_every_call(client: Any) -> None:
    found = client.get(f"{V1}/openapi.json").json
    assert found["openapi"].startswith("3.1")
    rules = {str(rule) for rule in client.application.url_map.iter_rules() if rule.endpoint.startswith("api.")}
    paths = {rule.removeprefix(V1).replace("<", "{").replace(">", "}") for rule in rules}
    assert paths - {"", "/", "/{path:rest}"} == set(found["paths"])
    for calls in found["paths"].values():
        for call in calls.values():
            for parameter in call["parameters"]:
                Draft202012Validator.check_schema(parameter["schema"])


def test_the_page_of_the_documents_is_made_from_the_code() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    assert page == markdown(), "make it again: python -m dashboard.api.document > docs/api.md"
