"""Does the curve of an item describe its answers: S-X2, also where answers are missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from irt.calibration import Calibration
from irt.calibration.checks import called
from irt.diagnostics.free_parameters import free_parameters
from irt.diagnostics.given_score import ScoreGroups, right_given_score, score_groups
from irt.items import Floats, frozen
from irt.quadrature import grid_for
from irt.responses import ResponseMatrix
from irt.scoring.align import align
from irt.scoring.population import population_of, standardised
from irt.threads import one_thread

#: Least expected number of right and of wrong answers in a score group.
LEAST_EXPECTED = 1.0


@dataclass(frozen=True, slots=True)
class ItemFit:
    """S-X2 of each item; arrays of shape (n_items,) in the order of the matrix.

    Parameters
    ----------
    item_ids : tuple of str
    s_x2 : ndarray
        Distance of the observed from the expected answers over groups of persons by score; about ``df`` if the curve is
        right.
    df : ndarray
        Groups less the item's estimated parameters.
    rmsea : ndarray
        The misfit freed of the number of persons; 0 where there is less than chance brings.
    p_value : ndarray
        Probability of such a distance, or a larger one, if the curve is right.
    n : ndarray
        Persons (sum of weights) who answered the item and another one.
    method : str
        ``"complete"``, or ``"missing by design"`` where answers are missing.
    reasons : tuple of str
        Why an item has no test; "" where it has one.
    """

    item_ids: tuple[str, ...]
    s_x2: Floats
    df: Floats
    rmsea: Floats
    p_value: Floats
    n: Floats
    method: str
    reasons: tuple[str, ...]


@one_thread
def s_x2(matrix: ResponseMatrix, calibration: Calibration) -> ItemFit:
    r"""Orlando and Thissen's S-X2 of each item, with an extension for missing answers.

    .. math:: S\text{-}X^2_j = \sum_k N_k \frac{(O_{jk} - E_{jk})^2}{E_{jk} (1 - E_{jk})}

    over groups k of persons with the same number right (without 0 and full marks): O is the share of right answers to
    the item, E the share that the model expects given the number right. Groups are joined with the smaller of their
    neighbours until each expects at least one right and one wrong answer.

    Parameters
    ----------
    matrix : ResponseMatrix
        Weights count persons.
    calibration : Calibration

    Returns
    -------
    ItemFit
        nan with a reason for items that were not calibrated, and where fewer groups are left than the item has
        parameters. ``rmsea`` is :math:`\sqrt{\max(S\text{-}X^2 - df, 0) / (df (n - 1))}`.

    Raises
    ------
    ResponsesError
        If the matrix shares no item with the calibration.

    Notes
    -----
    *Complete answers.* Agrees with mirt's ``itemfit`` to 1e-4, including how groups are joined and the degrees of
    freedom: groups less estimated parameters (also in the 1PL, where the common slope counts for each item, although it
    costs each of many items hardly anything: simulated tests of the 1PL reject 7 % at 5 %). Parameters that a prior
    holds rather than the answers are counted all the same.

    *Missing answers.* A person's number right then depends on which items were answered. The chance of a right answer
    given the number right s of the answered set A, :math:`P(x_j = 1 \mid s, A)`, follows from the model for every set,
    so that observed and expected answers can still be counted and compared. What needs a choice is who is counted
    together: persons are grouped by the number right to be expected of them on all items,

    .. math:: \tau(s, A) = s + \sum_{j \notin A} P(x_j = 1 \mid s, A)

    rounded. A group's expected count is the sum of its persons' own chances. Without missing answers :math:`\tau = s`,
    and this is S-X2 itself. It holds for booklets and for answers missing at random alike, as long as what is missing
    does not depend on ability beyond the answers given: simulated rejection rates at 5 % are in benchmarks/item_fit.py.
    Persons with none or all of their answers right carry no information and are left out, as in the complete case.

    References
    ----------
    Orlando & Thissen (2000), Likelihood-based item-fit indices for dichotomous item response theory models.
    doi:10.1177/01466216000241003;
    Orlando & Thissen (2003), Further investigation of the performance of S-X2. doi:10.1177/0146621603027004004;
    Kang & Chen (2008), Performance of the generalized S-X2 item fit index for polytomous IRT models.
    doi:10.1111/j.1745-3984.2008.00071.x

    Examples
    --------
    >>> from irt.calibration import calibrate
    >>> from irt.samples import LSAT6_COUNTS, lsat
    >>> exam = lsat(LSAT6_COUNTS)
    >>> s_x2(exam, calibrate(exam)).s_x2.round(2).tolist()
    [0.45, 1.69, 0.67, 0.18, 0.11]
    """
    shared = align(matrix, calibration)
    scores = shared.answers(matrix)
    weights = np.ones(matrix.n_persons) if matrix.weights is None else matrix.weights
    present = (weights > 0) & ((scores >= 0).sum(axis=1) > 1)
    scores, weights = scores[present], weights[present]
    population = population_of(calibration)
    groups = score_groups(scores)
    grid = grid_for(standardised(shared.items, population))
    chances = right_given_score(groups, shared.items, grid, population)
    tables = _tables(scores, weights, groups, chances)
    n_free = free_parameters(calibration)[:, shared.places].sum(axis=0)
    n = weights @ (scores >= 0)
    found = np.array([_test(tables[:, j].T, int(n_free[j]), float(n[j])) for j in range(len(shared.columns))])
    complete = bool((scores >= 0).all())
    return _result(matrix, calibration, shared.columns, found, n, "complete" if complete else "missing by design")


def _tables(scores: NDArray[np.int8], weights: Floats, groups: ScoreGroups, chances: Floats) -> Floats:
    """Observed and expected, right and wrong, by item and expected score, shape (4, n_items, n_items + 1)."""
    n_items = scores.shape[1]
    expected_score = np.where(groups.answered, 0.0, chances).sum(axis=1) + groups.score
    level = np.rint(np.nan_to_num(expected_score)).astype(np.intp)
    n_answered = groups.answered.sum(axis=1)
    informative = (groups.score > 0) & (groups.score < n_answered) & np.isfinite(expected_score)
    n_groups = len(level)
    size = np.bincount(groups.of_person, weights=weights, minlength=n_groups)
    count = np.where(groups.answered & informative[:, None], size[:, None], 0.0)
    right = _sums(groups.of_person, np.where(scores == 1, weights[:, None], 0.0), n_groups) * informative[:, None]
    expected = count * np.where(count > 0, chances, 0.0)
    cells = (right, count - right, expected, count - expected)
    return np.stack([_sums(level, cell, n_items + 1).T for cell in cells])


def _sums(group: NDArray[np.intp], values: Floats, n_groups: int) -> Floats:
    """Sums of rows by group, shape (n_groups, n_columns)."""
    order = np.argsort(group, kind="stable")
    total = np.zeros((n_groups, values.shape[1]))
    there, start = np.unique(group[order], return_index=True)
    if len(there):
        total[there] = np.add.reduceat(values[order], start, axis=0)
    return total


def _test(table: Floats, n_free: int, n: float) -> list[float]:
    """S-X2, degrees of freedom, RMSEA and p-value of one item from its table; nan without a degree of freedom."""
    cells = collapse(table[1:-1])  # score groups without 0 and full marks
    if len(cells) <= n_free:
        return [np.nan, 0.0, np.nan, np.nan]
    df = float(len(cells) - n_free)
    statistic = float(((cells[:, :2] - cells[:, 2:]) ** 2 / cells[:, 2:]).sum())
    rmsea = float(np.sqrt(max(statistic - df, 0.0) / (df * (n - 1)))) if n > 1 else np.nan
    return [statistic, df, rmsea, float(chdtrc(df, statistic))]


def collapse(cells: Floats, least: float = LEAST_EXPECTED) -> Floats:
    """Join score groups until each expects enough right and wrong answers, in mirt's way.

    The lowest group that expects too few is joined with the smaller of its neighbours (the lower one if they are
    equal), again and again.

    Parameters
    ----------
    cells : ndarray, shape (n_groups, 4)
        Right, wrong, expected right, expected wrong; from low to high scores.
    least : float
        Smallest expected count.

    Returns
    -------
    ndarray, shape (fewer, 4)
        Empty if not even all groups together expect enough.
    """
    rows = [row.copy() for row in cells]
    place = 0
    while place < len(rows):
        if min(rows[place][2], rows[place][3]) >= least:
            place += 1
            continue
        if len(rows) == 1:
            return np.empty((0, 4))
        into = _neighbour(rows, place)
        rows[into] = rows[into] + rows[place]
        del rows[place]
        place = min(place, into)
    return np.array(rows).reshape(-1, 4)


def _neighbour(rows: list[Floats], place: int) -> int:
    """The group that a sparse one is joined with."""
    if place == 0:
        return 1
    if place == len(rows) - 1:
        return place - 1
    below, above = rows[place - 1][:2].sum(), rows[place + 1][:2].sum()
    return place - 1 if below <= above else place + 1


def _result(
    matrix: ResponseMatrix,
    calibration: Calibration,
    columns: NDArray[np.intp],
    found: Floats,
    n: Floats,
    method: str,
) -> ItemFit:
    """Statistics of the calibrated items as ones of all items, with reasons."""
    table = np.full((4, matrix.n_items), np.nan)
    table[:, columns] = found.T
    counts = np.zeros(matrix.n_items)
    counts[columns] = n
    left_out = {item.id: item.reason for item in calibration.excluded_items}
    reasons = [
        left_out.get(item_id, f"{called(item_id)} is not in the calibration, so there is no curve to test.")
        for item_id in matrix.item_ids
    ]
    for j in columns:
        reasons[j] = "" if table[1, j] > 0 else _too_few(matrix.item_ids[j], counts[j])
    return ItemFit(
        item_ids=matrix.item_ids,
        s_x2=frozen(table[0]),
        df=frozen(table[1]),
        rmsea=frozen(table[2]),
        p_value=frozen(table[3]),
        n=frozen(counts),
        method=method,
        reasons=tuple(reasons),
    )


def _too_few(item_id: str, n: float) -> str:
    """Why a calibrated item has no test."""
    return (
        f"{called(item_id)} cannot be tested: its {n:g} students fall into too few groups by score. More students, or "
        "more items, are needed."
    )
