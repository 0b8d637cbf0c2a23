"""Checks of the model as components, from values alone: each outcome has its own sentence, N and action."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import fit_values as values
import plotly.graph_objects as go
import pytest
from components import of_class, of_type, text

from dashboard.figures import difficulties, eigenvalue_plot, precision_curve, reliability_diagram
from dashboard.pages.data_drift import changed, headline, render_drift
from dashboard.pages.data_drift import sentence as change_of
from dashboard.pages.data_fit import items, overall, probability, render_items, render_overall
from dashboard.pages.data_groups import flagged, render_groups, render_matching, render_pair
from dashboard.pages.data_groups import sentence as favour_of
from dashboard.pages.data_models import another, conclusion, render_models
from dashboard.pages.data_precision import precision, render_precision
from dashboard.pages.data_prediction import chances, render_prediction, row_of
from dashboard.pages.data_structure import dependent, one_ability, pairs, render_dimension
from dashboard.pages.items_fit import drift_lines, render_fit
from dashboard.state import State

TEACHER = State(page="data", subject="Mathematics", exams=("Term 2",))
ANALYST = TEACHER.change(view="analyst")
NAMES = dict(zip(values.ITEM_IDS, values.ITEM_NAMES, strict=True))
GREEK = re.compile("[α-ωΑ-Ω]")


@pytest.mark.parametrize(
    ("changes", "level", "said"),
    [
        ({}, "well", "480 students well"),
        ({"rmsea": 0.06, "rmsea_lower": 0.052, "rmsea_upper": 0.07}, "roughly", "guides"),
        ({"rmsea": 0.11, "rmsea_lower": 0.09, "rmsea_upper": 0.13}, "badly", "rather than by curves"),
        ({"srmsr": 0.12, "p_value": 0.001}, "badly", "rather than by curves"),
        ({"srmsr": 0.12, "p_value": 0.4}, "well", "well"),  # few students: chance alone makes it as large
        ({"rmsea": 0.05, "rmsea_lower": 0.0, "rmsea_upper": 0.14}, "unsure", "too few"),
        ({"rmsea": values.NAN, "reason": "There are as many parameters as pairs."}, "unsure", "as many parameters"),
    ],
)
def test_message_overall_speaks_as_far_as_its_interval_goes(changes: dict[str, Any], level: str, said: str) -> None:
    found = overall(values.model_fit(values.whole(**changes)))
    assert found.level == level
    assert said in found.sentence


def test_message_items_that_do_not_fit_are_named_worst_first_as_links() -> None:
    poor = [values.item_row(2, p_adjusted=0.01, rmsea=0.03), values.item_row(4, p_adjusted=0.04, rmsea=0.09)]
    report = values.fit(*poor)
    assert items(report).items == ("q4", "q2")
    assert "does not describe 2 of 5 items (470 students)" in items(report).sentence
    assert "1 item could not be tested." in items(report).sentence
    shown = render_items(report, TEACHER)
    assert [link.href.partition("?")[0] for link in of_type(shown, "A")] == ["items", "items"]
    assert "item=q4" in of_type(shown, "A")[0].href
    assert not of_type(shown, "Table")


def test_message_no_item_stands_out_and_none_tested() -> None:
    assert "agree with its curve" in items(values.fit()).sentence
    reason = "Too few students answered."
    rows = tuple(values.item_row(k, p_value=values.NAN, p_adjusted=values.NAN, reason=reason) for k in (1, 2))
    assert items(values.fit(items=rows)).level == "unsure"
    assert reason in items(values.fit(items=rows)).sentence


def test_invariant_analyst_sees_every_item_with_its_reason_and_no_nan() -> None:
    shown = render_items(values.fit(values.item_row(3, p_adjusted=0.001, p_value=0.0001)), ANALYST)
    rows = of_type(of_type(shown, "Tbody")[0], "Tr")
    assert len(rows) == 5
    assert "< 0.001" in text(rows[2])
    assert "does not fit" in text(rows[2])
    assert text(of_class(shown, "left-out")) == "Trick question: Everybody got it right."
    assert "nan" not in text(shown)
    assert "10 students did not enter" in text(shown)


def test_invariant_m2_is_for_analysts() -> None:
    dense, plain = (text(render_overall(values.model_fit(), state)) for state in (ANALYST, TEACHER))
    assert "602.10, df 558, p 0.095" in dense
    assert "0.013 (90 % interval 0.000 to 0.021)" in dense
    assert "470 (10 left out for missing answers)" in dense
    assert "M2" not in plain
    assert "nan" not in text(render_overall(values.model_fit(values.whole(m2=values.NAN, tli=values.NAN)), ANALYST))


def test_message_p_is_never_nought() -> None:
    assert [probability(p) for p in (0.0, 0.0004, 0.05, 1.0, values.NAN)] == [
        "< 0.001",
        "< 0.001",
        "0.050",
        "1.000",
        "–",
    ]


@pytest.mark.parametrize(
    ("eigenvalues", "k", "level"),
    [
        ((2.9, 0.9, 0.5), 1, "well"),
        ((4.4, 1.1, 0.5), 2, "roughly"),
        ((2.2, 1.9, 0.5), 2, "badly"),
        ((2.2, 1.2, 0.5), 2, "roughly"),
        ((1.0, 1.0), 0, "badly"),
    ],
)
def test_message_one_ability_or_several(eigenvalues: Any, k: int, level: str) -> None:
    found = one_ability(values.dimension(eigenvalues, k))
    assert found.level == level
    assert "480 students" in found.sentence


def test_message_dimensions_that_cannot_be_had_say_why() -> None:
    found = one_ability(values.dimension(n_dimensions=None, reason="There are too few students."))
    assert (found.level, "too few students" in found.sentence) == ("unsure", True)


def test_message_dependent_pairs_are_those_above_the_limit_of_the_largest() -> None:
    report = values.dimension()
    assert [(pair.item_a, pair.item_b) for pair in dependent(report)] == [("q1", "q2")]
    assert "1 pair of items" in pairs(report).sentence
    links = of_type(render_dimension(report, NAMES, TEACHER), "A")
    assert [text(link) for link in links] == ["Add fractions", "Solve for x"]
    assert "compare=q2" in links[0].href


def test_invariant_analyst_sees_eigenvalues_with_a_table_behind_them() -> None:
    dense = render_dimension(values.dimension(), NAMES, ANALYST)
    assert len(of_type(dense, "Graph")) == 1
    assert len(of_type(dense, "Table")) == 2
    assert "above the limit" in text(dense)
    assert not of_type(render_dimension(values.dimension(), NAMES, TEACHER), "Graph")
    few = values.dimension(eigenvalues=(), n_dimensions=None, reason="Too few.")
    assert not of_type(render_dimension(few, NAMES, ANALYST), "Graph")


@pytest.mark.parametrize(
    ("changed", "level", "said"),
    [
        ((), "well", "about 65 % were right in 66 %"),
        ((values.group(3, 0.43),), "roughly", "about 35 % were right in 43 %"),
        ((values.group(0, 0.25, n=90),), "well", "about 5 % are off: 25 % of them were right (90 answers)"),
        ((values.group(7, 0.58),), "badly", "about 75 % were right in 58 %"),
    ],
)
def test_message_seventy_percent(changed: Any, level: str, said: str) -> None:
    found = chances(values.prediction(*changed))
    assert found.level == level
    assert said in found.sentence.replace("\u00a0", " ")
    assert "8,000" in found.sentence


def test_message_wide_intervals_confirm_nothing() -> None:
    wide = [replace(values.group(k), n=12, observed_lower=k / 10 - 0.2, observed_upper=k / 10 + 0.3) for k in range(10)]
    found = chances(values.prediction(*wide))
    assert found.level == "unsure"
    assert "too few to tell" in found.sentence


def test_contract_the_model_in_use_is_the_one_that_is_judged() -> None:
    report = values.prediction()
    row = row_of(report)
    assert row is not None
    assert row.model == report.provenance.model == "2PL"


def test_invariant_prediction_has_a_table_twin_and_analysts_the_models() -> None:
    plain, dense = (render_prediction(values.prediction(), state) for state in (TEACHER, ANALYST))
    assert len(of_type(plain, "Table")) == 1
    assert len(of_type(dense, "Table")) == 2
    assert "share correct alone" in text(dense)
    assert "best, chosen here" in text(dense)
    assert "Log-loss" not in text(plain)


def test_message_models_agree_or_not() -> None:
    assert "AIC and BIC agree" in conclusion(values.models())
    assert "By BIC, the 1PL" in conclusion(values.models(best_bic="1PL"))
    assert "By AIC, the 3PL" in conclusion(values.models(best_aic="3PL"))
    assert "too few" in conclusion(values.models(chosen="none"))
    levels = [another(values.models(**best)).level for best in ({}, {"best_aic": "3PL"}, {"best_bic": "1PL"})]
    assert levels == ["well", "roughly", "badly"]
    assert another(values.models(chosen="none")).level == "unsure"
    shown = text(render_models(values.models(), ANALYST))
    assert shown.count("lowest") == 3
    assert "Not comparable: the prior of guessing." in shown
    assert "nan" not in shown


def test_message_groups_name_whom_an_item_favours() -> None:
    report = values.dif()
    assert flagged(report) == (1, 4)
    assert "favours girl strongly: among students of the same score, 14 in 100 more" in favour_of(report, 1)
    assert "changes with ability" in favour_of(report, 4)
    shown = text(render_groups(report, ANALYST))
    assert "girl (240 students, the reference group) with boy (236 students)" in shown
    assert "nan" not in shown
    calm = values.dif(p_adjusted=values.np.ones(5), p_adjusted_mh=values.np.ones(5))
    assert "No item surely favours" in text(render_groups(calm, ANALYST))


def test_message_without_a_model_there_are_no_chances_to_check() -> None:
    report = replace(values.prediction(values.group(7, 0.58)), in_use="none")
    assert chances(report).level == "unsure"
    assert "no chances are shown" in chances(report).sentence
    assert not of_type(render_prediction(report, TEACHER), "Graph")


def test_contract_a_prior_is_said_in_words_and_teachers_hear_of_the_model() -> None:
    report = values.prediction()
    rows = tuple(replace(row, model="2PL weak") if row.model == "2PL" else row for row in report.prediction.rows)
    weak = replace(report, prediction=replace(report.prediction, rows=rows), in_use="2PL weak")
    dense, plain = text(render_prediction(weak, ANALYST)), text(render_prediction(weak, TEACHER))
    assert "2PL, weak priors" in dense
    assert "2PL weak" not in dense
    assert "2PL" not in plain


def test_invariant_of_more_than_two_groups_any_pair_can_be_chosen() -> None:
    report = values.dif()
    assert render_pair(report) == []
    (controls,) = render_pair(replace(report, groups=(*report.groups, ("other", 40))))
    offered = [[option["value"] for option in select.options] for select in of_type(controls, "Select")]
    assert offered == [["girl", "other"], ["boy", "other"]]  # nobody is compared with themselves


def test_invariant_matching_is_a_link_that_changes_only_itself() -> None:
    links = of_type(render_matching(ANALYST.change(group="gender")), "A")
    assert [("purify=yes" in link.href, "group=gender" in link.href) for link in links] == [(False, True), (True, True)]


def test_message_drift_says_which_way() -> None:
    report = values.drift()
    assert changed(report) == (3,)
    assert "1 of 5 shared items changed from Term 1 (474 students) to Term 2 (480 students)" in headline(report)
    assert "harder, by 0.90 logits" in change_of(report, 3)
    shown = render_drift(report, ANALYST)
    assert "Stocking-Lord over 3 anchor items" in text(shown)
    assert "θ in Term 1 = 1.020 θ in Term 2 − 0.130" in text(shown)
    assert len(of_type(shown, "Graph")) == len(of_type(shown, "Table")) == 1
    none = values.drift(p_adjusted=values.np.ones(5))
    assert "None of the 5 shared items" in headline(none)


def test_message_item_fit_is_for_analysts_and_a_misfit_for_all() -> None:
    fine, poor = values.item_row(1), values.item_row(1, p_adjusted=0.001, p_value=0.0001)
    assert render_fit(fine, analyst=False) == []
    assert "do not follow the curve" in text(render_fit(poor, analyst=False))
    assert "S-X2" not in text(render_fit(poor, analyst=False))
    dense = text(render_fit(fine, analyst=True))
    assert "agree with its curve" in dense
    assert "3.10, df 3" in dense
    unknown = values.item_row(1, p_value=values.NAN, infit=values.NAN, reason="Everybody got it right.")
    assert "Everybody got it right." in text(render_fit(unknown, analyst=True))


@pytest.mark.parametrize("analyst", [True, False])
def test_message_an_item_in_another_exam(analyst: bool) -> None:
    report = values.drift()
    assert "In Term 1 this item was easier" in drift_lines(report, "q4", "Term 1", analyst=analyst)[0]
    assert "In Term 2 this item was harder" in drift_lines(report, "q4", "Term 2", analyst=analyst)[0]
    assert "about as hard" in drift_lines(report, "q1", "Term 1", analyst=analyst)[0]
    assert drift_lines(report, "q6", "Term 1", analyst=analyst) == []
    assert ("difficulty 0.40 there, 1.30" in drift_lines(report, "q4", "Term 1", analyst=analyst)[0]) is analyst


@pytest.mark.parametrize(
    ("middle", "students", "level", "says"),
    [
        (0.0, 0.0, "well", "Nothing needs to be done."),
        (-1.0, 1.0, "roughly", "add harder items"),
        (1.0, -1.0, "roughly", "add easier items"),
    ],
)
def test_message_whom_the_exam_measures_well(middle: float, students: float, level: str, says: str) -> None:
    found = precision(values.precision(middle, students))
    assert found.level == level
    assert says in found.sentence
    assert "of these 480 students" in found.sentence
    assert "of 36 right" in found.sentence


def test_message_precision_that_cannot_be_told() -> None:
    nowhere = values.precision(sem=values.np.full(121, values.np.inf))
    assert precision(nowhere).level == precision(values.precision(n=0)).level == "unsure"
    assert len(render_precision(nowhere, ANALYST)) == 1
    assert "standard error" in text(render_precision(values.precision(), ANALYST))
    assert "standard error" not in text(render_precision(values.precision(), TEACHER))


def figures() -> dict[str, dict[str, Any]]:
    row = row_of(values.prediction())
    assert row is not None
    return {
        "eigenvalues": eigenvalue_plot(values.dimension().dimensionality),
        "reliability": reliability_diagram(row.calibration),
        "drift": difficulties(values.drift(), (3,)),
        "precision": precision_curve(values.precision()),
        "precision unknown": precision_curve(values.precision(sem=values.np.full(121, values.np.inf))),
        "no drift": difficulties(values.drift(difficulty_new=values.np.full(5, values.NAN)), ()),
    }


@pytest.mark.parametrize("name", figures())
def test_contract_figure_is_valid_small_and_still(name: str) -> None:
    figure = figures()[name]
    go.Figure(figure)
    assert len(json.dumps(figure, allow_nan=False)) < 20_000
    assert {trace["type"] for trace in figure["data"]} <= {"scatter", "bar"}
    assert all(figure["layout"][key]["fixedrange"] for key in figure["layout"] if re.fullmatch(r"[xy]axis\d*", key))
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgb\(", json.dumps(figure))


def test_contract_teachers_see_no_greek_letters_and_no_statistics() -> None:
    shown = [
        *render_overall(values.model_fit(), TEACHER),
        *render_items(values.fit(), TEACHER),
        *render_precision(values.precision(), TEACHER),
        *render_dimension(values.dimension(), NAMES, TEACHER),
        *render_prediction(values.prediction(), TEACHER),
        *render_models(values.models(), TEACHER),
    ]
    assert not GREEK.search(text(shown))
    for word in ("AIC", "BIC", "2PL", "RMSEA", "S-X2", "Q3", "eigenvalue", "Brier"):
        assert word not in text(shown)
    assert len(of_class(shown, "check")) == 7
    assert all(len(of_class(check, "mark")) == 1 for check in of_class(shown, "check"))
