"""Invariant: a tag is still good exactly as long as the answer is; the pages of a list are of one state."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from irt.errors import SourceError
from irt.service import Service
from irt.sources import ParquetStore
from irt.sources.absence import Absence
from tests.dashboard.small_exams import small_exam
from tests.signed import KEYS, analyst, bearer, teacher

V1 = "/api/v1"
LSAT6 = {"subject": "Law School Admission Test", "exam": "Section 6"}
ADDRESSES = [
    (f"{V1}/catalogue", {}),
    (f"{V1}/abilities", LSAT6),
    (f"{V1}/calibrations/Law School Admission Test/Section 6", {}),
    (f"{V1}/information", LSAT6),
]


@pytest.fixture
def client(app: Any) -> Any:
    return app.server.test_client()


def tag_of(client: Any, path: str = f"{V1}/items", query: Any = LSAT6, **headers: str) -> str:
    """The tag of an answer."""
    answer = client.get(path, query_string=query, headers=headers)
    assert answer.status_code == 200, answer.text
    tag: str = answer.headers["ETag"]
    return tag


# What a tag does -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "query"), ADDRESSES)
def test_what_is_held_is_not_sent_again(client: Any, path: str, query: dict[str, Any]) -> None:
    tag = tag_of(client, path, query)
    again = client.get(path, query_string=query, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    assert again.headers["Cache-Control"] == "no-store"
    assert "Accept" in again.headers["Vary"]
    assert "Content-Type" not in again.headers


def test_nothing_is_computed_for_what_is_held(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = tag_of(client)

    def computed(*_: object, **__: object) -> None:
        raise AssertionError("computed")

    monkeypatch.setattr(Service, "exam", computed)
    assert client.get(f"{V1}/items", query_string=LSAT6, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("held", "status"),
    [
        ("{tag}", 304),
        ('"{plain}"', 304),  # weak comparison
        ('"a", W/"b", {tag}', 304),
        ("*", 304),
        ('"a", W/"b"', 200),
        ("nonsense", 200),
        ('"', 200),
        ("", 200),
    ],
)
def test_tags_are_compared_as_the_standard_says(client: Any, held: str, status: int) -> None:
    tag = tag_of(client)
    sent = held.format(tag=tag, plain=tag[3:-1])
    for method in (client.get, client.head):
        answer = method(f"{V1}/items", query_string=LSAT6, headers={"If-None-Match": sent})
        assert answer.status_code == status
        assert answer.headers["ETag"] == tag


def test_any_answer_is_not_one_that_is_not_there(client: Any) -> None:
    asked = {"query_string": LSAT6 | {"exam": "Section 9"}, "headers": {"If-None-Match": "*"}}
    assert client.get(f"{V1}/items", **asked).status_code == 404


def test_a_tag_outlives_compression(client: Any) -> None:
    plain = tag_of(client)
    packed = client.get(f"{V1}/items", query_string=LSAT6, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["ETag"] == plain
    held = {"Accept-Encoding": "gzip", "If-None-Match": plain}
    assert client.get(f"{V1}/items", query_string=LSAT6, headers=held).status_code == 304


def test_each_question_has_its_own_tag(client: Any) -> None:
    asked: list[tuple[str, dict[str, Any], dict[str, str]]] = [
        ("items", LSAT6, {}),
        ("items", LSAT6, {"Accept": "text/csv"}),
        ("items", LSAT6 | {"note": "1"}, {"Accept": "text/csv"}),
        ("items", LSAT6 | {"exam": "Section 7"}, {}),
        ("items", LSAT6 | {"model": "1PL"}, {}),
        ("items", LSAT6 | {"limit": 2}, {}),
        ("items", LSAT6 | {"limit": 2, "offset": 2}, {}),
        ("items", LSAT6 | {"missing": "wrong"}, {}),
        ("counts", LSAT6, {}),
        ("counts", LSAT6 | {"what": "scores"}, {}),
    ]
    tags = [tag_of(client, f"{V1}/{name}", query, **headers) for name, query, headers in asked]
    assert len(set(tags)) == len(tags)
    assert tag_of(client, query=LSAT6 | {"format": "json", "missing": "ignore"}) == tags[0]


def test_the_description_is_held_by_its_content(client: Any) -> None:
    tag = tag_of(client, f"{V1}/openapi.json", {})
    assert client.get(f"{V1}/openapi.json", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("path", ["/healthz", f"{V1}/healthz", f"{V1}/spending"])
def test_what_is_so_just_now_has_no_tag(client: Any, path: str) -> None:
    answer = client.get(path, headers={"If-None-Match": "*"})
    assert answer.status_code == 200
    assert "ETag" not in answer.headers


def test_what_was_sent_has_no_tag(client: Any) -> None:
    body = {**LSAT6, "responses": [{"student_id": "s", "item_id": "LSAT6-1", "correct": 1}]}
    answer = client.post(f"{V1}/probabilities", json=body, headers={"If-None-Match": "*"})
    assert answer.status_code == 200
    assert "ETag" not in answer.headers


# What a tag rests on -------------------------------------------------------------------------------------------------


@pytest.fixture
def small_store(tmp_path: Path) -> ParquetStore:
    store = ParquetStore(tmp_path / "store")
    store.add(small_exam("June"))
    return store


@pytest.fixture
def small(small_store: ParquetStore, tmp_path: Path, open_app: Callable[..., Any]) -> Iterator[Any]:
    """A client over a store that changes."""
    return open_app(tmp_path / "store").server.test_client()


def test_answers_that_changed_have_another_tag(small: Any, small_store: ParquetStore) -> None:
    path = f"{V1}/catalogue"
    before = tag_of(small, path, {})
    small_store.add(small_exam("July"))
    answer = small.get(path, headers={"If-None-Match": before})
    assert answer.status_code == 200
    assert answer.headers["ETag"] != before
    assert len(answer.json["exams"]) == 2


def test_a_former_state_that_stands_in_has_no_tag(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = tag_of(small, f"{V1}/catalogue", {})
    plain, moment = ParquetStore.stamp, datetime(2026, 1, 1, tzinfo=UTC)
    absence = Absence(moment, moment, SourceError("It is gone."))
    monkeypatch.setattr(ParquetStore, "stamp", lambda self: replace(plain(self), absence=absence))
    answer = small.get(f"{V1}/catalogue", headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert "ETag" not in answer.headers
    assert any("out of reach" in warning for warning in answer.json["warnings"])
    as_csv = small.get(f"{V1}/catalogue?format=csv")
    assert any("out of reach" in warning for warning in json.loads(as_csv.headers["Itemwise-Warnings"]))
    assert "out of reach" in small.get(f"{V1}/catalogue?format=csv&note=1").text


def test_another_callers_tag_never_matches(
    tmp_path: Path, small_store: ParquetStore, open_app: Callable[..., Any]
) -> None:
    client = open_app(
        tmp_path / "store", ITEMWISE_EMBED_KEYS=KEYS, ITEMWISE_LINK_KEY="k" * 8 + "e" * 24
    ).server.test_client()
    maths = frozenset({"Maths"})
    callers = [
        analyst(),
        teacher(subjects=maths),
        teacher(subjects=maths, names=True),
        teacher(subjects=maths, classes=frozenset({"7a"})),
        teacher(subjects=maths, exams=frozenset({"June"})),
        teacher(subjects=frozenset({"Physics"})),
    ]
    tags = [tag_of(client, f"{V1}/catalogue", {}, **bearer(caller)) for caller in callers]
    assert len(set(tags)) == len(tags)
    for caller, own in zip(callers, tags, strict=True):
        others = ", ".join(tag for tag in tags if tag != own)
        answer = client.get(f"{V1}/catalogue", headers={**bearer(caller), "If-None-Match": others})
        assert answer.status_code == 200
    assert client.get(f"{V1}/catalogue", headers={"If-None-Match": ", ".join(tags)}).status_code == 401


def test_settings_that_change_answers_change_the_tag(
    tmp_path: Path, small_store: ParquetStore, open_app: Callable[..., Any]
) -> None:
    def tag(**environment: str) -> str:
        return tag_of(open_app(tmp_path / "store", **environment).server.test_client(), f"{V1}/catalogue", {})

    keys = {"ITEMWISE_LINK_KEY": "abcdefghijklmnopqrstuvwxyz012345"}
    other_keys = {"ITEMWISE_LINK_KEY": "543210zyxwvutsrqponmlkjihgfedcba"}
    assert tag(**keys) == tag(**keys)
    assert len({tag(**keys), tag(**other_keys), tag(**keys, ITEMWISE_MINIMUM_GROUP="5")}) == 3


# Pages ---------------------------------------------------------------------------------------------------------------


def test_the_next_page_is_told_in_a_header_too(client: Any) -> None:
    answer = client.get(f"{V1}/items", query_string=LSAT6 | {"limit": 2})
    assert answer.headers["Link"] == f'<{answer.json["next"]}>; rel="next"'
    last = client.get(f"{V1}/items", query_string=LSAT6 | {"offset": 4})
    assert (len(last.json["data"]), last.json["next"], "Link" in last.headers) == (1, None, False)
    beyond = client.get(f"{V1}/items", query_string=LSAT6 | {"offset": 10**9})
    assert (beyond.json["data"], beyond.json["next"]) == ([], None)


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_pages_of_two_states_are_not_mixed(small: Any, small_store: ParquetStore, kind: str) -> None:
    first = small.get(f"{V1}/counts", query_string={"exam": "June", "limit": 2, "format": kind})
    following = first.headers["Link"].partition(">")[0].removeprefix("<")
    assert small.get(following).status_code == 200
    small_store.add(small_exam("July"))
    refused = small.get(following)
    assert (refused.status_code, refused.json["code"]) == (409, "list_changed")
    assert "first page" in refused.json["detail"]
    # Without the state, as with it, the new list can be read from its start.
    assert small.get(f"{V1}/counts", query_string={"exam": "June", "limit": 2}).status_code == 200


def test_a_state_that_is_none_is_refused(client: Any) -> None:
    answer = client.get(f"{V1}/items", query_string=LSAT6 | {"state": "now"})
    assert (answer.status_code, answer.json["errors"][0]["path"]) == (400, "state")
