"""Abilities and probabilities of many students, a bounded number of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from irt.publishing.publication import Publication
from irt.publishing.tables import RESULTS
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


class Writer(Protocol):
    """Writes tables part by part; ``rows`` counts what it has written of each."""

    rows: dict[str, int]

    def add(self, name: str, table: Table) -> None:
        """Write one more part of a table."""
        ...


def write_tables(
    writer: Writer, publication: Publication, slices: Slices, tell: Callable[[Slice], None]
) -> dict[str, int]:
    """Write all tables of a publication, what is said of it last; how many rows each table of results has."""
    if "items" in publication.results:
        writer.add("item_parameters", publication.item_rows())
    for part in slices():
        writer.add(part.name, part.table)
        tell(part)
    rows = {name: writer.rows.get(name, 0) for name in RESULTS.values()}
    writer.add("publications", publication.facts_rows(rows))
    return rows


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
