"""Formulas are read from docstrings and drawn without loss."""

from __future__ import annotations

import pytest
from components import of_class, text

from dashboard import formulas
from irt import functions


@pytest.mark.parametrize(
    ("latex", "line"),
    [
        (r"\frac{a + b}{c}", "(a\u2009+\u2009b) / (c)"),
        (r"e^{-x}", "e^(−x)"),
        (r"x_i^2", "x_i^2"),
        (r"\sqrt{p(1-p)/n}", "√(p(1\u2009−\u2009p)/n)"),
        (r"\theta \sim N(0, 1)", "θ∼N(0,1)"),
        (r"\bar x", "x\u0305"),
        (r"\overline{SE^2}", "mean(SE^2)"),
        (r"\operatorname{artanh} r", "artanh\u2009r"),
        (r"\left( a \right)", "(a)"),
        (r"\unknown x", "unknownx"),
    ],
)
def test_identity_latex_as_a_line(latex: str, line: str) -> None:
    assert formulas.as_text(formulas.parse(latex)) == line


@pytest.mark.parametrize("broken", ["{", "}", r"\frac{a", r"\frac", "^", "a_", r"\\", ""])
def test_invariant_broken_latex_does_not_raise(broken: str) -> None:
    formulas.render(broken)


def test_contract_block_formula_of_a_docstring() -> None:
    (latex,) = formulas.formulas_of(functions.irf)
    assert latex.startswith(r"P_j(\theta) = g_j")
    assert "\n" not in latex


def test_contract_summary_has_no_marks_and_no_shapes() -> None:
    said = formulas.summary_of(functions.item_information)
    assert said.startswith("Fisher information of each item about ability")
    assert "shape" not in said
    assert "`" not in said


def test_invariant_drawn_formula_is_hidden_from_ears_and_its_line_is_not() -> None:
    drawn, line = formulas.render(r"\frac{1}{2}").children
    assert drawn.to_plotly_json()["props"]["aria-hidden"] == "true"
    assert text(line) == "(1) / (2)"
    assert of_class(drawn, "frac-above")


def test_contract_function_without_a_docstring_has_nothing_to_show() -> None:
    def silent() -> None:
        pass

    assert formulas.formulas_of(silent) == ()
    assert formulas.summary_of(silent) == ""
