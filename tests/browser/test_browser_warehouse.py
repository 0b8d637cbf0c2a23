"""Browser: the dashboard on a warehouse: asked, read, stopped, failing, sampled; its cost on Data & method."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import PAGES, choose, go, headline, settle, sideways
from playwright.sync_api import Locator, Page, expect

from dashboard.words import say
from irt.warehouse import freshness, jobs, patience
from irt.warehouse.patience import Patience
from tests.warehouse import Warehouse

TABLE = "school.exams.answers"
ASKED, BUSY = "#reading", "#reading-busy"


@pytest.fixture(scope="module")
def answers() -> Any:
    """The sample exams as one table."""
    import pandas as pd

    from irt.samples import sample_exams

    return pd.concat([exam.frame for exam in sample_exams()], ignore_index=True)


@pytest.fixture(scope="module")
def stored(answers: Any) -> Iterator[Warehouse]:
    """A warehouse with that table."""
    with Warehouse() as warehouse:
        warehouse.put_table(TABLE, answers)
        yield warehouse


@pytest.fixture
def opened(stored: Warehouse, serve: Callable[[Any], str], tmp_path: Path) -> Callable[..., str]:
    """Start a dashboard on it: ``address = opened(ITEMWISE_SAMPLE="200")``."""

    def make(**environment: str) -> str:
        from dashboard import create_app
        from irt.service import open_service
        from irt.settings import Settings

        settings = Settings.from_environment(
            {
                "ITEMWISE_SOURCE": f"bigquery:{TABLE}",
                "ITEMWISE_BIGQUERY_ENDPOINT": stored.endpoint,
                "ITEMWISE_CACHE": str(tmp_path),
                **environment,
            }
        )
        return serve(create_app(open_service(settings), settings))

    stored.heal()
    stored.clear()
    return make


def button(page: Page, key: str) -> Locator:
    return page.get_by_role("button", name=say(key), exact=True)


def test_asked_read_drawn_and_on_the_bill(visitor, stored: Warehouse, opened: Callable[..., str]) -> None:
    page = visitor.page("tablet")
    # More than the list of exams reads, less than an exam does.
    go(page, opened(ITEMWISE_BIGQUERY_ASK_BYTES="18MB"), "data", exam="Term 2", view="analyst")
    expect(page.locator(ASKED)).to_contain_text("This exam has not been read yet")
    billed = len(stored.calls("jobs.query"))
    button(page, "reading.read").click()
    settle(page)
    expect(page.locator(".notices .notice:visible")).to_have_count(0)
    jobs = len(stored.calls("jobs.query"))
    assert jobs > billed
    expect(headline(page)).to_contain_text("are used")
    bill = page.locator("#data-spending")
    expect(bill).to_contain_text(TABLE)
    expect(bill.locator("tbody tr")).to_have_count(jobs)
    bill.get_by_text(say("spending.sql")).click()
    expect(bill.locator("pre").first).to_contain_text("SELECT")
    assert sideways(page) <= 0


def test_stop_ends_the_query(page: Page, stored: Warehouse, opened: Callable[..., str]) -> None:
    go(page, opened(ITEMWISE_BIGQUERY_ASK_BYTES="18MB"), exam="Term 2")
    with stored.held():
        button(page, "reading.read").click()
        expect(page.locator(BUSY)).to_be_visible()
        page.wait_for_timeout(300)
        button(page, "reading.stop").click()
        expect(page.locator(ASKED)).to_contain_text(say("reading.stopped"))
    expect(page.locator(BUSY)).to_be_hidden()
    assert stored.calls("jobs.cancel")
    button(page, "reading.read").click()
    settle(page)
    expect(headline(page)).to_contain_text("separates")


def test_a_fault_is_said_and_another_try_helps(
    page: Page, stored: Warehouse, opened: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "current_patience", lambda: Patience(call=20.0, retry=0.5, job=20.0))
    monkeypatch.setattr(patience, "PAUSE", 0.0)
    go(page, opened(), exam="Term 2")
    before = headline(page).inner_text()
    stored.fail("job", reason="backendError", times=9)
    choose(page, "frame.exam", "Term 1")
    expect(page.get_by_role("alert")).to_contain_text("Try again")
    assert headline(page).inner_text() == before
    stored.heal()
    button(page, "frame.try_again").click()
    settle(page)
    expect(page.get_by_role("alert")).to_have_count(0)
    assert headline(page).inner_text() != before


def test_while_it_is_away_what_was_read_is_shown_and_says_so(
    visitor,
    stored: Warehouse,
    opened: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    faults_for_axe: Callable[[Page], list[str]],
) -> None:
    hasty, page = Patience(call=5.0, retry=0.1, job=5.0), visitor.page("phone")
    for place, name, value in ((jobs, "QUICK", hasty), (freshness, "BELIEVED", 0.0), (patience, "PAUSE", 0.0)):
        monkeypatch.setattr(place, name, value)
    monkeypatch.setattr(jobs, "current_patience", lambda: hasty)
    go(page, opened(), exam="Term 2")
    before = headline(page).inner_text()
    stored.fail("*", status=503, times=9999)
    choose(page, "frame.exam", "Term 1")
    quiet, again = page.get_by_text("has been out of reach since"), button(page, "frame.try_again")
    expect(page.get_by_role("alert")).to_contain_text("out of order just now")
    expect(quiet).to_be_visible()
    expect(again).to_have_count(1)  # one is enough
    assert faults_for_axe(page) == []
    choose(page, "frame.exam", "Term 2")
    settle(page)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(quiet).to_have_count(1)
    assert headline(page).inner_text() == before
    assert sideways(page) <= 0
    stored.heal()
    again.click()
    settle(page)
    expect(quiet).to_have_count(0)
    assert headline(page).inner_text() == before


def test_refused_access_names_the_permission_and_offers_no_other_try(
    page: Page, stored: Warehouse, opened: Callable[..., str], faults_for_axe: Callable[[Page], list[str]]
) -> None:
    stored.fail("*", reason="accessDenied", times=99)
    go(page, opened(), exam="Term 2")
    expect(page.get_by_role("alert")).to_contain_text("needs the permission")
    expect(button(page, "frame.try_again")).to_have_count(0)
    assert faults_for_axe(page) == []


def test_a_table_that_breaks_the_contract_is_said_at_the_start(
    page: Page, stored: Warehouse, opened: Callable[..., str], answers: Any
) -> None:
    broken = answers.head(50).rename(columns={"item_id": "question", "exam_name": "test"})
    stored.put_table("school.exams.broken", broken)
    page.goto(opened(ITEMWISE_SOURCE="bigquery:school.exams.broken"))
    settle(page)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("item_id")
    expect(alert).to_contain_text("exam_name")
    expect(alert.get_by_text(say("frame.last_good"))).to_be_hidden()  # there is none
    expect(page.get_by_role("navigation", name=say("frame.main_nav"))).to_be_visible()
    assert sideways(page) <= 0


def test_other_exams_are_read_only_when_somebody_wants_to_see_them(
    page: Page, stored: Warehouse, opened: Callable[..., str], faults_for_axe: Callable[[Page], list[str]]
) -> None:
    def read() -> int:
        return sum(call.body["labels"]["question"] == "answers" for call in stored.calls("jobs.query"))

    go(page, opened(), "items", exam="Term 2")
    assert read() == 1
    page.get_by_text(say("items.drift_open")).click()
    settle(page)
    assert read() == 3
    expect(page.locator("#items-history")).to_contain_text("exam")
    assert faults_for_axe(page) == []


@pytest.mark.parametrize("name", PAGES[:4])
def test_a_sampled_exam_says_so(visitor, opened: Callable[..., str], name: str) -> None:
    page = go(visitor.page("tablet"), opened(ITEMWISE_SAMPLE="200"), name, exam="Term 2")
    expect(page.locator("main .sampled:visible")).to_have_count(1)
    expect(page.locator("main .sampled:visible")).to_contain_text("drawn at random")
    assert sideways(page) <= 0


def test_an_analyst_may_choose_everybody(page: Page, opened: Callable[..., str]) -> None:
    go(page, opened(ITEMWISE_SAMPLE="200"), exam="Term 2", view="analyst")
    choose(page, "frame.share", "all")
    assert "share=all" in page.url
    expect(page.locator(".sampled")).to_have_count(0)
    choose(page, "frame.exam", "Term 1")  # another exam, with its own number of students
    assert "share" not in page.url


@pytest.mark.parametrize(("width", "view"), [("desktop", "teacher"), ("tablet", "analyst"), ("phone", "analyst")])
def test_every_page_is_whole_and_fits(
    visitor, opened: Callable[..., str], faults_for_axe: Callable[[Page], list[str]], width: str, view: str
) -> None:
    address, page = opened(), visitor.page(width)
    for name in PAGES:
        go(page, address, name, exam="Term 2", view=view)
        expect(headline(page)).not_to_be_empty()
        assert sideways(page) <= 0, name
        expect(page.get_by_role("alert")).to_have_count(0)
        assert faults_for_axe(page) == [], name
    expect(page.get_by_role("main")).to_contain_text(TABLE)
