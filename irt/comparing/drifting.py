"""Did items that two exams share become harder or easier, or tell students apart differently?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr

from irt.calibration import Calibration
from irt.calibration.checks import called
from irt.comparing.anchors import Shared, parameters_of, shared_items
from irt.comparing.linking import Link, link, spread
from irt.comparing.linking_constants import difficulty_by
from irt.diagnostics.adjustment import benjamini_hochberg
from irt.errors import FitError
from irt.items import Floats, closed, frozen

#: Anchors with an adjusted p-value below this leave the link.
ALPHA = 0.05
#: Fewest anchors of a link that others may leave.
FEWEST_ANCHORS = 2


@dataclass(frozen=True, slots=True)
class Drift:
    """Items of two exams beside each other on the base scale; arrays of shape (n_items,), nan where not comparable.

    Parameters
    ----------
    item_ids : tuple of str
        The items that both calibrations have, in the order of the base.
    difficulty_base, difficulty_new : ndarray
        Logits on the base scale; higher = harder.
    difference, se, z, p_value, p_adjusted : ndarray
        ``difficulty_new - difficulty_base``: above 0 the item became harder. The standard error includes that of the
        link; ``p_adjusted`` is Benjamini and Hochberg's over the items.
    n_base, n_new : ndarray
        Answers in either exam.
    discrimination_base, discrimination_new, discrimination_difference, discrimination_se : ndarray
        On the base scale.
    chi2, p_value_both : ndarray
        Lord's test that neither slope nor intercept changed, two degrees of freedom; between two 1PL calibrations,
        which have no slopes of their own, ``z`` squared with one.
    anchors : ndarray of bool
        Items of the link: those that did not surely drift.
    link : Link
    reasons : tuple of str
        Why an item cannot be compared; "" where it can.
    """

    item_ids: tuple[str, ...]
    difficulty_base: Floats
    difficulty_new: Floats
    difference: Floats
    se: Floats
    z: Floats
    p_value: Floats
    p_adjusted: Floats
    n_base: Floats
    n_new: Floats
    discrimination_base: Floats
    discrimination_new: Floats
    discrimination_difference: Floats
    discrimination_se: Floats
    chi2: Floats
    p_value_both: Floats
    anchors: NDArray[np.bool_]
    link: Link
    reasons: tuple[str, ...]


def drift(new: Calibration, base: Calibration, link: Link | None = None) -> Drift:
    r"""Changes of the shared items between two exams, after the scales are linked.

    .. math:: z = \frac{A\, b_{new} + B - b_{base}}{SE}

    Parameters
    ----------
    new, base : Calibration
        Of different students.
    link : Link, optional
        Default: Stocking and Lord's over the items that do not drift. These are found in turns: the anchor with the
        smallest adjusted p-value below .05, of ``z`` or of Lord's test, leaves the link and all items are tested
        again, until none is left or half of the anchors have gone (then there is no telling which half changed).

    Raises
    ------
    FitError
        If the calibrations cannot be linked, or the link is not one between them.

    Notes
    -----
    The standard error is by the delta method from the covariances of both calibrations, through the line as well:
    items of the link pull it towards themselves, which makes their differences smaller and is counted in. Lord's test
    is Wald's of discrimination and intercept, whose estimates are nearer to normal than that of the difficulty.

    References
    ----------
    Lord, F. M. (1980), *Applications of Item Response Theory to Practical Testing Problems*, ch. 14.

    Ogasawara, H. (2001). *Applied Psychological Measurement*, 25, 53-67. doi:10.1177/01466216010251004
    """
    if link is not None:
        _check_between(new, base, link)
        return _compare(new, base, link)
    found = _compare(new, base, _linked(new, base, None))
    most = len(found.link.anchor_ids) // 2
    fewest = max(FEWEST_ANCHORS, len(found.link.anchor_ids) - most)
    while found.anchors.sum() > fewest:
        either = np.fmin(found.p_adjusted, benjamini_hochberg(found.p_value_both))
        doubtful = np.where(found.anchors & ~np.isnan(either), either, np.inf)
        if doubtful.min() >= ALPHA:
            break
        worst = min(np.flatnonzero(doubtful == doubtful.min()), key=lambda j: -found.chi2[j])
        kept = [item_id for item_id in found.link.anchor_ids if item_id != found.item_ids[worst]]
        found = _compare(new, base, _linked(new, base, kept), found.reasons)
    return found


def _check_between(new: Calibration, base: Calibration, link: Link) -> None:
    """Raise FitError for a link by items that one of the calibrations does not have."""
    both = set(new.items.item_ids) & set(base.items.item_ids)
    absent = tuple(item_id for item_id in link.anchor_ids if item_id not in both)
    if absent:
        raise FitError(
            f"The link rests on {called(absent[0])}, which is not in both calibrations. Link these two calibrations.",
            item_ids=absent,
        )


def _linked(new: Calibration, base: Calibration, anchors: list[str] | None) -> Link:
    """The default link over some anchors."""
    return link(new, base, anchors=anchors)


def _compare(new: Calibration, base: Calibration, line: Link, known: tuple[str, ...] | None = None) -> Drift:
    """Every shared item on one line."""
    shared = shared_items(new, base)
    item_ids = tuple(base.items.item_ids[j] for j in shared.base)
    reasons = _reasons(item_ids, line) if known is None else known
    usable = np.array([reason == "" for reason in reasons], dtype=bool)
    tables = [
        np.where(usable, parameters_of(c.items, at), np.nan) for c, at in ((new, shared.new), (base, shared.base))
    ]
    moved = _on_base(tables[0], line)
    given = np.stack([-tables[1][1] / tables[1][0], tables[1][0], tables[1][1]])
    gap = moved - given
    covariance = _gap_covariance((new, base), shared, tables, line)
    errors = np.sqrt(np.where(covariance[:, [0, 1, 2], [0, 1, 2]] > 0, covariance[:, [0, 1, 2], [0, 1, 2]], np.nan)).T
    z = gap[0] / errors[0]
    p_value = 2 * ndtr(-np.abs(z))
    one_slope = new.model == base.model == "1PL"
    chi2 = z**2 if one_slope else _wald(gap[1:].T, covariance[:, 1:, 1:])
    return Drift(
        item_ids=item_ids,
        difficulty_base=frozen(given[0]),
        difficulty_new=frozen(moved[0]),
        difference=frozen(gap[0]),
        se=frozen(errors[0]),
        z=frozen(z),
        p_value=frozen(p_value),
        p_adjusted=frozen(benjamini_hochberg(p_value)),
        n_base=frozen(base.n_answers[shared.base]),
        n_new=frozen(new.n_answers[shared.new]),
        discrimination_base=frozen(given[1]),
        discrimination_new=frozen(moved[1]),
        discrimination_difference=frozen(gap[1]),
        discrimination_se=frozen(np.full(len(z), np.nan) if one_slope else errors[1]),
        chi2=frozen(chi2),
        p_value_both=frozen(np.where(np.isnan(chi2), np.nan, chdtrc(1 if one_slope else 2, chi2))),
        anchors=closed(np.isin(item_ids, line.anchor_ids)),
        link=line,
        reasons=reasons,
    )


def _on_base(table: Floats, line: Link) -> Floats:
    """Difficulty, discrimination and intercept on the base scale, shape (3, n)."""
    slope, intercept = table[0] / line.slope, table[1] - line.intercept / line.slope * table[0]
    return np.stack([-intercept / slope, slope, intercept])


def _gap_covariance(
    calibrations: tuple[Calibration, Calibration], shared: Shared, tables: list[Floats], line: Link
) -> Floats:
    """Covariance of the three differences of each item (difficulty, discrimination, intercept), shape (n, 3, 3)."""
    new, base = calibrations
    a, b = line.slope, line.intercept
    slope, intercept = tables[0][:2]
    nothing = np.zeros_like(slope)
    by_line = np.array(  # of the new parameters on the base scale by slope and intercept of the line, (3, 2, n)
        [[-intercept / slope, nothing + 1], [-slope / a**2, nothing], [slope * b / a**2, -slope / a]]
    )
    own_new = np.zeros((3, 4, len(slope)))
    own_new[0], own_new[1, 0] = a * difficulty_by(tables[0]), 1 / a
    own_new[2, 0], own_new[2, 1] = -b / a, 1.0
    own_base = np.zeros_like(own_new)
    own_base[0], own_base[1, 0], own_base[2, 1] = -difficulty_by(tables[1]), -1.0, -1.0
    covariance = np.zeros((len(slope), 3, 3))
    for calibration, at, own, by in (
        (new, shared.new, own_new, line.by_new),
        (base, shared.base, own_base, line.by_base),
    ):
        where = {item_id: j for j, item_id in enumerate(calibration.items.item_ids)}
        anchors = np.array([where[item_id] for item_id in line.anchor_ids], dtype=np.intp)
        through = spread(by, calibration, anchors)
        rows = np.einsum("rln,lc->nrc", by_line, through)
        k = calibration.parameters_per_item
        columns = at[:, None] * k + np.arange(2)
        rows[np.arange(len(at))[:, None], :, columns] += own[:, :2].transpose(2, 1, 0)
        flat = rows.reshape(-1, rows.shape[-1])
        flat = (flat @ calibration.covariance).reshape(rows.shape)
        covariance += np.einsum("nrc,nsc->nrs", flat, rows)
    return covariance


def _wald(gap: Floats, covariance: Floats) -> Floats:
    """The squared distance of each pair of differences from 0, in their own errors, shape (n,)."""
    known = np.isfinite(covariance).all(axis=(1, 2)) & np.isfinite(gap).all(axis=1)
    fine = np.flatnonzero(known)
    fine = fine[np.linalg.det(covariance[fine]) > 0]
    found: Floats = np.full(len(gap), np.nan)
    found[fine] = (gap[fine] * np.linalg.solve(covariance[fine], gap[fine][..., None])[..., 0]).sum(axis=1)
    return found


def _reasons(item_ids: tuple[str, ...], line: Link) -> tuple[str, ...]:
    """Why an item cannot be compared: what kept it out of the first link."""
    said = {excluded.id: excluded.reason for excluded in line.left_out}
    return tuple(said.get(item_id, "") for item_id in item_ids)
