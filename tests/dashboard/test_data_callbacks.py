"""The callbacks of Data & method, over the sample exams."""

from __future__ import annotations

from typing import Any

from asking import ask, place, shown

from dashboard import ids

SUBJECT, EXAM = "Mathematics (simulated)", "Term 2"


def region(app: Any, name: str, **chosen: str) -> str:
    values = {"state.data": place("data", subject=SUBJECT, exam=EXAM, **chosen)}
    answer = ask(app, f"{name}.children", values)
    assert answer["notices"] == {}
    return shown(answer[name])


def test_contract_says_what_is_used_and_what_is_not(app: Any) -> None:
    said = region(app, ids.DATA_REPORT)
    assert "are used." in said
    assert "no answer to any item" in said
    assert "download/health.csv" in said


def test_contract_policy_in_the_url_is_marked_and_kept_in_links(app: Any) -> None:
    said = region(app, ids.DATA_POLICIES, missing="wrong")
    assert said.count("aria-current") == 1
    assert "missing=omitted-wrong" in said
    assert "missing=wrong" in region(app, ids.DATA_METHOD, missing="wrong")


def test_contract_policies_are_compared(app: Any) -> None:
    said = region(app, ids.DATA_CHANGES)
    assert "judged" in said or "No answer is missing" in said


def test_contract_analyst_sees_the_fit_and_formulas(app: Any) -> None:
    dense, plain = (
        "".join(region(app, name, view=view) for name in (ids.DATA_MODEL, ids.DATA_METHOD))
        for view in ("analyst", "teacher")
    )
    assert "Log-likelihood" in dense
    assert "formula-drawn" in dense
    assert "Log-likelihood" not in plain
    assert "formula-drawn" not in plain


def test_contract_every_download_answers(app: Any) -> None:
    import re

    client = app.server.test_client()
    hrefs = re.findall(r'"href": "((?:download|api)/[^"]+)"', region(app, ids.DATA_METHOD))
    assert len(hrefs) == 4
    for href in hrefs:
        answer = client.get(f"/{href}")
        assert answer.status_code == 200, href
        assert answer.get_data()
