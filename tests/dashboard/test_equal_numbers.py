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


def cell(value: Any) -> str:
    return "" if value is None else str(int(value)) if isinstance(value, bool) else str(value)


@pytest.fixture
def store(sample_store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ITEMWISE_SOURCE", f"parquet:{sample_store}")
    monkeypatch.setenv("ITEMWISE_CACHE", "off")
    return sample_store


@pytest.mark.parametrize(("subject", "exam"), EXAMS)
@pytest.mark.parametrize("command", FRONTS)
@pytest.mark.parametrize("options", [{}, {"model": "1PL"}, {"missing": "wrong"}])
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
    assert main([command, "--subject", subject, "--exam", exam, *typed]) == 0
    by_command = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    query = {"subject": subject, "exam": exam, "limit": 20_000, **options}
    answer = app.server.test_client().get(f"/api/v1/{FRONTS[command]}", query_string=query)
    by_api = [{name: cell(value) for name, value in row.items()} for row in answer.json["data"]]
    assert by_api == by_command
    assert len(by_api) > 0


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
