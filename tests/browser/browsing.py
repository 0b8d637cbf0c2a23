"""How a reader walks through the dashboard: open a page, wait until it is drawn, read what it says."""

from __future__ import annotations

from urllib.parse import urlencode

from playwright.sync_api import Locator, Page, expect

from dashboard.words import say

#: The pages, in the order of the navigation.
PAGES = ("overview", "items", "students", "data", "import")

SUBJECT = "Mathematics (simulated)"

#: In the page before anything else: how many callbacks are under way, and since when none is.
COUNT_REQUESTS = """
(() => {
  const ask = window.fetch;
  const idle = { open: 0, since: performance.now() };
  window.__callbacks = idle;
  window.fetch = function (...request) {
    idle.open += 1;
    return ask.apply(this, request).finally(() => { idle.open -= 1; idle.since = performance.now(); });
  };
})();
"""

_IS_SETTLED = """([quiet, asked]) => {
  const idle = window.__callbacks;
  return document.querySelector('main h1') !== null
    && document.querySelector('._dash-loading') === null
    && idle.open === 0 && performance.now() - Math.max(idle.since, asked) > quiet
    && [...document.querySelectorAll('.js-plotly-plot')].every(chart => chart.querySelector('.main-svg'));
}"""

QUIET_MS = 250


def settle(page: Page) -> None:
    """Wait until the page is there, no callback is under way (nor about to be) and every chart is drawn."""
    asked = page.evaluate("performance.now()")
    page.wait_for_function(_IS_SETTLED, arg=[QUIET_MS, asked], timeout=30_000)


def go(page: Page, address: str, name: str = "overview", **query: str | list[str]) -> Page:
    """Open a page of the dashboard at an address, with the state of a link."""
    path = "" if name == PAGES[0] else name
    search = "?" + urlencode({"subject": SUBJECT, **query}, doseq=True)
    page.goto(f"{address}/{path}{search}")
    settle(page)
    return page


def visit(page: Page, name: str) -> None:
    """Go to another page by the navigation."""
    pages = page.get_by_role("navigation", name=say("frame.main_nav"))
    pages.get_by_role("link", name=say(f"frame.{name}"), exact=True).click()
    settle(page)


def headline(page: Page) -> Locator:
    """The page's one first-level heading."""
    heading = page.get_by_role("main").get_by_role("heading", level=1)
    expect(heading).to_have_count(1)
    return heading


def control(page: Page, key: str) -> Locator:
    """A control by the words of its label: ``control(page, "frame.subject")``."""
    return page.get_by_label(say(key), exact=True)


def choices(page: Page, key: str) -> list[str]:
    """The values that a filter offers."""
    options = control(page, key).locator("option:not([disabled])")
    return [str(options.nth(i).get_attribute("value")) for i in range(options.count())]


def choose(page: Page, key: str, value: str) -> None:
    """Choose a value in a filter."""
    control(page, key).select_option(value)
    settle(page)


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
