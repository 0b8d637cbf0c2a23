"""Shares of each answer option from the weakest to the strongest fifth; the right one drawn firm."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from dashboard.figures.theme import (
    ACCENT,
    SERIES,
    Figure,
    axis,
    escape,
    figure,
    heading,
    label,
    percent_axis,
    spread,
)
from dashboard.words import say
from irt.diagnostics import OptionShare
from irt.reports import ItemCurve

#: Most options that are drawn; answers typed by hand can be hundreds.
MOST_DRAWN = 8
#: Colours and dashes of wrong options, in the order of their letters.
_WRONG = (SERIES[1], SERIES[2], SERIES[3], SERIES[4], SERIES[5], SERIES[7])
_DASHES = ("6px,4px", "2px,3px", "10px,4px", "8px,3px,2px,3px", "4px,2px", "1px,4px")


def option_shares(curve: ItemCurve) -> Figure:
    """One line an option, its letter at its end."""
    shown = drawn_options(curve.options)
    fifths = list(range(1, len(curve.fifth_sizes) + 1))
    data, ends = [], []
    wrong = 0
    for option in shown:
        color, dash, width = ACCENT, "solid", 3.2
        if not option.is_key:
            color, dash, width = _WRONG[wrong % 6], _DASHES[wrong % 6], 2.0
            wrong += 1
        data.append(_line(option, fifths, color, dash, width))
        ends.append((option, color, _last(option)))
    notes = _names(ends)
    ticks = [say("items.weakest"), "", say("items.middle"), "", say("items.strongest")]
    return figure(
        sorted(data, key=lambda trace: trace["line"]["width"]),
        annotations=[heading(say("items.axis_chosen")), *notes],
        xaxis=axis(
            tickvals=fifths,
            ticktext=ticks if len(fifths) == 5 else [str(fifth) for fifth in fifths],
            range=[0.72, 5.06],
        ),
        yaxis=percent_axis(range=[-4, 104], tickvals=[0, 50, 100], ticktext=["0 %", "50 %", "100 %"]),
        margin={"l": 48, "r": 84, "t": 32, "b": 32},
    )


def drawn_options(options: Sequence[OptionShare]) -> list[OptionShare]:
    """The options of a chart in their own order: the right one, and of the others those that were chosen most."""
    known = [option for option in options if any(isfinite(share) for share in option.shares)]
    most = sorted(known, key=lambda option: (not option.is_key, -option.n))[:MOST_DRAWN]
    return [option for option in known if option in most]


def _line(option: OptionShare, fifths: list[int], color: str, dash: str, width: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": fifths,
        "y": [round(100 * share, 1) if isfinite(share) else None for share in option.shares],
        "line": {"color": color, "width": width, "dash": dash},
        "marker": {"color": color, "size": 7 if option.is_key else 5},
        "hovertemplate": "%{y:.0f} %<extra>" + escape(option.option) + "</extra>",
    }


def _last(option: OptionShare) -> float:
    """Where the line ends."""
    return next((100 * share for share in reversed(option.shares) if isfinite(share)), 0.0)


def _names(ends: list[tuple[OptionShare, str, float]]) -> list[dict[str, Any]]:
    """The options' letters at the ends of their lines, moved apart where they would overlap."""
    notes = []
    for (option, color, _), y in zip(ends, spread([end for _, _, end in ends], 11.5, -2, 102), strict=True):
        text = say("items.option_right", option=option.option) if option.is_key else option.option
        note = label(text, 1, y, color, xref="paper", xanchor="left", xshift=6)
        if option.is_key:
            note["font"] = {**note["font"], "weight": 700}
        notes.append(note)
    return notes
