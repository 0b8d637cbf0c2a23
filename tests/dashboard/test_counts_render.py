"""Invariant, message: everybody's answers as the store counts them, from values alone."""

from __future__ import annotations

from dataclasses import replace

import report_values as values
from components import of_type, text

from dashboard.numbers import DASH
from dashboard.pages.data_counts import render_counts
from dashboard.state import State
from irt.reports import CountsReport, ItemCount, OptionCount, Sample, ScoreCount, ScoreSummary
from irt.responses import Dropped
from irt.selection import MissingPolicy

STATE = State(page="data", subject="Mathematics", exams=("Term 2",), view="analyst")
SUMMARY = ScoreSummary(1_000_000, 3.25, 1.5, 0, 6, (1,) * 7, 6, 6)


def item(k: int, r: float = 0.456) -> ItemCount:
    lower, upper = (r - 0.01, r + 0.01)
    name = values.ITEM_NAMES[k - 1]
    return ItemCount(
        values.ITEM_IDS[k - 1], name, k, 1_000_000, 970_000, 600_000, 0.6186, 0.61, 0.63, r, r, lower, upper, 969_000,
        None, "B",
    )  # fmt: skip


def report(**changes: object) -> CountsReport:
    options = tuple(
        OptionCount(
            "q1", "Add fractions", option, option == "B", n, n / 900, 0.0, 1.0, (0.1, 0.2, 0.3, 0.4, values.NAN)
        )
        for option, n in (("A", 300), ("B", 600))
    )
    selection = replace(values.SELECTION, missing=MissingPolicy.WRONG)
    plain = CountsReport(
        selection, (item(1), item(2, values.NAN)), options, (ScoreCount(6, 0, 400, 0.4), ScoreCount(6, 6, 600, 0.6)),
        SUMMARY, 1_000_000, 1_940_000, 2_000_000, (Dropped("no student", 7),), (), values.provenance(),
    )  # fmt: skip
    return replace(plain, **changes)


def cells(node: object) -> list[list[list[str]]]:
    """Text of each cell of each row of each table."""
    bodies = of_type(node, "Tbody")
    return [[[text(cell) for cell in row.children] for row in of_type(body, "Tr")] for body in bodies]


def test_message_what_was_counted_and_how() -> None:
    said = text(render_counts(report(), STATE)[0])
    assert said.startswith("1,940,000 scored answers of 1,000,000 students to 2 items. The mean score is 3.25")
    assert "Missing answers: all = wrong. Repeated attempts: first." in said
    assert "Left out: 7 rows. no student" in text(render_counts(report(), STATE))


def test_invariant_every_item_option_and_score_has_a_row() -> None:
    items, options, scores = cells(render_counts(report(), STATE))
    assert items[0] == [
        "Add fractions", "970,000", "61.9\u00a0%", "61–63\u00a0%", "0.456", "0.456", "0.45 to 0.47",
    ]  # fmt: skip
    assert items[1][4:] == [DASH, DASH, DASH]
    assert [row[1] for row in options] == ["A", "B (right)"]
    assert options[0][-1] == DASH  # nobody in that fifth
    assert scores == [["0", "6", "400", "40.0\u00a0%"], ["6", "6", "600", "60.0\u00a0%"]]


def test_contract_no_options_no_table_of_them() -> None:
    assert len(cells(render_counts(report(options=()), STATE))) == 2
    links = [link.href for link in of_type(render_counts(report(options=()), STATE), "A")]
    assert [link.partition("?")[0] for link in links] == ["download/counts_items.csv", "download/counts_scores.csv"]


def test_contract_the_sample_stands_beside_everybody() -> None:
    exam = values.exam()
    assert "sample" not in text(render_counts(report(), STATE, exam))
    drawn = replace(exam, provenance=replace(exam.provenance, sample=Sample.drawn(0.2, 200_113, 1_000_000)))
    shown = render_counts(report(), STATE, drawn)
    assert "the sample: 200,113 students" in text(shown)
    assert cells(shown)[0][0][-3:] == ["40", "87.0\u00a0%", "0.400"]
