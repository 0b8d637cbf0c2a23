"""Checks of requests against the schemas; every fault is listed, none is repeated back at length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import orjson
from flask import Request
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from dashboard.api.refusals import MOST_FAULTS, BadRequestError
from dashboard.api.schemas import ID, MOST_RESPONSES, PATTERNS, RESPONSE, Schema
from dashboard.problems import RequestFault
from irt.strict_json import Unclear, parse_json

#: Largest JSON body.
MOST_BYTES = 24 * 2**20
#: Most commas and brackets, within ids too: each is the place of a value that takes up 50 bytes or more.
MOST_MARKS = 2_000_000
#: Deepest nesting; a calibration file needs 5.
MOST_LEVELS = 20
#: Most values outside the answers; the covariance of a calibration file of 300 items of the 4PL has 720,600.
MOST_VALUES = 800_000
#: Most unknown names of one object that are listed.
MOST_NAMES = 20


def _items(validator: Any, wanted: Any, instance: Any, schema: Schema) -> Iterator[ValidationError]:
    """Members of an array; one that is too long is refused for that, and its members are not looked at."""
    if isinstance(instance, list) and len(instance) <= schema.get("maxItems", len(instance)):
        for place, member in enumerate(instance):
            yield from validator.descend(member, wanted, path=place)


def _unique(_: Any, wanted: Any, instance: Any, schema: Schema) -> Iterator[ValidationError]:
    """No text twice. Other members are refused for what they are, without comparing each with each."""
    if isinstance(instance, list) and len(instance) <= schema.get("maxItems", len(instance)):
        texts = [member for member in instance if isinstance(member, str)]
        if wanted and len(set(texts)) < len(texts):
            yield ValidationError("has a text twice")


#: JSON Schema, in time that grows with the length of what is checked and no faster.
Validator: Any = extend(Draft202012Validator, {"items": _items, "uniqueItems": _unique})  # type: ignore[no-untyped-call]

_ROW = Validator(RESPONSE)
_ROW_KEYS = frozenset(RESPONSE["required"])


def query(arguments: MultiDict[str, str], schema: Schema) -> dict[str, Any]:
    """The query parameters as checked values, with defaults filled in. Raises BadRequestError."""
    values: dict[str, Any] = {}
    faults = []
    for name, given in arguments.to_dict(flat=False).items():
        kind = schema["properties"].get(name, {}).get("type")
        if kind != "array" and len(given) > 1:
            faults.append(RequestFault(_short(name), "is given more than once"))
        values[name] = given if kind == "array" else _whole(given[0]) if kind == "integer" else given[0]
    for error in Validator(schema).iter_errors(values):
        faults += _faults(error, in_query=True)
    if faults:
        raise BadRequestError(faults)
    defaults = {name: part["default"] for name, part in schema["properties"].items() if "default" in part}
    return defaults | values


def path(values: Mapping[str, str], schema: Schema) -> dict[str, Any]:
    """The parameters in a path, checked. Raises BadRequestError."""
    faults = [fault for error in Validator(schema).iter_errors(dict(values)) for fault in _faults(error, in_query=True)]
    if faults:
        raise BadRequestError(faults)
    return dict(values)


def body(request: Request, schema: Schema) -> dict[str, Any]:
    """The JSON body of a request, checked. Raises BadRequestError, UnsupportedMediaType, RequestEntityTooLarge."""
    sent = _read_body(request)
    rows = sent.get("responses") if isinstance(sent, dict) else None
    if not isinstance(rows, list) or not rows:
        faults = _faults_of(sent, schema)
    else:
        _refuse_long(rows, schema["properties"]["responses"]["maxItems"])
        faults = [f for f in _faults_of(sent | {"responses": rows[:1]}, schema) if not f.path.startswith("/responses/")]
        faults += _faults_of_rows(rows)
    if faults:
        raise BadRequestError(faults)
    return dict(sent)


def _read_body(request: Request) -> Any:
    """What a body says, read strictly: each name once in an object. What would fill the memory is not read at all."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send JSON, with Content-Type: application/json.")
    request.max_content_length = MOST_BYTES
    content = request.get_data(cache=False)
    if len(content) >= MOST_BYTES:
        # A body sent in chunks has no length to refuse; it was read up to the limit.
        raise RequestEntityTooLarge
    if sum(map(content.count, (b",", b"[", b"{"))) > MOST_MARKS:
        raise BadRequestError([RequestFault("", f"holds far more than {MOST_RESPONSES} answers")], "too_large")
    try:
        sent = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        message = f"is not JSON that can be read (line {error.lineno}, column {error.colno})"
        raise BadRequestError([RequestFault("", message)]) from None
    # Each name has a colon after it: as many colons as names, and none of them was dropped as a repetition.
    if content.count(b":") != _n_names(sent):
        _refuse_repeated_names(content)
    return sent


def _n_names(value: Any) -> int:
    """How many names there are in all objects of a value, found without recursion."""
    level, n_names = [value] if isinstance(value, dict | list) else [], 0
    while level:
        n_names += sum(len(member) for member in level if type(member) is dict)
        level = [
            child
            for member in level
            for child in (member.values() if type(member) is dict else member)
            if type(child) is dict or type(child) is list
        ]
    return n_names


