"""The cache: one computation per key at a time, bounded by size, failures not kept."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from irt.cache import ENTRY_CHARGE, Cache, CalibrationFolder, size_of
from irt.errors import ConfirmationNeeded, SourceError


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


def test_size_counts_each_array_once():
    one = np.zeros(1000)
    assert 8000 <= size_of(one) - ENTRY_CHARGE <= 8000
    assert 24_000 <= size_of(tuple(np.zeros(1000) for _ in range(3))) - ENTRY_CHARGE < 25_000
    assert 8000 <= size_of((one, one, one)) - ENTRY_CHARGE < 9000


def test_a_view_weighs_what_it_keeps_alive():
    assert size_of(np.zeros((100, 100))[:1]) - ENTRY_CHARGE == 80_000
    assert size_of(np.broadcast_to(np.int8(-1), (1000, 1000))) - ENTRY_CHARGE == 1


def test_a_million_ids_weigh_more_than_a_million_nones():
    ids = tuple(f"student-{k}" for k in range(1_000_000))
    assert 50e6 < size_of(ids) < 80e6
    assert size_of((None,) * 1_000_000) < 9e6


def test_what_two_results_share_counts_once_and_as_long_as_one_of_them_stays():
    shared, alone, calls = np.zeros(1000), np.zeros(1000), []
    room_for_two = Cache(limit=2 * ENTRY_CHARGE + 8000 + 200)
    for key in ("first", "second", "first", "second"):
        room_for_two.get(key, lambda: calls.append(1) or shared)
    assert len(calls) == 2
    room_for_two.get("third", lambda: alone)  # there is room neither beside both nor beside one of them
    room_for_two.get("first", lambda: calls.append(1) or shared)
    room_for_two.get("second", lambda: calls.append(1) or shared)
    room_for_two.get("first", lambda: calls.append(1) or shared)
    assert len(calls) == 4


def test_a_value_may_be_given_a_part_of_the_cache_only():
    cache, calls = Cache(limit=1_000_000), []
    for share in (0.1, 0.1, 0.5, 0.1):
        cache.get("key", lambda: calls.append(1) or np.zeros(20_000), at_most=share)
    assert len(calls) == 3


def waiting(cache: Cache, error: Exception) -> tuple[list[Exception], int]:
    """What ten readers are told who ask at once for what fails, and how often it was tried."""
    calls, told, barrier = [], [], threading.Barrier(10)

    def fail() -> None:
        calls.append(1)
        time.sleep(0.1)
        raise error

    def ask() -> None:
        barrier.wait()
        try:
            cache.get("key", fail)
        except type(error) as said:
            told.append(said)

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told, len(calls)


def test_readers_who_wait_for_a_source_that_fails_do_not_try_it_one_after_the_other():
    told, calls = waiting(Cache(), SourceError("It does not answer.", reason="timeout", again=True))
    assert [str(error) for error in told] == ["It does not answer."] * 10
    assert calls == 1


def test_each_reader_asks_for_himself_whether_money_may_be_spent():
    told, calls = waiting(Cache(), ConfirmationNeeded("It costs a dollar.", bytes=1, cost=1.0))
    assert len(told) == calls == 10


def test_no_folder_keeps_nothing():
    calls = []
    folder = CalibrationFolder(None)
    for _ in range(2):
        folder.get("key", lambda: calls.append(1))
    assert len(calls) == 2
