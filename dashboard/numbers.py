"""Numbers as text: the only place where a value is rounded."""

from __future__ import annotations

import math

#: Shown where a number cannot be had.
DASH = "–"
_MINUS = "−"
#: Curves are drawn from minus to plus this many logits.
_SCALE_END = 4.0


def number(value: float, digits: int = 2) -> str:
    """A number with a fixed count of decimals and a true minus sign; a dash where it cannot be had."""
    if not math.isfinite(value):
        return DASH
    text = f"{value:,.{digits}f}"
    if float(text.replace(",", "")) == 0:  # no "-0.00"
        text = text.lstrip("-")
    return text.replace("-", _MINUS)


def percent(value: float, digits: int = 0) -> str:
    """A share as percent: ``0.423`` is ``42 %`` (with a space that does not break)."""
    return DASH if not math.isfinite(value) else f"{number(100 * value, digits)}\u00a0%"


def points(value: float, most: int) -> str:
    """An expected score: whole points, with a decimal where an exam has few of them."""
    return number(value, 1 if most < 20 else 0)


def size(n_bytes: float) -> str:
    """Bytes in the unit that suits them, as a bill counts them: ``4200000000`` is ``4.2 GB``."""
    if not math.isfinite(n_bytes):
        return DASH
    value, units = float(n_bytes), iter(("bytes", "kB", "MB", "GB", "TB", "PB"))
    unit = next(units)
    while value >= 999.5 and unit != "PB":
        value, unit = value / 1000, next(units)
    return f"{number(value, 0 if value >= 99.95 or value.is_integer() else 1)}\u00a0{unit}"


def money(dollars: float) -> str:
    """US dollars to the cent; what is less than a cent, yet something, is said so."""
    if not math.isfinite(dollars):
        return DASH
    return "less than $0.01" if 0 < dollars < 0.01 else f"${dollars:,.2f}"


def interval(lower: float, upper: float, digits: int = 2) -> str:
    """Both limits of an interval: ``0.12 to 0.31``."""
    if not (math.isfinite(lower) and math.isfinite(upper)):
        return DASH
    return f"{number(lower, digits)} to {number(upper, digits)}"


def percent_interval(lower: float, upper: float) -> str:
    """Both limits of a share, as percent: ``38–46 %``."""
    if not (math.isfinite(lower) and math.isfinite(upper)):
        return DASH
    return f"{number(100 * lower, 0)}–{number(100 * upper, 0)}\u00a0%"


def is_determined(difficulty: float, error: float) -> bool:
    """Whether the answers say where a difficulty is: not where its 95 % interval spans the whole drawn scale."""
    if not math.isfinite(difficulty):
        return True  # it cannot be had at all, which a dash says
    if not math.isfinite(error):
        return abs(difficulty) <= _SCALE_END
    return difficulty - 1.96 * error >= -_SCALE_END or difficulty + 1.96 * error <= _SCALE_END
