"""Student and class as Dash components, from values alone."""

from __future__ import annotations

import json
from dataclasses import replace

import report_values as values
from components import of_class, of_type, text, words

from dashboard.drawn import MARK
from dashboard.pages.students_class import render_class
from dashboard.pages.students_find import LISTED, matching, render_found
from dashboard.pages.students_report import render_student


def link(name: str) -> str:
    return f"?x={name}"


def student(analyst: bool = False, **changes):
    return render_student(values.student_report(**changes), link, analyst=analyst)


def test_message_unusual_pattern_says_what_to_do_and_the_numbers_are_for_analysts() -> None:
    told = text(render_student(values.student_report(), link, analyst=False, odd=True))
    assert "Unusual pattern. Easy items were missed" in told
    assert "Look at the paper" in told
    assert "zh" not in told
    assert "Unusual pattern" not in text(student())
    assert "Person fit zh, corrected0.30" in text(student(analyst=True))
    unknown = values.student(1, zh=values.NAN, zh_corrected=values.NAN, p_value_fit=values.NAN)
    assert "cannot be had" in text(student(analyst=True, student=unknown))


def test_message_unusual_pattern_is_said_in_the_list() -> None:
    found = render_found(values.student_list(3), "", link, odd={"handle2"})
    entries = [text(entry) for entry in of_class(found, "student-entry")]
    assert ["unusual pattern" in entry for entry in entries] == [False, True, False]


def test_invariant_each_item_is_on_one_card_or_named_as_without_estimate() -> None:
    page = student()
    counts = [int(text(figure)) for figure in of_class(page, "card-value")]
    assert counts == [2, 1, 2]
    assert "Without an estimate: Trick question." in text(page)
    assert sum(counts) + 1 == len(values.student_report().chances)


def test_invariant_table_has_one_row_an_item_from_surest_to_least_sure() -> None:
    rows = of_type(of_type(student(), "Tbody")[0], "Tr")
    assert [text(of_type(row, "Th")[0]) for row in rows] == list(values.ITEM_NAMES)


def test_message_row_prints_chance_range_answer_and_surprise() -> None:
    row = text(of_type(of_type(student(), "Tbody")[0], "Tr")[0])
    assert "93\u00a0%" in row
    assert "78–100\u00a0%" in row
    assert "wrong: chose C, right is B" in row
    assert "◆ surprise: expected right" in row


def test_invariant_bar_is_drawn_where_it_is_printed() -> None:
    bar = of_class(student(), "chance-bar")[0]
    band, mark = bar.children
    assert band.style == {"left": "78.0%", "width": "22.0%"}
    assert mark.style == {"left": "93.0%"}


def test_invariant_teacher_view_has_no_greek_and_analyst_view_has_the_estimates() -> None:
    assert not any("α" <= sign <= "ω" for sign in text(student()))
    dense = text(student(analyst=True))
    assert "Ability θ (EAP)" in dense
    assert "0.930" in dense
    assert "0.780–1.000" in dense


def test_invariant_nan_is_never_printed() -> None:
    for analyst in (False, True):
        assert "nan" not in text(student(analyst)).lower().replace("unanswered", "")
        assert "nan" not in json.dumps(student(analyst).to_plotly_json(), default=lambda c: c.to_plotly_json())


def class_map(analyst: bool = False, n: int = 3, total: int | None = None):
    made = values.class_map(n)
    if total is not None:
        made = replace(made, n_students=total)
    return render_class(made, lambda handle: f"?student={handle}", link, analyst=analyst)


def table(analyst: bool = False) -> list:
    """The nodes of the class table: head row, then a row a student."""
    scroll = of_class(class_map(analyst), "class-map-scroll")[0]
    (drawn,) = json.loads(scroll.to_plotly_json()["props"][MARK])
    _, _, (_, _, head), (_, _, *rows) = drawn[1:]
    return [head, *rows]


def cells(row: list) -> list:
    """The cells of a student's row."""
    return [cell[1:] for cell in row[4:]]


def test_invariant_class_table_has_a_cell_for_each_student_and_item() -> None:
    head, *rows = table()
    assert [words(cell) for cell in head[4:]] == list(values.ITEM_NAMES)
    assert [len(cells(row)) for row in rows] == [6, 6, 6]


def test_message_surprises_have_shape_and_word() -> None:
    odd = [cell for row in table()[1:] for cell in cells(row) if "odd" in cell[0]["class"]]
    # In the first row, a miss with 95 % and a right answer with 8 %; none in the others.
    assert [(kind["class"], sign[2], said[2]) for kind, sign, said in odd] == [
        ("p4 odd missed", "◆", "surprise: wrong, chance 95\u00a0%"),
        ("p0 odd lucky", "◇", "surprise: right, chance 8\u00a0%"),
    ]
    assert "2 of 17 answers are surprises" in text(class_map())


def test_invariant_analyst_reads_the_chance_in_each_cell_that_has_one() -> None:
    first = table(analyst=True)[1]
    signs = [sign if isinstance(sign, str) else sign[2] for _, sign, *_ in cells(first)]
    assert signs == ["◆ 95", "✓ 80", "✓ 55", "· 35", "◇ 8", "✓"]
    assert words(first[3]) == "4 (0.70)"


def test_invariant_class_table_can_be_scrolled_by_keyboard() -> None:
    scroll = of_class(class_map(), "scroll")[0]
    assert scroll.tabIndex == 0
    assert scroll.role == "region"
    assert scroll.to_plotly_json()["props"]["aria-label"]


def test_invariant_missing_cell_is_not_a_wrong_one() -> None:
    assert cells(table()[1])[3] == [{"class": "p1 missing"}, "·"]


def test_message_cut_class_says_how_many_are_missing() -> None:
    assert "The first 3 of 75 students × 6 items" in text(class_map(total=75))


def test_invariant_links_hold_the_handle_and_not_the_student_id() -> None:
    hrefs = [row[2][2][1]["href"] for row in table()[1:]]
    hrefs += [a.href for a in of_type(render_found(values.student_list(), "", link), "A")]
    assert "?student=handle1" in hrefs
    assert not any("001" in href for href in hrefs)


def test_invariant_list_is_bounded_and_says_how_many_more() -> None:
    found = render_found(values.student_list(10_000), "", link)
    assert len(of_type(found, "Li")) == LISTED
    assert f"{10_000 - LISTED:,} more: search to narrow the list." in text(found)


def test_invariant_search_ignores_case_and_width_and_matches_every_word() -> None:
    students = values.student_list().students
    assert list(matching(students, "SATO har")) == [0]
    assert list(matching(students, "佐藤")) == [1]
    assert list(matching(students, "００３")) == [2]
    assert len(matching(students, "  ")) == 4


def test_message_nobody_found_repeats_the_query() -> None:
    assert "“Zelda”" in text(render_found(values.student_list(), "Zelda", link))
