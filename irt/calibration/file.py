"""The calibration file (JSON, ``itemwise-calibration/1``): writing it, and reading one that nobody vouches for."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from irt.calibration.reading import Node, read_json
from irt.calibration.result import Calibration, CalibrationOptions, Excluded, FitStatus, StandardErrors
from irt.errors import IrtError
from irt.items import Floats, ItemParameters, frozen

FORMAT = "itemwise-calibration/1"
#: Up to so many items the whole covariance is written, beyond only the block of each item.
WHOLE_COVARIANCE = 300
#: Most items that are written and read: their covariance takes 128 MB.
MOST_ITEMS = 2_000
#: Largest slope or intercept that is read: far beyond any item, far within floating point.
LARGEST = 1e6


def write_calibration(calibration: Calibration, path: str | Path) -> None:
    """Write a calibration file; the file is complete or not there at all.

    Raises
    ------
    IrtError
        If it cannot be written, or holds more items than could be read again.
    """
    if len(calibration.items) > MOST_ITEMS:
        raise IrtError(f"A calibration file holds up to {MOST_ITEMS:,} items, not {len(calibration.items):,}.")
    file = Path(path)
    text = json.dumps(to_dict(calibration), ensure_ascii=False, allow_nan=False, indent=1, default=str)
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        beside.write_text(text + "\n", encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise IrtError(f"The calibration file {file.name} cannot be written: {error.strerror}.") from None


def read_calibration(path: str | Path) -> Calibration:
    """Read a calibration file; raises :class:`irt.errors.ResponsesError` with a sentence if it is none."""
    return from_dict(read_json(path))


def to_dict(calibration: Calibration) -> dict[str, Any]:
    """A calibration as JSON-ready values; nan becomes None, and students who were left out are only counted."""
    items, errors = calibration.items, calibration.standard_errors
    records = [
        {
            "item_id": items.item_ids[k],
            "item_name": calibration.item_names[k],
            "n": _count(calibration.n_answers[k]),
            "discrimination": _number(items.discrimination[k]),
            "difficulty": _number(items.difficulty[k]),
            "intercept": _number(items.intercept[k]),
            "guessing": _number(items.guessing[k]),
            "upper_asymptote": _number(items.upper_asymptote[k]),
            "se": {
                "discrimination": _number(errors.discrimination[k]),
                "difficulty": _number(errors.difficulty[k]),
                "intercept": _number(errors.intercept[k]),
                "guessing": None,
            },
        }
        for k in range(len(items))
    ]
    return {
        "format": FORMAT,
        "model": calibration.model,
        "status": calibration.status.code,
        "message": calibration.status.value,
        "n_persons": calibration.n_persons,
        "n_items": len(items),
        "log_likelihood": _number(calibration.log_likelihood),
        "n_parameters": calibration.n_parameters,
        "aic": _number(calibration.aic),
        "bic": _number(calibration.bic),
        "iterations": max(len(calibration.history) - 1, 0),
        "items": records,
        "excluded": [{"item_id": item.id, "reason": item.reason} for item in calibration.excluded_items],
        "n_excluded_persons": len(calibration.excluded_persons),
        "options": asdict(calibration.options),
        "provenance": dict(calibration.provenance),
        "history": [_number(value) for value in calibration.history],
        "covariance": _packed(calibration),
    }


def from_dict(document: Any) -> Calibration:
    """A calibration from the values of a calibration file.

    Only ``format``, ``model``, ``status`` and, for each item, ``item_id``, ``discrimination`` and ``intercept`` or
    ``difficulty`` are required. Without a covariance it is rebuilt from the standard errors.

    Raises
    ------
    ResponsesError
        With the path of the first value that is not what it must be.
    """
    root = Node(document, "")
    root["format"].one_of(FORMAT)
    model = root["model"].one_of("1PL", "2PL", "3PL", "4PL")
    status = FitStatus[root["status"].one_of(*(status.code for status in FitStatus)).upper()]
    records = list(root["items"])
    if not 1 <= len(records) <= MOST_ITEMS:
        raise root["items"].fault(f"a list of 1 to {MOST_ITEMS:,} items (this one has {len(records):,})")
    items = _items(records)
    errors = _errors(records)
    return Calibration(
        items=items,
        item_names=tuple(record["item_name"].text(record["item_id"].text()) for record in records),
        standard_errors=errors,
        covariance=frozen(_covariance(root["covariance"], items, errors)),
        n_answers=frozen([record["n"].number(low=0) for record in records]),
        log_likelihood=root["log_likelihood"].number(),
        n_persons=root["n_persons"].whole(0),
        n_parameters=root["n_parameters"].whole(2 * len(items)),
        history=() if root["history"].absent else tuple(value.number() for value in root["history"]),
        status=status,
        options=_options(root["options"], model),
        excluded_items=_excluded(root["excluded"]),
        provenance={} if root["provenance"].absent else dict(root["provenance"].mapping()),
    )


def _items(records: list[Node]) -> ItemParameters:
    """Item parameters of the records."""
    ids: dict[str, Node] = {}
    intercepts = []
    for record in records:
        node = record["item_id"]
        if node.text() in ids:
            raise node.fault(f"unlike {ids[node.text()].path}")
        ids[node.text()] = node
        intercepts.append(_intercept(record))
    guessing = np.array([record["guessing"].number(0, 1, 0.0) for record in records])
    upper = np.array([record["upper_asymptote"].number(0, 1, 1.0) for record in records])
    for k in np.flatnonzero(guessing >= upper):
        raise records[k]["guessing"].fault("below the upper asymptote")
    slopes = [record["discrimination"].number(-LARGEST, LARGEST) for record in records]
    return ItemParameters.from_arrays(list(ids), slopes, intercept=intercepts, guessing=guessing, upper_asymptote=upper)


def _intercept(record: Node) -> float:
    """The intercept of an item, given or from its difficulty; where both are given they must agree."""
    slope = record["discrimination"].number(-LARGEST, LARGEST)
    given = record["intercept"].number(-LARGEST, LARGEST)
    difficulty = record["difficulty"].number()
    made = -slope * difficulty
    if math.isnan(given):
        if record["difficulty"].absent and not record["discrimination"].absent:
            raise record["difficulty"].fault("a number (or give the intercept)")
        if abs(made) > LARGEST:
            raise record["difficulty"].fault("a difficulty of an item")
        return made
    if abs(given - made) > 1e-6 * (1 + abs(given)):
        raise record["intercept"].fault("-discrimination * difficulty")
    return given


def _errors(records: list[Node]) -> StandardErrors:
    """Standard errors of the records; nan where they are not given."""
    nodes = [Node({}, record["se"].path) if record["se"].absent else record["se"] for record in records]
    columns = {
        name: frozen([node[name].number(low=0) for node in nodes])
        for name in ("discrimination", "difficulty", "intercept")
    }
    return StandardErrors(**columns)


def _options(node: Node, model: str) -> CalibrationOptions:
    """The options, or the defaults where they are not given."""
    if node.absent:
        return CalibrationOptions(model=model)
    if not node["model"].absent:
        node["model"].one_of(model)
    usual = CalibrationOptions()
    return CalibrationOptions(
        model=model,
        prior=None if node["prior"].absent else node["prior"].one_of("weak"),
        n_quadrature=node["n_quadrature"].whole(usual.n_quadrature, low=1),
        tolerance=node["tolerance"].number(0, 1, usual.tolerance),
        max_iterations=node["max_iterations"].whole(usual.max_iterations),
    )


def _excluded(node: Node) -> tuple[Excluded, ...]:
    """Items that were left out."""
    if node.absent:
        return ()
    return tuple(Excluded(item["item_id"].text(), item["reason"].text("")) for item in node)


def _packed(calibration: Calibration) -> Mapping[str, Any]:
    """The covariance row by row up to the diagonal; of very many items only each item's own block."""
    covariance = calibration.covariance
    if len(calibration.items) <= WHOLE_COVARIANCE:
        packed = covariance[np.tril_indices(len(covariance))]
        return {"of": "discrimination and intercept of each item in turn", "lower_triangle": _numbers(packed)}
    blocks = calibration.item_covariance()[:, (0, 1, 1), (0, 0, 1)]
    return {"of": "discrimination and intercept of each item", "item_blocks": [_numbers(block) for block in blocks]}


