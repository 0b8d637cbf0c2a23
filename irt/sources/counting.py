"""Item statistics, chosen options and scores of a selection, added up in SQL: few rows come back, whoever sat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.items import Floats, closed, frozen
from irt.natural import natural_key, natural_order
from irt.responses import Dropped, ItemTable, repeated_attempts
from irt.selection import Scope, Selection
from irt.sources.answers import check_selection
from irt.sources.bits import WORD
from irt.sources.counted import TOLD, Counted, asked, counted, needs_order
from irt.sources.limits import RULES, VALID, selected
from irt.sources.question import Engine, Part, Question, Table

Integers = NDArray[np.int64]

#: Groups of students for the shares of options, as in :func:`irt.diagnostics.option_shares`.
FIFTHS = 5
#: A variance below this is what rounding leaves where nothing varies, as in :func:`irt.diagnostics.classical`.
_DUST = 1e-12


@dataclass(frozen=True, slots=True)
class OptionCounts:
    """The chosen options, one entry an item and option, in natural order of items and options.

    Parameters
    ----------
    item : ndarray of int, shape (n_rows,)
        Place of the item.
    label : tuple of str
    is_key : ndarray of bool
    n : ndarray of int
        Students who chose it.
    by_fifth : ndarray of int, shape (n_rows, 5)
        The same in fifths of those who chose an option of the item, by their share right of the other items, weakest
        first.
    """

    item: Integers
    label: tuple[str, ...]
    is_key: NDArray[np.bool_]
    n: Integers
    by_fifth: Integers


@dataclass(frozen=True, slots=True)
class ScoreCounts:
    """How many students got each number right of how many items given, one entry each; rising by given, then score."""

    given: Integers
    score: Integers
    n: Integers


@dataclass(frozen=True, slots=True)
class Counts:
    """What the answers of a selection add up to, under its policies. Arrays over items have shape (n_items,).

    Parameters
    ----------
    items : ItemTable
        In natural order.
    n_given : ndarray of int
        Students to whom the item was given.
    n, n_right : ndarray of int
        Scored answers, and right ones.
    item_total_r, item_rest_r : ndarray
        As in :class:`irt.diagnostics.ClassicalStatistics`; nan where they cannot be had.
    n_rest : ndarray of int
        Students behind ``item_rest_r``: those with an answer to the item and to another one.
    options : OptionCounts
        Empty where the table records no options.
    scores : ScoreCounts
    n_students : int
        Students who answered at least one item.
    n_rows : int
        Rows that came in, those left out counted.
    dropped : tuple of Dropped
        Rows that break the table contract, and answers that do not count.
    """

    items: ItemTable
    n_given: Integers
    n: Integers
    n_right: Integers
    item_total_r: Floats
    item_rest_r: Floats
    n_rest: Integers
    options: OptionCounts
    scores: ScoreCounts
    n_students: int
    n_rows: int
    dropped: tuple[Dropped, ...]

    @property
    def proportion_correct(self) -> Floats:
        """Share of right answers among the scored ones; nan without any."""
        return frozen(_ratio(self.n_right, self.n))

    @property
    def n_answers(self) -> int:
        """Scored answers in all."""
        return int(self.n.sum())


def counts(engine: Engine, selection: Selection, scope: Scope) -> Counts:
    """Count the answers of a selection where they are.

    Raises
    ------
    NotFoundError
        If the selection names a subject or an exam that is not there or not in scope.
    SourceError
        If the engine fails.

    Notes
    -----
    One question; one more before it where a policy asks for the natural order of the items. Sums are over whole numbers
    of students with the same counts, and squares are taken from the mean, so that nothing is lost to rounding: the
    correlations agree with :func:`irt.diagnostics.classical` to 1e-9.
    """
    told = read_items(engine, selection, scope) if needs_order(selection) else None
    answers = counted(selection, scope, None if told is None else told.item_ids)
    found = engine.ask(counts_question(selection, scope, answers, "answer" in engine.columns))
    if told is None:
        told = _items(found["item"])
    if not told.item_ids or set(selection.exams) - set(found["exam"]["exam"]):
        check_selection(engine, selection, scope)
    return _counts(told, found, selection)


def read_items(engine: Engine, selection: Selection, scope: Scope) -> ItemTable:
    """The items of a selection in natural order.

    Raises NotFoundError if the selection names what is not there, SourceError if the engine fails.
    """
    told = _items(engine.ask(items_question(selection, scope))["item"])
    if not told.item_ids:
        check_selection(engine, selection, scope)
    return told


# What is asked ------------------------------------------------------------------------------------------------------


def items_question(selection: Selection, scope: Scope) -> Question:
    """The items of a selection and what is told of them."""
    return Question("items", {"item": _TOLD}, selected(scope, selection).parameters, asked(selection, scope))


def counts_question(selection: Selection, scope: Scope, answers: Counted, has_options: bool) -> Question:
    """Parts ``sum``, ``rows``, ``exam``; ``item`` unless items were given; ``option`` if the table has them."""
    where = selected(scope, selection)
    rules, earlier = [], "TRUE"
    for k, rule in enumerate(RULES.values()):
        rules.append(f"COUNT(IF({earlier} AND {rule}, 1, NULL)) AS rule_{k}")
        earlier += f" AND NOT ({rule})"
    rows = f"\nSELECT COUNT(*) AS n_rows, {', '.join(rules)} FROM {{table}} WHERE {where.sql}"
    exams = f"\nSELECT DISTINCT exam_name AS exam FROM {{table}} WHERE {where.sql} AND {VALID}"
    parts = {
        "sum": _sum(),
        "rows": Part(rows, {"n_rows": "integer", **{f"rule_{k}": "integer" for k in range(len(rules))}}),
        "exam": Part(exams, {"exam": "text"}),
    }
    if answers.makes_items:
        parts["item"] = _TOLD
    if has_options:
        parts["option"] = _option()
    return Question("counts", parts, answers.parameters, f"{answers.shared},\n{_TOTAL}")


#: The items and what is told of them.
_TOLD = Part(f"\nSELECT item_id, {', '.join(TOLD)} FROM asked", {"item_id": "text", **dict.fromkeys(TOLD, "text")})

#: One row a student who answered something: items given, scored, right.
_TOTAL = """total AS (SELECT student_id, SUM(BIT_COUNT(given)) AS n_given, SUM(BIT_COUNT(scored)) AS n_scored,
    SUM(BIT_COUNT(hit)) AS n_hit
  FROM marks GROUP BY student_id HAVING SUM(BIT_COUNT(answered)) > 0)"""

#: The sums of an item: those of its correlation with the share right, then with the share right of the other items.
_SUMS = {
    "n": "SUM(n)",
    "n_right": "SUM(n * x)",
    "yy": "SUM(n * POW(y - mean_y, 2))",
    "xy": "SUM(n * x * (y - mean_y))",
    "n_rest": "SUM(IF(rest IS NULL, 0, n))",
    "right_rest": "SUM(IF(rest IS NULL, 0, n * x))",
    "yy_rest": "SUM(n * POW(rest - mean_rest, 2))",
    "xy_rest": "SUM(n * x * (rest - mean_rest))",
}


def _sum() -> Part:
    """Rows of three kinds, so that the answers are gone over once.

    0, an item: ``n_given`` and the sums of :data:`_SUMS`. 1, a score: ``n`` students with ``n_right`` of ``n_given``.
    2, one row: answers of which attempts had to be settled (``n_given``), those left (``n``), those of exams that were
    sat (``n_right``), those left of several exams (``n_rest``).

    Students are first counted by their number of scored and of right answers, with a column for each bit: far fewer
    rows than answers are left.
    """
    bits = range(WORD)
    masks = ("given", "scored", "hit")
    counted_bits = ", ".join(f"SUM(({mask} >> {k}) & 1) AS {mask}_{k}" for mask in masks for k in bits)
    of_item = ", ".join(
        f"CASE shift {' '.join(f'WHEN {k} THEN {mask}_{k}' for k in bits)} END AS {mask}" for mask in masks
    )
    sums = ", ".join(f"{sql} AS {name}" for name, sql in _SUMS.items())
    nothing = ", ".join(f"NULL AS {name}" for name in list(_SUMS)[2:])
    sql = f"""
