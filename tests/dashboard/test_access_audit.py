"""Contract, invariant: the audit log holds a line for each look and each refusal, and nothing that was looked at."""

from __future__ import annotations

import json
import logging
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asking import ask, place

from dashboard import ids
from dashboard.access.audit import note
from irt.errors import SettingsError
from irt.selection import Scope
from tests.signed import KEYS, bearer, expired, teacher, token_for

MATHS = {"subject": "Mathematics (simulated)", "exam": "Term 2"}
ADA = teacher("ada", subjects=frozenset({"Mathematics (simulated)"}))


@pytest.fixture
def audited(sample_store: Path, open_app: Callable[..., Any], tmp_path: Path) -> Any:
    return open_app(sample_store, ITEMWISE_EMBED_KEYS=KEYS, ITEMWISE_AUDIT_LOG=str(tmp_path / "audit.log"))


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "audit.log").read_text("utf-8").splitlines()]


def test_a_look_is_noted_with_who_what_scope_and_when(audited: Any, tmp_path: Path) -> None:
    client = audited.server.test_client()
    client.get("/api/v1/items", query_string=MATHS, headers=bearer(ADA))
    (line,) = lines(tmp_path)
    assert line | {"time": "", "request_id": ""} == {
        "time": "",
        "request_id": "",
        "subject": "ada",
        "way": "signed",
        "kid": "2026",
        "role": "teacher",
        "scope": {"subjects": ["Mathematics (simulated)"], "exams": None, "classes": None, "names": False},
        "route": "/api/v1/items",
        "callback": None,
        "refused": None,
        "method": "GET",
        "status": 200,
    }
    assert line["time"].endswith("+00:00")


def test_each_way_to_answers_is_noted_and_nothing_else(audited: Any, tmp_path: Path) -> None:
    client, sent = audited.server.test_client(), bearer(ADA)
    client.environ_base["HTTP_AUTHORIZATION"] = sent["Authorization"]
    ask(audited, f"{ids.OVERVIEW}.children", {"state.data": place("overview", **MATHS)}, client)
    for path in ("/download/items.csv?student=Hanako", "/api/v1/abilities?student_id=Hanako", "/api/v1/catalogue"):
        client.get(path)
    for path in ("/", "/items", "/assets/boot.js", "/healthz", "/_dash-layout", "/_dash-dependencies", "/nothing"):
        client.get(path)
    client.get("/api/v1/openapi.json")
    routes = [line["route"] for line in lines(tmp_path)]
    wanted = ["/_dash-update-component", "/download/<name>.csv", "/api/v1/abilities", "/api/v1/catalogue"]
    assert routes == wanted
    assert lines(tmp_path)[0]["callback"] == f"{ids.OVERVIEW}.children"
    text = (tmp_path / "audit.log").read_text("utf-8")
    assert "Hanako" not in text
    assert "Term 2" not in text
    assert sent["Authorization"].split(".")[1] not in text


def test_each_refusal_is_noted_without_the_token(audited: Any, tmp_path: Path) -> None:
    client = audited.server.test_client()
    client.get("/api/v1/items?exam=Secret")
    client.get("/nothing/Hanako", headers=expired(ADA))
    client.post("/_dash-update-component", headers={"Authorization": f"Bearer {token_for(ADA)}x"})
    found = [(line["route"], line["refused"], line["status"], line["subject"]) for line in lines(tmp_path)]
    assert found == [
        ("/api/v1/items", "token_missing", 401, None),
        ("/<path:path>", "token_expired", 401, None),
        ("/_dash-update-component", "token_invalid", 401, None),
    ]
    text = (tmp_path / "audit.log").read_text("utf-8")
    assert "Secret" not in text
    assert "Hanako" not in text
    assert "eyJ" not in text


def test_the_file_is_for_its_owner_and_may_be_moved_away(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    note({"status": 200}, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.rename(tmp_path / "audit.log.1")
    note({"status": 401}, path)
    assert lines(tmp_path) == [{"status": 401}]


def test_lines_of_many_writers_stay_whole(tmp_path: Path) -> None:
    path, entry = tmp_path / "audit.log", {"scope": {"classes": ["x" * 200] * 30}}
    writers = [threading.Thread(target=lambda: [note(entry, path) for _ in range(50)]) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert lines(tmp_path) == [entry] * 400


def test_without_a_file_it_goes_to_the_ordinary_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "itemwise.audit"):
        note({"subject": "ada", "status": 200}, None)
    (record,) = caplog.records
    assert (record.getMessage(), record.subject, record.status) == ("audit", "ada", 200)  # type: ignore[attr-defined]


def test_a_line_that_cannot_be_written_is_told_and_answers_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    note({"subject": "ada"}, tmp_path)  # a folder
    assert "cannot be written" in caplog.text
    assert "ada" not in caplog.text


def test_a_file_that_cannot_be_written_stops_the_start(
    sample_store: Path, open_app: Callable[..., Any], tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="ITEMWISE_AUDIT_LOG"):
        open_app(sample_store, ITEMWISE_AUDIT_LOG=str(tmp_path / "nowhere" / "audit.log"))


def test_a_scope_is_noted_in_the_words_of_the_cache() -> None:
    assert json.loads(Scope().canonical()) == {"subjects": None, "exams": None, "classes": None, "names": True}
