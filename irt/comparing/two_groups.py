"""Two groups of students beside each other, item by item: every statistic of differential item functioning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irt.comparing.logistic import LogisticDif, logistic_tests
from irt.comparing.odds import MantelHaenszel, compare_tables, fair_items
from irt.comparing.standardisation import share_difference
from irt.comparing.strata import matched
from irt.errors import NotFoundError, ResponsesError, TooFewAnswersError
from irt.items import Floats, closed
from irt.responses import ResponseMatrix

#: Items with a Mantel-Haenszel p-value below this leave the matching score in purification, as in difR.
ALPHA = 0.05
#: Groups that a sentence lists.
GROUPS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class DifResult:
    """A focal beside a reference group, item by item; arrays of shape (n_items,), nan where an item has no value.

    Parameters
    ----------
    reference, focal : str
        The values that name the groups.
    item_ids : tuple of str
    n_reference, n_focal : ndarray
        Persons with an answer to the item.
    chi2_mh, p_value_mh, alpha_mh, delta_mh, delta_se, ets_class
        Mantel-Haenszel, as in :class:`irt.comparing.MantelHaenszel`: a negative delta favours the reference group.
    chi2_logistic, p_value_logistic, chi2_uniform, p_value_uniform, chi2_nonuniform, p_value_nonuniform
        Logistic regression, as in :class:`irt.comparing.LogisticDif`; the first of both effects at once.
    p_adjusted : ndarray
        ``p_value_logistic`` after Benjamini and Hochberg over the items: the test that sees either kind of difference.
    anchors : ndarray of bool
        Items of the matching score.
    matching : str
        "total score", or "purified score" where some items left it.
    p_adjusted_mh : ndarray
        ``p_value_mh`` after Benjamini and Hochberg over the items.
    effect, effect_class
        Gain in Nagelkerke's R2 by both effects, and its class after Jodoin and Gierl.
    share_difference, share_difference_se : ndarray
        How much more often the focal group is right at equal score, from -1 to 1
        (:func:`irt.comparing.share_difference`).
    reasons : tuple of str
        Why an item has no logistic test of both effects; "" where it has.
    """

    reference: str
    focal: str
    item_ids: tuple[str, ...]
    n_reference: Floats
    n_focal: Floats
    chi2_mh: Floats
    p_value_mh: Floats
    alpha_mh: Floats
    delta_mh: Floats
    delta_se: Floats
    ets_class: tuple[str, ...]
    chi2_logistic: Floats
    p_value_logistic: Floats
    p_value_uniform: Floats
    p_value_nonuniform: Floats
    p_adjusted: Floats
    anchors: NDArray[np.bool_]
    matching: str
    p_adjusted_mh: Floats
    chi2_uniform: Floats
    chi2_nonuniform: Floats
    effect: Floats
    effect_class: tuple[str, ...]
    share_difference: Floats
    share_difference_se: Floats
    reasons: tuple[str, ...]


def dif(
    matrix: ResponseMatrix,
    groups: Sequence[str | None],
    reference: str | None = None,
    focal: str | None = None,
    purify: bool = False,
    smallest: int = 1,
) -> DifResult:
    """Does any item treat two groups of equally able persons differently?

    Mantel-Haenszel with the continuity correction of 0.5 and logistic regression by likelihood ratio, persons matched
    on the number right with the studied item (with missing answers: on the share right, see
    :func:`irt.comparing.matched`).

    Parameters
    ----------
    matrix : ResponseMatrix
    groups : sequence of str or None, length n_persons
        The group of each person; None: in no group.
    reference, focal : str, optional
        The groups to compare. Default: the largest group is the reference, the largest of the others is focal (groups
        of one size in alphabetical order).
    purify : bool
        Items with a Mantel-Haenszel p-value below .05 leave the matching score of the others, in turns until they
        stay the same, at most ten. Mantel-Haenszel and logistic regression then use the same score.
    smallest : int
        Fewest persons of a group that can be compared.

    Raises
    ------
    ResponsesError
        If there is not one group for each person.
    NotFoundError
        If a group that was named is not there.
    TooFewAnswersError
        If there are no two groups of at least ``smallest`` persons.

    Notes
    -----
    Agrees with difR 5.1 on complete answers: ``difMH`` (also with ``purify = TRUE``) and ``difLogistic`` to 1e-6.

    References
    ----------
    Magis, D., Beland, S., Tuerlinckx, F., & De Boeck, P. (2010). *Behavior Research Methods*, 42, 847-862.
    doi:10.3758/BRM.42.3.847
    """
    if len(groups) != matrix.n_persons:
        raise ResponsesError(
            f"There are {matrix.n_persons} persons in the matrix, but {len(groups)} values of a group."
        )
    reference, focal = _chosen(_sizes(matrix, groups), reference, focal, smallest)
    values = np.array(groups, dtype=object)
    is_focal = np.equal(values, focal).astype(bool)
    keep = is_focal | np.equal(values, reference).astype(bool)
    anchors = fair_items(matrix, is_focal, keep, _significant) if purify else np.ones(matrix.n_items, dtype=bool)
    strata = matched(matrix, is_focal, keep, anchors)
    shares = share_difference(strata)
    odds, logistic = compare_tables(strata), logistic_tests(strata)
    return DifResult(
        reference=reference,
        focal=focal,
        item_ids=matrix.item_ids,
        n_reference=logistic.n_reference,
        n_focal=logistic.n_focal,
        anchors=closed(anchors),
        matching="total score" if anchors.all() else "purified score",
        share_difference=shares.difference,
        share_difference_se=shares.se,
        **_tests(odds, logistic),
    )


def _tests(odds: MantelHaenszel, logistic: LogisticDif) -> dict[str, Any]:
    """The fields of a result that come from the two kinds of tests."""
    return {
        "chi2_mh": odds.chi2,
        "p_value_mh": odds.p_value,
        "alpha_mh": odds.alpha,
        "delta_mh": odds.delta,
        "delta_se": odds.delta_se,
        "ets_class": odds.ets_class,
        "p_adjusted_mh": odds.p_adjusted,
        "chi2_logistic": logistic.chi2,
        "p_value_logistic": logistic.p_value,
        "chi2_uniform": logistic.chi2_uniform,
        "p_value_uniform": logistic.p_value_uniform,
        "chi2_nonuniform": logistic.chi2_nonuniform,
        "p_value_nonuniform": logistic.p_value_nonuniform,
        "p_adjusted": logistic.p_adjusted,
        "effect": logistic.effect,
        "effect_class": logistic.effect_class,
        "reasons": logistic.reasons,
    }


def _significant(result: MantelHaenszel) -> NDArray[np.bool_]:
    """The rule of purification, that of difR."""
    return result.p_value < ALPHA


def _sizes(matrix: ResponseMatrix, groups: Sequence[str | None]) -> Counter[str]:
    """Persons in each group, largest group first, those of one size in alphabetical order; weights count."""
    persons: dict[str, float] = {}
    weights = np.ones(matrix.n_persons) if matrix.weights is None else matrix.weights
    for group, weight in zip(groups, weights.tolist(), strict=True):
        if group is not None:
            persons[group] = persons.get(group, 0.0) + weight
    return Counter({group: round(persons[group]) for group in sorted(persons, key=lambda g: (-persons[g], g))})


def _chosen(sizes: Counter[str], reference: str | None, focal: str | None, smallest: int) -> tuple[str, str]:
    """The groups to compare: those named, else the largest ones that are not named."""
    there = ", ".join(f"{group} ({n})" for group, n in sizes.most_common(GROUPS_SHOWN)) or "none"
    for group in (reference, focal):
        if group is not None and group not in sizes:
            raise NotFoundError(f"There is no group {group!r} to compare. There is: {there}.", group=group)
    if reference is not None and reference == focal:
        raise NotFoundError(
            f"The reference and the focal group are both {focal!r}; name two groups. There is: {there}."
        )
    others = iter([group for group, _ in sizes.most_common() if group not in (reference, focal)])
    reference = next(others, None) if reference is None else reference
    focal = next(others, None) if focal is None else focal
    if reference is None or focal is None or min(sizes[reference], sizes[focal]) < smallest:
        raise TooFewAnswersError(
            f"Two groups {_of_at_least(smallest)}are needed for a comparison; there is: {there}. Choose other groups, "
            "or put small ones together.",
            groups=dict(sizes),
            smallest=smallest,
        )
    return reference, focal


def _of_at_least(smallest: int) -> str:
    """The size that groups need, for a sentence; "" where anyone will do."""
    return f"of at least {smallest} students each " if smallest > 1 else ""
