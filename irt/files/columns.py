"""What each column of a file becomes: decided from headers and values, or refused with a question."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from irt.errors import Fault, ImportFault
from irt.files.grid import Grid
from irt.files.marks import ALIASES, LONG_ALIASES, MISSING_MARKS, ONES, TOTAL_MARKS, ZEROS, normalised
from irt.responses.key import OmittedPolicy, option_label
from irt.responses.table import COLUMNS

_ITEM_COLUMNS = {"item_id", "correct", "item_name", "intended_difficulty", "answer", "answer_key"}
_EXAMPLES = 3
_SHOWN = 40


class Layout(StrEnum):
    """How a file is laid out."""

    LONG = "long"
    WIDE = "wide"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What a reader says about a file that the file does not say itself.

    Parameters
    ----------
    subject, exam : str, optional
        For files without the columns subject_name and exam_name, or with empty cells there.
    student : str, optional
        The column that names the student. Default: ``student_id``.
    items, properties : tuple of str
        Columns that are items, or properties of students; ``*`` stands for any text (``Q*``). With items, no other
        column is one.
    key : mapping of str to str, optional
        The right option of each item.
    omitted : OmittedPolicy
        What an empty answer is; default: missing.
    encoding : str, optional
        Default: the first of UTF-8, cp932 and cp1252 that fits.
    """

    subject: str | None = None
    exam: str | None = None
    student: str | None = None
    items: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    key: Mapping[str, str] | None = None
    omitted: OmittedPolicy = OmittedPolicy.MISSING
    encoding: str | None = None

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "omitted", OmittedPolicy(self.omitted))
        except ValueError:
            raise ImportFault(f"Omitted answers are 'missing' or 'wrong', not {self.omitted!r}.") from None


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """What one column of a file becomes.

    Parameters
    ----------
    name : str
        The header.
    becomes : str
        A column of the responses table (``student_id``, ...), ``item``, ``property``, ``left out``, or ``undecided``.
    examples : tuple of str
        The first different values.
    n_missing : int
        Empty cells.
    """

    name: str
    becomes: str
    examples: tuple[str, ...]
    n_missing: int


_CONTRACT = {normalised(name): name for name in COLUMNS}


def layout_of(grid: Grid) -> Layout:
    """Long if there is a column of items, else wide."""
    names = {_CONTRACT.get(normalised(name)) for name in grid.header}
    if "item_id" in names and names & {"correct", "answer"}:
        return Layout.LONG
    usual = {LONG_ALIASES.get(normalised(name)) for name in grid.header} | names
    return Layout.LONG if {"student_id", "item_id"} <= usual and usual & {"correct", "answer"} else Layout.WIDE


def plan_columns(grid: Grid, layout: Layout, options: ImportOptions) -> tuple[ColumnPlan, ...]:
    """What each column becomes. Raises ImportFault for doubled headers and for options that name no column."""
    _refuse_doubles(grid)
    _refuse_unknown(grid, options)
    plans = []
    key = key_of(options)
    for position, name in enumerate(grid.header):
        counts = Counter(grid.cells[:, position])
        n_missing = sum(counts.pop(mark, 0) for mark in MISSING_MARKS)
        distinct = list(counts)
        becomes = (
            _contract_column(name, layout, options, key)
            or _alias(grid, position, layout, options, key)
            or _other_column(name, distinct, layout, options, key)
        )
        if becomes == "undecided" and _spoilt_item(distinct, options, key):
            distinct.sort(key=(ONES | ZEROS).__contains__)  # what keeps it from being an item comes first
        plans.append(ColumnPlan(name, becomes, tuple(distinct[:_EXAMPLES]), n_missing))
    _refuse_doubles(grid, plans)
    return tuple(plans)


def undecided(plans: tuple[ColumnPlan, ...], name: str) -> ImportFault | None:
    """The question that undecided columns put to the reader, if there are any."""
    open_plans = [plan for plan in plans if plan.becomes == "undecided"]
    if not open_plans:
        return None
    faults = [Fault(f"column {plan.name}", f"holds {', '.join(map(shown, plan.examples))}") for plan in open_plans]
    spoilt = any(not _number(example) for plan in open_plans for example in plan.examples)
    missing = " A missing answer is an empty cell, NA, - or a full stop." if spoilt else ""
    return ImportFault(
        f"{name}: it is not clear what some columns are, since they hold neither just 0, 1 and empty cells nor text. "
        "Name the items (--items), name these columns as the students' (--student) or as their properties "
        f"(--properties), or give a key (--key).{missing}",
        faults,
        columns=tuple(plan.name for plan in open_plans),
    )


def key_of(options: ImportOptions) -> dict[str, str]:
    """The key with labels as answers have them, by :func:`item_key`."""
    key: dict[str, str] = {}
    for item, right in (options.key or {}).items():
        if key.setdefault(item_key(item), option_label(right)) != option_label(right):
            raise ImportFault(f"The key has two right options for {item!r}: {key[item_key(item)]} and {right}.")
    return key


