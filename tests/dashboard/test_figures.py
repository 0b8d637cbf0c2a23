"""Figures: valid for plotly, small, in colours of the style sheet, with labels that do not overlap."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_values import exam, item, provenance, student

from dashboard.charts import GRAPH_CONFIG, chart
from dashboard.figures import abilities_and_items, item_curves, option_shares, scores_and_items
from dashboard.figures.options import MOST_DRAWN
from dashboard.figures.theme import escape, spread, two_lines
from irt.diagnostics import OptionShare
from irt.reports import ItemCurve, ObservedGroup
from irt.selection import FULL_SCOPE, Selection

TOKENS = Path(__file__).parents[2] / "assets" / "10-tokens.css"
NOTHING = np.array([])


def curve(slope: float = 1.2, difficulty: float = 0.3, **changes: Any) -> ItemCurve:
    """An item's curve on the usual grid, with dots, options and a class."""
    theta = np.linspace(-4, 4, 161)
    p = 1 / (1 + np.exp(-slope * (theta - np.nan_to_num(difficulty))))
    score = 36 / (1 + np.exp(-theta))
    observed = tuple(
        ObservedGroup(40 + k, t, 36 / (1 + np.exp(-t)), 0.1 * k, 0.05, 0.6) for k, t in enumerate((-1, 0, 1))
    )
    values: dict[str, Any] = {
        "item": item(1, discrimination=slope, difficulty=difficulty, half_score=20.7),
        "theta": theta,
        "expected_score": score,
        "probability": p,
        "lower": p * 0.9,
        "upper": 1 - (1 - p) * 0.9,
        "lower_whole": p * 0.85,
        "upper_whole": 1 - (1 - p) * 0.85,
        "information": slope**2 * p * (1 - p),
        "observed": observed,
        "options": (
            OptionShare("A", True, 60, (0.2, 0.3, 0.4, 0.6, 0.8)),
            OptionShare("B", False, 40, (0.8, 0.7, 0.6, 0.4, 0.2)),
        ),
        "fifth_sizes": (20, 20, 20, 20, 20),
        "n_no_option": 2,
        "class_theta": np.array([-0.5, 0.4]),
        "class_expected_score": np.array([14.0, 21.0]),
        "max_score": 36,
        "provenance": provenance(),
    }
    return ItemCurve(**{**values, **changes})


def without_model() -> ItemCurve:
    return curve(
        item=item(6),
        expected_score=NOTHING,
        probability=NOTHING,
        lower=NOTHING,
        upper=NOTHING,
        lower_whole=NOTHING,
        upper_whole=NOTHING,
        information=NOTHING,
    )


def figures() -> dict[str, dict[str, Any]]:
    """Each kind of figure, at its ordinary and at its emptiest."""
    students = [student(k) for k in range(1, 5)]
    return {
        "one": item_curves([curve()], analyst=False),
        "one for analysts": item_curves([curve()], analyst=True),
        "falling": item_curves([curve(-0.8)], analyst=False),
        "flat": item_curves([curve(0.0, float("nan"))], analyst=True),
        "no class": item_curves([curve(class_theta=NOTHING, class_expected_score=NOTHING)], analyst=False),
        "no model": item_curves([without_model()], analyst=False),
        "eight": item_curves([curve(0.4 + k / 4) for k in range(8)], analyst=False),
        "one without a model among others": item_curves([curve(), without_model()], analyst=True),
        "options": option_shares(curve()),
        "options that a fifth left out": option_shares(
            curve(options=(OptionShare("A", True, 3, (float("nan"), 0.5, 0.5, 0.5, 1.0)),))
        ),
        "scores": scores_and_items(exam()),
        "scores of all": scores_and_items(exam(class_scores=None)),
        "abilities": abilities_and_items([s.theta for s in students], exam().items),
        "nobody": abilities_and_items([], []),
    }


@pytest.mark.parametrize("name", figures())
def test_contract_figure_is_valid(name: str) -> None:
    go.Figure(figures()[name])


@pytest.mark.parametrize("name", figures())
def test_contract_figure_is_json_without_nan_and_small(name: str) -> None:
    text = json.dumps(figures()[name], allow_nan=False)
    assert len(text) < 40_000


@pytest.mark.parametrize("name", figures())
def test_contract_small_bundle_can_draw_it(name: str) -> None:
    assert {trace["type"] for trace in figures()[name]["data"]} <= {"scatter", "bar"}


@pytest.mark.parametrize("name", figures())
def test_contract_page_scrolls_over_figures_and_nothing_zooms(name: str) -> None:
    layout = figures()[name]["layout"]
    assert layout["dragmode"] is False
    assert layout["showlegend"] is False
    assert all(layout[key]["fixedrange"] for key in layout if re.fullmatch(r"[xy]axis\d*", key))


