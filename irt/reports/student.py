"""Students' reports: the list, and one student's chances."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from irt.analysis import Analysis
from irt.diagnostics import PersonFit
from irt.quadrature import Z95
from irt.reports.provenance import Provenance
from irt.reports.scale import given_score, in_class, items_given
from irt.responses import Cell, PersonTable, PreparedResponses
from irt.scoring import Probabilities, probabilities, score_range

#: An answer with at most this probability is a surprise.
SURPRISE = 0.10

_MISSING_WORDS = {Cell.OMITTED: "omitted", Cell.NOT_REACHED: "not reached", Cell.NOT_ADMINISTERED: "not administered"}


@dataclass(frozen=True, slots=True)
class StudentSummary:
    """One student in a list.

    ``handle`` is the opaque name used in links; where ids are withheld, it is ``student_id`` too. ``name`` is None
    where it may not be shown. ``items_given`` is how many items the student was given: the most that ``score`` can be,
    and what ``expected_score`` is out of. ``zh``, ``zh_corrected`` and ``p_value_fit`` say whether the answers go
    together as the model expects (far below 0: they do not); nan where that cannot be told.
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
    items_given: int
    zh: float
    zh_corrected: float
    p_value_fit: float

    @property
    def pseudonymous(self) -> bool:
        """Whether id and name are withheld."""
        return self.student_id == self.handle


