"""JSON from people and programs, read strictly: each name once, no NaN, and a sentence for what is wrong."""

from __future__ import annotations

import json
from typing import NoReturn


class Unclear(ValueError):
    """Text that is no JSON, or JSON that can be understood in two ways. Says which, without repeating a value."""


def parse_json(text: str | bytes) -> object:
    """What a JSON text says.

    Raises
    ------
    Unclear
        Where it is no JSON, where an object has a name twice (programs differ in which one they take), for NaN and
        Infinity, and where it is nested too deeply.
    """
    try:
        found: object = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except Unclear:
        raise
    except (ValueError, RecursionError) as error:
        place = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Unclear(f"this is no JSON{place}") from None
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object in which each name stands once."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unclear("a name is there twice in one object")
    return found


def _no_number(name: str) -> NoReturn:
    raise Unclear(f"{name} is no number of JSON")
