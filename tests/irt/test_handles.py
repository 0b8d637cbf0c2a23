"""Handles of students. Invariant: the same for everybody who has the key, different for different students and keys."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import numpy as np
import pytest

from irt.handles import handle_of, handles_of, kept_key
from irt.reports import Students
from irt.responses import PersonTable

KEY = b"k" * 32


def test_reference_it_is_keyed_blake2b_of_80_bits() -> None:
    """RFC 7693, by the hash's own keyword, in one step."""
    expected = hashlib.blake2b("佐藤 007".encode(), key=KEY, digest_size=10).hexdigest()
    assert handle_of("佐藤 007", KEY) == expected
    assert len(expected) == 20


def test_invariant_each_student_and_each_key_has_its_own() -> None:
    ids = [f"s{k}" for k in range(2000)]
    handles = handles_of(ids, KEY)
    assert handles == [handle_of(student, KEY) for student in ids]
    assert len(set(handles)) == len(ids)
    assert not set(handles) & set(handles_of(ids, b"j" * 32))
    assert [handles.index(handle) for handle in sorted(handles)[:5]] != list(range(5)), "the order tells nothing"


def test_contract_keys_may_be_longer_than_the_hash_takes() -> None:
    long, other = b"k" * 100, b"k" * 101
    assert len({handle_of("s1", key) for key in (KEY, long, other)}) == 3


def test_message_without_a_key_there_is_no_handle() -> None:
    with pytest.raises(ValueError, match="need a key"):
        handle_of("s1", b"")


def test_contract_a_kept_key_is_shared_and_its_owners_alone(tmp_path: Path) -> None:
    key = kept_key(tmp_path / "cache")
    assert key is not None
    assert kept_key(tmp_path / "cache") == key
    assert stat.S_IMODE((tmp_path / "cache" / "link.key").stat().st_mode) == 0o600
    assert kept_key(None) is None
    assert kept_key(tmp_path / "cache" / "link.key") is None, "a file is no folder"


def test_contract_students_are_found_by_handle_and_hashed_once() -> None:
    hashed: list[str] = []

    def handle(student: str) -> str:
        hashed.append(student)
        return student.upper()

    ids = ("a", "b", "c", "d")
    nothing = (None,) * 4
    persons = PersonTable(ids, nothing, nothing, nothing)
    students = Students(persons, np.array([0, 2, 3]), {}, handle, True)
    assert [students.place(name) for name in ("A", "C", "D", "B", "")] == [0, 1, 2, None, None]
    assert hashed == ["a", "c", "d"]
    assert students[1:].place("C") == 0
