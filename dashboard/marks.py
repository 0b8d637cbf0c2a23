"""A verdict as a mark and a word: the shape says it too, so that colour is never alone."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.verdicts import is_urgent, level_name
from irt.verdicts import Level, Verdict


def mark(level: Level, *, urgent: bool = False) -> html.Span:
    """The shape of a level; decoration beside its word."""
    kind = f"mark mark-{level.value}" + (" urgent" if urgent else "")
    return html.Span(className=kind, **{"aria-hidden": "true"})


def named_mark(verdict: Verdict) -> html.Span:
    """The shape and its word."""
    urgent = is_urgent(verdict)
    kind = f"level-{verdict.level.value}" + (" urgent" if urgent else "")
    return html.Span(
        [mark(verdict.level, urgent=urgent), html.Span(level_name(verdict.level), className=kind)], className="verdict"
    )


def spoken_mark(verdict: Verdict) -> html.Span:
    """The shape with its word for those who hear the page."""
    shape = mark(verdict.level, urgent=is_urgent(verdict))
    label: dict[str, Any] = {"aria-label": level_name(verdict.level)}
    return html.Span(className=shape.className, role="img", **label)
