"""The chosen item: what is said about it, its curve, what was chosen, its numbers."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.charts import chart, chart_tools, copy_link, twin
from dashboard.figures import item_curves, option_shares
from dashboard.marks import named_mark
from dashboard.pages.items_facts import render_facts
from dashboard.pages.items_list import listed
from dashboard.pages.items_tables import observed_table, options_table, several_table
from dashboard.pages.items_words import curve_note, curve_summary, missing_curve, options_note, options_summary
from dashboard.sampling import sampled
from dashboard.state import SIMULTANEOUS, State
from dashboard.verdicts import Saying, sayings
from dashboard.words import say
from irt.reports import ExamReport, ItemCurve


def render_item(report: ExamReport, curves: list[ItemCurve], state: State) -> list[Any]:
    """Sentence, curve, options, numbers; ``curves`` begins with the chosen item."""
    item = curves[0].item
    return [
        html.Article(
            [
                html.Div(named_mark(item.verdict)),
                html.H2(item.item_name, id="item-title", tabIndex=-1, className="item-title"),
                *[_said(saying, i == 0) for i, saying in enumerate(sayings(item))],
                *render_curve(report, curves, state),
                *render_options(curves[0], state),
                *render_facts(report, item, state),
                *sampled(report.provenance, state),
                html.Div(copy_link(state.href(), say("items.copy_link")), className="tools no-print"),
            ],
            className="panel item",
        ),
    ]


def render_walk(report: ExamReport, state: State) -> list[Any]:
    """Back to the list on narrow screens; to the neighbours in the list on all."""
    order = [one.item_id for one in listed(report, state)]
    names = {one.item_id: one.item_name for one in report.items}
    links: list[Any] = [html.A(say("items.back"), href=state.href(item=None, compare=()), className="back tool")]
    if state.item in order:
        here = order.index(state.item)
        steps = (("previous", here - 1), ("next", here + 1))
        for name, there in steps:
            if 0 <= there < len(order):
                label: dict[str, Any] = {"aria-label": say(f"items.{name}_full", item=names[order[there]])}
                links.append(
                    html.A(
                        say(f"items.{name}"),
                        href=state.href(item=order[there]),
                        className=f"tool step-{name}",
                        **label,
                        **{"data-focus": "item-title"},
                    )
                )
    return links


def render_curve(report: ExamReport, curves: list[ItemCurve], state: State) -> list[Any]:
    """The item characteristic curve, alone or with others."""
    first = curves[0]
    drawn = [curve for curve in curves if len(curve.probability)]
    several = len(curves) > 1
    title = say("items.curve_analyst" if state.analyst else "items.curve")
    if several:
        title = say("items.curve_several", n=len(drawn))
    if not drawn and not first.observed:
        return [html.H3(title), html.P(missing_curve(report, first), className="muted")]
    figure = item_curves(curves, analyst=state.analyst, whole=state.band is not None)
    alone = html.A(say("items.remove_all", item=first.item.item_name), href=state.href(compare=()), className="tool")
    table = several_table(drawn) if several else observed_table(first, analyst=state.analyst)
    file_name = f"curve {first.item.item_name}"
    note = curve_note(report, curves, state)
    return [
        html.H3(title),
        *([render_bands(state)] if state.analyst and not several and drawn else []),
        chart("items-curve", figure, summary=curve_summary(curves), note=note, size="tall"),
        html.Div(
            [
                twin(table),
                chart_tools("items-curve", file_name, first.item.item_name, state.download("curve")),
                *([alone] if several else []),
            ],
            className="chart-foot no-print",
        ),
    ]


def render_bands(state: State) -> html.Div:
    """Whether the band holds each point of the curve by itself or the whole of it, as links."""
    links = []
    for name, value in (("pointwise", None), ("simultaneous", SIMULTANEOUS)):
        data: dict[str, Any] = {"data-replace": "true"}
        if state.band == value:
            data["aria-current"] = "true"
        links.append(html.A(say(f"items.band_{name}"), href=state.href(band=value), className="chip", **data))
    return html.Div(links, className="chips no-print", role="group", **{"aria-label": say("items.band")})


def render_options(curve: ItemCurve, state: State) -> list[Any]:
    """What was chosen, where options are known."""
    if not curve.options or not curve.fifth_sizes:
        return []
    title = f"{curve.item.item_name}: {say('items.options')}"
    return [
        html.H3(say("items.options")),
        chart(
            "items-options",
            option_shares(curve),
            summary=options_summary(curve),
            note=options_note(curve),
            size="low",
        ),
        html.Div(
            [
                twin(options_table(curve)),
                chart_tools("items-options", f"options {curve.item.item_name}", title, state.download("options")),
            ],
            className="chart-foot no-print",
        ),
    ]


def _said(saying: Saying, first: bool) -> html.P:
    """One finding: its sentence, then what to do."""
    kind = "lead" if first else "said-more"
    return html.P([html.Span(saying.sentence), " ", html.Span(saying.action, className="action")], className=kind)
