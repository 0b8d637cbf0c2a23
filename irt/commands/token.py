"""The command that makes a signed token for trying, reads one, and makes the keys that sign."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from irt.callers import Caller, Role, read_grant, write_grant
from irt.errors import AccessError, IrtError, SelectionError, SettingsError
from irt.settings import Settings
from irt.tokens import (
    ALGORITHMS,
    LONGEST_KID,
    LONGEST_LIFE,
    Key,
    Keys,
    new_key,
    public_part,
    read_signing_key,
    read_token,
    sign_token,
    written,
)

#: What a grant limits: its name, the option that names values, and where argparse puts them.
_LIMITS = {"subjects": ("--subject", "subject"), "exams": ("--exam", "exam"), "classes": ("--class", "class_names")}
#: Minutes that a token lasts: at most, and where nothing is said.
_LONGEST, _MINUTES = LONGEST_LIFE // timedelta(minutes=1), 10
#: Options that say what is in a token.
_CLAIMS = ("subject", "exam", "class_names", "every", "names", "role", "language", "minutes")


def add_token(parser: argparse.ArgumentParser) -> None:
    """Make a token, read one, or make a key; and what a token says."""
    doing = parser.add_mutually_exclusive_group(required=True)
    doing.add_argument("--for", dest="who", metavar="WHO", help="make a token for somebody: the portal's name for them")
    doing.add_argument("--read", metavar="TOKEN", help="say what a token says, if it is good; - reads it from stdin")
    doing.add_argument("--new-key", choices=tuple(ALGORITHMS), help="make a key, as a JWK set for ITEMWISE_EMBED_KEYS")
    says = parser.add_argument_group("what a token says (each of subjects, exams and classes must be named)")
    for option, name, what in (("--subject", "S", "subject"), ("--exam", "E", "exam"), ("--class", "C", "class")):
        says.add_argument(
            option,
            dest="class_names" if what == "class" else what,
            nargs="+",
            action="extend",
            default=[],
            metavar=name,
            help=f"{what} that may be seen",
        )
    says.add_argument(
        "--every", nargs="+", action="extend", default=[], choices=tuple(_LIMITS), help="what is not limited at all"
    )
    says.add_argument("--names", action="store_true", help="students' names are shown (default: not)")
    says.add_argument("--role", choices=[role.value for role in Role], help="default: teacher")
    says.add_argument("--language", metavar="TAG", help="language on screen (default: en)")
    says.add_argument(
        "--minutes", type=_minutes, metavar="N", help=f"how long it lasts, 1 to {_LONGEST} (default: {_MINUTES})"
    )
    keys = parser.add_argument_group("keys")
    keys.add_argument(
        "--kid", type=_kid, metavar="KID", help="which key signs (default: the first); the name of a new key"
    )
    keys.add_argument(
        "--key",
        type=Path,
        metavar="FILE",
        help="private key (JWK or PEM) that signs, where the settings hold no secret",
    )
    keys.add_argument(
        "--out", type=Path, metavar="FILE", help="where the secret part of a new key goes: .json (JWK) or .pem"
    )


def token(options: argparse.Namespace) -> None:
    """One of the three."""
    if options.new_key is not None:
        _make_key(options)
    elif options.read is not None:
        _read(options)
    else:
        _make(options)


def _make(options: argparse.Namespace) -> None:
    """A token on stdout; who signed it and until when on stderr."""
    _refuse(options, "--for", "out")
    grant = read_grant(_grant(options))
    keys = Settings.from_environment().embed_keys
    key = _signing_key(options, keys)
    caller = Caller(options.who, grant.scope, grant.role, grant.language)
    minutes = options.minutes or _MINUTES
    signed = sign_token(caller, key, timedelta(minutes=minutes))
    _check(signed, key, keys)
    sys.stdout.write(f"{signed}\n")
    sys.stderr.write(f"Signed with the key {key.kid} ({key.algorithm}), good for {minutes} minutes.\n")


def _grant(options: argparse.Namespace) -> dict[str, Any]:
    """The grant that the options name. What is not named is not widened to everything."""
    found: dict[str, Any] = {
        "names": options.names,
        "role": options.role or Role.TEACHER,
        "language": "en" if options.language is None else options.language,
    }
    for limit, (option, place) in _LIMITS.items():
        named, every = getattr(options, place), limit in options.every
        if bool(named) == every:
            both = "not both" if every else "so that nothing is seen by mistake"
            raise SelectionError(f"Name the {limit} that may be seen ({option}), or say --every {limit}; {both}.")
        found[limit] = "*" if every else named
    return found


def _signing_key(options: argparse.Namespace, keys: Keys | None) -> Key:
    """The key that was named, in a file or in the settings."""
    if options.key is not None:
        try:
            return read_signing_key(options.key.read_text("utf-8-sig"), options.kid, keys)
        except (OSError, UnicodeDecodeError):
            raise AccessError(f"The file {options.key} cannot be read.") from None
        except ValueError as error:
            raise AccessError(f"The file {options.key} cannot be used: it {error}.") from None
    if keys is None:
        raise SettingsError(
            "ITEMWISE_EMBED_KEYS holds no key to sign with; make one with --new-key, or name a private key with --key.",
            setting="ITEMWISE_EMBED_KEYS",
        )
    key = next(iter(keys.by_kid.values())) if options.kid is None else keys.by_kid.get(options.kid)
    if key is None:
        raise AccessError(f"ITEMWISE_EMBED_KEYS has no key {options.kid!r}; it has {', '.join(keys.by_kid)}.")
    if key.algorithm != "HS256":
        raise AccessError(
            f"ITEMWISE_EMBED_KEYS holds the public part of the key {key.kid}; name the private one: --key FILE."
        )
    return key


def _check(signed: str, key: Key, keys: Keys | None) -> None:
    """Whether this server would take what was signed. Raises AccessError with the reason."""
    public = public_part(key)
    if keys is not None and keys.by_kid.get(key.kid) != public:
        raise AccessError(
            f"ITEMWISE_EMBED_KEYS does not hold the public part of the key {key.kid}: the token would be refused."
        )
    read_token(signed, Keys({key.kid: public}))


def _read(options: argparse.Namespace) -> None:
    """What a token says, as JSON; exit code 2 for one that is refused."""
    _refuse(options, "--read", *_CLAIMS, "key", "kid", "out")
    keys = Settings.from_environment().embed_keys
    if keys is None:
        raise SettingsError("ITEMWISE_EMBED_KEYS is not set: no key to check it with.", setting="ITEMWISE_EMBED_KEYS")
    given = sys.stdin.read(100_000) if options.read == "-" else options.read
    caller = read_token(given.strip().removeprefix("Bearer ").strip(), keys)
    until = caller.expires or datetime.now(UTC)
    left = int((until - datetime.now(UTC)).total_seconds())
    found = {
        "for": caller.subject,
        "until": until.isoformat().replace("+00:00", "Z"),
        "seconds_left": left,
        "kid": caller.key,
        **write_grant(caller.scope, caller.role, caller.language),
    }
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")


def _make_key(options: argparse.Namespace) -> None:
    """A JWK set for the settings on stdout; the part that signs goes to a file, where there is one of its own."""
    _refuse(options, "--new-key", *_CLAIMS, "key")
    algorithm = options.new_key
    kid = options.kid or f"{datetime.now(UTC):%Y-%m-%d}-{secrets.token_hex(2)}"
    if algorithm != "HS256" and options.out is None:
        raise SelectionError(f"{algorithm} has a private key, which the portal keeps: name a file for it, --out FILE.")
    made = new_key(algorithm, kid)
    if options.out is not None:
        _write_secret(made.private, options.out)
        sys.stderr.write(f"{options.out}: the key {kid} that the portal signs with. Keep it secret.\n")
    else:
        sys.stderr.write(f"The key {kid} is a secret that portal and dashboard share.\n")
    sys.stdout.write(json.dumps({"keys": [made.public]}) + "\n")


def _write_secret(jwk: Mapping[str, Any], path: Path) -> None:
    """A new file that only its owner reads. Never over one that is there: it may be in use."""
    try:
        text = written(jwk, path.suffix.lower())
    except ValueError as error:
        raise SelectionError(f"--out must be {error}, not {path.name}.") from None
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise IrtError(f"The file {path} is there already; name another one, since its key may be in use.") from None
    except OSError as error:
        raise IrtError(f"The file {path} cannot be written: {error.strerror}.") from None
    with open(handle, "w", encoding="utf-8") as file:
        file.write(text)


def _refuse(options: argparse.Namespace, doing: str, *others: str) -> None:
    """Options that say nothing to what is done would be ignored in silence."""
    for other in others:
        if getattr(options, other) not in (None, False, []):
            name = "class" if other == "class_names" else other
            raise SelectionError(f"--{name} does not go with {doing}; leave it out.")


def _minutes(text: str) -> int:
    """Minutes of a life."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes from 1 to {_LONGEST}")
    return int(text)


def _kid(text: str) -> str:
    """The name of a key."""
    if not 0 < len(text) <= LONGEST_KID or not text.isprintable():
        raise argparse.ArgumentTypeError(f"the name of a key has 1 to {LONGEST_KID} characters")
    return text
