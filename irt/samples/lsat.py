"""LSAT6 and LSAT7: sections 6 and 7 of the Law School Admission Test, 1,000 persons each, 5 items each.

The published tables of response patterns and counts, the field's oldest common example.

References
----------
Bock, R. D., & Lieberman, M. (1970). Fitting a response model for n dichotomously scored items. *Psychometrika*, 35,
179-197. doi:10.1007/BF02291262

Thissen, D. (1982). Marginal maximum likelihood estimation for the one-parameter logistic model. *Psychometrika*, 47,
175-186. doi:10.1007/BF02296273
"""

from __future__ import annotations

import numpy as np

from irt.responses import AnswerRows, ItemTable, PersonTable, ResponseMatrix

N_ITEMS = 5

#: Persons with each response pattern, in the order 00000, 00001, 00010, ..., 11111 (item 1 first).
LSAT6_COUNTS = (
    *(3, 6, 2, 11, 1, 1, 3, 4, 1, 8, 0, 16, 0, 3, 2, 15),
    *(10, 29, 14, 81, 3, 28, 15, 80, 16, 56, 21, 173, 11, 61, 28, 298),
)
LSAT7_COUNTS = (
    *(12, 19, 1, 7, 3, 19, 3, 17, 10, 5, 3, 7, 7, 23, 8, 28),
    *(7, 39, 11, 34, 14, 51, 15, 90, 6, 25, 7, 35, 18, 136, 32, 308),
)


def patterns() -> np.ndarray:
    """The 32 response patterns of five items, in the order of the counts, shape (32, 5), int8."""
    return ((np.arange(2**N_ITEMS)[:, None] >> np.arange(N_ITEMS)[::-1]) & 1).astype(np.int8)


def lsat(counts: tuple[int, ...]) -> ResponseMatrix:
    """One row a person.

    Examples
    --------
    >>> [int(n) for n in lsat(LSAT6_COUNTS).scores.sum(axis=0)]
    [924, 709, 553, 763, 870]
    """
    persons = [f"{i:04d}" for i in range(1, sum(counts) + 1)]
    return ResponseMatrix.from_array(np.repeat(patterns(), counts, axis=0), person_ids=persons)


def lsat_rows(counts: tuple[int, ...], section: int) -> AnswerRows:
    """The same answers as rows. Persons are numbered within a section: the sections were answered by different people.

    Parameters
    ----------
    counts : tuple of int
    section : {6, 7}
    """
    matrix = lsat(counts)
    none = (None,) * matrix.n_persons
    ids = tuple(f"LSAT{section}-{person}" for person in matrix.person_ids)
    items = tuple(f"LSAT{section}-{j}" for j in range(1, N_ITEMS + 1))
    names = tuple(f"Section {section}, item {j}" for j in range(1, N_ITEMS + 1))
    return AnswerRows(
        persons=PersonTable(ids, none, none, none),
        items=ItemTable(items, names, (None,) * N_ITEMS, (None,) * N_ITEMS),
        person=np.repeat(np.arange(matrix.n_persons, dtype=np.int32), N_ITEMS),
        item=np.tile(np.arange(N_ITEMS, dtype=np.int32), matrix.n_persons),
        correct=matrix.scores.ravel(),
        option=np.full(matrix.scores.size, -1, dtype=np.int32),
        options=(),
    )
