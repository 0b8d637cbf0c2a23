"""Eigenvalues in order beside those that chance gives: those above it count as dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboard.figures.theme import ACCENT, MUTED, Figure, axis, figure, heading, label, rounded
from dashboard.words import say

if TYPE_CHECKING:
    from irt.diagnostics import Dimensionality

#: Eigenvalues that are drawn; the rest are small.
MOST_DRAWN = 12


def eigenvalue_plot(found: Dimensionality) -> Figure:
    """A firm line for these answers, a dashed one for chance, each with its name where it has room."""
    values = rounded(found.eigenvalues[:MOST_DRAWN], 3)
    limits = rounded(found.reference[:MOST_DRAWN], 3)
    top = 1.08 * max([*values, *limits])
    low = min([0.0, *values, *limits])
    order = list(range(1, len(values) + 1))
    # The first eigenvalue stands alone; further on, the line of chance is the upper one or close to it.
    later = min(3, len(order) - 1)
    above = max(values[later], limits[later])
    notes = [
        label(say("fit.eigen_found"), 1, values[0], ACCENT, xanchor="left", xshift=12),
        label(say("fit.eigen_chance"), later + 1, above, MUTED, xanchor="left", yanchor="bottom", yshift=5),
    ]
    return figure(
        [
            _line(order, limits, MUTED, "dash", 2.0, 0),
            _line(order, values, ACCENT, "solid", 3.0, 8),
        ],
        annotations=[heading(say("fit.eigen_heading")), *notes],
        xaxis=axis(say("fit.eigen_axis"), range=[0.6, len(order) + 0.4], tickvals=order),
        yaxis=axis(range=[low - 0.02 * top, top], showgrid=True, nticks=5),
    )


def _line(x: list[int], y: list[float], color: str, dash: str, width: float, dot: float) -> dict[str, Any]:
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines+markers" if dot else "lines",
        "x": x,
        "y": y,
        "line": {"color": color, "width": width, "dash": dash},
        "hovertemplate": "%{y:.2f}<extra></extra>",
    }
    return trace | ({"marker": {"color": color, "size": dot}} if dot else {})
