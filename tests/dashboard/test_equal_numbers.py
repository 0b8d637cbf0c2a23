"""Contract: command line, API and dashboard (its service) give equal numbers for equal selections."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from irt.commands import main
from irt.selection import FULL_SCOPE, Selection
from irt.serialise import items_table, records
from irt.service import open_service
from irt.settings import Settings

EXAMS = [("Law School Admission Test", "Section 7"), ("Mathematics (simulated)", "Term 2")]
FRONTS = {"items": "items", "score": "abilities", "probabilities": "probabilities"}
SIMULATED = "Mathematics (simulated)"
#: Questions of analysts: what is typed, and the call of the API.
FINDINGS = {
    ("dif", "--group", "gender"): ("dif", {"group": "gender"}),
    ("dif", "--group", "class_name", "--reference", "7A", "--focal", "8B", "--purify"): (
        "dif",
        {"group": "class_name", "reference": "7A", "focal": "8B", "purify": "1"},
    ),
    ("information", "--model", "2PL"): ("information", {"model": "2PL"}),
    ("probabilities", "--kind", "predictive"): ("probabilities", {"kind": "predictive", "limit": "20000"}),
    ("score-table",): ("score-table", {}),
    ("score-table", "--model", "3PL", "--guessing-prior", "-1.1,0.5"): (
        "score-table",
        {"model": "3PL", "guessing_prior": "-1.1,0.5"},
    ),
}


def cell(value: Any) -> str:
    return "" if value is None else str(int(value)) if isinstance(value, bool) else str(value)


@pytest.fixture
def store(sample_store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ITEMWISE_SOURCE", f"parquet:{sample_store}")
    monkeypatch.setenv("ITEMWISE_CACHE", "off")
    return sample_store


@pytest.mark.parametrize(("subject", "exam"), EXAMS)
@pytest.mark.parametrize("command", FRONTS)
@pytest.mark.parametrize("options", [{}, {"model": "1PL"}, {"model": "3PL"}, {"missing": "wrong"}])
def test_command_line_and_api_agree_to_the_last_digit(
    store: Path,
    app: Any,
    capsys: pytest.CaptureFixture[str],
    subject: str,
    exam: str,
    command: str,
    options: dict[str, str],
) -> None:
    typed = [word for name, value in options.items() for word in (f"--{name}", value)]
    by_command = answer_of(capsys, command, "--subject", subject, "--exam", exam, *typed)
    by_api = answer_to(app, FRONTS[command], {"subject": subject, "exam": exam, "limit": 20_000, **options})
    assert by_api == by_command
    assert len(by_api) > 0


@pytest.mark.parametrize("typed", FINDINGS, ids=" ".join)
def test_questions_of_analysts_have_one_answer(
    store: Path, app: Any, capsys: pytest.CaptureFixture[str], typed: tuple[str, ...]
) -> None:
    call, asked = FINDINGS[typed]
    by_command = answer_of(capsys, typed[0], "--subject", SIMULATED, "--exam", "Term 2", *typed[1:])
    by_api = answer_to(app, call, asked | {"subject": SIMULATED, "exam": ["Term 2"]})
    assert by_api == by_command
    assert len(by_api) > 0


@pytest.mark.parametrize("command", ["items", "score"])
def test_several_exams_have_the_same_numbers_on_every_front(
    store: Path, app: Any, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    exams = ["Term 1", "Term 2"]
    by_command = answer_of(capsys, command, "--subject", SIMULATED, "--exam", *exams)
    by_api = answer_to(app, FRONTS[command], {"subject": SIMULATED, "exam": exams, "limit": 20_000})
    assert by_api == by_command
    report = open_service(Settings.from_environment()).exam(FULL_SCOPE, Selection(SIMULATED, tuple(exams)))
    assert len(by_command) == (len(report.items) if command == "items" else report.scores.n_students)


def answer_of(capsys: pytest.CaptureFixture[str], *typed: str) -> list[dict[str, str]]:
    """The rows that a command writes."""
    assert main(list(typed)) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def answer_to(app: Any, call: str, asked: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of a call, as a command writes them."""
    answer = app.server.test_client().get(f"/api/v1/{call}", query_string=asked)
    return [{name: cell(value) for name, value in row.items()} for row in answer.json["data"]]


def test_a_file_gives_the_numbers_of_the_store(
    store: Path, app: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    query = {"subject": "Law School Admission Test", "exam": "Section 7"}
    client = app.server.test_client()
    stored = client.get("/api/v1/probabilities", query_string=query | {"limit": 20_000}).json["data"]
    rows = [{name: row[name] for name in ("student_id", "item_id", "correct")} for row in stored]
    path = tmp_path / "sent.csv"
    path.write_text(
        "student_id,item_id,correct\n" + "".join(",".join(map(cell, r.values())) + "\n" for r in rows), "utf-8"
    )
    assert main(["probabilities", "--data", str(path)]) == 0
    by_file = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    posted = client.post("/api/v1/probabilities", data=json.dumps({"responses": rows}), content_type="application/json")
    for column in ("probability", "lower", "upper"):
        expected = [row[column] for row in stored]
        # Fitted anew from the same answers: equal up to the order of summation.
        assert [float(row[column]) for row in by_file] == pytest.approx(expected, abs=1e-9)
        assert [row[column] for row in posted.json["data"]] == pytest.approx(expected, abs=1e-9)


def test_the_dashboard_shows_what_the_api_says(store: Path, app: Any) -> None:
    subject, exam = EXAMS[1]
    service = open_service(Settings.from_environment())
    shown = records(items_table(service.exam(FULL_SCOPE, Selection(subject=subject, exams=(exam,)))))
    query = {"subject": subject, "exam": exam}
    assert app.server.test_client().get("/api/v1/items", query_string=query).json["data"] == shown