WITH wide AS (SELECT word, n_scored, n_hit, {counted_bits}
  FROM marks JOIN total ON total.student_id = marks.student_id GROUP BY word, n_scored, n_hit),
cell AS (SELECT item_id, n_scored, n_hit, {of_item}
  FROM wide JOIN placed ON placed.word = wide.word),
outcome AS (SELECT item_id, given AS n_given, hit AS n, 1 AS x, n_hit / n_scored AS y,
    (n_hit - 1) / NULLIF(n_scored - 1, 0) AS rest FROM cell
  UNION ALL SELECT item_id, 0 AS n_given, scored - hit AS n, 0 AS x, n_hit / n_scored AS y,
    n_hit / NULLIF(n_scored - 1, 0) AS rest FROM cell),
mean AS (SELECT item_id, SUM(n * y) / NULLIF(SUM(n), 0) AS mean_y,
    SUM(n * rest) / NULLIF(SUM(IF(rest IS NULL, 0, n)), 0) AS mean_rest
  FROM outcome GROUP BY item_id)
SELECT 0 AS kind, outcome.item_id AS item_id, SUM(n_given) AS n_given, {sums}
FROM outcome JOIN mean ON mean.item_id = outcome.item_id GROUP BY outcome.item_id
UNION ALL SELECT 1 AS kind, NULL AS item_id, n_given, COUNT(*) AS n, n_hit AS n_right, {nothing}
FROM total GROUP BY n_given, n_hit
UNION ALL SELECT 2 AS kind, NULL AS item_id, tries, once, sat, NULL, NULL, one, NULL, NULL, NULL
FROM (SELECT COUNT(*) AS tries, COUNT(IF(nth = 1, 1, NULL)) AS once FROM tried) AS attempt
CROSS JOIN (SELECT COUNT(*) AS sat FROM celled) AS sitting CROSS JOIN (SELECT COUNT(*) AS one FROM settled) AS answer"""
    return Part(sql, {"kind": "integer", "item_id": "text", "n_given": "integer", **dict.fromkeys(_SUMS, "number")})


def _option() -> Part:
    """One row for each item, option and fifth (0 the weakest), by mid-rank among those who chose."""
    below, above = (
        f"SUM(n) OVER (PARTITION BY item_id ORDER BY rest{order})" for order in (" NULLS FIRST", " DESC NULLS LAST")
    )
    everybody = "SUM(n) OVER (PARTITION BY item_id)"
    sql = f"""
