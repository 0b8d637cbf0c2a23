"""Small tables that travel with a question: each as one parameter, an array of texts with a text a row.

The numbers of a row stand at fixed places, whole ones in decimal, others exactly as mantissa and power of two, since
the engines have no common name for a floating-point type to cast to. A text that does not end at a fixed place is last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import frexp

#: Characters of a whole number, of a mantissa and of an exponent, with their signs.
_WHOLE, _MANTISSA, _EXPONENT = 11, 17, 5
#: Bits of a mantissa.
_BITS = 53


@dataclass(frozen=True, slots=True)
class Listed:
    """Columns of equal length: whole numbers, finite numbers and at most one of texts."""

    name: str
    whole: Mapping[str, Sequence[int]] = field(default_factory=dict)
    number: Mapping[str, Sequence[float]] = field(default_factory=dict)
    text: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def rows(self) -> tuple[str, ...]:
        """The value of the parameter that has the table's name."""
        columns = [[f"{value:0{_WHOLE}d}" for value in values] for values in self.whole.values()]
        columns += [[_exact(value) for value in values] for values in self.number.values()]
        columns += [list(values) for values in self.text.values()]
        return tuple(map("".join, zip(*columns, strict=True)))

    @property
    def sql(self) -> str:
        """The common table expression."""
        made, at = [], 1
        for name in self.whole:
            made.append(f"CAST(SUBSTR(entry, {at}, {_WHOLE}) AS INT64) AS {name}")
            at += _WHOLE
        for name in self.number:
            mantissa = f"CAST(SUBSTR(entry, {at}, {_MANTISSA}) AS INT64)"
            exponent = f"CAST(SUBSTR(entry, {at + _MANTISSA}, {_EXPONENT}) AS INT64)"
            made.append(f"{mantissa} * POW(2, {exponent}) AS {name}")
            at += _MANTISSA + _EXPONENT
        made += [f"SUBSTR(entry, {at}) AS {name}" for name in self.text]
        # The row of NULL is there to name the column: what UNNEST gives has no name that both engines know.
        entries = f"SELECT CAST(NULL AS STRING) AS entry UNION ALL SELECT * FROM UNNEST(@{self.name})"
        return (
            f"{self.name} AS (\n  SELECT {', '.join(made)}\n  FROM ({entries}) AS {self.name}_entry "
            "WHERE entry IS NOT NULL)"
        )


def _exact(value: float) -> str:
    """A finite number as mantissa and power of two."""
    mantissa, exponent = frexp(value)
    return f"{int(mantissa * 2**_BITS):0{_MANTISSA}d}{exponent - _BITS:0{_EXPONENT}d}"
