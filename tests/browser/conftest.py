"""A real browser for the tests of this folder: Chromium, driven by Playwright.

Every test gets a fresh context (no cookies, no storage) and fails if the browser's console is not empty afterwards.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from browsing import COUNT_REQUESTS
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from portals import KEY, School, school

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
MAC_CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"

#: Widths of a desktop, a school tablet and a phone.
WIDTHS = {"desktop": (1280, 900), "tablet": (820, 1180), "phone": (390, 844)}

# Two tests share two cores: a slow answer is not a wrong one.
expect.set_options(timeout=15_000)


def find_browser() -> str:
    """The path of a Chromium, or a failure that says how to get one."""
    for name in (os.environ.get("CHROMIUM", "chromium"), "chromium-browser", "google-chrome", "google-chrome-stable"):
        if path := shutil.which(name):
            return path
    if Path(MAC_CHROME).exists():
        return MAC_CHROME
    pytest.fail(
        "The browser tests need Chromium. On Debian: sudo apt-get install chromium chromium-driver. "
        "Elsewhere: put Chromium or Chrome on PATH, or name it in CHROMIUM.",
        pytrace=False,
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run of a worker."""
    executable = find_browser()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield chromium
        chromium.close()


#: Console messages that count as a fault.
LOUD = ("error", "warning")


class Visitor:
    """Opens pages as one person would, and listens to the console of each."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.problems: list[str] = []
        #: What a test expects the console to say (parts of messages), for pages that are meant to fail.
        self.expected: list[str] = []

    def page(self, width: str = "desktop", **options: Any) -> Page:
        """A page of a new context: nothing is shared with any other page."""
        size = dict(zip(("width", "height"), WIDTHS[width], strict=True))
        context = self._browser.new_context(
            viewport=size, accept_downloads=True, has_touch=width != "desktop", **options
        )
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: self.problems.append(f"{m.type}: {m.text}") if m.type in LOUD else None)
        page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        page.add_init_script(COUNT_REQUESTS)
        return page

    def unexpected(self) -> list[str]:
        """Console messages that no test asked for."""
        return [problem for problem in self.problems if not any(part in problem for part in self.expected)]

    def leave(self) -> None:
        """Close every page."""
        for context in self._contexts:
            context.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    """Somebody at a browser. After the test the console must be empty."""
    someone = Visitor(browser)
    yield someone
    someone.leave()
    complaints = someone.unexpected()
    assert not complaints, "The browser's console says:\n" + "\n".join(complaints)


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """One desktop page."""
    return visitor.page()


@pytest.fixture(scope="session")
def axe_script() -> str:
    """The accessibility checker, from the package that brings it."""
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


@pytest.fixture
def faults_for_axe(axe_script: str) -> Callable[[Page], list[str]]:
    """``faults_for_axe(page)``: what axe-core finds, one line each; [] is what a test wants."""

    def check(page: Page) -> list[str]:
        page.evaluate(axe_script + "; null")
        found = page.evaluate("async () => (await axe.run()).violations")
        return [
            f"{violation['id']} ({violation['impact']}): {node['html'][:200]} {json.dumps(node['target'])}"
            for violation in found
            for node in violation["nodes"]
        ]

    return check


@pytest.fixture(scope="session")
def _school(sample_store: Path, open_app: Callable[..., Any]) -> Iterator[School]:
    """A portal, and Itemwise over the sample exams."""

    def itemwise(portal: str) -> Any:
        keys = json.dumps({"keys": [KEY]})
        return open_app(sample_store, ITEMWISE_EMBED_KEYS=keys, ITEMWISE_PORTAL_ORIGINS=portal)

    with school(itemwise) as running:
        yield running


@pytest.fixture
def lesson(_school: School) -> School:
    """A portal and Itemwise in its frame, of whose requests nothing is recorded yet."""
    _school.forget()
    return _school
