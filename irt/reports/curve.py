"""One item's report: its curve, what students did, what they chose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from irt.analysis import Analysis
from irt.calibration import Calibration
from irt.diagnostics import OptionShare, observed_groups, option_shares
from irt.functions import item_information
from irt.items import Floats
from irt.reports.item import ItemReport
from irt.reports.provenance import Provenance
from irt.reports.scale import THETA_GRID, exam_score, in_class
from irt.scoring import curve_band


@dataclass(frozen=True, slots=True)
class ObservedGroup:
    """Students of similar ability on one item: how many, where they are, and what share was right (95 % limits)."""

    n: int
    theta: float
    expected_score: float
    proportion: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class ItemCurve:
    """An item seen closely.

    ``theta`` is an equally spaced grid (start, step, count) shared by all items; ``expected_score`` is the exam's
    expected score there; ``probability``, ``lower``, ``upper`` the model's curve with its pointwise 95 % band,
    ``lower_whole``, ``upper_whole`` the band that holds the whole curve, and ``information`` the item's information;
    all empty arrays where the item was not calibrated. ``class_theta`` / ``class_expected_score`` place the students
    of the class in focus (sorted). ``fifth_sizes`` belongs to ``options``.
    """

    item: ItemReport
    theta: Floats
    expected_score: Floats
    probability: Floats
    lower: Floats
    upper: Floats
    lower_whole: Floats
    upper_whole: Floats
    information: Floats
    observed: tuple[ObservedGroup, ...]
    options: tuple[OptionShare, ...]
    fifth_sizes: tuple[int, ...]
    n_no_option: int
    class_theta: Floats
    class_expected_score: Floats
    max_score: int
    provenance: Provenance


def item_curve(analysis: Analysis, report: ItemReport, provenance: Provenance) -> ItemCurve:
    """One item closely."""
    prepared, j = analysis.prepared, report.position - 1
    focus = in_class(prepared, provenance.selection.class_name) & (provenance.selection.class_name is not None)
    thetas = np.array([]) if analysis.abilities is None else np.sort(analysis.abilities.theta[focus])
    shares = option_shares(prepared, j)
    return ItemCurve(
        item=report,
        theta=THETA_GRID,
        expected_score=exam_score(THETA_GRID, analysis),
        **_drawn_curve(analysis.calibration, report.item_id),
        observed=_observed(analysis, j),
        options=shares.options,
        fifth_sizes=shares.group_sizes,
        n_no_option=shares.n_no_option,
        class_theta=thetas,
        class_expected_score=exam_score(thetas, analysis),
        max_score=prepared.matrix.n_items,
        provenance=provenance,
    )


def _drawn_curve(calibration: Calibration | None, item_id: str) -> dict[str, Floats]:
    """Curve, both bands and information on the grid, by field; empty where the item was not calibrated."""
    if calibration is None or item_id not in calibration.items.item_ids:
        nothing = np.array([])
        return dict.fromkeys(("probability", "lower", "upper", "lower_whole", "upper_whole", "information"), nothing)
    k = calibration.items.item_ids.index(item_id)
    band, whole = curve_band(THETA_GRID, calibration), curve_band(THETA_GRID, calibration, simultaneous=True)
    return {
        "probability": band.probability[:, k],
        "lower": band.lower[:, k],
        "upper": band.upper[:, k],
        "lower_whole": whole.lower[:, k],
        "upper_whole": whole.upper[:, k],
        "information": item_information(THETA_GRID, calibration.items.take([k]))[:, 0],
    }


def _observed(analysis: Analysis, j: int) -> tuple[ObservedGroup, ...]:
    """What students did, in groups of similar ability."""
    if analysis.abilities is None:
        return ()
    groups = observed_groups(analysis.prepared.matrix.scores[:, j], analysis.abilities.theta)
    places = exam_score(np.array([group.theta for group in groups]), analysis)
    return tuple(
        ObservedGroup(g.n, g.theta, float(score), g.proportion, g.lower, g.upper)
        for g, score in zip(groups, places, strict=True)
    )
