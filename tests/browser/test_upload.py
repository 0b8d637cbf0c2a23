"""Browser: choosing a file by keyboard, one that is too big, and one that was mended."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import go, settle
from playwright.sync_api import Locator, Page, expect

from dashboard import ids
from dashboard.pages.imports_upload import MOST_BYTES
from dashboard.words import say

FAULTY = b"student_id,item_id,subject_name,exam_name,correct\na,q1,S,E,yes\n"
MENDED = FAULTY.replace(b"yes", b"1")


@pytest.fixture
def form(page: Page, address: str) -> Page:
    """The page Import; nothing is confirmed here."""
    # The browser tells of a file dialog only once somebody listens, and takes a moment to begin: listen from the start.
    page.on("filechooser", lambda chooser: None)
    return go(page, address, "import")


def given(content: bytes) -> dict[str, Any]:
    return {"name": "answers.csv", "mimeType": "text/csv", "buffer": content}


def chooser(page: Page) -> Locator:
    """The input that opens the file dialog, by its name for screen readers."""
    return page.get_by_label(say("imports.file_label", limit=MOST_BYTES // 2**20))


def test_file_is_chosen_by_keyboard_and_a_mended_one_again(form: Page) -> None:
    for content, told in ((FAULTY, say("imports.faults")), (MENDED, say("imports.step_confirm"))):
        chooser(form).focus()
        with form.expect_file_chooser() as opened:
            form.keyboard.press("Enter")
        opened.value.set_files(given(content))
        settle(form)
        expect(form.get_by_role("heading", name=told)).to_be_visible()
    expect(form.locator(f"#{ids.IMPORT_CONFIRM}")).to_be_visible()


def test_file_that_is_too_big_is_refused_before_it_is_sent(form: Page) -> None:
    sent: list[str] = []
    form.on("request", lambda request: sent.append(request.post_data or ""))
    form.evaluate("document.querySelector('[data-upload]').dataset.limit = '10'")
    chooser(form).set_input_files(given(MENDED))
    expect(form.get_by_text(say("imports.too_big_here", limit=MOST_BYTES // 2**20)).first).to_be_visible()
    form.wait_for_timeout(300)
    assert [body for body in sent if ids.IMPORT_CHECK in body[:80]] == []


def test_nothing_of_a_file_is_left_in_the_browsers_storage(form: Page) -> None:
    chooser(form).set_input_files(given(MENDED))
    settle(form)
    expect(form.locator(f"#{ids.IMPORT_CONFIRM}")).to_be_visible()
    kept = form.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "student_id" not in kept
    assert "c3R1ZGVudF9pZ" not in kept  # the same in base64