WITH chosen AS (SELECT item_id, answer, COUNT(*) AS n,
    IFNULL((n_hit - IF(correct = 1, 1, 0)) / NULLIF(n_scored - IF(correct IS NULL, 0, 1), 0), 0.5) AS rest
  FROM choices JOIN total ON total.student_id = choices.student_id
  GROUP BY item_id, answer, n_scored, n_hit, correct),
ranked AS (SELECT item_id, answer, n,
    FLOOR(({below} + {everybody} - {above}) / 2 * {FIFTHS} / {everybody}) AS fifth
  FROM chosen)
SELECT item_id, answer, fifth, SUM(n) AS n FROM ranked GROUP BY item_id, answer, fifth"""
    return Part(sql, {"item_id": "text", "answer": "text", "fifth": "integer", "n": "integer"})


# What is read -------------------------------------------------------------------------------------------------------


def _items(found: Table) -> ItemTable:
    """Items in natural order."""
    order = natural_order(found["item_id"])
    ids, names, keys, intended = (found[name][order].tolist() for name in ("item_id", *TOLD))
    named = (item if name is None else name for item, name in zip(ids, names, strict=True))
    return ItemTable(tuple(ids), tuple(named), tuple(keys), tuple(intended))


def _counts(told: ItemTable, found: Mapping[str, Table], selection: Selection) -> Counts:
    """From what an engine returns to the noun of the house."""
    total = found["sum"]
    item, score, settled = ({name: column[total["kind"] == k] for name, column in total.items()} for k in range(3))
    place = {item_id: k for k, item_id in enumerate(told.item_ids)}
    at = np.array([place[item_id] for item_id in item["item_id"]], dtype=np.intp)

    def over_items(name: str) -> Floats:
        column = np.zeros(len(place))
        column[at] = np.nan_to_num(item[name])
        return column

    sums = {name: over_items(name) for name in ("n_given", *_SUMS)}
    order = np.lexsort((score["n_right"], score["n_given"]))
    given, right, students = (_whole(score[name][order]) for name in ("n_given", "n_right", "n"))
    return Counts(
        items=told,
        n_given=_whole(sums["n_given"]),
        n=_whole(sums["n"]),
        n_right=_whole(sums["n_right"]),
        item_total_r=_correlation(sums["n"], sums["n_right"], sums["yy"], sums["xy"]),
        item_rest_r=_correlation(sums["n_rest"], sums["right_rest"], sums["yy_rest"], sums["xy_rest"]),
        n_rest=_whole(sums["n_rest"]),
        options=_options(told, place, found.get("option")),
        scores=ScoreCounts(given, right, students),
        n_students=int(students.sum()),
        n_rows=int(found["rows"]["n_rows"][0]),
        dropped=_broken(found["rows"]) + _unsettled(settled, selection, len(found["exam"]["exam"])),
    )


def _correlation(n: Floats, right: Floats, yy: Floats, xy: Floats) -> Floats:
    """Correlation of a score of 1 or 0 with something, from the sums of squares and products from the means."""
    xx = right * _ratio(n - right, n)
    varies = (xx > _DUST * n) & (yy > _DUST * n)
    return frozen(np.clip(_ratio(xy, np.where(varies, np.sqrt(np.where(varies, xx * yy, 1.0)), 0.0)), -1, 1))


def _options(told: ItemTable, place: Mapping[str, int], found: Table | None) -> OptionCounts:
    """The options that were chosen, and the keys of items with options, in natural order."""
    by_fifth: dict[tuple[int, str], Integers] = {}
    if found is not None:
        columns = (found[name].tolist() for name in ("item_id", "answer", "fifth", "n"))
        for item_id, label, fifth, n in zip(*columns, strict=True):
            by_fifth.setdefault((place[item_id], label), np.zeros(FIFTHS, dtype=np.int64))[fifth] += n
    for item in {item for item, _ in by_fifth}:
        key = told.answer_keys[item]
        if key is not None:
            by_fifth.setdefault((item, key), np.zeros(FIFTHS, dtype=np.int64))
    entries = sorted(by_fifth, key=lambda entry: (entry[0], natural_key(entry[1])))
    table = np.array([by_fifth[entry] for entry in entries], dtype=np.int64).reshape(-1, FIFTHS)
    return OptionCounts(
        item=closed(np.array([item for item, _ in entries], dtype=np.int64)),
        label=tuple(label for _, label in entries),
        is_key=closed(np.array([label == told.answer_keys[item] for item, label in entries], dtype=bool)),
        n=closed(table.sum(axis=1)),
        by_fifth=closed(table),
    )


def _broken(rows: Table) -> tuple[Dropped, ...]:
    """Rows that break the contract, by reason."""
    found = [Dropped(reason, int(rows[f"rule_{k}"][0])) for k, reason in enumerate(RULES)]
    return tuple(entry for entry in found if entry.n_rows)


def _unsettled(settled: Mapping[str, NDArray[np.float64]], selection: Selection, n_exams: int) -> tuple[Dropped, ...]:
    """Answers that do not count, in the words of :func:`irt.responses.prepare`."""
    tries, once, sat, one = (int(settled[name][0]) for name in ("n_given", "n", "n_right", "n_rest"))
    policy = selection.attempts
    found = [Dropped(repeated_attempts(policy), tries - once)]
    if n_exams > 1:
        found += [
            Dropped("student without an answer in this one of the exams", once - sat),
            Dropped(f"item answered in several exams (the {policy.value} answer counts)", sat - one),
        ]
    return tuple(entry for entry in found if entry.n_rows)


def _whole(values: Floats) -> Integers:
    """Counts as whole numbers, closed."""
    return closed(values.astype(np.int64))


def _ratio(numerator: NDArray[np.float64] | Integers, denominator: NDArray[np.float64] | Integers) -> Floats:
    """Numerator / denominator; nan where the denominator is 0."""
    out: Floats = np.full(np.shape(numerator), np.nan)
    np.divide(numerator, denominator, out=out, where=np.asarray(denominator) != 0)
    return out
