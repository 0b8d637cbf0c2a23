"""One thread for matrix products: identity and contract."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

import irt
from irt.threads import one_thread

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
