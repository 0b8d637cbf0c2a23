"""Browser: asked before a large read, which can be stopped; what a failing source says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browsing import PAGES, choose, control, go, headline, settle, sideways
from metered import Metered, metered_app
from playwright.sync_api import Locator, Page, expect

from dashboard.words import say
from irt.errors import SourceError

BUSY, ASKED = "#reading-busy", "#reading"
UNAVAILABLE = SourceError(
    "The warehouse does not answer just now. Try again in a minute.", reason="unavailable", again=True
)
QUOTA = SourceError("Today's budget for reading is used up. Come back tomorrow.", reason="day_budget", again=False)


@pytest.fixture
def source(sample_store: Path) -> Metered:
    """A store that asks before it reads an exam."""
    return Metered(sample_store)


@pytest.fixture
def metered(source: Metered, serve: Callable) -> str:
    """Where a dashboard over it answers."""
    return serve(metered_app(source))


def button(page: Page, key: str) -> Locator:
    return page.get_by_role("button", name=say(key), exact=True)


@pytest.mark.parametrize("name", PAGES[:4])
def test_asks_once_and_draws_when_it_may_read(
    visitor, source: Metered, metered: str, faults_for_axe: Callable[[Page], list[str]], name: str
) -> None:
    page = go(visitor.page("tablet"), metered, name, exam="Term 2")
    expect(page.locator(".notices .notice:visible")).to_have_count(1)
    expect(page.locator(ASKED)).to_contain_text("4.2\u00a0GB")
    expect(page.locator(ASKED)).to_contain_text("$0.02")
    assert source.reads == []
    assert sideways(page) <= 0
    assert faults_for_axe(page) == []
    button(page, "reading.read").click()
    settle(page)
    expect(page.locator(".notices .notice:visible")).to_have_count(0)
    expect(page.get_by_role("main").get_by_text(say("frame.loading"))).to_have_count(0)
    assert source.reads == ["answers"]
    page.goto(f"{metered}/items?subject=Mathematics+(simulated)&exam=Term+2")
    settle(page)
    expect(page.locator(ASKED)).to_be_hidden()


def test_by_keyboard_with_a_stop_in_between(page: Page, source: Metered, metered: str) -> None:
    source.gate.clear()
    go(page, metered, exam="Term 2")
    page.locator("#copy-link").focus()  # the last of the frame
    page.keyboard.press("Tab")
    expect(button(page, "reading.read")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(BUSY)).to_be_visible()
    expect(page.locator(BUSY)).to_contain_text(re.compile(r"\d s so far"))
    expect(page.locator(ASKED)).to_be_hidden()
    expect(button(page, "reading.stop")).to_be_focused()
    assert source.waiting.wait(10)
    page.keyboard.press("Enter")
    expect(page.locator(ASKED)).to_contain_text(say("reading.stopped"))
    expect(page.locator(BUSY)).to_be_hidden()
    expect(button(page, "reading.read")).to_be_focused()
    assert source.reads == []
    page.keyboard.press("Enter")
    settle(page)
    expect(page.locator(ASKED)).to_be_hidden()
    expect(page.locator("#page")).to_be_focused()
    expect(headline(page)).to_contain_text("separates")


def test_what_there_is_may_cost_too(visitor, sample_store: Path, serve: Callable) -> None:
    source = Metered(sample_store, what=("catalogue", "answers"))
    page = visitor.page("phone")
    page.goto(serve(metered_app(source)))
    settle(page)
    expect(page.locator(ASKED)).to_contain_text("The exams have not been listed yet")
    expect(page.get_by_role("navigation").get_by_role("link", name=say("frame.items"))).to_be_visible()
    assert sideways(page) <= 0
    button(page, "reading.read").click()
    expect(page.locator(ASKED)).to_contain_text("This exam has not been read yet")
    expect(control(page, "frame.subject")).to_be_visible()
    button(page, "reading.read").click()
    settle(page)
    expect(headline(page)).to_contain_text("separate")
    assert source.reads == ["catalogue", "answers"]


def test_another_exam_is_chosen_instead(page: Page, source: Metered, metered: str) -> None:
    go(page, metered, exam="Term 2")
    button(page, "reading.read").click()
    settle(page)
    before = headline(page).inner_text()
    choose(page, "frame.exam", "Term 1")
    expect(page.locator(ASKED)).to_be_visible()
    expect(page.locator(ASKED).get_by_text(say("reading.before"))).to_be_visible()
    assert headline(page).inner_text() == before
    choose(page, "frame.exam", "Term 2")
    expect(page.locator(ASKED)).to_be_hidden()


def test_a_source_that_fails_says_why_and_is_tried_again(page: Page, source: Metered, metered: str) -> None:
    go(page, metered, exam="Term 2")
    source.fault = UNAVAILABLE
    button(page, "reading.read").click()
    expect(page.locator(ASKED)).to_contain_text(UNAVAILABLE.message)
    source.fault = None
    button(page, "reading.read").click()
    settle(page)
    before = headline(page).inner_text()

    source.fault = UNAVAILABLE
    choose(page, "frame.class", "8A")
    expect(page.get_by_role("alert")).to_have_count(1)
    expect(page.get_by_role("alert")).to_contain_text(UNAVAILABLE.message)
    assert headline(page).inner_text() == before  # the last good view
    source.fault = None
    button(page, "frame.try_again").click()
    settle(page)
    expect(page.get_by_role("alert")).to_have_count(0)
    assert "8A" in page.get_by_role("main").inner_text()


def test_nothing_to_try_again_where_it_cannot_help(
    page: Page, source: Metered, metered: str, faults_for_axe: Callable[[Page], list[str]]
) -> None:
    source.fault = QUOTA
    go(page, metered, exam="Term 2")
    expect(page.get_by_role("alert")).to_contain_text(QUOTA.message)
    expect(button(page, "frame.try_again")).to_have_count(0)
    expect(page.get_by_role("navigation").get_by_role("link", name=say("frame.items"))).to_be_visible()
    assert faults_for_axe(page) == []
