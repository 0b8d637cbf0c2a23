"""Browser: the list of items and the chosen one, by mouse and by keyboard, with what can be taken away."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from browsing import go, headline, settle, sideways
from playwright.sync_api import Locator, Page, expect

from dashboard import ids
from dashboard.words import say

LINES = "#items-curve .scatterlayer .trace path.js-line"


@pytest.fixture
def items(page: Page, address: str) -> Page:
    """The page Items."""
    return go(page, address, "items")


def names(page: Page) -> Locator:
    """The items of the list, each a link."""
    return page.locator(f"#{ids.ITEMS_LIST} a.row-link")


def chosen(page: Page) -> str:
    """The name of the item that is shown beside the list."""
    return page.locator("#item-title").inner_text()


def curves(page: Page) -> list[str]:
    """The drawn lines of the curve."""
    return [str(line.get_attribute("d")) for line in page.locator(LINES).all()]


def test_clicked_item_is_shown_with_another_curve(items: Page) -> None:
    before, line = chosen(items), curves(items)
    names(items).nth(3).click()
    settle(items)
    assert chosen(items) == names(items).nth(3).inner_text() != before
    assert curves(items) != line
    expect(items.locator(f"#{ids.ITEMS_LIST} a.row-link[aria-current=true]")).to_have_count(1)


def test_everything_is_reached_by_keyboard(items: Page) -> None:
    """Tab walks through filters, search, list, and the chosen item's table and downloads, and shows where it is."""
    reached = []
    for _ in range(160):
        items.keyboard.press("Tab")
        reached.append(items.evaluate(FOCUSED))
        if reached[-1]["text"] == say("items.copy_link"):
            break
    ringless = [at["text"] for at in reached if not at["ring"]]
    assert ringless == []
    found = " | ".join(f"{at['id']} {at['text']}" for at in reached)
    for wanted in ("subject", "exam", "class", ids.ITEMS_SEARCH, say("frame.as_table"), say("frame.picture_svg")):
        assert wanted in found, (wanted, found)
    assert sum("row-link" in at["kind"] for at in reached) == names(items).count()


FOCUSED = """() => {
  const at = document.activeElement, style = getComputedStyle(at), row = at.closest('tr');
  const around = [at, at.parentElement, row].filter(Boolean).map(e => getComputedStyle(e));
  const pseudo = [getComputedStyle(at, '::after'), getComputedStyle(at, '::before')];
  const ring = [...around, ...pseudo].some(s => (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0)
    || s.boxShadow !== 'none');
  return { id: at.id, text: (at.innerText || at.getAttribute('aria-label') || '').trim(), kind: at.className, ring };
}"""


def test_item_is_chosen_and_its_table_opened_by_keyboard(items: Page) -> None:
    names(items).nth(2).focus()
    wanted = names(items).nth(2).inner_text()
    items.keyboard.press("Enter")
    settle(items)
    assert chosen(items) == wanted
    expect(items.locator("#item-title")).to_be_focused()
    summary = items.locator(f"#{ids.ITEMS_CHOSEN} details.twin summary").first
    summary.focus()
    items.keyboard.press("Enter")
    expect(items.locator(f"#{ids.ITEMS_CHOSEN} details.twin table").first).to_be_visible()


def test_curves_are_laid_over_each_other_and_the_link_keeps_them(items: Page, visitor) -> None:
    ticks = items.locator(f"#{ids.ITEMS_LIST} input[type=checkbox]:visible")
    for i in (0, 1):
        ticks.nth(i).check()
        settle(items)
    expect(items.locator(LINES)).to_have_count(3)
    assert len(set(curves(items))) == 3
    other = visitor.page()
    other.goto(items.url)
    settle(other)
    assert curves(other) == curves(items)
    ticks.nth(0).uncheck()
    settle(items)
    assert len(curves(items)) < len(curves(other))


