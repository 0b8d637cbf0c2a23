"""Browser: Itemwise in the frame of a portal on another site, in a browser that blocks third-party cookies."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

from browsing import SUBJECT, settle, sideways
from conftest import Visitor
from playwright.sync_api import Frame, Page, expect
from portals import KEY, School, claims, hands_out, post, sign

from dashboard.words import say

#: Every request that a browser sends, with where it goes.
Sent = list[tuple[str, dict[str, str]]]


#: What a page has stored in the browser; a browser that blocks third-party cookies opens no storage to a frame either.
STORED = """() => {
    try { return [...Object.keys(localStorage), ...Object.keys(sessionStorage)]; } catch { return []; }
}"""


def options(frame: Frame, key: str) -> list[str]:
    """What a filter offers."""
    listed = frame.get_by_label(say(key), exact=True).locator("option:not([disabled])")
    return [str(value) for value in listed.evaluate_all("options => options.map(option => option.value)")]


#: The page that is marked in the navigation.
CURRENT = "nav a[aria-current=page]"


def current_page(frame: Frame) -> str:
    """Which page of the navigation is shown."""
    return frame.locator(CURRENT).inner_text()


def place(page: Page) -> str:
    """The place of the frame in the portal's address."""
    return unquote(page.url.partition("#")[2])


def own_scroll(frame: Frame) -> int:
    """By how many pixels the content is higher than the frame."""
    return int(frame.evaluate("document.documentElement.scrollHeight - document.documentElement.clientHeight"))


def listen(page: Page) -> Sent:
    """All requests of a page and its frames from now on."""
    sent: Sent = []
    page.context.on("request", lambda request: sent.append((request.url, request.headers)))
    return sent


def test_teacher_sees_their_class_and_the_token_travels_in_headers_to_itemwise_alone(
    visitor: Visitor, lesson: School
) -> None:
    page = visitor.page()
    sent = listen(page)
    frame = lesson.enter(page, "ito")

    assert options(frame, "frame.subject") == ["Japanese 国語 (simulated)", SUBJECT]
    assert "7B" not in options(frame, "frame.class")
    assert frame.locator("#readers").inner_text() == ""
    frame.get_by_role("link", name=say("frame.students"), exact=True).click()
    settle(frame)
    assert place(page).startswith("students?")

    assert lesson.tokens_asked() == 1
    calls = lesson.data_calls()
    assert len(calls) > 5
    (token,) = {call.token for call in calls}
    assert claims(token)["sub"] == "ito"
    assert {call.status for call in calls} <= {200, 204}

    elsewhere = [url for url, headers in sent if "authorization" in headers and not url.startswith(lesson.itemwise)]
    assert elsewhere == []
    signature = token.rpartition(".")[2]
    assert [url for url, _ in sent if signature in url] == []
    assert not any(signature in str(call.headers.get("Referer")) for call in lesson.at_portal.calls)
    for call in [*lesson.at_itemwise.calls, *lesson.at_portal.calls]:
        rest = {name: value for name, value in call.headers.items() if name != "Authorization"}
        assert signature not in f"{call.path}{call.query}{rest}"
    assert not any("Authorization" in call.headers for call in lesson.at_portal.calls)
    assert not any("Authorization" in call.headers for call in lesson.at_itemwise.calls if call.is_open)
    assert signature not in f"{page.url}{frame.url}{frame.content()}"

    # No cookie is set, one that is tried here does not come back, and the browser opens no storage to the frame.
    assert not any(name.lower() == "set-cookie" for call in lesson.at_itemwise.calls for name, _ in call.answered)
    assert not any("Cookie" in call.headers for call in lesson.at_itemwise.calls)
    assert frame.evaluate(STORED) == page.evaluate(STORED) == []