def item_key(name: str) -> str:
    """An item's name as keys and tables are matched: ``Item_1`` is ``item 1``, but not ``item 11``."""
    return "_".join(unicodedata.normalize("NFKC", name).casefold().replace("_", " ").split())


def named(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether one of the patterns fits a name."""
    return any(fnmatchcase(name.casefold(), _literal_brackets(pattern.strip().casefold())) for pattern in patterns)


def shown(value: str) -> str:
    """A value in quotes, shortened for a message."""
    return repr(value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…")


def _literal_brackets(pattern: str) -> str:
    """Only ``*`` and ``?`` are signs here; headers may hold brackets."""
    return pattern.replace("[", "[[]")


def _contract_column(name: str, layout: Layout, options: ImportOptions, key: Mapping[str, str]) -> str | None:
    """The column of the responses table that a header names."""
    if options.student is not None and name.casefold() == options.student.strip().casefold():
        return "student_id"
    if named(name, options.items) or named(name, options.properties) or item_key(name) in key:
        return None
    found = _CONTRACT.get(normalised(name))
    if found == "student_id" and options.student is not None:
        return None
    if layout is Layout.WIDE and found in _ITEM_COLUMNS:
        return None
    return found


def _alias(grid: Grid, position: int, layout: Layout, options: ImportOptions, key: Mapping[str, str]) -> str | None:
    """The column of the table that another usual name stands for; in wide files students' ids must all differ."""
    aliases = ALIASES if layout is Layout.WIDE else LONG_ALIASES
    name, header = grid.header[position], [normalised(other) for other in grid.header]
    found = aliases.get(header[position])
    taken = [_CONTRACT.get(other) or aliases.get(other) for other in header]
    chosen = (*options.items, *options.properties)
    if found is None or named(name, chosen) or item_key(name) in key or taken.index(found) != position:
        return None
    if found in {_CONTRACT.get(other) for other in header}:
        return None
    if found == "student_id" and options.student is not None:
        return None
    if found == "student_id" and layout is Layout.WIDE:
        cells = grid.cells[:, position]
        return found if len({*cells} - MISSING_MARKS) == len(cells) else None
    return found


def _other_column(
    name: str, distinct: list[str], layout: Layout, options: ImportOptions, key: Mapping[str, str]
) -> str:
    """What a column becomes that the contract does not name."""
    if named(name, options.properties):
        return "property"
    is_text = any(not _number(value) for value in distinct)
    if layout is Layout.LONG:
        return "property" if is_text and name else "left out"
    if not name:
        return "left out"
    if named(name, options.items) or (not options.items and item_key(name) in key):
        return "item"
    if not distinct:
        return "left out"
    if not options.items and not key and set(distinct) <= ONES | ZEROS:
        return "item"
    if is_text and not _spoilt_item(distinct, options, key):
        return "property"
    return "left out" if options.items or normalised(name) in TOTAL_MARKS else "undecided"


def _spoilt_item(distinct: list[str], options: ImportOptions, key: Mapping[str, str]) -> bool:
    """Whether text stands among 0 and 1 (``n/a``): made a property, the item would be lost in silence."""
    return not options.items and not key and not ONES.isdisjoint(distinct) and not ZEROS.isdisjoint(distinct)


def _number(value: str) -> bool:
    """Whether a value is a number, with a decimal point or comma, or a percentage."""
    return re.fullmatch(r"[+-]?\d+([.,]\d+)*\s*%?", value) is not None


def _refuse_doubles(grid: Grid, plans: list[ColumnPlan] | None = None) -> None:
    """Refuse a header that occurs twice, and two columns that become the same column of the table."""
    seen: dict[str, str] = {}
    faults = []
    for position, header in enumerate(grid.header):
        becomes = header if plans is None else plans[position].becomes
        if not becomes or (plans is not None and becomes not in COLUMNS):
            continue
        if becomes.casefold() in seen:
            faults.append(Fault(f"column {position + 1}", f"{header!r} again after {seen[becomes.casefold()]}"))
        else:
            seen[becomes.casefold()] = f"{header!r} in column {position + 1}"
    if faults:
        raise ImportFault(f"{grid.name}: each column needs a name of its own.", faults, file=grid.name)


def _refuse_unknown(grid: Grid, options: ImportOptions) -> None:
    """Refuse options that name a column that is not there."""
    asked = {"student": (options.student,) if options.student else (), "items": options.items}
    for option, patterns in (asked | {"properties": options.properties}).items():
        lost = [pattern for pattern in patterns if not any(named(name, (pattern,)) for name in grid.header)]
        if lost:
            shown = ", ".join(name for name in grid.header[:20] if name)
            raise ImportFault(
                f"{grid.name} has no column {', '.join(map(repr, lost))} (--{option}). It has: {shown}.", file=grid.name
            )
