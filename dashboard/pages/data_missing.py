"""How missing answers and repeated attempts count, and which verdicts depend on it."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.state import State
from dashboard.tables import Column, Row, table
from dashboard.verdicts import level_name
from dashboard.words import count, say
from irt.reports import DataHealth, PolicyComparison
from irt.selection import AttemptPolicy, MissingPolicy
from irt.verdicts import Level


def render_missing(state: State) -> html.Div:
    """The three ways to count a missing answer, as links: the choice is part of the URL."""
    return _choice("missing", [policy.value for policy in MissingPolicy], state.missing.value, state)


def render_attempts(state: State) -> html.Div:
    """Which of several attempts counts, as links."""
    return _choice("attempts", [policy.value for policy in AttemptPolicy], state.attempts.value, state)


def _choice(field: str, values: list[str], chosen: str, state: State) -> html.Div:
    """One of several values, each a link with its meaning."""
    links = []
    for value in values:
        current = {"aria-current": "true"} if value == chosen else {}
        text = [html.Span(say(f"data.{value}"), className="choice-name")]
        text += [html.Span(say(f"data.{value}_means"), className="muted small")]
        links.append(html.A(text, href=state.href(**{field: value}), className="choice chip", **current))
    return html.Div(links, className="choices", role="group", **{"aria-label": say(f"data.{field}_label")})


def render_changes(comparison: PolicyComparison, health: DataHealth, state: State) -> list[Any]:
    """Which verdicts would change: a sentence, and a row for each such item."""
    if not health.n_omitted + health.n_not_reached:
        return [html.P(say("data.changes_no_missing"))]
    if not comparison.changes:
        return [html.P(say("data.changes_none", items=comparison.n_items))]
    columns = [Column("item", say("data.col_item"))]
    columns += [Column(policy, say(f"data.{policy}")) for policy in comparison.policies]
    rows = [
        Row([html.A(change.item_name, href=state.href(page="items", item=change.item_id))]
            + [_level(change.under[policy]) for policy in comparison.policies])
        for change in comparison.changes
    ]  # fmt: skip
    said = count("data.changes", len(comparison.changes), items=comparison.n_items)
    return [html.P(said), table(say("data.changes_caption"), columns, rows, caption_hidden=True)]


def _level(level: Level) -> html.Span:
    """A verdict's level with its shape and its word."""
    return html.Span(
        [html.Span(className=f"mark mark-{level.value}", **{"aria-hidden": "true"}), level_name(level)],
        className="verdict",
    )
