"""A call of the API: one row of the table that serves, describes and documents it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flask import Response

from dashboard.api.asked import Call
from dashboard.api.replies import CSV, JSON
from dashboard.api.schemas import PATHS, QUERIES, SENT, Schema


class RestsOn(StrEnum):
    """What an answer rests on, and so when one that the caller holds is still good."""

    ANSWERS = "answers"  # the stored answers, in their present state
    CODE = "code"  # nothing but this version
    MOMENT = "moment"  # what is so just now: never held
    REQUEST = "request"  # what was sent


@dataclass(frozen=True, slots=True)
class Route:
    """One call.

    Parameters
    ----------
    path : str
        Under the root of the API; ``{name}`` is a parameter.
    name : str
        Stable: its ``operationId`` and the key of its parameters' schemas.
    view : callable
    topic : str
        The group that it is told in.
    summary : str
    answer : dict
        The schema of the JSON that it answers.
    example : mapping
        Parameters that work on the sample exams.
    example_body : mapping
        The same for a body.
    rests_on : RestsOn
    """

    path: str
    name: str
    view: Callable[[Call], Response]
    topic: str
    summary: str
    answer: Schema
    example: Mapping[str, Any] = field(default_factory=dict)
    example_body: Mapping[str, Any] = field(default_factory=dict)
    rests_on: RestsOn = RestsOn.ANSWERS

    @property
    def query(self) -> Schema:
        """The schema of its query parameters."""
        return QUERIES[self.name]

    @property
    def in_path(self) -> Schema:
        """The schema of the parameters in its path."""
        return PATHS.get(self.name, {})

    @property
    def body(self) -> Schema | None:
        """The schema of its body; None where it takes none."""
        return SENT.get(self.name)

    @property
    def method(self) -> str:
        """POST with a body, GET without."""
        return "GET" if self.body is None else "POST"

    @property
    def is_list(self) -> bool:
        """Whether it answers with rows, and so as CSV too."""
        return "format" in self.query["properties"]

    @property
    def media_types(self) -> tuple[str, ...]:
        """The types that it answers in, the usual one first."""
        return (JSON, CSV) if self.is_list else (JSON,)

    @property
    def is_paged(self) -> bool:
        """Whether its rows come in pages."""
        return "offset" in self.query["properties"]

    @property
    def is_conditional(self) -> bool:
        """Whether it has an entity tag."""
        return self.rests_on in (RestsOn.ANSWERS, RestsOn.CODE)
