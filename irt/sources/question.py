"""A question put to a table of answers, as SQL that DuckDB and BigQuery both take.

The texts keep to a small subset of GoogleSQL. Three things differ between engines: what stands for ``{table}``, what
stands for ``{draw}``, and the mark of a parameter, here ``@name``. Values travel as parameters only. The order of NULL
is always written out, since its default differs.

``{table}`` is a derived table with every column of :data:`irt.responses.table.COLUMNS` (NULL where a table lacks one;
for ``answered_at`` its time as ``answered_us``, INT64 microseconds since 1970 in UTC) and the groupings as ``group_0``,
``group_1``, ... ``{draw}`` is an expression over a column ``student_id``: a whole number from 0 to :data:`DRAWS` - 1
that is the same for a student in every engine and as good as random.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

#: How many values ``{draw}`` has.
DRAWS = 2**20

Kind = Literal["text", "integer", "number"]
Value = str | int | float | tuple[str, ...]
Table = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Part:
    """One table of an answer.

    Parameters
    ----------
    sql : str
        A SELECT over ``{table}`` and the question's shared expressions.
    columns : mapping of str to {"text", "integer", "number"}
        The columns to return. Text that is empty or NULL comes back as None, a number that is NULL as nan; integers are
        never NULL. Times travel as integers.
    tall : bool
        About as many rows as there are students. The SELECT then also has a column ``draw`` (``{draw} AS draw``), by
        which an engine may split the rows.
    """

    sql: str
    columns: Mapping[str, Kind]
    tall: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """Some tables that are asked for at once.

    Parameters
    ----------
    name : str
        What is asked, in lower case: stands on bills and in logs.
    parts : mapping of str to Part
    parameters : mapping of str to str, int, float or tuple of str
    shared : str
        Common table expressions for all parts, without WITH: ``kept AS (...), item AS (...)``; "" for none.
    """

    name: str
    parts: Mapping[str, Part]
    parameters: Mapping[str, Value] = field(default_factory=dict)
    shared: str = ""


class Engine(Protocol):
    """Answers questions from one state of the data.

    ``columns`` are those of the contract that the table really has, ``groups`` the columns behind ``group_0``, ...
    """

    columns: frozenset[str]
    groups: tuple[str, ...]

    def ask(self, question: Question) -> Mapping[str, Table]:
        """The table of each part: text as object arrays with None, integers as int64, numbers as float64.

        Raises SourceError.
        """
        ...
