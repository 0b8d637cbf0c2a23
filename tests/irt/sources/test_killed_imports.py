"""Contract: an import that is killed at any step leaves the answers as they were, or all of the new ones."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from irt.responses import NOT_ADMINISTERED
from irt.selection import FULL_SCOPE, Selection
from irt.sources import ParquetStore

#: Runs one import in a process that kills itself before or after the n-th call that touches the disk.
KILLED = """
import os, pathlib, signal, sys
import pandas as pd
import irt.sources.engine, irt.sources.frame
from irt.sources import ParquetStore

def killing(call):
    def step(*args, **kwargs):
        steps.append(call)
        if len(steps) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*args, **kwargs)
        steps.append(call)
        if len(steps) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return step

base, n_folders = pathlib.Path(sys.argv[1]), int(sys.argv[2])
frame = pd.read_json(base / "later.json", dtype=False)
for fatal in range(1, n_folders + 1):
    child = os.fork()
    if not child:
        steps = []
        for name in ("open", "replace", "fsync", "unlink"):
            setattr(os, name, killing(getattr(os, name)))
        irt.sources.engine.Duck.write = killing(irt.sources.engine.Duck.write)
        irt.sources.engine.Duck.execute = killing(irt.sources.engine.Duck.execute)
        ParquetStore(base / str(fatal)).add(frame)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status), flush=True)
"""

#: More than an import takes, so that the last children end by themselves.
N_STEPS = 48


def answers(students: int, value: int, exam: str) -> pd.DataFrame:
    rows = [(f"s{i}", f"Q{j}", "Maths", exam, value) for i in range(students) for j in range(3)]
    return pd.DataFrame(rows, columns=["student_id", "item_id", "subject_name", "exam_name", "correct"])


def stored(folder: Path) -> list[tuple[str, str, int]]:
    found = ParquetStore(folder).answers(Selection("Maths"), FULL_SCOPE)
    people, items = found.persons.person_ids, found.items.item_ids
    sitting, item = np.nonzero(found.cells != NOT_ADMINISTERED)
    return sorted(
        (people[found.person[i]], items[j], int(found.cells[i, j])) for i, j in zip(sitting, item, strict=True)
    )


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked processes")
def test_an_import_killed_at_any_step_is_whole_or_nothing(tmp_path: Path) -> None:
    later = pd.concat([answers(2, 1, "Term 1"), answers(3, 1, "Term 2"), answers(2, 1, "Term 3")], ignore_index=True)
    later.to_json(tmp_path / "later.json")
    store = ParquetStore(tmp_path / "1")
    store.add(answers(4, 0, "Term 1"))  # rewritten: half of it is replaced
    store.add(answers(3, 0, "Term 2"))  # dropped: all of it is replaced
    for step in range(2, N_STEPS + 1):
        shutil.copytree(tmp_path / "1", tmp_path / str(step))
    before = stored(tmp_path / "1")

    run = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(N_STEPS)], capture_output=True, text=True, check=True
    )
    ends = [int(line) for line in run.stdout.split()]
    n_killed = ends.count(signal.SIGKILL)
    assert n_killed >= 30
    assert ends[n_killed:] == [0] * (N_STEPS - n_killed)  # the last ones ended by themselves: every step was tried

    after = stored(tmp_path / str(N_STEPS))
    assert len(after) == 12 + 9 + 6
    found = [stored(tmp_path / str(step)) for step in range(1, n_killed + 1)]
    assert all(state in (before, after) for state in found)
    assert [state == after for state in found] == sorted(state == after for state in found)
    assert before in found
    assert after in found

    for step in range(1, n_killed + 1):
        folder = tmp_path / str(step)
        ParquetStore(folder).add(later)
        assert stored(folder) == after
        live = json.loads((folder / "manifest.json").read_text())
        assert len(live["files"]) == 2
        assert {file.name for file in folder.glob("*.parquet")} == {*live["files"], *live["retired"]}
        assert not list(folder.glob(".part-*"))
