"""Data & method as components, from values alone."""

from __future__ import annotations

import report_values as values
from components import of_class, of_type, text

from dashboard.pages.data import downloads, render_downloads
from dashboard.pages.data_health import headline, lead, left_out, render_came_in, render_left_out
from dashboard.pages.data_method import model_sentence, render_errors, render_model, render_provenance
from dashboard.pages.data_missing import render_attempts, render_changes, render_missing
from dashboard.pages.data_reading import STATISTICS, render_reading
from dashboard.state import State
from irt.calibration import CalibrationOptions, Excluded, FitStatus
from irt.selection import MissingPolicy

STATE = State(page="data", subject="Mathematics", exams=("Term 2",), class_name="1-A")


def test_message_says_what_is_used_and_what_was_left_out() -> None:
    assert headline(values.health()) == "228 answers of 40 students to 6 items are used."
    assert lead(values.health()) == "Left out: 5 rows, 2 students, 1 item. The reasons are below."


def test_message_nothing_left_out() -> None:
    clean = values.health(dropped=(), absent_students=(), excluded_items=())
    assert lead(clean) == "Nothing was left out."
    assert "Every row, student and item" in text(render_left_out(clean, None))


def test_invariant_each_reason_has_its_count() -> None:
    excluded = tuple(Excluded(f"q{i}", "Nobody got it right.") for i in range(9))
    found = left_out(values.health(excluded_items=excluded))
    assert [(one.kind, one.n) for one in found] == [("rows", 5), ("absent", 2), ("items", 9)]
    shown = text(render_left_out(values.health(excluded_items=excluded), None))
    assert "q0, q1, q2, q3, q4, q5 and 3 more in the download" in shown


def test_message_pseudonyms_of_who_was_left_out_are_cut_as_everywhere_on_screen() -> None:
    absent = ("252473a5ddd1ad79d64f", "6cd1fc15a57da53a68fc")
    without = text(render_left_out(values.health(absent_students=absent), [], names=False))
    assert "252473, 6cd1fc" in without
    assert "252473a" not in without
    assert absent[0] in text(render_left_out(values.health(absent_students=absent), []))


def test_invariant_came_in_lists_every_kind_of_missing_answer() -> None:
    shown = text(render_came_in(values.health()))
    for words in ("Not answered7", "Not reached4", "Not asked1"):
        assert words in shown


def test_invariant_policies_are_links_that_change_only_the_policy() -> None:
    links = of_type(render_missing(STATE), "A")
    assert len(links) == 3
    current = [a for a in links if a.to_plotly_json()["props"].get("aria-current")]
    assert [text(a).startswith("Leave out") for a in current] == [True]
    chosen = State.read({"page": "data", "search": links[2].href.partition("?")[2]})
    assert chosen == STATE.change(missing=MissingPolicy.WRONG)
    assert len(of_type(render_attempts(STATE), "A")) == 3


def test_message_changes_name_item_and_level_under_each_policy() -> None:
    shown = render_changes(values.policies(), values.health(), STATE)
    assert "One of 6 items is judged differently" in text(shown)
    row = of_type(of_type(shown, "Tbody")[0], "Tr")[0]
    assert text(row).startswith("Proof by induction")
    assert len(of_class(row, "mark-works_well")) == 2
    assert len(of_class(row, "mark-weak")) == 1


def test_message_no_change_and_no_missing_answer() -> None:
    same = values.policies(changes=())
    assert "No verdict depends on this" in text(render_changes(same, values.health(), STATE))
    complete = values.health(n_omitted=0, n_not_reached=0)
    assert "No answer is missing here" in text(render_changes(same, complete, STATE))


def test_message_model_says_prior_only_where_there_is_one() -> None:
    assert "drawn towards the usual" not in model_sentence(values.calibration())
    weak = values.calibration(options=CalibrationOptions(prior="weak"))
    assert "drawn towards the usual" in model_sentence(weak)
    assert "one common slope" in model_sentence(values.calibration(options=CalibrationOptions(model="1PL")))
    assert "too few answers" in model_sentence(None)


def test_message_fit_that_did_not_converge_is_said() -> None:
    stopped = values.exam(calibration=values.calibration(status=FitStatus.ITERATION_LIMIT))
    assert "stopped at its iteration limit" in text(render_model(stopped, analyst=False))


def test_invariant_teacher_sees_no_likelihood_and_analyst_does() -> None:
    assert "Log-likelihood" not in text(render_model(values.exam(), analyst=False))
    dense = text(render_model(values.exam(), analyst=True))
    assert "Log-likelihood−120.250" in dense
    assert "Parameters10" in dense


def test_invariant_errors_leave_out_items_without_parameters() -> None:
    rows = of_type(of_type(render_errors(values.items()), "Tbody")[0], "Tr")
    assert len(rows) == 5
    assert "nan" not in text(rows)


def test_invariant_provenance_is_enough_to_make_it_again() -> None:
    shown = text(render_provenance(values.exam()))
    for words in ("Mathematics, Term 2, class 1-A", "abc123", "2026-11-20 14:02", "Leave out"):
        assert words in shown


def test_invariant_downloads_keep_the_selection_and_no_more() -> None:
    links = downloads(STATE.change(view="analyst"))
    assert "subject=Mathematics&exam=Term+2&class=1-A" in links["probabilities"]
    assert "subject=Mathematics&exam=Term+2&class=1-A" in links["calibration"]
    assert "view" not in links["calibration"]  # the API refuses what it does not know
    named = downloads(STATE.change(exams=("Term 1", "Term 2"), model="3PL-weak"))["calibration"]
    assert "exam=Term+1&exam=Term+2" in named
    assert "model=3PL&prior=weak" in named
    assert len(of_type(render_downloads(STATE, has_model=True), "A")) == 5
    assert len(of_type(render_downloads(STATE, has_model=False), "A")) == 2


def test_invariant_every_statistic_has_a_paragraph_and_teacher_view_no_formula() -> None:
    plain, dense = render_reading(analyst=False), render_reading(analyst=True)
    assert len(of_type(dense, "Details")) == len(STATISTICS)
    assert len(of_type(plain, "Details")) == len(STATISTICS) - 2  # what only analysts see
    assert not of_class(plain, "formula")
    assert "irt.functions.irf" in text(dense)
    assert not any("α" <= sign <= "ω" for sign in text(plain))


def test_invariant_formula_on_screen_is_the_one_in_the_docstring() -> None:
    shown = [text(formula) for formula in of_class(render_reading(analyst=True), "formula")]
    assert any("Pj(θ) = gj" in formula for formula in shown)
