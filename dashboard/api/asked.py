"""What a request asks for, in the nouns of the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.api.refusals import BadRequestError
from dashboard.problems import RequestFault
from irt.analysis import Model
from irt.calibration import CalibrationOptions
from irt.selection import Scope, Selection
from irt.service import Service

#: Priors of asymptotes, and the models that have these.
_ASYMPTOTES = {"guessing_prior": ("3PL", "4PL"), "upper_prior": ("4PL",)}


@dataclass(frozen=True, slots=True)
class Call:
    """What a view gets.

    Parameters
    ----------
    service : Service
    scope : Scope
        What the caller may see.
    asked : dict
        The checked parameters of path and query, with their defaults.
    sent : dict
        The checked body; empty where there is none.
    state : str
        What all answers to this caller rest on, in a word (:func:`dashboard.api.conditional.state_of`); empty where
        the call does not rest on stored answers.
    root : str
        Where the API is on this server.
    source : str
        The kind of the source of answers.
    """

    service: Service
    scope: Scope
    asked: dict[str, Any]
    sent: dict[str, Any] = field(default_factory=dict)
    state: str = ""
    root: str = ""
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

    def degraded(self) -> tuple[str, ...]:
        """What the answers of this moment go on without, a sentence each."""
        if not self.state:
            return ()
        return self.service.degraded(self.scope, self.selection if "missing" in self.asked else None)


def asked_share(text: str | None) -> float | None:
    """The share of the students asked for; 1 from ``all``, None where it is left to the service."""
    return 1.0 if text == "all" else None if text is None else float(text)


def asked_model(asked: Mapping[str, Any]) -> tuple[Model | None, str | None]:
    """Model and prior: by name, or all options of a fit where an asymptote gets a prior of its own."""
    model, prior = asked.get("model"), asked.get("prior")
    own: dict[str, Any] = {name: _normal(asked[name]) for name in _ASYMPTOTES if name in asked}
    faults = [
        RequestFault(name, f"is for the {' and '.join(_ASYMPTOTES[name])}, not the {model}")
        for name in own
        if model not in _ASYMPTOTES[name]
    ]
    if faults:
        raise BadRequestError(faults)
    return (CalibrationOptions(str(model), prior, **own), None) if own else (model, prior)


def _normal(text: str) -> tuple[float, float] | None:
    """A normal prior from ``MEAN,SD``; None from ``none``."""
    if text == "none":
        return None
    mean, sd = map(float, text.split(","))
    return mean, sd
