"""Contract: what every source of answers promises, checked over each implementation."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from irt.errors import NotFoundError
from irt.selection import FULL_SCOPE, Scope, Selection
from irt.sources import ParquetStore, ResponseSource

Opener = Callable[[pd.DataFrame], ResponseSource]


def parquet_imported(folder: Path) -> Opener:
    def open_(frame: pd.DataFrame) -> ResponseSource:
        store = ParquetStore(folder)
        if len(frame):
            store.add(frame)
        return store

    return open_


def parquet_by_hand(folder: Path) -> Opener:
    def open_(frame: pd.DataFrame) -> ResponseSource:
        import duckdb

        if len(frame):
            connection = duckdb.connect()
            connection.register("frame", frame)
            connection.execute(f"COPY (SELECT * FROM frame) TO '{folder}/school.parquet' (FORMAT parquet)")
        return ParquetStore(folder, groups=("gender",))

    return open_


@pytest.fixture(params=[parquet_imported, parquet_by_hand])
def open_source_with(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    return request.param(tmp_path)


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
    rows = source.answers(selection, scope)
    return {
        (rows.persons.person_ids[i], rows.items.item_ids[j]): int(score)
        for i, j, score in zip(rows.person, rows.item, rows.correct, strict=True)
    }


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


def test_answers_come_as_codes_in_natural_order(open_source_with: Opener) -> None:
    rows = open_source_with(school()).answers(Selection("Maths", ("Term 2",)), FULL_SCOPE)
    assert rows.persons.person_ids == ("s1", "s2", "s3", "s10")
    assert rows.persons.names == ("Name 1", "Name 2", "Name 3", "Name 10")
    assert rows.persons.classes == ("7-10", "7-2", None, "7-2")
    assert rows.persons.properties == {"gender": ("female", "male", "female", "male")}
    assert rows.items.item_ids == tuple(f"item_{k}" for k in range(1, 12))
    assert rows.items.names[10] == "Question 11"
    assert rows.items.answer_keys == ("A",) * 11
    assert rows.options == ("A", "B")
    assert [array.dtype for array in (rows.person, rows.item, rows.correct, rows.option)] == [
        np.int32,
        np.int32,
        np.int8,
        np.int32,
    ]
    order = rows.person.astype(int) * 11 + rows.item
    assert (np.diff(order) > 0).all()
    np.testing.assert_array_equal(rows.correct[:4], [0, 1, 0, 1])
    np.testing.assert_array_equal(rows.option[:4], [1, 0, 1, 0])
    assert rows.correct[2 * 11 + 10] == -1
    assert rows.dropped == ()
    with pytest.raises(ValueError, match="read-only"):
        rows.correct[0] = 1


def test_the_subject_that_has_no_name_can_be_selected(open_source_with: Opener) -> None:
    assert len(cells(open_source_with(school()), Selection(""))) == 12


def test_no_subject_means_any_subject(open_source_with: Opener) -> None:
    rows = open_source_with(school()).answers(Selection(), FULL_SCOPE)
    assert rows.n_rows == 8 + 44 + 12


def test_the_class_in_focus_is_not_applied(open_source_with: Opener) -> None:
    source = open_source_with(school())
    assert cells(source, Selection("Maths", class_name="7-2")) == cells(source, Selection("Maths"))


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
    rows = source.answers(Selection(), scope)
    assert rows.n_rows == n_rows
    assert sum(size[2] for size in source.catalogue(scope).exam_sizes.values()) == int((rows.correct >= 0).sum())


@pytest.mark.parametrize("scope", [Scope(classes=frozenset()), Scope(subjects=frozenset({"Art"}))])
def test_a_scope_without_anything_shows_nothing(open_source_with: Opener, scope: Scope) -> None:
    source = open_source_with(school())
    assert source.catalogue(scope).entries == ()
    with pytest.raises(NotFoundError):
        source.answers(Selection(), scope)


def test_names_are_withheld_where_the_scope_says_so(open_source_with: Opener) -> None:
    rows = open_source_with(school()).answers(Selection("Maths"), Scope(names=False))
    assert set(rows.persons.names) == {None}


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


def test_attempts_come_in_order_of_number_then_time(open_source_with: Opener) -> None:
    frame = school().query("exam_name == 'Entry' and student_id == 's1' and item_id == 'item_1'")
    later = frame.assign(attempt=2, correct=1, answered_at=pd.Timestamp("2020-01-01"))
    rows = open_source_with(pd.concat([later, frame])).answers(Selection(), FULL_SCOPE)
    np.testing.assert_array_equal(rows.correct, [0, 1])


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
