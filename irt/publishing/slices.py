"""Abilities and probabilities of many students, a bounded number of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from irt.publishing.publication import Publication
from irt.responses import ResponseMatrix
from irt.scoring import AbilityEstimates, estimate_abilities, probabilities
from irt.serialise import Table, abilities_table, probabilities_table

#: Rows that are held at a time: about 150 MB while they are written.
ROWS = 500_000


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of some of the students in one table, and how many of all students are done with them."""

    name: str
    table: Table
    done: int
    of: int


#: Makes the slices of a publication.
Slices = Callable[[], Iterator[Slice]]


def slices_of(publication: Publication, answers: Callable[[], ResponseMatrix], rows: int = ROWS) -> Iterator[Slice]:
    """What is published of each student, in the order of the matrix.

    Abilities are EAP, in the population that the calibration rests on; probabilities are those of
    :func:`irt.scoring.probabilities` at them.

    Parameters
    ----------
    publication : Publication
    answers : callable
        Reads the answers of everybody who is scored, whoever the items were calibrated on; not called where only items
        are published.
    rows : int
        Most rows of a table in one slice (at least those of one student).

    Raises
    ------
    ResponsesError
        If answers and calibration share no item.
    """
    wanted, calibration = publication.results, publication.calibration
    if not wanted & {"abilities", "probabilities"}:
        return
    matrix = answers()
    scored, n = estimate_abilities(matrix, calibration), matrix.n_persons
    if "abilities" in wanted:
        for start in range(0, n, rows):
            some = _some(scored, start, min(start + rows, n))
            yield Slice("abilities", publication.stamped(abilities_table(some, {})), 0, n)
    if "probabilities" in wanted:
        size = max(1, rows // max(matrix.n_items, 1))
        for start in range(0, n, size):
            stop = min(start + size, n)
            some = _some(scored, start, stop)
            chances = probabilities(matrix.take(np.arange(start, stop)), calibration, some)
            yield Slice("probabilities", publication.stamped(probabilities_table(chances, {})), stop, n)


def _some(scored: AbilityEstimates, start: int, stop: int) -> AbilityEstimates:
    """The abilities of some of the students."""
    rows = slice(start, stop)
    return AbilityEstimates(
        scored.person_ids[rows],
        scored.theta[rows],
        scored.se[rows],
        scored.method,
        scored.items_answered[rows],
        scored.population,
    )
