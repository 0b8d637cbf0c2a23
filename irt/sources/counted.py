"""Which answers count, in SQL: what :func:`irt.responses.prepare` does to rows in memory, done where the rows are.

A student's answers become bit masks, one row for each :data:`irt.sources.bits.WORD` items. Most students have no item
twice and nothing to settle: their masks come from one pass over the table. Windows run over the rows of the others
only, so that a policy costs something where it decides something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from irt.selection import AttemptPolicy, MissingPolicy, Scope, Selection
from irt.sources.bits import WORD
from irt.sources.limits import VALID, selected
from irt.sources.listed import Listed
from irt.sources.question import Value

#: Of the rows of a student and item in an exam, the one that counts comes first.
_WITHIN = {
    AttemptPolicy.FIRST: "attempt NULLS FIRST, answered_us NULLS FIRST, correct NULLS FIRST, answer NULLS FIRST",
    AttemptPolicy.LAST: (
        "attempt DESC NULLS LAST, answered_us DESC NULLS LAST, correct DESC NULLS LAST, answer DESC NULLS LAST"
    ),
    AttemptPolicy.BEST: "correct DESC NULLS LAST, attempt NULLS FIRST, answered_us NULLS FIRST, answer NULLS FIRST",
}
#: Of the answers of a student to an item in several exams, the one that counts comes first.
_BETWEEN = {
    AttemptPolicy.FIRST: "turn NULLS FIRST",
    AttemptPolicy.LAST: "turn DESC NULLS LAST",
    AttemptPolicy.BEST: "cell DESC NULLS LAST, turn NULLS FIRST",
}
#: The cells (codes of :class:`irt.responses.Cell`) that count as right or wrong.
_SCORED = {
    MissingPolicy.IGNORE: "cell >= 0",
    MissingPolicy.OMITTED_WRONG: "cell >= -1",
    MissingPolicy.WRONG: "cell >= -2",
}
#: What is told of an item, and the column that tells it.
TOLD = {"name": "item_name", "answer_key": "answer_key", "intended": "intended_difficulty"}


@dataclass(frozen=True, slots=True)
class Counted:
    """Common table expressions, without WITH, and the values of their parameters.

    ``asked`` (item_id, name, answer_key, intended) where the items were not given; ``placed`` (item_id, place, word,
    shift): the bit of each. ``marks`` (student_id, word, given, answered, scored, hit): the masks; a student who
    answered nothing may have a row. ``choices`` (student_id, item_id, answer, correct): the rows that count and name
    an option.
    """

    shared: str
    parameters: Mapping[str, Value]
    makes_items: bool


def counted(selection: Selection, scope: Scope, items: Sequence[str] | None = None) -> Counted:
    """The answers of a selection that count, under its policies.

    Parameters
    ----------
    selection : Selection
    scope : Scope
    items : sequence of str, optional
        All items of the selection in natural order, which tells what was not reached. None: their places are made in
        the query, for policies that do not ask (see :func:`needs_order`).
    """
    parameters = dict(selected(scope, selection).parameters)
    if items is None:
        source, places = "asked", asked(selection, scope)
    else:
        listed = Listed("items", {"place": range(len(items))}, text={"item_id": items})
        parameters[listed.name] = listed.rows
        source, places = listed.name, listed.sql
    placed = f"""placed AS (SELECT item_id, place, CAST(FLOOR(place / {WORD}) AS INT64) AS word,
    MOD(place, {WORD}) AS shift FROM {source})"""
    shared = ",\n".join([places, placed, _marks(selection, scope)])
    return Counted(shared, parameters, makes_items=items is None)


def asked(selection: Selection, scope: Scope) -> str:
    """The common table expression ``asked``: one row an item, what is told of it, and its place by its id."""
    told = ", ".join(f"MIN(NULLIF({column}, '')) AS {name}" for name, column in TOLD.items())
    return f"""asked AS (SELECT item_id, {told}, ROW_NUMBER() OVER (ORDER BY item_id NULLS FIRST) - 1 AS place
  FROM {_rows(selection, scope, ", ".join(["item_id", *TOLD.values()]))} GROUP BY item_id)"""


def needs_order(selection: Selection) -> bool:
    """Whether what counts depends on which items were not reached."""
    return selection.missing is MissingPolicy.OMITTED_WRONG or selection.attempts is AttemptPolicy.BEST


def _rows(selection: Selection, scope: Scope, columns: str) -> str:
    """A derived table: columns of the rows that break no rule. It is not shared, as it would be held in memory."""
    return f"(SELECT {columns} FROM {{table}} WHERE {selected(scope, selection).sql} AND {VALID}) AS kept"


def _marks(selection: Selection, scope: Scope) -> str:
    """The expressions ``packed``, ``careful`` (students of whom something must be settled), ``settled``, ``marks``."""
    # What is missing as a whole exam was not sat; of one exam such students have no answer at all.
    unsettled = "n_rows > BIT_COUNT(given)"
    if selection.missing is MissingPolicy.OMITTED_WRONG or len(selection.exams) != 1:
        unsettled += " OR given <> answered"
    everything = selection.missing is MissingPolicy.WRONG
    rows = _rows(selection, scope, "student_id, item_id, correct")
    masks = {
        "given": _mask("TRUE"),
        "answered": _mask("correct IS NOT NULL"),
        "hit": _mask("correct = 1"),
    }
    settled = {
        "given": _mask("TRUE"),
        "answered": _mask("cell >= 0"),
        "scored": _mask(_SCORED[selection.missing]),
        "hit": _mask("cell = 1"),
    }
    return f"""packed AS (SELECT student_id, word, COUNT(*) AS n_rows, {_named(masks)}
  FROM {rows} JOIN placed ON placed.item_id = kept.item_id GROUP BY student_id, word),
