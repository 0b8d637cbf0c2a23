"""The calibration file (JSON, ``itemwise-calibration/1``): writing it, and reading one that nobody vouches for."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from irt.calibration.packing import number_of, packed, unpacked
from irt.calibration.reading import Node, read_json
from irt.calibration.result import (
    PARAMETERS_PER_ITEM,
    Calibration,
    CalibrationOptions,
    Excluded,
    FitStatus,
    Population,
    StandardErrors,
)
from irt.errors import IrtError
from irt.items import ItemParameters, frozen

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
    text, file = text_of(calibration), Path(path)
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise IrtError(f"The calibration file {file.name} cannot be written: {error.strerror}.") from None


def text_of(calibration: Calibration) -> str:
    """What a calibration file holds. Raises IrtError for more items than could be read again."""
    if len(calibration.items) > MOST_ITEMS:
        raise IrtError(f"A calibration file holds up to {MOST_ITEMS:,} items, not {len(calibration.items):,}.")
    return json.dumps(to_dict(calibration), ensure_ascii=False, allow_nan=False, indent=1, default=str) + "\n"


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
            "discrimination": number_of(items.discrimination[k]),
            "difficulty": number_of(items.difficulty[k]),
            "intercept": number_of(items.intercept[k]),
            "guessing": number_of(items.guessing[k]),
            "upper_asymptote": number_of(items.upper_asymptote[k]),
            "se": {
                "discrimination": number_of(errors.discrimination[k]),
                "difficulty": number_of(errors.difficulty[k]),
                "intercept": number_of(errors.intercept[k]),
                "guessing": number_of(errors.guessing[k]),
                "upper_asymptote": number_of(errors.upper_asymptote[k]),
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
        "log_likelihood": number_of(calibration.log_likelihood),
        "n_parameters": calibration.n_parameters,
        "aic": number_of(calibration.aic),
        "bic": number_of(calibration.bic),
        "sabic": number_of(calibration.sabic),
        "iterations": max(len(calibration.history) - 1, 0),
        "items": records,
        "excluded": [{"item_id": item.id, "reason": item.reason} for item in calibration.excluded_items],
        "at_limit": [{"item_id": item.id, "reason": item.reason} for item in calibration.at_limit],
        "population": {name: number_of(value) for name, value in asdict(calibration.population).items()},
        "n_excluded_persons": len(calibration.excluded_persons),
        "options": _options_as_json(calibration.options),
        "provenance": dict(calibration.provenance),
        "history": [number_of(value) for value in calibration.history],
        "covariance": packed(calibration, WHOLE_COVARIANCE),
    }


def _options_as_json(options: CalibrationOptions) -> dict[str, Any]:
    """The options as JSON knows them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(options).items()}


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
        covariance=frozen(unpacked(root["covariance"], items, errors, PARAMETERS_PER_ITEM[model])),
        n_answers=frozen([record["n"].number(low=0) for record in records]),
        log_likelihood=root["log_likelihood"].number(),
        n_persons=root["n_persons"].whole(0),
        n_parameters=root["n_parameters"].whole(PARAMETERS_PER_ITEM[model] * len(items)),
        history=() if root["history"].absent else tuple(value.number() for value in root["history"]),
        status=status,
        options=_options(root["options"], model),
        excluded_items=_excluded(root["excluded"]),
        at_limit=_excluded(root["at_limit"]),
        population=_population(root["population"]),
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
        for name in ("discrimination", "difficulty", "intercept", "guessing", "upper_asymptote")
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
        guessing_prior=_prior(node, "guessing_prior", usual.guessing_prior),
        upper_prior=_prior(node, "upper_prior", usual.upper_prior),
        n_quadrature=node["n_quadrature"].whole(usual.n_quadrature, low=1),
        tolerance=node["tolerance"].number(0, 1, usual.tolerance),
        max_iterations=node["max_iterations"].whole(usual.max_iterations),
    )


def _prior(node: Node, name: str, usual: tuple[float, float] | None) -> tuple[float, float] | None:
    """The mean and standard deviation of a prior; null is none, and files from before there was one have the usual."""
    if name not in node.mapping():
        return usual
    if node[name].absent:
        return None
    values = [value.number() for value in node[name]]
    if len(values) != 2 or not values[1] > 0:
        raise node[name].fault("a mean and a standard deviation above 0")
    return values[0], values[1]


def _population(node: Node) -> Population:
    """The distribution of ability; standard normal where it is not given."""
    if node.absent:
        return Population()
    return Population(
        mean=node["mean"].number(-LARGEST, LARGEST, 0.0),
        sd=node["sd"].number(1 / LARGEST, LARGEST, 1.0),
        mean_se=node["mean_se"].number(low=0),
        sd_se=node["sd_se"].number(low=0),
    )


def _excluded(node: Node) -> tuple[Excluded, ...]:
    """Items that were left out."""
    if node.absent:
        return ()
    return tuple(Excluded(item["item_id"].text(), item["reason"].text("")) for item in node)


def _count(value: float) -> float | int:
    """A count as a whole number; with fractional weights as it is."""
    return int(value) if float(value).is_integer() else float(value)
