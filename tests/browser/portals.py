"""A school: its portal at one site, Itemwise at another, both served here, and all that reaches either by the wire."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import jwt
from browsing import settle
from playwright.sync_api import Frame, Page
from werkzeug.serving import BaseWSGIServer, make_server

from tests.example_portal import PEOPLE, example

KEY = {"kty": "oct", "kid": "one", "alg": "HS256", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}

#: A cookie that is tried on the browser beside each asset, to see what becomes of cookies of a framed site.
PROBE = "probe=1; SameSite=None; Secure; Path=/"

EXAMPLE = example()


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it arrived, and what was answered."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    status: int
    answered: list[tuple[str, str]]

    @property
    def token(self) -> str:
        """The token that it carried."""
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    @property
    def is_open(self) -> bool:
        """Whether anybody may have it: files, and pages without data."""
        return self.path.startswith(("/assets/", "/_dash-component-suites/", "/_favicon")) or self.path in PATHS


#: Addresses of pages.
PATHS = ("/", "/overview", "/items", "/students", "/data", "/import")


@dataclass(slots=True)
class Wire:
    """A WSGI application, with a list of all that was asked of it."""

    app: Any
    tries_cookies: bool = False
    calls: list[Call] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        headers = {name[5:].replace("_", "-").title(): text for name, text in environ.items() if name[:5] == "HTTP_"}

        def start(status: str, answered: list[tuple[str, str]], *rest: Any) -> Any:
            call = (environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], headers)
            self.calls.append(Call(*call, int(status[:3]), answered))
            extra = [("Set-Cookie", PROBE)] if self.tries_cookies and environ["PATH_INFO"].startswith("/assets") else []
            return start_response(status, [*answered, *extra], *rest)

        answer: Iterable[bytes] = self.app(environ, start)
        return answer


@dataclass(frozen=True, slots=True)
class School:
    """Where portal and Itemwise are; what reached them."""

    portal: str
    itemwise: str
    at_portal: Wire
    at_itemwise: Wire

    def forget(self) -> None:
        """Begin the records anew."""
        self.at_portal.calls.clear()
        self.at_itemwise.calls.clear()

    def tokens_asked(self) -> int:
        """How many tokens were asked of the portal."""
        return sum(call.path == "/token" for call in self.at_portal.calls)

    def data_calls(self) -> list[Call]:
        """What reached Itemwise beyond files and empty pages."""
        return [call for call in self.at_itemwise.calls if not call.is_open]

    def enter(self, page: Page, user: str, path: str = "") -> Frame:
        """Sign in to the portal and open its page; the frame in it, when all is drawn."""
        page.request.post(f"{self.portal}/", form={"user": user})
        frame = self.open(page, path)
        settle(frame)
        return frame

    def link(self, path: str) -> str:
        """The portal's address of a place in Itemwise."""
        return f"{self.portal}/#{quote(path, safe='')}" if path else f"{self.portal}/"

    def open(self, page: Page, path: str = "") -> Frame:
        """Open the portal's page, at a place in Itemwise; the frame in it."""
        page.goto(self.link(path))
        return self.frame(page)

    def frame(self, page: Page) -> Frame:
        """The frame with Itemwise."""
        page.locator("iframe").wait_for()
        (frame,) = page.main_frame.child_frames
        frame.wait_for_load_state()
        return frame


def sign(user: str, life: int = 300, key: dict[str, str] = KEY) -> str:
    """A token for one of the portal's people."""
    token: str = EXAMPLE.sign(user, PEOPLE[user]["grant"], key, life)
    return token


def claims(token: str) -> dict[str, Any]:
    """What a token says."""
    said: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return said


def hands_out(page: Page, school: School, token: Callable[[], str | None]) -> None:
    """Let the portal's server answer with other tokens than its own; None: it answers that nobody is signed in."""

    def answer(route: Any) -> None:
        given = token()
        route.fulfill(status=401 if given is None else 200, json={"token": given})

    page.route(f"{school.portal}/token", answer)


def post(page: Page, message: dict[str, Any]) -> None:
    """Let the portal's page send a message to the frame."""
    page.evaluate("message => document.querySelector('iframe').contentWindow.postMessage(message, '*')", message)


@contextmanager
def school(itemwise: Callable[[str], Any]) -> Iterator[School]:
    """Serve both: ``itemwise(origin)`` makes the app that the portal at this origin may frame."""
    portal_server = make_server("localhost", 0, lambda *_: [], threaded=True)
    portal = f"http://localhost:{portal_server.server_port}"
    at_itemwise = Wire(itemwise(portal).server, tries_cookies=True)
    itemwise_server = make_server("127.0.0.1", 0, at_itemwise, threaded=True)
    address = f"http://127.0.0.1:{itemwise_server.server_port}"
    portal_server.app = at_portal = Wire(EXAMPLE.create_portal(KEY, f"{address}/"))
    with _serving(portal_server), _serving(itemwise_server):
        yield School(portal, address, at_portal, at_itemwise)


@contextmanager
def _serving(server: BaseWSGIServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(timeout=10)
