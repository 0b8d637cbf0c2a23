"""Browser: several exams together, a model by name, and checks that are computed when they are opened."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from browsing import choose, control, go, headline, settle, sideways
from playwright.sync_api import Page, expect

from dashboard.filters import EVERY, SEVERAL
from dashboard.words import say

#: Five items: what takes long takes least.
LAW = {"subject": "Law School Admission Test", "exam": "Section 6"}
FOLDS = ("fit.dimension", "fit.prediction", "fit.models")


def fold(page: Page, key: str) -> None:
    """Open a check and wait until it is computed."""
    page.locator(".fold > summary").filter(has_text=say(key)).click()
    settle(page)


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_exams_are_ticked_and_put_together(visitor, address: str, width: str) -> None:
    page = go(visitor.page(width), address, "overview", exam="Term 2")
    before = headline(page).inner_text()
    page.locator("summary").filter(has_text=say("frame.several_exams")).click()
    control_of = page.get_by_role("group", name=say("frame.several_exams"))
    control_of.get_by_label("Term 1").check()
    settle(page)
    assert re.search(r"exam=Term\+1&exam=Term\+2", page.url)
    assert control(page, "frame.exam").input_value() == SEVERAL
    expect(page.get_by_role("status").filter(has_text="Term 1 + Term 2")).to_have_count(1)
    assert headline(page).inner_text() != before
    assert sideways(page) <= 0
    for name in ("Term 1", "Term 2"):  # the last one stays
        control_of.get_by_label(name).click()
        settle(page)
    assert page.url.count("exam=") == 1
    expect(control_of.get_by_label("Term 2")).to_be_checked()


def test_exams_by_keyboard_and_all_at_once(page: Page, address: str) -> None:
    go(page, address, "overview", exam="Term 2")
    summary = page.locator("summary").filter(has_text=say("frame.several_exams"))
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    settle(page)
    assert page.url.count("exam=") == 2
    page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    choose(page, "frame.exam", EVERY)
    assert page.url.count("exam=") == 3


def test_model_by_name_is_for_analysts_and_stays_in_the_link(page: Page, address: str) -> None:
    go(page, address, "items", **LAW)
    expect(control(page, "frame.model")).to_be_hidden()
    go(page, address, "items", **LAW, view="analyst")
    choose(page, "frame.model", "1PL")
    assert "model=1PL" in page.url
    expect(page.get_by_role("status").filter(has_text="Model: 1PL.")).to_have_count(1)
    page.reload()
    settle(page)
    assert control(page, "frame.model").input_value() == "1PL"


@pytest.mark.parametrize("width", ["desktop", "phone"])
@pytest.mark.parametrize("view", ["teacher", "analyst"])
def test_checks_are_computed_when_opened(
    visitor, address: str, faults_for_axe: Callable[[Page], list[str]], view: str, width: str
) -> None:
    page = go(visitor.page(width), address, "data", **LAW, view=view)
    assert page.locator(".fold .js-plotly-plot").count() == 0
    for key in FOLDS:
        fold(page, key)
    assert page.locator(".fold .js-plotly-plot .main-svg").count() > 0
    main = page.get_by_role("main").inner_text()
    assert say("fit.loading") not in main
    assert re.search(r"\b(nan|NaN|None|undefined|null|inf)\b", main) is None
    assert sideways(page) <= 0
    assert faults_for_axe(page) == []


def test_groups_are_compared_when_one_is_chosen(page: Page, address: str) -> None:
    go(page, address, "data", exam="Term 2", view="analyst")
    choose(page, "comparing.group_by", "class_name")
    assert "group=class_name" in page.url
    expect(page.locator("#data-groups table")).to_have_count(1)


def test_other_groups_are_chosen_and_come_back(
    page: Page, address: str, faults_for_axe: Callable[[Page], list[str]]
) -> None:
    go(page, address, "data", exam="Term 2", view="analyst", group="class_name")
    before = control(page, "comparing.focal").input_value()
    choose(page, "comparing.focal", "9C")
    assert "focal=9C" in page.url
    expect(page.locator("#data-groups").get_by_text("with 9C (")).to_have_count(1)
    assert faults_for_axe(page) == []
    page.go_back()
    settle(page)
    assert control(page, "comparing.focal").input_value() == before
