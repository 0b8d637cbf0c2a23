"""Columns of exported tables: names are fixed, and each has one meaning wherever it occurs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from numpy.typing import NDArray

from irt.errors import IrtError

#: The values of one column.
Values = Sequence[Any] | NDArray[Any]


class Kind(StrEnum):
    """What a column holds; the values are the types of JSON Schema."""

    TEXT = "string"
    NUMBER = "number"
    WHOLE = "integer"
    YES_NO = "boolean"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export: its name, what it holds and what it means."""

    name: str
    kind: Kind
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """A report as columns, ready for any format.

    Parameters
    ----------
    name : str
        What one row is, for file names: ``items``, ``probabilities``.
    columns : tuple of Column
    values : tuple of sequences
        One for each column, all of the same length; None (or nan in numbers) where a value cannot be had.
    provenance : mapping
        Where the numbers come from.
    warnings : tuple of str
    """

    name: str
    columns: tuple[Column, ...]
    values: tuple[Values, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.columns) != len(self.values) or len({len(values) for values in self.values}) > 1:
            raise IrtError(f"The columns of the table {self.name} are not of one length.")

    def __len__(self) -> int:
        return len(self.values[0]) if self.values else 0

    def cut(self, start: int, stop: int) -> Table:
        """The rows from ``start`` up to ``stop``."""
        values = tuple(column[start:stop] for column in self.values)
        return Table(self.name, self.columns, values, self.provenance, self.warnings)

    def column(self, name: str) -> Values:
        """The values of one column."""
        return self.values[[column.name for column in self.columns].index(name)]


def _columns(kind: Kind, **meanings: str) -> dict[str, Column]:
    return {name: Column(name, kind, meaning) for name, meaning in meanings.items()}


#: Every column of every export.
COLUMNS: dict[str, Column] = {
    **_columns(
        Kind.TEXT,
        subject="Subject name; empty is shown as (none).",
        exam="Exam name.",
        class_name="Class of the student; empty where none is recorded.",
        grade="Grade of the student.",
        student_id="The student's id, as in the answers.",
        student_name="The student's name, where it may be shown.",
        item_id="The item's id; the same id in two exams is the same item.",
        item_name="The item's name, or its id.",
        verdict="look_again, weak, too_few_answers, note or works_well.",
        reason="The first finding behind the verdict, as a code; empty where there is nothing to say.",
        intended_difficulty="The author's own label of the item's difficulty.",
        method="How the ability was estimated. For EAP the standard error is a posterior standard deviation.",
        answer="The option that the student chose, where options are recorded.",
        answer_key="The right option.",
        missing="Why there is no scored answer: omitted, not reached or not administered; empty where there is one.",
        option="An answer option.",
        what="What was counted.",
        detail="Why, or which.",
    ),
    **_columns(
        Kind.WHOLE,
        position="Place of the item in the exam, from 1.",
        n="Scored answers.",
        n_students="Students.",
        n_items="Items.",
        n_answers="Scored answers.",
        n_omitted="Students who left the item out although they answered a later one.",
        n_not_reached="Students who answered neither this item nor a later one.",
        items_answered="Items with a scored answer.",
        items_given="Items that the student was given: the most that the score can be.",
        correct="1 right, 0 wrong, empty where there is no scored answer.",
        score="Items answered correctly.",
        count="How many.",
        ability_fifth="Fifth of the students by their share right of the other items, 1 the weakest.",
    ),
    **_columns(
        Kind.NUMBER,
        proportion_correct="Share of the scored answers that are right.",
        proportion_lower="Lower 95 % limit of the share that is right (Wilson).",
        proportion_upper="Upper 95 % limit of the share that is right (Wilson).",
        item_total_r="Correlation of the item with the total score.",
        item_rest_r="Correlation of the item with the score on all other items: how well it tells students apart.",
        item_rest_lower="Lower 95 % limit of item_rest_r.",
        item_rest_upper="Upper 95 % limit of item_rest_r.",
        alpha_if_dropped="Cronbach's alpha of the exam without this item.",
        discrimination="Slope of the item's curve at its difficulty, per logit (D = 1).",
        discrimination_se="Standard error of the discrimination.",
        difficulty="Ability at which the logistic part of the curve is one half, in logits; higher = harder.",
        difficulty_se="Standard error of the difficulty.",
        intercept="-discrimination x difficulty.",
        intercept_se="Standard error of the intercept.",
        guessing="Lower asymptote: chance of a right answer at the lowest abilities.",
        guessing_se="Standard error of the guessing parameter; empty where it is fixed.",
        upper_asymptote="Chance of a right answer at the highest abilities.",
        upper_asymptote_se="Standard error of the upper asymptote; empty where it is fixed.",
        half_score="Expected score of the exam at which half of the students get the item right.",
        theta="Ability in logits; higher = stronger; mean 0 and standard deviation 1 in the group calibrated on.",
        se="Standard error of the ability, in logits.",
        expected_score="Expected number of right answers at this ability: of a student on the items given, "
        "of a curve on the whole exam.",
        expected_lower="expected_score at theta - 1.96 se.",
        expected_upper="expected_score at theta + 1.96 se.",
        zh="Person fit l_z: far below 0 where the answers do not go together as the model expects.",
        zh_corrected="zh corrected for the ability being estimated, so that it is standard normal (Snijders).",
        p_value_fit="Chance of answers that go together this badly or worse under the model.",
        probability="Chance of a right answer by the model.",
        lower="Lower 95 % limit, from the uncertainty of ability and item.",
        upper="Upper 95 % limit, from the uncertainty of ability and item.",
        information="Fisher information of the item about ability, per squared logit.",
        proportion="Share of this group that got the item right.",
        share="Share of this fifth of the students that chose the option.",
    ),
    **_columns(
        Kind.YES_NO,
        surprise="Whether the answer had a chance of at most 10 % by the model.",
        is_key="Whether this is the right option.",
    ),
}


def table_of(name: str, values: Mapping[str, Values], **origin: Any) -> Table:
    """A table of known columns, in the order of ``values``; ``origin`` is provenance and warnings."""
    return Table(name, tuple(COLUMNS[column] for column in values), tuple(values.values()), **origin)
