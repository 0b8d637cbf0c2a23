"""The item characteristic curve: what students did, what the model says, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from dashboard.figures.theme import (
    ACCENT,
    BAND,
    CLASS,
    CLEAR,
    DASHES,
    INK,
    MUTED,
    PANEL,
    SERIES,
    SOFT,
    Figure,
    axis,
    escape,
    figure,
    heading,
    label,
    percent_axis,
    rounded,
    spread,
    two_lines,
)
from dashboard.numbers import number, points
from dashboard.words import say
from irt.reports import ItemCurve, ObservedGroup

#: Largest dot, in pixels across.
_LARGEST_DOT = 15

#: Letters in a line of a curve's name, for which the margin has room.
_NAME = 17


def item_curves(curves: Sequence[ItemCurve], *, analyst: bool, whole: bool = False) -> Figure:
    """One item with its band, dots and class; or several laid over each other, each with its name at its end.

    Parameters
    ----------
    curves : sequence of ItemCurve
        The item looked at first.
    analyst : bool
        The horizontal axis: theta; otherwise the expected score of the exam.
    whole : bool
        The band holds the whole curve; otherwise each of its points by itself.
    """
    first = curves[0]
    if len(curves) == 1:
        data, notes = _one(first, analyst, whole)
    else:
        data, notes = _several(curves, analyst)
    title = say("items.axis_theta") if analyst else say("items.axis_score", n=first.max_score)
    return figure(
        data,
        annotations=[heading(say("items.axis_share")), *notes],
        xaxis=axis(title, range=_reach(first, analyst), showgrid=False, **({} if analyst else {"tickformat": "d"})),
        yaxis=percent_axis(range=[-9 if len(first.class_theta) else -4, 104]),
        margin={"l": 48, "r": 20 if len(curves) == 1 else 140, "t": 32, "b": 56},
    )


def _reach(curve: ItemCurve, analyst: bool) -> list[float]:
    """The range of the horizontal axis."""
    if analyst:
        return [-4.05, 4.05]
    return [-0.01 * curve.max_score, 1.01 * curve.max_score]


def _places(curve: ItemCurve, analyst: bool) -> dict[str, Any]:
    """Horizontal places of the curve's points: the theta grid is evenly spaced, scores are not."""
    theta = curve.theta
    if analyst:
        return {"x0": float(theta[0]), "dx": round(float(theta[-1] - theta[0]) / (len(theta) - 1), 6)}
    return {"x": rounded(curve.expected_score)}


def _line(curve: ItemCurve, analyst: bool, color: str, dash: str = "solid", width: float = 3) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        **_places(curve, analyst),
        "y": rounded(curve.probability, 2, 100),
        "line": {"color": color, "width": width, "dash": dash},
        "hovertemplate": "%{y:.0f} %<extra>" + escape(curve.item.item_name) + "</extra>",
    }


