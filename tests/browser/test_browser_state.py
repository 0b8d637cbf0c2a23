"""Browser: what is selected lives in the address, and nowhere else."""

from __future__ import annotations

import pytest
from browsing import PAGES, choices, choose, control, go, headline, settle, visit
from playwright.sync_api import Page, Route, expect

from dashboard.words import say


def chosen(page: Page, key: str) -> str:
    """The value that a filter shows."""
    return control(page, key).input_value()


def choose_first_class(page: Page) -> str:
    """Put the first class in focus; its name."""
    name = choices(page, "frame.class")[1]  # the first is all of them
    choose(page, "frame.class", name)
    return name


def test_back_and_forward_restore_what_was_selected(page: Page, address: str) -> None:
    go(page, address)
    everybody = page.get_by_role("main").inner_text()
    choose_first_class(page)
    one_class = page.get_by_role("main").inner_text()
    assert one_class != everybody
    visit(page, "items")
    page.go_back()
    settle(page)
    assert page.get_by_role("main").inner_text() == one_class
    page.go_back()
    settle(page)
    assert page.get_by_role("main").inner_text() == everybody
    page.go_forward()
    settle(page)
    assert page.get_by_role("main").inner_text() == one_class


@pytest.mark.parametrize("name", PAGES[:4])
def test_link_shows_another_reader_the_same(visitor, address: str, name: str) -> None:
    mine = go(visitor.page(), address, name, view="analyst")
    choose_first_class(mine)
    theirs = visitor.page()
    theirs.goto(mine.url)
    settle(theirs)
    assert theirs.get_by_role("main").inner_text() == mine.get_by_role("main").inner_text()
    for key in ("frame.subject", "frame.exam", "frame.class"):
        assert chosen(theirs, key) == chosen(mine, key)


def test_second_visitor_sees_nothing_of_the_first(visitor, address: str) -> None:
    before = go(visitor.page(), address)
    untouched, all_classes = before.get_by_role("main").inner_text(), chosen(before, "frame.class")
    first = go(visitor.page(), address, view="analyst")
    choose_first_class(first)
    second = go(visitor.page(), address)
    assert second.get_by_role("main").inner_text() == untouched
    assert chosen(second, "frame.class") == all_classes != chosen(first, "frame.class")


def test_view_switch_is_kept_in_the_address(page: Page, address: str) -> None:
    go(page, address)
    page.get_by_role("link", name=say("frame.analyst")).or_(page.get_by_label(say("frame.analyst"))).first.click()
    settle(page)
    assert "view=analyst" in page.url
    expect(headline(page)).to_be_visible()


def test_browser_keeps_no_answers(page: Page, address: str) -> None:
    for name in PAGES:
        go(page, address, name)
    kept = page.evaluate("JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])")
    assert len(kept) < 400, kept


def test_a_connection_that_breaks_is_tried_again_unnoticed_then_by_hand(visitor, address: str) -> None:
    page = visitor.page()
    visitor.expected.append("net::ERR_CONNECTION_RESET")
    go(page, address)
    broken: list[str] = []

    def breaks(route: Route) -> None:
        """The first call of each callback."""
        asked = str(route.request.post_data)
        if asked in broken:
            route.continue_()
        else:
            broken.append(asked)
            route.abort("connectionreset")

    page.route("**/_dash-update-component*", breaks)
    visit(page, "items")
    assert broken
    expect(page.locator("table.items tbody tr").first).to_be_visible()
    expect(page.locator("#notice")).to_be_empty()

    page.unroute("**/_dash-update-component*")
    page.route("**/_dash-update-component*", lambda route: route.abort("connectionreset"))
    page.get_by_role("link", name=say("frame.students"), exact=True).click()
    told = page.locator("#notice")
    expect(told).to_contain_text(say("frame.portal_offline"))
    expect(told.locator(".last-good")).to_be_hidden()  # there is no view of this page yet
    page.unroute("**/_dash-update-component*")
    told.get_by_role("button", name=say("frame.try_again")).click()
    expect(page.locator("#students-report .page-title")).to_be_visible()
    expect(told).to_be_empty()
