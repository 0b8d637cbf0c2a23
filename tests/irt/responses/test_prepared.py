"""From rows to a matrix: attempts, omitted and not reached answers, policies, and who is left out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from irt.responses import AnswerRows, Cell, Dropped, ItemTable, PersonTable, prepare
from irt.selection import AttemptPolicy, MissingPolicy


def answers(
    rows: Sequence[tuple[int, int, int]], persons: int, items: int, option: Sequence[int] | None = None
) -> AnswerRows:
    """Rows of (person, item, correct)."""
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    nothing = (None,) * persons
    ids = tuple(f"Q{j}" for j in range(1, items + 1))
    return AnswerRows(
        persons=PersonTable(tuple(f"s{i}" for i in range(1, persons + 1)), nothing, nothing, nothing),
        items=ItemTable(ids, ids, (None,) * items, (None,) * items),
        person=table[:, 0].astype(np.int32),
        item=table[:, 1].astype(np.int32),
        correct=table[:, 2].astype(np.int8),
        option=np.array(option if option is not None else [-1] * len(table), dtype=np.int32),
        options=("A", "B"),
    )


def row(*scores: int | None) -> AnswerRows:
    """One student's scores; None where there is no row at all."""
    return answers([(0, j, score) for j, score in enumerate(scores) if score is not None], 1, len(scores))


def test_omitted_within_not_reached_at_the_end_not_administered_without_a_row() -> None:
    cells = prepare(row(1, -1, None, 0, -1, None, -1)).cells
    np.testing.assert_array_equal(
        cells[0],
        [
            Cell.RIGHT,
            Cell.OMITTED,
            Cell.NOT_ADMINISTERED,
            Cell.WRONG,
            Cell.NOT_REACHED,
            Cell.NOT_ADMINISTERED,
            Cell.NOT_REACHED,
        ],
    )


@pytest.mark.parametrize(
    ("policy", "scores"),
    [
        (MissingPolicy.IGNORE, [1, -1, -1, 0, -1, -1]),
        (MissingPolicy.OMITTED_WRONG, [1, 0, -1, 0, -1, -1]),
        (MissingPolicy.WRONG, [1, 0, -1, 0, 0, -1]),
    ],
)
def test_a_missing_answer_is_scored_by_the_policy_and_an_item_not_administered_never(
    policy: MissingPolicy, scores: list[int]
) -> None:
    prepared = prepare(row(1, -1, None, 0, -1, None), missing=policy)
    np.testing.assert_array_equal(prepared.matrix.scores, [scores])
    np.testing.assert_array_equal(prepared.cells[0, [1, 2, 4]], [Cell.OMITTED, Cell.NOT_ADMINISTERED, Cell.NOT_REACHED])


@pytest.mark.parametrize("policy", list(MissingPolicy))
def test_a_student_without_any_answer_is_absent_not_wrong(policy: MissingPolicy) -> None:
    prepared = prepare(answers([(0, 0, 1), (1, 0, -1), (1, 1, -1), (2, 1, 0)], 3, 2), missing=policy)
    assert prepared.matrix.person_ids == ("s1", "s3")
    assert prepared.persons.person_ids == ("s1", "s3")
    assert prepared.absent.person_ids == ("s2",)


@pytest.mark.parametrize(
    ("tries", "first", "last", "best"),
    [
        ([0, 1], 0, 1, 1),
        ([1, 0], 1, 0, 1),
        ([0, 1, 0], 0, 0, 1),
        ([-1, 0], -1, 0, 0),
        ([0, -1], 0, -1, 0),
        ([-1, 1, 0], -1, 0, 1),
    ],
)
def test_one_of_several_attempts_counts(tries: list[int], first: int, last: int, best: int) -> None:
    rows = answers([(0, 0, score) for score in tries] + [(0, 1, 1)], 1, 2)
    expected = {AttemptPolicy.FIRST: first, AttemptPolicy.LAST: last, AttemptPolicy.BEST: best}
    for policy, score in expected.items():
        prepared = prepare(rows, attempts=policy)
        np.testing.assert_array_equal(prepared.matrix.scores, [[score, 1]])
        assert prepared.dropped == (Dropped(f"repeated attempt (the {policy.value} one counts)", len(tries) - 1),)


@pytest.mark.parametrize(
    ("policy", "option"), [(AttemptPolicy.FIRST, 0), (AttemptPolicy.LAST, 1), (AttemptPolicy.BEST, 1)]
)
def test_the_option_is_that_of_the_attempt_that_counts(policy: AttemptPolicy, option: int) -> None:
    rows = answers([(0, 0, 0), (0, 0, 1)], 1, 1, option=[0, 1])
    assert prepare(rows, attempts=policy).chosen.tolist() == [[option]]


def test_of_equally_good_attempts_the_first_is_the_best() -> None:
    rows = answers([(0, 0, 1), (0, 0, 1)], 1, 1, option=[0, 1])
    assert prepare(rows, attempts=AttemptPolicy.BEST).chosen.tolist() == [[0]]


