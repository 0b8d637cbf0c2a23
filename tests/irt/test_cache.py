"""The cache: one computation per key at a time, bounded by size, failures not kept."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from irt.cache import ENTRY_CHARGE, Cache, CalibrationFolder, size_of


def test_a_value_is_computed_once():
    cache, calls = Cache(), []
    for _ in range(3):
        assert cache.get("key", lambda: calls.append(1) or "value") == "value"
    assert len(calls) == 1


def test_fifty_readers_at_once_wait_for_one_computation():
    cache, calls, barrier = Cache(), [], threading.Barrier(50)

    def compute() -> str:
        calls.append(1)
        time.sleep(0.05)
        return "value"

    def ask() -> None:
        barrier.wait()
        assert cache.get("key", compute) == "value"

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1


def test_different_keys_are_computed_side_by_side():
    cache, inside = Cache(), threading.Barrier(2, timeout=5)
    threads = [threading.Thread(target=cache.get, args=(key, inside.wait)) for key in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not inside.broken


def test_a_failure_is_raised_and_not_kept():
    cache = Cache()

    def fail() -> str:
        raise ValueError("once")

    with pytest.raises(ValueError, match="once"):
        cache.get("key", fail)
    assert cache.get("key", lambda: "value") == "value"


def test_none_is_a_value_like_any_other():
    cache, calls = Cache(), []
    for _ in range(2):
        assert cache.get("key", lambda: calls.append(1)) is None
    assert len(calls) == 1


def test_old_entries_leave_when_the_cache_is_full():
    cache, calls = Cache(limit=3 * (ENTRY_CHARGE + 8000)), []
    for key in ("a", "b", "c", "d", "a"):
        cache.get(key, lambda: calls.append(1) or np.zeros(1000))
    assert len(calls) == 5


def test_a_value_larger_than_the_cache_is_returned_but_not_kept():
    cache = Cache(limit=1000)
    assert cache.get("key", lambda: np.zeros(10_000)).shape == (10_000,)
    assert cache.get("key", lambda: "other") == "other"


def test_size_counts_arrays_within_tuples():
    one = size_of(np.zeros(1000)) - ENTRY_CHARGE
    assert one == 8000
    assert size_of((np.zeros(1000),) * 3) - ENTRY_CHARGE >= 3 * one


def test_no_folder_keeps_nothing():
    calls = []
    folder = CalibrationFolder(None)
    for _ in range(2):
        folder.get("key", lambda: calls.append(1))
    assert len(calls) == 2
