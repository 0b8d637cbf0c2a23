"""Large still parts as data: the same words, links and numbers as their components."""

from __future__ import annotations

import json
from typing import Any

import dash_bootstrap_components as dbc
import pytest
from asking import ask, place
from components import of_type, text, words
from dash import html

from dashboard import ids
from dashboard.drawn import MARK, as_data
from dashboard.tables import Column, Row, interval_bar, table


def nodes(part: Any) -> Any:
    """The data of a marked part."""
    return json.loads(part.to_plotly_json()["props"][MARK])


def test_identity_a_table_says_the_same_as_data() -> None:
    columns = [Column("name", "Item"), Column("n", "N", True)]
    rows = [Row([["A & B", html.Span("<b>", className="muted")], "12"]), Row([None, "7"])]
    said = text(table("All items", columns, rows))
    drawn = as_data([table("All items", columns, rows)])[0]
    assert drawn.children is None
    assert words(nodes(drawn)) == said == "All itemsItemNA & B<b>127"


def test_identity_attributes_are_those_of_html() -> None:
    link = html.A("Go", href="items?item=q1", className="row-link", **{"data-key": "q1", "aria-label": "Go on"})
    bar = interval_bar(0.25, 0.0, 0.5, label="a quarter")
    found = nodes(as_data(html.Div([html.Td([link, bar], colSpan=2)], **{MARK: ""})))
    cell = found[0]
    assert cell[:2] == ["td", {"colspan": 2}]
    assert cell[2] == [
        "a",
        {"href": "items?item=q1", "class": "row-link", "data-key": "q1", "aria-label": "Go on"},
        "Go",
    ]
    assert cell[3][1]["style"] == "--from:0.0%;--to:50.0%;--at:25.0%"
    assert cell[3][1]["role"] == "img"


def test_identity_a_checkbox_is_a_native_one_with_its_name() -> None:
    ticked = dbc.Checkbox(id="tick-1", value=True, label="Lay over", disabled=False)
    barred = dbc.Checkbox(id="tick-2", value=False, label="Lay over", disabled=True)
    first, second = nodes(as_data(html.Div([ticked, barred], **{MARK: ""})))
    assert first[2] == ["input", {"type": "checkbox", "id": "tick-1", "aria-label": "Lay over", "checked": ""}]
    assert second[2][1].keys() == {"type", "id", "aria-label", "disabled"}


def test_invariant_what_is_not_marked_stays_a_component() -> None:
    page = as_data([html.Div([html.P("One"), table("Two", [Column("a", "A")], [])])])
    assert text(page) == "One"
    assert of_type(page, "P")
    assert not of_type(page, "Table")


@pytest.mark.parametrize("view", ["teacher", "analyst"])
@pytest.mark.parametrize(
    ("page", "region", "most"),
    [
        ("items", ids.ITEMS_LIST, 70),
        ("items", ids.ITEMS_CHOSEN, 130),
        ("students", ids.STUDENTS_CLASS, 50),
        ("data", ids.DATA_METHOD, 180),
    ],
)
def test_contract_a_region_has_few_components(app: Any, page: str, region: str, most: int, view: str) -> None:
    """What a tablet can draw in a moment: a table of 36 items made of components alone was some 500."""
    query = {"subject": "Mathematics (simulated)", "exam": "Term 2", "class": "8A", "view": view}
    answer = ask(app, f"{region}.children", {"state.data": place(page, **query)})
    assert 5 < json.dumps(answer).count('"namespace":') <= most
