"""Who asks: a :class:`Caller` with what they may see and do, made from the grant that a portal or a proxy gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from irt.errors import AccessError
from irt.selection import FULL_SCOPE, Scope

#: In a grant: every subject, exam or class.
EVERY = "*"
#: What a grant limits; each must be named, so that a forgotten one cannot widen.
_LIMITS = ("subjects", "exams", "classes")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
#: Most values of one limit, and characters of one value or of a subject.
MOST_VALUES, LONGEST = 1_000, 200


class Role(StrEnum):
    """For whom the screens are: a teacher gets the plain view, an analyst chooses and may do what costs money."""

    TEACHER = "teacher"
    ANALYST = "analyst"


class Way(StrEnum):
    """How it is known who asks."""

    SIGNED = "signed"
    LOGIN = "login"
    LOCAL = "local"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and what they may see and do.

    Parameters
    ----------
    subject : str
        Who it is in the words of the portal or the proxy: for the audit log and for limits of use, never shown.
    scope : Scope
    role : Role
    language : str
        Wanted on screen, as in BCP 47.
    way : Way
    key : str, optional
        The ``kid`` of the key that signed.
    expires : datetime, optional
        When this ends, in UTC; None: not by itself.
    """

    subject: str
    scope: Scope
    role: Role = Role.TEACHER
    language: str = "en"
    way: Way = Way.SIGNED
    key: str | None = None
    expires: datetime | None = None

    @property
    def may_spend(self) -> bool:
        """Whether they may agree to what reading a warehouse costs, and stop what is read."""
        return self.role is Role.ANALYST

    @property
    def may_import(self) -> bool:
        """Whether they may change what everybody sees."""
        return self.role is Role.ANALYST and self.scope == FULL_SCOPE


def read_grant(grant: object) -> tuple[Scope, Role, str]:
    """Scope, role and language of a grant, as it stands in a token or a file of logins.

    Parameters
    ----------
    grant : object
        ``{"subjects": [...] or "*", "exams": ..., "classes": ..., "names": false, "role": "teacher", "language":
        "en"}``. The first three must be there; names are withheld and the role is teacher unless it says else.

    Raises
    ------
    AccessError
        For anything else: a grant that is not understood grants nothing.
    """
    if not isinstance(grant, Mapping):
        raise AccessError("The grant must be an object with subjects, exams and classes.")
    known = {*_LIMITS, "names", "role", "language"}
    if unknown := sorted(str(name)[:LONGEST] for name in grant if name not in known):
        raise AccessError(f"A grant has no {unknown[0]!r}; it has {', '.join(sorted(known))}.")
    names, role, language = grant.get("names", False), grant.get("role", Role.TEACHER), grant.get("language", "en")
    if not isinstance(names, bool):
        raise AccessError("names of a grant must be true or false.")
    if role not in tuple(Role):
        raise AccessError("role of a grant must be teacher or analyst.")
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        raise AccessError("language of a grant must be a tag such as en.")
    limits = {name: _limit(name, grant) for name in _LIMITS}
    return Scope(**limits, names=names), Role(role), language


def write_grant(scope: Scope, role: Role = Role.TEACHER, language: str = "en") -> dict[str, Any]:
    """The grant that :func:`read_grant` reads back."""
    limits = {name: EVERY if (held := getattr(scope, name)) is None else sorted(held) for name in _LIMITS}
    return {**limits, "names": scope.names, "role": str(role), "language": language}


def _limit(name: str, grant: Mapping[str, object]) -> frozenset[str] | None:
    """The only values that may be seen; None for all of them."""
    given = grant.get(name)
    if given == EVERY:
        return None
    if not isinstance(given, list) or not all(isinstance(value, str) and len(value) <= LONGEST for value in given):
        raise AccessError(f'{name} of a grant must be a list of names, or "{EVERY}".')
    if len(given) > MOST_VALUES:
        raise AccessError(f"{name} of a grant may list {MOST_VALUES} names.")
    return frozenset(given)
