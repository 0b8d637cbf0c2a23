"""A check of the model as every reader sees it: the question, a mark with its word, and what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dash import html

from dashboard.words import say

#: Shape and colour of each outcome: the ones that stand for verdicts about items.
_MARKS = {"well": "works_well", "roughly": "weak", "badly": "look_again", "unsure": "too_few_answers"}


@dataclass(frozen=True, slots=True)
class Check:
    """One check in words: ``level`` is well, roughly, badly or unsure; ``items`` are the ids to look at."""

    level: str
    sentence: str
    items: tuple[str, ...] = ()


def render_check(question: str | None, check: Check, *more: Any) -> html.Div:
    """The question (None where it stands above already), how it is answered, and what belongs to it."""
    mark = html.Span(className=f"mark mark-{_MARKS[check.level]}", **{"aria-hidden": "true"})
    word = html.Span(say(f"fit.{check.level}"), className=f"level-{_MARKS[check.level]}")
    return html.Div(
        [
            *([html.H3(say(f"fit.{question}"))] if question else []),
            html.P([html.Span([mark, word], className="verdict"), " ", html.Span(check.sentence)], className="checked"),
            *more,
        ],
        className="check",
    )


def facts(pairs: Sequence[tuple[str, str]]) -> html.Dl:
    """Names and values side by side."""
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in pairs], className="facts")
