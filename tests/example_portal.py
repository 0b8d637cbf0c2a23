"""The example portal of the documentation, as tests use it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

PORTAL = Path(__file__).resolve().parents[1] / "docs" / "portal"

#: Who is known to it, with what each may see.
PEOPLE: dict[str, Any] = json.loads((PORTAL / "people.json").read_text("utf-8"))


def example() -> ModuleType:
    """The portal in Python, as a module."""
    spec = importlib.util.spec_from_file_location("portal_of_the_docs", PORTAL / "portal.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
