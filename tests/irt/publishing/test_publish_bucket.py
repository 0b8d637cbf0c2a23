"""Contract: what is published to a bucket is whole, equals Python's numbers and replaces its own objects only.

The real client of Cloud Storage, over real HTTP, against a server on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from exam import MOMENT, N_ITEMS, N_STUDENTS, expected, in_bucket, numbers, prepared
from flask import Response

from irt.errors import SourceError
from irt.publishing import storage
from irt.publishing.publication import Receipt
from irt.publishing.slices import Slice
from irt.publishing.storage import publish_to_bucket
from irt.publishing.target import BucketTarget
from irt.serialise import table_of
from tests.warehouse import Warehouse, storage_api

PREFIX = "results/2026/"


@pytest.fixture(autouse=True)
def school(warehouse: Warehouse) -> None:
    """The bucket that is published to."""
    warehouse.put_bucket("school")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up at once rather than after two minutes."""
    monkeypatch.setattr(storage, "DEADLINE", 0.2)
    monkeypatch.setattr(storage, "TIMEOUT", (5.0, 5.0))


def target(warehouse: Warehouse, bucket: str = "school") -> BucketTarget:
    return BucketTarget(bucket, PREFIX, warehouse.endpoint)


def names_in(warehouse: Warehouse, prefix: str = "") -> list[str]:
    return sorted(name for name in warehouse.files("school") if name.startswith(prefix))


def publish(warehouse: Warehouse, exam: str = "Term 1", seed: int = 1, rows: int = 300, **named: object) -> Receipt:
    publication, slices = prepared(exam, seed, rows, **named)
    return publish_to_bucket(target(warehouse), publication, slices, lambda _: None)


def everything(warehouse: Warehouse) -> dict[str, list[tuple[str, ...]]]:
    return {
        name: in_bucket(warehouse, name) for name in ("item_parameters", "abilities", "probabilities", "publications")
    }


def test_the_rows_are_python_s_numbers_to_the_last_digit(warehouse: Warehouse) -> None:
    receipt = publish(warehouse)
    for table, rows in expected().items():
        found = numbers(in_bucket(warehouse, table))
        assert found == sorted((receipt.selection_id, *row) for row in rows)
    assert receipt.rows == {
        "item_parameters": N_ITEMS,
        "abilities": N_STUDENTS,
        "probabilities": N_STUDENTS * N_ITEMS,
    }
    assert receipt.where == (f"gs://school/results/2026/{receipt.selection_id}/manifest.json",)


def test_the_manifest_names_the_objects_and_tells_where_the_numbers_come_from(warehouse: Warehouse) -> None:
    receipt = publish(warehouse)
    manifest = json.loads(warehouse.files("school")[f"{PREFIX}{receipt.selection_id}/manifest.json"])
    assert manifest["format"] == "itemwise-publication/1"
    assert manifest["publication"]["model"] == "1PL"
    assert manifest["publication"]["probabilities"] == 360
    assert manifest["tables"]["abilities"]["columns"]["theta"].startswith("Ability in logits")
    objects = [part["name"] for table in manifest["tables"].values() for part in table["objects"]]
    assert sorted(objects) == [name for name in names_in(warehouse) if not name.endswith("manifest.json")]
    assert sum(part["bytes"] for table in manifest["tables"].values() for part in table["objects"]) == receipt.n_bytes
    files = warehouse.files("school")
    assert all(
        len(files[part["name"]]) == part["bytes"] for table in manifest["tables"].values() for part in table["objects"]
    )


def test_publishing_again_replaces_the_objects_of_its_selection_and_no_other_s(warehouse: Warehouse) -> None:
    def content(of: Receipt) -> dict[str, bytes]:
        return {name: data for name, data in warehouse.files("school").items() if of.selection_id in name}

    first, other = publish(warehouse), publish(warehouse, "Term 2", seed=2)
    of_other = content(other)
    again = publish(warehouse, seed=3, at=MOMENT + timedelta(days=1))
    assert again.selection_id == first.selection_id
    own = [row for row in numbers(in_bucket(warehouse, "abilities")) if row[0] == first.selection_id]
    assert own == sorted((first.selection_id, *row) for row in expected(3)["abilities"])
    assert content(other) == of_other
    runs = {name.split("/")[3] for name in names_in(warehouse, PREFIX + first.selection_id)}
    assert len(runs) == 2  # one run and the manifest


