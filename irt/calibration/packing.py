"""The covariance of a calibration in its file: row by row up to the diagonal, or the block of each item."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from irt.calibration.reading import Node
from irt.calibration.result import Calibration, StandardErrors
from irt.items import Floats, ItemParameters

#: What the covariance is of.
KINDS = ("discrimination", "intercept", "guessing", "upper_asymptote")


def packed(calibration: Calibration, most_items: int) -> Mapping[str, Any]:
    """The covariance row by row up to the diagonal; of more than most_items items only each item's own block."""
    covariance, k = calibration.covariance, calibration.parameters_per_item
    names = " and ".join(filter(None, [", ".join(KINDS[: k - 1]), KINDS[k - 1]]))
    if len(calibration.items) <= most_items:
        packed = covariance[np.tril_indices(len(covariance))]
        return {"of": f"{names} of each item in turn", "lower_triangle": numbers(packed)}
    rows, columns = np.tril_indices(k)
    blocks = calibration.item_covariance()[:, rows, columns]
    return {"of": f"{names} of each item", "item_blocks": [numbers(block) for block in blocks]}


def unpacked(node: Node, items: ItemParameters, errors: StandardErrors, k: int) -> Floats:
    """The covariance as written, or blocks from the standard errors; nan where nothing is known."""
    size, cells = k * len(items), k * (k + 1) // 2
    if not node.absent and not node["lower_triangle"].absent:
        values = [value.number() for value in node["lower_triangle"]]
        if len(values) != size * (size + 1) // 2:
            raise node["lower_triangle"].fault(f"a list of {size * (size + 1) // 2} numbers for {len(items)} items")
        covariance = np.empty((size, size))
        rows, columns = np.tril_indices(size)
        covariance[rows, columns] = covariance[columns, rows] = values
        return covariance
    if not node.absent and not node["item_blocks"].absent:
        blocks = [[value.number() for value in block] for block in node["item_blocks"]]
        if len(blocks) != len(items) or any(len(block) != cells for block in blocks):
            raise node["item_blocks"].fault(f"a list of {len(items)} lists of {cells} numbers")
        return _from_blocks(np.array(blocks), k)
    return _from_blocks(_rebuilt(items, errors, k), k)


def _rebuilt(items: ItemParameters, errors: StandardErrors, k: int) -> Floats:
    """The lower triangle of each item's block from its standard errors; asymptotes as if independent of the rest."""
    slope, intercept, a, b = errors.discrimination**2, errors.intercept**2, items.discrimination, items.difficulty
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        cross = (errors.difficulty**2 * a**2 - b**2 * slope - intercept) / (2 * b)
    limit = np.sqrt(slope * intercept)
    none = np.zeros(len(items))
    block = [slope, np.clip(np.where(np.isfinite(cross), cross, 0.0), -limit, limit), intercept]
    block += [none, none, errors.guessing**2, none, none, none, errors.upper_asymptote**2]
    return np.stack(block[: k * (k + 1) // 2], axis=1)


def _from_blocks(blocks: Floats, k: int) -> Floats:
    """A covariance with these lower triangles of item blocks; nan between items."""
    n = len(blocks)
    covariance = np.full((n, k, n, k), np.nan)
    index = np.arange(n)
    for cell, (row, column) in enumerate(zip(*np.tril_indices(k), strict=True)):
        covariance[index, row, index, column] = covariance[index, column, index, row] = blocks[:, cell]
    return covariance.reshape(k * n, k * n)


def number_of(value: float) -> float | None:
    """A number for JSON: None where it cannot be had."""
    return float(value) if math.isfinite(value) else None


def numbers(values: Floats) -> list[float | None]:
    """Numbers for JSON."""
    return [number_of(value) for value in values]
