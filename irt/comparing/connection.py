"""Do several exams hang together by shared items or students, so that one scale can be made for them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from irt.comparing.linked_items import answered_blocks
from irt.errors import FitError, ResponsesError
from irt.responses import ResponseMatrix
from irt.threads import one_thread

#: Two exams are firmly tied by at least so many shared items, or so many shared students.
FEW_ITEMS, FEW_STUDENTS = 3, 30


@dataclass(frozen=True, slots=True)
class Tie:
    """What two exams share: items with answers in common, and students who answered items of either alone."""

    first: str
    second: str
    n_items: int
    n_students: int

    @property
    def firm(self) -> bool:
        """Whether that is enough for a scale that can be relied on."""
        return self.n_items >= FEW_ITEMS or self.n_students >= FEW_STUDENTS

    @property
    def size(self) -> tuple[float, int]:
        """How firm, for comparison with other ties: the larger of both shares of what is enough."""
        return max(self.n_items / FEW_ITEMS, self.n_students / FEW_STUDENTS), self.n_items + self.n_students


@dataclass(frozen=True, slots=True)
class Connection:
    """How several exams hang together.

    Parameters
    ----------
    exams : tuple of str
    groups : tuple of tuple of str
        Exams that a chain of shared items or students ties together; largest group first. One group: all of them.
    firm_groups : tuple of tuple of str
        The same by firm ties alone.
    ties : tuple of Tie
        Every pair of exams that shares anything.
    """

    exams: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    firm_groups: tuple[tuple[str, ...], ...]
    ties: tuple[Tie, ...]

    @property
    def connected(self) -> bool:
        """Whether one scale can be made for all."""
        return len(self.groups) <= 1

    @property
    def problem(self) -> str:
        """The sentence that says which exams hang together and which do not, and what to do; "" if all do."""
        if self.connected:
            return ""
        return (
            f"{_pair(self.groups)} share no items and no students, so they cannot be put on one scale.{_inside(self)} "
            "Choose exams that share items or students, or look at each by itself."
        )

    @property
    def warning(self) -> str:
        """The sentence for exams that hang together by little; "" where ties are firm (or there are none)."""
        if not self.connected or len(self.firm_groups) <= 1:
            return ""
        inside = {exam: k for k, group in enumerate(self.firm_groups) for exam in group}
        between = [tie for tie in self.ties if inside[tie.first] != inside[tie.second]]
        best = max(between, key=lambda tie: tie.size)
        return (
            f"{best.first} and {best.second} hang together by {_count(best.n_items, 'item')} and "
            f"{_count(best.n_students, 'student')} only, so that their common scale is uncertain. From {FEW_ITEMS} "
            f"shared items or {FEW_STUDENTS} shared students on it can be relied on."
        )

    @property
    def assumption(self) -> str:
        """The sentence for exams that only items tie together: what one scale then takes for granted; "" elsewhere."""
        if len(self.exams) < 2 or not self.connected or any(t.n_students >= FEW_STUDENTS for t in self.ties):
            return ""
        return (
            "Hardly any student sat more than one of these exams, so their common scale rests on the shared items, and "
            "the students of all exams count as one group. Where one group is much stronger than another, look at each "
            "exam by itself and link them."
        )


@one_thread
def connection(matrix: ResponseMatrix, item_exams: Sequence[frozenset[str]]) -> Connection:
    """What ties several exams together in these answers.

    Parameters
    ----------
    matrix : ResponseMatrix
        The answers to all exams, one row a student.
    item_exams : sequence of frozenset of str, length n_items
        The exams that each item is in.

    Raises
    ------
    ResponsesError
        If there is not one set of exams for each item.

    Notes
    -----
    Two exams are tied by students who answered items of each that the other has not, and by shared items: those
    answered along with items that only the one exam has, and by others along with items that only the other has. An
    item that both list but that students of only one answered ties nothing. Exams hang together by chains of ties.
    """
    if len(item_exams) != matrix.n_items:
        raise ResponsesError(f"There are {matrix.n_items} items in the matrix, but {len(item_exams)} sets of exams.")
    exams = tuple(dict.fromkeys(exam for found in item_exams for exam in sorted(found)))
    member = np.array([[exam in found for found in item_exams] for exam in exams], dtype=bool)
    member = member.reshape(len(exams), matrix.n_items)
    pairs = list(combinations(range(len(exams)), 2))
    ties = _ties(matrix, exams, member, pairs)
    place = {exam: k for k, exam in enumerate(exams)}
    tied, firm = ([(place[t.first], place[t.second]) for t in some] for some in (ties, [t for t in ties if t.firm]))
    return Connection(exams, _groups(exams, tied), _groups(exams, firm), ties)


def check_connected(matrix: ResponseMatrix, item_exams: Sequence[frozenset[str]]) -> None:
    """Refuse exams that nothing ties together; arguments as for :func:`connection`.

    Raises
    ------
    FitError
        With the sentence of :attr:`Connection.problem`.
    """
    found = connection(matrix, item_exams)
    if not found.connected:
        raise FitError(found.problem, exams=found.exams, groups=found.groups)


def _ties(
    matrix: ResponseMatrix, exams: tuple[str, ...], member: NDArray[np.bool_], pairs: list[tuple[int, int]]
) -> tuple[Tie, ...]:
    """What each pair of exams shares."""
    first, second = member[[i for i, _ in pairs]], member[[j for _, j in pairs]]
    alone = np.vstack([first & ~second, second & ~first])  # items of one exam of a pair that the other has not
    counts, some = alone.T.astype(np.float32), alone.any(axis=1)
    n_students = np.zeros(len(pairs), dtype=np.int64)
    met = np.zeros(alone.shape, dtype=bool)  # which items those who answered such items answered
    for answered in answered_blocks(matrix):
        cells = answered.astype(np.float32)
        sat = cells @ counts > 0
        n_students += (sat[:, : len(pairs)] & sat[:, len(pairs) :]).sum(axis=0)
        sat |= ~some  # an exam without items of its own: whoever answered shared ones
        met |= sat.T.astype(np.float32) @ cells > 0
    n_items = (met[: len(pairs)] & met[len(pairs) :] & first & second).sum(axis=1)
    found = zip(pairs, n_items.tolist(), n_students.tolist(), strict=True)
    return tuple(Tie(exams[i], exams[j], items, people) for (i, j), items, people in found if items or people)


def _groups(exams: tuple[str, ...], pairs: list[tuple[int, int]]) -> tuple[tuple[str, ...], ...]:
    """Exams that chains of pairs tie together, largest group first."""
    group = list(range(len(exams)))
    for i, j in pairs:
        group = [group[i] if g == group[j] else g for g in group]
    found = [tuple(exam for exam, g in zip(exams, group, strict=True) if g == k) for k in dict.fromkeys(group)]
    return tuple(sorted(found, key=len, reverse=True))


def _pair(groups: tuple[tuple[str, ...], ...]) -> str:
    """The exams that are apart, by name."""
    if all(len(group) == 1 for group in groups):
        return _list([group[0] for group in groups])
    first = _list(list(groups[0]))
    others = _list([exam for group in groups[1:] for exam in group])
    return f"{first} on one side and {others} on the other"


def _inside(found: Connection) -> str:
    """Which exams do hang together, where there are more than two."""
    tied = [group for group in found.groups if len(group) > 1]
    return "".join(f" {_list(list(group))} hang together." for group in tied)


def _list(names: list[str]) -> str:
    """Names in a row: a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _count(n: int, what: str) -> str:
    """A number with its noun: 1 item, 2 items."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