def _one(curve: ItemCurve, analyst: bool, whole: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Band, line, dots, class ticks and the mark of one half."""
    data: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    if len(curve.probability):
        data += [*_band(curve, analyst, whole), _line(curve, analyst, ACCENT)]
    if curve.observed:
        data.append(_dots(curve.observed, analyst))
    if len(curve.class_theta):
        data.append(_ticks(curve, analyst))
    half = _half(curve, analyst)
    if half is not None:
        line, note = _half_mark(half, curve, analyst)
        data.insert(0, line)
        notes.append(note)
    return data, notes


def _band(curve: ItemCurve, analyst: bool, whole: bool) -> list[dict[str, Any]]:
    edge = {"type": "scatter", "mode": "lines", **_places(curve, analyst), "hoverinfo": "skip"}
    edge["line"] = {"width": 0, "color": CLEAR}
    lows, highs = (curve.lower_whole, curve.upper_whole) if whole else (curve.lower, curve.upper)
    upper = {**edge, "y": rounded(highs, 2, 100)}
    lower = {**edge, "y": rounded(lows, 2, 100), "fill": "tonexty", "fillcolor": BAND}
    return [upper, lower]


def _dots(groups: Sequence[ObservedGroup], analyst: bool, color: str = INK) -> dict[str, Any]:
    """Share correct in groups of students, area by N."""
    most = max(group.n for group in groups)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": rounded([group.theta if analyst else group.expected_score for group in groups]),
        "y": rounded([group.proportion for group in groups], 2, 100),
        "marker": {
            "size": [group.n for group in groups],
            "sizemode": "area",
            "sizeref": round(2 * most / _LARGEST_DOT**2, 5),
            "sizemin": 5,
            "color": PANEL,
            "opacity": 1,
            "line": {"color": color, "width": 1.8},
        },
        "customdata": [
            [group.n, round(100 * group.lower) if isfinite(group.lower) else None, round(100 * group.upper)]
            if isfinite(group.upper)
            else [group.n, None, None]
            for group in groups
        ],
        "hovertemplate": say("items.dot_hover") + "<extra></extra>",
    }


def _ticks(curve: ItemCurve, analyst: bool) -> dict[str, Any]:
    """Where the students of the class in focus stand."""
    places = curve.class_theta if analyst else curve.class_expected_score
    return {
        "type": "scatter",
        "mode": "markers",
        "x": rounded(places),
        "y": [-5] * len(places),
        "marker": {"symbol": "line-ns-open", "size": 10, "color": CLASS, "line": {"width": 1.8, "color": CLASS}},
        "hoverinfo": "skip",
    }


def _half(curve: ItemCurve, analyst: bool) -> float | None:
    """Where the curve crosses one half on the axis in use, if it does within reach."""
    item = curve.item
    place = item.difficulty if analyst else item.half_score
    if not isfinite(place) or not isfinite(item.half_score) or not len(curve.probability):
        return None
    # With guessing, the difficulty is not where one half get it right: then nothing is marked.
    return None if isfinite(item.guessing) and item.guessing > 0 else float(place)


def _half_mark(x: float, curve: ItemCurve, analyst: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """A dotted line down from the curve at one half, with its place in words where no curve can be."""
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": [round(x, 2)] * 2,
        "line": {"color": MUTED, "width": 1.2, "dash": "dot"},
        "hoverinfo": "skip",
    }
    low, high = _reach(curve, analyst)
    left = (x - low) > 0.4 * (high - low)
    # A rising curve leaves room above on the left of its middle and below on the right; a falling one the reverse.
    above = left != (curve.item.discrimination < 0)
    key, value = ("items.half_theta", number(x)) if analyst else ("items.half_score", points(x, curve.max_score))
    side: dict[str, Any] = {"xanchor": "right", "xshift": -7} if left else {"xanchor": "left", "xshift": 7}
    side |= {"yanchor": "top" if above else "bottom", "align": "right" if left else "left"}
    note = label(say(key, value=value), x, 102 if above else 0, SOFT, **side)
    return {**line, "y": [0, 100 if above else 50]}, note


def _several(curves: Sequence[ItemCurve], analyst: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Lines with their names at the right end; dots of the item looked at."""
    drawn = [(i, curve) for i, curve in enumerate(curves) if len(curve.probability)]
    data = [_line(curve, analyst, SERIES[i % 8], DASHES[i % 8], 3.2 if i == 0 else 2.2) for i, curve in reversed(drawn)]
    if curves[0].observed:
        data.append(_dots(curves[0].observed, analyst, SERIES[0]))
    ends = [100 * float(curve.probability[-1]) for _, curve in drawn]
    names = [two_lines(curve.item.item_name, _NAME) for _, curve in drawn]
    gap = 13.0 if any("\n" in name for name in names) else 7.0
    notes = []
    for (i, _), name, y in zip(drawn, names, spread(ends, gap, 0, 100), strict=True):
        text = label(name, 1, y, SERIES[i % 8], xref="paper", xanchor="left", xshift=6, align="left")
        if i == 0:
            text["font"] = {**text["font"], "weight": 700}
        notes.append(text)
    return data, notes
