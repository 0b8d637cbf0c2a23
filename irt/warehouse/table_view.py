"""A school's own table as the table of the contract: a derived table, and each way in which it does not fit.

Names of columns come from the settings and are looked up in the table's own list of columns; values never become SQL.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from irt.errors import SourceError
from irt.responses.table import COLUMNS, REQUIRED
from irt.warehouse.table_state import Field, TableState

#: The same number for a student in every engine: the first 20 bits of the MD5 of the id.
DRAW = "CAST(CONCAT('0x', SUBSTR(TO_HEX(MD5(student_id)), 1, 5)) AS INT64)"
#: What an unscorable value of ``correct`` becomes, so that it is counted as one; NULL stays "not scored".
_UNSCORABLE = -9

_WHOLE = frozenset({"INT64"})
_NUMBERS = frozenset({"FLOAT64", "NUMERIC", "BIGNUMERIC"})
_DAYS = frozenset({"DATE", "DATETIME", "TIMESTAMP", "TIME"})
_PLAIN = frozenset({"STRING", "BOOL"}) | _WHOLE | _NUMBERS | _DAYS
#: The types that can be read as each type of the contract.
_READABLE: Mapping[str, frozenset[str]] = {
    "STRING": _PLAIN,
    "INT64": _WHOLE | _NUMBERS | {"STRING", "BOOL"},
    "TIMESTAMP": frozenset({"TIMESTAMP", "DATETIME", "DATE", "STRING"}),
}
#: An id that is stored as a float has lost its form: 7 is "7" or "7.0" as engines please.
_IDS = frozenset({"student_id", "item_id"})

#: A quoted name of BigQuery; what could end the quotation is not in it.
_NAME = re.compile(r"[\w &%=+:'<>#|.-]{1,1100}")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class TableView:
    """A table that fits the contract.

    Parameters
    ----------
    name : str
        The table, quoted.
    made : mapping of str to str
        What gives each column.
    columns : frozenset of str
        The columns of the contract that the table has.
    groups : tuple of str
        The columns behind ``group_0``, ``group_1``, ...
    """

    name: str
    made: Mapping[str, str]
    columns: frozenset[str]
    groups: tuple[str, ...]

    @property
    def sql(self) -> str:
        """The derived table with all columns."""
        return self._with(self.made)

    def text(self, sql: str) -> str:
        """A portable text for this table, in which only those columns are touched that the text names.

        So what is not asked for is not in the query at all, and needs no permission. Where none is named, all are.
        """
        sql = sql.replace("{draw}", DRAW)
        named = set(_WORD.findall(sql)) & self.made.keys()
        return sql.replace("{table}", self._with(named or self.made))

    def _with(self, wanted: Collection[str]) -> str:
        """The derived table that stands for ``{table}``."""
        columns = [f"{sql} AS {name}" for name, sql in self.made.items() if name in wanted]
        return f"(SELECT {', '.join(columns)} FROM {self.name})"


def table_view(state: TableState, names: Mapping[str, str], groups: Sequence[str]) -> TableView:
    """A table under the names and types of the contract.

    Parameters
    ----------
    state : TableState
    names : mapping of str to str
        What the table calls columns of the contract; those that are not named keep their name.
    groups : sequence of str
        Columns of the table that split students.

    Raises
    ------
    SourceError
        Reason table: one sentence with every deviation; ``facts["deviations"]`` lists them.
    """
    fields = {field.name.casefold(): field for field in state.fields}
    faults = _wrong_names(names, fields)
    found = _found(names, fields)
    faults += [
        f"there is no column {name} ({COLUMNS[name]}){_near(name, fields)}"
        for name in REQUIRED
        if name not in found and name not in names
    ]
    faults += [fault for name, field in found.items() for fault in _wrong_type(name, field, COLUMNS[name])]
    grouping = [(name, fields.get(name.casefold())) for name in groups]
    faults += [f"there is no column {name} to group by{_near(name, fields)}" for name, field in grouping if not field]
    faults += [fault for name, field in grouping if field for fault in _wrong_type(name, field, "STRING")]
    if faults:
        raise _deviates(state, faults)
    made = dict(_contract_column(name, found.get(name)) for name in COLUMNS)
    made |= {f"group_{k}": _text(field) for k, (_, field) in enumerate(grouping) if field}
    return TableView(
        quoted(state.name),
        made,
        frozenset(found),
        tuple(name for name, _ in grouping),
    )


def quoted(name: str) -> str:
    """The name of a table or column, quoted. Raises ValueError for one that is none."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a name")
    return f"`{name}`"


