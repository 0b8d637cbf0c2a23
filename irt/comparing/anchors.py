"""Items that two calibrations share: which of them can tie their scales together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.calibration import Calibration, Excluded
from irt.calibration.checks import called
from irt.errors import FitError
from irt.items import Floats, ItemParameters


@dataclass(frozen=True, slots=True)
class Shared:
    """Items of two calibrations, in the order of the base.

    Parameters
    ----------
    new, base : ndarray of int, shape (n,)
        Their positions in either calibration.
    left_out : tuple of Excluded
        Shared items that are not among them, and why.
    """

    new: NDArray[np.intp]
    base: NDArray[np.intp]
    left_out: tuple[Excluded, ...] = ()


def shared_items(new: Calibration, base: Calibration) -> Shared:
    """All items that both calibrations have."""
    position = {item_id: j for j, item_id in enumerate(new.items.item_ids)}
    common = [j for j, item_id in enumerate(base.items.item_ids) if item_id in position]
    return Shared(
        np.array([position[base.items.item_ids[j]] for j in common], dtype=np.intp), np.array(common, dtype=np.intp)
    )


def usable_anchors(new: Calibration, base: Calibration, wanted: Sequence[str] | None, needed: int) -> Shared:
    """The anchors of a link: shared items (of those wanted) with a rising curve that is known in both calibrations.

    Raises
    ------
    FitError
        If an item that was asked for is not shared, or fewer usable anchors than needed are left.
    """
    shared = shared_items(new, base)
    ids = [base.items.item_ids[j] for j in shared.base]
    absent = [item_id for item_id in wanted or () if item_id not in set(ids)]
    if absent:
        raise FitError(
            f"{called(absent[0])} was named as an anchor, but it is not calibrated in both exams. Name items that both "
            "have.",
            item_ids=tuple(absent),
        )
    chosen = np.array([wanted is None or item_id in set(wanted) for item_id in ids], dtype=bool)
    reasons = [
        _unusable(new, i, "new") or _unusable(base, j, "base")
        for i, j in zip(shared.new[chosen], shared.base[chosen], strict=True)
    ]
    fine = np.array([reason == "" for reason in reasons], dtype=bool)
    left_out = tuple(
        Excluded(base.items.item_ids[j], reason)
        for j, reason in zip(shared.base[chosen], reasons, strict=True)
        if reason
    )
    _check_enough(int(fine.sum()), needed, left_out)
    return Shared(shared.new[chosen][fine], shared.base[chosen][fine], left_out)


def parameters_of(items: ItemParameters, positions: NDArray[np.intp]) -> Floats:
    """Discrimination, intercept, guessing and upper asymptote of some items, shape (4, n)."""
    all_four = [items.discrimination, items.intercept, items.guessing, items.upper_asymptote]
    return np.stack([values[positions] for values in all_four])


def _unusable(calibration: Calibration, j: np.intp, which: str) -> str:
    """Why an item cannot be an anchor; "" if it can."""
    name, items = called(calibration.items.item_ids[j]), calibration.items
    if not items.discrimination[j] > 0:
        return f"{name} does not rise with ability in the {which} calibration, so it cannot be an anchor."
    errors = calibration.standard_errors
    known = np.isfinite(errors.intercept)
    if not np.isfinite(items.intercept[j]) or (known.any() and not known[j]):
        return f"{name} is not determined by the {which} calibration, so it cannot be an anchor."
    return ""


def _check_enough(n: int, needed: int, left_out: tuple[Excluded, ...]) -> None:
    """Raise FitError for too few anchors."""
    if n >= needed:
        return
    count = "1 shared item" if len(left_out) == 1 else f"{len(left_out)} shared items"
    also = f" {count} cannot be used: {left_out[0].reason}" if left_out else ""
    have = "They share no usable item" if n == 0 else "They share only one usable item"
    raise FitError(
        f"The two calibrations cannot be linked. {have}, and {needed} {'is' if needed == 1 else 'are'} needed as a "
        f"minimum.{also} Use exams that share more items.",
        n_anchors=n,
        left_out=left_out,
    )
