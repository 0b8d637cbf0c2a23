"""Contract: what is published to a folder is whole, equals Python's numbers and replaces its own rows only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from exam import MOMENT, N_ITEMS, N_STUDENTS, columns, expected, in_folder, prepared

from irt.errors import SourceError
from irt.publishing.folder import publish_to_folder
from irt.publishing.tables import TABLES, type_of
from irt.publishing.target import FolderTarget

TABLE_NAMES = tuple(TABLES)


def publish(folder: Path, exam: str = "Term 1", seed: int = 1, **named: object):
    publication, slices = prepared(exam, seed, **named)
    return publish_to_folder(FolderTarget(folder), publication, slices, lambda _: None)


def everything(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    return {name: in_folder(folder, name) for name in TABLE_NAMES}


def test_the_rows_are_python_s_numbers_to_the_last_digit(tmp_path: Path) -> None:
    receipt = publish(tmp_path)
    for table, rows in expected().items():
        assert in_folder(tmp_path, table) == sorted((receipt.selection_id, *row) for row in rows)
    assert receipt.rows == {
        "item_parameters": N_ITEMS,
        "abilities": N_STUDENTS,
        "probabilities": N_STUDENTS * N_ITEMS,
    }


def test_the_columns_are_those_of_the_contract_between_id_and_time(tmp_path: Path) -> None:
    publish(tmp_path)
    assert columns(tmp_path, "abilities") == [
        ("selection_id", "VARCHAR"),
        ("student_id", "VARCHAR"),
        ("theta", "DOUBLE"),
        ("se", "DOUBLE"),
        ("method", "VARCHAR"),
        ("items_answered", "BIGINT"),
        ("published_at", "TIMESTAMP WITH TIME ZONE"),
    ]
    names = [name for name, _ in columns(tmp_path, "probabilities")]
    assert names[1:-1] == ["student_id", "item_id", "probability", "lower", "upper", "correct"]
    names = [name for name, _ in columns(tmp_path, "item_parameters")]
    assert names[1:4] == ["item_id", "item_name", "n"]
    assert {"discrimination", "discrimination_se", "difficulty", "difficulty_se", "guessing", "verdict"} < set(names)
    for name in TABLE_NAMES:
        assert [column for column, _ in columns(tmp_path, name)] == [column.name for column in TABLES[name]]


def test_the_publication_tells_where_its_numbers_come_from(tmp_path: Path) -> None:
    receipt = publish(tmp_path)
    (row,) = in_folder(tmp_path, "publications")
    told = dict(zip([column.name for column in TABLES["publications"]][:-1], row, strict=True))
    assert told["selection_id"] == receipt.selection_id
    assert told["selection_words"] == "Maths, Term 1, all classes"
    assert told["model"] == "1PL"
    assert told["status"] == "converged"
    assert told["n_persons"] == N_STUDENTS
    assert told["share"] == 1.0
    assert told["log_likelihood"] == pytest.approx(prepared()[0].calibration.log_likelihood, abs=0)
    assert told["computed_at"] == "2026-04-01 09:30:00.123456+00"
    assert (told["item_parameters"], told["abilities"], told["probabilities"]) == (6, 60, 360)


def test_publishing_again_replaces_the_rows_of_its_selection_and_no_other_s(tmp_path: Path) -> None:
    first = publish(tmp_path)
    other = publish(tmp_path, "Term 2", seed=2)
    of_other = {name: [r for r in rows if r[0] == other.selection_id] for name, rows in everything(tmp_path).items()}
    again = publish(tmp_path, seed=3, at=MOMENT + timedelta(days=1))
    assert again.selection_id == first.selection_id != other.selection_id
    after = everything(tmp_path)
    assert {name: [r for r in rows if r[0] == other.selection_id] for name, rows in after.items()} == of_other
    own = [row for row in after["abilities"] if row[0] == first.selection_id]
    assert own == sorted((first.selection_id, *row) for row in expected(3)["abilities"])
    assert len(after["publications"]) == 2


def test_what_is_left_out_is_not_kept_from_before(tmp_path: Path) -> None:
    publish(tmp_path)
    receipt = publish(tmp_path, results=frozenset({"items"}))
    assert receipt.rows == {"item_parameters": N_ITEMS, "abilities": 0, "probabilities": 0}
    assert in_folder(tmp_path, "abilities") == []
    assert len(in_folder(tmp_path, "item_parameters")) == N_ITEMS


def test_a_slice_that_fails_leaves_the_publication_before_and_no_trace(tmp_path: Path) -> None:
    publish(tmp_path)
    before = everything(tmp_path)
    publication, slices = prepared(seed=2, rows=300)

    for kind in (SourceError("The table is gone."), KeyboardInterrupt()):

        def breaking(kind: BaseException = kind):
            yield from list(slices())[:3]
            raise kind

        with pytest.raises(type(kind)):
            publish_to_folder(FolderTarget(tmp_path), publication, breaking, lambda _: None)
        assert everything(tmp_path) == before
        assert len(list((tmp_path / ".runs").iterdir())) == 1


def test_a_replaced_run_is_kept_for_readers_who_began_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = publish(tmp_path)
    began = (tmp_path / receipt.selection_id).resolve()
    publish(tmp_path, seed=2)
    assert (began / "abilities" / "part-00000.parquet").exists()
    monkeypatch.setattr("irt.publishing.folder.GRACE", 0.0)
    publish(tmp_path, seed=3)
    assert not began.exists()
    assert len(list((tmp_path / ".runs").iterdir())) == 1


def test_two_publishers_at_once_leave_one_of_the_two_whole(tmp_path: Path) -> None:
    made = [prepared(seed=seed) for seed in (1, 2)]
    threads = [
        threading.Thread(target=publish_to_folder, args=(FolderTarget(tmp_path), *one, lambda _: None)) for one in made
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [row[1:] for row in in_folder(tmp_path, "abilities")]
    assert found in [sorted(expected(seed)["abilities"]) for seed in (1, 2)]


def test_a_folder_of_that_name_that_is_none_of_ours_stays(tmp_path: Path) -> None:
    publication, _ = prepared()
    own = tmp_path / publication.selection_id
    own.mkdir()
    (own / "notes.txt").write_text("mine")
    with pytest.raises(SourceError, match="is not a publication of Itemwise"):
        publish(tmp_path)
    assert (own / "notes.txt").read_text() == "mine"
    assert list((tmp_path / ".runs").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(SourceError, match=r"Nothing can be published in .*out"):
        publish(tmp_path / "out" / "inner")


#: Publishes in a process that kills itself before the n-th call that touches the disk. The rows are made beforehand.
KILLED = """
import os, pathlib, shutil, signal, sys
sys.path.insert(0, sys.argv[3])
import irt.sources.engine, irt.publishing.folder
from exam import prepared
from irt.publishing.folder import publish_to_folder
from irt.publishing.target import FolderTarget
import pandas

