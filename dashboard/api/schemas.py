"""JSON Schemas of what may be asked. The same ones check requests and describe the API."""

from __future__ import annotations

from typing import Any

from irt.scoring.ability import METHODS
from irt.scoring.chances import KINDS
from irt.serialise import COUNTS_COLUMNS

Schema = dict[str, Any]

#: Limits of one request.
MOST_RESPONSES = 200_000
MOST_IDS = 1_000
MOST_CELLS = 2_000_000
MOST_ITEMS = 500
PAGE = 1_000
LARGEST_PAGE = 20_000

MOST_EXAMS = 50

MODELS = ("1PL", "2PL", "3PL", "4PL")
PRIORS = ("weak",)

ID: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
NAME: Schema = {"type": "string", "maxLength": 200}


def _parameter(schema: Schema, description: str, default: object = None) -> Schema:
    return schema | {"description": description} | ({} if default is None else {"default": default})


MODEL = _parameter({"type": "string", "enum": list(MODELS)}, "Model to fit; default: chosen by the answers per item.")
PRIOR = _parameter({"type": "string", "enum": list(PRIORS)}, "Wide priors on the parameters of a model asked for.")

_SHARE = r"^(all|1(\.0+)?|0?\.[0-9]*[1-9][0-9]*)$"
_DECIMAL = r"([0-9]+(\.[0-9]*)?|\.[0-9]+)"
_PRIOR = rf"^(none|-?{_DECIMAL},(?=.*[1-9]){_DECIMAL})$"
_DIGEST = "^[0-9a-f]{32}$"
#: What a pattern asks for, in words.
PATTERNS = {
    _SHARE: "all or a share such as 0.05",
    _PRIOR: "MEAN,SD with an SD above 0, or none",
    _DIGEST: "the state that a next link carries",
}
_NORMAL: Schema = {"type": "string", "maxLength": 60, "pattern": _PRIOR}
GUESSING_PRIOR = _parameter(
    _NORMAL, "3PL, 4PL: normal prior of logit(guessing), as MEAN,SD, or none; default -1.1,0.5. With model."
)
UPPER_PRIOR = _parameter(
    _NORMAL, "4PL: normal prior of logit(upper asymptote), as MEAN,SD, or none; default 3,1. With model."
)

#: Leave to read a warehouse.
ALLOW_BYTES = _parameter(
    {"type": "integer", "minimum": 0, "maximum": 10**17},
    "Read up to so many bytes from a warehouse without asking; without it a costly question is refused (422) with "
    "what it would read and cost. For callers who may spend.",
    0,
)
_READ: Schema = {"allow_bytes": ALLOW_BYTES}
_SELECTION: Schema = {
    "subject": _parameter(NAME, "Subject name; may be left out where there is one subject."),
    "exam": _parameter(
        {"type": "array", "items": NAME, "maxItems": MOST_EXAMS},
        "Exam name; may be left out where the subject has one exam. Repeatable: several exams that share items or "
        "students are put on one scale.",
    ),
    "class": _parameter(ID, "Class whose students are shown; items are calibrated on everybody."),
    "missing": _parameter(
        {"type": "string", "enum": ["ignore", "omitted-wrong", "wrong"]}, "What a missing answer counts as.", "ignore"
    ),
    "attempts": _parameter(
        {"type": "string", "enum": ["first", "last", "best"]}, "Which of several attempts counts.", "first"
    ),
    "share": _parameter(
        {"type": "string", "maxLength": 20, "pattern": _SHARE},
        "Share of the students to calibrate on, drawn at random, such as 0.05, or all; default: all, of very large "
        "exams a sample. provenance.sample says which.",
    ),
} | _READ
_ROWS: Schema = {
    "format": _parameter({"type": "string", "enum": ["json", "csv"]}, "Wins over the Accept header.", "json"),
    "note": _parameter({"type": "string", "enum": ["0", "1"]}, "1: a CSV begins with # lines of explanation.", "0"),
    "limit": _parameter(
        {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE},
        f"Rows of one page; default {PAGE}, in CSV all of them.",
    ),
    "offset": _parameter(
        {"type": "integer", "minimum": 0, "maximum": 10**9}, "Rows before the page; past the end there are none.", 0
    ),
}
_STATE: Schema = {
    "state": _parameter(
        {"type": "string", "pattern": _DIGEST},
        "As in next: the page is refused (409) if the answers are no longer those of the first page.",
    )
}
_LIST = _ROWS | _STATE
_MODEL: Schema = {"model": MODEL, "prior": PRIOR, "guessing_prior": GUESSING_PRIOR, "upper_prior": UPPER_PRIOR}
_GROUPS: Schema = {
    "group": _parameter(ID, "Property that splits the students: such as gender, class_name, student_grade. Required."),
    "reference": _parameter(ID, "Value of the reference group; default: the largest."),
    "focal": _parameter(ID, "Value of the focal group; default: the largest of the others."),
    "purify": _parameter(
        {"type": "string", "enum": ["0", "1"]}, "1: match students on the items that show no difference.", "0"
    ),
}
_METHOD: Schema = {
    "method": _parameter({"type": "string", "enum": list(METHODS)}, "How abilities are estimated.", "EAP")
}
#: What a probability is.
KIND: Schema = {
    "type": "string",
    "enum": list(KINDS),
    "default": KINDS[0],
    "description": "The curve at the estimated ability, or averaged over what is not known of the ability.",
}
_KIND: Schema = {"kind": _parameter({"type": "string", "enum": list(KINDS)}, str(KIND["description"]), KINDS[0])}
_WHAT: Schema = {
    "what": _parameter(
        {"type": "string", "enum": list(COUNTS_COLUMNS)}, "One row an item, an option of an item, or a score.", "items"
    )
}
_WHICH: Schema = {
    "student_id": _parameter({"type": "array", "items": ID, "maxItems": MOST_IDS}, "Only this student; repeatable."),
    "item_id": _parameter({"type": "array", "items": ID, "maxItems": MOST_IDS}, "Only this item; repeatable."),
}


