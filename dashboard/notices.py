"""What went wrong, said once and in one place; the last good view stays, dimmed.

The place is a region of the frame with three parts, which are read out when something comes into them: what stopped
(``ids.NOTICE``, an alert), what is gone on without and what an address asks for in vain (``ids.PROBLEMS``, a status),
and the question before a large read. A dozen callbacks that fail for one reason say it in the same words, so it stands
there once and is read out once.
"""

from __future__ import annotations

import hashlib
import logging
import traceback
from collections.abc import Sequence
from typing import Any

from dash import html, set_props

from dashboard import ids
from dashboard.told import told
from dashboard.words import say
from irt.errors import IrtError, SourceError

_log = logging.getLogger("itemwise.dashboard")


def notice(sentences: Sequence[str | html.Span], *actions: Any, serious: bool = False) -> list[html.Div]:
    """One notice with a sentence or several, and what to do; nothing for no sentences.

    It is read out by the part of the frame that it comes into.
    """
    if not sentences:
        return []
    text = html.Div([html.P(sentence) for sentence in sentences], className="notice-text")
    return [
        html.Div(
            [html.Span(className="notice-mark", **{"aria-hidden": "true"}), text, *actions],
            className="notice serious" if serious else "notice",
        )
    ]


def sentences_of(error: Exception) -> list[str]:
    """What a reader is told about an error: the typed ones explain themselves, others are logged under an id.

    The id is that of the place: a defect that several callbacks meet is one.
    """
    if isinstance(error, SourceError):
        return told(error).split("\n")
    if isinstance(error, IrtError):
        return str(error).split("\n")
    # The place goes to the log, never the screen; not the message, which may hold what was looked at.
    place = "".join(traceback.format_tb(error.__traceback__))
    last = traceback.extract_tb(error.__traceback__)[-1:]
    name = hashlib.sha256(f"{type(error).__name__} {last}".encode()).hexdigest()[:8]
    _log.error("callback failed, noted under %s: %s\n%s", name, type(error).__name__, place)
    return [say("frame.our_side", id=name)]


def degraded(sentences: Sequence[str]) -> list[html.Div]:
    """What answers go on without, and how to see whether it is back."""
    return notice(sentences, try_again())


def on_error(error: Exception) -> None:
    """Turn an error of a callback into the notice; the outputs keep what they show."""
    # Hidden by the style sheet where no view has worked yet.
    sentences = [*sentences_of(error), html.Span(say("frame.last_good"), className="last-good")]
    again = [try_again()] if isinstance(error, SourceError) and error.facts.get("again") else []
    set_props(ids.NOTICE, {"children": notice(sentences, *again, serious=True)})


def try_again() -> html.Button:
    """The button that asks for the same page once more (``assets/10-state.js``)."""
    return html.Button(say("frame.try_again"), type="button", className="button quiet", **{"data-again": "true"})
