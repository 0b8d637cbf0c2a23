"""Contract: while a warehouse is away for a passing reason its last known state stands in, and what was read of it."""

from __future__ import annotations

import logging
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from irt.errors import SourceError
from irt.moments import Moments
from irt.responses.table import COLUMNS
from irt.selection import FULL_SCOPE, Selection
from irt.service import Service
from irt.sources import Stamp, absence
from irt.warehouse import freshness, jobs, patience
from irt.warehouse.freshness import Freshness
from irt.warehouse.jobs import Estimate
from irt.warehouse.patience import Patience, patient
from irt.warehouse.source import BigQuerySource
from irt.warehouse.table_state import Field, TableState
from tests.irt.sources.test_source_contract import school
from tests.irt.warehouse.warehouse_openers import put_answers, source_of
from tests.warehouse import Warehouse

READ, UNREAD = Selection("Maths", ("Term 2",)), Selection("Maths", ("Term 10",))
HASTY = Patience(call=5.0, retry=0.1, job=5.0)
DAY = 86_400.0
AWAY = {"status": 503}


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with Warehouse() as warehouse:
        put_answers(warehouse, school(), tmp_path_factory.mktemp("table"))
        yield warehouse


@pytest.fixture
def served(stocked: Warehouse) -> Iterator[Warehouse]:
    stocked.heal()
    stocked.clear()
    yield stocked
    stocked.heal()


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every question looks anew, and gives up at once."""
    monkeypatch.setattr(freshness, "BELIEVED", 0.0)
    monkeypatch.setattr(patience, "PAUSE", 0.0)
    monkeypatch.setattr(jobs, "QUICK", HASTY)
    with patient(HASTY):
        yield


@pytest.fixture
def read(served: Warehouse, tmp_path: Path) -> BigQuerySource:
    """A source of which one exam was read."""
    source = source_of(served, tmp_path, stale=DAY)
    source.answers(READ, FULL_SCOPE)
    return source


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = absence.time.time()
    monkeypatch.setattr(absence.time, "time", lambda: now + seconds)


# What stands in ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [AWAY, {"cut": "before"}, {"status": 429}, {"truncate": True}], ids=str)
def test_what_was_read_is_shown_and_nothing_else(
    served: Warehouse, read: BigQuerySource, fault: dict[str, object]
) -> None:
    before, known = read.answers(READ, FULL_SCOPE), read.stamp()
    served.fail("*", times=1000, **fault)
    away = read.stamp()
    assert away.absence is not None
    assert (away.fingerprint, away.as_of) == (known.fingerprint, known.as_of)
    assert read.answers(READ, FULL_SCOPE).persons == before.persons
    served.clear()
    with pytest.raises(SourceError) as refused:
        read.answers(UNREAD, FULL_SCOPE)
    assert refused.value.facts["again"] is True
    assert served.calls("jobs.query") == []  # a warehouse that is known to be away is not asked
    served.heal()
    assert read.stamp() == known
    assert read.answers(UNREAD, FULL_SCOPE).persons


@pytest.mark.parametrize(
    "fault",
    [{"status": 403, "reason": "accessDenied"}, {"status": 401}, {"status": 404}, {"status": 403, "reason": "x"}],
    ids=str,
)
def test_what_does_not_pass_by_itself_is_seen_at_once(
    served: Warehouse, read: BigQuerySource, fault: dict[str, object]
) -> None:
    served.fail("tables.get", times=1000, **fault)
    with pytest.raises(SourceError):
        read.stamp()


def test_a_new_start_knows_what_the_last_one_did(served: Warehouse, read: BigQuerySource, tmp_path: Path) -> None:
    known = read.stamp()
    served.fail("*", times=1000, **AWAY)
    again = source_of(served, tmp_path, stale=DAY)
    assert again.stamp().fingerprint == known.fingerprint
    assert again.stamp().absence is not None
    assert again.answers(READ, FULL_SCOPE).persons
    for other in (
        source_of(served, None, stale=DAY),
        source_of(served, tmp_path),
        source_of(served, tmp_path, groups=()),
    ):
        with pytest.raises(SourceError):  # nothing kept; never; read in another way
            other.stamp()


def test_a_state_stands_in_for_so_long_and_no_longer(
    served: Warehouse, read: BigQuerySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.fail("*", times=1000, **AWAY)
    later(monkeypatch, DAY - 60)
    assert read.stamp().absence is not None
    later(monkeypatch, 120)
    with pytest.raises(SourceError):
        read.stamp()


def test_the_file_of_the_state_is_its_owners_and_holds_no_answer(read: BigQuerySource, tmp_path: Path) -> None:
    (file,) = tmp_path.glob("state/*.state")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert "Maths" not in text
    assert not any(f'"{student}"' in text for student in school().student_id)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"format": "itemwise-state/1", "at": 1e12, "tokens": []}', b"\xff"])
def test_a_file_that_cannot_be_read_does_not_stand_in(
    served: Warehouse, read: BigQuerySource, tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (file,) = tmp_path.glob("state/*.state")
    file.write_bytes(content)
    served.fail("*", times=1000, **AWAY)
    with caplog.at_level(logging.WARNING), pytest.raises(SourceError):
        source_of(served, tmp_path, stale=DAY).stamp()
    assert "does not stand in" in caplog.text
    assert read.stamp().absence is not None  # this process knows it all the same


# How often it is asked -----------------------------------------------------------------------------------------------


class Told:
    """Jobs that tell of one table while they are up, and count how often they are asked."""

    def __init__(self) -> None:
        fields = tuple(Field(name, kind) for name, kind in COLUMNS.items())
        self.state = TableState("p.d.answers", "TABLE", fields, "e1", datetime(2026, 4, 9, tzinfo=UTC), 10, 1000)
        self.up = True
        self.asked = 0
        self.answering = threading.Event()
        self.answering.set()
        self.looking = threading.Event()

    def table(self, name: str, patience: Patience | None = None) -> TableState:
        self.asked += 1
        self.looking.set()
        self.answering.wait(10)
        if not self.up:
            raise SourceError("Away.", reason="unavailable", again=True)
        return self.state

    def estimate(self, sql: str, parameters: object, name: str) -> Estimate:
        return Estimate(0, ())


def watching(told: Told, stale: float) -> Freshness:
    return Freshness(told, "p.d.answers", {}, (), stale=stale)  # type: ignore[arg-type]


def outcomes(ask: Callable[[], object], n: int = 20) -> list[object]:
    """What as many callers at once are told."""

    def one(_: int) -> object:
        try:
            return ask()
        except SourceError as error:
            return error.message

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(one, range(n)))


@pytest.mark.parametrize("stale", [0.0, DAY])
def test_the_callbacks_of_a_page_ask_a_dead_warehouse_once(stale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSE", 3600.0)
    told = Told()
    watch = watching(told, stale)
    watch.now()
    told.up = False
    told.asked = 0
    found = outcomes(watch.now) + outcomes(watch.now)
    assert told.asked == 1
    assert len(found) == 40
    assert all((one == "Away.") if not stale else one.absence for one in found)  # type: ignore[attr-defined]


def test_nobody_waits_for_the_one_who_looks_whether_it_is_back() -> None:
    told = Told()
    watch = watching(told, DAY)
    watch.now()
    told.up = False
    assert watch.now().absence is not None
    told.answering.clear()
    told.looking.clear()
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(watch.now)
        assert told.looking.wait(5)
        asked = told.asked
        assert watch.now().absence is not None  # at once: the other one still looks
        assert told.asked == asked
        told.up = True
        told.answering.set()
        assert looking.result(5).absence is None
    assert watch.now().absence is None


def test_a_failure_to_reach_it_stands_for_the_questions_that_follow(
    served: Warehouse, read: BigQuerySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PAUSE", 3600.0)
    served.fail("jobs.query", times=1000, **AWAY)
    served.clear()
    with pytest.raises(SourceError):
        read.answers(UNREAD, FULL_SCOPE)
    asked = len(served.calls("jobs.query"))
    assert asked
    for _ in range(20):
        with pytest.raises(SourceError, match="out of order"):
            read.answers(UNREAD, FULL_SCOPE)
    assert len(served.calls("jobs.query")) == asked


# What the service says -----------------------------------------------------------------------------------------------


def test_the_moment_is_degraded_and_no_report_is(served: Warehouse, read: BigQuerySource) -> None:
    service = Service(read)
    well, told = service.exam(FULL_SCOPE, READ), service.degraded(FULL_SCOPE, READ)
    assert told == ()
    served.fail("*", times=1000, **AWAY)
    assert service.exam(FULL_SCOPE, READ) is well
    (sentence,) = service.degraded(FULL_SCOPE, READ)
    assert sentence.startswith("The source of the answers has been out of reach since ")
    with pytest.raises(SourceError):
        service.fresh_stamp()
    served.heal()
    assert service.degraded(FULL_SCOPE) == ()
    assert service.fresh_stamp() == service.stamp()


def test_a_warehouse_that_is_back_with_other_answers_is_asked_once_more() -> None:
    told = Told()
    watch = watching(told, DAY)
    watch.now()
    told.up = False
    asked: list[str] = []

    class Source:
        def stamp(self) -> Stamp:
            now = watch.now()
            return Stamp(now.fingerprint, now.as_of, now.absence)

    def ask() -> str:
        """The first question finds it away and, when it is answered, back with another state."""
        asked.append("old" if moments.degraded() else "new")
        told.up, told.state = True, replace(told.state, etag="e2")
        return asked[-1]

    moments = Moments(Source())  # type: ignore[arg-type]
    assert moments.steadily(lambda: moments.read(ask)) == "new"
    assert asked == ["old", "new"]
