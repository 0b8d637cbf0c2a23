"""Words on screen: every one that is asked for is there, and none lies about unused."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import dashboard
import irt
from dashboard.words import count, say, words

HOME = Path(dashboard.__file__).parent
TABLES = sorted(path.stem for path in (HOME / "words" / "en").glob("*.toml"))
MODULES = sorted(HOME.rglob("*.py"))


@cache
def texts(module: Path) -> list[tuple[str, str]]:
    """Each text constant of a module as (pattern, constant): a formatted one as a pattern with the constant empty."""
    found = []
    tree = ast.parse(module.read_text(encoding="utf-8"))
    pieces = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [re.escape(p.value) if isinstance(p, ast.Constant) else r"([\w-]*)" for p in node.values]
            pieces |= {id(part) for part in node.values}
            found.append(("".join(parts), ""))
    whole = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in pieces]
    return found + [(re.escape(node.value), node.value) for node in whole if isinstance(node.value, str)]


@cache
def values() -> frozenset[str]:
    """Every text that is written somewhere in the program: what names of words may be made from."""
    modules = [*MODULES, *sorted(Path(irt.__file__).parent.rglob("*.py"))]
    written = {constant for module in modules for _, constant in texts(module) if len(constant) < 40}
    return frozenset(written | {re.sub(r"\W", "", constant) for constant in written})


@cache
def asked_for(table: str) -> tuple[set[str], set[str]]:
    """Names of a table that the code asks for in full, and names that it can make from parts."""
    plain, made, constants = set(), set(), values()
    for module in MODULES:
        found = texts(module)
        for pattern, constant in found:
            if constant.startswith(f"{table}.") and re.fullmatch(rf"{table}\.\w+", constant):
                plain.add(constant.partition(".")[2])
            elif not constant and pattern.startswith(re.escape(f"{table}.")):
                for name in words(table):
                    match = re.fullmatch(pattern, f"{table}.{name}")
                    if match and all(not part or part in constants or part[1:] in constants for part in match.groups()):
                        made.add(name)
    return plain, made


@pytest.mark.parametrize("table", TABLES)
def test_contract_every_word_asked_for_is_there(table: str) -> None:
    plain, _ = asked_for(table)
    assert plain - set(words(table)) == set()


@pytest.mark.parametrize("table", TABLES)
def test_contract_no_word_is_left_over(table: str) -> None:
    plain, made = asked_for(table)
    used = plain | made
    twins = {name for name in words(table) if name.removesuffix("_one") in used}
    assert set(words(table)) - used - twins == set()


@pytest.mark.parametrize("table", TABLES)
def test_contract_words_are_text_with_named_gaps(table: str) -> None:
    for name, text in words(table).items():
        assert isinstance(text, str), name
        assert "{}" not in text, name


def test_message_counts_choose_the_twin() -> None:
    assert count("frame.said_students", 1) == "1 student"
    assert count("frame.said_students", 1200) == "1,200 students"


def test_message_missing_fact_is_an_error_not_a_gap() -> None:
    with pytest.raises(KeyError):
        say("frame.said_students")
    with pytest.raises(KeyError):
        say("nowhere.at_all")
