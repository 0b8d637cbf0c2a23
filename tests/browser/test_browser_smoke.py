"""Browser: the app starts and draws under dash[testing] too."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard.words import say


@pytest.fixture
def started(dash_duo: Any, open_app: Callable[..., Any], sample_store: Path) -> Any:
    """A browser at the start page of an app of its own, on a port that no other test worker uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dash_duo.start_server(open_app(sample_store), port=port)
    dash_duo.wait_for_element("main h1", timeout=20)
    return dash_duo


def test_start_page_is_drawn_without_complaint(started: Any) -> None:
    assert started.wait_for_element("nav a[aria-current=page]", timeout=20).text == say("frame.overview")
    assert started.get_logs() == []


def test_link_to_another_page_is_followed(started: Any) -> None:
    started.wait_for_element("nav a[href*=items]", timeout=20).click()
    started.wait_for_text_to_equal("nav a[aria-current=page]", say("frame.items"), timeout=20)
    assert started.get_logs() == []
