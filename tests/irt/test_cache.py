"""Contract: one computation per key at a time, bounded by size, failures not kept; readers with a deadline."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path

import numpy as np
import pytest

import irt
from irt import deadlines, observing
from irt.cache import ENTRY_CHARGE, Cache, CalibrationFolder, size_of
from irt.deadlines import StillComputing, within
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
        folder.get("key", lambda: calls.append(1) or calibrated())
    assert len(calls) == 2


# Readers with a deadline ---------------------------------------------------------------------------------------------


def test_whoever_waits_longer_than_their_deadline_is_told_so_and_finds_it_later() -> None:
    cache, go_on, calls = Cache(), threading.Event(), []

    def compute() -> str:
        calls.append(1)
        go_on.wait(20)
        return "value"

    for _ in range(2):  # who began it, and who came later
        with within(0.05), pytest.raises(StillComputing, match="goes on being computed") as told:
            cache.get("key", compute)
        assert told.value.facts == {"reason": "computing", "again": True}
    go_on.set()
    with within(20):
        assert cache.get("key", compute) == "value"
    assert calls == [1]


def test_without_a_deadline_everything_is_computed_in_ones_own_thread() -> None:
    assert Cache().get("key", threading.current_thread) is threading.current_thread()


def test_what_a_computation_asks_for_is_computed_in_its_own_thread() -> None:
    cache, threads = Cache(), []

    def inner() -> None:
        threads.append(threading.current_thread())
        assert deadlines.left() is None

    def outer() -> None:
        threads.append(threading.current_thread())
        cache.get("inner", inner)

    with within(20):
        cache.get("outer", outer)
    assert threads[0] is threads[1] is not threading.current_thread()
    assert threads[0].daemon


def test_what_is_set_for_the_reader_is_set_for_the_computation() -> None:
    leave: ContextVar[int] = ContextVar("leave", default=0)
    token = leave.set(7)
    with within(20):
        assert Cache().get("key", leave.get) == 7
    leave.reset(token)


def test_a_failure_in_the_background_reaches_the_reader() -> None:
    cache = Cache()
    with within(20), pytest.raises(ZeroDivisionError):
        cache.get("key", lambda: 1 / 0)
    with within(20):
        assert cache.get("key", lambda: "value") == "value"


def test_few_computations_run_side_by_side_and_the_others_wait_for_a_place() -> None:
    cache, go_on, inside = Cache(), threading.Event(), threading.Semaphore(0)

    def slow() -> str:
        inside.release()
        go_on.wait(20)
        return "value"

    def ask(key: int) -> None:
        with within(20):
            assert cache.get(key, slow) == "value"

    readers = [threading.Thread(target=ask, args=(key,)) for key in range(deadlines.PLACES)]
    for reader in readers:
        reader.start()
    for _ in readers:
        assert inside.acquire(timeout=20)
    with within(0.05), pytest.raises(StillComputing):
        cache.get("one more", lambda: pytest.fail("there was no place"))
    go_on.set()
    for reader in readers:
        reader.join(20)
    for key in range(2 * deadlines.PLACES):  # every place was given back
        with within(20):
            assert cache.get(("later", key), lambda: "value") == "value"


def test_computations_that_wait_for_one_that_has_no_place_do_not_hold_it_up() -> None:
    cache, shared, asked = Cache(), [], threading.Barrier(deadlines.PLACES + 1, timeout=20)

    def outer() -> str:
        asked.wait()
        return cache.get("shared", lambda: shared.append(1) or "value")

    def ask(key: object) -> None:
        with within(20):
            assert cache.get(key, outer) == "value"

    readers = [threading.Thread(target=ask, args=(key,)) for key in range(deadlines.PLACES)]
    for reader in readers:
        reader.start()
    asked.wait()
    with within(20):
        assert cache.get("shared", lambda: shared.append(1) or "value") == "value"
    for reader in readers:
        reader.join(20)
    assert shared == [1]


class Places(threading.BoundedSemaphore):
    """Places that are given out later, and that say when one is asked for and given."""

    def __init__(self, value: int) -> None:
        super().__init__(value)
        self.asked, self.opened, self.given = threading.Semaphore(0), threading.Event(), threading.Semaphore(0)

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        self.asked.release()
        self.opened.wait(20)
        held = super().acquire(blocking, timeout)
        self.given.release()
        return held


def test_readers_who_wait_for_the_same_leave_the_places_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    cache, go_on, places = Cache(), threading.Event(), Places(deadlines.PLACES)
    monkeypatch.setattr(deadlines, "_places", places)
    side_by_side, answered = threading.Barrier(deadlines.PLACES - 1), []

    def ask(key: object, wait: Callable[..., object]) -> threading.Thread:
        def asking() -> None:
            with within(5):
                answered.append(cache.get(key, lambda: wait(5) is not False and "value"))

        reader = threading.Thread(target=asking)
        reader.start()
        return reader

    same = [ask("key", go_on.wait) for _ in range(deadlines.PLACES - 1)]
    for _ in same:  # each was told that nobody computes it, and asks for a place
        assert places.asked.acquire(timeout=20)
    places.opened.set()
    for _ in same:
        assert places.given.acquire(timeout=20)
    others = [ask(number, side_by_side.wait) for number in range(deadlines.PLACES - 1)]
    for reader in others:
        reader.join(20)
    assert len(answered) == len(others)
    go_on.set()
    for reader in same:
        reader.join(20)
    assert answered == ["value"] * (2 * deadlines.PLACES - 2)


# Counted -------------------------------------------------------------------------------------------------------------


class Counting(observing.Observer):
    """What was told."""

    def __init__(self) -> None:
        self.told: Counter[tuple[object, ...]] = Counter()

    def kept(self, kind: str, how: observing.How) -> None:
        self.told["kept", kind, how] += 1

    def fitted(self, model: str, seconds: float) -> None:
        assert seconds >= 0
        self.told["fitted", model] += 1

    def asked(self, seconds: float, failure: str | None) -> None:
        self.told["asked", failure] += 1


@pytest.fixture
def counting() -> Iterator[Counting]:
    before, mine = observing.observer(), Counting()
    observing.observe(mine)
    yield mine
    observing.observe(before)


def test_it_is_told_what_was_found_made_and_waited_for(counting: Counting) -> None:
    cache, begun, go_on = Cache(), threading.Event(), threading.Event()

    def compute() -> str:
        begun.set()
        go_on.wait(20)
        return "value"

    readers = [threading.Thread(target=cache.get, args=("key", compute), kwargs={"kind": "exam"}) for _ in range(2)]
    readers[0].start()
    begun.wait(20)
    readers[1].start()
    go_on.set()
    for reader in readers:
        reader.join(20)
    cache.get("key", compute, kind="exam")
    later = counting.told["kept", "exam", "found"] + counting.told["kept", "exam", "waited"]
    assert (counting.told["kept", "exam", "made"], later) == (1, 2)
    assert counting.told["kept", "exam", "found"] >= 1


def test_questions_to_the_source_are_told_with_the_reason_of_their_failure(counting: Counting) -> None:
    with observing.asking():
        pass
    for error in (SourceError("Away.", reason="unavailable"), ValueError("of ours")):
        with pytest.raises(type(error)), observing.asking():
            raise error
    assert counting.told == {("asked", None): 1, ("asked", "unavailable"): 1, ("asked", "defect"): 1}


# Calibrations as files -----------------------------------------------------------------------------------------------


def calibrated() -> irt.Calibration:
    draw = np.random.default_rng(1)
    chances = 1 / (1 + np.exp(np.linspace(-1.5, 1.5, 6) - draw.normal(size=(300, 1))))
    scores = (draw.random((300, 6)) < chances).astype(np.int8)
    return irt.calibrate(irt.ResponseMatrix.from_array(scores), model="2PL")


def _ask_in_a_process(folder: Path, log: Path) -> None:
    def compute() -> irt.Calibration:
        with log.open("a") as lines:
            lines.write("fitted\n")
        time.sleep(0.2)
        return calibrated()

    assert CalibrationFolder(folder).get("key", compute).model == "2PL"


def test_processes_that_want_one_calibration_at_once_fit_it_once(tmp_path: Path, counting: Counting) -> None:
    log, fork = tmp_path / "log", multiprocessing.get_context("spawn")
    asking = [fork.Process(target=_ask_in_a_process, args=(tmp_path / "kept", log)) for _ in range(2)]
    for process in asking:
        process.start()
    _ask_in_a_process(tmp_path / "kept", log)
    for process in asking:
        process.join(60)
    assert [process.exitcode for process in asking] == [0, 0]
    assert log.read_text() == "fitted\n"
    assert not list((tmp_path / "kept").glob("*.part"))
    assert counting.told["fitted", "2PL"] <= 1


def test_a_calibration_comes_back_as_it_was_and_a_broken_file_is_made_again(tmp_path: Path) -> None:
    made = calibrated()
    CalibrationFolder(tmp_path).get("key", lambda: made)
    (file,) = tmp_path.glob("*.json")
    again = CalibrationFolder(tmp_path).get("key", lambda: pytest.fail("made again"))
    np.testing.assert_array_equal(again.items.discrimination, made.items.discrimination)
    file.write_bytes(file.read_bytes()[:1000])
    assert CalibrationFolder(tmp_path).get("key", lambda: made) is made
    assert CalibrationFolder(tmp_path).get("key", lambda: pytest.fail("made again")).n_persons == 300


def test_a_full_disk_costs_the_file_and_not_the_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "blocked").write_text("no folder")
    made = calibrated()
    assert CalibrationFolder(tmp_path / "blocked" / "kept").get("key", lambda: made) is made
    assert "could not be kept" in caplog.text
