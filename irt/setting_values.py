"""How the value of each setting is read: text -> value, or ValueError with what was expected."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from irt.strict_json import Unclear, parse_json

#: Where a login proxy asks from: a network (an address is one of its own), or a socket of this machine.
Proxy = IPv4Network | IPv6Network | Literal["unix"]

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
        found = parse_json(value)
    except Unclear as unclear:
        raise ValueError(f"{wanted} ({unclear})") from None
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found.values()):
        raise ValueError(wanted)
    if odd := [name for name in found.values() if not re.fullmatch(_COLUMN, name)]:
        raise ValueError(f"{wanted} (there is no column {odd[0]!r} in BigQuery)")
    return found


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
    """Origins separated by commas, written as browsers write them.

    Without encryption only on this machine: whoever listens in between could put a page of their own around the
    dashboard, and read the tokens that the portal hands over.
    """
    origins = [origin.strip() for origin in value.split(",")]
    if not all(_is_origin(origin) for origin in origins):
        raise ValueError("origins separated by commas, such as https://portal.example.org")
    for origin in origins:
        if origin.startswith("http://") and not is_loopback(urlsplit(origin).hostname or ""):
            raise ValueError("https:// origins (http:// is for this machine only)")
    return tuple(dict.fromkeys(_as_browsers_write(origin) for origin in origins))


def _as_browsers_write(origin: str) -> str:
    """In small letters, and without the port that the scheme has anyway."""
    usual = ":443" if origin.startswith("https://") else ":80"
    return origin.lower().removesuffix(usual)


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


def read_header_secret(value: str) -> bytes:
    """A secret that travels in a header."""
    if not re.fullmatch(r"[!-~]{32,1000}", value):
        raise ValueError("32 characters or more, of ASCII and without spaces")
    return value.encode()


def read_proxies(value: str) -> tuple[Proxy, ...]:
    """Addresses and networks separated by commas; ``unix`` for a socket."""
    return tuple(dict.fromkeys(_read_proxy(name.strip()) for name in value.split(",")))


def _read_proxy(name: str) -> Proxy:
    """One peer. A network of every address would believe whoever asks."""
    if name == "unix":
        return "unix"
    try:
        network = ipaddress.ip_network(name)
    except ValueError:
        raise ValueError("addresses or networks such as 10.0.0.5, 10.1.0.0/16, fd00::/64 or unix") from None
    if network.prefixlen == 0:
        raise ValueError(f"the addresses of login proxies ({name} is every address, which would believe anybody)")
    return network


def is_among(address: str, proxies: tuple[Proxy, ...]) -> bool:
    """Whether a peer is one of the proxies.

    Parameters
    ----------
    address : str
        As the server knows it (``REMOTE_ADDR``); empty for a Unix socket.
    proxies : tuple of networks and "unix"
    """
    if not address:
        return "unix" in proxies
    try:
        found = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    # A server that listens on :: sees 10.0.0.5 as ::ffff:10.0.0.5.
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain in proxy for proxy in proxies if proxy != "unix")


#: Headers that say something else, or that browsers set by themselves.
_OTHER_HEADERS = re.compile(
    r"(Accept|Access-Control|Content|If|Proxy|Sec|X-Itemwise)(-.*)?|X-Forwarded-(?!(User|Email|Preferred-Username)$).*|"
    r"Authorization|Cache-Control|Connection|Cookie|Date|Expect|Forwarded|Host|Keep-Alive|Origin|Pragma|Range|Referer|"
    r"TE|Trailer|Transfer-Encoding|Upgrade|User-Agent|Via|X-Real-Ip|X-Request-Id|X-Requested-With",
    re.IGNORECASE,
)


def read_header(value: str) -> str:
    """The name of a header of its own. An underscore would be read as a hyphen."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*", value) or len(value) > 100:
        raise ValueError("the name of a header, such as X-Remote-User")
    if _OTHER_HEADERS.fullmatch(value):
        raise ValueError("a header that only the login proxy sets, such as X-Remote-User")
    return value


def read_log(value: str) -> Path:
    """A file in a folder that is there."""
    path = Path(value).expanduser()
    if path.is_dir():
        raise ValueError("a file (there is a folder of that name)")
    if not path.parent.is_dir():
        raise ValueError("a file in a folder that is there")
    return path


def read_limit(value: str) -> str | None:
    """How often in what time, in the notation of ``limits``; None for ``off``."""
    one = r"[1-9][0-9]{0,8} ?/ ?([1-9][0-9]{0,3} ?)?(second|minute|hour|day)s?"
    if value == "off":
        return None
    if not re.fullmatch(rf"{one}( ?[,;] ?{one}){{0,4}}", value):
        raise ValueError("a number of requests in a time such as 600/minute or 600/minute, 20/second, or off")
    return value


def read_seconds(value: str) -> float:
    """Seconds."""
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", value, re.ASCII) or not 0.1 <= float(value) <= 3600:
        raise ValueError("a number of seconds from 0.1 to 3600")
    return float(value)


_TIME_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def read_duration(value: str) -> float:
    """Seconds, from a number with a unit; 0 for ``off``."""
    if value == "off":
        return 0.0
    found = re.fullmatch(r"([1-9][0-9]{0,4}) ?([smhd])", value, re.ASCII)
    if not found:
        raise ValueError("a time such as 90m, 24h or 7d, or off")
    return float(int(found[1]) * _TIME_UNITS[found[2]])