careful AS (SELECT DISTINCT student_id FROM packed WHERE {unsettled}),
{_settled(selection, scope)},
marks AS (SELECT student_id, word, given, answered, {"given" if everything else "answered"} AS scored, hit FROM packed
  WHERE student_id NOT IN (SELECT student_id FROM careful)
  UNION ALL SELECT student_id, word, {_named(settled)}
  FROM settled GROUP BY student_id, word),
choices AS (SELECT student_id, item_id, answer, {"IFNULL(correct, 0)" if everything else "correct"} AS correct
  FROM {_rows(selection, scope, "student_id, item_id, answer, correct")}
  WHERE IFNULL(answer, '') <> '' AND student_id NOT IN (SELECT student_id FROM careful)
  UNION ALL SELECT student_id, item_id, answer, IF({_SCORED[selection.missing]}, IF(cell = 1, 1, 0), NULL) AS correct
  FROM settled WHERE IFNULL(answer, '') <> '')"""


def _settled(selection: Selection, scope: Scope) -> str:
    """One row for each item of the careful students: the attempt that counts, and its cell."""
    columns = "student_id, item_id, exam_name, correct, answer, attempt, answered_us"
    exam = _rows(selection, scope, "exam_name, answered_us")
    order = "MIN(answered_us) NULLS FIRST, exam_name NULLS FIRST"
    return f"""exam AS (SELECT exam_name, ROW_NUMBER() OVER (ORDER BY {order}) AS turn
  FROM {exam} GROUP BY exam_name),
tried AS (SELECT student_id, kept.item_id, exam_name, correct, answer, place, word, shift,
    ROW_NUMBER() OVER (PARTITION BY student_id, exam_name, kept.item_id ORDER BY {_WITHIN[selection.attempts]}) AS nth
  FROM {_rows(selection, scope, columns)} JOIN placed ON placed.item_id = kept.item_id
  WHERE student_id IN (SELECT student_id FROM careful)),
sat AS (SELECT student_id, exam_name, MAX(IF(correct IS NULL, NULL, place)) AS reached
  FROM tried WHERE nth = 1 GROUP BY student_id, exam_name HAVING COUNT(correct) > 0),
celled AS (SELECT tried.student_id, item_id, tried.exam_name, answer, word, shift, turn,
    IFNULL(correct, IF(tried.place > reached, -2, -1)) AS cell
  FROM tried JOIN sat ON sat.student_id = tried.student_id AND sat.exam_name = tried.exam_name
  JOIN exam ON exam.exam_name = tried.exam_name WHERE nth = 1),
settled AS (SELECT student_id, item_id, answer, word, shift, cell
  FROM (SELECT student_id, item_id, answer, word, shift, cell,
      ROW_NUMBER() OVER (PARTITION BY student_id, item_id ORDER BY {_BETWEEN[selection.attempts]}) AS nth
    FROM celled) AS answers WHERE nth = 1)"""


def _mask(condition: str) -> str:
    """The bits of the rows for which a condition holds."""
    return f"BIT_OR(IF({condition}, CAST(1 AS INT64) << shift, 0))"


def _named(columns: Mapping[str, str]) -> str:
    """Columns with their names."""
    return ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
