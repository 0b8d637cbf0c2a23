"""The answers of a selection: asked for as bit masks of each student, read as :class:`irt.responses.Sittings`.

One question does for a table without repeated attempts and with at most 15 options. Else one more brings the options in
wider fields, and one more settles the attempts of those students who have any.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from irt.errors import NotFoundError
from irt.responses import Dropped, Sittings
from irt.selection import AttemptPolicy, Scope, Selection
from irt.sources.bits import WORD, mask
from irt.sources.catalogue import exam_order
from irt.sources.limits import RULES, VALID, Where, kept, limits, selected
from irt.sources.question import Engine, Kind, Part, Question, Table
from irt.sources.unpacked import has_repeats, settled, sittings

#: Bits for the place of an option (0 = none): the narrowest that has room for all of them is taken.
_WIDTHS = (4, 10, 20, 60)

#: Of the rows of a student and item in an exam, the one that counts comes first.
_COUNTING = {
    AttemptPolicy.FIRST: "attempt NULLS FIRST, answered_us NULLS FIRST, correct NULLS FIRST, answer NULLS FIRST",
    AttemptPolicy.LAST: (
        "attempt DESC NULLS LAST, answered_us DESC NULLS LAST, correct DESC NULLS LAST, answer DESC NULLS LAST"
    ),
    AttemptPolicy.BEST: "correct DESC NULLS LAST, attempt NULLS FIRST, answered_us NULLS FIRST, answer NULLS FIRST",
}


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked of which table: its columns of the contract, and how many groupings it has."""

    selection: Selection
    scope: Scope
    columns: Set[str]
    n_groups: int = 0

    @property
    def where(self) -> Where:
        """The condition on the rows."""
        return selected(self.scope, self.selection)

    @property
    def has_options(self) -> bool:
        """Whether the table has a column for the option that was chosen."""
        return "answer" in self.columns

    @property
    def n_words(self) -> int:
        """Words of items in a row of the part ``sitting``."""
        return 1 if self.has_options else 2

    @property
    def told(self) -> tuple[str, ...]:
        """The columns that tell of a student; no names where the scope withholds them."""
        wanted = ("student_name", "student_grade", "class_name")[0 if self.scope.names else 1 :]
        return tuple(name for name in wanted if name in self.columns) + self.groups

    @property
    def groups(self) -> tuple[str, ...]:
        """The columns of the groupings."""
        return tuple(f"group_{k}" for k in range(self.n_groups))


# What is asked ------------------------------------------------------------------------------------------------------


def answers_question(asking: Asking) -> Question:
    """Items, exams, options, rows left out, and of each student and exam what was answered.

    Parts: ``item``, one row for each item of each exam; ``dropped``, one row; ``sitting``, see :func:`_sitting`; and
    ``option``, if the table has answers.
    """
    parts = {"item": _ITEM, "dropped": _dropped_part(asking.where), "sitting": _sitting(asking, _WIDTHS[0])}
    if asking.has_options:
        parts["option"] = _OPTION
    return Question("answers", parts, asking.where.parameters, _shared(asking, asking.told))


def options_question(asking: Asking, width: int) -> Question:
    """The part ``sitting`` with fields of so many bits for the chosen options."""
    parts = {"sitting": _sitting(asking, width)}
    return Question("options", parts, asking.where.parameters, _shared(asking, asking.told))


def attempts_question(asking: Asking, width: int) -> Question:
    """The part ``sitting`` for students and exams with repeated attempts, from the rows that count."""
    n_items = " + ".join(f"BIT_COUNT(BIT_OR(place.bit_{k}))" for k in range(asking.n_words))
    answer = "kept.answer" if asking.has_options else "CAST(NULL AS STRING) AS answer"
    shared = f"""{_shared(asking, ("attempt",))},
repeats AS (
  SELECT DISTINCT student_id, exam_name
  FROM (
    SELECT kept.student_id, kept.exam_name, place.block
    FROM kept JOIN place ON place.item_id = kept.item_id
    GROUP BY kept.student_id, kept.exam_name, place.block
    HAVING COUNT(*) > {n_items}) AS many),
tries AS (
  SELECT kept.student_id, kept.exam_name, kept.item_id, kept.correct, kept.attempt, kept.answered_us, {answer}
  FROM kept JOIN repeats ON repeats.student_id = kept.student_id AND repeats.exam_name = kept.exam_name),
counting AS (
  SELECT student_id, exam_name, item_id, correct, answer
  FROM (
    SELECT student_id, exam_name, item_id, correct, answer, ROW_NUMBER() OVER (
      PARTITION BY student_id, exam_name, item_id ORDER BY {_COUNTING[asking.selection.attempts]}) AS turn
    FROM tries) AS turns
  WHERE turn = 1)"""
    parts = {"sitting": _sitting(asking, width, rows="counting", told=())}
    return Question("attempts", parts, asking.where.parameters, shared)


