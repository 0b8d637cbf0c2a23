"""What a reader waits for, in a real browser.

    .venv/bin/python benchmarks/browser.py

Tablet: a first visit to the Items page with the processor slowed to a quarter, 10 Mbit/s and 40 ms of latency: seconds
to the first painted curve, and bytes over the wire. Desktop: milliseconds from choosing an exam that nobody has looked
at, and another item of a cached exam, to the painted curve. Medians of several visits.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from service import SUBJECT, fill, gunicorn, report

VISITS = 5
CLICKS = 8
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
MEGABIT = 1_000_000 / 8

#: In the page: when each chart was painted (two frames after its lines are there).
WATCH = """
window.__painted = [];
new MutationObserver(() => {
  const line = document.querySelector('.js-plotly-plot .scatterlayer path.js-line, .js-plotly-plot .barlayer path');
  const now = line && line.getAttribute('d');
  if (!now || now === window.__line) return;
  window.__line = now;
  requestAnimationFrame(() => requestAnimationFrame(() => window.__painted.push(performance.now())));
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['d'] });
"""


def main() -> None:
    """Run both profiles and print one line for each number."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        sys.exit("This needs Chromium on PATH.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        store = Path(folder) / "store"
        fill(store)
        with gunicorn(store) as (address, _):
            url = f"{address}/items?subject={quote(SUBJECT)}"
            browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
            first, again = clicks(browser, address)
            report("desktop: click on another exam to painted curve", 500, "ms", first)
            report("desktop: click on another item to painted curve", 500, "ms", again)
            visits = [tablet_visit(browser, url) for _ in range(VISITS)]
            report("tablet: first visit to first curve", 3.5, "s", statistics.median(v[0] for v in visits))
            report("tablet: bytes over the wire", 1.0, "MB", statistics.median(v[1] for v in visits) / 1e6)
            browser.close()


def tablet_visit(browser: Browser, url: str) -> tuple[float, float]:
    """Seconds to the first painted curve of a first visit, and the bytes that it took."""
    context = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True)
    page = context.new_page()
    page.add_init_script(WATCH)
    session = slow_down(context.new_cdp_session(page))
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(url, wait_until="commit")
    seconds = painted(page, after=0.0) / 1000
    page.wait_for_load_state("networkidle")
    context.close()
    return seconds, sum(sizes)


def slow_down(session: CDPSession) -> CDPSession:
    """A school tablet on a school network."""
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 40, "downloadThroughput": 10 * MEGABIT, "uploadThroughput": 10 * MEGABIT},
    )
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    return session


def clicks(browser: Browser, address: str) -> tuple[float, float]:
    """Milliseconds from choosing an exam that nobody looked at, and an item of a cached exam, to the painted curve."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(f"{address}/items?subject={quote(SUBJECT)}")
    painted(page, after=0.0)
    exams = page.locator("select#exam option:not([disabled])")
    others = [exams.nth(i).get_attribute("value") for i in range(exams.count())]
    shown = page.locator("select#exam").input_value()
    first = statistics.median(choose_exam(page, str(exam)) for exam in others if exam != shown)
    items = page.locator("#items-list a.row-link")
    again = statistics.median(click(page, items.nth(i)) for i in range(1, CLICKS + 1))
    context.close()
    return first, again


def choose_exam(page: Page, exam: str) -> float:
    """Milliseconds from choosing an exam to a painted curve."""
    begin = page.evaluate("performance.now()")
    page.locator("select#exam").select_option(exam)
    return painted(page, after=begin) - begin


def click(page: Page, link: Any) -> float:
    """Milliseconds from the browser's own click event to a painted curve."""
    page.evaluate(
        "addEventListener('click', () => { window.__clicked = performance.now(); }, {capture: true, once: true})"
    )
    link.click()
    begin = page.evaluate("window.__clicked")
    return painted(page, after=begin) - begin


def painted(page: Page, after: float) -> float:
    """When a curve was painted first after a moment, in the page's own clock."""
    find = "after => window.__painted.find(time => time > after)"
    return float(page.wait_for_function(find, arg=after, timeout=60_000).json_value())


if __name__ == "__main__":
    main()
