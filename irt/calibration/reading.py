"""Reading untrusted JSON: each value with the path that a fault is reported under."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from irt.errors import ResponsesError

#: Largest file that is read: a calibration of 300 items takes 4 MB.
MOST_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Node:
    """A value somewhere in a JSON document."""

    value: Any
    path: str

    def fault(self, expected: str) -> ResponsesError:
        """The error for a value that is not what was expected."""
        return ResponsesError(
            f"The calibration cannot be used: {self.path or 'the document'} must be {expected}, "
            f"not {_shown(self.value)}.",
            path=self.path,
        )

    def __getitem__(self, key: str) -> Node:
        """A member of an object; absent members are null."""
        return Node(self.mapping().get(key), f"{self.path}.{key}" if self.path else key)

    def __iter__(self) -> Iterator[Node]:
        """The elements of a list."""
        if not isinstance(self.value, list):
            raise self.fault("a list")
        return (Node(value, f"{self.path}[{i}]") for i, value in enumerate(self.value))

    @property
    def absent(self) -> bool:
        """Whether the value is null or not there."""
        return self.value is None

    def mapping(self) -> Mapping[str, Any]:
        """The value as an object."""
        if not isinstance(self.value, Mapping):
            raise self.fault("an object")
        return self.value

    def text(self, default: str | None = None) -> str:
        """The value as text; the default where it is absent."""
        if self.absent and default is not None:
            return default
        if not isinstance(self.value, str):
            raise self.fault("text")
        return self.value

    def one_of(self, *allowed: str) -> str:
        """The value as one of these texts."""
        if self.value not in allowed:
            raise self.fault(f"one of {', '.join(allowed)}")
        return str(self.value)

    def number(self, low: float = -1e300, high: float = 1e300, default: float = math.nan) -> float:
        """The value as a finite number within limits; the default where it is absent."""
        if self.absent:
            return default
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.fault("a number")
        try:
            value = float(self.value)
        except OverflowError:
            value = math.inf
        if not low <= value <= high:
            limits = "a finite number" if high == 1e300 and low == -1e300 else f"between {low:g} and {high:g}"
            raise self.fault(limits if high < 1e300 or low == -1e300 else f"at least {low:g}")
        return value

    def whole(self, default: int, low: int = 0) -> int:
        """The value as a whole number; the default where it is absent."""
        value = self.number(low, 1e15, default)
        if value != int(value):
            raise self.fault("a whole number")
        return int(value)


def read_json(path: str | Path) -> Any:
    """The JSON document in a file of bounded size.

    Raises
    ------
    ResponsesError
        If there is no such file, it is too large, or it is not JSON.
    """
    file = Path(path)
    if not file.is_file():
        raise ResponsesError(f"There is no calibration file {file.name}.", path=str(file))
    size = file.stat().st_size
    if size > MOST_BYTES:
        raise ResponsesError(
            f"{file.name} has {size / 1e6:.0f} MB; a calibration file may have up to {MOST_BYTES / 1e6:.0f} MB."
        )
    try:
        return parse_json(file.read_bytes(), file.name)
    except OSError as error:
        raise ResponsesError(f"{file.name} cannot be read: {error.strerror}.") from None


def parse_json(content: bytes, name: str) -> Any:
    """A JSON document; NaN and Infinity, which are not JSON, are refused."""
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise ResponsesError(f"{name} is not a calibration file: it is not UTF-8 text.") from None
    except json.JSONDecodeError as error:
        raise ResponsesError(
            f"{name} is not a calibration file: it is not JSON "
            f"(line {error.lineno}, column {error.colno}: {error.msg})."
        ) from None
    except RecursionError:
        raise ResponsesError(f"{name} is not a calibration file: it is nested too deeply.") from None
    except ValueError as error:
        raise ResponsesError(f"{name} is not a calibration file: {error}.") from None


def _no_constant(name: str) -> None:
    """Refuse NaN and Infinity."""
    raise ValueError(f"{name} is not a number; what cannot be had is written as null")


def _shown(value: Any) -> str:
    """A value as far as it fits in a sentence."""
    if value is None:
        return "missing or null"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int) and abs(value) > 10**15:
        return "a number beyond all limits"
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."