def _refuse_repeated_names(content: bytes) -> None:
    """Programs differ in which of two values of one name they take."""
    try:
        parse_json(content)
    except Unclear as error:
        raise BadRequestError([RequestFault("", f"cannot be read: {error}")]) from None


def _refuse_long(rows: list[Any], most: int) -> None:
    """Too many answers are refused before each is looked at."""
    if len(rows) > most:
        raise BadRequestError(
            [RequestFault("/responses", f"holds {len(rows)} answers; at most {most} at once")], "too_large"
        )


def _faults_of(value: Any, schema: Schema) -> list[RequestFault]:
    """The faults of a value; one that is nested too deeply or holds too much is not looked into further."""
    if too_large(value):
        message = f"holds more than {MOST_VALUES} values besides the answers, or is nested over {MOST_LEVELS} deep"
        raise BadRequestError([RequestFault("", message)], "too_large")
    errors = islice(Validator(schema).iter_errors(value), MOST_FAULTS)
    return list(dict.fromkeys(fault for error in errors for fault in _faults(error)))


def _faults_of_rows(rows: list[Any]) -> list[RequestFault]:
    """The faults of the answers sent. Rows that are plainly good are not walked through the schema, which is slow."""
    faults: list[RequestFault] = []
    for k, row in enumerate(rows):
        if plainly_good(row):
            continue
        if too_large(row):
            faults.append(RequestFault(f"/responses/{k}", "holds far more than an answer"))
        else:
            found = (_faults(error, under=f"/responses/{k}") for error in islice(_ROW.iter_errors(row), 10))
            faults += dict.fromkeys(fault for some in found for fault in some)
        if len(faults) > MOST_FAULTS:
            break
    return faults


def plainly_good(row: Any) -> bool:
    """Whether an answer keeps to the schema, which is slow; it decides what is wrong with any other."""
    return (
        type(row) is dict
        and row.keys() == _ROW_KEYS
        and type(row["student_id"]) is str
        and 0 < len(row["student_id"]) <= ID["maxLength"]
        and type(row["item_id"]) is str
        and 0 < len(row["item_id"]) <= ID["maxLength"]
        and (row["correct"] is None or (type(row["correct"]) in (int, float) and row["correct"] in (0, 1)))
    )


def too_large(value: Any) -> bool:
    """Whether a value is nested too deeply or holds too many values, found without recursion."""
    level, n_values = [value], 0
    for _ in range(MOST_LEVELS):
        level = [
            child
            for member in level
            if isinstance(member, dict | list)
            for child in (member.values() if isinstance(member, dict) else member)
        ]
        n_values += len(level)
        if not level or n_values > MOST_VALUES:
            break
    return bool(level)


def _faults(error: ValidationError, under: str = "", in_query: bool = False) -> list[RequestFault]:
    """Faults in our own words (the library's would repeat the whole value), one for each unknown name."""
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        known = error.schema["properties"]
        instance: Any = error.instance
        unknown = [name for name in instance if name not in known][:MOST_NAMES]
        message = f"is not a name known here; there are: {', '.join(known) or 'none'}"
        return [RequestFault(_path([*error.absolute_path, name], under, in_query), message) for name in unknown]
    return [RequestFault(_path(error.absolute_path, under, in_query), _words(error))]


def _path(parts: Iterable[str | int], under: str, in_query: bool) -> str:
    """A JSON pointer, or the name of a query parameter."""
    place = [_short(str(part)) for part in parts]
    if in_query:
        return ".".join(place)
    return under + "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in place)


def _words(error: ValidationError) -> str:
    """What was expected and what came."""
    wanted: Any = error.validator_value
    came: Any = error.instance
    match str(error.validator):
        case "required":
            missing = [name for name in wanted if name not in came]
            return f"lacks {', '.join(missing)}"
        case "dependentRequired":
            return "; ".join(f"{name} needs {', '.join(needs)}" for name, needs in wanted.items() if name in came)
        case "enum":
            return f"must be one of {', '.join('null' if v is None else str(v) for v in wanted)}, not {_shown(came)}"
        case "const":
            return f"must be {wanted}, not {_shown(came)}"
        case "type":
            kinds = wanted if isinstance(wanted, list) else [wanted]
            return f"must be of type {' or '.join(kinds)}, not {_shown(came)}"
        case "pattern":
            return f"must be {PATTERNS[str(wanted)]}, not {_shown(came)}"
        case "minLength" | "minItems":
            return "must not be empty"
        case "maxLength":
            return f"must have at most {wanted} characters, not {len(came)}"
        case "maxItems" | "maxProperties":
            return f"must hold at most {wanted}, not {len(came)}"
        case "uniqueItems":
            return "must not name anything twice"
        case "minimum" | "maximum":
            return f"must be {'at least' if error.validator == 'minimum' else 'at most'} {wanted}, not {_shown(came)}"
    return f"breaks the rule {error.validator}"


def _shown(value: Any) -> str:
    """A value, short."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    return "null" if value is None else _short(repr(value[:60])) if isinstance(value, str) else _short(str(value))


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _whole(text: str) -> int | str:
    """A whole number, or the text for the schema to refuse."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else text