def killing(call):
    def step(*args, **kwargs):
        steps.append(call)
        if len(steps) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **kwargs)
    return step

base, n_folders = pathlib.Path(sys.argv[1]), int(sys.argv[2])
publication, slices = prepared(seed=2, rows=300)
made = list(slices())
for fatal in range(1, n_folders + 1):
    child = os.fork()
    if not child:
        steps = []
        for name in ("open", "replace", "fsync", "symlink", "utime", "mkdir"):
            setattr(os, name, killing(getattr(os, name)))
        irt.sources.engine.Duck.write = killing(irt.sources.engine.Duck.write)
        publish_to_folder(FolderTarget(base / str(fatal)), publication, lambda: iter(made), str)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status), flush=True)
"""

#: More than a publication takes, so that the last children end by themselves.
N_STEPS = 46


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_a_publication_killed_at_any_step_is_whole_or_not_there(tmp_path: Path) -> None:
    publish(tmp_path / "1")
    before = everything(tmp_path / "1")
    for step in range(2, N_STEPS + 1):
        shutil.copytree(tmp_path / "1", tmp_path / str(step), symlinks=True)
    run = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(N_STEPS), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    ends = [int(line) for line in run.stdout.split()]
    n_killed = ends.count(signal.SIGKILL)
    assert n_killed >= 30, n_killed
    assert ends[n_killed:] == [0] * (N_STEPS - n_killed)  # the last ones ended by themselves: every step was tried

    after = everything(tmp_path / str(N_STEPS))
    found = [everything(tmp_path / str(step)) for step in range(1, n_killed + 1)]
    odd = [(k, {n: len(r) for n, r in s.items()}) for k, s in enumerate(found) if s not in (before, after)]
    assert odd == []
    assert [state == after for state in found] == sorted(state == after for state in found)
    assert before in found
    assert after in found

    for step in range(1, n_killed + 1, 9):
        folder = tmp_path / str(step)
        publish(folder, seed=2)
        assert everything(folder) == after
        assert not list(folder.rglob("*.part"))
        assert len(list((folder / ".runs").iterdir())) <= 3  # what is read, and what was read until just now


def test_every_published_column_is_documented() -> None:
    document = (Path(__file__).parents[3] / "docs" / "publishing.md").read_text("utf-8")
    for name, columns_of in TABLES.items():
        section = document.split(f"### `{name}`\n", 1)[1].split("\n#", 1)[0]
        rows = [f"| `{column.name}` | {type_of(column)} | {column.meaning} |" for column in columns_of]
        assert [line for line in section.splitlines() if line.startswith("| `")] == rows
