"""What all figures share: quiet axes, type, colours by name, labels that do not overlap."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any
from unicodedata import east_asian_width

FONT = (
    'system-ui, -apple-system, "Segoe UI", Roboto, "Hiragino Sans", "Yu Gothic UI", "Noto Sans JP", '
    '"Noto Sans CJK JP", sans-serif'
)
INK, SOFT, MUTED, GRID, CLEAR = "var(--ink)", "var(--soft)", "var(--muted)", "var(--grid)", "var(--clear)"
ACCENT, BAND, PANEL, BARS, BARS_STRONG = (
    "var(--accent)",
    "var(--band)",
    "var(--panel)",
    "var(--bars)",
    "var(--bars-strong)",
)
CLASS = "var(--class)"
SERIES = tuple(f"var(--data-{i})" for i in range(1, 9))
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "8px,3px,2px,3px", "2px,5px")

Figure = dict[str, Any]


def figure(data: list[dict[str, Any]], **layout: Any) -> Figure:
    """A figure with the shared layout."""
    shared = {
        "font": {"family": FONT, "size": 13, "color": MUTED},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": PANEL, "bordercolor": GRID, "font": {"family": FONT, "size": 13, "color": INK}},
        "margin": {"l": 48, "r": 16, "t": 28, "b": 48},
        "separators": ".,",
    }
    return {"data": data, "layout": {**shared, **layout}}


def axis(title: str = "", **more: Any) -> dict[str, Any]:
    """A quiet axis: no line, no zero line, no zoom; the title in words."""
    base: dict[str, Any] = {
        "fixedrange": True,
        "zeroline": False,
        "showline": False,
        "showgrid": False,
        "gridcolor": GRID,
        "ticks": "",
        "tickfont": {"color": MUTED, "size": 12},
        "automargin": False,
    }
    if title:
        base["title"] = {"text": escape(title), "font": {"size": 13, "color": MUTED}, "standoff": 10}
    return {**base, **more}


def percent_axis(**more: Any) -> dict[str, Any]:
    """0 to 100 % with a faint line at each quarter."""
    quarters = [0, 25, 50, 75, 100]
    texts = [f"{value} %" for value in quarters]
    return axis(**{"range": [-4, 104], "tickvals": quarters, "ticktext": texts, "showgrid": True, **more})


def heading(text: str) -> dict[str, Any]:
    """What the vertical axis shows, at its upper end, to be read without turning the head."""
    return {
        "text": escape(text),
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "bottom",
        "xshift": -40,
        "yshift": 6,
        "showarrow": False,
        "font": {"size": 13, "color": MUTED},
    }


def label(text: str, x: float, y: float, color: str, **more: Any) -> dict[str, Any]:
    """A label beside what it names."""
    font = {"size": 13, "color": color}
    return {"text": escape(text), "x": x, "y": y, "showarrow": False, "font": font, **more}


def escape(text: str) -> str:
    """Names as text: plotly would read ``<b>`` as bold and ``<a>`` as a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")


def two_lines(text: str, most: int) -> str:
    """A name in at most two lines; what is cut is in its middle, since items often differ at their end."""
    width = [2 if east_asian_width(letter) in "WF" else 1 for letter in text]
    if sum(width) <= most:
        return text
    head = _fitting(text, width, most)
    rest = text[len(head) :].strip()
    room = most - 1 if sum(width[len(text) - len(rest) :]) > most else most
    tail = _fitting(rest[::-1], width[::-1], room)[::-1].strip()
    return f"{head.strip()}\n{tail if tail == rest else '…' + tail}"


def _fitting(text: str, width: Sequence[int], most: int) -> str:
    """The beginning of a text that fits, whole words where there is one."""
    n = next((n for n, end in enumerate(accumulate(width), start=1) if end > most), len(width) + 1) - 1
    if n >= len(text) or text[n] == " ":
        return text[:n]
    return text[: text.rfind(" ", 0, n) + 1] or text[:n]


def rounded(values: Any, digits: int = 2, scale: float = 1.0) -> list[float]:
    """Values as a short list of short numbers."""
    return [round(scale * float(value), digits) for value in values]


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions moved apart by at least ``gap``, in their order, as near to where they were as the space allows."""
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    gap = min(gap, (high - low) / max(len(order) - 1, 1))
    placed: list[float] = []
    for i in order:
        placed.append(max(positions[i], placed[-1] + gap if placed else low))
    for k in reversed(range(len(placed))):
        limit = high if k == len(placed) - 1 else placed[k + 1] - gap
        placed[k] = min(placed[k], limit)
    result = [0.0] * len(positions)
    for i, y in zip(order, placed, strict=True):
        result[i] = y
    return result
