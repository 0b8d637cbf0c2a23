"""Everybody's answers as the store counts them: items, options, scores; beside the sample's where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.charts import csv_link, twin
from dashboard.numbers import interval, number, percent, percent_interval
from dashboard.state import State
from dashboard.tables import Column, Row, table
from dashboard.words import say
from irt.reports import CountsReport, ExamReport, ItemCount, ItemReport, OptionCount, ScoreCount


def render_counts(report: CountsReport, state: State, exam: ExamReport | None = None) -> list[Any]:
    """What was counted, in a sentence and three tables; ``exam`` is what rests on a sample of the same students."""
    sample = None if exam is None else exam.provenance.sample
    sampled = exam.items if exam is not None and sample is not None else ()
    told = say(
        "spending.counts_said",
        answers=number(report.n_answers, 0),
        students=number(report.n_students, 0),
        items=number(len(report.items), 0),
        mean=number(report.summary.mean, 2),
        sd=number(report.summary.standard_deviation, 2),
        missing=say(f"data.{report.selection.missing.value}").lower(),
        attempts=say(f"data.{report.selection.attempts.value}").lower(),
    )
    return [
        html.P(told),
        *([] if sample is None else [html.P(say("spending.counts_beside", n=number(sample.n_students, 0)))]),
        *[html.P(warning, className="muted") for warning in report.warnings],
        *[
            html.P(say("spending.counts_dropped", n=number(one.n_rows, 0), reason=one.reason), className="muted small")
            for one in report.dropped
        ],
        items_table(report.items, {item.item_id: item for item in sampled}),
        *([twin_of("c_options", options_table(report.options))] if report.options else []),
        twin_of("c_scores", scores_table(report.scores)),
        html.Div([csv_of(name, state) for name in csv_names(report)], className="tools no-print"),
    ]


def items_table(items: Sequence[ItemCount], sample: dict[str, ItemReport]) -> html.Div:
    """Each item; with the sample's numbers where there are any."""
    names = ["n", "share", "share_interval", "total", "rest", "rest_interval"]
    names += ["sample_n", "sample_share", "sample_rest"] if sample else []
    columns = [
        Column("item", say("spending.c_item")),
        *(Column(name, say(f"spending.c_{name}"), True) for name in names),
    ]
    rows = []
    for item in items:
        cells = [
            item.item_name,
            number(item.n, 0),
            percent(item.proportion_correct, 1),
            percent_interval(item.proportion_lower, item.proportion_upper),
            number(item.item_total_r, 3),
            number(item.item_rest_r, 3),
            interval(item.item_rest_lower, item.item_rest_upper),
        ]
        rows.append(Row([*cells, *(_of_sample(sample.get(item.item_id)) if sample else [])]))
    return table(say("spending.c_items_caption"), columns, rows, class_name="compact")


def _of_sample(item: ItemReport | None) -> list[str]:
    """An item as the sample answered it; dashes where it did not."""
    nothing = float("nan")
    if item is None:
        return [number(nothing)] * 3
    return [number(item.n, 0), percent(item.proportion_correct, 1), number(item.item_rest_r, 3)]


def options_table(options: Sequence[OptionCount]) -> html.Div:
    """Each option of each item."""
    fifths = range(len(options[0].shares))
    columns = [Column("item", say("spending.c_item")), Column("option", say("spending.c_option"))]
    columns += [Column(name, say(f"spending.c_{name}"), True) for name in ("chosen", "chosen_share")]
    columns += [Column(f"fifth_{k}", say("spending.c_fifth", k=k + 1), True) for k in fifths]
    rows = [
        Row(
            [
                one.item_name,
                say("spending.c_key", option=one.option) if one.is_key else one.option,
                number(one.n, 0),
                percent(one.share, 1),
                *(percent(share, 1) for share in one.shares),
            ]
        )
        for one in options
    ]
    return table(say("spending.c_options_caption"), columns, rows, class_name="compact")


def scores_table(scores: Sequence[ScoreCount]) -> html.Div:
    """How many students got each score of how many items."""
    names = ("score", "given", "students", "chosen_share")
    columns = [Column(name, say(f"spending.c_{name}"), True) for name in names]
    rows = [
        Row([number(one.score, 0), number(one.items_given, 0), number(one.n, 0), percent(one.share, 1)])
        for one in scores
    ]
    return table(say("spending.c_scores_caption"), columns, rows, class_name="compact narrow")


def twin_of(key: str, shown: html.Div) -> html.Details:
    """A table under its name, folded."""
    folded = twin(shown)
    folded.children[0].children = say(f"spending.{key}")
    return folded


def csv_names(report: CountsReport) -> list[str]:
    """The files that there are."""
    return ["items", "options", "scores"] if report.options else ["items", "scores"]


def csv_of(name: str, state: State) -> html.A:
    """The link that downloads one of the tables."""
    link = csv_link(state.download(f"counts_{name}"))
    link.children = say(f"spending.c_csv_{name}")
    return link
