"""What reading cost: the table, the budget of the day, and its queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dash import html

from dashboard.charts import csv_link
from dashboard.drawn import MARK
from dashboard.numbers import money, number, percent, size
from dashboard.pages.data_method import facts_list
from dashboard.state import State
from dashboard.tables import Column, Row, share_bar, table
from dashboard.words import say, words
from irt.sources.spending import Job, Spending

#: Queries shown; the file has all of them.
MOST_JOBS = 30
#: A smaller share of the budget is not told by its number.
LEAST = 0.001


def render_spending(spending: Spending | None, state: State, folder: str) -> html.Section:
    """The panel: a sentence for teachers, the bill for analysts. ``folder``: where answers live that cost nothing."""
    if spending is None:
        told = say("spending.free_where", folder=folder) if state.analyst and folder else say("spending.free")
        return _section([html.P(told)])
    if not state.analyst:
        return _section([html.P(plain(spending))])
    return _section(
        [
            html.P(say("spending.lead", table=spending.table), className="muted small"),
            facts_list(table_facts(spending)),
            *render_budget(spending),
            *render_jobs(spending.jobs, state),
        ]
    )


def plain(spending: Spending) -> str:
    """What was read today, in a sentence."""
    key = "spending.plain" if spending.bytes_billed_today else "spending.plain_nothing"
    return say(key, time=when(spending.as_of), size=size(spending.bytes_billed_today), cost=_about(spending.cost_today))


def _about(dollars: float) -> str:
    """Money in a sentence: "less than" is no "about"."""
    shown = money(dollars)
    return say("spending.about", cost=shown) if shown.startswith("$") else shown


def table_facts(spending: Spending) -> list[tuple[str, str]]:
    """The table and the limits that hold for reading it."""
    limits = spending.limits
    billed = say("spending.f_billed_value", size=size(spending.bytes_billed_today), cost=money(spending.cost_today))
    return [
        (say("spending.f_as_of"), when(spending.as_of)),
        (say("spending.f_rows"), number(spending.n_rows, 0)),
        (say("spending.f_size"), size(spending.n_bytes)),
        (say("spending.f_billed"), billed),
        (say("spending.f_price"), say("spending.f_price_value", price=money(limits.price))),
        (say("spending.f_ask"), say("spending.f_ask_value", size=size(limits.ask_bytes))),
        (say("spending.f_most"), size(limits.max_bytes)),
    ]


def render_budget(spending: Spending) -> list[Any]:
    """How much of the day's budget is used, as a bar and in words."""
    used, limit = spending.bytes_billed_today, spending.limits.day_bytes
    share = used / limit if limit else 1.0
    told = percent(share, 0 if share >= 0.1 or not share else 1)
    if 0 < share < LEAST:
        told = say("spending.budget_least", share=percent(LEAST, 1))
    facts = {"size": size(used), "limit": size(limit), "share": told, "left": size(max(limit - used, 0))}
    return [
        html.H3(say("spending.budget")),
        html.P(
            [
                share_bar(share, label=say("spending.budget_label", share=told)),
                " ",
                say("spending.budget_words" if used < limit else "spending.budget_out", **facts),
            ],
            className="budget",
        ),
    ]


def render_jobs(jobs: Sequence[Job], state: State) -> list[Any]:
    """The queries of the day as a table, and their text."""
    if not jobs:
        return [html.H3(say("spending.jobs")), html.P(say("spending.jobs_none"), className="muted")]
    names = ("at", "name", "processed", "billed", "cost", "cache", "seconds")
    columns = [Column(name, say(f"spending.col_{name}"), name not in ("at", "name", "cache")) for name in names]
    rows = [
        Row(
            [
                clock(job.at),
                what(job),
                size(job.bytes_processed),
                size(job.bytes_billed),
                money(job.cost),
                say("spending.yes" if job.cache_hit else "spending.no"),
                number(job.seconds, 1),
            ],
            header=1,
        )
        for job in jobs[:MOST_JOBS]
    ]
    more = [html.P(say("spending.jobs_first", n=MOST_JOBS, total=number(len(jobs), 0)), className="muted small")]
    return [
        html.H3(say("spending.jobs")),
        table(say("spending.jobs_caption"), columns, rows, caption_hidden=True, class_name="compact"),
        *(more if len(jobs) > MOST_JOBS else []),
        render_sql(jobs[:MOST_JOBS]),
        html.P(csv_link(state.download("spending")), className="no-print"),
    ]


def render_sql(jobs: Sequence[Job]) -> html.Details:
    """The text of each query, the latest of those that are alike, to look at and to copy."""
    latest: dict[str, Job] = {}
    for job in jobs:
        latest.setdefault(job.sql, job)
    button: dict[str, Any] = {
        "data-copies": "",
        "data-done": say("spending.copied"),
        "data-failed": say("spending.not_copied"),
    }
    texts = [
        html.Div(
            [
                html.H4(say("spending.sql_title", name=what(job), time=clock(job.at))),
                html.Pre(sql.strip(), tabIndex=0, role="group", **{"aria-label": what(job)}),
                html.Button(say("spending.copy"), type="button", className="tool no-print", **button),
            ],
            className="sql-text",
        )
        for sql, job in latest.items()
        if sql.strip()
    ]
    lead = html.P(say("spending.sql_lead"), className="muted small")
    return html.Details(
        [html.Summary(say("spending.sql"), className="tool"), html.Div([lead, *texts], **{MARK: ""})],
        className="twin sql",
    )


def what(job: Job) -> str:
    """A query in words; its name where there are none for it."""
    return say(f"spending.job_{job.name}") if f"job_{job.name}" in words("spending") else job.name


def when(time: datetime) -> str:
    """A time of the table, in the server's time zone."""
    return time.astimezone().strftime("%Y-%m-%d %H:%M")


def clock(time: datetime) -> str:
    """A time of today, in the server's time zone."""
    return time.astimezone().strftime("%H:%M:%S")


def _section(children: list[Any]) -> html.Section:
    heading = "data-spending-title"
    return html.Section(
        [html.H2(say("spending.title"), id=heading), *children], className="panel", **{"aria-labelledby": heading}
    )
