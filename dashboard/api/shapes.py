"""JSON Schemas of what is answered: the same describe the API and are held against its answers by tests."""

from __future__ import annotations

from itertools import chain

from dashboard.api.schemas import CALIBRATION, MODELS, Schema
from dashboard.problems import CODES
from irt.serialise import (
    COLUMNS,
    COUNTS_COLUMNS,
    FINDING_COLUMNS,
    ITEM_COLUMNS,
    SPENDING_COLUMNS,
    Column,
)

_TEXT: Schema = {"type": "string"}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_TIME: Schema = {"type": "string", "format": "date-time"}
_NUMBER: Schema = {"type": "number"}
_NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_WARNINGS: Schema = {
    "type": "array",
    "items": _TEXT,
    "description": "What the answer goes on without, or must be read with; a sentence each.",
}


def _object(properties: Schema, optional: Schema | None = None, **more: object) -> Schema:
    """An object: properties that are always there, and some that may be."""
    required = {"required": list(properties)} if properties else {}
    return {"type": "object", "properties": properties | (optional or {}), **required, **more}


PROBLEM: Schema = _object(
    {
        "type": {"type": "string", "pattern": "^urn:itemwise:problem:[a-z_]+$"},
        "code": {"type": "string", "enum": list(CODES), "description": "Stable: branch on it."},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened this time, and what to do."},
    },
    {
        "request_id": {"type": "string", "description": "The same as in X-Request-Id."},
        "errors": {"type": "array", "items": _object({"path": _TEXT, "message": _TEXT})},
        "n_errors": {"type": "integer", "description": "How many there are, also where not all are listed."},
        "reason": {"type": "string", "description": "Why a source of answers could not be read, in a word."},
        "bytes": {"type": "integer", "description": "What reading would cost, in bytes that the warehouse reads."},
        "cost": {"type": "number", "description": "The same in US dollars."},
    },
)

_STATE_OF_SOURCE: Schema = {"source_fingerprint": _TEXT, "as_of": _TIME, "package_version": _TEXT}
_SAMPLE: Schema = _object(
    {"share": _NUMBER, "n_students": _COUNT, "n_population": _COUNT, "precision_loss": _NUMBER},
    type=["object", "null"],
    description="The students drawn for the calibration; null where it rests on all.",
)
_ORIGIN: Schema = {
    "subject": _TEXT,
    "exams": {"type": "array", "items": _TEXT},
    "class": _TEXT_OR_NULL,
    "missing": _TEXT,
    "attempts": _TEXT,
    "share": _NUMBER_OR_NULL,
    "sample": _SAMPLE,
    **_STATE_OF_SOURCE,
    "model": {"type": "string", "enum": [*MODELS, "none"]},
    "prior": _TEXT_OR_NULL,
    "status": {"type": "string", "description": "How the fit ended; none without a model."},
    "computed_at": _TIME,
}
#: What the provenance of each finding holds besides.
_OF_FINDING: dict[str, Schema] = {
    "dif": {"group": _TEXT, "matching": _TEXT},
    "models": {"best_aic": _TEXT_OR_NULL, "best_bic": _TEXT_OR_NULL},
    "drift": {
        "base_exam": _TEXT,
        "new_exam": _TEXT,
        "link": _TEXT,
        "link_slope": _NUMBER_OR_NULL,
        "link_intercept": _NUMBER_OR_NULL,
    },
    "dimension": {"n_dimensions": {"type": ["integer", "null"]}, "matrix": _TEXT, "n_students": _COUNT},
    "pairs": {"limit_largest": _NUMBER_OR_NULL, "mean": _NUMBER_OR_NULL, "n_students_drawn": _COUNT},
    "prediction": {"n_students": _COUNT, "n_answers": _COUNT, "n_folds": _COUNT},
    "bins": {"n_students": _COUNT, "n_answers": _COUNT, "n_folds": _COUNT},
    "information": {"n_students": _COUNT, "n_items": _COUNT},
}
_OF_BILL: Schema = {
    "table": _TEXT,
    "as_of": _TIME,
    **dict.fromkeys(("n_rows", "n_bytes", "bytes_billed_today", "ask_bytes", "max_bytes", "day_bytes"), _COUNT),
    "cost_today": _NUMBER,
    "price": _NUMBER,
}
#: Where the numbers of sent answers come from: a stored calibration's provenance, or these.
_OF_SENT: Schema = {"calibration": _TEXT, "calibrated": {"type": "object"}, "model_reason": _TEXT}


