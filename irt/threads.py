"""One thread for each matrix product, and blocks of persons side by side on the processors that there are.

Threads within a product would fight each other, and with other processes, over tables of this size.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")

#: Threads at most, and pieces of work from which they are worth starting.
MOST_THREADS, FEWEST_PIECES = 4, 8


def side_by_side(work: Callable[[T], R], pieces: Sequence[T]) -> Iterator[R]:
    """What the work makes of each piece, in their order: the same sums, however many processors there are.

    For array work on blocks of persons, which numpy does without holding the interpreter. Few pieces are done in turn.
    """
    n_threads = min(_processors(), MOST_THREADS)
    if n_threads < 2 or len(pieces) < FEWEST_PIECES:
        yield from map(work, pieces)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        yield from pool.map(work, pieces)


def row_blocks(n_rows: int, size: int) -> list[slice]:
    """Consecutive rows, at most so many at a time."""
    size = max(size, 1)
    return [slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size)]


@functools.cache
def _processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def one_thread(work: Callable[P, T]) -> Callable[P, T]:
    """The function, run with one thread in the linear algebra library.

    Products of these sizes gain little from a second thread; on a machine that does something else beside, waiting
    threads made the same fit 10 to 40 times slower. Needs threadpoolctl; without it nothing is changed.
    """

    @functools.wraps(work)
    def quiet(*args: P.args, **kwargs: P.kwargs) -> T:
        with _limit():
            return work(*args, **kwargs)

    return quiet


def _limit() -> AbstractContextManager[Any]:
    """What holds the number of threads at one while it is entered."""
    controller = _controller("scipy.linalg" in sys.modules)
    if controller is None:
        return nullcontext()
    held: AbstractContextManager[Any] = controller.limit(limits=1, user_api="blas")
    return held


@functools.cache
def _controller(scipy_loaded: bool) -> Any:
    """The loaded libraries (scipy brings its own); None where they cannot be told or run one thread already."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    found = ThreadpoolController().select(user_api="blas")
    return found if any(library["num_threads"] > 1 for library in found.info()) else None