def _covariance(node: Node, items: ItemParameters, errors: StandardErrors) -> Floats:
    """The covariance as written, or blocks from the standard errors; nan where nothing is known."""
    size = 2 * len(items)
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
        if len(blocks) != len(items) or any(len(block) != 3 for block in blocks):
            raise node["item_blocks"].fault(f"a list of {len(items)} lists of 3 numbers")
        return _from_blocks(np.array(blocks))
    return _from_blocks(_rebuilt(items, errors))


def _rebuilt(items: ItemParameters, errors: StandardErrors) -> Floats:
    """Variance of the slope, covariance and variance of the intercept, from the three standard errors of each item."""
    slope, intercept, a, b = errors.discrimination**2, errors.intercept**2, items.discrimination, items.difficulty
    with np.errstate(invalid="ignore", divide="ignore"):
        cross = (errors.difficulty**2 * a**2 - b**2 * slope - intercept) / (2 * b)
    limit = np.sqrt(slope * intercept)
    return np.stack([slope, np.clip(np.where(np.isfinite(cross), cross, 0.0), -limit, limit), intercept], axis=1)


def _from_blocks(blocks: Floats) -> Floats:
    """A covariance with these item blocks; nan between items."""
    n = len(blocks)
    covariance = np.full((n, 2, n, 2), np.nan)
    index = np.arange(n)
    covariance[index, :, index, :] = blocks[:, [[0, 1], [1, 2]]]
    return covariance.reshape(2 * n, 2 * n)


def _number(value: float) -> float | None:
    """A number for JSON: None where it cannot be had."""
    return float(value) if math.isfinite(value) else None


def _count(value: float) -> float | int:
    """A count as a whole number; with fractional weights as it is."""
    return int(value) if float(value).is_integer() else float(value)


def _numbers(values: Floats) -> list[float | None]:
    """Numbers for JSON."""
    return [_number(value) for value in values]
