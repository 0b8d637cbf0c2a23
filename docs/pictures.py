"""Take the pictures of the README from the running app: ``.venv/bin/python docs/pictures.py [FOLDER]``."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from service import fill, gunicorn  # noqa: E402 - after the path is set

SUBJECT = "Mathematics (simulated)"
#: Name -> page, state and width.
PICTURES = {
    "overview": ("", {"exam": "Term 2"}, 1280),
    "items": ("items", {"exam": "Term 2"}, 1280),
    "students": ("students", {"exam": "Term 2", "class": "8A"}, 1280),
}
MOST_BYTES = 300_000


def main() -> None:
    """Take all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "img"
    folder.mkdir(parents=True, exist_ok=True)
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        store = Path(scratch) / "store"
        fill(store)
        with gunicorn(store) as (address, _):
            browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
            for name, (page, state, width) in PICTURES.items():
                url = f"{address}/{page}?{urlencode({'subject': SUBJECT, **state})}"
                picture = take(browser, url, width, "dark" if name.endswith("dark") else "light")
                if len(picture) > MOST_BYTES:
                    sys.exit(f"{name} has {len(picture):,} bytes: more than {MOST_BYTES:,}.")
                (folder / f"{name}.png").write_bytes(picture)
            browser.close()


def take(browser: Browser, url: str, width: int, scheme: str) -> bytes:
    """The upper part of a page as PNG."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(url)
    page.locator("main h1").wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(800)
    picture = page.screenshot()
    context.close()
    return picture


if __name__ == "__main__":
    main()
