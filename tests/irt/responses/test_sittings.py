"""Identity: rows in memory become one sitting for each exam that a student sat."""

import numpy as np
import pytest

from irt.responses import NOT_ADMINISTERED, AnswerRows, Dropped, ItemTable, PersonTable, option_type, sittings_of
from irt.selection import AttemptPolicy


def rows(table: list[tuple[int, int, int, int, int]], n_exams: int = 2, options: tuple[str, ...] = ()) -> AnswerRows:
    """Rows of (person, item, exam, correct, option); three students and three items."""
    columns = np.array(table, dtype=np.int32).reshape(-1, 5).T
    nothing = (None,) * 3
    return AnswerRows(
        persons=PersonTable(("a", "b", "c"), nothing, nothing, nothing),
        items=ItemTable(("q1", "q2", "q3"), ("q1", "q2", "q3"), nothing, nothing),
        person=columns[0],
        item=columns[1],
        correct=columns[3].astype(np.int8),
        option=columns[4],
        options=options,
        dropped=(Dropped("no student id", 4),),
        exam=columns[2] if n_exams > 1 else None,
        exams=("E", "F")[:n_exams],
    )


def test_a_student_has_one_sitting_an_exam_in_the_order_of_exams() -> None:
    found = sittings_of(rows([(0, 0, 1, 1, -1), (0, 1, 0, 0, -1), (2, 2, 0, -1, -1)]))
    assert (found.person.tolist(), found.exam.tolist()) == ([0, 0, 2], [0, 1, 0])
    none = NOT_ADMINISTERED
    assert found.cells.tolist() == [[none, 0, none], [1, none, none], [none, none, -1]]
    assert (found.n_rows, found.dropped) == (7, (Dropped("no student id", 4),))


@pytest.mark.parametrize(
    ("policy", "score", "option"),
    [(AttemptPolicy.FIRST, 0, 2), (AttemptPolicy.LAST, -1, -1), (AttemptPolicy.BEST, 1, 0)],
)
def test_attempts_are_settled_within_an_exam_only(policy: AttemptPolicy, score: int, option: int) -> None:
    tries = [(0, 0, 0, 0, 2), (0, 0, 0, 1, 0), (0, 0, 0, -1, -1), (0, 0, 1, 0, 1)]
    found = sittings_of(rows(tries, options=("A", "B", "C")), policy)
    assert found.cells[:, 0].tolist() == [score, 0]
    assert found.chosen[:, 0].tolist() == [option, 1]
    assert found.dropped[1:] == (Dropped(f"repeated attempt (the {policy.value} one counts)", 2),)


def test_where_no_option_is_recorded_one_number_stands_for_all() -> None:
    found = sittings_of(rows([(0, 0, 0, 1, -1), (1, 0, 0, 1, -1)], n_exams=1))
    assert found.chosen.strides == (0, 0)
    assert found.chosen.tolist() == [[-1] * 3] * 2


@pytest.mark.parametrize(("n", "kind"), [(0, np.int8), (128, np.int8), (129, np.int16), (2**15 + 1, np.int32)])
def test_positions_of_options_take_as_few_bytes_as_hold_them(n: int, kind: type) -> None:
    assert option_type(n) is kind
    assert np.iinfo(kind).max >= n - 1
