"""Who asks, what they may see, and what every answer carries. From top to bottom:

ways.py     who asks: a signed token, a login proxy, this machine, anybody; sites.py what other sites may send
places.py   where a request goes, and what of it is open without identity
guard.py    lets in or refuses, before a body is read; refusals.py how that is answered
headers.py  the security headers of every answer
audit.py    who looked, and who was refused
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from dashboard.access import audit, guard, headers
from dashboard.access.guard import caller, caller_scope, known_caller
from irt.settings import Settings

__all__ = ["caller", "caller_scope", "install", "known_caller"]


def install(server: Flask, settings: Settings, csp_hashes: Callable[[], list[str]] = list) -> None:
    """Put the guard in front of every request, the headers on every answer, and a line in the log for each look.

    Parameters
    ----------
    server : Flask
    settings : Settings
    csp_hashes : callable, optional
        The hashes of the page's inline scripts, asked for at the first answer: after all callbacks are registered.

    Raises
    ------
    SettingsError
        If the audit log cannot be written.
    """
    guard.install(server, settings)
    headers.install(server, settings, csp_hashes)
    audit.install(server, settings)
