"""Who asks: a :class:`Caller` with what they may see and do, made from the grant that a portal or a proxy gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from irt.errors import AccessError
from irt.selection import FULL_SCOPE, Scope
from irt.strict_json import Unclear, parse_json

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


class Grant(NamedTuple):
    """What somebody may see, as whom, and in which language (BCP 47)."""

    scope: Scope
    role: Role = Role.TEACHER
    language: str = "en"


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


def read_grant(grant: object) -> Grant:
    """A grant as it stands in a token or a file of logins.

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
    if not isinstance(role, str) or role not in tuple(Role):
        raise AccessError("role of a grant must be teacher or analyst.")
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        raise AccessError("language of a grant must be a tag such as en.")
    limits = {name: _limit(name, grant) for name in _LIMITS}
    return Grant(Scope(**limits, names=names), Role(role), language)


def write_grant(scope: Scope, role: Role = Role.TEACHER, language: str = "en") -> dict[str, Any]:
    """The grant that :func:`read_grant` reads back."""
    limits = {name: EVERY if (held := getattr(scope, name)) is None else sorted(held) for name in _LIMITS}
    return {**limits, "names": scope.names, "role": str(role), "language": language}


def _limit(name: str, grant: Mapping[str, object]) -> frozenset[str] | None:
    """The only values that may be seen; None for all of them."""
    given = grant.get(name)
    if given == EVERY:
        return None
    if not isinstance(given, list) or not all(is_text(value) for value in given):
        raise AccessError(f'{name} of a grant must be a list of names, or "{EVERY}".')
    if len(given) > MOST_VALUES:
        raise AccessError(f"{name} of a grant may list at most {MOST_VALUES:,} names, not {len(given):,}.")
    return frozenset(given)


def is_text(value: object) -> bool:
    """Whether a value is a text that can be compared with stored ones: not too long, and without halves of characters.

    JSON can name half a surrogate pair, which no encoding can write.
    """
    if not isinstance(value, str) or len(value) > LONGEST:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)


def read_grants(value: str) -> Mapping[str, Grant]:
    """What each login may see, from the path of a JSON file: login -> grant, ``"*"`` for every other login.

    Raises
    ------
    ValueError
        With what was expected. An entry is told by its place: a login is a person's name.
    """
    wanted = 'the path of a JSON file such as {"ada": {"subjects": "*", "exams": "*", "classes": ["7a"]}}'
    try:
        found = parse_json(Path(value).expanduser().read_text("utf-8-sig"))
    except Unclear as unclear:
        raise ValueError(f"{wanted} ({unclear})") from None
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"{wanted} (this file cannot be read)") from None
    if not isinstance(found, dict) or not found:
        raise ValueError(wanted)
    grants = {}
    for place, (login, grant) in enumerate(found.items(), start=1):
        try:
            grants[login] = read_grant(grant)
        except AccessError as error:
            raise ValueError(f"{wanted} (its entry {place}: {error.message.rstrip('.')})") from None
    return grants
