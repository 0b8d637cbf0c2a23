"""Contract: the budget of a day holds across threads, processes and restarts; a bill says what each job has cost."""

from __future__ import annotations

import json
import multiprocessing
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from irt.errors import ConfirmationNeeded, SourceError
from irt.sources.spending import Limits, allowing, billable, shown_bytes
from irt.warehouse import ledger as ledger_module
from irt.warehouse.ledger import Bill, Ledger

MIB = 2**20
LIMITS = Limits(ask_bytes=100 * MIB, max_bytes=1000 * MIB, day_bytes=300 * MIB)


def bill(billed: int, cache_hit: bool = False) -> Bill:
    return Bill("job", billed, billed, cache_hit, 1.5, 3.0)


def spend(ledger: Ledger, n_bytes: int, name: str = "answers") -> None:
    with ledger.entered(name, n_bytes, f"SELECT {n_bytes}") as entry:
        entry.settle(bill(n_bytes))


@pytest.fixture(params=[True, False], ids=["disk", "memory"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "spending" if request.param else None, LIMITS)


def test_each_job_is_on_the_bill_the_latest_first(ledger: Ledger) -> None:
    spend(ledger, 100 * MIB, "catalogue")
    with ledger.entered("answers", 20 * MIB, "SELECT @subject") as entry:
        assert entry.most == 200 * MIB
        entry.settle(bill(0, cache_hit=True))
    latest, first = ledger.today()
    assert (latest.name, latest.bytes_billed, latest.cache_hit, latest.cost) == ("answers", 0, True, 0.0)
    assert (first.bytes_billed, first.seconds, first.slot_seconds, first.job_id) == (100 * MIB, 1.5, 3.0, "job")
    assert (latest.sql, first.sql) == ("SELECT @subject", f"SELECT {100 * MIB}")
    assert first.cost == LIMITS.cost(100 * MIB) == 100 / 2**20 * 6.25
    assert ledger.billed_today() == 100 * MIB


def test_a_job_that_the_budget_does_not_hold_is_refused_before_it_runs(ledger: Ledger) -> None:
    spend(ledger, 250 * MIB)
    with pytest.raises(SourceError, match=r"315 MB .* has 52\.4 MB left, and this needs about 62\.9 MB") as caught:
        spend(ledger, 60 * MIB)
    assert caught.value.facts["reason"] == "day_budget"
    spend(ledger, 50 * MIB)
    with pytest.raises(SourceError, match="has 0 bytes left"):
        spend(ledger, 0)


def test_a_running_job_counts_with_its_estimate(ledger: Ledger) -> None:
    with ledger.entered("answers", 200 * MIB, "SELECT 1") as entry:
        with pytest.raises(SourceError, match="left"):
            spend(ledger, 150 * MIB)
        assert ledger.today() == ()
        entry.settle(bill(20 * MIB))
    spend(ledger, 150 * MIB)


def test_a_job_that_fails_costs_nothing(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.entered("answers", 200 * MIB, "SELECT 1"):
        raise ZeroDivisionError
    assert ledger.billed_today() == 0
    assert ledger.today() == ()


def test_the_budget_survives_a_restart(tmp_path: Path) -> None:
    spend(Ledger(tmp_path, LIMITS), 250 * MIB)
    with pytest.raises(SourceError, match="budget"):
        spend(Ledger(tmp_path, LIMITS), 60 * MIB)
    assert len(Ledger(tmp_path, LIMITS).today()) == 1


def test_a_job_of_a_killed_process_counts_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entered = Ledger(tmp_path, LIMITS).entered("answers", 250 * MIB, "SELECT 1")
    entered.__enter__()
    with pytest.raises(SourceError, match="budget"):
        spend(Ledger(tmp_path, LIMITS), 60 * MIB)
    monkeypatch.setattr(ledger_module, "FORGET", -1.0)
    spend(Ledger(tmp_path, LIMITS), 60 * MIB)


def test_another_day_has_another_budget(tmp_path: Path) -> None:
    spend(Ledger(tmp_path, LIMITS), 250 * MIB)
    (file,) = tmp_path.glob("*.jsonl")
    file.rename(tmp_path / "2026-01-01.jsonl")
    spend(Ledger(tmp_path, LIMITS), 250 * MIB)
    assert Ledger(tmp_path, LIMITS).billed_today() == 250 * MIB


def test_half_a_line_of_a_killed_process_spoils_no_other(tmp_path: Path) -> None:
    spend(Ledger(tmp_path, LIMITS), 100 * MIB)
    (file,) = tmp_path.glob("*.jsonl")
    with file.open("a") as stream:
        stream.write('{"key": "half')
    spend(Ledger(tmp_path, LIMITS), 50 * MIB)
    assert Ledger(tmp_path, LIMITS).billed_today() == 150 * MIB


def test_the_bill_holds_names_and_numbers_for_its_owner_only(tmp_path: Path) -> None:
    spend(Ledger(tmp_path / "spending", LIMITS), 10 * MIB)
    (file,) = (tmp_path / "spending").glob("*.jsonl")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    names = {name for line in file.read_text().split("\n") if line for name in json.loads(line)}
    assert names == {
        *("key", "at", "name", "set_aside", "sql"),
        *("job_id", "processed", "billed", "cache_hit", "seconds", "slot_seconds"),
    }


def test_without_a_bill_nothing_is_spent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SourceError, match=r"cannot be kept in .*ITEMWISE_CACHE"):
        spend(Ledger(tmp_path / "file" / "spending", LIMITS), 1)


def _spend_often(folder: Path) -> None:
    ledger = Ledger(folder, Limits(day_bytes=100 * MIB))
    for _ in range(20):
        try:
            spend(ledger, 2 * MIB)
        except SourceError:
            return


def test_processes_that_spend_at_once_keep_to_one_budget(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_spend_often, args=(tmp_path,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert Ledger(tmp_path, LIMITS).billed_today() == 100 * MIB


def test_threads_that_spend_at_once_keep_to_one_budget(ledger: Ledger) -> None:
    def one(_: int) -> bool:
        try:
            spend(ledger, 20 * MIB)
        except SourceError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(40))) == 15
    assert ledger.billed_today() == 300 * MIB


def test_a_large_read_is_asked_for_with_bytes_and_cost() -> None:
    with pytest.raises(ConfirmationNeeded, match=r"about 105 MB from BigQuery, which costs about \$0\.00") as caught:
        LIMITS.check(100 * MIB + 1)
    assert caught.value.facts["bytes"] == 100 * MIB + 1
    assert caught.value.facts["cost"] == pytest.approx((100 * MIB + 1) / 2**40 * 6.25, rel=1e-12)
    LIMITS.check(100 * MIB)
    with allowing(200 * MIB):
        LIMITS.check(200 * MIB)
        with pytest.raises(ConfirmationNeeded):
            LIMITS.check(201 * MIB)


def test_no_leave_goes_beyond_the_limit_of_one_query() -> None:
    with allowing(10**18), pytest.raises(SourceError, match=r"limit of 1\.05 GB .* It would read 2\.1 GB") as caught:
        LIMITS.check(2000 * MIB)
    assert not isinstance(caught.value, ConfirmationNeeded)
    assert (caught.value.facts["limit"], caught.value.facts["need"]) == (1000 * MIB, 2000 * MIB)


def test_what_is_billed_is_whole_mebibytes_ten_at_least() -> None:
    assert [billable(n) for n in (0, 1, 10 * MIB, 10 * MIB + 1)] == [0, 10 * MIB, 10 * MIB, 11 * MIB]


@pytest.mark.parametrize(
    ("n_bytes", "shown"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (4.2e9, "4.2 GB"), (10**12, "1 TB")]
)
def test_bytes_are_shown_in_the_unit_that_fits(n_bytes: int, shown: str) -> None:
    assert shown_bytes(int(n_bytes)) == shown