def exams_question(scope: Scope) -> Question:
    """Which exams there are in which subjects."""
    where = limits(scope)
    sql = f"""
SELECT DISTINCT IFNULL(subject_name, '') AS subject, exam_name AS exam
FROM {{table}} WHERE {where.sql} AND {VALID}"""
    return Question("exams", {"exam": Part(sql, {"subject": "text", "exam": "text"})}, where.parameters)


_ITEM = Part(
    """
SELECT place.place AS item, exam.place AS exam, asked.item_id, asked.exam_name, asked.name, asked.answer_key,
  asked.intended
FROM asked JOIN place ON place.item_id = asked.item_id JOIN exam ON exam.exam_name = asked.exam_name""",
    {
        "item": "integer",
        "exam": "integer",
        "item_id": "text",
        "exam_name": "text",
        "name": "text",
        "answer_key": "text",
        "intended": "text",
    },
)

_OPTION = Part("SELECT place, answer AS label FROM choice", {"place": "integer", "label": "text"})


def _shared(asking: Asking, more: Sequence[str]) -> str:
    """The rows that are kept, with more columns if wanted, and the places of items, exams and options.

    What is told of an item is brought together before it is compared, and places are told from one column each: over
    tens of millions of rows that halves the time.
    """
    columns = ["student_id", "item_id", "exam_name", "correct", "item_name", "answer_key", "intended_difficulty"]
    columns += ["answered_us", *more]
    choice = ""
    if asking.has_options:
        columns.append("NULLIF(answer, '') AS answer")
        choice = """,
choice AS (
  SELECT answer, ROW_NUMBER() OVER (ORDER BY answer NULLS FIRST) AS place
  FROM (SELECT DISTINCT answer FROM kept WHERE answer IS NOT NULL) AS label)"""
    per_row = asking.n_words * WORD
    masks = ", ".join(f"{mask('place', k, asking.n_words)} AS bit_{k}" for k in range(asking.n_words))
    return f"""{kept(asking.where, columns)},
told AS (
  SELECT DISTINCT item_id, exam_name, item_name, answer_key, intended_difficulty FROM kept),
asked AS (
  SELECT item_id, exam_name, MIN(NULLIF(item_name, '')) AS name, MIN(NULLIF(answer_key, '')) AS answer_key,
    MIN(NULLIF(intended_difficulty, '')) AS intended
  FROM told GROUP BY item_id, exam_name),
exam AS (
  SELECT exam_name, ROW_NUMBER() OVER (ORDER BY first_us NULLS FIRST, exam_name NULLS FIRST) - 1 AS place
  FROM (SELECT exam_name, MIN(answered_us) AS first_us FROM kept GROUP BY exam_name) AS sat),
place AS (
  SELECT item_id, place, CAST(FLOOR(place / {per_row}) AS INT64) AS block, {masks}
  FROM (
    SELECT item_id, ROW_NUMBER() OVER (ORDER BY item_id NULLS FIRST) - 1 AS place
    FROM (SELECT DISTINCT item_id FROM kept) AS item) AS placed){choice}"""


