"""Exams that hang together, and exams that do not."""

import numpy as np
import pytest

from irt import FitError, ResponseMatrix, ResponsesError
from irt.comparing import check_connected, connection, linked_sets

A, B, C = (frozenset([exam]) for exam in ("Term 1", "Term 2", "Term 3"))


def sat(*groups):
    """Answers from groups of persons: (how many, which items of nine)."""
    rows = []
    for n, which in groups:
        row = np.full(9, -1)
        row[list(which)] = 1
        rows += [row] * n
    return ResponseMatrix.from_array(rows)


EXAMS = [A] * 4 + [B] * 3 + [C] * 2


def test_message_names_exams_that_share_nothing():
    matrix = sat((5, range(4)), (5, range(4, 7)), (5, [7, 8]))
    assert connection(matrix, EXAMS).groups == (("Term 1",), ("Term 2",), ("Term 3",))
    with pytest.raises(FitError, match=r"Term 1, Term 2 and Term 3 share no items and no students, so .* Choose exams"):
        check_connected(matrix, EXAMS)


def test_message_names_those_that_do_hang_together():
    matrix = sat((40, range(6)), (5, range(4, 7)), (5, [7, 8]))
    with pytest.raises(
        FitError, match=r"Term 1 and Term 2 on one side and Term 3 on the other .* Term 1 and Term 2 hang together\."
    ) as caught:
        check_connected(matrix, EXAMS)
    assert caught.value.facts["groups"] == (("Term 1", "Term 2"), ("Term 3",))


def test_shared_students_tie_exams():
    found = connection(sat((30, range(7)), (5, range(4)), (30, [4, 7, 8])), EXAMS)
    assert found.connected
    assert (found.problem, found.warning) == ("", "")
    assert {(tie.first, tie.second): tie.n_students for tie in found.ties} == {
        ("Term 1", "Term 2"): 30,
        ("Term 2", "Term 3"): 30,
    }


def test_shared_items_tie_exams():
    exams = [A] * 2 + [A | B] * 3 + [B] * 4
    matrix = sat((10, range(5)), (10, range(2, 9)))
    found = connection(matrix, exams)
    assert (found.ties[0].n_items, found.ties[0].n_students, found.warning) == (3, 0, "")
    check_connected(matrix, exams)


def test_message_exams_of_different_students_count_as_one_group():
    exams = [A] * 2 + [A | B] * 3 + [B] * 4
    of_two_groups = connection(sat((40, range(5)), (40, range(2, 9))), exams)
    assert "count as one group" in of_two_groups.assumption
    assert connection(sat((40, range(9))), exams).assumption == ""
    assert connection(sat((40, range(5)), (40, range(5, 9))), [A] * 5 + [B] * 4).assumption == ""  # refused


def test_an_item_that_only_one_group_answered_ties_nothing():
    exams = [A] * 2 + [A | B] * 1 + [B] * 6
    matrix = sat((10, range(3)), (10, range(3, 9)))
    assert not connection(matrix, exams).connected
    assert connection(matrix, exams).ties == ()


def test_message_a_weak_tie_is_said():
    exams = [A] * 3 + [A | B] + [B] * 3 + [C] * 2
    found = connection(sat((40, range(4)), (40, range(3, 7)), (30, range(4, 9))), exams)
    assert found.connected
    assert found.firm_groups == (("Term 2", "Term 3"), ("Term 1",))
    assert found.warning.startswith("Term 1 and Term 2 hang together by 1 item and 0 students only")


def test_an_exam_inside_another_is_tied_by_its_items():
    exams = [A] * 5 + [A | B] * 4
    found = connection(sat((10, range(9)), (10, range(5, 9))), exams)
    assert (found.connected, found.ties[0].n_items) == (True, 4)


def test_one_exam_is_connected():
    assert connection(sat((3, range(9))), [A] * 9).connected
    check_connected(sat((3, range(2)), (3, range(5, 9))), [A] * 9)  # booklets of one exam


def test_no_exam_is_apart_from_none():
    found = connection(sat((3, range(9))), [frozenset()] * 9)
    assert (found.exams, found.groups, found.problem, found.warning) == ((), (), "", "")


def test_message_one_set_of_exams_for_each_item():
    with pytest.raises(ResponsesError, match="9 items in the matrix, but 2 sets"):
        connection(sat((3, range(9))), [A, B])


@pytest.mark.parametrize("cells", [1, 20, 1000])
def test_identity_blocks_change_nothing(cells, monkeypatch):
    import irt.comparing.linked_items as linked_items

    rng = np.random.default_rng(cells)
    scores = np.where(rng.random((60, 9)) < 0.85, -1, 1)
    matrix, exams = ResponseMatrix.from_array(scores), EXAMS
    whole = linked_sets(matrix), connection(matrix, exams)
    monkeypatch.setattr(linked_items, "BLOCK_CELLS", cells)
    assert (linked_sets(matrix), connection(matrix, exams)) == whole