def test_contract_every_colour_is_in_the_style_sheet_for_light_and_dark() -> None:
    named = set(re.findall(r"var\((--[\w-]+)\)", json.dumps(figures())))
    blocks = re.findall(r"\{([^{}]*--ground:[^{}]*)\}", TOKENS.read_text())
    assert len(named) > 10
    assert len(blocks) == 3  # light; dark by the system; dark by choice
    for block in blocks:
        assert named - set(re.findall(r"(--[\w-]+):", block)) == set()
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgb\(", json.dumps(figures()))


def test_contract_both_darks_are_the_same() -> None:
    light, system, chosen = re.findall(r"\{([^{}]*--ground:[^{}]*)\}", TOKENS.read_text())
    assert system.split() == chosen.split() != light.split()


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=12),
    st.floats(1, 20),
)
def test_invariant_labels_keep_their_distance_order_and_room(positions: list[float], gap: float) -> None:
    placed = spread(positions, gap, 0, 100)
    room = min(gap, 100 / max(len(positions) - 1, 1))
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    ranked = [placed[i] for i in order]
    assert all(b - a >= room - 1e-6 for a, b in pairwise(ranked))
    assert ranked[0] >= -1e-6
    assert ranked[-1] <= 100 + 1e-6


def test_identity_labels_with_room_stay() -> None:
    assert spread([10, 50, 90], 5, 0, 100) == [10, 50, 90]


def test_contract_names_cannot_be_markup() -> None:
    bad = item(1, item_name='<a href="javascript:x">1 & 2</a>', half_score=20.0)
    text = json.dumps([item_curves([curve(item=bad), curve()], analyst=False), scores_and_items(exam(items=(bad,)))])
    assert "<a " not in text
    assert "&lt;a " in text
    assert escape("a < b & c") == "a &lt; b &amp; c"


def test_contract_long_names_keep_what_tells_them_apart() -> None:
    assert two_lines("Short", 16) == "Short"
    assert two_lines("Equilibrium or steady state", 16) == "Equilibrium or\nsteady state"
    assert two_lines("Simultaneous equations: word problem", 17) == "Simultaneous\n…word problem"
    assert two_lines("Simultaneous equations: substitution", 17) == "Simultaneous\n…substitution"
    assert two_lines("連立方程式の文章題を解く", 16) == "連立方程式の文章\n題を解く"
    assert two_lines("x" * 50, 10) == "x" * 10 + "\n…" + "x" * 9


@pytest.mark.parametrize("analyst", [True, False])
def test_contract_laid_over_items_are_told_apart_by_their_names(analyst: bool) -> None:
    names = ("Simultaneous equations: word problem", "Simultaneous equations: elimination", "Sets")
    curves = [curve(1 + 0.2 * k, item=item(k + 1, item_name=name)) for k, name in enumerate(names)]
    notes = [n for n in item_curves(curves, analyst=analyst)["layout"]["annotations"] if n["x"] == 1]
    assert [n["text"] for n in notes] == ["Simultaneous<br>…word problem", "Simultaneous<br>…elimination", "Sets"]
    heights = sorted(n["y"] for n in notes)
    assert min(b - a for a, b in pairwise(heights)) >= 12.9


def test_contract_curves_cross_one_half_where_it_is_marked() -> None:
    figure = item_curves([curve()], analyst=True)
    note = next(n for n in figure["layout"]["annotations"] if n["text"].startswith("b ="))
    assert note["text"] == "b = 0.30"
    assert note["x"] == 0.3
    flat = item_curves([curve(0.0, float("nan"), item=item(1, difficulty=float("nan")))], analyst=True)
    assert not any(n["text"].startswith("b =") for n in flat["layout"]["annotations"])


def test_contract_teachers_see_no_greek_letters() -> None:
    shown = json.dumps([item_curves([curve()], analyst=False), scores_and_items(exam())], ensure_ascii=False)
    assert not re.search("[α-ωΑ-Ω]", shown)


def test_contract_no_toolbar_no_upload() -> None:
    graph = chart("x", {}, summary="s").children[0].children
    assert graph.config is GRAPH_CONFIG
    assert GRAPH_CONFIG["showSendToCloud"] is False
    assert GRAPH_CONFIG["displayModeBar"] is False


def test_contract_every_sample_exam_can_be_drawn(sample_store: Any) -> None:
    from irt.service import Service
    from irt.sources import ParquetStore

    service = Service(ParquetStore(sample_store))
    selection = Selection("Mathematics (simulated)", ("Term 2",), "7A")
    report = service.exam(FULL_SCOPE, selection)
    go.Figure(scores_and_items(report))
    students = service.students(FULL_SCOPE, selection).students
    go.Figure(abilities_and_items([student.theta for student in students], report.items))
    for one in report.items:
        found = service.item(FULL_SCOPE, selection, one.item_id)
        go.Figure(item_curves([found], analyst=False))
        go.Figure(option_shares(found))


def test_invariant_of_hundreds_of_answers_the_right_one_and_the_commonest_are_drawn() -> None:
    typed = tuple(OptionShare(f"w{i:03d}", i == 150, 1000 - i, (0.1,) * 5) for i in range(300))
    drawn = [trace["hovertemplate"] for trace in option_shares(curve(options=typed))["data"]]
    assert len(drawn) == MOST_DRAWN
    assert any("w150" in text for text in drawn)
    assert any("w000" in text for text in drawn)
    assert not any("w299" in text for text in drawn)