def _rows(
    columns: tuple[str, ...], provenance: Schema, optional: Schema | None = None, *, every: bool = True
) -> Schema:
    """A list of rows with what it rests on; ``every``: each row has all columns."""
    row: Schema = {"type": "object", "properties": {name: _cell(COLUMNS[name]) for name in columns}}
    if every:
        row["required"] = list(columns)
    return _object(
        {
            "data": {"type": "array", "items": row},
            "columns": {"type": "object", "additionalProperties": _TEXT, "description": "What each column means."},
            "provenance": provenance,
            "warnings": _WARNINGS,
            "next": {"type": ["string", "null"], "description": "The address of the following page."},
        },
        optional,
    )


def _cell(column: Column) -> Schema:
    """A value, or null where it cannot be had."""
    return {"type": [column.kind.value, "null"], "description": column.meaning}


_WHY: Schema = {"model_reason": {"type": "string", "description": "Why this model."}}
_PROBABILITY_COLUMNS = ("student_id", "item_id", "probability", "lower", "upper", "correct")
_ABILITY_COLUMNS = ("student_id", "theta", "se", "method", "items_answered")


def of_finding(name: str) -> Schema:
    """What a question of analysts answers."""
    sizes = {"type": "array", "items": _object({"value": _TEXT, "n_students": _COUNT})}
    return _rows(
        FINDING_COLUMNS[name], _object(_ORIGIN | _OF_FINDING.get(name, {})), {"groups": sizes} if name == "dif" else {}
    )


CATALOGUE = _rows(
    ("subject", "exam", "class_name", "grade", "n_students", "n_items", "n_answers"),
    _object(_STATE_OF_SOURCE),
    {
        "exams": {
            "type": "array",
            "description": "Each exam, with students of several classes counted once.",
            "items": _object(
                {"subject": _TEXT, "exam": _TEXT, "n_students": _COUNT, "n_items": _COUNT, "n_answers": _COUNT}
            ),
        }
    },
)
SPENDING = _rows(SPENDING_COLUMNS, _object({}, _OF_BILL))
ITEMS = _rows(ITEM_COLUMNS, _object(_ORIGIN), _WHY)
COUNTS = _rows(tuple(dict.fromkeys(chain.from_iterable(COUNTS_COLUMNS.values()))), _object(_ORIGIN), every=False)
ABILITIES = _rows(_ABILITY_COLUMNS, _object(_ORIGIN | {"method": _TEXT}), _WHY)
PROBABILITIES = _rows(_PROBABILITY_COLUMNS, _object(_ORIGIN | {"kind": _TEXT}), _WHY)
SENT_PROBABILITIES = _rows(_PROBABILITY_COLUMNS, _object({"model": _TEXT, "status": _TEXT}, _ORIGIN | _OF_SENT))
SENT_ABILITIES = _rows(_ABILITY_COLUMNS, _object({"model": _TEXT, "status": _TEXT}, _ORIGIN | _OF_SENT))
HEALTH = _object(
    {"status": {"const": "ok"}}, {"version": _TEXT, "source": {"enum": ["parquet", "bigquery"]}, "as_of": _TIME}
)
CALIBRATION_FILE: Schema = {
    **CALIBRATION,
    "description": "A calibration file, format itemwise-calibration/1; warnings besides.",
    "properties": CALIBRATION["properties"]
    | {
        "message": _TEXT,
        "n_persons": _COUNT,
        "n_items": _COUNT,
        **dict.fromkeys(("log_likelihood", "aic", "bic", "sabic"), _NUMBER_OR_NULL),
        "n_parameters": _COUNT,
        "iterations": _COUNT,
        "excluded": {"type": "array", "items": _object({"item_id": _TEXT, "reason": _TEXT})},
        "at_limit": {"type": "array", "items": _object({"item_id": _TEXT, "reason": _TEXT})},
        "population": _object(dict.fromkeys(("mean", "sd", "mean_se", "sd_se"), _NUMBER_OR_NULL)),
        "n_excluded_persons": _COUNT,
        "options": {"type": "object"},
        "provenance": _object(_ORIGIN),
        "history": {"type": "array", "items": _NUMBER_OR_NULL},
        "covariance": {"type": ["object", "array", "null"]},
        "warnings": _WARNINGS,
    },
}
CALIBRATION_FILE["required"] = [*CALIBRATION_FILE["properties"]]
OPENAPI: Schema = _object({"openapi": _TEXT, "info": {"type": "object"}, "paths": {"type": "object"}})