def test_a_service_that_tells_no_generation_with_the_content_is_asked_for_it(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = storage_api.StorageApi._media

    def without(self: storage_api.StorageApi, found: storage_api.StoredObject) -> Response:
        answer = whole(self, found)
        answer.headers.pop("X-Goog-Generation")
        return answer

    monkeypatch.setattr(storage_api.StorageApi, "_media", without)
    publish(warehouse)
    before = names_in(warehouse)
    publish(warehouse, seed=2)
    assert [name for name in names_in(warehouse) if name in before] == [
        name for name in before if name.endswith("manifest.json")
    ]


def test_an_answer_that_is_none_may_be_asked_for_again() -> None:
    assert storage._reason(200) == "unavailable"


def test_text_that_a_spreadsheet_would_run_is_guarded(warehouse: Warehouse) -> None:
    publication, slices = prepared()
    formula = '=HYPERLINK("http://example.org")'
    names = (formula, *publication.calibration.item_names[1:])
    items = publication.items
    at = [column.name for column in items.columns].index("item_name")
    values = (*items.values[:at], names, *items.values[at + 1 :])
    changed = type(items)(items.name, items.columns, values)
    evil = type(publication)(
        publication.selection, "default", publication.calibration, changed, publication.origin, MOMENT
    )
    publish_to_bucket(target(warehouse), evil, slices, lambda _: None)
    assert [row[2] for row in in_bucket(warehouse, "item_parameters") if "HYPERLINK" in row[2]] == [f"'{formula}"]


def test_a_large_table_is_sent_in_pieces_of_bounded_size(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "CHUNK", 256 * 1024)
    publication, _ = prepared()
    rows = expected()["probabilities"] * 100
    names = ("student_id", "item_id", "probability", "lower", "upper", "correct")
    table = publication.stamped(table_of("probabilities", dict(zip(names, zip(*rows, strict=True), strict=True))))
    sent = publish_to_bucket(target(warehouse), publication, lambda: iter([Slice("probabilities", table, 1, 1)]), str)
    assert sent.n_bytes > 2 * 256 * 1024
    assert max(request.bytes_in for request in warehouse.calls("storage.objects.upload")) == 256 * 1024
    assert len(in_bucket(warehouse, "probabilities")) == 36_000


#: Every request of a publication that replaces another, by endpoint and how many of its kind come before.
REQUESTS = [
    *(("storage.objects.download", 0), ("storage.objects.insert", 0), ("storage.objects.insert", 2)),
    *(("storage.objects.insert", 5), ("storage.objects.upload", 0), ("storage.objects.upload", 2)),
    *(("storage.objects.upload", 5),),
]


def test_the_requests_above_are_those_of_a_publication(warehouse: Warehouse) -> None:
    publish(warehouse, rows=1000)
    made = [request.endpoint for request in warehouse.calls("storage.objects.*")]
    assert made.count("storage.objects.download") == 1
    assert made.count("storage.objects.insert") == made.count("storage.objects.upload") == 5
    assert set(made) == {
        "storage.objects.download",
        "storage.objects.insert",
        "storage.objects.upload",
        "storage.objects.list",
    }


@pytest.mark.parametrize(
    ("endpoint", "after", "status", "reason"),
    [
        *(
            (*request, status, reason)
            for request in REQUESTS
            for status, reason in ((403, "access"), (503, "unavailable"))
        ),
        *((*REQUESTS[-1], status, reason) for status, reason in ((401, "credentials"), (429, "quota"))),
    ],
)
def test_a_request_that_fails_leaves_the_publication_before_and_no_trace(
    warehouse: Warehouse, endpoint: str, after: int, status: int, reason: str
) -> None:
    publish(warehouse)
    before, names = everything(warehouse), names_in(warehouse)
    warehouse.fail(endpoint, times=10_000, after=after, status=status)
    with pytest.raises(SourceError) as failed:
        publish(warehouse, seed=2)
    assert failed.value.facts["reason"] == reason
    assert "127.0.0.1" not in failed.value.message
    assert everything(warehouse) == before
    assert names_in(warehouse) == names


@pytest.mark.parametrize("endpoint", ["storage.objects.download", "storage.objects.insert", "storage.objects.upload"])
def test_a_fault_that_passes_is_tried_again(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setattr(storage, "DEADLINE", 20.0)
    for k in range(3):
        warehouse.fail(endpoint, after=k, status=503)
    receipt = publish(warehouse)
    assert len(in_bucket(warehouse, "probabilities")) == receipt.rows["probabilities"] == 360


def test_a_last_answer_that_gets_lost_is_looked_up(warehouse: Warehouse) -> None:
    publish(warehouse)
    n_uploads = len(warehouse.calls("storage.objects.upload"))
    warehouse.fail("storage.objects.upload", times=100, after=n_uploads - 1, cut="answer")
    publish(warehouse, seed=2)
    assert [row[1:] for row in numbers(in_bucket(warehouse, "abilities"))] == sorted(expected(2)["abilities"])


def test_where_the_network_is_gone_at_the_last_step_nothing_that_may_be_read_is_removed(warehouse: Warehouse) -> None:
    publish(warehouse)
    n_uploads = len(warehouse.calls("storage.objects.upload"))
    warehouse.fail("storage.objects.upload", times=100, after=n_uploads - 1, cut="answer")
    warehouse.fail("storage.objects.download", times=100, after=1, status=503)
    with pytest.raises(SourceError, match=r"broke off at the last step: gs://school/results/2026/.*manifest\.json"):
        publish(warehouse, seed=2)
    assert [row[1:] for row in numbers(in_bucket(warehouse, "abilities"))] == sorted(expected(2)["abilities"])


def test_an_interruption_removes_what_was_written(warehouse: Warehouse) -> None:
    publish(warehouse)
    before, names = everything(warehouse), names_in(warehouse)
    publication, slices = prepared(seed=2)

    def interrupted() -> Iterator[Slice]:
        yield from list(slices())[:3]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish_to_bucket(target(warehouse), publication, interrupted, lambda _: None)
    assert everything(warehouse) == before
    assert names_in(warehouse) == names


def test_of_two_publishers_at_once_one_is_refused_and_leaves_nothing(warehouse: Warehouse) -> None:
    publish(warehouse)
    publication, slices = prepared(seed=2)

    def overtaken() -> Iterator[Slice]:
        yield from slices()
        publish(warehouse, seed=3)

    with pytest.raises(SourceError, match="Somebody else published this selection") as refused:
        publish_to_bucket(target(warehouse), publication, overtaken, lambda _: None)
    assert refused.value.facts == {"reason": "conflict", "again": True}
    assert [row[1:] for row in numbers(in_bucket(warehouse, "abilities"))] == sorted(expected(3)["abilities"])
    runs = {name.split("/")[3] for name in names_in(warehouse)}
    assert len(runs) == 2


def test_runs_that_were_killed_go_after_a_day_and_those_that_are_written_stay(warehouse: Warehouse) -> None:
    receipt = publish(warehouse)
    place = f"{PREFIX}{receipt.selection_id}/"
    for run, age in (("killed", 30), ("written", 1)):
        name = f"{place}{run}/abilities-00000.csv.gz"
        warehouse.buckets.put("school", name, b"", {}).created = datetime.now(UTC) - timedelta(hours=age)
    publish(warehouse, seed=2)
    names = names_in(warehouse)
    assert not [name for name in names if "killed" in name]
    assert [name for name in names if "written" in name]


def test_a_bucket_that_is_not_there_is_said(warehouse: Warehouse) -> None:
    publication, slices = prepared()
    with pytest.raises(SourceError, match="There is no bucket gs://elsewhere") as failed:
        publish_to_bucket(target(warehouse, "elsewhere"), publication, slices, lambda _: None)
    assert failed.value.facts == {"reason": "not_found", "again": False}


def test_nothing_of_what_the_service_says_is_passed_on(warehouse: Warehouse) -> None:
    told = "hanako@example.org does not have storage.objects.create access"
    warehouse.fail("storage.*", times=100, status=403, reason="forbidden", message=told)
    with pytest.raises(SourceError) as failed:
        publish(warehouse)
    assert "hanako" not in failed.value.message
    assert "roles/storage.objectUser" in failed.value.message
    assert failed.value.__cause__ is None
