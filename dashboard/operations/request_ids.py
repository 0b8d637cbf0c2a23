"""The name of a request: the one that a proxy gave it, or a new one. It stands in every line and answer about it."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar

#: What is taken from a proxy: nothing else could stand in a header, a line of a log and an address alike.
_TAKEN = re.compile(r"[A-Za-z0-9._-]{1,64}")

#: The request that is being answered; also of what it has computed in the background.
naming: ContextVar[str] = ContextVar("request_id", default="")


def chosen(given: str | None) -> str:
    """The name that a request came with (``X-Request-Id``), or a new one."""
    return given if given is not None and _TAKEN.fullmatch(given) else secrets.token_hex(8)


def current() -> str:
    """The name of the request that is being answered; empty outside of one."""
    return naming.get()
