"""Contract: what every source of answers promises, checked over each implementation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from irt.errors import NotFoundError
from irt.responses import NOT_ADMINISTERED, Dropped, Sittings
from irt.selection import FULL_SCOPE, AttemptPolicy, Scope, Selection
from irt.sources import ParquetStore, ResponseSource
from tests.irt.warehouse.warehouse_openers import warehouse_own_columns, warehouse_table

Opener = Callable[[pd.DataFrame], ResponseSource]


@contextmanager
def parquet_imported(folder: Path) -> Iterator[Opener]:
    def open_(frame: pd.DataFrame) -> ResponseSource:
        store = ParquetStore(folder)
        if len(frame):
            store.add(frame)
        return store

    yield open_


@contextmanager
def parquet_by_hand(folder: Path) -> Iterator[Opener]:
    def open_(frame: pd.DataFrame) -> ResponseSource:
        import duckdb

        if len(frame):
            connection = duckdb.connect()
            connection.register("frame", frame)
            connection.execute(f"COPY (SELECT * FROM frame) TO '{folder}/school.parquet' (FORMAT parquet)")
        return ParquetStore(folder, groups=("gender",))

    yield open_


@pytest.fixture(params=[parquet_imported, parquet_by_hand, warehouse_table, warehouse_own_columns])
def open_source_with(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    with request.param(tmp_path) as opened:
        yield opened


def school() -> pd.DataFrame:
    rows = [
        {
            "student_id": f"s{student}",
            "item_id": f"item_{item}",
            "subject_name": subject,
            "exam_name": exam,
            "correct": None if (student, item) == (3, 11) else (student + item) % 2,
            "item_name": f"Question {item}",
            "student_name": f"Name {student}",
            "student_grade": "7",
            "class_name": {1: "7-10", 2: "7-2", 10: "7-2"}.get(student),
            "answer": "BA"[(student + item) % 2],
            "answer_key": "A",
            "answered_at": pd.Timestamp("2026-04-09 13:05") + pd.Timedelta(days=item),
            "attempt": 1,
            "gender": "female" if student % 2 else "male",
        }
        for subject, exam, items in [("Maths", "Term 10", 2), ("Maths", "Term 2", 11), ("", "Entry", 3)]
        for student in (10, 1, 2, 3)
        for item in range(1, items + 1)
    ]
    return pd.DataFrame(rows).astype({"correct": "Int8"})


def cells(source: ResponseSource, selection: Selection, scope: Scope = FULL_SCOPE) -> dict[tuple[str, str], int]:
    """The answer of each student to each item; of one subject, so that no item of a student is in it twice."""
    return {(student, item): score for student, item, _, score in answers(source.answers(selection, scope))}


def answers(found: Sittings) -> list[tuple[str, str, str, int]]:
    """(student, item, exam, score) of each answer."""
    rows, columns = np.nonzero(found.cells != NOT_ADMINISTERED)
    return [
        (
            found.persons.person_ids[found.person[i]],
            found.items.item_ids[j],
            found.exams[found.exam[i]],
            int(found.cells[i, j]),
        )
        for i, j in zip(rows, columns, strict=True)
    ]


def test_an_empty_source_has_an_empty_catalogue_and_no_exam(open_source_with: Opener) -> None:
    source = open_source_with(pd.DataFrame())
    assert source.catalogue(FULL_SCOPE).entries == ()
    with pytest.raises(NotFoundError, match="Import answers first"):
        source.answers(Selection(), FULL_SCOPE)


def test_the_catalogue_is_in_natural_order_with_counts(open_source_with: Opener) -> None:
    catalogue = open_source_with(school()).catalogue(FULL_SCOPE)
    assert catalogue.subjects() == ("", "Maths")
    assert catalogue.exams("Maths") == ("Term 2", "Term 10")
    assert catalogue.classes("Maths", "Term 2") == ("7-2", "7-10")
    assert list(catalogue.exam_sizes.items()) == [
        (("", "Entry"), (4, 3, 12)),
        (("Maths", "Term 2"), (4, 11, 43)),
        (("Maths", "Term 10"), (4, 2, 8)),
    ]
    first = next(entry for entry in catalogue.entries if entry.exam == "Term 2")
    assert (first.class_name, first.n_students, first.n_items, first.n_answers) == ("7-2", 2, 11, 22)
    assert first.last_answered is not None
    assert first.last_answered.isoformat() == "2026-04-20T13:05:00+00:00"
    assert catalogue.entries[-1].class_name is None
    assert catalogue.groupings == ("gender",)


def test_a_limited_catalogue_names_a_grouping_only_where_the_scope_holds_a_value_of_it(
    open_source_with: Opener,
) -> None:
    frame = school()
    frame.loc[frame["subject_name"] == "Maths", "gender"] = None
    source = open_source_with(frame)
    assert source.catalogue(FULL_SCOPE).groupings == ("gender",)
    assert source.catalogue(Scope(subjects=frozenset({""}))).groupings == ("gender",)
    assert source.catalogue(Scope(subjects=frozenset({"Maths"}))).groupings == ()
    assert source.catalogue(Scope(subjects=frozenset({"nothing"}))).groupings == ()


def test_answers_come_as_cells_in_natural_order(open_source_with: Opener) -> None:
    found = open_source_with(school()).answers(Selection("Maths", ("Term 2",)), FULL_SCOPE)
    assert found.persons.person_ids == ("s1", "s2", "s3", "s10")
    assert found.persons.names == ("Name 1", "Name 2", "Name 3", "Name 10")
    assert found.persons.grades == ("7",) * 4
    assert found.persons.classes == ("7-10", "7-2", None, "7-2")
    assert found.persons.properties == {"gender": ("female", "male", "female", "male")}
    assert found.items.item_ids == tuple(f"item_{k}" for k in range(1, 12))
    assert found.items.names[10] == "Question 11"
    assert found.items.answer_keys == ("A",) * 11
    assert (found.exams, found.options) == (("Term 2",), ("A", "B"))
    assert [array.dtype for array in (found.person, found.exam, found.cells)] == [np.int32, np.int32, np.int8]
    assert found.person.tolist() == [0, 1, 2, 3]
    assert found.exam.tolist() == [0] * 4
    assert found.cells.shape == found.chosen.shape == (4, 11)
    np.testing.assert_array_equal(found.cells[0, :4], [0, 1, 0, 1])
    np.testing.assert_array_equal(found.chosen[0, :4], [1, 0, 1, 0])
    assert found.cells[2, 10] == -1
    assert (found.dropped, found.n_rows) == ((), 44)
    for array in (found.person, found.exam, found.cells, found.chosen):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1


def test_the_subject_that_has_no_name_can_be_selected(open_source_with: Opener) -> None:
    assert len(cells(open_source_with(school()), Selection(""))) == 12


def test_no_subject_means_any_subject(open_source_with: Opener) -> None:
    found = open_source_with(school()).answers(Selection(), FULL_SCOPE)
    assert found.n_rows == len(answers(found)) == 8 + 44 + 12
    assert found.exams == ("Entry", "Term 10", "Term 2")  # all began at the same time


def test_the_class_limits_answers(open_source_with: Opener) -> None:
    source = open_source_with(school())
    found = source.answers(Selection("Maths", ("Term 2",), class_name="7-2"), FULL_SCOPE)
    assert found.persons.person_ids == ("s2", "s10")


@pytest.mark.parametrize(
    ("scope", "n_rows"),
    [
        (Scope(subjects=frozenset({"Maths"})), 52),
        (Scope(subjects=frozenset({""})), 12),
        (Scope(exams=frozenset({"Term 2", "Entry"})), 56),
        (Scope(classes=frozenset({"7-2"})), 32),
        (Scope(subjects=frozenset({"Maths"}), exams=frozenset({"Term 10"}), classes=frozenset({"7-10"})), 2),
    ],
)
def test_a_scope_limits_answers_and_catalogue_alike(open_source_with: Opener, scope: Scope, n_rows: int) -> None:
    source = open_source_with(school())
    found = source.answers(Selection(), scope)
    assert found.n_rows == n_rows
    assert sum(size[2] for size in source.catalogue(scope).exam_sizes.values()) == int((found.cells >= 0).sum())


@pytest.mark.parametrize("scope", [Scope(classes=frozenset()), Scope(subjects=frozenset({"Art"}))])
def test_a_scope_without_anything_shows_nothing(open_source_with: Opener, scope: Scope) -> None:
    source = open_source_with(school())
    assert source.catalogue(scope).entries == ()
    with pytest.raises(NotFoundError):
        source.answers(Selection(), scope)


def test_names_are_withheld_where_the_scope_says_so(open_source_with: Opener) -> None:
    found = open_source_with(school()).answers(Selection("Maths"), Scope(names=False))
    assert set(found.persons.names) == {None}


def test_what_is_not_there_is_named_with_what_is(open_source_with: Opener) -> None:
    source = open_source_with(school())
    with pytest.raises(NotFoundError, match=r'no subject "Art"\. There are: \(none\), "Maths"'):
        source.answers(Selection("Art"), FULL_SCOPE)
    with pytest.raises(NotFoundError, match=r'no exam "Term 3" in "Maths"\. There are: "Term 2", "Term 10"'):
        source.answers(Selection("Maths", ("Term 2", "Term 3")), FULL_SCOPE)


def test_what_is_out_of_scope_is_not_there_and_not_named(open_source_with: Opener) -> None:
    source = open_source_with(school())
    scope = Scope(exams=frozenset({"Term 10"}))
    with pytest.raises(NotFoundError) as caught:
        source.answers(Selection("Maths", ("Term 2",)), scope)
    assert caught.value.facts["exams"] == ("Term 10",)
    with pytest.raises(NotFoundError) as caught:
        source.answers(Selection(""), scope)
    assert caught.value.facts["subjects"] == ("Maths",)


def test_values_are_values_never_sql(open_source_with: Opener) -> None:
    frame = school()
    hostile = "x'); DROP TABLE t; -- {table} @subject \" `"
    frame["exam_name"] = hostile
    source = open_source_with(frame)
    assert source.catalogue(FULL_SCOPE).exams("Maths") == (hostile,)
    assert len(cells(source, Selection("Maths", (hostile,)), Scope(exams=frozenset({hostile})))) == 44
    with pytest.raises(NotFoundError):
        source.answers(Selection("' OR '1'='1"), FULL_SCOPE)


def test_the_stamp_stays_while_nothing_changes(open_source_with: Opener) -> None:
    source = open_source_with(school())
    assert source.stamp() == source.stamp()
    assert source.stamp().as_of.tzinfo is not None


def test_the_policy_says_which_attempt_counts(open_source_with: Opener) -> None:
    frame = school().query("exam_name == 'Entry' and student_id == 's1' and item_id == 'item_1'")
    later = frame.assign(attempt=2, correct=1, answer="A", answered_at=pd.Timestamp("2020-01-01"))
    source = open_source_with(pd.concat([later, frame]))
    for policy, score in {AttemptPolicy.FIRST: 0, AttemptPolicy.LAST: 1, AttemptPolicy.BEST: 1}.items():
        found = source.answers(Selection(attempts=policy), FULL_SCOPE)
        assert found.cells.tolist() == [[score]]
        assert found.options[found.chosen[0, 0]] == "BA"[score]
        assert found.dropped == (Dropped(f"repeated attempt (the {policy.value} one counts)", 1),)
        assert found.n_rows == 2


def test_many_threads_may_ask_at_once(open_source_with: Opener) -> None:
    from concurrent.futures import ThreadPoolExecutor

    source = open_source_with(school())
    expected = cells(source, Selection("Maths"))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: cells(source, Selection("Maths")), range(24)))
    assert all(answer == expected for answer in found)


def test_a_student_of_several_exams_is_in_the_class_of_the_last_one(open_source_with: Opener) -> None:
    first, second = school(), school()
    first["exam_name"], second["exam_name"] = "Winter", "Spring"
    second["answered_at"] += pd.Timedelta(days=90)
    first["class_name"], second["class_name"] = "7-1", "8-1"
    first["gender"] = "male"
    second["gender"] = second["gender"].where(second["student_id"] != "s10", None)
    frame = pd.concat([first, second]).drop_duplicates(["student_id", "item_id", "exam_name", "subject_name"])
    source = open_source_with(frame)
    both = source.answers(Selection("Maths", ("Winter", "Spring")), FULL_SCOPE).persons
    assert both.person_ids == ("s1", "s2", "s3", "s10")
    assert both.classes == ("8-1",) * 4
    assert both.properties["gender"] == ("female", "male", "female", "male")
    assert source.answers(Selection("Maths", ("Winter",)), FULL_SCOPE).persons.classes == ("7-1",) * 4
