"""The words on screen, apart from logic: one table of sentences a page and language, read once.

``say("items.title", n=36)`` takes the sentence ``title`` of ``en/items.toml`` and fills in its facts. Sentences that
change with a count have a twin whose name ends in ``_one``; ``count("overview.students", n)`` chooses between them.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

#: The language of the screen.
LANGUAGE = "en"

_FOLDER = Path(__file__).parent


@cache
def words(table: str, language: str = LANGUAGE) -> dict[str, str]:
    """The sentences of one table: key to text.

    Raises
    ------
    KeyError
        If there is no such table.
    """
    path = _FOLDER / language / f"{table}.toml"
    if not path.is_file():
        raise KeyError(f"There are no words {table!r} in {language}.")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def say(key: str, /, **facts: Any) -> str:
    """The sentence ``table.key`` with its facts filled in.

    Raises
    ------
    KeyError
        If there is no such sentence, or a fact that it needs is not given.
    """
    table, _, name = key.partition(".")
    return words(table)[name].format_map(facts)


def count(key: str, n: int, /, **facts: Any) -> str:
    """The sentence for ``n`` things, shown with thousands apart; ``key_one`` for one thing, where there is that."""
    table, _, name = key.partition(".")
    chosen = f"{name}_one" if n == 1 and f"{name}_one" in words(table) else name
    return words(table)[chosen].format_map({"n": f"{n:,}", **facts})
