"""Browser: the page inside another one (``assets/portal.js``): what it tells, what it takes, and how it looks there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from browsing import SUBJECT, go, settle, sideways
from conftest import Visitor
from playwright.sync_api import Frame, Page, Route, expect
from portals import EXAMPLE, KEY, PEOPLE, School, hands_out, post, sign

from dashboard.words import say

#: What the frame says, from now on.
HEAR = "() => { window.heard = []; addEventListener('message', (event) => heard.push(event.data)); }"


def heard(page: Page, kind: str) -> list[Any]:
    """What the frame said of one kind."""
    return page.evaluate("type => heard.filter(said => said.type === type)", f"itemwise:{kind}")


def find_item(frame: Frame, text: str) -> None:
    """Type into the search of the list of items, and wait for what it finds."""
    with frame.page.expect_response(lambda answer: "_dash-update-component" in answer.url):
        frame.get_by_label(say("items.find")).fill(text)
    settle(frame)


def test_what_is_typed_stays_with_the_reader_and_back_brings_it_back(visitor: Visitor, lesson: School) -> None:
    page = visitor.page()
    frame = lesson.enter(page, "ito", "items")
    page.evaluate(HEAR)
    before = frame.locator("table.items tbody tr").count()
    find_item(frame, "haruka")
    assert frame.locator("table.items tbody tr").count() == 0
    frame.get_by_role("link", name=say("frame.students"), exact=True).click()
    settle(frame)
    page.go_back()
    settle(frame)
    expect(frame.get_by_label(say("items.find"))).to_have_value("haruka")
    assert frame.locator("table.items tbody tr").count() == 0
    frame.get_by_role("link", name=say("items.none_found_action")).click()
    settle(frame)
    assert frame.locator("table.items tbody tr").count() == before
    expect(frame.get_by_label(say("items.find"))).to_have_value("")

    paths = [said["path"].partition("?")[0] for said in heard(page, "at")]
    assert paths[-3:-1] == ["students", "items"]
    kept = [page.url, frame.url, page.title(), str(page.evaluate("heard")), str(frame.evaluate("history.state"))]
    assert "haruka" not in "".join(kept).lower()
    assert not any("haruka" in f"{call.path}{call.query}{call.headers}" for call in lesson.at_itemwise.calls)


def test_height_is_that_of_the_content_and_follows_nothing_else(visitor: Visitor, lesson: School) -> None:
    page = visitor.page()
    frame = lesson.enter(page, "ito", "items")
    own = "() => Math.ceil(document.documentElement.getBoundingClientRect().height)"
    tall = frame.evaluate(own)
    page.wait_for_function("high => document.querySelector('iframe').offsetHeight === high", arg=tall)
    page.evaluate("document.querySelector('iframe').style.height = '6000px'")
    frame.wait_for_function("() => innerHeight === 6000")
    assert frame.evaluate(own) == tall
    page.evaluate(HEAR)
    frame.evaluate("document.getElementById('items').hidden = true")  # a page that is shorter
    page.wait_for_function("tall => heard.some(said => said.height < tall)", arg=tall)
    assert heard(page, "height") == [{"type": "itemwise:height", "height": frame.evaluate(own)}]


def test_links_are_the_portals_own_and_files_that_are_refused_are_told(visitor: Visitor, lesson: School) -> None:
    visitor.expected.append("403")
    page = visitor.page()
    frame = lesson.enter(page, "ito", "items")
    # One that leads elsewhere is not taken; the one before stays.
    for link in ("https://example.org/{path}", "javascript:alert(1)//{path}", f"{lesson.portal}/nowhere", 7):
        post(page, {"type": "itemwise:token", "token": sign("ito"), "link": link})
    frame.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    frame.locator("#copy-link").click()
    by_hand = frame.get_by_label(say("frame.not_copied"))
    expect(by_hand).to_be_focused()
    text = by_hand.input_value()
    assert text.startswith(f"{lesson.portal}/#items%3Fsubject%3D")
    assert frame.evaluate("getSelection().toString()") == text
    by_hand.press("Escape")
    expect(frame.locator("#copy-link")).to_be_focused()
    assert by_hand.count() == 0

    page.route("**/download/*", lambda route: route.fulfill(status=403, content_type="text/plain", body="Not for you."))
    frame.locator("a[download]").first.click()
    expect(frame.locator("#notice")).to_contain_text("Not for you.")
    assert frame.url.startswith(f"{lesson.itemwise}/items")
    expect(frame.locator("main h1").first).to_be_attached()


def test_tokens_are_renewed_once_for_all_calls_and_a_second_refusal_ends_the_visit(
    visitor: Visitor, lesson: School, faults_for_axe: Callable[[Any], list[str]]
) -> None:
    visitor.expected.append("401")
    page = visitor.page("phone")
    given: list[str] = []
    dead: set[str] = set()

    def hand_out() -> str:
        given.append(sign("ito", life=300 + len(given)))
        return given[-1]

    def refuse(route: Route) -> None:
        bearer = route.request.headers.get("authorization", "").removeprefix("Bearer ")
        if bearer in dead:
            route.fulfill(status=401, content_type="text/plain", body="The access token has ended.")
        else:
            route.continue_()

    hands_out(page, lesson, hand_out)
    frame = lesson.enter(page, "ito")
    assert len(given) == 1
    dead.add(given[0])
    page.route("**/_dash-update-component*", refuse)
    lesson.forget()
    frame.get_by_role("link", name=say("frame.data"), exact=True).click()
    settle(frame)
    assert len(given) == 2
    assert {call.token for call in lesson.data_calls()} == {given[1]}
    assert len(lesson.data_calls()) > 3  # several calls met the refusal
    assert frame.locator("#notice").inner_text() == ""

    hands_out(page, lesson, lambda: given[1])
    dead.add(given[1])
    frame.get_by_role("link", name=say("frame.items"), exact=True).click()
    told = frame.locator("#portal-told")
    expect(told).to_contain_text(say("frame.portal_ended"))
    expect(frame.locator("#react-entry-point")).to_be_hidden()
    assert sideways(frame) <= 0
    assert faults_for_axe(frame) == []


def test_the_same_reader_with_another_grant_starts_anew_where_they_are(visitor: Visitor, lesson: School) -> None:
    page = visitor.page("tablet")
    frame = lesson.enter(page, "ito", f"students?subject={SUBJECT}")
    frame.evaluate("window.__before = true")
    post(page, {"type": "itemwise:token", "token": sign("ito")})  # the same grant: nothing happens
    assert frame.evaluate("window.__before") is True
    wider = EXAMPLE.sign("ito", PEOPLE["berg"]["grant"], KEY, 300)  # what an analyst may see
    hands_out(page, lesson, lambda: wider)
    post(page, {"type": "itemwise:token", "token": wider})
    frame.wait_for_function("() => !window.__before && document.querySelector('main h1')")
    settle(frame)
    assert frame.url.startswith(f"{lesson.itemwise}/students?subject=")
    expect(frame.locator("#readers")).to_contain_text(say("frame.analyst"))
    assert sideways(frame) <= 0


def test_embed_takes_the_bar_away_and_stays(
    visitor: Visitor, address: str, faults_for_axe: Callable[[Any], list[str]]
) -> None:
    page = visitor.page("phone")
    page.add_init_script("try { localStorage.setItem('itemwise-theme', 'dark') } catch {}")
    go(page, address, "items", embed="")
    assert page.evaluate("document.documentElement.dataset.theme") is None  # that of the system, as around it
    expect(page.get_by_role("link", name=say("frame.name"), exact=True)).to_be_hidden()
    assert page.locator("#problems").inner_text() == ""
    page.get_by_role("link", name=say("frame.students"), exact=True).click()
    settle(page)
    page.reload()
    settle(page)
    assert page.url.endswith("&embed")
    assert page.evaluate("document.documentElement.dataset.embedded") == "true"
    assert sideways(page) <= 0
    assert faults_for_axe(page) == []


def test_an_empty_store_leaves_the_console_empty(
    page: Page, tmp_path: Path, open_app: Callable[..., Any], serve: Callable[[Any], str]
) -> None:
    url = serve(open_app(tmp_path))
    page.goto(f"{url}/data")
    expect(page.get_by_role("heading", level=1)).to_have_text(say("frame.empty"))
    page.get_by_role("link", name=say("frame.to_import")).click()
    expect(page.locator("#import-lead")).not_to_be_empty()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(say("frame.empty"))
    expect(page.locator("#page")).to_be_hidden()
