"""One thread for matrix products: theirs would fight each other, and with other processes, over tables of this size."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


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
