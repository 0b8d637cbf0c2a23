"""One thread for matrix products: identity and contract."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np

import irt
from irt.threads import one_thread, row_blocks, side_by_side

#: Prints the threads of the linear algebra library before, within and after a held piece of work.
COUNT = """
import numpy, threadpoolctl
from irt.threads import one_thread
count = lambda: max(library["num_threads"] for library in threadpoolctl.threadpool_info())
print(count(), one_thread(count)(), count())
"""


def test_the_library_runs_one_thread_while_the_work_lasts():
    found = subprocess.run(
        [sys.executable, "-c", COUNT],
        env={"OPENBLAS_NUM_THREADS": "2", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == ["2", "1", "2"]


def test_without_threadpoolctl_the_work_is_done_all_the_same(monkeypatch, lsat6):
    from irt import threads

    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    threads._controller.cache_clear()
    assert one_thread(np.add)(1, 2) == 3
    assert irt.calibrate(lsat6).status.code == "converged"
    threads._controller.cache_clear()


def test_name_and_documentation_stay():
    assert irt.calibrate.__name__ == "calibrate"
    assert "marginal maximum likelihood" in irt.calibrate.__doc__


def test_pieces_side_by_side_come_in_their_order(monkeypatch):
    monkeypatch.setattr("irt.threads._processors", lambda: 3)
    together = threading.Barrier(3, timeout=20)

    def work(piece):
        if piece < 3:
            together.wait()  # passes only if three are at work at once
        return piece**2

    assert list(side_by_side(work, range(20))) == [piece**2 for piece in range(20)]


def test_few_pieces_are_done_in_turn():
    names = side_by_side(lambda _: threading.current_thread().name, range(3))
    assert set(names) == {threading.current_thread().name}


def test_blocks_of_rows_are_all_rows_once():
    assert [row for block in row_blocks(10, 4) for row in range(10)[block]] == list(range(10))
    assert row_blocks(0, 4) == []
