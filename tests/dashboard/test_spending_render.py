"""Message, contract: what reading cost, from values alone; bytes and money as text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from components import of_class, of_type, text
from metered import GIGABYTES, LIMITS, TIME, job, spending

from dashboard.numbers import DASH, money, size
from dashboard.pages.data_spending import MOST_JOBS, clock, render_spending
from dashboard.state import State

HERE = State(page="data", subject="Maths", exams=("Term 2",))
ANALYST = HERE.change(view="analyst")


@pytest.mark.parametrize(
    ("n_bytes", "said"),
    [(0, "0 bytes"), (812, "812 bytes"), (999_499, "999 kB"), (999_500, "1.0 MB"), (4.2e9, "4.2 GB"),
     (126e9, "126 GB"), (1e12, "1 TB"), (float("nan"), DASH)],
)  # fmt: skip
def test_message_bytes_in_the_unit_that_suits_them(n_bytes: float, said: str) -> None:
    assert size(n_bytes) == said.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("dollars", "said"),
    [(0, "$0.00"), (0.0001, "less than $0.01"), (0.0099, "less than $0.01"), (0.01, "$0.01"), (0.026, "$0.03"),
     (1234.5, "$1,234.50"), (float("nan"), DASH)],
)  # fmt: skip
def test_message_money_to_the_cent(dollars: float, said: str) -> None:
    assert money(dollars) == said


def test_message_the_embedded_store_costs_nothing_and_says_where_it_is() -> None:
    assert text(render_spending(None, HERE, "data/responses")).endswith("files of this installation.")
    assert text(render_spending(None, ANALYST, "data/responses")).endswith("files in the folder data/responses.")


def test_message_a_teacher_is_told_in_one_sentence() -> None:
    panel = render_spending(spending(job()), HERE, "")
    assert len(of_type(panel, "P")) == 1
    assert "has cost about $0.02 today (4.2\u00a0GB)" in text(panel)
    assert "p.d.t" not in text(panel)
    assert "has cost nothing today" in text(render_spending(spending(), HERE, ""))


def test_contract_an_analyst_sees_table_limits_and_budget() -> None:
    shown = text(render_spending(spending(job(), job("catalogue")), ANALYST, ""))
    for part in (
        "p.d.t",
        "97,000,000",
        "9\u00a0GB",
        "8.4\u00a0GB, $0.05",
        "$6.25 for each TiB",
        "more than 1\u00a0GB",
    ):
        assert part in shown
    assert "8.4\u00a0GB of today’s 1\u00a0TB are used (0.8\u00a0%); 992\u00a0GB are left." in shown
    little = replace(spending(), bytes_billed_today=5_000_000)
    assert "(under 0.1\u00a0%)" in text(render_spending(little, ANALYST, ""))
    out = replace(spending(), bytes_billed_today=LIMITS.day_bytes)
    assert "Today’s budget is used up: 1\u00a0TB of 1\u00a0TB." in text(render_spending(out, ANALYST, ""))


def test_invariant_one_row_a_query_with_its_time_bytes_money_and_seconds() -> None:
    free = job("catalogue", cache_hit=True, bytes_billed=0, bytes_processed=0, cost=0.0, seconds=0.31)
    rows = of_type(of_type(render_spending(spending(job(), free), ANALYST, ""), "Tbody"), "Tr")
    cells = [[text(cell) for cell in row.children] for row in rows]
    at = clock(TIME)
    assert cells == [
        [at, "Answers", "4.2\u00a0GB", "4.2\u00a0GB", "$0.02", "no", "6.2"],
        [at, "List of exams", "0\u00a0bytes", "0\u00a0bytes", "$0.00", "yes", "0.3"],
    ]
    assert job().bytes_processed == GIGABYTES


def test_contract_each_text_is_there_once_to_look_at_and_to_copy() -> None:
    other = job("something_new", sql="SELECT 1")
    panel = render_spending(spending(job(), job(), other), ANALYST, "")
    assert [text(pre) for pre in of_type(panel, "Pre")] == ["SELECT item_id\nFROM `p.d.t`", "SELECT 1"]
    assert len(of_class(panel, "sql-text")) == 2
    assert "something_new" in text(panel)  # a query without words keeps its name
    assert len(of_type(of_class(panel, "sql-text"), "Button")) == 2


def test_contract_a_long_day_is_cut_and_says_so() -> None:
    panel = render_spending(spending(*(job() for _ in range(MOST_JOBS + 3))), ANALYST, "")
    assert len(of_type(of_type(panel, "Tbody"), "Tr")) == MOST_JOBS
    assert f"The latest {MOST_JOBS} of {MOST_JOBS + 3} are shown" in text(panel)
    assert "No query was run today." in text(render_spending(spending(), ANALYST, ""))
