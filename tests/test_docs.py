"""Contract: what can be set, called or asked for is documented, and the documents hold what the code says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import irt
import irt.comparing
import irt.diagnostics
from irt.settings import SETTINGS, settings_markdown

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")])


def section(text: str, heading: str) -> str:
    """A second-level section of a document."""
    match = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert match is not None, heading
    return match[1]


def test_readme_has_the_table_of_settings() -> None:
    between = re.search(r"<!-- settings: [^>]*-->\n(.*?)\n<!-- /settings -->", README, re.S)
    assert between is not None
    assert between[1] == settings_markdown()


@pytest.mark.parametrize("setting", [setting.name for setting in SETTINGS])
def test_setting_is_in_the_readme(setting: str) -> None:
    assert f"`{setting}`" in section(README, "Settings")


ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


@pytest.mark.parametrize("package", ["irt", "dashboard"])
def test_every_room_is_on_the_map(package: str) -> None:
    within = [part for part in (ROOT / package).iterdir() if part.suffix == ".py" or (part / "__init__.py").exists()]
    rooms = {part.name + ("/" if part.is_dir() else "") for part in within}
    said = section(ARCHITECTURE, "The rooms, in the order in which data walks through them")
    named = set(re.findall(r"\w+(?:\.py|/)", said))
    assert rooms - named == set()


def test_the_ladder_of_the_map_is_the_one_that_is_checked() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        ladder = tomllib.load(file)["tool"]["importlinter"]["contracts"][0]["layers"]
    map_of_it = section(ARCHITECTURE, "Who may import whom")
    said = re.search(r"^    (dashboard, commands -> .*?)\n\n", map_of_it, re.M | re.S)
    assert said is not None
    steps = [set(re.findall(r"\w+", step)) for step in said[1].split("->")]
    assert steps == [set(re.findall(r"\w+", layer.replace("irt.", ""))) - {"__main__"} for layer in ladder]


def commands() -> dict[str, Any]:
    """The subcommands of ``python -m irt`` and their parsers."""
    import argparse

    from irt.commands.arguments import parser

    for action in parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    raise AssertionError("python -m irt has no subcommands")


def test_every_command_is_documented_and_no_other() -> None:
    documented = re.findall(r"^\| `([a-z][a-z-]*)` \|", section(REFERENCE, "Command line"), re.M)
    assert sorted(documented) == sorted(commands())


def test_every_option_of_every_command_is_documented() -> None:
    text = section(REFERENCE, "Command line") + section(REFERENCE, "Files")
    options = {
        option
        for command in commands().values()
        for action in command._actions
        for option in action.option_strings
        if option.startswith("--") and option != "--help"
    }
    assert {option for option in options if not re.search(rf"`{option}\b", text)} == set()
    documented = set(re.findall(r"`(--[a-z-]+)", text))
    assert documented - options == {"--help"} & documented


def test_every_address_of_the_api_is_documented_and_no_other(app: Any) -> None:
    rules = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in app.server.url_map.iter_rules()
        if rule.rule.startswith(("/api/", "/healthz")) and rule.endpoint != "api.nothing"
    }
    documented = set(re.findall(r"^\| `(?:GET|POST)(?:, POST)? (/\S+?)`", section(REFERENCE, "HTTP"), re.M))
    assert documented == rules


@pytest.mark.parametrize("name", sorted(irt.__all__))
def test_public_name_is_documented(name: str) -> None:
    assert f"`{name}" in section(REFERENCE, "Python")
    assert getattr(irt, name).__doc__ or name.isupper() or name.startswith("__")


@pytest.mark.parametrize(
    ("room", "name"),
    [(room, name) for room in (irt.diagnostics, irt.comparing) for name in room.__all__],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_name_for_analysts_is_documented(room: Any, name: str) -> None:
    assert re.search(rf"`{name}\b", section(REFERENCE, "Python").split(f"| `{room.__name__}` |")[1])
    assert getattr(room, name).__doc__


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?://)([^)#]+)", document.read_text("utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_python_example_of_the_readme_runs() -> None:
    code = section(README, "From a program")
    lines = [line[4:] for line in code.splitlines() if line.startswith("    ")]
    from irt.samples import LSAT6_COUNTS, lsat

    names: dict[str, Any] = {"scores": lsat(LSAT6_COUNTS).scores}
    exec("\n".join(lines), names)  # noqa: S102 - our own README
    assert names["chances"].probability.shape == (1000, 5)