#: What makes sense beside a model only.
_OF_A_MODEL = {name: ["model"] for name in ("prior", "guessing_prior", "upper_prior")}


def _query(properties: Schema, required: tuple[str, ...] = ()) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    schema |= {"required": list(required)} if required else {}
    return schema | ({"dependentRequired": _OF_A_MODEL} if "prior" in properties else {})


_NAMED: Schema = {name: _SELECTION[name] for name in _SELECTION if name not in ("subject", "exam")}

#: The query parameters of each call.
QUERIES: dict[str, Schema] = {
    "healthz": _query({}),
    "openapi": _query({}),
    "catalogue": _query(_READ | _LIST),
    "spending": _query(_ROWS),
    "counts": _query(_SELECTION | _WHAT | _LIST),
    "items": _query(_SELECTION | _MODEL | _LIST),
    "abilities": _query(_SELECTION | _MODEL | _METHOD | _LIST),
    "probabilities": _query(_SELECTION | _MODEL | _KIND | _WHICH | _LIST),
    "calibrations": _query(_SELECTION | _MODEL),
    "calibration_of": _query(_NAMED | _MODEL),
    "fit": _query(_SELECTION | _MODEL | _LIST),
    "model-fit": _query(_SELECTION | _MODEL | _LIST),
    "models": _query(_SELECTION | _LIST),
    "dif": _query(_SELECTION | _GROUPS | _LIST, required=("group",)),
    "drift": _query(_SELECTION | _MODEL | _LIST),
    "dimension": _query(_SELECTION | _MODEL | _LIST),
    "pairs": _query(_SELECTION | _MODEL | _LIST),
    "prediction": _query(_SELECTION | _LIST),
    "bins": _query(_SELECTION | _LIST),
    "information": _query(_SELECTION | _MODEL | _LIST),
    "score-table": _query(_SELECTION | _MODEL | _LIST),
    "sent_probabilities": _query(_READ | {name: _ROWS[name] for name in ("format", "note")}),
    "sent_abilities": _query(_READ | {name: _ROWS[name] for name in ("format", "note")}),
}
#: The path parameters of calls that have some.
PATHS: dict[str, Schema] = {
    "calibration_of": _query(
        {"subject": _parameter(ID, "Subject name."), "exam": _parameter(ID, "Exam name.")}, ("subject", "exam")
    )
}

RESPONSE: Schema = {
    "type": "object",
    "properties": {
        "student_id": ID,
        "item_id": ID,
        "correct": {"enum": [0, 1, None], "description": "1 right, 0 wrong, null not scored."},
    },
    "required": ["student_id", "item_id", "correct"],
    "additionalProperties": False,
}

_NUMBER: Schema = {"type": ["number", "null"]}
_CALIBRATED: Schema = {
    "type": "object",
    "properties": {"item_id": ID, "item_name": NAME, "n": _NUMBER}
    | dict.fromkeys(("discrimination", "difficulty", "intercept", "guessing", "upper_asymptote"), _NUMBER)
    | {"se": {"type": "object", "additionalProperties": _NUMBER, "maxProperties": 10}},
    "required": ["item_id", "discrimination"],
}
CALIBRATION: Schema = {
    "type": "object",
    "description": "A calibration file (format itemwise-calibration/1), as from GET /calibrations.",
    "properties": {
        "format": {"const": "itemwise-calibration/1"},
        "model": {"type": "string", "enum": ["1PL", "2PL", "3PL", "4PL"]},
        "status": {"type": "string"},
        "items": {"type": "array", "items": _CALIBRATED, "minItems": 1, "maxItems": MOST_ITEMS},
    },
    "required": ["format", "model", "status", "items"],
}
STORED: Schema = {
    "type": "object",
    "description": "The calibration of a stored exam.",
    "properties": {"subject": NAME, "exam": NAME},
    "required": ["subject", "exam"],
    "additionalProperties": False,
}

_SENT: Schema = {
    "responses": {"type": "array", "items": RESPONSE, "minItems": 1, "maxItems": MOST_RESPONSES},
    "calibration": {"if": {"required": ["format"]}, "then": CALIBRATION, "else": STORED},
    "subject": NAME,
    "exam": NAME,
    "model": MODEL,
    "prior": PRIOR,
    "guessing_prior": GUESSING_PRIOR,
    "upper_prior": UPPER_PRIOR,
}
_ITEM_IDS: Schema = {"type": "array", "items": ID, "minItems": 1, "maxItems": MOST_ITEMS, "uniqueItems": True}


def _body(properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": _SENT | properties,
        "required": ["responses"],
        "dependentRequired": {"subject": ["exam"], "exam": ["subject"], **_OF_A_MODEL},
        "additionalProperties": False,
    }


#: The bodies of calls that take one.
SENT: dict[str, Schema] = {
    "sent_probabilities": _body({"item_ids": _ITEM_IDS, "kind": KIND}),
    "sent_abilities": _body(_METHOD),
}
