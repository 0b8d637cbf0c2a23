"""Browser: a teacher's own file, from dropping it to reading how the exam worked."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import go, headline, settle
from playwright.sync_api import Page, expect

from dashboard import ids
from dashboard.words import say

N_STUDENTS, N_ITEMS = 120, 12


def letters(rng: np.random.Generator) -> tuple[str, str]:
    """A wide file of option letters with names in Japanese, and its key."""
    ability = rng.normal(size=(N_STUDENTS, 1))
    right = rng.random((N_STUDENTS, N_ITEMS)) < 1 / (1 + np.exp(np.linspace(-1.5, 1.5, N_ITEMS) - ability))
    names = [f"問{j:02d}" for j in range(1, N_ITEMS + 1)]
    key = ["ABCD"[j % 4] for j in range(N_ITEMS)]
    rows = [",".join(["student_id", "class_name", *names])]
    for i in range(N_STUDENTS):
        answers = [key[j] if right[i, j] else "ABCD"[(j + 1) % 4] for j in range(N_ITEMS)]
        rows.append(",".join([f"{i:03d}", f"{1 + i % 2}組", *answers]))
    keys = ["item_id,answer_key", *(f"{name},{option}" for name, option in zip(names, key, strict=True))]
    return "\n".join(rows) + "\n", "\n".join(keys) + "\n"


@pytest.fixture
def own(serve: Callable[[Any], str], open_app: Callable[..., Any], tmp_path: Path) -> str:
    """The address of an app over an empty store of its own."""
    store = tmp_path / "store"
    store.mkdir()
    return serve(open_app(store))


def offered(name: str, text: str, encoding: str = "utf-8") -> dict[str, Any]:
    """A file as a browser's file chooser gives it."""
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode(encoding)}


def give(page: Page, region: str, file: dict[str, Any]) -> None:
    """Choose a file in an upload."""
    page.locator(f"#{region} input[type=file]").set_input_files(file)
    settle(page)


def test_start_page_of_an_empty_store_says_what_to_do(page: Page, own: str) -> None:
    page.goto(own)
    expect(page.get_by_text(say("frame.empty"))).to_be_visible()
    page.get_by_role("link", name=say("frame.to_import")).click()
    expect(headline(page)).to_have_text(say("imports.title"))


def test_file_with_letters_and_key_becomes_an_exam(page: Page, own: str) -> None:
    answers, key = letters(np.random.default_rng(20261121))
    page.goto(f"{own}/import")
    settle(page)
    give(page, ids.IMPORT_FILE, offered("answers.csv", answers, "cp932"))
    give(page, ids.IMPORT_KEY, offered("key.csv", key, "cp932"))
    page.locator(f"#{ids.IMPORT_SUBJECT}").fill("国語")
    page.locator(f"#{ids.IMPORT_EXAM}").fill("一学期")
    page.keyboard.press("Tab")
    settle(page)
    confirm = page.locator(f"#{ids.IMPORT_CONFIRM}")
    expect(confirm).to_contain_text(f"{N_STUDENTS * N_ITEMS:,}")
    expect(page.get_by_role("main")).to_contain_text("問01")
    confirm.click()
    page.get_by_role("link", name=re.compile("一学期")).click()
    settle(page)
    expect(headline(page)).not_to_be_empty()
    expect(page.locator(f"#{ids.SAID}")).to_contain_text(f"{N_STUDENTS} students")
    go(page, own, "items", subject="国語")
    expect(page.get_by_role("main")).to_contain_text("問12")


def test_fault_is_named_with_its_row_and_column_and_nothing_is_stored(page: Page, own: str) -> None:
    page.goto(f"{own}/import")
    settle(page)
    rows = "student_id,item_id,subject_name,exam_name,correct\na,q1,S,E,1\nb,q1,S,E,yes\n"
    give(page, ids.IMPORT_FILE, offered("long.csv", rows))
    told = page.get_by_role("alert").filter(has_text=say("imports.faults"))
    expect(told).to_contain_text("3")
    expect(told).to_contain_text("correct")
    expect(page.locator(f"#{ids.IMPORT_CONFIRM}")).to_have_count(0)
    page.goto(own)
    expect(page.get_by_text(say("frame.empty"))).to_be_visible()


def test_what_is_no_table_is_refused_with_a_sentence(page: Page, own: str) -> None:
    page.goto(f"{own}/import")
    settle(page)
    picture = {"name": "photo.png", "mimeType": "image/png", "buffer": bytes([0x89, 80, 78, 71, 0, 1, 2, 255])}
    give(page, ids.IMPORT_FILE, picture)
    expect(page.get_by_role("alert").filter(has_text=re.compile(r"\S")).first).to_be_visible()
    expect(page.locator(f"#{ids.IMPORT_CONFIRM}")).to_have_count(0)