def test_place_is_kept_in_the_portals_address_both_ways(visitor: Visitor, lesson: School) -> None:
    page = visitor.page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    deep = f"items?{urlencode({'subject': SUBJECT, 'exam': 'Term 2', 'item': 'M-T2-03'})}"
    # As whoever was sent a link: they sign in first, and come to what it shows, without a look at anything else.
    page.add_init_script("(window.said = []) && addEventListener('message', ({ data }) => said.push(data))")
    page.goto(lesson.link(deep))
    page.get_by_role("button", name="Ms Ito").click()
    frame = lesson.frame(page)
    settle(frame)
    assert current_page(frame) == say("frame.items")
    assert place(page) == deep
    assert page.evaluate("said.filter(({ type }) => type === 'itemwise:at')") == [{"type": "itemwise:at", "path": deep}]
    assert "Term 2" in frame.locator("#said").inner_text()

    # Nothing is scrolled inside the frame: it is as high as what it shows.
    page.wait_for_function("document.querySelector('iframe').offsetHeight > 700")
    assert own_scroll(frame) <= 1

    frame.locator("#copy-link").click()
    page.bring_to_front()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert unquote(copied.partition("#")[2]) == place(page)
    assert copied.startswith(f"{lesson.portal}/#")

    frame.get_by_role("link", name=say("frame.overview"), exact=True).click()
    settle(frame)
    assert not place(page).startswith("items")
    page.go_back()
    expect(frame.locator(CURRENT)).to_have_text(say("frame.items"))
    settle(frame)
    assert place(page) == deep
    page.go_forward()
    expect(frame.locator(CURRENT)).to_have_text(say("frame.overview"))
    settle(frame)

    # A link on the portal's own page, and hostile ones.
    page.evaluate("path => { location.hash = encodeURIComponent(path) }", f"students?subject={SUBJECT}")
    expect(frame.locator(CURRENT)).to_have_text(say("frame.students"))
    for path in ("https://example.org/", "//example.org/items", "javascript:alert(1)", "../../secret", "api/v1/items"):
        page.evaluate("path => { location.hash = encodeURIComponent(path) }", path)
    settle(frame)
    assert frame.url.startswith(f"{lesson.itemwise}/students?")
    assert current_page(frame) == say("frame.students")


def test_visit_outlives_its_tokens_and_nobody_notices(visitor: Visitor, lesson: School) -> None:
    page = visitor.page()
    given: list[str] = []

    def short() -> str:
        given.append(sign("ito", life=7))
        return given[-1]

    hands_out(page, lesson, short)
    frame = lesson.enter(page, "ito")
    frame.evaluate("window.__before = true")
    shown = frame.locator("#page").inner_text()
    while len(given) < 2 or claims(given[0])["exp"] > time.time():  # renewed by itself, and the first has ended
        page.wait_for_timeout(100)
        assert frame.locator("#page").inner_text() == shown
        assert frame.locator("#notice").inner_text() == ""
    lesson.forget()
    frame.get_by_role("link", name=say("frame.items"), exact=True).click()
    settle(frame)
    assert frame.evaluate("window.__before") is True
    assert {call.status for call in lesson.data_calls()} <= {200, 204}
    assert given[0] not in str(lesson.data_calls())


def test_another_person_sees_nothing_of_the_one_before(visitor: Visitor, lesson: School) -> None:
    page = visitor.page()
    frame = lesson.enter(page, "ito", "students?class=7A")
    frame.evaluate("window.__before = true")
    lesson.forget()
    hands_out(page, lesson, lambda: sign("berg"))
    post(page, {"type": "itemwise:token", "token": sign("berg")})
    frame.wait_for_function("() => !window.__before && document.querySelector('main h1')")
    settle(frame)
    assert "7A" not in place(page)
    assert "7B" in options(frame, "frame.class")
    expect(frame.locator("#readers")).to_contain_text(say("frame.analyst"))
    assert {claims(call.token)["sub"] for call in lesson.data_calls()} == {"berg"}


#: A window that says all there is to say, to the portal's page and to the frame.
SAYS_EVERYTHING = """token => {
    for (const place of [opener, opener.frames[0]]) {
        place.postMessage({ type: "itemwise:token", token }, "*");
        place.postMessage({ type: "itemwise:go", path: "data" }, "*");
        place.postMessage({ type: "itemwise:hello", version: 1 }, "*");
        place.postMessage({ type: "itemwise:renew" }, "*");
        place.postMessage({ type: "itemwise:height", height: 99999 }, "*");
        place.postMessage({ type: "itemwise:at", path: "data" }, "*");
    }
}"""


def test_messages_of_other_windows_are_ignored(visitor: Visitor, lesson: School) -> None:
    page = visitor.page()
    frame = lesson.enter(page, "ito")
    frame.evaluate("window.__before = true")
    lesson.forget()
    # From another site, and from other windows of the two sites themselves.
    for origin in ("http://elsewhere.test", lesson.itemwise, lesson.portal):
        address = f"{origin}/elsewhere"
        page.context.route(address, lambda route: route.fulfill(body="<p>Elsewhere", content_type="text/html"))
        with page.expect_popup() as opened:
            page.evaluate("address => void window.open(address)", address)
        opened.value.wait_for_url(address)
        opened.value.evaluate(SAYS_EVERYTHING, sign("berg"))
        opened.value.close()
    frame.get_by_role("link", name=say("frame.items"), exact=True).click()
    settle(frame)
    assert frame.evaluate("window.__before") is True
    assert lesson.tokens_asked() == 0
    assert place(page).startswith("items")
    assert page.evaluate("document.querySelector('iframe').offsetHeight") < 20_000


