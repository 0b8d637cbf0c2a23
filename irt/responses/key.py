"""The scoring key: which option of an item is right, and scores from the options that were chosen."""

from __future__ import annotations

import unicodedata
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from irt.responses.matrix import MISSING


class OmittedPolicy(StrEnum):
    """What an empty cell of a file becomes when it is scored."""

    MISSING = "missing"
    WRONG = "wrong"


def option_label(text: str) -> str:
    """An option as it is stored and compared: full-width forms folded, space removed, a single letter in upper case.

    Examples
    --------
    >>> option_label(" ｂ "), option_label("12"), option_label("yes")
    ('B', '12', 'yes')
    """
    label = unicodedata.normalize("NFKC", text).strip()
    return label.upper() if len(label) == 1 else label


def is_empty(values: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Where an array of objects holds None."""
    empty: NDArray[np.bool_] = np.equal(values, np.array(None, dtype=object)).astype(bool)
    return empty


def score_options(
    chosen: NDArray[np.object_], right: str | NDArray[np.object_], omitted: OmittedPolicy = OmittedPolicy.MISSING
) -> NDArray[np.int8]:
    """Scores of chosen options.

    Parameters
    ----------
    chosen : ndarray of object, any shape
        Labels from :func:`option_label`, None where no option was chosen.
    right : str or ndarray of object
        The right option; an array is broadcast against ``chosen``.
    omitted : OmittedPolicy
        Default: no option is missing, not wrong.

    Returns
    -------
    ndarray of int8, shape of ``chosen``
        1 right, 0 any other option, -1 missing.
    """
    empty = is_empty(chosen)
    scores = np.equal(chosen, right).astype(np.int8)
    scores[empty] = 0 if omitted is OmittedPolicy.WRONG else MISSING
    return scores
