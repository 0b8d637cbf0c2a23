"""What is installed tomorrow is what was tested today."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs_version

ROOT = Path(__file__).resolve().parents[1]


def requirements(name: str) -> list[str]:
    """The requirement lines of a file, without comments and references to other files."""
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("-r")]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_once(name: str) -> None:
    lines = requirements(name)
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[^\s;]+( ; .+)?", line)] == []
    names = [line.split("==")[0].lower() for line in lines]
    assert sorted(names) == sorted(set(names))


def test_tests_run_with_what_the_app_runs_with() -> None:
    assert "-r requirements.txt" in (ROOT / "requirements-dev.txt").read_text("utf-8")
    running = {line.split("==")[0] for line in requirements("requirements.txt")}
    assert running.isdisjoint(line.split("==")[0] for line in requirements("requirements-dev.txt"))


def test_small_plotly_js_is_the_version_that_plotly_speaks() -> None:
    wanted = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]["plotly.js-basic-dist-min"]
    assert wanted == get_plotlyjs_version()


def test_lock_file_agrees_and_names_no_registry() -> None:
    text = (ROOT / "package-lock.json").read_text("utf-8")
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    assert json.loads(text)["packages"][""]["dependencies"] == package["dependencies"]
    assert "://" not in text
    assert "resolved" not in text


def test_python_that_set_up_asks_for_is_the_one_that_the_package_needs() -> None:
    needs = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    assert needs == ">=3.11"
    assert "sys.version_info < (3, 11)" in (ROOT / ".ci" / "python.sh").read_text("utf-8")
