"""How to read this: one paragraph a statistic and, for analysts, the formula from the code that computes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dash import html

from dashboard import formulas
from dashboard.drawn import MARK
from dashboard.words import say
from irt.calibration import calibrate
from irt.calibration.uncertainty import standard_errors
from irt.comparing import drift, link, logistic_dif, mantel_haenszel, share_difference
from irt.diagnostics import (
    classical,
    compare_models,
    cross_validate,
    dimensionality,
    empirical_reliability,
    fisher_z,
    item_mean_squares,
    marginal_reliability,
    model_fit,
    observed_groups,
    option_shares,
    person_fit,
    q3,
    q3_limit,
    s_x2,
    wilson,
)
from irt.diagnostics.classical import cronbach_alpha, feldt
from irt.functions import expected_score, irf, item_information, sem, test_information
from irt.reports.student import is_surprise
from irt.scoring import curve_band, estimate_abilities, probabilities, score_range

#: Each statistic of the screen, and the functions that compute it.
STATISTICS: dict[str, tuple[Callable[..., Any], ...]] = {
    "r_share": (wilson,),
    "r_apart": (classical, fisher_z),
    "r_alpha": (cronbach_alpha, feldt, empirical_reliability, marginal_reliability),
    "r_sem": (classical,),
    "r_curve": (irf,),
    "r_band": (curve_band,),
    "r_difficulty": (standard_errors,),
    "r_information": (item_information, test_information, sem),
    "r_ability": (estimate_abilities, expected_score),
    "r_chance": (probabilities,),
    "r_repeat": (score_range,),
    "r_surprise": (is_surprise,),
    "r_groups": (observed_groups,),
    "r_options": (option_shares,),
    "r_fit": (calibrate,),
    "r_whole": (model_fit,),
    "r_item_fit": (s_x2, item_mean_squares),
    "r_one": (dimensionality,),
    "r_pairs": (q3, q3_limit),
    "r_prediction": (cross_validate,),
    "r_models": (compare_models,),
    "r_groups_differ": (mantel_haenszel, logistic_dif, share_difference),
    "r_drift": (link, drift),
    "r_pattern": (person_fit,),
}

#: Statistics that only analysts see.
_DENSE = ("r_information", "r_models")


def render_reading(*, analyst: bool) -> html.Section:
    """Every statistic on screen, closed until asked for."""
    shown = {key: functions for key, functions in STATISTICS.items() if analyst or key not in _DENSE}
    return html.Section(
        [
            html.H2(say("data.reading"), id="data-reading-title"),
            html.P(say("data.reading_lead"), className="muted small"),
            *(_entry(key, functions, analyst=analyst) for key, functions in shown.items()),
        ],
        className=f"panel reading{'' if analyst else ' in-two'}",
        **{"aria-labelledby": "data-reading-title"},
    )


def _entry(key: str, functions: Sequence[Callable[..., Any]], *, analyst: bool) -> html.Details:
    """One statistic: its name, a paragraph and, for analysts, what the code says."""
    parts: list[Any] = [html.Summary(say(f"data.{key}")), html.P(say(f"data.{key}_text"))]
    if analyst:
        parts += [_source(function) for function in functions]
    return html.Details(parts)


def _source(function: Callable[..., Any]) -> html.Div:
    """A function's own words and formula, with its name."""
    return html.Div(
        [
            html.P([html.Code(f"{function.__module__}.{function.__qualname__}"), " ", formulas.summary_of(function)]),
            *(formulas.render(latex) for latex in formulas.formulas_of(function)),
        ],
        className="source small",
        **{MARK: ""},
    )
