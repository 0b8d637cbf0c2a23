"""What the service answers: frozen reports that dashboard, API and command line show in their own ways.

Numbers are at full precision; nan means "cannot be had" and is shown as a dash with a reason, never as 0.
Intervals are 95 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from irt.calibration import Calibration, Excluded
from irt.diagnostics import OptionShare
from irt.items import Floats
from irt.responses import Dropped
from irt.selection import Selection
from irt.verdicts import Level, Verdict


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where numbers come from: enough to make them again."""

    selection: Selection
    fingerprint: str
    as_of: datetime
    package_version: str
    model: str
    prior: str | None
    status: str
    computed_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, CSV notes and the calibration file."""
        return {
            "subject": self.selection.subject,
            "exams": list(self.selection.exams),
            "class": self.selection.class_name,
            "missing": self.selection.missing.value,
            "attempts": self.selection.attempts.value,
            "source_fingerprint": self.fingerprint,
            "as_of": self.as_of.isoformat(),
            "package_version": self.package_version,
            "model": self.model,
            "prior": self.prior,
            "status": self.status,
            "computed_at": self.computed_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class ItemReport:
    """One item: classical statistics, parameters with standard errors, verdict.

    ``item_rest_r`` is what "tells students apart" means on screen. ``*_lower`` / ``*_upper`` are 95 % limits.
    ``half_score`` is the expected score of this exam at which half of the students get the item right (nan where the
    curve does not cross one half in reach). Parameters are nan for items that were not calibrated.
    """

    item_id: str
    item_name: str
    position: int
    n: int
    n_omitted: int
    n_not_reached: int
    proportion_correct: float
    proportion_lower: float
    proportion_upper: float
    item_total_r: float
    item_rest_r: float
    item_rest_lower: float
    item_rest_upper: float
    alpha_if_dropped: float
    discrimination: float
    discrimination_se: float
    difficulty: float
    difficulty_se: float
    intercept: float
    intercept_se: float
    guessing: float
    guessing_se: float
    upper_asymptote: float
    half_score: float
    intended_difficulty: str | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """Scores (number right) of a group of students. ``counts[s]`` students got s right."""

    n_students: int
    mean: float
    standard_deviation: float
    lowest: int
    highest: int
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DataHealth:
    """What came in, and what was left out and why.

    ``absent_students`` have rows but not one answer; ``excluded_*`` were left out of the calibration.
    """

    n_rows: int
    n_answers: int
    n_students: int
    n_items: int
    n_omitted: int
    n_not_reached: int
    n_not_administered: int
    dropped: tuple[Dropped, ...]
    absent_students: tuple[str, ...]
    excluded_students: tuple[Excluded, ...]
    excluded_items: tuple[Excluded, ...]


@dataclass(frozen=True, slots=True)
class ExamReport:
    """One exam: did it work?

    ``calibration`` is None where there are too few answers for any model; ``model_reason`` says why this model (or
    none). ``alpha`` is Cronbach's alpha (KR-20) with its 95 % interval, ``sem_classical`` the standard error of one
    student's score in points, ``empirical_reliability`` that of the ability estimates. ``class_scores`` is the class
    in focus, None for all classes.
    """

    selection: Selection
    max_score: int
    scores: ScoreSummary
    class_scores: ScoreSummary | None
    alpha: float
    alpha_lower: float
    alpha_upper: float
    sem_classical: float
    empirical_reliability: float
    items: tuple[ItemReport, ...]
    calibration: Calibration | None
    model_reason: str
    health: DataHealth
    warnings: tuple[str, ...]
    provenance: Provenance

    def level_counts(self) -> dict[Level, int]:
        """How many items have each verdict level (0 included), worst first."""
        return {level: sum(item.verdict.level is level for item in self.items) for level in Level}


@dataclass(frozen=True, slots=True)
class ObservedGroup:
    """Students of similar ability on one item: how many, where they are, and what share was right (95 % limits)."""

    n: int
    theta: float
    expected_score: float
    proportion: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class ItemCurve:
    """An item seen closely.

    ``theta`` is an equally spaced grid (start, step, count) shared by all items; ``expected_score`` is the exam's
    expected score there; ``probability``, ``lower``, ``upper`` the model's curve with its pointwise 95 % band and
    ``information`` the item's information; all empty arrays where the item was not calibrated. ``class_theta`` /
    ``class_expected_score`` place the students of the class in focus (sorted). ``fifth_sizes`` belongs to ``options``.
    """

    item: ItemReport
    theta: Floats
    expected_score: Floats
    probability: Floats
    lower: Floats
    upper: Floats
    information: Floats
    observed: tuple[ObservedGroup, ...]
    options: tuple[OptionShare, ...]
    fifth_sizes: tuple[int, ...]
    n_no_option: int
    class_theta: Floats
    class_expected_score: Floats
    max_score: int
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class StudentSummary:
    """One student in a list.

    ``handle`` is the opaque name used in links; ``name`` is None where it may not be shown.
    """

    handle: str
    student_id: str
    name: str | None
    class_name: str | None
    grade: str | None
    score: int
    items_answered: int
    theta: float
    se: float
    expected_score: float
    expected_lower: float
    expected_upper: float


@dataclass(frozen=True, slots=True)
class StudentList:
    """Students of the selection (of the class in focus, if any), in natural order of class and name."""

    students: tuple[StudentSummary, ...]
    max_score: int
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class ItemChance:
    """One student's chance on one item, beside what happened.

    ``correct``: 1, 0, or None where there is no scored answer; ``missing``: "", "omitted", "not reached" or "not
    administered". ``surprise``: the answer given had a probability of at most 10 % by the model (at the estimate).
    """

    item_id: str
    item_name: str
    probability: float
    lower: float
    upper: float
    correct: int | None
    missing: str
    answer: str | None
    answer_key: str | None
    surprise: bool


@dataclass(frozen=True, slots=True)
class StudentReport:
    """One student: where they stand and what next. ``chances`` goes from surest to least sure.

    ``repeat_lower`` / ``repeat_upper``: 95 % range of the number right on a repeat of this exam (ability's uncertainty
    and chance). ``group_median`` is the median score of the class in focus, or of everybody.
    """

    student: StudentSummary
    max_score: int
    repeat_lower: int
    repeat_upper: int
    group_label: str | None
    group_n: int
    group_median: float
    chances: tuple[ItemChance, ...]
    provenance: Provenance

    def secure(self) -> tuple[ItemChance, ...]:
        """Items with a chance of 75 % or more."""
        return tuple(c for c in self.chances if c.probability >= 0.75)

    def within_reach(self) -> tuple[ItemChance, ...]:
        """Items with a chance of 50-75 %: worth practising next."""
        return tuple(c for c in self.chances if 0.5 <= c.probability < 0.75)

    def not_yet(self) -> tuple[ItemChance, ...]:
        """Items with a chance under 50 %."""
        return tuple(c for c in self.chances if c.probability < 0.5)


@dataclass(frozen=True, slots=True)
class ClassMap:
    """Students x items: chance, answer and surprise of each cell.

    Students run from strongest to weakest, items from easiest to hardest. Arrays have shape (n_students, n_items);
    ``correct`` is 1, 0, -1 missing. At most ``limit`` students are shown; ``n_students`` is how many there are.
    """

    students: tuple[StudentSummary, ...]
    items: tuple[ItemReport, ...]
    probability: Floats
    lower: Floats
    upper: Floats
    correct: Any
    surprise: Any
    n_students: int
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """An item whose verdict depends on how missing answers are counted."""

    item_id: str
    item_name: str
    under: Mapping[str, Level]


@dataclass(frozen=True, slots=True)
class PolicyComparison:
    """Verdict levels under each missing-answer policy: which ones depend on it."""

    policies: tuple[str, ...]
    changes: tuple[VerdictChange, ...]
    n_items: int
