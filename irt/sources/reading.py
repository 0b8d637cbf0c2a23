"""From what an engine returns to the nouns of the house: the same for every engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from irt.errors import NotFoundError
from irt.items import closed
from irt.natural import natural_key
from irt.responses import AnswerRows, Dropped, ItemTable, PersonTable
from irt.selection import Scope, Selection
from irt.sources import queries
from irt.sources.protocol import Catalogue, CatalogueEntry
from irt.sources.queries import Query

Table = Mapping[str, NDArray[Any]]


class Engine(Protocol):
    """Runs the texts of :mod:`irt.sources.queries` on one state of the data."""

    groups: tuple[str, ...]

    def fetch(self, query: Query) -> Table:
        """The columns of the answer: numbers and times as arrays (NaT for no time), text as object arrays with None."""
        ...


def read_catalogue(engine: Engine, scope: Scope) -> Catalogue:
    """What there is in this scope, in natural order."""
    found = engine.fetch(queries.classes(scope))
    entries = [
        CatalogueEntry(
            subject=subject,
            exam=exam,
            class_name=class_name,
            grade=grade,
            n_students=int(found["students"][k]),
            n_items=int(found["items"][k]),
            n_answers=int(found["answers"][k]),
            last_answered=_time(found["last_answered"][k]),
        )
        for k, (subject, exam, class_name, grade) in enumerate(
            zip(found["subject"], found["exam"], found["class"], found["grade"], strict=True)
        )
    ]
    sizes = engine.fetch(queries.exam_sizes(scope))
    counts = np.stack([sizes[name].astype(np.int64) for name in ("students", "items", "answers")], axis=1)
    by_exam = dict(zip(zip(sizes["subject"], sizes["exam"], strict=True), counts.tolist(), strict=True))
    return Catalogue(
        entries=tuple(sorted(entries, key=_catalogue_order)),
        exam_sizes={exam: tuple(by_exam[exam]) for exam in sorted(by_exam, key=_exam_order)},
        groupings=engine.groups,
    )


def read_answers(engine: Engine, selection: Selection, scope: Scope) -> AnswerRows:
    """The rows of a selection as integer codes in natural order of students, items and options."""
    check_selection(engine, selection, scope)
    exams = tuple(engine.fetch(queries.sittings(selection, scope))["exam"])
    persons, person_rank = _persons(engine, selection, scope, exams)
    items, item_rank = _items(engine, selection, scope)
    options = engine.fetch(queries.options(selection, scope))["answer"]
    option_order, option_rank = _natural(options)
    rows = engine.fetch(queries.codes(selection, scope))
    person = person_rank[rows["person"].astype(np.intp)]
    item = item_rank[rows["item"].astype(np.intp)]
    # The engine orders by bytes; a stable sort keeps its order of attempts and times within a cell.
    order = np.argsort(person.astype(np.int64) * max(len(items.item_ids), 1) + item, kind="stable")
    choice = np.append(option_rank, np.intp(-1))[rows["choice"].astype(np.intp)]
    return AnswerRows(
        persons=persons,
        items=items,
        person=closed(person[order].astype(np.int32)),
        item=closed(item[order].astype(np.int32)),
        correct=closed(rows["correct"].astype(np.int8)[order]),
        option=closed(choice[order].astype(np.int32)),
        options=tuple(options[option_order]),
        dropped=_dropped(engine, selection, scope),
        exam=closed(rows["exam"].astype(np.int32)[order]) if len(exams) > 1 else None,
        exams=exams,
    )


def check_selection(engine: Engine, selection: Selection, scope: Scope) -> None:
    """Refuse a subject or an exam that is not there, naming those in scope."""
    found = engine.fetch(queries.exams(scope))
    there = sorted(set(zip(found["subject"], found["exam"], strict=True)), key=_exam_order)
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


def _persons(
    engine: Engine, selection: Selection, scope: Scope, exams: Sequence[str]
) -> tuple[PersonTable, NDArray[np.intp]]:
    """Students in natural order, and the place of each code of the engine in it.

    What is told of a student is what was told in the last of the ``exams`` (in the order in which they were sat).
    """
    found = _latest(engine.fetch(queries.persons(selection, scope, len(engine.groups))), exams)
    order, rank = _natural(found["student_id"])
    n = len(order)
    return PersonTable(
        person_ids=tuple(found["student_id"][order]),
        names=tuple(found["name"][order]) if scope.names else (None,) * n,
        grades=tuple(found["grade"][order]),
        classes=tuple(found["class"][order]),
        properties={name: tuple(found[f"group_{k}"][order]) for k, name in enumerate(engine.groups)},
    ), rank


def _latest(found: Table, exams: Sequence[str]) -> Table:
    """One row a student from one row a student and exam: of each column, the value of the last exam that has one."""
    ids = found["student_id"]
    first = np.append(True, ids[1:] != ids[:-1]) if len(ids) else np.zeros(0, dtype=bool)
    code = np.cumsum(first) - 1
    turn = {exam: k for k, exam in enumerate(exams)}
    order = np.argsort([turn[exam] for exam in found["exam"]], kind="stable")
    latest: dict[str, NDArray[Any]] = {"student_id": ids[first]}
    for name in found.keys() - {"student_id", "exam"}:
        values = np.full(int(first.sum()), None, dtype=object)
        told = order[[value is not None for value in found[name][order]]]
        values[code[told]] = found[name][told]  # of several values, the last in this order stays
        latest[name] = values
    return latest


def _items(engine: Engine, selection: Selection, scope: Scope) -> tuple[ItemTable, NDArray[np.intp]]:
    """Items in natural order, and the place of each code of the engine in it."""
    found = engine.fetch(queries.items(selection, scope))
    order, rank = _natural(found["item_id"])
    ids = found["item_id"][order]
    return ItemTable(
        item_ids=tuple(ids),
        names=tuple(item if name is None else name for item, name in zip(ids, found["name"][order], strict=True)),
        answer_keys=tuple(found["answer_key"][order]),
        intended_difficulties=tuple(found["intended"][order]),
    ), rank


def _dropped(engine: Engine, selection: Selection, scope: Scope) -> tuple[Dropped, ...]:
    """Rows that break the contract, by reason."""
    counts = engine.fetch(queries.dropped(selection, scope))
    found = [Dropped(reason, int(counts[f"rule_{k}"][0])) for k, reason in enumerate(queries.RULES)]
    return tuple(entry for entry in found if entry.n_rows)


def _natural(names: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions in natural order, and the rank of each position."""
    keys = [natural_key(name) for name in names]
    order = np.array(sorted(range(len(names)), key=keys.__getitem__), dtype=np.intp)
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order))
    return order, rank


def _exam_order(exam: tuple[str, str]) -> tuple[Any, ...]:
    """Natural order of subject, then exam."""
    return natural_key(exam[0]), natural_key(exam[1])


def _catalogue_order(entry: CatalogueEntry) -> tuple[Any, ...]:
    """Natural order of subject, exam and class; students without a class last."""
    return *_exam_order((entry.subject, entry.exam)), entry.class_name is None, natural_key(entry.class_name or "")


def _time(value: np.datetime64) -> datetime | None:
    """A time in UTC, None for no time."""
    if np.isnat(value):
        return None
    moment: datetime = value.astype("datetime64[us]").item()
    return moment.replace(tzinfo=UTC)


def _shown(name: str) -> str:
    """A name in quotes; the empty subject as it is shown on screen."""
    return f'"{name}"' if name else "(none)"


def _list(names: Sequence[str], most: int = 10) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ("is only " if len(names) == 1 else "are: ") + ", ".join(map(_shown, names[:most])) + more
