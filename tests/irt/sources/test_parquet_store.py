"""The embedded store: whole or nothing, repeatable, replacing, and safe with files it did not write."""

import json
import sys
import threading
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from irt.errors import ImportFault, NotFoundError, SourceError
from irt.responses import Dropped, prepare
from irt.selection import FULL_SCOPE, AttemptPolicy, Selection
from irt.sources import ParquetStore
from irt.sources.engine import Duck


def exam(students: int = 4, items: int = 3, name: str = "Term 1", value: int = 0, **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame(
        [
            {"student_id": f"{i:03d}", "item_id": f"Q{j}", "subject_name": "Maths", "exam_name": name, "correct": value}
            for i in range(students)
            for j in range(items)
        ]
    )
    return frame.assign(**columns)


def right(store: ParquetStore, name: str = "Term 1") -> tuple[int, int]:
    found = store.answers(Selection("Maths", (name,)), FULL_SCOPE)
    return found.n_rows, int((found.cells == 1).sum())


def first_and_last(store: ParquetStore) -> list[int]:
    """The only student's score at the only item, by the first and by the last attempt."""
    policies = (AttemptPolicy.FIRST, AttemptPolicy.LAST)
    return [int(store.answers(Selection(attempts=policy), FULL_SCOPE).cells.item()) for policy in policies]


def by_hand(folder: Path, select: str, name: str = "hand.parquet") -> None:
    duckdb.connect().execute(f"COPY ({select}) TO '{folder / name}' (FORMAT parquet)")


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_the_receipt_says_what_was_stored(tmp_path: Path) -> None:
    receipt = ParquetStore(tmp_path).add(pd.concat([exam(), exam(2, 5, "Term 2")]))
    assert (receipt.n_rows, receipt.n_students, receipt.n_items) == (22, 4, 5)
    assert (receipt.subjects, receipt.exams) == (("Maths",), ("Term 1", "Term 2"))
    assert (receipt.n_replaced, receipt.unchanged) == (0, False)


def test_the_same_answers_again_change_nothing(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    store.add(exam())
    before, stamp = files(tmp_path), store.stamp()
    receipt = store.add(exam().sample(frac=1, random_state=1))
    assert (receipt.unchanged, receipt.n_replaced) == (True, 0)
    assert (files(tmp_path), store.stamp()) == (before, stamp)
    assert right(store) == (12, 0)


def test_an_overlapping_import_replaces_the_rows_it_repeats(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    store.add(exam(students=4))
    stamp = store.stamp()
    receipt = store.add(exam(students=2, value=1))
    assert (receipt.n_replaced, receipt.unchanged) == (6, False)
    assert right(store) == (12, 6)
    assert store.stamp().fingerprint != stamp.fingerprint
    assert store.add(exam(students=6, value=1)).n_replaced == 12
    assert right(store) == (18, 18)


def test_replaced_files_stay_for_readers_and_go_with_a_later_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ParquetStore(tmp_path)
    store.add(exam())
    old = files(tmp_path)
    store.add(exam(value=1))
    assert old < files(tmp_path)
    monkeypatch.setattr("irt.sources.folder.GRACE", 0.0)
    store.add(exam(name="Term 2"))
    assert len(files(tmp_path)) == 4  # two live files, the manifest and the lock
    assert not (old - {"manifest.json", ".lock"}) & files(tmp_path)


def test_going_back_to_earlier_answers_replaces_the_later_ones(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    for value in (0, 1, 0):
        store.add(exam(value=value))
    assert right(store) == (12, 0)


def test_another_attempt_is_added_not_replaced(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    store.add(exam())
    assert store.add(exam(value=1, attempt=2)).n_replaced == 0
    for policy, n_right in {AttemptPolicy.FIRST: 0, AttemptPolicy.LAST: 12}.items():
        assert prepare(store.answers(Selection("Maths", attempts=policy), FULL_SCOPE)).matrix.scores.sum() == n_right


def test_repeated_answers_in_one_file_are_numbered_by_time(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    late = exam(1, 1, value=1, answered_at="2026/04/10 09:00")
    early = exam(1, 1, value=0, answered_at="2026-04-09T09:00:00")
    assert store.add(pd.concat([late, early])).n_replaced == 0
    assert first_and_last(store) == [0, 1]
    assert store.add(pd.concat([early, late])).unchanged


def test_repeated_answers_without_time_keep_the_order_of_the_file(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    store.add(pd.concat([exam(1, 1, value=1), exam(1, 1, value=0)]))
    assert first_and_last(store) == [1, 0]


def test_a_subject_without_name_is_the_same_however_it_is_written(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    store.add(exam(subject_name=None))
    assert store.add(exam(subject_name="", value=1)).n_replaced == 12
    assert store.catalogue(FULL_SCOPE).subjects() == ("",)


def test_ids_stay_as_they_are(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    store.add(exam(1, 1).assign(student_id="007", item_id=" é ", student_name="三浦 遥"))
    rows = store.answers(Selection(), FULL_SCOPE)
    assert (rows.persons.person_ids, rows.items.item_ids) == (("007",), ("é",))
    assert rows.persons.names == ("三浦 遥",)


def test_numbers_as_ids_lose_no_digit_and_gain_no_decimal_point(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    store.add(exam(2, 1).assign(student_id=[9007199254740993, 7]))
    assert store.answers(Selection(), FULL_SCOPE).persons.person_ids == ("7", "9007199254740993")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"correct": 2}, "row 2, column correct"),
        ({"correct": "yes"}, "row 2, column correct"),
        ({"correct": 0.5}, "row 2, column correct"),
        ({"student_id": " "}, "row 2, column student_id"),
        ({"item_id": None}, "row 2, column item_id"),
        ({"exam_name": ""}, "row 2, column exam_name"),
    ],
)
def test_a_faulty_row_is_named_and_nothing_is_stored(tmp_path: Path, change: dict[str, object], where: str) -> None:
    frame = exam().astype(object)
    for column, value in change.items():
        frame.loc[1, column] = value
    store = ParquetStore(tmp_path)
    with pytest.raises(ImportFault, match="Nothing was stored") as caught:
        store.add(frame)
    assert [fault.where for fault in caught.value.faults] == [where]
    assert store.catalogue(FULL_SCOPE).entries == ()


def test_ten_faults_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match="and 2 more") as caught:
        ParquetStore(tmp_path).add(exam(value=7))
    assert (len(caught.value.faults), caught.value.n_faults) == (10, 12)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match="correct is missing"):
        ParquetStore(tmp_path).add(exam().drop(columns="correct"))


def test_columns_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match="'Gender' and 'gender' are alike"):
        ParquetStore(tmp_path).add(exam(gender="f", Gender="f"))


def test_no_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match="not one answer"):
        ParquetStore(tmp_path).add(exam(0).reindex(columns=exam(1).columns))


def test_other_text_columns_become_properties_of_students(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    store.add(exam(2).assign(**{"gender": ["f"] * 3 + ["m"] * 3, "odd \"name' @x": "y"}))
    rows = store.answers(Selection(), FULL_SCOPE)
    assert rows.persons.properties == {"gender": ("f", "m"), "odd \"name' @x": ("y", "y")}
    named = ParquetStore(tmp_path, groups=("gender", "school"))
    assert set(named.answers(Selection(), FULL_SCOPE).persons.properties) == {"gender"}
    assert named.catalogue(FULL_SCOPE).groupings == ("gender",)


def test_imports_with_different_columns_live_together(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    store.add(exam(gender="f"))
    store.add(exam(name="Term 2", answer="A", answer_key="B"))
    assert store.answers(Selection("Maths", ("Term 1",)), FULL_SCOPE).options == ()
    assert store.answers(Selection("Maths", ("Term 2",)), FULL_SCOPE).options == ("A",)


def test_rows_of_a_file_put_there_by_hand_that_break_the_contract_are_counted(tmp_path: Path) -> None:
    by_hand(
        tmp_path,
        """SELECT * FROM (VALUES ('a', 'Q1', 'Maths', 'T', '1'),
        ('b', 'Q1', 'Maths', 'T', '1.0'), ('c', 'Q1', 'Maths', 'T', NULL),
        ('d', 'Q1', 'Maths', 'T', 'yes'), ('e', 'Q1', 'Maths', 'T', '0.5'), ('', 'Q1', 'Maths', 'T', '1'),
        (NULL, '', 'Maths', 'T', '9'), ('f', NULL, 'Maths', 'T', '1'), ('g', 'Q1', 'Maths', NULL, '1'))
        AS rows(student_id, item_id, subject_name, exam_name, correct)""",
    )
    rows = ParquetStore(tmp_path).answers(Selection("Maths"), FULL_SCOPE)
    np.testing.assert_array_equal(rows.cells, [[1], [1], [-1]])
    assert rows.n_rows == 9
    assert rows.dropped == (
        Dropped("no student id", 2),
        Dropped("no item id", 1),
        Dropped("no exam name", 1),
        Dropped("correct is neither 0, 1 nor empty", 2),
    )


def test_files_put_there_by_hand_may_have_other_types_and_few_columns(tmp_path: Path) -> None:
    by_hand(
        tmp_path,
        "SELECT 7 AS student_id, 1.5 AS item_id, 'T' AS exam_name, TRUE AS correct, DATE '2026-04-09' AS answered_at",
    )
    store = ParquetStore(tmp_path)
    rows = store.answers(Selection(""), FULL_SCOPE)
    assert (rows.persons.person_ids, rows.items.item_ids, rows.cells.tolist()) == (("7",), ("1.5",), [[1]])
    assert store.catalogue(FULL_SCOPE).entries[0].last_answered is not None


def test_files_put_there_by_hand_are_not_rewritten(tmp_path: Path) -> None:
    by_hand(
        tmp_path,
        "SELECT '000' AS student_id, 'Q1' AS item_id, 'Maths' AS subject_name, 'Term 1' AS exam_name, 1 AS correct",
    )
    store = ParquetStore(tmp_path)
    with pytest.raises(ImportFault, match=r"already in hand\.parquet"):
        store.add(exam())
    assert right(store) == (1, 1)
    store.add(exam(name="Term 2"))
    assert right(store, "Term 2") == (12, 0)


def test_a_broken_file_is_an_error_of_the_source_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 name of a student")
    with pytest.raises(SourceError, match="Check that every Parquet file") as caught:
        ParquetStore(tmp_path).catalogue(FULL_SCOPE)
    assert "student" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"format": "itemwise-store/9", "files": []})])
