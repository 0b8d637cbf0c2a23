"""What callers without names cannot find out. Invariant: no reckoning with what is shown leads to a small group.

The attacker of these tests knows nothing of how classes are hidden: it has the rows that a caller sees, with their
pseudonyms, and combines them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irt.disclosure import Group, check_enough, check_share, disclosed, hidden_classes, withheld
from irt.errors import SelectionError, TooFewAnswersError
from irt.responses import ItemTable, PersonTable, Sittings
from irt.sources import Catalogue, CatalogueEntry

MINIMUM = 4
WHEN = datetime(2026, 4, 9, tzinfo=UTC)

#: Who sat which exam in which class: (student, exam) -> class.
Sat = dict[tuple[int, str], str | None]


@st.composite
def schools(draw: st.DrawFn, stable: bool) -> Sat:
    """Students of up to five classes in up to three exams; stable: each in one class (or none) wherever they sit."""
    students = draw(st.integers(0, 26))
    exams = ("e1", "e2", "e3")[: draw(st.integers(1, 3))]
    weights = draw(st.lists(st.sampled_from(["A", "A", "A", "B", "B", "C", "D", None]), min_size=8, max_size=8))
    sat: Sat = {}
    for student in range(students):
        own = draw(st.sampled_from(weights))
        for exam in exams:
            if draw(st.integers(0, 9)):
                sat[student, exam] = own if stable else draw(st.sampled_from(weights))
    return sat


def catalogue(sat: Sat) -> Catalogue:
    """What a source tells of it."""
    classes = Counter((exam, name) for (_, exam), name in sat.items())
    exams = Counter(exam for _, exam in sat)
    return Catalogue(
        tuple(
            CatalogueEntry("Maths", exam, name, "7", n, 3, 3 * n, WHEN)
            for (exam, name), n in sorted(classes.items(), key=lambda one: (one[0][0], one[0][1] is None, one[0][1]))
        ),
        {("Maths", exam): (n, 3, 3 * n) for exam, n in sorted(exams.items())},
    )


def seen(sat: Sat) -> dict[str, dict[int, str | None]]:
    """Exam -> pseudonym -> class, as shown: what is known of each student by those who see no names."""
    shown = disclosed(catalogue(sat), MINIMUM)
    names = {(entry.exam, entry.class_name) for entry in shown.entries}
    found: dict[str, dict[int, str | None]] = defaultdict(dict)
    for (student, exam), name in sat.items():
        if ("Maths", exam) in shown.exam_sizes:
            found[exam][student] = name if (exam, name) in names else None
    return found


@settings(max_examples=150, deadline=None)
@given(schools(stable=False))
def test_invariant_no_sum_or_difference_of_what_an_exam_shows_is_a_small_group(sat: Sat) -> None:
    shown = disclosed(catalogue(sat), MINIMUM)
    for exam, (total, _, n_answers) in shown.exam_sizes.items():
        rows = [entry for entry in shown.entries if (entry.subject, entry.exam) == exam]
        assert sum(row.n_students for row in rows) == total >= MINIMUM
        assert sum(row.n_answers for row in rows) == n_answers
        for some in chain.from_iterable(combinations(rows, k) for k in range(len(rows) + 1)):
            rest = total - sum(row.n_students for row in some)
            assert rest == 0 or rest >= MINIMUM, (exam, some)


@settings(max_examples=150, deadline=None)
@given(schools(stable=True))
def test_invariant_pseudonyms_followed_through_all_exams_single_out_no_small_group(sat: Sat) -> None:
    """An attacker gives each pseudonym the class that any exam tells of it, then looks at each exam again."""
    exams = seen(sat)
    known: dict[int, str] = {
        student: name for rows in exams.values() for student, name in rows.items() if name is not None
    }
    for rows in exams.values():
        for name, n in Counter(known.get(student) for student in rows).items():
            assert n >= MINIMUM, (name, n)


@settings(max_examples=100, deadline=None)
@given(schools(stable=False))
def test_invariant_what_is_large_enough_everywhere_stays(sat: Sat) -> None:
    """Nothing is hidden where every class of every exam that is there has enough students."""
    before = catalogue(sat)
    large = [entry for entry in before.entries if before.exam_sizes["Maths", entry.exam][0] >= MINIMUM]
    after = disclosed(before, MINIMUM)
    if all(entry.n_students >= MINIMUM for entry in large):
        assert after.entries == tuple(large)
        assert not after.merged
    else:
        assert after.entries != before.entries


def test_contract_small_class_takes_the_next_smallest_with_it_in_every_exam() -> None:
    def rows(exam: str, **sizes: int) -> tuple[CatalogueEntry, ...]:
        return tuple(CatalogueEntry("Maths", exam, name, "7", n, 5, 5 * n, WHEN) for name, n in sizes.items())

    sizes = {("Maths", "May"): (64, 5, 320), ("Maths", "June"): (66, 5, 330), ("Maths", "Retake"): (9, 5, 45)}
    entries = rows("May", A=30, B=9, C=25) + rows("June", A=30, B=11, C=25) + rows("Retake", A=9)
    found = disclosed(Catalogue(entries, sizes, ("gender",)), 10)
    assert [(entry.exam, entry.class_name, entry.n_students) for entry in found.entries] == [
        ("May", "A", 30),
        ("May", None, 34),
        ("June", "A", 30),
        ("June", None, 36),
    ]
    rest = found.entries[1]
    assert (rest.grade, rest.n_items, rest.n_answers) == (None, 5, 170), "a grade could give a hidden class away"
    assert list(found.exam_sizes) == [("Maths", "May"), ("Maths", "June")]
    assert (found.smallest_group, found.merged) == (10, {("Maths", "May"), ("Maths", "June")})
    assert found.groupings == ("gender",)


def test_identity_a_minimum_of_one_hides_nothing() -> None:
    before = catalogue({(0, "e1"): "A", (1, "e1"): None, (0, "e2"): "B"})
    assert disclosed(before, 1).entries == before.entries
    assert disclosed(Catalogue((), {}), 10).entries == ()


def test_invariant_students_of_two_classes_do_not_make_a_small_rest_look_large() -> None:
    """B and C are the same nine students: their sum is 18, and nine are left of the exam without A."""
    assert hidden_classes([Group(39, {"A": 30, "B": 9, "C": 9})], 10) == {"A", "B", "C"}


def test_contract_class_of_which_nobody_answered_is_not_told() -> None:
    entries = tuple(CatalogueEntry("", "May", name, "7", n, 5, 5 * n, None) for name, n in (("A", 20), ("B", 0)))
    found = disclosed(Catalogue(entries, {("", "May"): (20, 5, 100)}), 10)
    assert [(entry.class_name, entry.n_students) for entry in found.entries] == [("A", 20), (None, 0)]
    assert found.merged == frozenset()


# Of each student ----------------------------------------------------------------------------------------------------


def sittings(
    classes: list[str | None], grades: list[str | None] | None = None, answered: list[bool] | None = None
) -> Sittings:
    """One exam of two items; the ids are in the order of the classes."""
    n = len(classes)
    cells = np.where(np.array(answered or [True] * n)[:, None], [[1, 0]] * n, -1).astype(np.int8)
    cells[:, 1] = np.where(cells[:, 1] < 0, -1, np.arange(n) % 2)
    ids = tuple(f"id{k:02}" for k in range(n))
    return Sittings(
        persons=PersonTable(ids, tuple(f"Name {k}" for k in range(n)), tuple(grades or ["7"] * n), tuple(classes)),
        items=ItemTable(("q1", "q2"), ("q1", "q2"), (None, None), (None, None)),
        person=np.arange(n, dtype=np.int32),
        exam=np.zeros(n, dtype=np.int32),
        exams=("May",),
        cells=cells,
        chosen=np.broadcast_to(np.int8(-1), cells.shape),
        options=(),
        n_rows=2 * n,
    )


def reversed_ids(ids: tuple[str, ...]) -> list[str]:
    """Pseudonyms of which the order is that of the ids backwards."""
    return [f"p{99 - int(name[2:])}" for name in ids]


def test_contract_ids_become_pseudonyms_in_their_own_order_and_answers_stay_with_them() -> None:
    before = sittings(["A"] * 6)
    found = withheld(before, reversed_ids, {"A"}, MINIMUM)
    assert found.persons.person_ids == tuple(f"p{k}" for k in range(94, 100))
    assert found.persons.names == (None,) * 6
    assert found.person.tolist() == list(range(6))
    assert found.cells.tolist() == before.cells.tolist()[::-1]
    assert not found.cells.flags.writeable
    assert "id0" not in repr(found.persons)


def test_contract_several_exams_of_a_student_stay_in_order() -> None:
    one = sittings(["A"] * 5)
    twice = Sittings(
        one.persons,
        one.items,
        person=np.repeat(one.person, 2),
        exam=np.tile(np.array([0, 1], dtype=np.int32), 5),
        exams=("May", "June"),
        cells=np.array([[k % 2, (k // 2) % 2] for k in range(10)], dtype=np.int8),
        chosen=np.arange(20, dtype=np.int8).reshape(10, 2),
        options=tuple("abcdefghijklmnopqrst"),
    )
    found = withheld(twice, reversed_ids, {"A"}, MINIMUM)
    assert found.person.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert found.exam.tolist() == [0, 1] * 5
    assert found.chosen[0].tolist() == [16, 17]
    assert found.chosen[1].tolist() == [18, 19]


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        pytest.param([*"AAAABBBB"], [*"AAAABBBB"], id="large enough"),
        pytest.param([*"AAAABBB", None], [*"AAAA", *[None] * 4], id="small, with a rest that is large enough"),
        pytest.param([*"AAAABBBBC"], [*[None] * 4, *"BBBB", None], id="the next smallest goes too"),
        pytest.param([*"AAAAXXXX"], [*"AAAA", *[None] * 4], id="not shown by the catalogue"),
    ],
)
def test_contract_classes_of_students(classes: list[str | None], expected: list[str | None]) -> None:
    found = withheld(sittings(classes), list, {"A", "B", "C"}, MINIMUM)
    assert list(found.persons.classes) == expected


def test_contract_absent_students_make_no_class_large_enough() -> None:
    classes, answered = [*"AAAAABBBB"], [True] * 8 + [False]
    found = withheld(sittings(classes, answered=answered), list, {"A", "B"}, MINIMUM)
    assert set(found.persons.classes) == {None}


@pytest.mark.parametrize(
    ("grades", "expected"),
    [
        pytest.param([*"77778888"], [*"77778888"], id="each grade of a class is large enough"),
        pytest.param([*"77788888"], [None] * 8, id="a repeater would stand out"),
        pytest.param([None, *"7777777"], [None] * 8, id="so would one without a grade"),
    ],
)
def test_invariant_a_grade_singles_out_nobody(grades: list[str | None], expected: list[str | None]) -> None:
    found = withheld(sittings(["A"] * 8, grades), list, {"A"}, MINIMUM)
    assert list(found.persons.grades) == expected
    both = withheld(sittings([*["A"] * 8, *["B"] * 4], [*grades, *"9999"]), list, {"A", "B"}, MINIMUM)
    assert list(both.persons.grades) == [*expected, *"9999"], "the other class keeps its grades"


def test_message_too_few_students_are_no_results() -> None:
    with pytest.raises(TooFewAnswersError, match="fewer than 4 students are not shown without names"):
        withheld(sittings(["A"] * 4, answered=[True] * 3 + [False]), list, {"A"}, MINIMUM)
    check_enough(MINIMUM, MINIMUM)


@pytest.mark.parametrize("share", [None, 1.0, 0.25])
def test_contract_shares_that_tell_nothing_of_a_student(share: float | None) -> None:
    check_share(share, usual=0.25)


def test_message_a_share_of_ones_own_would_tell_who_is_who() -> None:
    with pytest.raises(SelectionError, match="who is drawn would tell who is who"):
        check_share(0.2500001, usual=0.25)
