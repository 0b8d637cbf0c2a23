"""Difficulties of the items that two exams share, one against the other."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from dashboard.figures.theme import MUTED, PANEL, Figure, axis, escape, figure, heading, label, rounded, two_lines
from dashboard.words import say

if TYPE_CHECKING:
    from irt.reports import DriftReport

#: Items that changed are named in the figure up to this many; the table names all.
MOST_NAMED = 6
#: Logits of half an interval for which the scale makes room; longer ones are cut.
_LONGEST = 1.5
_STAYED, _CHANGED = "var(--bars-strong)", "var(--amber)"


def difficulties(report: DriftReport, changed: Sequence[int]) -> Figure:
    """Old difficulty against new, on one scale, with the line of no change; ``changed`` are the places of items."""
    drift = report.drift
    known = [j for j in range(len(drift.item_ids)) if isfinite(drift.difficulty_base[j] + drift.difficulty_new[j])]
    ends = [float(drift.difficulty_base[j]) for j in known] or [-1.0, 1.0]
    for j in known:
        half = min(_half(report, j), _LONGEST)
        ends += [float(drift.difficulty_new[j]) - half, float(drift.difficulty_new[j]) + half]
    room = 0.05 * (max(ends) - min(ends)) + 0.1
    low, high = min(ends) - room, max(ends) + room
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": [round(low, 2), round(high, 2)],
        "y": [round(low, 2), round(high, 2)],
        "line": {"color": MUTED, "width": 1.4, "dash": "dash"},
        "hoverinfo": "skip",
    }
    stayed = [j for j in known if j not in changed]
    moved = [j for j in known if j in changed]
    notes = [_name(report, j, 0.5 * (low + high)) for j in moved[:MOST_NAMED]]
    notes.append(label(say("comparing.drift_line"), high, high, MUTED, xanchor="right", yanchor="top", xshift=-22))
    return figure(
        [
            line,
            _dots(report, stayed, "circle", _STAYED),
            _dots(report, moved, "diamond", _CHANGED),
        ],
        annotations=[heading(say("comparing.drift_heading", new=report.new_exam)), *notes],
        xaxis=axis(say("comparing.drift_axis", base=report.base_exam), range=[round(low, 2), round(high, 2)]),
        yaxis=axis(range=[round(low, 2), round(high, 2)], showgrid=True, nticks=6),
        margin={"l": 48, "r": 16, "t": 32, "b": 52},
    )


def _name(report: DriftReport, j: int, middle: float) -> dict[str, Any]:
    """An item's name beside its dot, on the side that has room."""
    x, y = float(report.drift.difficulty_base[j]), float(report.drift.difficulty_new[j])
    side: dict[str, Any] = {"xanchor": "right", "xshift": -10} if x > middle else {"xanchor": "left", "xshift": 10}
    return label(two_lines(report.item_names[j], 24), round(x, 3), round(y, 3), _CHANGED, **side)


def _half(report: DriftReport, j: int) -> float:
    """Half the 95 % interval of an item's change; 0 where it cannot be had."""
    se = float(report.drift.se[j])
    return 1.96 * se if isfinite(se) else 0.0


def _dots(report: DriftReport, places: Sequence[int], symbol: str, color: str) -> dict[str, Any]:
    drift = report.drift
    return {
        "type": "scatter",
        "mode": "markers",
        "x": rounded([drift.difficulty_base[j] for j in places], 3),
        "y": rounded([drift.difficulty_new[j] for j in places], 3),
        "text": [escape(report.item_names[j]) for j in places],
        "error_y": {
            "type": "data",
            "array": [round(_half(report, j), 3) for j in places],
            "color": color,
            "thickness": 1.4,
            "width": 0,
        },
        "marker": {"symbol": symbol, "size": 10, "color": PANEL, "line": {"color": color, "width": 2.2}},
        "hovertemplate": say("comparing.drift_hover") + "<extra></extra>",
    }
