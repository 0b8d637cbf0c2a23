"""One ability or several, and items that depend on each other."""

from __future__ import annotations

from math import isfinite
from typing import Any

from dash import html

from dashboard.charts import chart, chart_tools, csv_link, twin
from dashboard.figures import eigenvalue_plot
from dashboard.figures.eigenvalues import MOST_DRAWN
from dashboard.numbers import number
from dashboard.pages.data_checks import Check, render_check
from dashboard.state import State
from dashboard.tables import Column, Row, table
from dashboard.words import say
from irt.reports import DependentPair, DimensionReport

#: Pairs that are shown; all of them are in the download.
MOST_PAIRS = 12
#: What the eigenvalues are of, in words.
FORMS = {"tetrachoric": "fit.tetrachoric", "residual": "fit.residual"}
#: A first eigenvalue this many times the second is one main ability; a further one this little above chance is weak.
MAIN, WEAK = 4.0, 1.25


def one_ability(report: DimensionReport) -> Check:
    """Whether one ability is enough."""
    found, n = report.dimensionality, f"{report.dimensionality.n_persons:,.0f}"
    if found.n_dimensions is None:
        return Check("unsure", say("fit.one_unsure", reason=found.reason))
    if found.n_dimensions < 1:
        return Check("badly", say("fit.one_none", n=n))
    if found.n_dimensions == 1:
        return Check("well", say("fit.one_well", n=n))
    level = "roughly" if found.ratio >= MAIN or _is_weak(report) else "badly"
    return Check(level, say(f"fit.one_{level}", n=n, k=found.n_dimensions))


def _is_weak(report: DimensionReport) -> bool:
    """Whether everything besides the first ability stands only a little above chance."""
    found = report.dimensionality
    first = 1 if found.matrix == "tetrachoric" else 0  # elsewhere ability has been taken out
    last = (found.n_dimensions or 0) - (1 - first)
    return all(found.eigenvalues[k] < WEAK * found.reference[k] for k in range(first, last))


def dependent(report: DimensionReport) -> tuple[DependentPair, ...]:
    """Pairs above what the largest of all pairs reaches by chance (which is measured from the mean of all)."""
    limit = report.q3.limit_largest + report.q3.mean
    return tuple(pair for pair in report.pairs if isfinite(limit) and pair.q3 > limit)


def pairs(report: DimensionReport) -> Check:
    """Whether items depend on each other."""
    if not isfinite(report.q3.limit_largest) or not report.pairs:
        return Check("unsure", say("fit.pairs_unsure", reason=report.q3.reason))
    found = dependent(report)
    n = f"{max(pair.n for pair in report.pairs):,}"
    if not found:
        return Check("well", say("fit.pairs_well", n=n))
    said = say("fit.pairs_badly_one" if len(found) == 1 else "fit.pairs_badly", k=len(found), n=n)
    return Check("badly", said, tuple(item for pair in found for item in (pair.item_a, pair.item_b)))


def render_dimension(report: DimensionReport, names: dict[str, str], state: State) -> list[Any]:
    """Both checks; for analysts eigenvalues and pairs. ``names`` are the items' names by id."""
    check = pairs(report)
    listed = [_named(pair, names, state) for pair in dependent(report)[:MOST_PAIRS]]
    shown = [html.Ul([html.Li(pair) for pair in listed], className="named-items")] if listed else []
    if not state.analyst:
        return [render_check("one", one_ability(report)), render_check("pairs", check, *shown)]
    eigen = _eigenvalues(report, state) if len(report.dimensionality.eigenvalues) > 1 else []
    return [
        render_check("one", one_ability(report), *eigen),
        render_check("pairs", check, *_pairs(report, names, state)),
    ]


def _named(pair: DependentPair, names: dict[str, str], state: State) -> list[Any]:
    """Two items, each a link, and the other laid over it."""

    def link(item: str, other: str) -> html.A:
        return html.A(names.get(item, item), href=state.href(page="items", item=item, compare=(other,)))

    between = say("fit.pair", a="\0", b="\0").split("\0")
    return [between[0], link(pair.item_a, pair.item_b), between[1], link(pair.item_b, pair.item_a), between[2]]


def _eigenvalues(report: DimensionReport, state: State) -> list[Any]:
    """The plot beside chance, its words and its table."""
    found = report.dimensionality
    matrix = say(FORMS[found.matrix])
    facts = {"first": number(float(found.eigenvalues[0])), "second": number(float(found.eigenvalues[1]))}
    columns = [Column(name, say(f"fit.col_{name}"), True) for name in ("order", "eigenvalue", "reference")]
    ordered = list(zip(found.eigenvalues, found.reference, strict=True))[:MOST_DRAWN]
    rows = [
        Row([str(k), number(float(value), 3), number(float(limit), 3)])
        for k, (value, limit) in enumerate(ordered, start=1)
    ]
    above = (found.n_dimensions or 0) - (found.matrix == "residual")  # there, ability has been taken out
    note = say(f"fit.eigen_note_{found.matrix}", n=f"{found.n_persons:,.0f}", draws=found.n_draws)
    return [
        chart(
            "data-eigenvalues",
            eigenvalue_plot(found),
            summary=say("fit.eigen_summary", k=max(above, 0), **facts),
            note=note,
            size="low medium",
        ),
        html.Div(
            [
                twin(table(say("fit.eigen_caption", matrix=matrix), columns, rows, class_name="compact narrow")),
                chart_tools("data-eigenvalues", "eigenvalues", say("fit.eigen"), state.download("eigenvalues")),
            ],
            className="chart-foot no-print",
        ),
    ]


def _pairs(report: DimensionReport, names: dict[str, str], state: State) -> list[Any]:
    """The pairs with the largest Q3, those above the limit marked."""
    columns = [
        Column("pair", say("fit.col_pair")),
        Column("q3", say("fit.col_q3"), True),
        Column("n", say("fit.col_n"), True),
        Column("note", say("fit.col_note")),
    ]
    above = dependent(report)
    rows = [
        Row(
            [
                _named(pair, names, state),
                number(pair.q3, 3),
                f"{pair.n:,}",
                say("fit.above") if pair in above else "",
            ],
            class_name="flagged" if pair in above else "",
        )
        for pair in report.pairs[:MOST_PAIRS]
    ]
    note = say(
        "fit.q3_note",
        largest=number(report.q3.largest, 3),
        limit=number(report.q3.limit_largest, 3),
        mean=number(report.q3.mean, 3),
        draws=report.q3.n_draws,
    )
    return [
        html.P(note, className="muted small"),
        table(say("fit.q3_caption"), columns, rows, caption_hidden=True, class_name="compact fit"),
        csv_link(state.download("pairs")),
    ]
