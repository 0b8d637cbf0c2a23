r"""Abilities and probabilities of everybody, computed where the answers are: the same numbers as in Python.

The posterior of an ability is summed over the points of :func:`irt.quadrature.grid_for`, a column each, by their whole
number q from the middle: with step h the log-odds of an item at a point are :math:`d + q\,(a h)`. What an answer adds
to the log-likelihood is looked up for :data:`BLOCK` items at a time, by which of them were answered and which rightly,
so that a student costs one row for each such block instead of one for each answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irt.calibration.result import Calibration
from irt.items import Floats, ItemParameters, closed, frozen
from irt.natural import natural_order
from irt.quadrature import REACH, Z95, grid_for
from irt.responses import MISSING, ResponseMatrix
from irt.scoring import AbilityEstimates, Probabilities
from irt.scoring.align import align
from irt.scoring.chances import AVERAGE
from irt.scoring.logits import FARTHEST, without_asymptotes
from irt.scoring.population import population_of, standardised
from irt.scoring.posterior import LEAST
from irt.selection import Scope, Selection
from irt.sources.bits import WORD
from irt.sources.counted import counted
from irt.sources.counting import read_items
from irt.sources.listed import Listed
from irt.sources.question import Engine, Kind, Part, Question, Table

#: Items whose answers are looked up at once: 3**5 - 1 ways to answer some of them. Divides WORD.
BLOCK = 5
#: Terms of one sum or comparison; longer ones are nested, as engines limit the depth of an expression.
_TERMS = 32
#: Stands for a probability that underflows, whose logarithm no engine takes; below every log-odds that counts.
_TINY = "1e-305"


def item_ids(engine: Engine, selection: Selection, scope: Scope) -> tuple[str, ...]:
    """The items of a selection in natural order.

    Raises NotFoundError if the selection names what is not there, SourceError if the engine fails.
    """
    return read_items(engine, selection, scope).item_ids


def scoring(
    calibration: Calibration,
    items: Sequence[str],
    selection: Selection,
    scope: Scope,
    population: tuple[float, float] | None = None,
) -> Question:
    """Ask for abilities (EAP) and probabilities of right answers of every student of a selection.

    Parameters
    ----------
    calibration : Calibration
    items : sequence of str
        All items of the selection, from :func:`item_ids`.
    selection : Selection
    scope : Scope
    population : (mean, sd), optional
        Normal distribution of ability; default: that of the group that was calibrated.

    Returns
    -------
    Question
        Parts ``abilities`` (student_id, theta, se, items_answered), one row a student who answered anything, and
        ``probabilities`` (student_id, item_id, probability, lower, upper, correct), one row for each of them and each
        of the items. NULL where :func:`irt.probabilities` has nan and where there is no scored answer.

    Raises
    ------
    FitError
        If the standard deviation of the population is not positive.
    ResponsesError
        If items and calibration share none.
    """
    normal = population_of(calibration, population)
    answers = counted(selection, scope, items)
    shared = align(ResponseMatrix.from_array(np.empty((0, len(items))), (), tuple(items)), calibration)
    posterior = _Posterior.of(standardised(shared.items, normal), shared.columns, len(items))
    curves = _curves(calibration, shared.items, shared.columns, shared.places, items)
    mean, sd = normal
    parameters = {
        **answers.parameters,
        **{table.name: table.rows for table in (*posterior.tables, curves)},
        "mean": float(mean),
        "scale": float(sd * posterior.step),
        "prior": posterior.step**2 / 2,
        "z": Z95,
    }
    if without_asymptotes(shared.items):
        levels = _line_levels()
    else:
        levels = _curve_levels(calibration.parameters_per_item)
        parameters["third"] = AVERAGE[2][0]
    tables = ",\n".join(table.sql for table in (*posterior.tables, curves))
    return Question(
        "score",
        {"abilities": _abilities(), "probabilities": _probabilities(levels)},
        parameters,
        ",\n".join([answers.shared, tables, posterior.sql]),
    )


def as_select(question: Question, part: str) -> str:
    """One part as a whole SELECT with exactly its columns: to store what it finds without moving it."""
    asked = question.parts[part]
    return f"WITH {question.shared}\nSELECT {', '.join(asked.columns)} FROM ({asked.sql}) AS part"


def abilities(engine: Engine, calibration: Calibration, selection: Selection, scope: Scope) -> AbilityEstimates:
    """Abilities of the students of a selection, in natural order of their ids; see :func:`scoring`."""
    question = scoring(calibration, item_ids(engine, selection, scope), selection, scope)
    return _read_abilities(engine.ask(_only(question, "abilities"))["abilities"], population_of(calibration))


def chances(engine: Engine, calibration: Calibration, selection: Selection, scope: Scope) -> Probabilities:
    """Probabilities of the students of a selection on all its items, both in natural order; see :func:`scoring`."""
    items = item_ids(engine, selection, scope)
    question = scoring(calibration, items, selection, scope)
    return _read_probabilities(engine.ask(_only(question, "probabilities"))["probabilities"], items)


# Abilities ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Posterior:
    """The small tables that the posterior is looked up in, the expressions that do, and the distance of points."""

    tables: tuple[Listed, ...]
    sql: str
    step: float

    @classmethod
    def of(cls, items: ItemParameters, columns: NDArray[np.intp], n_items: int) -> _Posterior:
        """For items at these places among all items of the selection."""
        n_points = len(grid_for(items).points)
        step = 2 * REACH / (n_points - 1)
        line = without_asymptotes(items)
        tables = (_blocks(columns, n_items), _states(), _outcomes(items, columns, step, line))
        return cls(tables, _posterior(n_points, line), step)


def _blocks(columns: NDArray[np.intp], n_items: int) -> Listed:
    """Where the bits of each block of items are, and which of them are calibrated."""
    known = np.zeros(-(-n_items // BLOCK), dtype=np.int64)
    np.bitwise_or.at(known, columns // BLOCK, 1 << (columns % BLOCK))
    first = np.arange(len(known)) * BLOCK
    whole = {
        "block": range(len(known)),
        "word": (first // WORD).tolist(),
        "shift": (first % WORD).tolist(),
        "known": known.tolist(),
    }
    return Listed("blocks", whole)


def _states() -> Listed:
    """Every way to answer some items of a block: which have an answer, which a right one."""
    pairs = [(seen, right) for seen in range(1, 2**BLOCK) for right in range(2**BLOCK) if right & ~seen == 0]
    return Listed("states", {"seen": [seen for seen, _ in pairs], "rightly": [right for _, right in pairs]})


def _outcomes(items: ItemParameters, columns: NDArray[np.intp], step: float, line: bool) -> Listed:
    """Two rows an item, right and wrong, whose curves are mirror images: base + q rise in place of log-odds."""
    place = np.repeat(columns, 2)
    sign = np.tile([1.0, -1.0], len(columns))
    number = {
        "rise": np.repeat(items.discrimination * step, 2) * sign,
        "base": np.repeat(items.intercept, 2) * sign,
    }
    if not line:
        number["least"] = np.stack([items.guessing, 1 - items.upper_asymptote], axis=1).ravel()
        number["span"] = np.repeat(items.upper_asymptote - items.guessing, 2)
    whole = {
        "block": (place // BLOCK).tolist(),
        "bit": (place % BLOCK).tolist(),
        "correct": [1, 0] * len(columns),
    }
    return Listed("outcomes", whole, {name: values.tolist() for name, values in number.items()})


def _posterior(n_points: int, line: bool) -> str:
    """Expressions from ``marks`` to ``ability`` (student_id, theta, se, items_answered)."""

    def each(text: str) -> str:
        """A column for each point: ``#`` is its number, ``~`` the whole number q."""
        return ", ".join(text.replace("#", str(k)).replace("~", str(k - n_points // 2)) for k in range(n_points))

    columns = [f"l{k}" for k in range(n_points)]
    groups = [columns[start : start + _TERMS] for start in range(0, n_points, _TERMS)]
    highest = ", ".join(f"GREATEST({', '.join(group)}) AS g{k}" for k, group in enumerate(groups))
    weights, first, second = (_total([f"{factor(k)}w{k}" for k in range(n_points)]) for factor in _factors(n_points))
    return f"""{_logs(each, line)},
looked AS (SELECT block * {4**BLOCK} + seen * {2**BLOCK} + rightly AS way, {each("SUM(v#) AS v#")}
  FROM logs JOIN states ON MOD(seen >> bit, 2) = 1 AND MOD(rightly >> bit, 2) = correct
  GROUP BY block, seen, rightly),
piece AS (SELECT student_id, answered, block, (scored >> blocks.shift) & known AS seen,
    (hit >> blocks.shift) & known AS rightly
  FROM marks JOIN blocks ON blocks.word = marks.word),
likelihood AS (SELECT student_id, SUM(BIT_COUNT(seen)) AS items_answered,
    {each("IFNULL(SUM(v#), 0) - ~ * ~ * @prior AS l#")}
  FROM (SELECT student_id, answered, seen, block * {4**BLOCK} + seen * {2**BLOCK} + rightly AS way FROM piece) AS part
  LEFT JOIN looked ON looked.way = part.way
  GROUP BY student_id HAVING MAX(answered) > 0),
grouped AS (SELECT student_id, items_answered, {", ".join(columns)}, {highest} FROM likelihood),
topped AS (SELECT student_id, items_answered, {", ".join(columns)},
    GREATEST({", ".join(f"g{k}" for k in range(len(groups)))}) AS top FROM grouped),
weighted AS (SELECT student_id, items_answered, {each("EXP(l# - top) AS w#")} FROM topped),
moment AS (SELECT student_id, items_answered, {first} / {weights} AS m1, {second} / {weights} AS m2 FROM weighted),
ability AS (SELECT student_id, @mean + @scale * m1 AS theta, @scale * SQRT(GREATEST(m2 - m1 * m1, 0)) AS se,
    items_answered FROM moment)"""


def _logs(each: Callable[[str], str], line: bool) -> str:
    """The expression ``logs``: of each outcome, the logarithm of its probability at each point, never below LEAST.

    In forms that neither overflow nor lose digits: (z - |z|) / 2 is z where it is negative, else 0.
    """
    falling, rising = "EXP((z# - ABS(z#)) / 2)", "(1 + EXP(-ABS(z#)))"
    impossible = f"{LEAST:.0f}"
    lines = f"(SELECT outcomes.*, {each('base + ~ * rise AS z#')} FROM outcomes) AS lines"
    if line:
        value = f"GREATEST((z# - ABS(z#)) / 2 - LN{rising}, {impossible}) AS v#"
        return f"""logs AS (SELECT block, bit, correct, {each(value)}
  FROM {lines})"""
    value = f"IF(p# > 0, LN(IF(p# > 0, p#, 1)), {impossible}) AS v#"
    return f"""logs AS (SELECT block, bit, correct, {each(value)}
  FROM (SELECT block, bit, correct, {each(f"least + span * {falling} / {rising} AS p#")}
    FROM {lines}) AS curved)"""


def _factors(n_points: int) -> list[Callable[[int], str]]:
    """What a weight is multiplied by in the sums of weights, of q and of its square."""
    half = n_points // 2
    return [lambda k: "", lambda k: f"{k - half} * ", lambda k: f"{(k - half) ** 2} * "]


def _total(terms: list[str]) -> str:
    """The sum of terms, nested so that it is not deep."""
    while len(terms) > 1:
        terms = [f"({' + '.join(terms[k : k + _TERMS])})" for k in range(0, len(terms), _TERMS)]
    return terms[0]


def _abilities() -> Part:
    """One row a student."""
    sql = "\nSELECT {draw} AS draw, student_id, theta, se, items_answered FROM ability"
    kinds: dict[str, Kind] = {"student_id": "text", "theta": "number", "se": "number", "items_answered": "integer"}
    return Part(sql, kinds, tall=True)


# Probabilities ------------------------------------------------------------------------------------------------------


def _curves(
    calibration: Calibration,
    known: ItemParameters,
    columns: NDArray[np.intp],
    places: NDArray[np.intp],
    items: Sequence[str],
) -> Listed:
    """All items of the selection with their curves; 0 where there is none, with flags that say so.

    ``calibrated``: it has a curve. ``certain``: it has a covariance, so that there are limits. ``floor``, ``gap`` and
    ``span``: guessing, what the curve stays below 1, what is between; ``over`` is one over that.
    """
    n, k = len(items), calibration.parameters_per_item
    blocks = calibration.item_covariance()[places]
    certain = np.isfinite(blocks).all(axis=(1, 2))
    span = known.upper_asymptote - known.guessing
    columns_of = {
        "slope": known.discrimination,
        "intercept": known.intercept,
        "floor": known.guessing,
        "gap": 1 - known.upper_asymptote,
        "span": span,
        "over": np.divide(1.0, span, out=np.zeros_like(span), where=span > 0),
        **{f"c{i}{j}": np.where(certain, blocks[:, i, j], 0.0) for i in range(k) for j in range(i + 1)},
    }

    def placed(values: NDArray[Any]) -> list[Any]:
        table = np.zeros(n, dtype=values.dtype)
        table[columns] = values
        return list(table.tolist())

    place = np.arange(n)
    whole = {
        "word": (place // WORD).tolist(),
        "shift": (place % WORD).tolist(),
        "calibrated": placed(np.ones(len(columns), dtype=np.int64)),
        "certain": placed((certain & (span > 0)).astype(np.int64)),
    }
    return Listed("curves", whole, {name: placed(values) for name, values in columns_of.items()}, {"item_id": items})


def _probabilities(levels: Sequence[Mapping[str, str]]) -> Part:
    """One row a student and item. The answers come from the masks, which are one row for many items."""
    source = """(SELECT ability.student_id AS student_id, theta, se, curves.*,
    CASE WHEN MOD(hit >> curves.shift, 2) = 1 THEN 1 WHEN MOD(scored >> curves.shift, 2) = 1 THEN 0 END AS correct
  FROM ability CROSS JOIN (SELECT DISTINCT word FROM curves) AS words
  LEFT JOIN marks ON marks.student_id = ability.student_id AND marks.word = words.word
  JOIN curves ON curves.word = words.word) AS pair"""
    for k, level in enumerate(levels):
        source = (
            f"(SELECT *, {', '.join(f'{sql} AS {name}' for name, sql in level.items())}\nFROM {source}) AS level_{k}"
        )
    sql = f"""
SELECT {{draw}} AS draw, student_id, item_id, IF(calibrated = 1, middle, NULL) AS probability,
  IF(certain = 1, {_expit("below")}, NULL) AS lower, IF(certain = 1, {_expit("above")}, NULL) AS upper, correct
FROM {source}"""
    kinds: dict[str, Kind] = {
        "student_id": "text",
        "item_id": "text",
        "probability": "number",
        "lower": "number",
        "upper": "number",
        "correct": "number",
    }
    return Part(sql, kinds, tall=True)


def _line_levels() -> list[dict[str, str]]:
    """To the probability ``middle`` and the log-odds of its limits ``below`` and ``above``, without asymptotes."""
    return [
        {
            "line": "intercept + slope * theta",
            "variance": "c00 * (theta * theta + se * se) + 2 * c10 * theta + c11",
        },
        {"half": "@z * SQRT(POW(slope * se, 2) + GREATEST(variance, 0))"},
        {"middle": _expit("line"), "below": "line - half", "above": "line + half"},
    ]


def _curve_levels(n_parameters: int) -> list[dict[str, str]]:
    """The same with asymptotes, as in :mod:`irt.scoring.chances` and :mod:`irt.scoring.logits`.

    Points 0, 1 and 2 average the variance over the ability; 0, 3 and 4 are the ability and its limits.
    """

    def each(points: Sequence[int], **columns: str) -> dict[str, str]:
        """Columns of some points; ``#`` is the number of the point."""
        return {f"{name}{k}": sql.replace("#", str(k)) for name, sql in columns.items() for k in points}

    averaged, ends, points = range(3), (0, 3, 4), range(5)
    away = ("", " - @third * se", " + @third * se", " - @z * se", " + @z * se")
    log_odds = f"LN(GREATEST(p#, {_TINY})) - LN(GREATEST(q#, {_TINY}))"
    log_odds = f"LEAST(GREATEST({log_odds}, -{FARTHEST:.0f}), {FARTHEST:.0f})"
    # An asymptote at the end of its range is fixed: there the ratios are constant, and nothing is 0 / 0.
    ratios = {
        "of_right": "IF(floor > 0, up# / NULLIF(p#, 0), over)",
        "of_wrong": "IF(gap > 0, down# / NULLIF(q#, 0), over)",
    }
    slopes = {
        "slope0_": "t# * span * of_right# * of_wrong#",
        "slope1_": "span * of_right# * of_wrong#",
        "slope2_": "IF(floor > 0, of_wrong# / NULLIF(p#, 0), 0)",
        "slope3_": "IF(gap > 0, of_right# / NULLIF(q#, 0), 0)",
    }
    variance = " + ".join(
        f"{1 if i == j else 2} * slope{i}_# * slope{j}_# * c{i}{j}" for i in range(n_parameters) for j in range(i + 1)
    )
    average = " + ".join(f"{weight!r} * GREATEST(variance{k}, 0)" for k, (_, weight) in enumerate(AVERAGE))
    return [
        {f"t{k}": f"theta{offset}" for k, offset in enumerate(away)},
        each(points, z="intercept + slope * t#"),
        each(points, up=_expit("z#"), down=_expit("z#", "-")),
        each(points, p="floor + span * up#", q="gap + span * down#"),
        each(averaged, **ratios) | each(ends, line=log_odds),
        each(averaged, **slopes),
        each(averaged, variance=variance),
        {"spread": f"@z * @z * ({average})"},
        {
            "middle": "p0",
            "below": "line0 - SQRT(POW(line0 - LEAST(line3, line4), 2) + spread)",
            "above": "line0 + SQRT(POW(GREATEST(line3, line4) - line0, 2) + spread)",
        },
    ]


def _expit(z: str, sign: str = "") -> str:
    """The logistic function of a column or of its negative: nothing overflows."""
    return f"EXP(({sign}{z} - ABS({z})) / 2) / (1 + EXP(-ABS({z})))"


# What is read -------------------------------------------------------------------------------------------------------


def _only(question: Question, part: str) -> Question:
    """One part of a question, with the parameters that it uses."""
    asked = question.parts[part]
    used = set(re.findall(r"@(\w+)", question.shared + asked.sql))
    values = {name: value for name, value in question.parameters.items() if name in used}
    return replace(question, parts={part: asked}, parameters=values)


def _read_abilities(found: Table, population: tuple[float, float]) -> AbilityEstimates:
    """Abilities in natural order of students."""
    order = natural_order(found["student_id"])
    return AbilityEstimates(
        person_ids=tuple(found["student_id"][order]),
        theta=frozen(found["theta"][order]),
        se=frozen(found["se"][order]),
        method="EAP",
        items_answered=closed(found["items_answered"][order]),
        population=population,
    )


def _read_probabilities(found: Table, items: Sequence[str]) -> Probabilities:
    """A matrix of each number, students in natural order."""
    persons, row = np.unique(found["student_id"], return_inverse=True)
    order = natural_order(persons)
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order))
    place = {item_id: k for k, item_id in enumerate(items)}
    where = rank[row], np.array([place[item_id] for item_id in found["item_id"]], dtype=np.intp)
    shape = len(persons), len(items)

    def matrix(name: str) -> Floats:
        table = np.full(shape, np.nan)
        table[where] = found[name]
        return closed(table)

    correct = np.full(shape, MISSING, dtype=np.int8)
    correct[where] = np.nan_to_num(found["correct"], nan=MISSING).astype(np.int8)
    return Probabilities(
        tuple(persons[order]), tuple(items), matrix("probability"), matrix("lower"), matrix("upper"), closed(correct)
    )
