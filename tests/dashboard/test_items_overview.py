"""Overview and Items over the sample exams: what is said, listed, sorted, filtered and laid over each other."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from asking import ask, place, shown
from components import of_class, of_type, text, walk
from report_values import exam, item

from dashboard import ids
from dashboard.numbers import is_determined
from dashboard.pages.items import with_item
from dashboard.pages.items_facts import render_facts
from dashboard.pages.items_list import can_sort, listed, render_list
from dashboard.pages.overview import render, worth_a_look
from dashboard.pages.overview_words import headline, separation
from dashboard.state import MOST_COMPARED, State
from irt.selection import FULL_SCOPE, Selection
from irt.verdicts import Finding, FindingCode, Level, Verdict

MATHS = {"subject": "Mathematics (simulated)", "exam": "Term 2"}
WRONG_KEY = "MA2-05"


def items(
    app: Any, output: str = f"{ids.ITEMS_LIST}.children", shown_before: str | None = None, **query: str
) -> dict[str, Any]:
    state: dict[str, Any] = place("items", **MATHS, **query)
    if shown_before is not None:
        state["shown"] = shown_before
    return ask(app, output, {"state.data": state})


def flagged(level: Level, code: FindingCode) -> Verdict:
    return Verdict(
        level, (Finding(code, level, {"n": 100, "percent": 20.0, "key_option": "", "suggested_option": ""}),)
    )


# Overview


@pytest.mark.parametrize(
    ("alpha", "lower", "upper", "word"),
    [
        (0.92, 0.9, 0.94, "very_well"),
        (0.85, 0.82, 0.88, "well"),
        (0.72, 0.69, 0.75, "fairly"),
        (0.6, 0.55, 0.65, "roughly"),
        (0.3, 0.2, 0.4, "hardly"),
        (0.85, 0.5, 0.95, "unknown"),
        (float("nan"), float("nan"), float("nan"), "unknown"),
    ],
)
def test_message_how_well_an_exam_separates(alpha: float, lower: float, upper: float, word: str) -> None:
    assert separation(exam(alpha=alpha, alpha_lower=lower, alpha_upper=upper)) == word


def test_message_headline_counts_every_item_once() -> None:
    report = exam(
        items=(
            item(1),
            item(2, verdict=flagged(Level.LOOK_AGAIN, FindingCode.REVERSED)),
            item(3, verdict=flagged(Level.WEAK, FindingCode.WEAK)),
            item(4, verdict=flagged(Level.TOO_FEW, FindingCode.TOO_FEW)),
            item(6),
        )
    )
    said = headline(report).replace("\u00a0", " ")
    assert "2 of 5 items look fine; 2 deserve a look; for 1 there are too few answers to tell." in said
    assert "All 6 items look fine." in headline(exam()).replace("\u00a0", " ")


def open_item(position: int, so_far: str) -> Any:
    facts = {"n": 30, "needed": 100, "about": "answers", "so_far": so_far}
    return item(position, verdict=Verdict(Level.TOO_FEW, (Finding(FindingCode.TOO_FEW, Level.TOO_FEW, facts),)))


def test_message_a_small_class_is_told_what_holds_so_far() -> None:
    few = (open_item(1, "tells apart"), open_item(2, "tells apart"), open_item(3, ""))
    said = headline(exam(items=(*few, item(4)))).replace("\u00a0", " ")
    assert said.endswith(
        "For 3 of 4 items there are too few answers for a verdict; so far, 2 of these tell strong and weak students "
        "apart. Of the others, 1 looks fine."
    )
    assert headline(exam(items=few[2:])).endswith("There are too few answers for a verdict on the only item.")
    worth = text(render(exam(items=few), State(subject="Maths", exams=("Term 2",))))
    assert "No item needs a look so far. With more answers, the 3 without a verdict can be judged." in worth


def test_contract_where_no_model_is_nothing_is_said_of_a_scale() -> None:
    bare = exam(calibration=None, model_reason="Too few answers.")
    facts = text(render_facts(bare, item(1, half_score=float("nan")), State(subject="Maths", exams=("Term 2",))))
    assert "too few answers for a curve" in facts
    assert "nowhere on this scale" not in facts
    assert "the model has no curve" in text(render_facts(exam(), item(6), State(subject="Maths", exams=("Term 2",))))


@pytest.mark.parametrize(
    ("difficulty", "se", "determined"),
    [
        (0.5, 0.2, True),
        (-6.0, 0.5, True),  # far away, and surely so
        (-54.45, 282.72, False),
        (0.1, 3.0, False),
        (-30.0, float("nan"), False),
        (1.0, float("nan"), True),  # held fixed
        (float("nan"), float("nan"), True),  # a dash says it
    ],
)
def test_contract_a_difficulty_that_may_lie_anywhere_is_not_a_number(
    difficulty: float, se: float, determined: bool
) -> None:
    one = item(1, difficulty=difficulty, difficulty_se=se)
    assert is_determined(difficulty, se) is determined
    rows = render_list(exam(items=(one,)), State("items", view="analyst"), None)
    facts = render_facts(exam(), one, State("items", view="analyst"))
    for part in (of_type(rows, "Tbody"), facts[:2]):
        assert ("not determined" in text(part)) is not determined


def test_message_several_exams_are_spoken_of_together() -> None:
    both = exam(selection=Selection("Maths", ("Term 1", "Term 2")), alpha=0.85, alpha_lower=0.8, alpha_upper=0.88)
    assert headline(both).startswith("Together, these exams separate students well.")


def test_contract_the_key_to_check_comes_first() -> None:
    hard = item(1, verdict=flagged(Level.LOOK_AGAIN, FindingCode.FLAT))
    key = item(2, verdict=flagged(Level.LOOK_AGAIN, FindingCode.REVERSED))
    weak = item(3, verdict=flagged(Level.WEAK, FindingCode.WEAK))
    assert [one.item_id for one in worth_a_look(exam(items=(weak, hard, key, item(4))))] == ["q2", "q1", "q3"]


def test_contract_overview_tells_and_links(app: Any) -> None:
    answer = ask(app, f"{ids.OVERVIEW}.children", {"state.data": place("overview", **MATHS)})
    told = shown(answer)
    assert "This exam separates students well." in told
    assert "Strong students get this wrong more often than weak ones." in told
    links = re.findall(r'"href": ?"([^"]+)"', json.dumps(answer))
    assert any(link.startswith("items?") and "verdict=look_again" in link for link in links)
    assert any(f"item={WRONG_KEY}" in link for link in links)


def test_contract_teachers_read_no_greek_letters(app: Any) -> None:
    for page, output in (("overview", ids.OVERVIEW), ("items", ids.ITEMS_LIST), ("items", ids.ITEMS_CHOSEN)):
        query = {**MATHS, "class": "8A"}
        answer = shown(ask(app, f"{output}.children", {"state.data": place(page, **query)}))
        assert not re.search("[α-ωΑ-Ω]", answer), page
        dense = shown(ask(app, f"{output}.children", {"state.data": place(page, view="analyst", **query)}))
        assert dense != answer


def test_contract_exam_without_a_model_has_a_page() -> None:
    bare = exam(calibration=None, model_reason="Too few answers.", class_scores=None)
    page = render(bare, State(subject="Maths", exams=("Term 2",)))
    assert "Too few answers." in text(page)


# Items


def test_contract_list_runs_worst_first_then_as_asked(app: Any) -> None:
    report = exam(
        items=(
            item(1, item_name="Item 10", proportion_correct=0.5),
            item(2, item_name="Item 2", proportion_correct=0.9, verdict=flagged(Level.LOOK_AGAIN, FindingCode.FLAT)),
            item(3, item_name="item 1", proportion_correct=float("nan")),
        )
    )

    def order(sort: str | None) -> list[str]:
        return [one.item_name for one in listed(report, State(sort=sort))]

    assert order(None) == ["Item 2", "item 1", "Item 10"]
    assert order("name") == ["item 1", "Item 2", "Item 10"]
    assert order("-name") == ["Item 10", "Item 2", "item 1"]
    assert order("correct") == ["Item 10", "Item 2", "item 1"]  # what cannot be had comes last
    assert order("-correct") == ["Item 2", "Item 10", "item 1"]  # either way
    assert order("teapot") == order(None)
    assert not can_sort(State(sort="teapot"))


def test_contract_search_ignores_width_and_case() -> None:
    report = exam(items=(item(1, item_name="ＡＲＥＡ of a circle"), item(2, item_name="Read a graph")))
    assert [one.item_id for one in listed(report, State(query="area CIRCLE"))] == ["q1"]
    assert [one.item_id for one in listed(report, State(query="Q2"))] == ["q2"]


def test_contract_verdict_filters_and_chips_count(app: Any) -> None:
    answer = shown(items(app, verdict="look_again"))
    assert "6 items" in answer
    assert "Angles: polygon" not in answer


def test_contract_nothing_found_offers_the_whole_list() -> None:
    rows = render_list(exam(), State("items", query="zzz"), None)
    assert "No item matches." in text(rows)
    assert [link.href for link in of_class(rows, "button")] == ["items"]


def test_contract_chosen_item_is_told_with_its_action(app: Any) -> None:
    told = shown(items(app, f"{ids.ITEMS_CHOSEN}.children", item=WRONG_KEY))
    assert "Strong students get this wrong more often than weak ones." in told
    assert "Check the answer key" in told
    assert "(right)" in told


def test_message_unknown_item_verdict_and_order_are_said(app: Any) -> None:
    answer = items(app, item="nope", verdict="bogus", sort="evil")
    assert "implied" in answer[ids.ITEMS]["className"]  # on a phone too: the list is shown, and with it what is said
    told = shown(answer)
    for name in ("nope", "bogus", "evil"):
        assert f"“{name}”" in told


def test_contract_choosing_an_item_leaves_the_list_alone(app: Any) -> None:
    before = "?subject=Mathematics+%28simulated%29&exam=Term+2&sort=n"
    answer = items(app, shown_before=before, sort="n", item=WRONG_KEY)
    assert ids.ITEMS_LIST not in answer
    assert "asked" in answer[ids.ITEMS]["className"]
    assert ids.ITEMS_LIST in items(app, shown_before=before, sort="-n", item=WRONG_KEY)
    assert ids.ITEMS_LIST in items(app, shown_before=before, sort="n", item="nope")


def test_contract_sorting_leaves_the_chosen_item_alone(app: Any) -> None:
    before = f"?subject=Mathematics+%28simulated%29&exam=Term+2&item={WRONG_KEY}"
    assert items(app, f"{ids.ITEMS_CHOSEN}.children", before, item=WRONG_KEY, sort="n").keys() <= {"notices"}
    assert ids.ITEMS_CHOSEN in items(app, f"{ids.ITEMS_CHOSEN}.children", before, item="MA2-01")


def test_contract_at_most_eight_curves_and_the_chosen_one_once() -> None:
    state = State("items", item="q1", compare=("q1", "q2", "gone", "q3"))
    assert with_item(exam(), state).compare == ("q2", "q3")
    assert MOST_COMPARED == 8


def test_contract_laid_over_items_are_in_the_figure_and_the_table(app: Any) -> None:
    state = place("items", **MATHS, item=WRONG_KEY)
    state["search"] += "&compare=MA2-01&compare=MA2-16"
    answer = ask(app, f"{ids.ITEMS_CHOSEN}.children", {"state.data": state})
    assert "3 items laid over each other" in shown(answer)
    figure = next(part for part in _parts(answer) if part.get("type") == "Graph")["props"]["figure"]
    assert sum(trace["mode"] == "lines" for trace in figure["data"]) == 3


def test_contract_every_chart_has_a_summary_and_a_table() -> None:
    page = render(exam(), State(subject="Maths", exams=("Term 2",)))
    boxes = [part for part in walk(page) if getattr(part, "role", None) == "img" and of_type(part, "Graph")]
    assert boxes
    for box in boxes:
        assert len(getattr(box, "aria-label")) > 40
    assert len(of_class(page, "twin")) == len(boxes)
    for table in of_type(page, "Table"):
        assert of_type(table, "Caption")
        assert all(getattr(head, "scope", None) for head in of_type(table, "Th"))


def test_contract_every_sample_item_has_a_page(sample_store: Any) -> None:
    from dashboard.pages.items_one import render_item
    from irt.service import Service
    from irt.sources import ParquetStore

    service = Service(ParquetStore(sample_store))
    for subject, name in service.catalogue(FULL_SCOPE).exam_sizes:
        selection = Selection(subject, (name,))
        report = service.exam(FULL_SCOPE, selection)
        for view in ("teacher", "analyst"):
            one = report.items[0]
            curve = service.item(FULL_SCOPE, selection, one.item_id)
            page = render_item(report, [curve], State("items", subject, name, view=view, item=one.item_id))
            assert one.item_name in text(page)


def _parts(node: Any) -> Any:
    """Every component of an answer."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _parts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _parts(value)
