"""Contract, message: a sample is said beside the numbers, and who is calibrated on can be chosen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import report_values as values
from asking import ask, place, shown
from components import text

from dashboard import ids
from dashboard.filters import ALL
from dashboard.pages.overview import render_warnings
from dashboard.sampling import sample_instead, sampled, share_choices, written
from dashboard.state import EVERYBODY, State
from dashboard.visits import Visit
from irt.reports import Sample
from irt.selection import Scope
from irt.sources import Catalogue, CatalogueEntry

SAMPLE = Sample.drawn(0.2, 200_113, 1_000_000)
ENTRY = CatalogueEntry("Maths", "Term 2", "7A", None, 30, 20, 600, datetime(2026, 11, 20, tzinfo=UTC))
LARGE = Catalogue((ENTRY,), {("Maths", "Term 2"): (1_000_000, 20, 20_000_000)})
SMALL = Catalogue((ENTRY,), {("Maths", "Term 2"): (480, 20, 9_600)})
HERE = State(subject="Maths", exams=("Term 2",))
ANALYST = HERE.change(view="analyst")


def test_message_a_sample_is_said_with_what_it_costs_in_precision() -> None:
    provenance = replace(values.provenance(), sample=SAMPLE)
    words = (
        "Worked out from 200,113 of 1,000,000 students, drawn at random. {} are about 2.2 times those from everybody."
    )
    assert text(sampled(provenance, HERE)) == words.format("Margins of error")
    assert text(sampled(provenance, ANALYST)) == words.format("Standard errors")
    assert "students of the sample: 200,113 of 1,000,000" in text(sampled(provenance, HERE, "sampled_students"))
    assert "all students of the class" in text(sampled(provenance, HERE, "sampled_class"))
    assert sampled(values.provenance(), HERE) == []


def test_contract_the_sample_is_not_said_twice() -> None:
    report = values.exam(warnings=(SAMPLE.sentence(), "Mind the gap."))
    here = replace(report, provenance=replace(report.provenance, sample=SAMPLE))
    assert text(render_warnings(here)) == "Mind the gap."
    assert render_warnings(replace(here, warnings=(SAMPLE.sentence(),))) == []


@pytest.mark.parametrize(
    ("state", "catalogue", "sample", "hidden"),
    [
        (ANALYST, LARGE, 200_000, False),
        (HERE, LARGE, 200_000, True),
        (ANALYST, LARGE, None, True),
        (ANALYST, SMALL, 200_000, True),
        (HERE.change(share="0.5"), SMALL, 200_000, False),
        (HERE.change(share=EVERYBODY), LARGE, 200_000, False),
    ],
)
def test_contract_the_choice_is_for_analysts_of_large_exams_and_for_links_that_make_it(
    state: State, catalogue: Catalogue, sample: int | None, hidden: bool
) -> None:
    assert share_choices(state, catalogue, sample)[1] is hidden


def test_contract_shares_on_offer_leave_enough_students() -> None:
    options, _ = share_choices(ANALYST.change(share="0.0333"), LARGE, 200_000)
    assert [option["value"] for option in options] == ["", EVERYBODY, "0.5", "0.2", "0.1", "0.05", "0.0333", "0.01"]
    assert [option["label"] for option in options][:3] == [
        "A sample of 200,000",
        "Everybody (1,000,000)",
        "50\u00a0% (about 500,000)",
    ]
    assert options[-2]["label"] == "3.33\u00a0% (about 33,300)"
    few, _ = share_choices(HERE.change(share="0.5"), SMALL, 200_000)
    assert [option["label"] for option in few] == ["Everybody (480)", "50\u00a0% (about 240)"]


@pytest.mark.parametrize("share", [0.5, 0.4264, 0.06667, 0.002, 0.00002])
def test_identity_a_share_comes_back_from_the_address(share: float) -> None:
    assert State.read({"page": "items", "search": f"?share={written(share)}"}).selection().share == share


@pytest.fixture(scope="module")
def sampled_app(sample_store: Any, open_app: Any) -> Any:
    return open_app(sample_store, ITEMWISE_SAMPLE="200")


QUERY = {"subject": "Mathematics (simulated)", "exam": "Term 2"}


@pytest.mark.parametrize(
    ("page", "output"),
    [
        ("overview", ids.OVERVIEW),
        ("items", ids.ITEMS_LIST),
        ("items", ids.ITEMS_CHOSEN),
        ("data", ids.DATA_REPORT),
        ("students", ids.STUDENTS_REPORT),
    ],
)
def test_contract_each_page_says_the_sample_once_and_drops_it_with_everybody(
    sampled_app: Any, page: str, output: str
) -> None:
    answer = shown(ask(sampled_app, f"{output}.children", {"state.data": place(page, **QUERY)})[output])
    assert answer.count("drawn at random") == 1
    everybody = ask(sampled_app, f"{output}.children", {"state.data": place(page, **QUERY, share="all")})[output]
    assert "drawn at random" not in shown(everybody)


def test_contract_a_class_of_a_sampled_exam_is_shown_whole(sampled_app: Any, app: Any) -> None:
    state = {"state.data": place("students", **QUERY, **{"class": "8A"})}
    output = f"{ids.STUDENTS_REPORT}.children"
    mine, whole = (shown(ask(one, output, state)[ids.STUDENTS_REPORT]) for one in (sampled_app, app))
    size = whole[whole.index("8A: ") :].split(" students")[0]
    assert size in mine
    assert "all students of the class" in mine
    # The classes on offer have their whole size too.
    links = [
        shown(ask(one, f"{ids.STUDENTS_CLASS}.children", {"state.data": place("students", **QUERY)}))
        for one in (sampled_app, app)
    ]
    assert links[0] == links[1]


def test_contract_the_filter_shows_what_is_chosen(sampled_app: Any, app: Any) -> None:
    def frame(which: Any, **query: str) -> dict[str, Any]:
        return ask(which, f"{ids.SUBJECT}.options", {"state.data": place("overview", **QUERY, **query)})

    assert frame(sampled_app)[ids.SHARE_CONTROL]["hidden"] is True
    usual = frame(sampled_app, view="analyst")
    assert usual[ids.SHARE_CONTROL]["hidden"] is False
    assert usual[ids.SHARE]["value"] == usual[ids.SHARE]["options"][0]["value"] == ALL
    everybody = frame(sampled_app, share="all")
    assert everybody[ids.SHARE]["value"] == "all"
    assert "share=all" in shown(everybody[ids.NAV])
    assert frame(app, view="analyst")[ids.SHARE_CONTROL]["hidden"] is True


def test_contract_without_names_there_is_the_usual_sample_and_everybody() -> None:
    """Who is drawn follows from the ids: whoever may choose the share finds out who is who."""
    options, hidden = share_choices(ANALYST, replace(LARGE, smallest_group=10), 200_000)
    assert [option["value"] for option in options] == ["", EVERYBODY]
    assert not hidden
    assert len(share_choices(ANALYST, LARGE, 200_000)[0]) > 2


@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize(("sample", "offered"), [(None, "0.2"), (200_000, "")])
def test_contract_a_sample_instead_is_one_that_the_caller_may_choose(
    sample: int | None, offered: str, names: bool
) -> None:
    selection = HERE.selection()
    service = SimpleNamespace(sample=sample, resolve=lambda *_: replace(selection, share=1.0))
    here = Visit(HERE, selection, Scope(names=names), service, LARGE)  # type: ignore[arg-type]
    assert sample_instead(here) == (None if sample is None and not names else (offered, 200_000))
