"""Browser: what a first visit costs a school's line. (Times are measured in ``benchmarks/browser.py``.)"""

from __future__ import annotations

from pathlib import Path

from browsing import go

ASSETS = Path(__file__).resolve().parents[2] / "assets"

#: Where set-up found no npm, Python's full plotly.js is served instead of the small bundle: 1.1 MB more.
MOST_BYTES = 1_000_000 if list(ASSETS.glob("vendor-plotly-basic-*.min.js")) else 2_100_000


def test_first_visit_of_the_items_page_is_light(visitor, address: str) -> None:
    page = visitor.page("tablet")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    go(page, address, "items")
    assert page.locator("#items-curve .main-svg").count() > 0
    assert 100_000 < sum(sizes) <= MOST_BYTES