def _found(names: Mapping[str, str], fields: Mapping[str, Field]) -> dict[str, Field]:
    """The column behind each name of the contract. One that the settings give to another is not taken twice."""
    given = {column.casefold() for column in names.values()}
    found = {}
    for name in COLUMNS:
        column = names.get(name, name).casefold()
        if column in fields and (name in names or column not in given):
            found[name] = fields[column]
    return found


def _wrong_names(names: Mapping[str, str], fields: Mapping[str, Field]) -> list[str]:
    """Names in the settings that stand for no column, and two that stand for the same."""
    faults = [
        f"ITEMWISE_COLUMNS calls {name} {column}, which the table does not have{_near(column, fields)}"
        for name, column in names.items()
        if column.casefold() not in fields
    ]
    taken: dict[str, list[str]] = {}
    for name, column in names.items():
        taken.setdefault(column.casefold(), []).append(name)
    twice = [(names[several[0]], several) for several in taken.values() if len(several) > 1]
    return faults + [f"ITEMWISE_COLUMNS uses {column} for {' and '.join(several)}" for column, several in twice]


def _wrong_type(name: str, field: Field, wanted: str) -> list[str]:
    """What is wrong with the type of a column."""
    kind = f"ARRAY of {field.kind}" if field.mode == "REPEATED" else field.kind
    readable = _READABLE[wanted] - (_NUMBERS if name in _IDS else frozenset())
    if kind in readable:
        return []
    shown = name if field.name == name else f"{field.name} (for {name})"
    return [f"{shown} is {kind}, expected {wanted}"]


def _near(name: str, fields: Mapping[str, Field]) -> str:
    """A name that may have been meant."""
    near = difflib.get_close_matches(name.casefold(), fields, n=1)
    return f" (did you mean {fields[near[0]].name}?)" if near else ""


def _deviates(state: TableState, faults: Sequence[str]) -> SourceError:
    """Every deviation in one sentence."""
    listed = "; ".join(faults)
    return SourceError(
        f"The table {state.name} cannot be read as answers: {listed}. Name its columns in ITEMWISE_COLUMNS, or change "
        "the table (a view will do).",
        reason="table",
        again=False,
        table=state.name,
        deviations=tuple(faults),
    )


def _contract_column(name: str, field: Field | None) -> tuple[str, str]:
    """The name and the SQL of a column of the contract, NULL where the table has none."""
    if name == "answered_at":
        return "answered_us", _microseconds(field)
    if field is None:
        return name, f"CAST(NULL AS {COLUMNS[name]})"
    if name == "correct":
        return name, _score(field)
    return name, _text(field) if COLUMNS[name] == "STRING" else _whole(field)


def _text(field: Field) -> str:
    """A column as text."""
    column = quoted(field.name)
    return column if field.kind == "STRING" else f"CAST({column} AS STRING)"


def _whole(field: Field) -> str:
    """A column as whole numbers, NULL where it holds something else."""
    column = quoted(field.name)
    return column if field.kind in _WHOLE else f"SAFE_CAST({column} AS INT64)"


def _score(field: Field) -> str:
    """1, 0, NULL, and for anything else a number that is neither."""
    column = quoted(field.name)
    if field.kind in _WHOLE:
        return column
    if field.kind == "BOOL":
        return f"CAST({column} AS INT64)"
    number = f"SAFE_CAST({column} AS FLOAT64)"
    right, wrong = f"{number} = 1", f"{number} = 0"
    if field.kind == "STRING":
        right, wrong = f"{right} OR LOWER({column}) = 'true'", f"{wrong} OR LOWER({column}) = 'false'"
    return f"CASE WHEN {column} IS NULL THEN NULL WHEN {right} THEN 1 WHEN {wrong} THEN 0 ELSE {_UNSCORABLE} END"


def _microseconds(field: Field | None) -> str:
    """A time as microseconds since 1970; days and times without a zone are in UTC."""
    if field is None:
        return "CAST(NULL AS INT64)"
    column = quoted(field.name)
    if field.kind == "TIMESTAMP":
        return f"UNIX_MICROS({column})"
    return f"UNIX_MICROS({'SAFE_CAST' if field.kind == 'STRING' else 'CAST'}({column} AS TIMESTAMP))"
