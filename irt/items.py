"""Item parameters: what a calibration says of each item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from irt.errors import ResponsesError

Floats = NDArray[np.float64]
_T = TypeVar("_T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class ItemParameters:
    """Parameters of the four-parameter logistic family, logistic metric (D = 1).

    Parameters
    ----------
    item_ids : tuple of str, length n_items
    discrimination : ndarray, shape (n_items,)
        Slope at the difficulty, per logit. Negative: stronger students miss the item more often.
    difficulty : ndarray, shape (n_items,)
        Logits; higher = harder. Infinite or nan where the curve is flat.
    guessing, upper_asymptote : ndarray, shape (n_items,)
        Probability of a right answer at the far left and far right.
    intercept : ndarray, shape (n_items,)
        ``-discrimination * difficulty``; finite even for a flat curve, so it is what curves are computed from.
    """

    item_ids: tuple[str, ...]
    discrimination: Floats
    intercept: Floats
    guessing: Floats
    upper_asymptote: Floats

    def __post_init__(self) -> None:
        for name in ("discrimination", "intercept", "guessing", "upper_asymptote"):
            object.__setattr__(self, name, frozen(getattr(self, name)))
            if getattr(self, name).shape != (len(self.item_ids),):
                raise ResponsesError(f"{name} must have one value for each of the {len(self.item_ids)} items.")

    @classmethod
    def from_arrays(
        cls,
        item_ids: Sequence[str],
        discrimination: ArrayLike,
        *,
        difficulty: ArrayLike | None = None,
        intercept: ArrayLike | None = None,
        guessing: ArrayLike = 0.0,
        upper_asymptote: ArrayLike = 1.0,
    ) -> ItemParameters:
        """Item parameters from slopes and either difficulties or intercepts.

        Raises
        ------
        ResponsesError
            If neither or both of difficulty and intercept are given, or lengths differ.
        """
        if (difficulty is None) == (intercept is None):
            raise ResponsesError("Give either the difficulty or the intercept of the items, not both and not neither.")
        slope = np.asarray(discrimination, dtype=np.float64)
        if intercept is None:
            intercept = -slope * np.asarray(difficulty, dtype=np.float64)
        n = len(item_ids)
        return cls(
            item_ids=tuple(item_ids),
            discrimination=slope,
            intercept=np.asarray(intercept, dtype=np.float64),
            guessing=np.broadcast_to(np.asarray(guessing, dtype=np.float64), (n,)),
            upper_asymptote=np.broadcast_to(np.asarray(upper_asymptote, dtype=np.float64), (n,)),
        )

    @property
    def difficulty(self) -> Floats:
        """``-intercept / discrimination`` in logits, shape (n_items,); higher = harder; nan where the slope is 0."""
        slope = np.where(self.discrimination == 0, np.nan, self.discrimination)
        return frozen(-self.intercept / slope)

    def __len__(self) -> int:
        return len(self.item_ids)

    def take(self, indices: Sequence[int] | NDArray[np.intp]) -> ItemParameters:
        """The items at these positions, in this order."""
        index = np.asarray(indices, dtype=np.intp)
        return ItemParameters(
            tuple(self.item_ids[i] for i in index),
            self.discrimination[index],
            self.intercept[index],
            self.guessing[index],
            self.upper_asymptote[index],
        )


def frozen(values: ArrayLike) -> Floats:
    """A read-only float64 copy (or the array itself if it is read-only already)."""
    array = np.asarray(values, dtype=np.float64)
    return closed(array.copy()) if array.flags.writeable else array


def closed(array: NDArray[_T]) -> NDArray[_T]:
    """The array itself, closed for writing: for one that was just made."""
    array.flags.writeable = False
    return array
