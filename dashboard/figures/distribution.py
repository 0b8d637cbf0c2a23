"""Who got how much, and under the same axis where the items sit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import floor, isfinite
from typing import Any

from dashboard.figures.theme import BARS, BARS_STRONG, CLASS, SOFT, Figure, axis, escape, figure, heading, label
from dashboard.words import say
from irt.reports import ExamReport, ItemReport
from irt.verdicts import Level

#: Shape and colour of an item by its verdict: the same as beside its name.
_MARKS = {
    Level.LOOK_AGAIN: ("diamond", "var(--amber)", 11),
    Level.WEAK: ("diamond-open", "var(--amber)", 10),
    Level.TOO_FEW: ("circle-open-dot", "var(--grey)", 9),
    Level.NOTE: ("circle-open", "var(--grey)", 9),
    Level.WORKS_WELL: ("circle", "var(--green)", 9),
}
_BIN = 0.25  # logits


def scores_and_items(report: ExamReport) -> Figure:
    """Students by score; items where half of the students get them right, by the expected score."""
    scores = list(range(report.max_score + 1))
    bars = [_bars(scores, report.scores.counts, BARS, 0.84, say("overview.bar_hover"))]
    notes = []
    if report.class_scores is not None:
        bars.append(_bars(scores, report.class_scores.counts, CLASS, 0.84, say("overview.bar_hover_class")))
        notes = _who(say("overview.all_students"), say("overview.this_class"))
    places = [(item, item.half_score) for item in report.items]
    placed = any(isfinite(place) for _, place in places)
    title = say("overview.axis_score" if placed else "overview.axis_score_alone", n=report.max_score)
    return _two_storeys(bars, places, title, [-0.6, report.max_score + 0.6], notes, report.max_score / 38)


def abilities_and_items(abilities: Iterable[float], items: Sequence[ItemReport]) -> Figure:
    """The Wright map: students by ability, items by difficulty, in logits."""
    counts = Counter(floor(theta / _BIN) for theta in abilities if isfinite(theta))
    places = [(item, item.difficulty) for item in items]
    here = [place for _, place in places if isfinite(place) and abs(place) <= 4]
    low = min([k * _BIN for k in counts] + here, default=-3.0) - 0.3
    high = max([(k + 1) * _BIN for k in counts] + here, default=3.0) + 0.3
    steps = sorted(counts)
    centres = [round((k + 0.5) * _BIN, 3) for k in steps]
    bars = _bars(centres, [counts[k] for k in steps], BARS, 0.92 * _BIN, say("overview.bar_hover_theta"))
    return _two_storeys([bars], places, say("overview.axis_theta"), [low, high], [], (high - low) / 38)


def _bars(x: Sequence[float], y: Sequence[int], color: str, width: float, hover: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "x": list(x),
        "y": list(y),
        "width": round(width, 4),
        "marker": {"color": color, "line": {"width": 0}, "cornerradius": 3},
        "hovertemplate": hover + "<extra></extra>",
    }


def _who(everybody: str, in_class: str) -> list[dict[str, Any]]:
    """What the two colours of the bars are."""
    shared = {"xref": "paper", "yref": "paper", "xanchor": "right", "yanchor": "bottom"}
    return [
        label(everybody, 1, 1, BARS_STRONG, **shared, yshift=6, xshift=-100),
        label(in_class, 1, 1, CLASS, **shared, yshift=6),
    ]


def _two_storeys(
    bars: list[dict[str, Any]],
    places: list[tuple[ItemReport, float]],
    title: str,
    reach: list[float],
    notes: list[dict[str, Any]],
    near: float,
) -> Figure:
    """Students above, items below, one axis between them; only students where no item has a place."""
    dots, height = _stack(places, near, reach)
    if not dots:
        return figure(
            bars,
            barmode="overlay",
            annotations=[heading(say("overview.axis_students")), *notes],
            xaxis=axis(title, range=reach, tickformat="d" if reach[1] > 8 else None),
            yaxis=axis(rangemode="tozero", showticklabels=True, nticks=4, showgrid=True, tickformat="d"),
            margin={"l": 48, "r": 16, "t": 32, "b": 44},
        )
    return figure(
        [*bars, *dots],
        barmode="overlay",
        annotations=[heading(say("overview.axis_students")), _item_heading(), *notes],
        xaxis=axis(range=reach, anchor="y", tickformat="d" if reach[1] > 8 else None),
        xaxis2=axis(title, range=reach, anchor="y2", matches="x", showticklabels=False),
        yaxis=axis(domain=[0.4, 1], rangemode="tozero", showticklabels=True, nticks=4, showgrid=True, tickformat="d"),
        yaxis2=axis(domain=[0, 0.2], range=[height + 0.6, -0.6], showticklabels=False),
        margin={"l": 48, "r": 16, "t": 32, "b": 44},
    )


def _item_heading() -> dict[str, Any]:
    """What the dots below are."""
    text = label(say("overview.axis_items"), 0, 0.2, SOFT, xref="paper", yref="paper", xanchor="left", yanchor="bottom")
    return {**text, "xshift": -40, "yshift": 8, "font": {"size": 13, "color": "var(--muted)"}}


def _stack(places: list[tuple[ItemReport, float]], near: float, reach: list[float]) -> tuple[list[dict[str, Any]], int]:
    """Items as dots, those that would overlap under each other; one trace a verdict."""
    rows: list[float] = []  # the last place taken in each row
    found: dict[Level, list[tuple[float, int, str]]] = {}
    for item, x in sorted(((i, x) for i, x in places if isfinite(x)), key=lambda pair: pair[1]):
        if not reach[0] <= x <= reach[1]:
            continue
        row = next((k for k, last in enumerate(rows) if x - last >= near), len(rows))
        rows[row : row + 1] = [x]
        found.setdefault(item.verdict.level, []).append((round(x, 2), row, item.item_name))
    return [_dots(level, items) for level, items in found.items()], max(len(rows), 3)


def _dots(level: Level, items: list[tuple[float, int, str]]) -> dict[str, Any]:
    symbol, color, size = _MARKS[level]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x for x, _, _ in items],
        "y": [row for _, row, _ in items],
        "text": [escape(name) for _, _, name in items],
        "hovertemplate": "%{text}<extra></extra>",
        "xaxis": "x2",
        "yaxis": "y2",
        "marker": {"symbol": symbol, "color": color, "size": size, "line": {"width": 1.6, "color": color}},
    }
