"""The state in the URL: what is written is read back, and what is not understood is said and left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.state import MODELS, MOST_COMPARED, MOST_EXAMS, PAGES, SIMULTANEOUS, State, complete
from irt.errors import NotFoundError
from irt.selection import AttemptPolicy, MissingPolicy, Selection
from irt.sources import Catalogue, CatalogueEntry

NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40)
MAYBE = st.none() | NAMES
STATES = st.builds(
    State,
    page=st.sampled_from(PAGES),
    subject=st.none() | st.text(st.characters(exclude_categories=("Cs",)), max_size=40),
    exams=st.lists(NAMES, max_size=4, unique=True).map(tuple),
    class_name=MAYBE,
    view=st.sampled_from(("teacher", "analyst")),
    model=st.none() | st.sampled_from(MODELS),
    missing=st.sampled_from(MissingPolicy),
    attempts=st.sampled_from(AttemptPolicy),
    share=st.none() | st.sampled_from(("all", "0.05", "0.2001", "0.9")),
    item=MAYBE,
    compare=st.lists(NAMES, max_size=MOST_COMPARED, unique=True).map(tuple),
    verdict=MAYBE,
    sort=MAYBE,
    query=MAYBE,
    student=MAYBE,
    band=st.none() | st.just(SIMULTANEOUS),
    group=MAYBE,
    reference=MAYBE,
    focal=MAYBE,
    purify=st.none() | st.just("yes"),
    other=MAYBE,
)


def entry(subject: str, exam: str, class_name: str | None) -> CatalogueEntry:
    return CatalogueEntry(subject, exam, class_name, None, 30, 20, 600, datetime(2026, 11, 20, tzinfo=UTC))


CATALOGUE = Catalogue(
    (
        entry("Maths", "Term 1", "7A"),
        entry("Maths", "Term 2", "7A"),
        entry("Maths", "Term 2", "7B"),
        entry("", "T", None),
    ),
    {("Maths", "Term 1"): (30, 20, 600), ("Maths", "Term 2"): (60, 20, 1200), ("", "T"): (30, 20, 600)},
)


@given(STATES)
def test_identity_state_comes_back_from_its_store(state: State) -> None:
    assert State.read(state.data()) == state


@given(STATES)
def test_identity_link_leads_to_the_state_under_any_prefix(state: State) -> None:
    for base in ("https://x.example/", "https://x.example/exams/deep/", "https://x.example/exams/students"):
        address = urljoin(base, state.href())
        path, _, query = address.partition("?")
        page = path.rsplit("/", 1)[1] or PAGES[0]
        assert State.read({"page": page, "search": f"?{query}"}) == replace(state, query=None)  # typed: not in links
        assert path.startswith(base.rsplit("/", 1)[0] + "/")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"page": "teapot", "search": ""}, "no page “teapot”"),
        ({"page": "items", "search": "?view=martian"}, "no view “martian”"),
        ({"page": "items", "search": "?missing=perhaps"}, "“perhaps”"),
        ({"page": "items", "search": "?attempts=seventh"}, "“seventh”"),
        ({"page": "items", "search": "?model=9PL"}, "“9PL”"),
        ({"page": "items", "search": "?share=1.5"}, "“1.5”"),
        ({"page": "items", "search": "?share=0.000"}, "“0.000”"),
        ({"page": "items", "search": "?band=rubber"}, "“rubber”"),
        ({"page": "items", "search": "?teapot=1"}, "teapot"),
        ({"page": "items", "search": "?" + "&".join(f"a{i}=1" for i in range(99))}, "could not be read"),
    ],
)
def test_message_what_is_not_understood_is_said(data: dict[str, str], said: str) -> None:
    state = State.read(data)
    assert len(state.problems) == 1
    assert said in state.problems[0]
    assert State(page=state.page) == State.read({**data, "search": "", "page": state.page})


@pytest.mark.parametrize("data", [None, 3, [], "text", {"page": None, "search": None}, {"page": 4, "search": [1]}])
def test_contract_hostile_stores_give_the_start(data: object) -> None:
    state = State.read(data)
    assert state.page == "overview"
    assert state.selection() == Selection()


def test_contract_long_values_are_left_out() -> None:
    assert State.read({"page": "items", "search": f"?item={'x' * 5000}"}).item is None


def test_contract_no_more_items_than_can_be_told_apart() -> None:
    search = "?" + "&".join(f"compare=q{i}" for i in range(30))
    assert len(State.read({"page": "items", "search": search}).compare) == MOST_COMPARED


def test_contract_exams_are_put_together_in_natural_order_without_those_that_are_not_there() -> None:
    state = complete(State.read({"page": "data", "search": "?exam=Term+2&exam=Term+7&exam=Term+1"}), CATALOGUE)
    assert state.exams == ("Term 1", "Term 2")
    assert state.selection().exams == ("Term 1", "Term 2")
    assert [problem for problem in state.problems if "Term 7" in problem] == list(state.problems)
    assert "exam=Term+1&exam=Term+2" in state.href()
    many = "?" + "&".join(f"exam=e{i}" for i in range(50))
    assert len(State.read({"page": "data", "search": many}).exams) == MOST_EXAMS


def test_contract_class_of_any_of_the_exams_may_be_in_focus() -> None:
    both = State(subject="Maths", exams=("Term 1", "Term 2"), class_name="7B")
    assert complete(both, CATALOGUE).class_name == "7B"
    assert complete(replace(both, exams=("Term 1",)), CATALOGUE).class_name is None


def test_contract_model_and_prior_as_the_service_takes_them() -> None:
    assert State().fitted == {"model": None, "prior": None}
    assert State(model="3PL").fitted == {"model": "3PL", "prior": None}
    assert State(model="2PL-weak").fitted == {"model": "2PL", "prior": "weak"}


@pytest.mark.parametrize(("written", "share"), [(None, None), ("all", 1.0), ("0.05", 0.05), ("0.2001", 0.2001)])
def test_contract_share_of_the_students_goes_into_the_selection(written: str | None, share: float | None) -> None:
    assert State(share=written).selection().share == share
    assert State("items", share=written).change(page="data").share == written


def test_contract_other_page_takes_the_selection_and_leaves_the_rest() -> None:
    state = State(
        "items", "Maths", ("Term 2",), "7A", "analyst", "3PL", item="q3", compare=("q4",), sort="-n", query="x"
    )
    there = state.change(page="students", student="abc")
    assert there == State("students", "Maths", ("Term 2",), "7A", "analyst", "3PL", student="abc")


def test_contract_first_subject_and_last_exam_are_filled_in() -> None:
    state = complete(State(), CATALOGUE)
    assert (state.subject, state.exams, state.class_name, state.problems) == ("Maths", ("Term 2",), None, ())


def test_contract_what_was_answered_last_is_filled_in() -> None:
    times = {("Maths", "Term 1"): datetime(2026, 5, 1, tzinfo=UTC), ("", "T"): datetime(2026, 4, 1, tzinfo=UTC)}
    entries = tuple(replace(e, last_answered=times.get((e.subject, e.exam))) for e in CATALOGUE.entries)
    catalogue = replace(CATALOGUE, entries=entries)
    assert (complete(State(), catalogue).subject, complete(State(), catalogue).exams) == ("Maths", ("Term 1",))
    assert complete(State(subject=""), catalogue).exams == ("T",)


def test_contract_subject_without_a_name_can_be_chosen() -> None:
    state = complete(State.read({"page": "overview", "search": "?subject="}), CATALOGUE)
    assert (state.subject, state.exams) == ("", ("T",))
    assert "subject=" in state.href()


def test_message_unknown_values_are_replaced_and_said() -> None:
    state = complete(State(subject="Alchemy", exams=("Term 9",), class_name="9Z"), CATALOGUE)
    assert (state.subject, state.exams, state.class_name) == ("Maths", ("Term 2",), None)
    assert [name in problem for name, problem in zip(("Alchemy", "Term 9", "9Z"), state.problems, strict=True)] == [
        True
    ] * 3


def test_message_nothing_to_choose_from() -> None:
    with pytest.raises(NotFoundError, match="Import a file"):
        complete(State(), Catalogue((), {}))


def test_contract_differences_are_named() -> None:
    state = State("items", item="a", sort="n")
    assert state.difference(State("items", item="b", sort="n")) == {"item"}
    assert state.difference(state) == frozenset()
