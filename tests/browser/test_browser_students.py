"""Browser: finding a student, reading their page, and keeping names to oneself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
from browsing import go, headline, settle
from playwright.sync_api import Locator, Page, expect

from dashboard import ids
from dashboard.words import say


@pytest.fixture
def students(page: Page, address: str) -> Page:
    """The page Students, no class in focus."""
    return go(page, address, "students")


def listed(page: Page) -> Locator:
    """The students that the list shows, each a link."""
    return page.locator(f"#{ids.STUDENTS_FOUND} a")


def test_search_narrows_the_list_and_a_student_opens_by_keyboard(students: Page) -> None:
    everybody = listed(students).count()
    name = listed(students).nth(everybody - 1).locator(".student-name").inner_text()
    box = students.get_by_label(say("students.find_label"))
    box.focus()
    students.keyboard.type(name)
    students.wait_for_timeout(400)
    settle(students)
    assert 1 <= listed(students).count() < everybody
    for _ in range(8):
        students.keyboard.press("Tab")
        if students.evaluate("document.activeElement.className") == "student-entry":
            break
    students.keyboard.press("Enter")
    settle(students)
    expect(headline(students)).to_contain_text(name.split(" (")[0])


def test_no_address_or_title_tells_who_a_student_is(students: Page) -> None:
    asked: list[str] = []
    students.on("request", lambda request: asked.append(request.url))
    entry = listed(students).first
    name = entry.locator(".student-name").inner_text()
    students.get_by_label(say("students.find_label")).fill(name)
    students.wait_for_timeout(400)
    settle(students)
    listed(students).first.click()
    settle(students)
    told = [unquote(text) for text in (students.url, students.title(), *asked)]
    assert [text for text in told if name in text or name.split()[0] in text] == []


def test_student_page_lists_every_item_once_from_surest_to_least_sure(students: Page) -> None:
    listed(students).first.click()
    settle(students)
    rows = students.locator("table.chances tbody tr")
    percents = [text.split("\u00a0")[0] for text in rows.locator(".percent").all_inner_texts()]
    known = [float(text) for text in percents if text.replace(".", "").isdigit()]
    assert len(known) > 20
    assert known == sorted(known, reverse=True)
    names = rows.locator("th").all_inner_texts()
    assert len(set(names)) == len(names)


def test_class_table_shows_students_by_items_and_fits(visitor, address: str) -> None:
    page = go(visitor.page("tablet"), address, "students")
    page.locator(f"#{ids.STUDENTS_CLASS} a").first.click()
    settle(page)
    table = page.locator(f"#{ids.STUDENTS_CLASS} table")
    expect(table).to_be_visible()
    assert table.locator("tbody tr").count() >= 30
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_student_page_has_no_fault_for_axe(students: Page, faults_for_axe: Callable[[Page], list[str]]) -> None:
    listed(students).first.click()
    settle(students)
    assert faults_for_axe(students) == []


def test_student_is_printed_on_paper(students: Page, tmp_path: Path) -> None:
    listed(students).first.click()
    settle(students)
    target = tmp_path / "student.pdf"
    students.pdf(path=target, format="A4")
    assert target.read_bytes().startswith(b"%PDF-")
    students.emulate_media(media="print")
    expect(students.get_by_role("navigation", name=say("frame.main_nav"))).to_be_hidden()
    expect(headline(students)).to_be_visible()
