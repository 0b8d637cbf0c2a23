"""Contract: what is behind a view is watched too; where nothing is told of changes, answers live for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from irt.errors import SourceError
from irt.responses.table import COLUMNS
from irt.warehouse import freshness
from irt.warehouse.freshness import Freshness
from irt.warehouse.jobs import Estimate
from irt.warehouse.table_state import Field, TableState

FIELDS = tuple(Field(name, kind) for name, kind in COLUMNS.items())
MODIFIED = datetime(2026, 4, 9, tzinfo=UTC)
TABLE = TableState("p.d.answers", "TABLE", FIELDS, "e1", MODIFIED, 10, 1000)
VIEW = replace(TABLE, kind="VIEW", n_rows=0, n_bytes=0)


class Told:
    """Jobs that tell what they are given to tell, and note what is asked."""

    def __init__(self, *states: TableState, behind: tuple[str, ...] = ()) -> None:
        self.states = {state.name: state for state in states}
        self.behind = behind
        self.asked: list[str] = []

    def table(self, name: str, patience: object = None) -> TableState | None:
        self.asked.append(name)
        if name not in self.states:
            raise SourceError("Not for you.", reason="access")
        return self.states[name]

    def estimate(self, sql: str, parameters: object, name: str) -> Estimate:
        self.asked.append(name)
        return Estimate(0, self.behind)


def watching(told: Told) -> Callable[[], str]:
    watch = Freshness(told, "p.d.answers", {}, ())  # type: ignore[arg-type]
    return lambda: watch.now().fingerprint


@pytest.fixture(autouse=True)
def watchful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "BELIEVED", 0.0)


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(freshness.time, "time", lambda: seconds)


@pytest.mark.parametrize(
    "change",
    [{"etag": "e2"}, {"modified": datetime(2026, 4, 10, tzinfo=UTC)}, {"n_rows": 11}, {"n_bytes": 1001}],
    ids=lambda change: next(iter(change)),
)
def test_whatever_tells_of_a_change_counts(change: dict[str, object]) -> None:
    told = Told(TABLE)
    look = watching(told)
    before = look()
    assert look() == before
    told.states["p.d.answers"] = replace(TABLE, **change)  # type: ignore[arg-type]
    assert look() != before


def test_a_state_is_believed_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "BELIEVED", 3600.0)
    told = Told(TABLE)
    look = watching(told)
    assert {look() for _ in range(5)} == {look()}
    assert told.asked == ["p.d.answers", "check"]


def test_the_contract_is_checked_once_for_the_same_columns() -> None:
    told = Told(TABLE)
    look = watching(told)
    look()
    told.states["p.d.answers"] = replace(TABLE, etag="e2")
    look()
    assert told.asked == ["p.d.answers", "check", "p.d.answers"]
    told.states["p.d.answers"] = replace(TABLE, fields=(*FIELDS, Field("gender")))
    look()
    assert told.asked[3:] == ["p.d.answers", "check"]


def test_the_tables_behind_a_view_are_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    base = replace(TABLE, name="p.d.base", modified=datetime(2026, 5, 1, tzinfo=UTC))
    told = Told(VIEW, base, behind=("p.d.base",))
    watch = Freshness(told, "p.d.answers", {}, ())  # type: ignore[arg-type]
    before = watch.now()
    assert before.as_of == base.modified
    at(monkeypatch, 10**9)
    assert watch.now().fingerprint == before.fingerprint
    told.states["p.d.base"] = replace(base, etag="e2")
    assert watch.now().fingerprint != before.fingerprint
    assert told.asked.count("check") == 1
    told.states["p.d.answers"] = replace(VIEW, etag="defined anew")
    watch.now()
    assert told.asked.count("check") == 2


@pytest.mark.parametrize(
    "told",
    [
        Told(VIEW, behind=("p.hidden.base",)),  # an authorised view: what is behind it is not for us to see
        Told(VIEW, replace(TABLE, name="p.d.base", kind="EXTERNAL"), behind=("p.d.base",)),
        Told(replace(TABLE, kind="EXTERNAL")),
    ],
    ids=["hidden", "external behind", "external"],
)
def test_what_does_not_tell_of_changes_is_read_anew_every_ten_minutes(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = watching(told)
    at(monkeypatch, 1_800_000_000.0)
    before = look()
    at(monkeypatch, 1_800_000_599.0)
    assert look() == before
    at(monkeypatch, 1_800_000_601.0)
    assert look() != before


def test_a_table_whose_size_is_not_told_is_estimated() -> None:
    assert TABLE.is_sized
    assert not VIEW.is_sized
    assert not replace(TABLE, n_bytes=0).is_sized
    assert replace(TABLE, n_rows=0, n_bytes=0).is_sized
