"""How precisely the exam measures at each ability, above where the students are."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any

from dashboard.figures.theme import ACCENT, BARS, Figure, axis, figure, heading, rounded
from dashboard.words import say

if TYPE_CHECKING:
    from irt.reports import PrecisionReport

#: Every so many drawn abilities the students between them are counted together: half a logit.
STEP = 8
#: Standard errors beyond this many times the lowest are not drawn: nothing is known there.
HIGHEST = 4.0


def precision_curve(report: PrecisionReport) -> Figure:
    """The standard error as a line; the share of the students as bars on the same ability axis."""
    lowest = min((float(value) for value in report.sem if isfinite(value)), default=1.0)
    top = HIGHEST * lowest
    theta = rounded(report.theta, 3)
    # Beyond the frame the line may run out of it, but not to numbers that JSON cannot hold.
    errors = [round(min(float(value), 2 * top), 4) if isfinite(value) else None for value in report.sem]
    steps = list(pairwise(range(0, len(theta), STEP)))
    shares = [100 * float(report.share_below[b] - report.share_below[a]) for a, b in steps]
    bars: dict[str, Any] = {
        "type": "bar",
        "x": [round((theta[a] + theta[b]) / 2, 3) for a, b in steps],
        "y": rounded(shares, 2),
        "width": round(0.92 * (theta[STEP] - theta[0]), 4),
        "yaxis": "y2",
        "marker": {"color": BARS, "line": {"width": 0}},
        "hovertemplate": say("precision.hover_students") + "<extra></extra>",
    }
    line: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        "x": theta,
        "y": errors,
        "line": {"color": ACCENT, "width": 3},
        "hovertemplate": say("precision.hover") + "<extra></extra>",
    }
    step = next((width for width in (0.1, 0.2, 0.5, 1.0, 2.0) if top / width <= 6), 5.0)
    return figure(
        [bars, line],
        annotations=[heading(say("precision.heading"))],
        xaxis=axis(say("precision.axis"), range=[-4, 4], tickvals=list(range(-4, 5))),
        yaxis=axis(range=[0, round(top, 3)], showgrid=True, tickmode="linear", tick0=0, dtick=step, overlaying="y2"),
        yaxis2=axis(range=[0, round(3 * max([*shares, 1.0]), 2)], showticklabels=False),
    )
