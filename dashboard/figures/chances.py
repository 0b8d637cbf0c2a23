"""Chance by the model against the share that was right, for answers held back from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dashboard.figures.theme import ACCENT, MUTED, PANEL, Figure, figure, heading, label, percent_axis, rounded
from dashboard.words import say

if TYPE_CHECKING:
    from irt.diagnostics import CalibrationBin


def reliability_diagram(groups: Sequence[CalibrationBin]) -> Figure:
    """Dots with their 95 % intervals, and the line on which chance and share agree."""
    x = rounded([group.predicted for group in groups], 2, 100)
    y = rounded([group.observed for group in groups], 2, 100)
    above = rounded([group.observed_upper - group.observed for group in groups], 2, 100)
    below = rounded([group.observed - group.observed_lower for group in groups], 2, 100)
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, 100],
        "y": [0, 100],
        "line": {"color": MUTED, "width": 1.4, "dash": "dash"},
        "hoverinfo": "skip",
    }
    bars = {"type": "data", "symmetric": False, "array": above, "arrayminus": below}
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "error_y": {**bars, "color": ACCENT, "thickness": 2, "width": 5},
        "marker": {"size": 11, "color": PANEL, "line": {"color": ACCENT, "width": 2.4}},
        "customdata": [f"{group.n:,.0f}" for group in groups],
        "hovertemplate": say("fit.prediction_hover") + "<extra></extra>",
    }
    note = label(say("fit.prediction_line"), 100, 0, MUTED, xanchor="right", yanchor="bottom")
    return figure(
        [line, dots],
        annotations=[heading(say("fit.prediction_heading")), note],
        xaxis=percent_axis(title=say("fit.prediction_axis")),
        yaxis=percent_axis(),
        margin={"l": 48, "r": 16, "t": 32, "b": 52},
    )
