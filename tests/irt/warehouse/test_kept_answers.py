"""Contract: an answer is computed once and read back as it was, by threads, processes and after a restart."""

from __future__ import annotations

import multiprocessing
import os
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from irt.warehouse import kept_answers
from irt.warehouse.kept_answers import KeptAnswers
from irt.warehouse.wire import Parcel

ANSWER = [Parcel("sitting", 2, "s1\x1f生徒\x1es2\x1f\n"), Parcel("none", 1, ""), Parcel("sitting", 1, "s3\x1f")]


def never() -> list[Parcel]:
    raise AssertionError("asked again")


@pytest.mark.parametrize("on_disk", [True, False])
def test_an_answer_is_asked_for_once(tmp_path: Path, on_disk: bool) -> None:
    kept = KeptAnswers(tmp_path if on_disk else None)
    assert kept.get("key", lambda: ANSWER) == ANSWER
    assert list(kept.get("key", never)) == ANSWER
    assert kept.get("other", list) == []


def test_it_survives_a_restart_and_is_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "answers"
    KeptAnswers(folder).get("key", lambda: ANSWER)
    assert KeptAnswers(folder).get("key", never) == ANSWER
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not any("key" in path.name for path in folder.iterdir())


@pytest.mark.parametrize("content", [b"", b"{}\n", b"not json\nxx", b"\xff\xfe", b'{"format": "other"}\n'])
def test_a_file_that_is_not_whole_is_asked_for_again(tmp_path: Path, content: bytes) -> None:
    KeptAnswers(tmp_path).get("key", lambda: ANSWER)
    (file,) = tmp_path.glob("*.answer")
    whole = file.read_bytes()
    for broken in (content, whole[:-1], whole.replace("生徒".encode(), "生从".encode()), whole + b"x"):
        file.write_bytes(broken)
        assert KeptAnswers(tmp_path).get("key", lambda: ANSWER) == ANSWER
        assert file.read_bytes() == whole


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    kept = KeptAnswers(tmp_path)
    with pytest.raises(ZeroDivisionError):
        kept.get("key", lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    assert kept.get("key", lambda: ANSWER) == ANSWER


def test_threads_that_ask_at_once_wait_for_one(tmp_path: Path) -> None:
    calls, begun = [], threading.Barrier(8)

    def compute() -> list[Parcel]:
        calls.append(1)
        time.sleep(0.05)
        return ANSWER

    def ask(_: int) -> list[Parcel]:
        begun.wait()
        return list(KeptAnswers(tmp_path).get("key", compute))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [ANSWER] * 8
    assert len(calls) == 1


def _ask_in_a_process(folder: Path, log: Path) -> None:
    def compute() -> list[Parcel]:
        with log.open("a") as stream:
            stream.write("x")
        time.sleep(0.2)
        return ANSWER

    assert KeptAnswers(folder).get("key", compute) == ANSWER


def test_processes_that_ask_at_once_wait_for_one(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    log = tmp_path / "log"
    workers = [context.Process(target=_ask_in_a_process, args=(tmp_path / "answers", log)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert log.read_text() == "x"


def test_who_holds_the_answer_up_too_long_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_answers, "LONGEST", 0.1)
    go, holding = threading.Event(), threading.Event()

    def slow() -> list[Parcel]:
        holding.set()
        go.wait(30)
        return ANSWER

    thread = threading.Thread(target=lambda: KeptAnswers(tmp_path).get("key", slow))
    thread.start()
    try:
        assert holding.wait(30)
        assert KeptAnswers(tmp_path).get("key", lambda: ANSWER) == ANSWER
    finally:
        go.set()
        thread.join(30)


def test_the_longest_unused_are_removed_when_there_are_too_many(tmp_path: Path) -> None:
    kept = KeptAnswers(tmp_path, limit=5000)
    for k in range(4):
        kept.get(f"key {k}", lambda: [Parcel("p", 1, "x" * 1500)])
        for file in tmp_path.glob("*.answer"):
            os.utime(file, (file.stat().st_mtime - 10,) * 2)
    assert sum(file.stat().st_size for file in tmp_path.glob("*.answer")) <= 5000
    assert kept.get("key 3", never)[0].text == "x" * 1500
    with pytest.raises(AssertionError, match="asked again"):
        kept.get("key 0", never)


def test_a_full_or_forbidden_disk_costs_the_file_not_the_answer(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert KeptAnswers(blocked / "answers").get("key", lambda: ANSWER) == ANSWER