def test_search_and_sorting_narrow_and_order_the_list(items: Page) -> None:
    everything = names(items).all_inner_texts()
    items.get_by_label(say("items.find")).fill(everything[-1])
    items.wait_for_timeout(350)
    settle(items)
    assert names(items).count() < len(everything)
    assert everything[-1] in names(items).all_inner_texts()
    items.get_by_label(say("items.find")).fill("")
    items.wait_for_timeout(350)
    settle(items)
    items.get_by_role("columnheader", name=say("items.correct")).get_by_role("link").click()
    settle(items)
    shares = items.locator(f"#{ids.ITEMS_LIST} tbody tr td:nth-child(2)").all_inner_texts()
    percents = [float(share.split()[0].replace("\u00a0", "")) for share in shares]
    assert percents == sorted(percents, reverse=True)
    assert sorted(names(items).all_inner_texts()) == sorted(everything)


def test_search_without_a_match_says_so_and_leads_back(items: Page) -> None:
    items.get_by_label(say("items.find")).fill("no item is called this")
    items.wait_for_timeout(350)
    settle(items)
    expect(items.get_by_text(say("items.none_found"))).to_be_visible()
    items.get_by_role("link", name=say("items.none_found_action")).click()
    settle(items)
    assert names(items).count() > 30


def test_table_is_saved_as_csv_with_its_columns_explained(items: Page, tmp_path: Path) -> None:
    shown = names(items).all_inner_texts()
    with items.expect_download() as download:
        items.locator(f"#{ids.ITEMS_LIST} a[href*='items.csv']").click()
    target = tmp_path / download.value.suggested_filename
    download.value.save_as(target)
    text = target.read_text("utf-8-sig")
    table = [line for line in text.splitlines() if not line.startswith(("#", '"#'))]
    rows = list(csv.DictReader(io.StringIO("\n".join(table))))
    assert sorted(row["item_name"] for row in rows) == sorted(shown)
    assert all(f"{column}:" in text for column in rows[0])


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_chart_is_saved_as_a_picture(items: Page, tmp_path: Path, kind: str) -> None:
    with items.expect_download() as download:
        items.locator(f"button[data-graph='items-curve'][data-picture='{kind}']").click()
    target = tmp_path / download.value.suggested_filename
    download.value.save_as(target)
    assert target.suffix == f".{kind}"
    if kind == "svg":
        drawing = ElementTree.fromstring(target.read_text("utf-8"))  # noqa: S314 - our own picture
        assert len(list(drawing.iter("{http://www.w3.org/2000/svg}path"))) > 3
        assert "var(--" not in target.read_text("utf-8")
    else:
        assert target.read_bytes().startswith(b"\x89PNG")


def test_item_takes_the_whole_page_on_a_phone_and_leads_back(visitor, address: str) -> None:
    page = go(visitor.page("phone"), address, "items")
    names(page).first.click()
    settle(page)
    expect(page.locator("#item-title")).to_be_visible()
    expect(names(page).first).to_be_hidden()
    assert sideways(page) <= 0
    page.locator("a.back").click()
    settle(page)
    expect(names(page).first).to_be_visible()


def test_touch_targets_are_large_enough_on_a_tablet(visitor, address: str) -> None:
    page = go(visitor.page("tablet"), address, "items")
    small = page.evaluate(SMALL_TARGETS)
    assert small == []


SMALL_TARGETS = """() => [...document.querySelectorAll('main a, main button, header a, header button, select, input')]
  .map(e => e.matches('.row-link') ? e.closest('tr') : e)
  .filter(e => e.offsetParent !== null && e.type !== 'checkbox' && !e.closest('p, .skip, th'))
  .map(e => [e.innerText || e.id, Math.round(e.getBoundingClientRect().height)])
  .filter(([, height]) => height > 0 && height < 44)"""


def test_chosen_item_with_several_curves_has_no_fault_for_axe(
    items: Page, faults_for_axe: Callable[[Page], list[str]]
) -> None:
    items.locator(f"#{ids.ITEMS_LIST} input[type=checkbox]:visible").first.check()
    settle(items)
    for summary in items.locator("details summary:visible").all():
        summary.click()
    assert faults_for_axe(items) == []


def test_item_is_printed_without_controls(items: Page) -> None:
    assert items.pdf(format="A4").startswith(b"%PDF-")
    items.emulate_media(media="print")
    expect(items.get_by_label(say("items.find"))).to_be_hidden()
    expect(items.locator("#items-curve")).to_be_visible()
    expect(headline(items)).to_have_count(1)