def _sitting(asking: Asking, width: int, rows: str = "kept", told: Sequence[str] | None = None) -> Part:
    """One row for each student, exam and block of items, in no order.

    ``n_rows`` is more than there are bits in the masks where there are repeated attempts. Masks ``scored_k`` and
    ``marked_k``: see :func:`irt.sources.bits.fill_cells`. ``chosen_k``: fields of ``width`` bits with the place of the
    chosen option.
    """
    told = asking.told if told is None else told
    sums = {"n_rows": "COUNT(*)"}
    for k in range(asking.n_words):
        sums[f"scored_{k}"] = f"BIT_OR(IF({rows}.correct IS NULL, 0, place.bit_{k}))"
        sums[f"marked_{k}"] = f"BIT_OR(IF({rows}.correct = 0, 0, place.bit_{k}))"
    choice = ""
    if asking.has_options:
        choice = f"\n  LEFT JOIN choice ON choice.answer = {rows}.answer"
        per_word = WORD // width
        field = f"choice.place << (MOD(place.place, {per_word}) * {width})"
        for k in range(WORD // per_word):
            here = f"CAST(FLOOR(MOD(place.place, {WORD}) / {per_word}) AS INT64) = {k}"
            sums[f"chosen_{k}"] = f"BIT_OR(IF({here} AND choice.place < {2**width}, {field}, 0))"
    texts = {name: f"MIN(NULLIF({rows}.{name}, ''))" for name in told}
    made = ",\n    ".join(f"{sql} AS {name}" for name, sql in {**sums, **texts}.items())
    kinds: dict[str, Kind] = {"student_id": "text", "exam": "integer", "block": "integer"}
    kinds.update(dict.fromkeys(sums, "integer"))
    kinds.update(dict.fromkeys(texts, "text"))
    sql = f"""
SELECT {{draw}} AS draw, student_id, exam.place AS exam, block, {", ".join([*sums, *texts])}
FROM (
  SELECT {rows}.student_id, {rows}.exam_name, place.block,
    {made}
  FROM {rows} JOIN place ON place.item_id = {rows}.item_id{choice}
  GROUP BY {rows}.student_id, {rows}.exam_name, place.block) AS sat
JOIN exam ON exam.exam_name = sat.exam_name"""
    return Part(sql, kinds, tall=True)


def _dropped_part(where: Where) -> Part:
    """One row: how many rows within the limits break each rule, as ``rule_0``, ``rule_1``, ..."""
    counts, earlier = [], "TRUE"
    for k, rule in enumerate(RULES.values()):
        # DuckDB counts NULL, not 0, where there is no row at all.
        counts.append(f"IFNULL(COUNTIF({earlier} AND {rule}), 0) AS rule_{k}")
        earlier += f" AND NOT ({rule})"
    sql = f"SELECT {', '.join(counts)} FROM {{table}} WHERE {where.sql}"
    return Part(sql, {f"rule_{k}": "integer" for k in range(len(counts))})


# What is read -------------------------------------------------------------------------------------------------------


def read_answers(engine: Engine, selection: Selection, scope: Scope) -> Sittings:
    """The answers of a selection, with everything in it applied but what a missing answer counts as.

    Raises
    ------
    NotFoundError
        If the selection names a subject or an exam that is not there or not in scope.
    SourceError
        If the engine fails.
    """
    asking = Asking(selection, scope, engine.columns, len(engine.groups))
    found = engine.ask(answers_question(asking))
    asked, sitting = found["item"], found["sitting"]
    if len(asked["item"]) == 0 or set(selection.exams) - set(asked["exam_name"]):
        check_selection(engine, selection, scope)
    width = _WIDTHS[0]
    options = found["option"] if asking.has_options else None
    if options is not None and len(options["label"]) >= 2**width:
        width = next(bits for bits in _WIDTHS if len(options["label"]) < 2**bits)
        sitting = engine.ask(options_question(asking, width))["sitting"]
    n_rows = int(sitting["n_rows"].sum())
    if has_repeats(sitting):
        sitting = settled(sitting, engine.ask(attempts_question(asking, width))["sitting"])
    return sittings(
        asked,
        sitting,
        options,
        width=width,
        groups=engine.groups,
        dropped=_dropped(found["dropped"]),
        n_rows=n_rows,
        attempts=selection.attempts,
    )


def check_selection(engine: Engine, selection: Selection, scope: Scope) -> None:
    """Refuse a subject or an exam that is not there, naming those in scope."""
    found = engine.ask(exams_question(scope))["exam"]
    pairs = {(subject or "", exam) for subject, exam in zip(found["subject"], found["exam"], strict=True)}
    there = sorted(pairs, key=exam_order)
    if not there:
        raise NotFoundError("There are no exams to look at here. Import answers first, or ask for access to an exam.")
    subjects = list(dict.fromkeys(subject for subject, _ in there))
    if selection.subject is not None and selection.subject not in subjects:
        raise NotFoundError(
            f"There is no subject {_shown(selection.subject)}. There {_list(subjects)}.", subjects=tuple(subjects)
        )
    exams = list(dict.fromkeys(exam for subject, exam in there if selection.subject in (None, subject)))
    missing = [exam for exam in selection.exams if exam not in exams]
    if missing:
        within = "" if selection.subject is None else f" in {_shown(selection.subject)}"
        raise NotFoundError(
            f"There is no exam {', '.join(map(_shown, missing))}{within}. There {_list(exams)}.", exams=tuple(exams)
        )


def _dropped(counts: Table) -> tuple[Dropped, ...]:
    """Rows that break the contract, by reason."""
    found = [Dropped(reason, int(counts[f"rule_{k}"][0])) for k, reason in enumerate(RULES)]
    return tuple(entry for entry in found if entry.n_rows)


def _shown(name: str) -> str:
    """A name in quotes; the empty subject as it is shown on screen."""
    return f'"{name}"' if name else "(none)"


def _list(names: Sequence[str], most: int = 10) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ("is only " if len(names) == 1 else "are: ") + ", ".join(map(_shown, names[:most])) + more
