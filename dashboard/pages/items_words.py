"""What is said about curves and options: summaries for those who do not see them, notes for everybody."""

from __future__ import annotations

from math import isfinite

from dashboard.figures.options import drawn_options
from dashboard.numbers import percent, points
from dashboard.state import State
from dashboard.words import count, say
from irt.diagnostics import OptionShare
from irt.reports import ExamReport, ItemCurve


def at_score(curve: ItemCurve, share_of_top: float) -> int:
    """The point of the grid whose expected score is nearest to this share of the highest score."""
    wanted = share_of_top * curve.max_score
    scores = [float(score) for score in curve.expected_score]
    return min(range(len(scores)), key=lambda i: abs(scores[i] - wanted))


def curve_summary(curves: list[ItemCurve]) -> str:
    """The chart in words."""
    first = curves[0]
    if len(curves) > 1:
        names = ", ".join(curve.item.item_name for curve in curves)
        return say("items.summary_several", n=len(curves), items=names)
    if not len(first.probability):
        return say("items.summary_dots", item=first.item.item_name)
    facts: dict[str, str] = {}
    for name, share in (("low", 0.25), ("middle", 0.5), ("high", 0.75)):
        i = at_score(first, share)
        facts[name] = points(float(first.expected_score[i]), first.max_score)
        facts[f"{name}_share"] = percent(float(first.probability[i]))
    half = say("items.summary_no_half")
    if isfinite(first.item.half_score):
        half = say("items.summary_half", value=points(first.item.half_score, first.max_score))
    return say("items.summary_curve", item=first.item.item_name, max_score=first.max_score, half=half, **facts)


def curve_note(report: ExamReport, curves: list[ItemCurve], state: State) -> str:
    """How to read the chart."""
    first = curves[0]
    if len(curves) > 1:
        parts = [say("items.caption_several", item=first.item.item_name)]
        missing = [curve.item.item_name for curve in curves if not len(curve.probability)]
        if missing:
            parts.append(say("items.caption_dropped", items=", ".join(missing)))
    elif len(first.probability):
        parts = [say("items.caption_curve" if state.band is None else "items.caption_curve_whole")]
    else:
        parts = [missing_curve(report, first)]
    if len(first.class_theta) and len(curves) == 1:
        parts.append(say("items.caption_class", class_name=state.class_name))
    return " ".join(parts)


def missing_curve(report: ExamReport, curve: ItemCurve) -> str:
    """Why there is no curve."""
    if report.calibration is None:
        return say("items.no_curve", reason=report.model_reason)
    found = [e.reason for e in report.calibration.excluded_items if e.id == curve.item.item_id]
    why = say("items.no_curve_item", reason=found[0]) if found else say("items.no_curve_plain")
    return say("items.no_curve", reason=why)


def options_summary(curve: ItemCurve) -> str:
    """The options chart in words: what the strongest and the weakest chose."""

    def shares(fifth: int) -> str:
        return ", ".join(f"{option_name(o)} {percent(o.shares[fifth])}" for o in drawn_options(curve.options))

    return say("items.summary_options", item=curve.item.item_name, strongest=shares(-1), weakest=shares(0))


def options_note(curve: ItemCurve) -> str:
    """How to read the options chart."""
    smallest, largest = min(curve.fifth_sizes), max(curve.fifth_sizes)
    sizes = str(smallest) if smallest == largest else f"{smallest}–{largest}"
    parts = [say("items.caption_options", sizes=sizes)]
    if curve.n_no_option:
        parts.append(count("items.caption_no_option", curve.n_no_option))
    if n_more := len(curve.options) - len(drawn_options(curve.options)):
        parts.append(count("items.caption_more_options", n_more))
    return " ".join(parts)


def option_name(option: OptionShare) -> str:
    """An option's letter, the right one named."""
    return say("items.option_right", option=option.option) if option.is_key else option.option
