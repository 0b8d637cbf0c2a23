"""What a caller is told of a source that fails: whoever may spend hears where and why, others what to do about it.

The sentences of a source are for who runs it: they name tables, projects, folders and settings.
"""

from __future__ import annotations

import logging

from flask import has_request_context

from dashboard.access import known_caller
from dashboard.words import say
from irt.errors import ConfirmationNeeded, SourceError

_log = logging.getLogger("itemwise.dashboard")

#: Reasons whose sentences are for readers.
_READERS = frozenset({"cancelled", "changed", "computing", "conflict", "confirmation"})


def told(error: SourceError) -> str:
    """The sentence for the caller of this request; the reason goes to the log where it is not said."""
    caller, reason = known_caller(), error.facts.get("reason", "unavailable")
    runs_it = not has_request_context() or (caller is not None and caller.may_spend)
    if runs_it or reason in _READERS or isinstance(error, ConfirmationNeeded):
        return error.message
    _log.warning("The answers cannot be read: %s.", reason)
    if error.facts.get("again"):
        return say("frame.source_away")
    return say("frame.source_closed", reason=reason)
