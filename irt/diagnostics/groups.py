"""What students of similar ability did: the dots beside a curve, and the options that they chose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irt.diagnostics.intervals import wilson
from irt.items import Floats
from irt.responses import Cell, PreparedResponses

#: Most groups that the students are cut into for the dots beside a curve.
MOST_GROUPS = 10
#: Fewest students in such a group.
SMALLEST_GROUP = 10
#: Into how many groups students are cut for the shares of options.
FIFTHS = 5


@dataclass(frozen=True, slots=True)
class GroupShare:
    """Students of similar ability on one item: how many, their mean ability, their share right with 95 % limits."""

    n: int
    theta: float
    proportion: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class OptionShare:
    """One option: how many students chose it, and its share in each group from weakest to strongest (nan if empty)."""

    option: str
    is_key: bool
    n: int
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class OptionShares:
    """The options of an item.

    Parameters
    ----------
    options : tuple of OptionShare
        Options that somebody chose, and the key, in natural order. Empty where no choices were recorded.
    group_sizes : tuple of int
        Students with a choice in each group, weakest to strongest.
    n_no_option : int
        Students to whom the item was given and who chose nothing.
    """

    options: tuple[OptionShare, ...]
    group_sizes: tuple[int, ...]
    n_no_option: int


def ability_groups(ability: Floats, n_groups: int) -> NDArray[np.int64]:
    """Group of each person, 0 the weakest, by mid-rank: equal abilities are always together.

    Examples
    --------
    >>> ability_groups(np.array([3.0, 1.0, 1.0, 2.0]), 2).tolist()
    [1, 0, 0, 1]
    """
    _, inverse, counts = np.unique(ability, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    groups: NDArray[np.int64] = np.floor(middle[inverse] * n_groups / max(len(ability), 1)).astype(np.int64)
    return groups


def observed_groups(
    scores: NDArray[Any], theta: Floats, most: int = MOST_GROUPS, smallest: int = SMALLEST_GROUP
) -> tuple[GroupShare, ...]:
    """Share right in groups of similar ability, weakest first.

    Parameters
    ----------
    scores : ndarray, shape (n_persons,)
        Scored answers to one item: 1, 0, -1 missing.
    theta : ndarray, shape (n_persons,)
    most : int
        At most this many groups, of about equal size.
    smallest : int
        A group with fewer answers is merged with its neighbour; with fewer answers in all there is no group.
    """
    answered = (scores >= 0) & np.isfinite(theta)
    ability, right = theta[answered], scores[answered] == 1
    n_groups = min(most, len(ability) // max(smallest, 1))
    if n_groups < 1:
        return ()
    codes = _merge_small(ability_groups(ability, n_groups), n_groups, smallest)
    n = np.bincount(codes)
    mean, proportion = (np.bincount(codes, weights=values) / n for values in (ability, right))
    lower, upper = wilson(proportion, n)
    return tuple(
        GroupShare(int(n[g]), *map(float, (mean[g], proportion[g], lower[g], upper[g]))) for g in range(len(n))
    )


def option_shares(prepared: PreparedResponses, item: int, n_groups: int = FIFTHS) -> OptionShares:
    """Share of each option in fifths of the students who chose one, by their share right of the other items.

    Parameters
    ----------
    prepared : PreparedResponses
    item : int
        Position of the item.
    n_groups : int
        Default: fifths.
    """
    chosen, key = prepared.chosen[:, item], prepared.items.answer_keys[item]
    given = prepared.cells[:, item] != Cell.NOT_ADMINISTERED
    choosers = chosen >= 0
    if not choosers.any():
        return OptionShares((), (), 0)
    fifth = ability_groups(rest_share(prepared, item)[choosers], n_groups)
    counts = np.zeros((len(prepared.options), n_groups), dtype=np.int64)
    np.add.at(counts, (chosen[choosers], fifth), 1)
    sizes = counts.sum(axis=0)
    shares = np.divide(counts, sizes, out=np.full(counts.shape, np.nan), where=sizes > 0)
    options = tuple(
        OptionShare(option, option == key, int(row.sum()), tuple(map(float, share)))
        for option, row, share in zip(prepared.options, counts, shares, strict=True)
        if row.any() or option == key
    )
    return OptionShares(options, tuple(map(int, sizes)), int((given & ~choosers).sum()))


def rest_share(prepared: PreparedResponses, item: int) -> Floats:
    """Share right of the other scored items, shape (n_persons,); a half for persons without any."""
    scores = np.delete(prepared.matrix.scores, item, axis=1)
    answered = (scores >= 0).sum(axis=1)
    share: Floats = np.full(len(scores), 0.5)
    np.divide((scores == 1).sum(axis=1), answered, out=share, where=answered > 0)
    return share


def _merge_small(codes: NDArray[np.int64], n_groups: int, smallest: int) -> NDArray[np.int64]:
    """Codes renumbered from 0, with each group that is too small joined to the next stronger one (or the last)."""
    counts = np.bincount(codes, minlength=n_groups)
    new, merged, held = np.zeros(n_groups, dtype=np.int64), 0, 0
    for group, count in enumerate(counts):
        new[group] = merged
        held += count
        if held >= smallest:
            merged, held = merged + 1, 0
    if 0 < held < smallest:  # what is left at the strong end
        new[new == merged] = max(merged - 1, 0)
    return new[codes]