def test_forged_token_shows_a_sentence_and_no_data(visitor: Visitor, lesson: School) -> None:
    visitor.expected.append("401")
    page = visitor.page()
    forged = {**KEY, "k": KEY["k"][::-1]}
    tokens = [sign("ito", key=forged) for _ in range(2)]
    hands_out(page, lesson, lambda: tokens.pop(0))
    page.request.post(f"{lesson.portal}/", form={"user": "ito"})
    frame = lesson.open(page)
    expect(frame.locator("#portal-told")).to_contain_text(say("frame.portal_ended_title"))
    assert {call.status for call in lesson.data_calls()} == {401}
    assert SUBJECT not in frame.content()

    # One that is not taken is no harm, if the next one is.
    tokens += [sign("ito", key=forged), sign("ito")]
    lesson.forget()
    frame.locator("#portal-told [data-portal-again]").click()
    expect(frame.locator(CURRENT)).to_have_text(say("frame.overview"))
    expect(frame.locator("#portal-told")).to_have_count(0)
    assert {call.status for call in lesson.data_calls()} >= {200, 401}
    assert tokens == []


def test_portal_that_gives_no_token_is_told_and_may_come_later(visitor: Visitor, lesson: School) -> None:
    visitor.expected.append("401")
    page = visitor.page()
    page.clock.install()
    tokens: list[str] = []
    hands_out(page, lesson, lambda: tokens[0] if tokens else None)
    page.request.post(f"{lesson.portal}/", form={"user": "ito"})
    frame = lesson.open(page)
    expect(page.locator("#signed-out")).to_be_visible()
    page.clock.fast_forward(11_000)
    expect(frame.locator("#portal-told")).to_contain_text(say("frame.portal_silent_title"))
    assert lesson.data_calls() == []
    tokens.append(sign("ito"))
    frame.locator("#portal-told [data-portal-again]").click()
    expect(frame.locator("main h1").first).to_be_visible()
    expect(frame.locator("#portal-told")).to_have_count(0)
    expect(page.locator("#signed-out")).to_be_hidden()


def test_alone_or_framed_by_another_site_nothing_is_shown(visitor: Visitor, lesson: School) -> None:
    visitor.expected.append("frame-ancestors")
    page = visitor.page()
    page.goto(f"{lesson.itemwise}/")
    expect(page.locator("#portal-told")).to_contain_text(say("frame.portal_alone_title"))
    page.reload()
    assert lesson.data_calls() == []
    # By itself it would have got the cookie that is tried: the browser keeps it, and blocks it in a frame only.
    assert any("probe" in call.headers.get("Cookie", "") for call in lesson.at_itemwise.calls)

    body = f'<h1>Elsewhere</h1><iframe src="{lesson.itemwise}/"></iframe>'
    page.route("http://localhost/", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto("http://localhost/")
    (framed,) = page.main_frame.child_frames
    framed.wait_for_load_state()
    assert framed.url.startswith("chrome-error:")
    policy = dict(lesson.at_itemwise.calls[-1].answered)["Content-Security-Policy"]
    assert policy.endswith(f"frame-ancestors {lesson.portal}")


def test_tablet_downloads_under_the_sandbox_and_has_one_scroll_bar(
    visitor: Visitor, lesson: School, faults_for_axe: Callable[[Any], list[str]]
) -> None:
    page = visitor.page("tablet")
    frame = lesson.enter(page, "ito", "items")
    page.wait_for_function("document.querySelector('iframe').offsetHeight > 700")
    assert sideways(page) <= 0
    assert sideways(frame) <= 0  # type: ignore[arg-type]
    assert own_scroll(frame) <= 1
    with page.expect_download() as downloading:
        frame.locator("a[download][href*='items.csv']").first.click()
    assert re.search(r"items.*\.csv$", downloading.value.suggested_filename)
    rows = list(
        csv.reader(
            line for line in Path(downloading.value.path()).read_text("utf-8-sig").splitlines() if line[0] != "#"
        )
    )
    assert len(rows) == 1 + 36
    n = rows[0].index("n")
    assert all(int(row[n]) <= 40 for row in rows[1:])  # the class, not the 474 of the exam
    assert faults_for_axe(frame) == []
    assert faults_for_axe(page) == []
