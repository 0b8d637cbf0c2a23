"""How the value of each setting is read: text -> value, or ValueError with what was expected."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

#: The embedded store where nobody names one.
DEFAULT_FOLDER = Path("data/responses")
_BYTE_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15}
#: Names as BigQuery has them, and nothing that could end a quoted name.
_PROJECT = r"(?:[a-z0-9.-]+:)?[A-Za-z0-9_-]+"
_TABLE = rf"{_PROJECT}\.\w+\.[\w-](?:[\w -]*[\w-])?"
_COLUMN = r"[\w&%=+:'<>#|-][\w &%=+:'<>#|-]{0,299}"


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]").split("%")[0]).is_loopback
    except ValueError:
        return False


def read_source(value: str) -> tuple[Path, str | None]:
    """The folder of the embedded store and, where answers live in BigQuery, its table."""
    kind, _, name = value.partition(":")
    if kind == "bigquery":
        if not re.fullmatch(_TABLE, name):
            raise ValueError("bigquery:PROJECT.DATASET.TABLE, with letters, digits, _ and - in the names")
        return DEFAULT_FOLDER, name
    if kind != "parquet" or not name:
        raise ValueError("parquet:FOLDER or bigquery:PROJECT.DATASET.TABLE")
    return _no_file(Path(name).expanduser(), "parquet:FOLDER"), None


def read_columns(value: str) -> dict[str, str]:
    """Contract name -> name in the table. Which contract names there are is checked where the table is opened."""
    wanted = 'a JSON object of texts such as {"correct": "is_right"}'
    try:
        found = json.loads(value, object_pairs_hook=_once)
    except ValueError as error:
        raise ValueError(str(error) if isinstance(error, _Twice) else wanted) from None
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found.values()):
        raise ValueError(wanted)
    if odd := [name for name in found.values() if not re.fullmatch(_COLUMN, name)]:
        raise ValueError(f"{wanted} (there is no column {odd[0]!r} in BigQuery)")
    return found


class _Twice(ValueError):
    """A name that stands twice in an object."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of JSON in which each name stands once."""
    for k, (name, _) in enumerate(pairs):
        if name in dict(pairs[:k]):
            raise _Twice(f"a JSON object with each name once ({name!r} is there twice)")
    return dict(pairs)


def read_sample(value: str) -> int | None:
    """Students above which a sample is drawn; None for ``off``."""
    try:
        return None if value == "off" else whole_number(100, 999_999_999)(value)
    except ValueError as error:
        raise ValueError(f"{error}, or off") from None


def byte_count(lowest: int) -> Callable[[str], int]:
    """A reader of numbers of bytes such as ``1000000``, ``5GB``, ``2TB``; it raises ValueError with what it expects."""

    def parse(value: str) -> int:
        found = re.fullmatch(r"([0-9]{1,18}(?:\.[0-9]{1,3})?) ?([KMGTP]?B)?", value.upper(), re.ASCII)
        n_bytes = round(float(found[1]) * _BYTE_UNITS[found[2] or ""]) if found else -1
        if n_bytes < lowest:
            raise ValueError("a number of bytes such as 1000000, 5GB or 2TB")
        return n_bytes

    return parse


def read_price(value: str) -> float:
    """US dollars."""
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", value, re.ASCII):
        raise ValueError("a number of US dollars such as 6.25")
    return float(value)


def read_project(value: str) -> str:
    """The id of a project of Google Cloud."""
    return _named(value, _PROJECT, "a project's id")


def read_location(value: str) -> str:
    """A region or multi-region of BigQuery."""
    return _named(value, r"[A-Za-z0-9-]+", "a location such as EU")


def _named(value: str, pattern: str, wanted: str) -> str:
    """A name of a certain form."""
    if not re.fullmatch(pattern, value):
        raise ValueError(wanted)
    return value


def read_endpoint(value: str) -> str:
    """Without encryption only on this machine: a request carries the key to the data."""
    if not _is_origin(value.rstrip("/")):
        raise ValueError("an address such as https://bigquery.example.org or http://127.0.0.1:9050")
    if value.startswith("http://") and not is_loopback(urlsplit(value).hostname or ""):
        raise ValueError("an https:// address (http:// is for this machine only)")
    return value.rstrip("/")


def read_cache(value: str) -> Path | None:
    """A folder; None for ``off``."""
    return None if value == "off" else _no_file(Path(value).expanduser(), "a folder or off")


def _no_file(folder: Path, wanted: str) -> Path:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{wanted} (there is a file of that name)")
    return folder


def read_groups(value: str) -> tuple[str, ...]:
    """Names separated by commas."""
    names = tuple(name.strip() for name in value.split(","))
    if not all(names):
        raise ValueError("column names separated by commas")
    return tuple(dict.fromkeys(names))


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """A reader of whole numbers within limits."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not lowest <= int(value) <= highest:
            raise ValueError(f"a whole number from {lowest} to {highest}")
        return int(value)

    return parse


def read_prefix(value: str) -> str:
    """A path that begins and ends with a slash."""
    path = f"/{value.strip('/')}/" if value.strip("/") else "/"
    if not re.fullmatch(r"/(?:(?!\.{1,2}/)[A-Za-z0-9._~-]+/)*", path):
        raise ValueError("a path such as /exams/")
    return path


def read_origins(value: str) -> tuple[str, ...]:
    """Origins separated by commas."""
    origins = tuple(origin.strip() for origin in value.split(","))
    if not all(_is_origin(origin) for origin in origins):
        raise ValueError("origins separated by commas, such as https://portal.example.org")
    return origins


def _is_origin(origin: str) -> bool:
    """Scheme, host and perhaps a port, and nothing that could end the header's directive."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+", origin):
        return False
    try:
        parts = urlsplit(origin)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def read_switch(value: str) -> bool:
    """0 or 1."""
    if value not in ("0", "1"):
        raise ValueError("0 or 1")
    return value == "1"


def read_secret(value: str) -> bytes:
    """A secret that is long enough."""
    if len(value) < 32:
        raise ValueError("32 characters or more")
    return value.encode()


def read_host(value: str) -> str:
    """A host name or address."""
    if not re.fullmatch(r"[A-Za-z0-9.:_%\[\]-]+", value):
        raise ValueError("a host name or address")
    return value.strip("[]")