def test_an_item_that_nobody_answered_keeps_its_column() -> None:
    prepared = prepare(answers([(0, 0, 1), (0, 1, -1)], 1, 2))
    assert prepared.matrix.item_ids == ("Q1", "Q2")
    np.testing.assert_array_equal(prepared.matrix.scores, [[1, -1]])


def test_no_rows_give_an_empty_matrix() -> None:
    prepared = prepare(answers([], 0, 0))
    assert prepared.matrix.scores.shape == (0, 0)
    assert prepare(answers([], 2, 3)).absent.person_ids == ("s1", "s2")


def test_what_the_source_dropped_is_passed_on() -> None:
    rows = answers([(0, 0, 1), (0, 0, 1)], 1, 1)
    object.__setattr__(rows, "dropped", (Dropped("no student id", 3),))
    assert [entry.n_rows for entry in prepare(rows).dropped] == [3, 1]


def test_arrays_are_closed_for_writing() -> None:
    prepared = prepare(row(1, 0))
    for array in (prepared.matrix.scores, prepared.cells, prepared.chosen):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 0


def test_properties_follow_their_students() -> None:
    rows = answers([(0, 0, -1), (1, 0, 1), (2, 0, 0)], 3, 1)
    persons = PersonTable(
        rows.persons.person_ids, ("a", "b", "c"), (None,) * 3, ("x", "y", "z"), {"g": ("1", "2", "3")}
    )
    object.__setattr__(rows, "persons", persons)
    prepared = prepare(rows)
    assert (prepared.persons.names, prepared.persons.classes) == (("b", "c"), ("y", "z"))
    assert prepared.persons.properties == {"g": ("2", "3")}
    assert prepared.absent.properties == {"g": ("1",)}


# Several exams -------------------------------------------------------------------------------------------------------


def exams(rows: Sequence[tuple[int, int, int, int]], persons: int, items: int, n_exams: int = 2) -> AnswerRows:
    """Rows of (person, item, correct, exam)."""
    one = answers([row[:3] for row in rows], persons, items)
    codes = np.array([row[3] for row in rows], dtype=np.int32)
    return replace(one, exam=codes, exams=tuple(f"Term {k}" for k in range(1, n_exams + 1)))


def test_not_reached_is_after_the_last_answer_of_each_exam() -> None:
    # Exam 0 has items 0, 2, 4; exam 1 has items 1, 3, 5. The last answer of exam 1 does not make item 4 an omission.
    rows = [(0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 0, 0), (0, 3, -1, 1), (0, 4, -1, 0), (0, 5, 1, 1)]
    cells = prepare(exams(rows, 1, 6)).cells
    np.testing.assert_array_equal(cells[0], [1, 1, 0, Cell.OMITTED, Cell.NOT_REACHED, 1])


@pytest.mark.parametrize(
    ("policy", "counted"), [(AttemptPolicy.FIRST, 0), (AttemptPolicy.LAST, -1), (AttemptPolicy.BEST, 1)]
)
def test_an_item_answered_in_several_exams_is_settled_by_the_attempts(policy: AttemptPolicy, counted: int) -> None:
    rows = [(0, 0, 1, 0), (0, 0, 1, 1), (0, 0, 1, 2), (0, 1, 0, 0), (0, 1, 1, 1), (0, 1, -1, 2), (0, 2, 1, 2)]
    prepared = prepare(exams(rows, 1, 3, n_exams=3), attempts=policy)
    assert prepared.matrix.scores[0].tolist() == [1, counted, 1]
    assert prepared.dropped == (Dropped(f"item answered in several exams (the {policy.value} answer counts)", 4),)


def test_a_student_who_answered_nothing_in_an_exam_was_not_given_its_items() -> None:
    rows = [(0, 0, 1, 0), (0, 1, -1, 1), (0, 2, -1, 1), (1, 0, 0, 0), (1, 1, 1, 1), (1, 2, -1, 1)]
    prepared = prepare(exams(rows, 2, 3), missing=MissingPolicy.WRONG)
    np.testing.assert_array_equal(prepared.cells[0], [Cell.RIGHT, Cell.NOT_ADMINISTERED, Cell.NOT_ADMINISTERED])
    assert prepared.matrix.scores.tolist() == [[1, -1, -1], [0, 1, 0]]
    assert prepared.dropped == (Dropped("student without an answer in this one of the exams", 2),)


def test_repeated_attempts_within_an_exam_are_told_from_an_item_in_two_exams() -> None:
    rows = [(0, 0, 0, 0), (0, 0, 1, 0), (0, 0, 1, 1), (0, 1, 1, 1)]
    assert [entry.n_rows for entry in prepare(exams(rows, 1, 2)).dropped] == [1, 1]


def test_one_exam_is_the_same_with_and_without_its_code() -> None:
    rows = [(0, 0, 1, 0), (0, 1, -1, 0), (0, 1, 0, 0), (0, 2, -1, 0), (1, 0, -1, 0), (1, 2, -1, 0)]
    coded, plain = prepare(exams(rows, 2, 3, n_exams=1)), prepare(answers([row[:3] for row in rows], 2, 3))
    np.testing.assert_array_equal(coded.cells, plain.cells)
    assert coded.absent.person_ids == plain.absent.person_ids == ("s2",)
