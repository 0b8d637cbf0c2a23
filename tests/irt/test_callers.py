"""Contract, message and invariant: what a grant says, and that one that is not understood grants nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irt.callers import MOST_VALUES, Caller, Grant, Role, read_grant, write_grant
from irt.errors import AccessError
from irt.selection import FULL_SCOPE, Scope
from irt.strict_json import Unclear, parse_json

LEAST: dict[str, Any] = {"subjects": ["Mathematics"], "exams": ["Term 1"], "classes": ["7a"]}


def test_what_a_grant_does_not_say_is_the_least() -> None:
    scope = Scope(frozenset({"Mathematics"}), frozenset({"Term 1"}), frozenset({"7a"}), names=False)
    assert read_grant(LEAST) == Grant(scope, Role.TEACHER, "en")
    assert read_grant({**LEAST, "classes": []}).scope.classes == frozenset()


texts = st.text(st.characters(codec="utf-8"), max_size=20)
limits = st.none() | st.frozensets(texts, max_size=5)


@given(
    st.builds(Scope, limits, limits, limits, st.booleans()),
    st.sampled_from(Role),
    st.sampled_from(["en", "ja", "pt-BR", "zh-Hant-TW"]),
)
def test_a_grant_is_read_back_as_it_was_written(scope: Scope, role: Role, language: str) -> None:
    sent = json.loads(json.dumps(write_grant(scope, role, language)))
    assert read_grant(sent) == (scope, role, language)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*LEAST, "names", "role", "language", "schools"]), json_values) | json_values)
def test_a_grant_is_read_or_refused_and_never_widened(grant: Any) -> None:
    try:
        found = read_grant(grant)
    except AccessError:
        return
    for name in LEAST:
        assert (getattr(found.scope, name) is None) is (grant[name] == "*")
    assert found.scope.names is grant.get("names", False)
    assert found.role == grant.get("role", "teacher")


@pytest.mark.parametrize(
    ("grant", "says"),
    [
        (None, "an object with subjects, exams and classes"),
        ([], "an object with subjects, exams and classes"),
        ("*", "an object with subjects, exams and classes"),
        ({}, "subjects of a grant must be a list"),
        *(({name: value for name, value in LEAST.items() if name != left}, left) for left in LEAST),
        *(({**LEAST, "classes": value}, "classes of a grant") for value in (None, "7a", "", "**", True, 7, {"7a": 1})),
        *(({**LEAST, "exams": [value]}, "exams of a grant") for value in (None, 1, ["*"], "x" * 201, "\ud800")),
        (
            {**LEAST, "subjects": [str(k) for k in range(MOST_VALUES + 1)]},
            "subjects of a grant may list at most 1,000 names, not 1,001",
        ),
        *(({**LEAST, "names": value}, "true or false") for value in (1, 0, "true", None, [])),
        *(({**LEAST, "role": value}, "teacher or analyst") for value in ("admin", "Teacher", None, 1, ["analyst"])),
        *(
            ({**LEAST, "language": value}, "a tag such as en")
            for value in ("", "e", "en_GB", "en\n", None, 1, "x" * 99)
        ),
        ({**LEAST, "class": ["7a"]}, "A grant has no 'class'; it has classes, exams, language, names, role, subjects"),
        ({**LEAST, "x" * 9_000: 1}, "A grant has no 'xxx"),
    ],
)
def test_a_grant_that_is_not_understood_grants_nothing(grant: Any, says: str) -> None:
    with pytest.raises(AccessError, match=says) as caught:
        read_grant(grant)
    assert len(caught.value.message) < 400


def test_a_star_within_a_list_is_a_name() -> None:
    assert read_grant({**LEAST, "classes": ["*"]}).scope.classes == frozenset({"*"})


@pytest.mark.parametrize(
    ("role", "scope", "spends", "imports"),
    [
        (Role.ANALYST, FULL_SCOPE, True, True),
        (Role.ANALYST, Scope(names=False), True, False),
        (Role.ANALYST, Scope(classes=frozenset({"7a"})), True, False),
        (Role.TEACHER, FULL_SCOPE, False, False),
    ],
)
def test_who_may_spend_and_import(role: Role, scope: Scope, spends: bool, imports: bool) -> None:
    caller = Caller("ada", scope, role)
    assert (caller.may_spend, caller.may_import) == (spends, imports)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON at line 1"),
        ('{\n"a": }', "no JSON at line 2"),
        ('{"a": 1, "a": 2}', "a name is there twice"),
        ('[{"b": {"a": 1, "a": 1}}]', "a name is there twice"),
        ("NaN", "NaN is no number"),
        ("[-Infinity]", "-Infinity is no number"),
        ("[" * 100_000, "no JSON"),
        ("9" * 5_000, "no JSON"),
        (b"\xff", "no JSON"),
    ],
)
def test_json_that_is_not_clear_is_refused(text: str | bytes, says: str) -> None:
    with pytest.raises(Unclear, match=says):
        parse_json(text)
