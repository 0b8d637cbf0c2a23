"""Browser: every page, at desktop, tablet and phone width, for teachers and analysts, light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from browsing import PAGES, choices, choose, go, headline, settle, sideways, visit
from playwright.sync_api import Page, expect

from dashboard.words import say


@pytest.mark.parametrize("view", ["teacher", "analyst"])
@pytest.mark.parametrize("width", ["desktop", "tablet", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_whole_fits_and_has_no_fault_for_axe(
    visitor, address: str, faults_for_axe: Callable[[Page], list[str]], name: str, width: str, view: str
) -> None:
    page, asked = visitor.page(width), []
    page.on("request", lambda request: asked.append(request.url))
    go(page, address, name, view=view)
    expect(headline(page)).not_to_be_empty()
    assert sideways(page) <= 0
    expect(page.get_by_role("alert").filter(has_text=re.compile(r"\S"))).to_have_count(0)
    assert re.search(r"\b(nan|NaN|None|undefined|null|inf)\b", page.get_by_role("main").inner_text()) is None
    for label in ("Share chart", "Edit in Chart Studio"):
        expect(page.locator(f"[data-title^='{label}'], [aria-label^='{label}']")).to_have_count(0)
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []  # nothing from elsewhere
    if width == "desktop" or (width, view) == ("phone", "teacher"):
        assert faults_for_axe(page) == []
    if width == "desktop":
        page.emulate_media(color_scheme="dark")
        settle(page)
        assert faults_for_axe(page) == []


def test_navigation_leads_to_every_page(page: Page, address: str) -> None:
    go(page, address)
    seen = set()
    for name in PAGES[:4]:
        page.get_by_role("navigation", name=say("frame.main_nav")).get_by_role(
            "link", name=say(f"frame.{name}")
        ).click()
        settle(page)
        assert name == PAGES[0] or f"/{name}?" in page.url
        expect(page).to_have_title(re.compile(re.escape(say("frame.name"))))
        seen.add(headline(page).inner_text())
    assert len(seen) == 4
    for name in ("import", "data", "overview"):  # nothing of the page that is left, with its many parts, is missed
        visit(page, name)
        expect(headline(page)).to_be_visible()


def test_filters_choose_another_exam(page: Page, address: str) -> None:
    go(page, address)
    before = page.get_by_role("main").inner_text()
    choose(page, "frame.exam", choices(page, "frame.exam")[0])
    assert "exam=" in page.url
    assert page.get_by_role("main").inner_text() != before


def test_dark_and_light_can_be_chosen(page: Page, address: str) -> None:
    go(page, address)
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    page.get_by_role("button", name=say("frame.theme")).click()
    page.wait_for_function(f"before => {ground} !== before", arg=before)
    page.reload()
    settle(page)
    assert page.evaluate(ground) != before


def test_unknown_page_and_values_are_said(visitor, address: str) -> None:
    page = go(visitor.page(), address, "items", exam="No such exam", colour="red")
    text = page.locator("body").inner_text()
    assert "No such exam" in text
    assert "colour" in text
    expect(headline(page)).to_be_visible()