@dataclass(frozen=True, slots=True, eq=False)
class Students(Sequence[StudentSummary]):
    """Students as a sequence that is kept as columns: a summary is made when it is looked at.

    There may be a million of them, of whom a page shows sixty.

    Parameters
    ----------
    persons : PersonTable
    rows : ndarray of int, shape (n_students,)
        The students' places in ``persons``.
    numbers : mapping of str to ndarray, shape (n_students,)
        Every number of a :class:`StudentSummary` under its name.
    handle : callable
        From a student's id to the name in links.
    names : bool
        Whether names are shown.
    """

    persons: PersonTable
    rows: NDArray[np.intp]
    numbers: Mapping[str, NDArray[Any]]
    handle: Callable[[str], str]
    names: bool
    _handles: list[NDArray[np.bytes_]] = field(init=False, default_factory=list, repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> StudentSummary: ...

    @overload
    def __getitem__(self, place: slice) -> Students: ...

    def __getitem__(self, place: int | slice) -> StudentSummary | Students:
        """The summary of a student, or a part of the sequence."""
        if isinstance(place, slice):
            cut = {name: values[place] for name, values in self.numbers.items()}
            return replace(self, rows=self.rows[place], numbers=cut)
        return self._summary(
            int(self.rows[place]), {name: values[place].item() for name, values in self.numbers.items()}
        )

    def __iter__(self) -> Iterator[StudentSummary]:
        columns = [values.tolist() for values in self.numbers.values()]
        for i, *numbers in zip(self.rows.tolist(), *columns, strict=True):
            yield self._summary(i, dict(zip(self.numbers, numbers, strict=True)))

    def column(self, name: str) -> Sequence[Any] | NDArray[Any]:
        """One field of all summaries, without making them."""
        if name in self.numbers:
            return self.numbers[name]
        texts = {"student_id": "person_ids", "class_name": "classes", "grade": "grades", "name": "names"}
        if name == "name" and not self.names:
            return (None,) * len(self)
        column = getattr(self.persons, texts[name])
        return tuple(column[i] for i in self.rows.tolist())

    def place(self, handle: str) -> int | None:
        """Where the student of a handle is; None where there is none. The handles of all are made once, when asked."""
        if not self._handles:
            ids = self.persons.person_ids
            self._handles.append(np.array([self.handle(ids[i]) for i in self.rows.tolist()], dtype=np.bytes_))
        found = np.flatnonzero(self._handles[0] == handle.encode())
        return int(found[0]) if len(found) else None

    def _summary(self, i: int, numbers: Mapping[str, Any]) -> StudentSummary:
        """The summary of the student at this place of the person table."""
        persons = self.persons
        return StudentSummary(
            handle=self.handle(persons.person_ids[i]),
            student_id=persons.person_ids[i],
            name=persons.names[i] if self.names else None,
            class_name=persons.classes[i],
            grade=persons.grades[i],
            **numbers,
        )


@dataclass(frozen=True, slots=True)
class StudentList:
    """Students of the selection (of the class in focus, if any), in natural order of class and name.

    ``max_score`` is the most items that one of them was given.
    """

    students: Sequence[StudentSummary]
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

    ``max_score`` is the number of items that this student was given. ``repeat_lower`` / ``repeat_upper``: 95 % range of
    the number right on a repeat with the same items (ability's uncertainty and chance). ``group_median`` is the median
    score of the class in focus, or of everybody; where they were given different numbers of items, the median share
    right, in points of this student's maximum.
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


def student_list(
    analysis: Analysis,
    provenance: Provenance,
    handle: Callable[[str], str],
    names: bool = True,
    fit: PersonFit | None = None,
) -> StudentList:
    """The students of the class in focus, in natural order."""
    rows = np.flatnonzero(in_class(analysis.prepared, provenance.selection.class_name))
    most = int(items_given(analysis.prepared)[rows].max(initial=0))
    return StudentList(_students(analysis, rows, handle, names, fit), most, provenance)


def student_summaries(
    analysis: Analysis,
    rows: Sequence[int] | NDArray[np.intp],
    handle: Callable[[str], str],
    names: bool,
    fit: PersonFit | None = None,
) -> tuple[StudentSummary, ...]:
    """Scores, abilities and, where ``fit`` (of everybody) is at hand, person fit of the students in these rows."""
    return tuple(_students(analysis, np.asarray(rows, dtype=np.intp), handle, names, fit))


def _students(
    analysis: Analysis, rows: NDArray[np.intp], handle: Callable[[str], str], names: bool, fit: PersonFit | None
) -> Students:
    """The students in these rows."""
    return Students(analysis.prepared.persons, rows, _numbers(analysis, rows, fit), handle, names)


def _numbers(analysis: Analysis, rows: NDArray[np.intp], fit: PersonFit | None) -> dict[str, NDArray[Any]]:
    """The numbers of a summary, as arrays over the rows."""
    abilities, nothing = analysis.abilities, np.full(len(rows), np.nan)
    theta = nothing if abilities is None else abilities.theta[rows]
    se = nothing if abilities is None else abilities.se[rows]
    middle, lower, upper = (given_score(theta + k * Z95 * se, analysis, rows) for k in (0, -1, 1))
    return {
        "score": analysis.statistics.total_score[rows],
        "items_answered": analysis.statistics.items_answered[rows],
        "theta": theta,
        "se": se,
        "expected_score": middle,
        "expected_lower": lower,
        "expected_upper": upper,
        "items_given": items_given(analysis.prepared)[rows],
        "zh": nothing if fit is None else fit.zh[rows],
        "zh_corrected": nothing if fit is None else fit.zh_corrected[rows],
        "p_value_fit": nothing if fit is None else fit.p_value[rows],
    }


def chances_of(analysis: Analysis, rows: NDArray[np.intp]) -> Probabilities:
    """The chances of the students in these rows on every item. Raises TooFewAnswersError without a calibration."""
    abilities = analysis.scored()
    mine = replace(
        abilities,
        person_ids=tuple(abilities.person_ids[i] for i in rows),
        theta=abilities.theta[rows],
        se=abilities.se[rows],
        items_answered=abilities.items_answered[rows],
    )
    return probabilities(analysis.prepared.matrix.take(rows), analysis.fitted(), mine)


def student_report(
    analysis: Analysis, summary: StudentSummary, row: int, chances: Probabilities, provenance: Provenance
) -> StudentReport:
    """One student. ``chances`` holds that student's row only."""
    prepared = analysis.prepared
    class_name = provenance.selection.class_name
    group = in_class(prepared, class_name)
    repeat = _repeat_range(analysis, summary, row)
    return StudentReport(
        student=summary,
        max_score=summary.items_given,
        repeat_lower=repeat[0],
        repeat_upper=repeat[1],
        group_label=class_name,
        group_n=int(group.sum()),
        group_median=_median(analysis.statistics.total_score[group], items_given(prepared)[group], summary.items_given),
        chances=tuple(sorted(_chances(prepared, row, chances), key=_surest_first)),
        provenance=provenance,
    )


def _median(scores: NDArray[np.int64], given: NDArray[np.int64], max_score: int) -> float:
    """The median score; where numbers of items differ, the median share right in points of this maximum."""
    if not len(scores):
        return float("nan")
    alike = (given == max_score).all()
    return float(np.median(scores)) if alike else float(np.median(scores / given)) * max_score


def _repeat_range(analysis: Analysis, summary: StudentSummary, row: int) -> tuple[int, int]:
    """95 % range of the number right on a repeat with the items that the student was given.

    Of items that were not calibrated and vary, nothing is ruled out.
    """
    items, prepared = analysis.fitted().items, analysis.prepared
    given = prepared.cells[row] != Cell.NOT_ADMINISTERED
    calibrated = np.isin(prepared.matrix.item_ids, items.item_ids)
    others = analysis.statistics.proportion_correct[~calibrated & given]
    mine = set(np.array(prepared.matrix.item_ids, dtype=object)[given].tolist())
    kept = items.take([k for k, item_id in enumerate(items.item_ids) if item_id in mine])
    lower, upper = score_range(np.array([summary.theta]), np.array([summary.se]), kept)
    return int(lower[0] + (others == 1).sum()), int(upper[0] + (others != 0).sum())


def _chances(prepared: PreparedResponses, row: int, chances: Probabilities) -> list[ItemChance]:
    """One entry an item, in natural order."""
    surprise = is_surprise(chances)[0]
    return [
        ItemChance(
            item_id=item_id,
            item_name=prepared.items.names[j],
            probability=float(chances.probability[0, j]),
            lower=float(chances.lower[0, j]),
            upper=float(chances.upper[0, j]),
            correct=None if prepared.matrix.scores[row, j] < 0 else int(prepared.matrix.scores[row, j]),
            missing=_MISSING_WORDS.get(Cell(int(prepared.cells[row, j])), ""),
            answer=_option(prepared, int(prepared.chosen[row, j])),
            answer_key=prepared.items.answer_keys[j],
            surprise=bool(surprise[j]),
        )
        for j, item_id in enumerate(prepared.matrix.item_ids)
    ]


def is_surprise(chances: Probabilities) -> NDArray[np.bool_]:
    """Answers that had a probability of at most 10 % by the model, shape (n_persons, n_items)."""
    missed = (chances.correct == 0) & (chances.probability >= 1 - SURPRISE)
    lucky = (chances.correct == 1) & (chances.probability <= SURPRISE)
    surprise: NDArray[np.bool_] = missed | lucky
    return surprise


def _option(prepared: PreparedResponses, code: int) -> str | None:
    """The label of a chosen option."""
    return prepared.options[code] if code >= 0 else None


def _surest_first(chance: ItemChance) -> tuple[bool, float]:
    """Highest probability first, items without one last."""
    return np.isnan(chance.probability), -chance.probability
