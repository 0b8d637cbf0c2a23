"""What a request asks for, in the nouns of the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.api.refusals import BadRequestError
from dashboard.problems import RequestFault
from irt.analysis import Model
from irt.calibration import CalibrationOptions
from irt.selection import Selection
from irt.service import Service

#: Priors of asymptotes, and the models that have these.
_ASYMPTOTES = {"guessing_prior": ("3PL", "4PL"), "upper_prior": ("4PL",)}


@dataclass(frozen=True, slots=True)
class Call:
    """What a view gets: the service, the checked query parameters, and the kind of the source of answers."""

    service: Service
    asked: dict[str, Any]
    source: str = ""

    @property
    def selection(self) -> Selection:
        """The selection of the query."""
        return Selection(
            subject=self.asked.get("subject"),
            exams=tuple(self.asked.get("exam", ())),
            class_name=self.asked.get("class"),
            missing=self.asked["missing"],
            attempts=self.asked["attempts"],
            share=asked_share(self.asked.get("share")),
        )

    @property
    def model(self) -> tuple[Model | None, str | None]:
        """Model and prior, as asked for."""
        return asked_model(self.asked)


def asked_share(text: str | None) -> float | None:
    """The share of the students asked for; 1 from ``all``, None where it is left to the service."""
    if text is None or text == "all":
        return None if text is None else 1.0
    share = float(text)
    if not 0 < share <= 1:
        raise BadRequestError([RequestFault("share", "must be above 0 and at most 1, or all")])
    return share


def asked_model(asked: Mapping[str, Any]) -> tuple[Model | None, str | None]:
    """Model and prior: by name, or all options of a fit where an asymptote gets a prior of its own."""
    model, prior = asked.get("model"), asked.get("prior")
    own: dict[str, Any] = {name: _normal(name, asked[name]) for name in _ASYMPTOTES if name in asked}
    faults = [
        RequestFault(name, f"is for the {' and '.join(_ASYMPTOTES[name])}, not the {model}")
        for name in own
        if model not in _ASYMPTOTES[name]
    ]
    if faults:
        raise BadRequestError(faults)
    return (CalibrationOptions(str(model), prior, **own), None) if own else (model, prior)


def _normal(name: str, text: str) -> tuple[float, float] | None:
    """A normal prior from ``MEAN,SD``; None from ``none``."""
    if text == "none":
        return None
    try:
        mean, sd = (float(part) for part in text.split(","))
    except ValueError:
        mean, sd = 0.0, 0.0
    if not sd > 0:
        raise BadRequestError([RequestFault(name, "must be MEAN,SD with an SD above 0, or none")])
    return mean, sd
