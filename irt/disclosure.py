"""Statistical disclosure control: what callers without names must not be able to work out of the groups they see.

Whose names are withheld may still be recognised by what they belong to: of a class of two, everybody in it knows who
the other is. So callers without names (:attr:`irt.selection.Scope.names`) see groups of at least ``minimum`` students
only. The rules are those of the field:

- *Threshold rule* (primary suppression): a class with fewer students is not shown apart. Its students count as students
  without a class; an exam that fewer students sat is not there.
- *Complementary suppression*: what is left of an exam when the classes that are shown are taken away (small classes,
  students without one) is nothing, or at least ``minimum`` students. While it is less, the next smallest class goes
  too.
- *Linked tables*: a student has the same pseudonym in every exam, so the members of a class could be picked out of one
  exam by what another one says of them. A class that is hidden in one exam is hidden in all.
- *k-anonymity* of what is told of a student: those of one class and grade are at least ``minimum`` students; else the
  grades of that class are withheld, all of them.

What a caller sees is a *pseudonymous* record of each student, not an anonymous one: ``docs/privacy.md`` says what stays
possible.

References
----------
Cox, L. H. (1980). Suppression methodology and statistical disclosure control. Journal of the American Statistical
Association, 75, 377-385. doi:10.1080/01621459.1980.10477481

Hundepool, A., Domingo-Ferrer, J., Franconi, L., Giessing, S., Schulte Nordholt, E., Spicer, K. and de Wolf, P.-P.
(2012). Statistical Disclosure Control. Wiley. doi:10.1002/9781118348239

Samarati, P. (2001). Protecting respondents' identities in microdata release. IEEE Transactions on Knowledge and Data
Engineering, 13, 1010-1027. doi:10.1109/69.971193
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from irt.errors import SelectionError, TooFewAnswersError
from irt.items import closed
from irt.natural import natural_key
from irt.responses import PersonTable, Sittings, take_persons
from irt.responses.rows import Column
from irt.sources import Catalogue, CatalogueEntry

#: Subject and name of an exam.
Exam = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Group:
    """Students in one table of counts: how many there are in all, and in each class (None: in no class)."""

    n_students: int
    classes: Mapping[str | None, int]


def hidden_classes(groups: Iterable[Group], minimum: int) -> frozenset[str]:
    """The classes that are shown in none of these tables, so that each table gives away groups that are large enough.

    Parameters
    ----------
    groups : iterable of Group
        The exams that a caller sees. Students of several classes count in each.
    minimum : int
        Fewest students of a group that is shown apart.

    Returns
    -------
    frozenset of str
        In every table each class that is left has at least ``minimum`` students, and so have the students in none of
        them, if there are any.

    Examples
    --------
    The students of 7B would be what is left of the exam without the others, so that one more class is hidden:

    >>> sorted(hidden_classes([Group(64, {"7A": 30, "7B": 9, "7C": 25})], 10))
    ['7B', '7C']
    """
    tables = [group for group in groups if group.n_students >= minimum]
    hidden = {name for table in tables for name, n in table.classes.items() if name is not None and 0 < n < minimum}
    before = -1
    while len(hidden) > before:  # a class that one exam needs hidden is missing in the others too
        before = len(hidden)
        for table in tables:
            while (name := _next(table, hidden, minimum)) is not None:
                hidden.add(name)
    return frozenset(hidden)


def _next(table: Group, hidden: Collection[str], minimum: int) -> str | None:
    """The smallest class of a table that must be hidden too; None where what is left is nothing or enough."""
    shown = {name: n for name, n in table.classes.items() if name is not None and name not in hidden and n}
    rest = sum(n for name, n in table.classes.items() if name not in shown)
    # Whoever is in two classes counts twice in their sum: what is left is no more than either way of counting gives.
    if not shown or not rest or min(rest, table.n_students - sum(shown.values())) >= minimum:
        return None
    return min(shown, key=lambda name: (shown[name], natural_key(name)))


def disclosed(catalogue: Catalogue, minimum: int) -> Catalogue:
    """The catalogue for a caller without names: no small exam, and small classes among the students without one.

    Parameters
    ----------
    catalogue : Catalogue
        What there is in the caller's scope.
    minimum : int
        Fewest students of a group that is shown apart.
    """
    by_exam: dict[Exam, list[CatalogueEntry]] = defaultdict(list)
    for entry in catalogue.entries:
        by_exam[entry.subject, entry.exam].append(entry)
    sizes = {exam: size for exam, size in catalogue.exam_sizes.items() if size[0] >= minimum}
    groups = [
        Group(sizes[exam][0], {entry.class_name: entry.n_students for entry in there})
        for exam, there in by_exam.items()
        if exam in sizes
    ]
    hidden = hidden_classes(groups, minimum)
    entries: list[CatalogueEntry] = []
    merged: set[Exam] = set()
    for exam, there in by_exam.items():
        if exam not in sizes:
            continue
        shown = [entry for entry in there if _is_shown(entry, hidden)]
        rest = [entry for entry in there if not _is_shown(entry, hidden)]
        entries += shown
        if any(entry.class_name in hidden for entry in rest):
            merged.add(exam)
        if rest:
            entries.append(_merged(rest, sizes[exam][0] - sum(entry.n_students for entry in shown)))
    return replace(
        catalogue, entries=tuple(entries), exam_sizes=sizes, smallest_group=minimum, merged=frozenset(merged)
    )


def _is_shown(entry: CatalogueEntry, hidden: Collection[str]) -> bool:
    """Whether a class is shown apart; of one of which nobody answered there is nothing to show."""
    return entry.class_name is not None and entry.class_name not in hidden and entry.n_students > 0


def _merged(rest: Sequence[CatalogueEntry], n_students: int) -> CatalogueEntry:
    """The students of these classes as one group without a class, and without a grade that would give one away."""
    if len(rest) == 1 and rest[0].class_name is None:
        return rest[0]
    times = [entry.last_answered for entry in rest if entry.last_answered is not None]
    return replace(
        rest[0],
        class_name=None,
        grade=None,
        n_students=n_students,
        n_items=max(entry.n_items for entry in rest),
        n_answers=sum(entry.n_answers for entry in rest),
        last_answered=max(times, default=None),
    )


def check_share(asked: float | None, usual: float) -> None:
    """Refuse a share of the students that the service would not choose itself.

    Who is drawn follows from the students' ids (:data:`irt.sources.question.DRAWS`). Whoever knows an id and may choose
    the share could find two shares between which only this student is drawn, and so the pseudonym.

    Raises
    ------
    SelectionError
    """
    if asked not in (None, 1.0, usual):
        raise SelectionError(
            "Without names, the share of the students cannot be chosen: who is drawn would tell who is who. "
            "Leave it out, or ask for all.",
            setting="share",
        )


def check_enough(n_students: int, minimum: int) -> None:
    """Refuse the results of a few students, such as a small sample. Raises TooFewAnswersError."""
    if n_students < minimum:
        raise TooFewAnswersError(
            f"Results of fewer than {minimum} students are not shown without names. Choose more students: "
            "all classes, or all instead of a share.",
            smallest=minimum,
        )


def withheld(
    sat: Sittings, handles: Callable[[Sequence[str]], Sequence[str]], classes: Collection[str], minimum: int
) -> Sittings:
    """The same answers without ids and names: pseudonyms, in an order that tells nothing, and no small groups.

    Parameters
    ----------
    sat : Sittings
    handles : callable
        From ids to pseudonyms, all different.
    classes : collection of str
        The classes that are shown apart.
    minimum : int
        Fewest students of a class, and of a grade within one. They are counted among those with a scored answer.

    Raises
    ------
    TooFewAnswersError
        If fewer students than that have one.
    """
    names = np.array(handles(sat.persons.person_ids), dtype=np.bytes_)
    answered = np.zeros(len(names), dtype=bool)
    answered[sat.person[(sat.cells >= 0).any(axis=1)]] = True
    check_enough(int(answered.sum()), minimum)
    order = np.argsort(names)
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    person = place[sat.person]
    rows = np.argsort(person, kind="stable")  # the exams of a student stay in order
    persons = take_persons(sat.persons, order)
    known = replace(persons, person_ids=tuple(names[order].astype(np.str_).tolist()), names=(None,) * len(order))
    kept = bool(sat.chosen.strides[0])  # where no options are recorded, one number stands for all of them
    return replace(
        sat,
        persons=_grouped(known, np.flatnonzero(answered[order]), classes, minimum),
        person=closed(person[rows]),
        exam=closed(sat.exam[rows]),
        cells=closed(sat.cells[rows]),
        chosen=closed(sat.chosen[rows]) if kept else sat.chosen,
    )


def _grouped(persons: PersonTable, here: NDArray[np.intp], classes: Collection[str], minimum: int) -> PersonTable:
    """The students with those classes and grades only that many of them share; ``here`` are those who count."""
    names, of_class = _coded(persons.classes)
    sizes = np.bincount(of_class[here], minlength=len(names)).tolist()
    shown: dict[str | None, int] = {None: 0}
    for name, n in zip(names, sizes, strict=True):
        known = name if name in classes else None
        shown[known] = shown.get(known, 0) + n
    # Of several exams a student has the last class: there may be fewer left in one than sat each of the exams.
    kept = set(shown) - {None} - hidden_classes([Group(len(here), shown)], minimum)
    labels = [name if name in kept else None for name in names]
    grades, of_grade = _coded(persons.grades)
    group, of_group = _coded(labels)
    place = of_group[of_class]
    pairs = np.bincount(place[here] * len(grades) + of_grade[here], minlength=len(group) * len(grades))
    table = pairs.reshape(len(group), len(grades))
    mixed: NDArray[np.bool_] = np.any((table > 0) & (table < minimum), axis=1)
    return replace(
        persons,
        classes=_decoded(labels, of_class),
        grades=_decoded([*grades, None], np.where(mixed[place], len(grades), of_grade)),
    )


def _coded(values: Sequence[str | None]) -> tuple[list[str | None], NDArray[np.int64]]:
    """The different values, and the place among them of each."""
    place = {value: k for k, value in enumerate(dict.fromkeys(values))}
    return list(place), np.fromiter(map(place.__getitem__, values), dtype=np.int64, count=len(values))


def _decoded(values: Sequence[str | None], places: NDArray[np.int64]) -> Column:
    """The value at each place."""
    return tuple(np.array(values, dtype=object)[places].tolist())
