"""The tables behind an item's charts."""

from __future__ import annotations

from dash import html

from dashboard.numbers import number, percent, percent_interval, points
from dashboard.pages.items_words import at_score, option_name
from dashboard.tables import Column, Row, table
from dashboard.words import say
from irt.reports import ItemCurve

#: Shares of the highest score at which several items are compared.
_PLACES = (0.1, 0.3, 0.5, 0.7, 0.9)


def observed_table(curve: ItemCurve, *, analyst: bool) -> html.Div:
    """Groups of students: where they are, how many, what share was right, what the model says there."""
    names = ["group", "group_n", "group_theta" if analyst else "group_score", "group_correct", "group_interval"]
    if len(curve.probability):
        names.append("group_model")
    columns = [Column(name, say(f"items.{name}"), name != "group") for name in names]
    rows = []
    for k, group in enumerate(curve.observed, start=1):
        place = number(group.theta, 2) if analyst else number(group.expected_score, 1)
        cells = [_group_name(k, len(curve.observed)), f"{group.n:,}", place, percent(group.proportion)]
        cells.append(percent_interval(group.lower, group.upper))
        if len(curve.probability):
            cells.append(percent(_model_at(curve, group.theta)))
        rows.append(Row(cells))
    return table(say("items.table_observed", item=curve.item.item_name), columns, rows, class_name="compact")


def several_table(curves: list[ItemCurve]) -> html.Div:
    """Several items at a few expected scores."""
    if not curves:
        return html.Div()
    first = curves[0]
    places = [at_score(first, share) for share in _PLACES]
    scores = [points(float(first.expected_score[i]), first.max_score) for i in places]
    heads = [say("items.at_score", score=score) for score in scores]
    columns = [Column("item", say("items.item")), *[Column(str(i), head, True) for i, head in enumerate(heads)]]
    rows = [Row([curve.item.item_name, *[percent(float(curve.probability[i])) for i in places]]) for curve in curves]
    return table(say("items.table_several"), columns, rows, class_name="compact")


def options_table(curve: ItemCurve) -> html.Div:
    """Options by fifths."""
    fifths = [Column(str(k), say("items.fifth", k=k), True) for k in range(1, len(curve.fifth_sizes) + 1)]
    columns = [Column("option", say("items.option")), Column("n", say("items.all_students"), True), *fifths]
    rows = [
        Row([option_name(option), f"{option.n:,}", *[percent(share) for share in option.shares]])
        for option in curve.options
    ]
    return table(say("items.table_options"), columns, rows, class_name="compact")


def _group_name(k: int, n: int) -> str:
    """A group by its number, the ends named."""
    if k == 1:
        return say("items.group_weakest", k=k)
    return say("items.group_strongest", k=k) if k == n else str(k)


def _model_at(curve: ItemCurve, theta: float) -> float:
    """The curve at the grid point nearest to an ability."""
    start, stop, last = float(curve.theta[0]), float(curve.theta[-1]), len(curve.theta) - 1
    i = round((theta - start) / (stop - start) * last)
    return float(curve.probability[min(max(i, 0), last)])