def test_a_manifest_that_cannot_be_understood_is_an_error_of_the_source(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(SourceError, match=r"manifest\.json"):
        ParquetStore(tmp_path).stamp()


def test_a_live_file_that_is_gone_is_an_error_of_the_source(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    store.add(exam())
    next(tmp_path.glob("import-*.parquet")).unlink()
    with pytest.raises(SourceError):
        store.catalogue(FULL_SCOPE)
    with pytest.raises(SourceError, match="missing"):
        store.stamp()


def test_a_manifest_cannot_point_out_of_the_folder(tmp_path: Path) -> None:
    secret = tmp_path / "secret.parquet"
    by_hand(tmp_path, "SELECT 's' AS student_id, 'i' AS item_id, 'e' AS exam_name, 1 AS correct", secret.name)
    store = tmp_path / "store"
    store.mkdir()
    (store / "manifest.json").write_text(json.dumps({"format": "itemwise-store/1", "files": ["../secret.parquet"]}))
    with pytest.raises(SourceError):
        ParquetStore(store).answers(Selection(), FULL_SCOPE)


def test_a_folder_that_was_there_and_is_gone_is_an_error_of_the_source(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path / "store")
    assert store.catalogue(FULL_SCOPE).entries == ()
    store.add(exam())
    (tmp_path / "store").rename(tmp_path / "away")
    for ask in (store.stamp, lambda: store.catalogue(FULL_SCOPE)):
        with pytest.raises(SourceError, match="is gone"):
            ask()
    (tmp_path / "away").rename(tmp_path / "store")
    assert len(store.catalogue(FULL_SCOPE).entries) == 1


def test_a_drive_that_does_not_answer_for_a_while_is_stood_in_for(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path, stale=60)
    store.add(exam())
    known = store.stamp()
    manifest = tmp_path / "manifest.json"
    manifest.rename(tmp_path / "kept.json")
    manifest.mkdir()  # what cannot be read although it is there
    away = store.stamp()
    assert away.absence is not None
    assert (away.fingerprint, away.as_of) == (known.fingerprint, known.as_of)
    with pytest.raises(SourceError, match="cannot be read") as refused:
        store.catalogue(FULL_SCOPE)
    assert refused.value.facts["reason"] == "unavailable"
    for other in (ParquetStore(tmp_path, stale=60), ParquetStore(tmp_path)):
        with pytest.raises(SourceError):
            other.stamp()
    manifest.rmdir()
    (tmp_path / "kept.json").rename(manifest)
    assert store.stamp() == known


@pytest.mark.parametrize(("gone", "reason"), [(True, "not_found"), (False, "access")])
def test_a_folder_that_is_gone_or_closed_is_not_stood_in_for(
    tmp_path: Path, gone: bool, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ParquetStore(tmp_path / "store", stale=60)
    store.add(exam())
    store.stamp()
    if gone:
        (tmp_path / "store").rename(tmp_path / "away")
    else:
        monkeypatch.setattr(Path, "read_text", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "Denied")))
    with pytest.raises(SourceError) as refused:
        store.stamp()
    assert refused.value.facts["reason"] == reason


def test_an_import_that_cannot_be_written_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ParquetStore(tmp_path)
    store.add(exam())
    before, stamp = set(tmp_path.iterdir()), store.stamp()
    whole = Duck.write

    def write(*arguments: Any) -> None:
        whole(*arguments)
        raise SourceError("The stored answers could not be read (IOException).")  # as the engine tells a full disk

    monkeypatch.setattr(Duck, "write", write)
    with pytest.raises(SourceError, match=r"cannot be stored .* has space .* MB left"):
        store.add(exam(name="Term 2"))
    assert (set(tmp_path.iterdir()), store.stamp()) == (before, stamp)


def test_a_folder_that_cannot_be_made_is_an_error_of_the_source(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="cannot be stored"):
        ParquetStore(tmp_path / "file" / "folder").add(exam())


def test_a_system_without_file_locks_can_read_but_not_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ParquetStore(tmp_path)
    store.add(exam())
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(SourceError, match="POSIX file locks"):
        store.add(exam(value=1))
    assert right(store) == (12, 0)


def test_folders_with_odd_names_work(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path / "it's {table} @x [a] *?")
    store.add(exam())
    store.add(exam(2, value=1))
    assert right(store) == (12, 6)


def test_leftovers_are_never_read_and_swept_by_the_next_import(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    store.add(exam())
    by_hand(
        tmp_path, "SELECT 'x' AS student_id, 'Q' AS item_id, 'E' AS exam_name, 1 AS correct", "import-left-over.parquet"
    )
    (tmp_path / ".part-1.parquet").write_bytes(b"half")
    assert store.catalogue(FULL_SCOPE).exams("") == ()
    store.add(exam(name="Term 2"))
    assert len(files(tmp_path)) == 4


def test_two_imports_at_once_lose_nothing(tmp_path: Path) -> None:
    names = [f"Term {k}" for k in range(12)]
    threads = [threading.Thread(target=lambda n=name: ParquetStore(tmp_path).add(exam(name=n))) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ParquetStore(tmp_path).catalogue(FULL_SCOPE).exams("Maths") == tuple(names)


def test_readers_see_the_old_answers_or_the_new_never_a_mixture(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    store.add(exam(30, 4))
    done = threading.Event()

    def write() -> None:
        writer = ParquetStore(tmp_path)
        try:
            for k in range(30):
                writer.add(exam(30, 4, value=(k + 1) % 2))
        finally:
            done.set()

    thread = threading.Thread(target=write)
    thread.start()
    seen = set()
    while not done.is_set():
        seen.add(right(store))
        store.stamp()
    thread.join()
    assert seen == {(120, 0), (120, 120)}


def test_nothing_in_the_store_is_not_found_not_an_error_of_the_source(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path / "not there")
    assert store.stamp() == store.stamp()
    with pytest.raises(NotFoundError):
        store.answers(Selection(), FULL_SCOPE)


def test_text_written_as_codes_is_stored_as_the_same_text(tmp_path: Path) -> None:
    from irt.sources.frame import canonical_frame, coded
    from irt.sources.parquet import _copy_frame

    names = ["q10", "q2", "Z", "a", "é", "\uff71", "\U0001f600", None]
    rng = np.random.default_rng(4)
    table = {"student_id": [f"s{k}" for k in range(400)], "subject_name": "", "exam_name": rng.choice(names[:-1], 400)}
    table |= {"item_id": rng.choice(names[:-1], 400), "correct": 1, "answer": rng.choice(names, 400), "school": None}
    answers, duck = canonical_frame(pd.DataFrame(table)), Duck()
    assert isinstance(coded(answers)["item_id"].dtype, pd.CategoricalDtype)
    files = tmp_path / "plain.parquet", tmp_path / "coded.parquet"
    for frame, file in zip((answers, coded(answers)), files, strict=True):
        duck.write(frame, _copy_frame(list(answers.columns), file))
    assert duck.column_types(files[:1]) == duck.column_types(files[1:])
    plain, codes = (duck.execute(f"SELECT * FROM '{file}'") for file in files)
    assert all(pd.Series(plain[name]).equals(pd.Series(codes[name])) for name in plain)
