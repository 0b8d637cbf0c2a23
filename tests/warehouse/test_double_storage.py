"""Contract: what the real client of Cloud Storage sees of buckets and objects on the double."""

from __future__ import annotations

import gzip
import io

import pytest
from google.api_core import exceptions
from google.cloud.storage import Bucket

from tests.warehouse import Warehouse

CHUNK = 256 * 1024


@pytest.fixture
def bucket(warehouse: Warehouse) -> Bucket:
    """A bucket through the real client."""
    return warehouse.storage().create_bucket("files")


def test_an_object_comes_back(bucket: Bucket) -> None:
    blob = bucket.blob("a folder/試験.txt")
    blob.metadata = {"made-by": "itemwise"}
    blob.upload_from_string("text", content_type="text/plain")
    found = bucket.get_blob("a folder/試験.txt")
    assert (found.download_as_bytes(), found.content_type, found.metadata) == (
        b"text",
        "text/plain",
        {"made-by": "itemwise"},
    )
    assert found.size == 4


def test_gzip_is_unpacked_for_those_who_ask_for_the_text(bucket: Bucket, warehouse: Warehouse) -> None:
    packed = gzip.compress(b"student,theta\n")
    blob = bucket.blob("scores.csv")
    blob.content_encoding = "gzip"
    blob.upload_from_string(packed, content_type="text/csv")
    assert blob.download_as_bytes() == b"student,theta\n"
    assert blob.download_as_bytes(raw_download=True) == packed
    assert warehouse.files("files") == {"scores.csv": packed}


def test_a_large_object_is_seen_when_its_last_chunk_has_come(bucket: Bucket, warehouse: Warehouse) -> None:
    blob = bucket.blob("large", chunk_size=CHUNK)
    data = bytes(range(256)) * 4096
    warehouse.fail("storage.objects.upload", status=403, after=2)
    with pytest.raises(exceptions.Forbidden):
        blob.upload_from_file(io.BytesIO(data), retry=None)
    assert [found.name for found in bucket.list_blobs()] == []
    warehouse.fail("storage.objects.upload", status=503)
    warehouse.clear()
    blob.upload_from_file(io.BytesIO(data), if_generation_match=0)
    assert bucket.blob("large").download_as_bytes() == data
    statuses = [request.status for request in warehouse.calls("storage.objects.upload")]
    assert statuses[0] == 503
    assert statuses.count(308) >= 3
    assert statuses[-1] == 200


def test_an_empty_object(bucket: Bucket) -> None:
    bucket.blob("empty").upload_from_string("")
    bucket.blob("empty in chunks", chunk_size=CHUNK).upload_from_file(io.BytesIO())
    assert [blob.size for blob in bucket.list_blobs()] == [0, 0]


def test_a_generation_that_does_not_match(bucket: Bucket) -> None:
    blob = bucket.blob("once")
    blob.upload_from_string("first", if_generation_match=0)
    first = blob.generation
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.blob("once").upload_from_string("second", if_generation_match=0)
    bucket.blob("once").upload_from_string("second", if_generation_match=first)
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.blob("once").delete(if_generation_match=first)
    assert bucket.blob("once").download_as_bytes() == b"second"


def test_a_broken_upload_is_refused(bucket: Bucket) -> None:
    blob = bucket.blob("broken")
    blob.md5_hash = "AAAAAAAAAAAAAAAAAAAAAA=="
    blob._changes.add("md5Hash")
    with pytest.raises(exceptions.BadRequest, match="md5Hash does not match"):
        blob.upload_from_string("text")
    assert not blob.exists()


def test_objects_are_listed_by_prefix_and_page(bucket: Bucket) -> None:
    for name in ("a/1", "a/2", "a/3", "b/1"):
        bucket.blob(name).upload_from_string("")
    assert [blob.name for blob in bucket.list_blobs(prefix="a/", page_size=2)] == ["a/1", "a/2", "a/3"]
    listing = bucket.list_blobs(delimiter="/")
    assert list(listing) == []
    assert listing.prefixes == {"a/", "b/"}


def test_objects_are_copied_composed_renamed_and_deleted(bucket: Bucket) -> None:
    one, two = bucket.blob("one"), bucket.blob("two")
    one.upload_from_string("1")
    two.upload_from_string("2")
    bucket.blob("both").compose([one, two])
    bucket.copy_blob(one, bucket, "copied/one")
    bucket.rename_blob(two, "renamed")
    one.delete()
    contents = {blob.name: blob.download_as_bytes() for blob in bucket.list_blobs()}
    assert contents == {"both": b"12", "copied/one": b"1", "renamed": b"2"}


def test_a_part_of_an_object(bucket: Bucket) -> None:
    bucket.blob("x").upload_from_string("0123456789")
    assert bucket.blob("x").download_as_bytes(start=2, end=4) == b"234"


def test_what_is_not_there(bucket: Bucket, warehouse: Warehouse) -> None:
    assert bucket.get_blob("nothing") is None
    with pytest.raises(exceptions.NotFound):
        warehouse.storage().get_bucket("nowhere")
    with pytest.raises(exceptions.NotFound):
        warehouse.storage().bucket("nowhere").blob("x").upload_from_string("text")


@pytest.mark.parametrize(
    ("status", "error"), [(403, exceptions.Forbidden), (404, exceptions.NotFound), (412, exceptions.PreconditionFailed)]
)
def test_faults(bucket: Bucket, warehouse: Warehouse, status: int, error: type[Exception]) -> None:
    warehouse.fail("storage.objects.insert", status=status)
    with pytest.raises(error):
        bucket.blob("x").upload_from_string("text")
    assert warehouse.files("files") == {}
